"""A widget that draws rows, and redraws only those that differ."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Region, Size
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
        self._rows: list[Row] = []
        self._rows_for: tuple[View | None, Size] = (None, Size(0, 0))

    def rows_for(self, view: View, width: int, height: int) -> list[Row]:
        """The rows for this size."""
        raise NotImplementedError

    def _current(self) -> list[Row]:
        """The rows of the view at the present size, made once."""
        size = self.content_size
        if self._rows_for[0] is not self.view or self._rows_for[1] != size:
            self._rows_for = (self.view, size)
            self._rows = []
            if self.view is not None and size:
                self._rows = as_face(self.rows_for(self.view, *size), self.view.face)
        return self._rows

    def show(self, view: View) -> None:
        """Draw this view where it looks any different."""
        before, size = self._rows, self.content_size
        self.view = view
        now = self._current()
        if len(before) != len(now):
            self.refresh()
        elif before != now:
            changed = (at for at, (old, new) in enumerate(zip(before, now, strict=True)) if old != new)
            self.refresh(*(Region(0, at, size.width, 1) for at in changed))

    def render(self) -> Content:
        return to_content(self._current())
