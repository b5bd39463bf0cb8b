"""A bordered pane: its rows come from its spec."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message

from quota_tui.core.words import in_face
from quota_tui.ui.panes.specs import PANES
from quota_tui.ui.rows import Row
from quota_tui.ui.view import View
from quota_tui.ui.widgets.rows_widget import RowsWidget


class Pane(RowsWidget):
    """One of `PANES`, by name."""

    class Marked(Message):
        """The pane was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self.spec = PANES[name]
        self._title = ""

    def show(self, view: View) -> None:
        key = view.keys.get(f"pane_{self.id}", self.spec.key)
        named = self.spec.title
        if self.spec.titled is not None and view.snapshot is not None:
            named = self.spec.titled(view, view.snapshot)
        title = in_face(f"{key} {named}", view.face)
        if title != self._title:
            self._title = title
            # Content: names of files are no markup.
            self.border_title = Content(title)
        super().show(view)

    def rows_for(self, view: View, width: int, height: int) -> list[Row]:
        return [] if view.snapshot is None else self.spec.rows(view, view.snapshot, width, height)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Marked(self.id or ""))
