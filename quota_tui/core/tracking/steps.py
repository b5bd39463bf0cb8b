"""What a person does with a tracked plan. Every step takes the tracking and gives the new one.

`now` before the last instant of the tracking (a clock that went back) counts as that instant.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from quota_tui.core.plans.plan import Plan, PlanPhase
from quota_tui.core.tracking.state import (
    CATEGORIES,
    MAX_TEXT,
    Deviation,
    Estimated,
    EstimatedPhase,
    PhaseStatus,
    Span,
    TrackedPhase,
    Tracking,
    TrackStatus,
)

DEVIATES_ABOVE_PCT = 120.0
"""A phase that took more than this share of its estimate is a deviation, also when nobody says why."""


class TrackError(Exception):
    """The step is not possible. The text is one sentence a person can act on."""


def written_estimate(plan: Plan) -> Estimated:
    """The estimate that the plan itself holds; a range counts with its geometric middle.

    What is done already takes nothing. The whole is known only when every open phase is.
    """
    phases = tuple(EstimatedPhase(name=each.name) if each.is_done else _written(each) for each in plan.phases)
    to_do = [each for each, phase in zip(phases, plan.phases, strict=True) if not phase.is_done]
    known = [each.tokens for each in to_do if each.tokens is not None]
    hours = [each.hours for each in to_do if each.hours is not None]
    is_whole = bool(to_do) and len(known) == len(to_do)
    return Estimated(
        total=sum(known) if is_whole else None,
        low=sum(each.low or 0 for each in to_do) if is_whole else None,
        high=sum(each.high or 0 for each in to_do) if is_whole else None,
        hours=sum(hours) if hours and len(hours) == len(to_do) else None,
        phases=phases,
    )


def _written(phase: PlanPhase) -> EstimatedPhase:
    size = phase.size
    tokens = hours = None
    if size.tokens_low is not None and size.tokens_high is not None:
        tokens = round((size.tokens_low * size.tokens_high) ** 0.5)
    if size.hours_low is not None and size.hours_high is not None:
        hours = (size.hours_low + size.hours_high) / 2
    return EstimatedPhase(
        name=phase.name, tokens=tokens, low=size.tokens_low, high=size.tokens_high, hours=hours
    )


def begin(
    plan: Plan,
    now: datetime,
    *,
    tracking_id: str,
    plan_file: str,
    project: str,
    estimated: Estimated | None = None,
    claude_session: str = "",
) -> Tracking:
    """Start tracking: the first phase that the plan does not mark as done is in work.

    `estimated.phases` belong to the plan's phases in order. Raises TrackError when all phases are done.
    """
    estimated = estimated or written_estimate(plan)
    phases = tuple(
        _tracked(f"p{at + 1}", phase, estimated.phases[at] if at < len(estimated.phases) else None)
        for at, phase in enumerate(plan.phases)
    )
    first = next((phase for phase in phases if phase.state is PhaseStatus.OPEN), None)
    if first is None:
        raise TrackError("every phase of this plan is marked as done; there is nothing to track")
    tracking = Tracking(
        id=tracking_id,
        start=now,
        plan_file=plan_file,
        project=project,
        title=plan.title,
        claude_session=claude_session,
        estimated=estimated,
        phases=phases,
    )
    return _enter(tracking, first.key, now)


def _tracked(key: str, phase: PlanPhase, estimate: EstimatedPhase | None) -> TrackedPhase:
    known = estimate or EstimatedPhase(name=phase.name)
    return TrackedPhase(
        key=key,
        name=phase.name,
        label=phase.label,
        task_type=phase.task_type.value,
        state=PhaseStatus.DONE if phase.is_done else PhaseStatus.OPEN,
        estimate=known.tokens,
        low=known.low,
        high=known.high,
        estimated_hours=known.hours,
    )


def finish_phase(tracking: Tracking, now: datetime, expected: str = "") -> Tracking:
    """The phase in work is done; the next open one begins, where there is one.

    `expected` is the key of the phase that the person saw. Raises TrackError when that is no longer the one
    in work (it was finished in another window), and when none is.
    """
    _must_run(tracking)
    current = tracking.current
    if current is None:
        raise TrackError("no phase is in work; `quota-tui track phase start N` begins one")
    if expected and current.key != expected:
        raise TrackError(f"{current.name} is in work by now; nothing was changed")
    now = _not_before(tracking, now)
    done = replace(current, state=PhaseStatus.DONE, end=now)
    after = _leave(_with_phase(tracking, done), now)
    if (done.percent or 0.0) > DEVIATES_ABOVE_PCT and done.variance:
        after = _with_deviation(after, Deviation(phase=done.name, extra_tokens=done.variance))
    following = _next_open(after.phases, done.key)
    return _enter(after, following.key if following else "", now)


def start_phase(tracking: Tracking, number: int, now: datetime, seen: str = "") -> Tracking:
    """Go to a phase (the first is 1), also one that was done; the one in work is open again.

    `seen` is what the plan file shows of the phase (`core.tracking.matching.signature`): it does not make a
    proposal again. Raises TrackError.
    """
    _must_run(tracking)
    if not 1 <= number <= len(tracking.phases):
        raise TrackError(f"there is no phase {number}; the plan has {len(tracking.phases)}")
    wanted = tracking.phases[number - 1]
    if wanted.state is PhaseStatus.CURRENT:
        return tracking
    if wanted.state is PhaseStatus.REMOVED:
        raise TrackError(f"phase {number} is no longer in the plan file")
    now = _not_before(tracking, now)
    after = tracking
    if tracking.current is not None:
        after = _with_phase(after, replace(tracking.current, state=PhaseStatus.OPEN))
    after = _leave(after, now)
    return _enter(_with_phase(after, replace(wanted, dismissed=seen)), wanted.key, now)


def dismiss(tracking: Tracking, seen: str) -> Tracking:
    """The phase in work is not done, whatever the plan file says now."""
    current = tracking.current
    return tracking if current is None else _with_phase(tracking, replace(current, dismissed=seen))


def add_note(tracking: Tracking, text: str) -> Tracking:
    """A note on the phase in work, else on the last one that was. Raises TrackError when it is empty."""
    note = one_text(text)
    if not note:
        raise TrackError("the note is empty")
    phase = tracking.current or _last_worked(tracking)
    if phase is None:
        raise TrackError("there is no phase to note this on")
    return _with_phase(tracking, replace(phase, notes=(*phase.notes, note)))


def pause(tracking: Tracking, now: datetime) -> Tracking:
    """What is used from now on is not counted. Raises TrackError."""
    _must_run(tracking)
    return replace(_leave(tracking, _not_before(tracking, now)), status=TrackStatus.PAUSED)


def resume(tracking: Tracking, now: datetime) -> Tracking:
    """Count again. Raises TrackError."""
    if tracking.status is not TrackStatus.PAUSED:
        raise TrackError(f"it is not paused, it is {tracking.status.value}")
    now = _not_before(tracking, now)
    key = tracking.current.key if tracking.current else ""
    return replace(tracking, status=TrackStatus.ACTIVE, spans=(*tracking.spans, Span(phase=key, start=now)))


def stop(tracking: Tracking, now: datetime) -> Tracking:
    """The end: completed when every phase is done, else stopped. Raises TrackError when it was ended before.

    A phase still in work is open again.
    """
    if not tracking.is_open:
        raise TrackError(f"it is {tracking.status.value} already")
    now = _not_before(tracking, now)
    after = _leave(tracking, now)
    if after.current is not None:
        after = _with_phase(after, replace(after.current, state=PhaseStatus.OPEN, end=now))
    rest = [phase for phase in after.phases if phase.state is PhaseStatus.OPEN]
    return replace(after, end=now, status=TrackStatus.STOPPED if rest else TrackStatus.COMPLETED)


def explain(
    tracking: Tracking,
    category: str,
    *,
    number: int | None = None,
    reason: str = "",
    preventable: bool | None = None,
    lesson: str = "",
) -> Tracking:
    """Say why a phase deviated: phase `number`, else the one last asked about, else the last one ended.

    Raises TrackError for a word that is no category, and when there is no such phase.
    """
    if category not in CATEGORIES:
        raise TrackError(f"`{category}` is no category; take one of {', '.join(CATEGORIES)}")
    phase = _asked(tracking, number)
    said = Deviation(
        phase=phase.name,
        reason=one_text(reason),
        extra_tokens=phase.variance or 0,
        category=category,
        preventable=preventable,
        lesson=one_text(lesson),
    )
    return _with_deviation(tracking, said)


def unexplained(tracking: Tracking) -> Deviation | None:
    """The last deviation of which nobody has said why."""
    return next((each for each in reversed(tracking.deviations) if not each.category), None)


def one_text(text: str) -> str:
    """Text as it is kept: its characters that mean nothing on a page left out, of bearable length."""
    kept = "".join(char if char.isprintable() or char == "\n" else " " for char in text[: 2 * MAX_TEXT])
    return kept.strip()[:MAX_TEXT].rstrip()


def _asked(tracking: Tracking, number: int | None) -> TrackedPhase:
    if number is not None:
        if not 1 <= number <= len(tracking.phases):
            raise TrackError(f"there is no phase {number}; the plan has {len(tracking.phases)}")
        return tracking.phases[number - 1]
    asked = unexplained(tracking)
    by_name = [phase for phase in tracking.phases if asked is not None and phase.name == asked.phase]
    ended = [phase for phase in tracking.phases if phase.state is PhaseStatus.DONE and phase.end is not None]
    ended.sort(key=lambda phase: phase.end or tracking.start)
    found = (by_name or ended or [phase for phase in (tracking.current,) if phase is not None])[-1:]
    if not found:
        raise TrackError("no phase has ended yet; name one with --phase N")
    return found[0]


def _with_deviation(tracking: Tracking, new: Deviation) -> Tracking:
    """One deviation for each phase: what is said now goes before what was said."""
    old = next((each for each in tracking.deviations if each.phase == new.phase), None)
    if old is None:
        return replace(tracking, deviations=(*tracking.deviations, new))
    merged = Deviation(
        phase=new.phase,
        reason=new.reason or old.reason,
        extra_tokens=new.extra_tokens,
        category=new.category or old.category,
        preventable=old.preventable if new.preventable is None else new.preventable,
        lesson=new.lesson or old.lesson,
    )
    return replace(
        tracking, deviations=tuple(merged if each is old else each for each in tracking.deviations)
    )


def _must_run(tracking: Tracking) -> None:
    if tracking.status is TrackStatus.PAUSED:
        raise TrackError("it is paused; `quota-tui track resume` goes on")
    if not tracking.is_open:
        raise TrackError(f"it is {tracking.status.value}; `quota-tui track start PLAN.md` begins anew")


def _not_before(tracking: Tracking, now: datetime) -> datetime:
    known = [tracking.start, now, *(span.start for span in tracking.spans)]
    return max([*known, *(span.end for span in tracking.spans if span.end is not None)])


def _enter(tracking: Tracking, key: str, now: datetime) -> Tracking:
    phase = tracking.phase(key)
    if phase is not None:
        begun = replace(phase, state=PhaseStatus.CURRENT, start=phase.start or now, end=None)
        tracking = _with_phase(tracking, begun)
    return replace(tracking, spans=(*tracking.spans, Span(phase=key, start=now)))


def _leave(tracking: Tracking, now: datetime) -> Tracking:
    """Close the open span; of one without length nothing is kept."""
    closed = (replace(span, end=now) if span.end is None else span for span in tracking.spans)
    return replace(tracking, spans=tuple(span for span in closed if span.end != span.start))


def _with_phase(tracking: Tracking, new: TrackedPhase) -> Tracking:
    phases = tuple(new if phase.key == new.key else phase for phase in tracking.phases)
    return replace(tracking, phases=phases)


def _next_open(phases: Sequence[TrackedPhase], after: str) -> TrackedPhase | None:
    """The next open phase in the plan's order, else the first one that is open."""
    at = next(index for index, phase in enumerate(phases) if phase.key == after)
    rest = [*phases[at + 1 :], *phases[:at]]
    return next((phase for phase in rest if phase.state is PhaseStatus.OPEN), None)


def _last_worked(tracking: Tracking) -> TrackedPhase | None:
    return next((tracking.phase(span.phase) for span in reversed(tracking.spans) if span.phase), None)
