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

from quota_tui.core.jobs.timing import AT_EXAMPLES, Chosen, parse_at
from quota_tui.core.words import Face, clean, countdown, moment
from quota_tui.ui.automation.bindings import TIME_BINDINGS
from quota_tui.ui.rows import ALARM, MUTED, PLAIN, Row, as_face, row, wrap
from quota_tui.ui.widgets.rows_widget import to_content

DEFAULT = "reset+5m"
_WIDTH, _FRAME = 70, 4
_ROOMY = 12
"""With fewer rows there are no examples: the time that is understood must be seen."""


class AskTime(ModalScreen[str]):
    """Gives back what was typed, once it is a time; empty for esc. `about` says what it is the time of."""

    CSS_PATH = "automation.tcss"
    TAKES_PALETTE_KEY = True
    BINDINGS: ClassVar[list[BindingType]] = list(TIME_BINDINGS)

    def __init__(
        self, title: str, about: str, resets_at: datetime | None, clock: Callable[[], datetime], face: Face
    ) -> None:
        super().__init__()
        self._title, self._about = title, about
        self._resets_at, self._clock, self._face = resets_at, clock, face

    def compose(self) -> ComposeResult:
        with Vertical(id="auto-ask"):
            yield Static(id="auto-about")
            yield Input(DEFAULT if self._resets_at else "", id="auto-time", max_length=60, compact=True)
            yield Static(id="auto-understood")

    def on_mount(self) -> None:
        box = self.query_one("#auto-ask")
        box.border_title = self._title
        box.border_subtitle = "enter: take  esc: back"
        self.set_class(self._face.ascii, "-ascii")

    def on_resize(self) -> None:
        about = self._wrapped(self._about, PLAIN, 1 if self.size.height < _ROOMY else 3)
        self._show("#auto-about", about)
        self._say()

    @on(Input.Changed)
    def _changed(self) -> None:
        self._say()

    def _chosen(self) -> Chosen | str:
        typed = self.query_one(Input).value
        return parse_at(typed, self._clock(), self._face.zone or UTC, self._resets_at)

    def _say(self) -> None:
        now, chosen = self._clock(), self._chosen()
        if isinstance(chosen, str):
            rows = self._wrapped(chosen, ALARM if self.query_one(Input).value.strip() else MUTED, 4)
        else:
            said = f"{moment(chosen.at, now, self._face)}, in {countdown(chosen.at, now)}"
            rows = self._wrapped(f"{said}; {chosen.note}" if chosen.note else said, PLAIN, 4)
            if self.size.height >= _ROOMY:
                rows += [row(" "), *self._wrapped(f"also: {AT_EXAMPLES}", MUTED, 3)]
        self._show("#auto-understood", rows)

    def _wrapped(self, text: str, style: str, most: int) -> list[Row]:
        width = max(8, min(self.size.width, _WIDTH) - _FRAME)
        return wrap(clean(text, self._face), width, style, self._face, most=most)

    def _show(self, where: str, rows: list[Row]) -> None:
        place = self.query_one(where, Static)
        place.styles.height = len(rows)
        place.update(to_content(as_face(rows, self._face)))

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        if isinstance(self._chosen(), str):
            self._say()
        else:
            self.dismiss(message.value)

    def action_back(self) -> None:
        """Leave it as it is."""
        self.dismiss("")
