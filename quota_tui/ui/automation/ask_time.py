"""Ask for a time, and say while it is typed how it is understood."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from quota_tui.core.jobs.timing import parse_at
from quota_tui.core.words import Face, clean, countdown, moment
from quota_tui.ui.automation.bindings import TIME_BINDINGS
from quota_tui.ui.rows import ALARM, MUTED, as_face, row, wrap
from quota_tui.ui.widgets.rows_widget import to_content

DEFAULT = "reset+5m"
_WIDTH, _FRAME = 70, 6


class AskTime(ModalScreen[str]):
    """Gives back what was typed, once it is a time; empty for esc."""

    CSS_PATH = "automation.tcss"
    TAKES_PALETTE_KEY = True
    BINDINGS: ClassVar[list[BindingType]] = list(TIME_BINDINGS)

    def __init__(
        self, title: str, resets_at: datetime | None, clock: Callable[[], datetime], face: Face
    ) -> None:
        super().__init__()
        self._title, self._resets_at, self._clock, self._face = title, resets_at, clock, face

    def compose(self) -> ComposeResult:
        with Vertical(id="auto-ask"):
            yield Input(DEFAULT if self._resets_at else "", id="auto-time", max_length=60, compact=True)
            yield Static(id="auto-understood")

    def on_mount(self) -> None:
        box = self.query_one("#auto-ask")
        box.border_title = clean(self._title, self._face)
        box.border_subtitle = "enter: take  esc: back"
        self.set_class(self._face.ascii, "-ascii")
        self._say()

    def on_resize(self) -> None:
        self._say()

    @on(Input.Changed)
    def _changed(self) -> None:
        self._say()

    def _say(self) -> None:
        now, typed = self._clock(), self.query_one(Input).value
        chosen = parse_at(typed, now, self._face.zone or UTC, self._resets_at)
        if isinstance(chosen, str):
            said, style = chosen, ALARM if typed.strip() else MUTED
        else:
            said = f"{moment(chosen.at, now, self._face)}, in {countdown(chosen.at, now)}"
            said, style = (f"{said}; {chosen.note}" if chosen.note else said), MUTED
        width = max(8, min(self.size.width, _WIDTH) - _FRAME)
        lines = wrap(clean(said, self._face), width, style, self._face, most=4) or [row(" ")]
        self.query_one("#auto-understood", Static).update(to_content(as_face(lines, self._face)))

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        if isinstance(parse_at(message.value, self._clock(), self._face.zone or UTC, self._resets_at), str):
            self._say()
            return
        self.dismiss(message.value)

    def action_back(self) -> None:
        """Leave it as it is."""
        self.dismiss("")
