"""Ask for a line of text: the path of a plan, a note."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from quota_tui.core.words import Face, clean
from quota_tui.ui.phases.bindings import TYPE_BINDINGS


class AskText(ModalScreen[str]):
    """Gives back what was typed; empty for esc."""

    CSS_PATH = "phases.tcss"
    TAKES_PALETTE_KEY = True
    BINDINGS: ClassVar[list[BindingType]] = list(TYPE_BINDINGS)

    def __init__(self, title: str, face: Face, *, most: int = 1000) -> None:
        super().__init__()
        self._title, self._face, self._most = title, face, most
        self.set_class(face.ascii, "-ascii")

    def compose(self) -> ComposeResult:
        with Vertical(id="phase-ask"):
            yield Input(id="phase-text", max_length=self._most, compact=True)

    def on_mount(self) -> None:
        box = self.query_one("#phase-ask")
        box.border_title = Content(clean(self._title, self._face))
        box.border_subtitle = "enter: take  esc: back"

    @on(Input.Submitted)
    def take(self, message: Input.Submitted) -> None:
        """What was typed, once it is anything."""
        if message.value.strip():
            self.dismiss(message.value.strip())

    def action_back(self) -> None:
        """Leave it as it is."""
        self.dismiss("")
