"""The tracked plan on a screen of its own: estimate against actual, and what the person may do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from quota_tui.core.snapshot import PhasesState
from quota_tui.core.words import Face
from quota_tui.ui.panes.phase_words import plan_name
from quota_tui.ui.phases.ask_text import AskText
from quota_tui.ui.phases.bindings import TRACKED_BINDINGS
from quota_tui.ui.phases.desk import PhaseDesk
from quota_tui.ui.phases.follower import Follower
from quota_tui.ui.phases.paged import PagedScreen
from quota_tui.ui.phases.questions import STOP, stop_question
from quota_tui.ui.phases.tracked_rows import tracked_rows
from quota_tui.ui.plan.asks import Ask
from quota_tui.ui.rows import ALARM, BOLD, MUTED, Row, chain, row, wrap

ENDED = "No plan is tracked any more."


class TrackedScreen(PagedScreen):
    """Draws the plan of the app's view."""

    BINDINGS: ClassVar[list[BindingType]] = list(TRACKED_BINDINGS)
    KEYS: Sequence[Binding] = TRACKED_BINDINGS

    def __init__(self, desk: PhaseDesk, face: Face, keys: Mapping[str, str]) -> None:
        super().__init__(desk.follower, face, keys)
        self._desk = desk
        self._marked: str | None = None
        self._plan = ""

    def on_mount(self) -> None:
        super().on_mount()
        self.watch(self.app, "view", self.draw)

    # What is drawn.

    @property
    def _state(self) -> PhasesState | None:
        return self._desk.state

    def _at(self, state: PhasesState) -> int:
        """The place of the marked phase; of the one in work while none is marked."""
        found = (at for at, phase in enumerate(state.phases) if phase.key == self._marked)
        return next(found, state.current or 0)

    def head(self) -> Row:
        state = self._state
        if state is None:
            return row((" Plan", BOLD))
        hours = f"{state.hours:.1f} h of work"
        paused = [row(("paused", ALARM))] if state.state == "paused" else [row((state.state, MUTED))]
        name = [row((f" {plan_name(state, self._face)}", BOLD)), row((" Plan", BOLD))]
        return chain(self.size.width, name, paused, [row((hours, MUTED))], between="  ")

    def page_rows(self, width: int) -> list[Row]:
        view, state = self.quota_app.view, self._state
        if view is None or state is None:
            return wrap(ENDED, width, BOLD, self._face)
        return tracked_rows(view, state, self._at(state), width)[0]

    def key_names(self) -> list[str]:
        state = self._state
        names: list[str] = []
        if state is not None and self._follower is not None:
            names = ["next"] if state.state == "active" else []
            names += ["not_done"] if state.proposal is not None else []
            names += ["why"] if state.ended is not None and state.ended.asks_why else []
            names += ["stop", "pause", "note", *(["go_to"] if state.state == "active" else [])]
        return [*(f"tracked.{name}" for name in names), "tracked.back"]

    # Actions.

    def action_step(self, by: int) -> None:
        """Mark another phase."""
        state, view = self._state, self.quota_app.view
        if state is None or view is None or not state.phases:
            return
        at = (self._at(state) + by) % len(state.phases)
        self._marked = state.phases[at].key
        self.draw()
        self.scroller.bring_into_view(tracked_rows(view, state, at, max(8, self.size.width - 3))[1], 2)

    def _change(self, said: str, work: Callable[[Follower], None]) -> None:
        """Have it done, tell it, read what is new."""
        follower = self._follower
        if follower is None:
            return

        def take(nothing: None) -> None:
            del nothing
            self.say(said)
            self.quota_app.refresh_soon()

        self._asking.ask(lambda: work(follower), take)

    def action_next_phase(self) -> None:
        """As on the dashboard."""
        self._desk.next_phase()

    def action_not_done(self) -> None:
        """It looks done and is not."""
        state = self._state
        if state is not None and state.proposal is not None:
            self._desk.not_done()

    def action_go_to(self) -> None:
        """Work on the marked phase."""
        state = self._state
        if state is not None and state.phases and state.state == "active" and self._follower is not None:
            at = self._at(state)
            if state.phases[at].state in {"open", "done"}:
                self._desk.ask_to_go(state, at)

    def action_why(self) -> None:
        """Why the last phase deviated."""
        state = self._state
        if (
            state is not None
            and state.ended is not None
            and state.ended.asks_why
            and self._follower is not None
        ):
            self._desk.ask_why(state.ended)

    def action_note(self) -> None:
        """A note on the phase in work."""

        def take(text: str | None) -> None:
            if text:
                self._change("noted", lambda follower: follower.note(text))

        if self._follower is not None and self._state is not None:
            self.app.push_screen(AskText("A note on the phase in work", self._face), take)

    def action_pause(self) -> None:
        """Pause, or go on."""
        state = self._state
        if state is None:
            return
        if state.state == "paused":
            self._change("counting again", lambda follower: follower.resume())
        else:
            self._change("paused: what is used now is not counted", lambda follower: follower.pause())

    def action_stop(self) -> None:
        """End the tracking, once that is confirmed; then the report."""
        state, follower = self._state, self._follower
        if state is None or follower is None:
            return

        def finish(answer: str | None) -> None:
            if answer == STOP:
                self.say("writing the report …")
                self._asking.ask(follower.stop, self._stopped)

        self.app.push_screen(Ask(stop_question(state), self._face), finish)

    def _stopped(self, report_id: str) -> None:
        app = self.quota_app
        app.refresh_soon()
        if self.is_current:
            self.dismiss()
            app.open_reports(report_id)
