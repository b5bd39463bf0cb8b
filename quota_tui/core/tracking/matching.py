"""The plan file against the tracking: phases that came, went or were renamed, and those that look done."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

import msgspec
from msgspec.structs import replace

from quota_tui.core.facts import OpenPhase
from quota_tui.core.plans.plan import Plan, PlanPhase
from quota_tui.core.snapshot import PhaseProposal
from quota_tui.core.tracking.state import PhaseStatus, TrackedPhase, Tracking

ALIKE = 0.6
"""Share of two headings that is the same from which on one is the other, renamed."""

LETTERS_MORE = 0.2
"""By letters it takes so much more: words of one language share many."""
_MOST_PAIRS = 2_500


class Merged(msgspec.Struct, frozen=True):
    """The tracking with the phases as the file has them now, and a sentence for every difference.

    `pairs` are the phases of the file by the key of the tracked one.
    """

    tracking: Tracking
    pairs: dict[str, PlanPhase]
    notices: tuple[str, ...] = ()


def merge(tracking: Tracking, plan: Plan) -> Merged:
    """Match the plan's phases to the tracked ones by heading; nothing that was tracked is lost.

    A new phase is open, without an estimate. One that is gone is kept as removed; if it is the one in work
    it stays that until the person goes on.
    """
    pairs = _matched(tracking.phases, plan.phases)
    notices: list[str] = []
    phases: list[TrackedPhase] = []
    numbers = [int(phase.key[1:]) for phase in tracking.phases if re.fullmatch(r"p\d{1,9}", phase.key)]
    number = max(numbers, default=0)
    by_key: dict[str, PlanPhase] = {}
    for at, phase in enumerate(plan.phases):
        old = pairs.get(at)
        if old is None:
            number += 1
            old = TrackedPhase(key=f"p{number}", name=phase.name)
            if phase.is_done:
                old = replace(old, state=PhaseStatus.DONE)
            notices.append(f"new in the plan file: {phase.name}")
        elif old.name != phase.name:
            notices.append(f"renamed in the plan file: {old.name} is now {phase.name}")
        state = PhaseStatus.OPEN if old.state is PhaseStatus.REMOVED else old.state
        phases.append(
            replace(old, name=phase.name, label=phase.label, task_type=phase.task_type.value, state=state)
        )
        by_key[old.key] = phase
    for gone in tracking.phases:
        if gone.key not in by_key:
            if gone.state is not PhaseStatus.REMOVED:
                notices.append(f"no longer in the plan file: {gone.name}")
            kept = gone if gone.state is PhaseStatus.CURRENT else replace(gone, state=PhaseStatus.REMOVED)
            phases.insert(_place(phases, tracking.phases, gone), kept)
    deviations = tuple(
        replace(each, phase=_renamed(each.phase, tracking, by_key)) for each in tracking.deviations
    )
    title = plan.title or tracking.title
    after = replace(tracking, phases=tuple(phases), deviations=deviations, title=title)
    return Merged(after, by_key, tuple(notices))


def signature(phase: PlanPhase) -> str:
    """What the plan file shows of how far a phase is: changes with every tick and mark."""
    return f"{'marked' if phase.is_marked_done else 'open'} {phase.boxes_done}/{len(phase.boxes)}"


def proposal(tracking: Tracking, pairs: dict[str, PlanPhase]) -> PhaseProposal | None:
    """The phase in work, when the plan file says that it is done and the person has not said otherwise."""
    current = tracking.current
    phase = pairs.get(current.key) if current is not None else None
    if current is None or phase is None:
        return None
    count = len(phase.boxes)
    if phase.is_marked_done:
        why = "its checkbox is ticked" if phase.box is not None else "its heading is marked as done"
    elif count and phase.boxes_done == count:
        why = "its checkbox is ticked" if count == 1 else f"all {count} of its checkboxes are ticked"
    else:
        return None
    seen = signature(phase)
    if seen == current.dismissed:
        return None
    return PhaseProposal(key=current.key, name=current.name, why=why, seen=seen)


def open_phases(tracking: Tracking | None, plan: Plan | None = None) -> tuple[OpenPhase, ...]:
    """The phases that are still to do, the one in work first: for the handoff's proposal.

    Of a phase in work the estimate is what is left of it. Without a tracking those of the plan.
    """
    if tracking is None:
        phases = plan.phases if plan is not None and not plan.is_whole else ()
        return tuple(
            OpenPhase(phase.name, None, phase.size.tokens_low, phase.size.tokens_high)
            for phase in phases
            if not phase.is_done
        )
    if plan is not None:
        tracking = merge(tracking, plan).tracking
    todo = [phase for phase in tracking.phases if phase.state in {PhaseStatus.CURRENT, PhaseStatus.OPEN}]
    todo.sort(key=lambda phase: phase.state is not PhaseStatus.CURRENT)
    return tuple(
        OpenPhase(phase.name, _left(phase.estimate, phase), _left(phase.low, phase), _left(phase.high, phase))
        for phase in todo
    )


def _left(tokens: int | None, phase: TrackedPhase) -> int | None:
    """What is left of an estimate that is not used up; None when it is, or when there is none."""
    if tokens is None or tokens <= phase.actual:
        return None
    return tokens - phase.actual


def _matched(tracked: Sequence[TrackedPhase], planned: Sequence[PlanPhase]) -> dict[int, TrackedPhase]:
    """Tracked phases by the place of theirs in the plan: same heading, then like ones, nearest first."""
    pairs: dict[int, TrackedPhase] = {}
    free = list(tracked)
    names: dict[str, list[int]] = {}
    for at, phase in enumerate(planned):
        names.setdefault(_key(phase.name), []).append(at)
    for old in tracked:
        places = [at for at in names.get(_key(old.name), ()) if at not in pairs]
        # Of several with one heading, the one that bears the same number.
        same = [at for at in places if _key(planned[at].label) == _key(old.label)]
        if places:
            pairs[(same or places)[0]] = old
            free.remove(old)
    rest = [at for at in range(len(planned)) if at not in pairs]
    if len(rest) * len(free) > _MOST_PAIRS:
        return pairs
    likely = sorted(
        (-_likeness(planned[at], old), abs(at - index), at, index)
        for at in rest
        for index, old in enumerate(free)
    )
    used: set[int] = set()
    for likeness, _, at, index in likely:
        if -likeness >= ALIKE and at not in pairs and index not in used:
            pairs[at] = free[index]
            used.add(index)
    return pairs


def _likeness(phase: PlanPhase, old: TrackedPhase) -> float:
    one, other = _key(phase.name)[:200].split(), _key(old.name)[:200].split()
    ratio = SequenceMatcher(None, one, other, autojunk=False).ratio()
    letters = SequenceMatcher(None, " ".join(one), " ".join(other), autojunk=False)
    if letters.quick_ratio() > ALIKE:
        ratio = max(ratio, letters.ratio() - LETTERS_MORE)
    same_label = bool(old.label) and _key(phase.label) == _key(old.label)
    # "Phase 2" that is still the second keeps its work also when it is called something else by half.
    return ratio + (0.25 if same_label else 0.0)


def _key(name: str) -> str:
    return " ".join(re.findall(r"\w+", name.casefold())) or name


def _place(phases: Sequence[TrackedPhase], before: Sequence[TrackedPhase], gone: TrackedPhase) -> int:
    """Right after the phase that it stood after."""
    at = next(index for index, phase in enumerate(before) if phase.key == gone.key)
    keys = [phase.key for phase in phases]
    for phase in reversed(before[:at]):
        if phase.key in keys:
            return keys.index(phase.key) + 1
    return 0


def _renamed(name: str, tracking: Tracking, by_key: dict[str, PlanPhase]) -> str:
    """What the phase of a deviation is called now."""
    for phase in tracking.phases:
        if phase.name == name and phase.key in by_key:
            return by_key[phase.key].name
    return name
