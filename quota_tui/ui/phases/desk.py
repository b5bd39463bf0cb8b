"""What the app does about the plan in work: the next phase, its summary, the question why, the velocity."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from quota_tui.core.snapshot import PhaseEnd, PhasesState, Snapshot
from quota_tui.core.tracking.summary import end_words
from quota_tui.core.velocity import Velocity
from quota_tui.core.words import clean, in_face, pct
from quota_tui.ui.panes.phase_words import ALERTS, is_tracked, number_of, proposal_words
from quota_tui.ui.panes.phases import PANE
from quota_tui.ui.phases.asking import Asking
from quota_tui.ui.phases.follower import Follower
from quota_tui.ui.phases.paged import NOT_HERE
from quota_tui.ui.phases.questions import (
    DONE,
    GO,
    NOT_DONE,
    done_question,
    go_question,
    next_open,
    why_question,
)
from quota_tui.ui.plan.asks import Ask, Question

if TYPE_CHECKING:
    from quota_tui.ui.app import QuotaApp

SUMMARY_S = 20
AGAIN_S = 60
"""Least time between two looks at the velocity: it reads transcripts."""
COUNTING = "counting …"


class PhaseDesk:
    """Belongs to one app; asks its follower in threads."""

    def __init__(self, app: QuotaApp) -> None:
        self._app = app
        self._follower: Follower | None = None
        self._steps = Asking(app, self._failed)
        self._looks = Asking(app, self._no_velocity)
        self._known: PhasesState | None = None
        self._told_end: tuple[str, object] | None = None
        self.velocity: Velocity | None = None
        self.velocity_note = ""
        self._velocity_for: tuple[str, int, float] | None = None

    @property
    def follower(self) -> Follower | None:
        """What is asked; None in a demo."""
        if self._follower is None:
            self._follower = self._app.provider.follower(self._app.clock)
        return self._follower

    @property
    def state(self) -> PhasesState | None:
        """The tracked plan, while there is one."""
        view = self._app.view
        if view is None or view.snapshot is None or not is_tracked(view.snapshot):
            return None
        return view.snapshot.phases

    # What comes with a new snapshot.

    def see(self, snapshot: Snapshot) -> None:
        """Tell what has changed since the last one: a phase that ended, an alert, a proposal."""
        before, self._known = self._known, snapshot.phases
        state = snapshot.phases
        if before is not None and before.id == state.id and is_tracked(snapshot):
            self._tell_news(before, state)
        self.look_closer()

    def _tell_news(self, before: PhasesState, state: PhasesState) -> None:
        end = state.ended
        if end is not None and (before.ended is None or before.ended.at < end.at):
            self.tell_end(state, end)
        if state.alert and state.alert != before.alert and state.current is not None:
            phase = state.phases[state.current]
            said = f"{clean(phase.name, self._app.face)} is at {pct(phase.percent or 0.0)} of its estimate"
            self._notify(f"{ALERTS[state.alert]} Phase {state.current + 1}", said, alarm=True)
        elif state.proposal is not None and before.proposal != state.proposal and self._app.view is not None:
            self._notify("", proposal_words(self._app.view, state)[1])

    def tell_end(self, state: PhasesState, end: PhaseEnd) -> None:
        """The variance summary of a phase, once."""
        if self._told_end == (end.key, end.at):
            return
        self._told_end = (end.key, end.at)
        number = number_of(state, end.key)
        title = f"Phase {number or ''} is done: {clean(end.name, self._app.face)}"
        self._notify(title, "\n".join(end_words(end)), alarm=(end.percent or 0.0) > 120)

    def _notify(self, title: str, text: str, *, alarm: bool = False) -> None:
        app, lines = self._app, text.split("\n")
        if not app.has_room_for_toasts:
            # On a small screen only the first line: the card tells the rest.
            lines, title = lines[:1], ""
        shown = "\n".join(clean(in_face(line, app.face), app.face) for line in lines)
        app.notify(
            shown,
            title=clean(in_face(title, app.face), app.face),
            severity="warning" if alarm else "information",
            timeout=SUMMARY_S if title else SUMMARY_S / 4,
            markup=False,
        )

    def _failed(self, reason: str) -> None:
        self._app.tell(reason)
        self._app.refresh_soon()

    # The next phase.

    def next_phase(self) -> None:
        """Confirm what looks done, else ask whether it is; go on with the next phase."""
        app, state = self._app, self.state
        keys = app.view.keys if app.view is not None else {}
        if state is None:
            app.tell(f"no plan is tracked: {keys.get('estimate', 'e')} estimates one and follows it")
        elif self.follower is None:
            app.tell(NOT_HERE)
        elif state.state == "paused":
            app.tell(
                f"the plan is paused: {keys.get('estimate', 'e')} and {keys.get('tracked.pause', 'p')} go on"
            )
        elif state.current is None:
            self._begin_next(state, keys.get("estimate", "e"))
        elif state.proposal is not None and state.proposal.key == state.phases[state.current].key:
            self._done(state, state.current)
        else:
            self._ask_done(state, state.current)

    def _begin_next(self, state: PhasesState, key: str) -> None:
        at = next_open(state)
        if at is None:
            self._app.tell(f"every phase is done: {key} ends the tracking and writes the report")
        else:
            self.ask_to_go(state, at)

    def _ask_done(self, state: PhasesState, at: int) -> None:
        def take(answer: str | None) -> None:
            if answer == DONE:
                self._done(state, at)
            elif answer == NOT_DONE:
                self.not_done()

        self._ask(done_question(state, at, self._app.face), take)

    def _ask(self, question: Question, take: Callable[[str | None], None]) -> None:
        self._app.push_screen(Ask(question, self._app.face), take)

    def _done(self, state: PhasesState, at: int) -> None:
        follower, key = self.follower, state.phases[at].key
        if follower is None:
            return

        def take(end: PhaseEnd | None) -> None:
            self._app.refresh_soon()
            if end is not None and end.asks_why:
                self._told_end = (end.key, end.at)  # in the question: a toast would cover it
                self.ask_why(end)
            elif end is not None:
                self.tell_end(state, end)

        self._steps.ask(lambda: follower.phase_done(key), take)

    def ask_why(self, end: PhaseEnd) -> None:
        """One optional question."""
        follower = self.follower

        def take(category: str | None) -> None:
            if category and follower is not None:
                self._steps.ask(lambda: follower.why(category), self._changed)

        self._ask(why_question(end, self._app.face), take)

    def not_done(self) -> None:
        """The phase in work is not done, whatever the plan file says."""
        follower = self.follower
        if follower is not None:
            self._steps.ask(follower.dismiss, self._changed)

    def ask_to_go(self, state: PhasesState, at: int) -> None:
        """Work on another phase, once that is confirmed."""
        follower = self.follower

        def take(answer: str | None) -> None:
            if answer == GO and follower is not None:
                self._steps.ask(lambda: follower.phase_start(at + 1), self._changed)

        self._ask(go_question(state, at, self._app.face), take)

    def _changed(self, nothing: object = None) -> None:
        del nothing
        self._app.refresh_soon()

    # Velocity, only while the pane has the screen to itself.

    def look_closer(self) -> None:
        """Read the velocity of the plan in work if the pane is zoomed and it may have changed."""
        app, state = self._app, self.state
        if app.zoomed != PANE or state is None or self._looks.busy:
            return
        asked = self._velocity_for
        now = app.clock().timestamp()
        is_known = asked is not None and asked[0] == state.id
        if is_known and asked is not None and (asked[1] == state.actual_tokens or now - asked[2] < AGAIN_S):
            return
        follower = self.follower
        if follower is None:
            self.velocity_note = NOT_HERE
            return
        self._velocity_for = (state.id, state.actual_tokens, now)
        if not is_known:
            self.velocity, self.velocity_note = None, COUNTING
        self._looks.ask(follower.velocity, self._take_velocity)

    def _take_velocity(self, found: Velocity | None) -> None:
        self.velocity, self.velocity_note = found, ""
        self._app.look()

    def _no_velocity(self, reason: str) -> None:
        self.velocity, self.velocity_note = None, reason
        self._app.look()
