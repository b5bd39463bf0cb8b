"""The document as it will be written, to look at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen
from textual.widgets import Static

from quota_tui.core.handoff_sections import NAMES
from quota_tui.core.words import Face, clean, in_face
from quota_tui.ui.plan.bindings import READ_BINDINGS
from quota_tui.ui.plan.page import wrap_whole
from quota_tui.ui.plan.scroller import Scroller
from quota_tui.ui.rows import BOLD, MUTED, PLAIN, Row, as_face, plain, row
from quota_tui.ui.widgets.rows_widget import to_content

_MOST_CHARS = 2000
"""Of one line; the rest of it is counted, not shown."""
_MOST_ROWS = 4000
MARK = "---"
_LEAD = re.compile(r" *(?:[-*] +|\d{1,4}\. +)?")


def document_rows(text: str, width: int, face: Face) -> list[Row]:
    """The lines of a document wrapped to a width, safe to draw; a very long one is shown in part."""
    made: list[Row] = []
    in_front = text.startswith(MARK)
    for at, line in enumerate(text.split("\n")):
        if len(made) >= _MOST_ROWS:
            made.append(row((f"… {len(text):,} characters in all", MUTED)))
            break
        style = BOLD if line.startswith("#") else MUTED if in_front else PLAIN
        made += _line_rows(line, width, style, face)
        in_front = in_front and not (at and line.rstrip() == MARK)
    return as_face(made, face)


def _line_rows(line: str, width: int, style: str, face: Face) -> list[Row]:
    head = line[:_MOST_CHARS]
    lead = _LEAD.match(head)
    begin = lead[0] if lead and len(lead[0]) <= width // 2 else ""
    shown = clean(in_face(head[len(begin) :], face), face)
    rows = wrap_whole(shown, width - len(begin), style, face, most=_MOST_CHARS) or [()]
    # What goes on below stands under the text, not under its bullet.
    made = [row((begin if not at else " " * len(begin), style), *each) for at, each in enumerate(rows)]
    if len(line) > len(head):
        made.append(row((f"… {len(line):,} characters in this line", MUTED)))
    return made


def row_of_section(rows: Sequence[Row], field: str) -> int:
    """The row with the heading of a field; 0, the front, for what has none."""
    heading = f"## {NAMES.get(field, '')}"
    return next((at for at, line in enumerate(rows) if plain(line) == heading), 0)


class ReadScreen(ModalScreen[None]):
    """Any text, on the whole screen."""

    CSS_PATH = "plan.tcss"
    AUTO_FOCUS = ""
    TAKES_PALETTE_KEY = True
    BINDINGS: ClassVar[list[BindingType]] = list(READ_BINDINGS)

    def __init__(self, title: str, text: str, face: Face) -> None:
        super().__init__()
        self._title, self._text, self._face = title, text, face

    def compose(self) -> ComposeResult:
        yield Static(id="plan-head")
        yield Scroller(id="plan-text")
        yield Static(id="plan-foot")

    def on_mount(self) -> None:
        line = row((f" {self._title}", BOLD))
        self.query_one("#plan-head", Static).update(to_content([line]))
        hint = row((" esc", BOLD), (" back ", MUTED), (" up down pgup pgdn", BOLD), (" scroll", MUTED))
        self.query_one("#plan-foot", Static).update(to_content([hint]))
        self._scroller.ascii_only = self._face.ascii

    @property
    def _scroller(self) -> Scroller:
        return self.query_one("#plan-text", Scroller)

    def on_resize(self, event: events.Resize) -> None:
        self._scroller.show_page(document_rows(self._text, max(8, event.size.width - 3), self._face))

    def action_rows(self, by: int) -> None:
        """Scroll by rows."""
        self._scroller.scroll_rows(by)

    def action_page(self, by: int) -> None:
        """Scroll by a page."""
        self._scroller.scroll_page(by)

    def action_edge(self, last: bool) -> None:
        """To the end, or the beginning."""
        self._scroller.scroll_rows(len(self._scroller.page) * (1 if last else -1))
