"""A widget that draws rows, and redraws only when they differ."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widget import Widget

from quota_tui.ui.rows import Row, as_face, row
from quota_tui.ui.view import View


def to_content(rows: Sequence[Row]) -> Content:
    """Rows as Textual draws them."""
    spans = [span for at, line in enumerate(rows) for span in (*(row("\n") if at else ()), *line)]
    return Content.assemble(*spans)


class RowsWidget(Widget):
    """Base of everything on the main screen. Subclasses say their rows for a size."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.view: View | None = None
        self._drawn: list[Row] = []

    def rows_for(self, view: View, width: int, height: int) -> list[Row]:
        """The rows for this size."""
        raise NotImplementedError

    def _current(self) -> list[Row]:
        width, height = self.content_size
        if self.view is None or width <= 0 or height <= 0:
            return []
        return as_face(self.rows_for(self.view, width, height), self.view.face)

    def show(self, view: View) -> None:
        """Draw this view, if it looks any different."""
        self.view = view
        if self._current() != self._drawn:
            self.refresh()

    def render(self) -> Content:
        self._drawn = self._current()
        return to_content(self._drawn)
