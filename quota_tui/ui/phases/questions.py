"""What the person is asked about the plan in work."""

from __future__ import annotations

from quota_tui.core.snapshot import PhaseEnd, PhasesState
from quota_tui.core.tracking.state import CATEGORIES
from quota_tui.core.tracking.summary import end_words
from quota_tui.core.words import Face, clean
from quota_tui.ui.panes.phase_words import amount_words, boxes_words
from quota_tui.ui.plan.asks import Question

DONE, NOT_DONE, GO, STOP, LATER = "done", "not done", "go", "stop", ""


def named(state: PhasesState, at: int, face: Face) -> str:
    """`2 Dashboard`, of the phase at a place from 0."""
    return f"{at + 1} {clean(state.phases[at].name, face)}"


def next_open(state: PhasesState) -> int | None:
    """The place of the phase that is next: after the one in work, else the first that is open."""
    start = -1 if state.current is None else state.current
    places = [*range(start + 1, len(state.phases)), *range(max(0, start))]
    return next((at for at in places if state.phases[at].state == "open"), None)


def done_question(state: PhasesState, at: int, face: Face) -> Question:
    """Is the phase in work done?"""
    phase, following = state.phases[at], next_open(state)
    on = "Done" if following is None else f"Done, go on with {named(state, following, face)}"
    facts = [each for each in (amount_words(phase), boxes_words(phase)) if each]
    return Question(
        title=f"Phase {at + 1} is done?",
        said=(clean(phase.name, face), " · ".join(facts)) if facts else (clean(phase.name, face),),
        answers=((DONE, on), (NOT_DONE, "Not done")),
        back=LATER,
    )


def go_question(state: PhasesState, at: int, face: Face) -> Question:
    """Work on another phase?"""
    current = "" if state.current is None else f"{named(state, state.current, face)} stays open."
    return Question(
        title=f"Work on phase {at + 1}?",
        said=tuple(each for each in (clean(state.phases[at].name, face), current) if each),
        answers=((GO, f"Work on {named(state, at, face)}"), (LATER, "No")),
        back=LATER,
    )


def stop_question(state: PhasesState) -> Question:
    """End the tracking?"""
    rest = sum(phase.state in {"open", "current"} for phase in state.phases)
    left = f"{rest} phase{'s' * (rest != 1)} not done." if rest else "Every phase is done."
    return Question(
        title="End the tracking?",
        said=(f"{left} The report is written and opens.",),
        answers=((LATER, "No"), (STOP, "End it")),
        back=LATER,
    )


def why_question(end: PhaseEnd, face: Face) -> Question:
    """Why did a phase deviate? Optional."""
    over = (end.variance_tokens or 0) > 0
    first, *more = end_words(end)
    answers = [(word, said.capitalize()) for word, said in CATEGORIES.items() if not over or word != "easier"]
    return Question(
        title="Why? (esc skips)",
        said=(f"{clean(end.name, face)} {first}", *more),
        answers=tuple(answers),
        back=LATER,
    )
