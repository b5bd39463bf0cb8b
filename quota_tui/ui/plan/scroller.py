"""Rows of text that scroll: drawn row by row, so that thousands of them cost what is in view."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget

from quota_tui.ui.rows import FAINT, PLAIN, Row, width_of
from quota_tui.ui.widgets.rows_widget import to_content

WHEEL_ROWS = 3


class Scroller(Widget):
    """Shows `page` from row `top` on, with a thin bar at the right edge while there is more."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.page: Sequence[Row] = ()
        self.top = 0
        self._drawn: list[Row] = []
        self.ascii_only = False

    @property
    def room(self) -> int:
        """Cells of a row; the last column is the bar's."""
        return max(1, self.content_size.width - 1)

    def show_page(self, page: Sequence[Row]) -> None:
        """Draw these rows where they look any different."""
        self.page = page
        self.scroll_rows(0)

    def scroll_rows(self, by: int) -> None:
        """Move by so many rows, as far as there are any."""
        most = max(0, len(self.page) - self.content_size.height)
        self.top = min(max(self.top + by, 0), most)
        self._draw()

    def scroll_page(self, by: int) -> None:
        """Move by what is in view, less a row to go on from."""
        self.scroll_rows(by * max(1, self.content_size.height - 1))

    def scroll_to_row(self, y: int) -> None:
        """This row first, as far as there are enough below it."""
        self.scroll_rows(y - self.top)

    def bring_into_view(self, y: int, height: int) -> None:
        """Scroll just so far that these rows of the page are seen; the first of them when not all fit."""
        shown = self.content_size.height
        if not shown:
            return
        if y + height > self.top + shown:
            self.top = y + height - shown
        self.top = min(self.top, y)
        self.scroll_rows(0)

    def _draw(self) -> None:
        before, now = self._drawn, self._visible()
        self._drawn = now
        if len(before) != len(now):
            self.refresh()
        elif before != now:
            changed = (at for at, (old, new) in enumerate(zip(before, now, strict=True)) if old != new)
            self.refresh(*(Region(0, at, self.content_size.width, 1) for at in changed))

    def _visible(self) -> list[Row]:
        height = self.content_size.height
        rows = list(self.page[self.top : self.top + height])
        if len(self.page) <= height or not height:
            return rows
        size = max(1, round(height * height / len(self.page)))
        start = round((height - size) * self.top / (len(self.page) - height))
        bar = "|" if self.ascii_only else "▐"
        made = []
        for at, line in enumerate(rows):
            gap = " " * max(0, self.room - width_of(line))
            mark = bar if start <= at < start + size else " "
            made.append((*line, (gap, PLAIN), (mark, FAINT)))
        return made

    def render(self) -> Content:
        self._drawn = self._visible()
        return to_content(self._drawn)

    def on_resize(self) -> None:
        self.scroll_rows(0)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_rows(WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_rows(-WHEEL_ROWS)
