"""The header, the card and the row of keys."""

from __future__ import annotations

from textual import events

from quota_tui.core.words import cells
from quota_tui.ui.keys import ALL_BINDINGS, FOOTER, TRACKED_FOOTER
from quota_tui.ui.panes import card, header, welcome
from quota_tui.ui.panes.phase_words import is_tracked
from quota_tui.ui.rows import BOLD, MUTED, PLAIN, Row, row
from quota_tui.ui.view import View, is_first_run
from quota_tui.ui.widgets.rows_widget import RowsWidget

BETWEEN = "  "
NARROW, MOST_NARROW = 60, 4
"""Under so many cells, so many keys: more is noise beside so little."""


class Header(RowsWidget):
    """The line at the top, and a second one while there is a notice."""

    def rows_for(self, view: View, width: int, height: int) -> list[Row]:
        return header.rows(view, view.snapshot, width, height)


class Card(RowsWidget):
    """The borderless form of everything; also the first run and the wait before the first numbers."""

    def rows_for(self, view: View, width: int, height: int) -> list[Row]:
        if view.snapshot is None:
            return [*header.notice_rows(view, width), *welcome.waiting(width, height)][:height]
        if is_first_run(view.snapshot):
            return welcome.rows(view, view.snapshot, width, height)
        return card.rows(view, view.snapshot, width, height)


class Keys(RowsWidget):
    """As many keys as fit; each can be clicked."""

    def _named(self, view: View, width: int) -> list[tuple[str, str, str]]:
        """(key, word, action) in the order of importance, as many as fit."""
        by_id = {each.id: each for each in ALL_BINDINGS}
        named, used = list[tuple[str, str, str]](), 1
        tracked = view.snapshot is not None and is_tracked(view.snapshot)
        footer = TRACKED_FOOTER if tracked else FOOTER
        for name in footer[:MOST_NARROW] if width < NARROW else footer:
            binding = by_id[name]
            key = view.keys.get(name, binding.key)
            used += cells(key) + 1 + cells(binding.description) + len(BETWEEN)
            if used - len(BETWEEN) > width:
                break
            named.append((key, binding.description, binding.action))
        return named

    def rows_for(self, view: View, width: int, height: int) -> list[Row]:
        del height
        spans = [row((key, BOLD), (f" {word}{BETWEEN}", MUTED)) for key, word, _ in self._named(view, width)]
        return [row((" ", PLAIN), *(span for each in spans for span in each))]

    async def on_click(self, event: events.Click) -> None:
        if self.view is None:
            return
        at = 1
        for key, word, action in self._named(self.view, self.content_size.width):
            end = at + cells(key) + 1 + cells(word)
            if at <= event.x < end:
                await self.screen.run_action(action)
                return
            at = end + len(BETWEEN)
