"""Between the estimator and a tracking: its answer as it is kept, its update, and what it learns from."""

from __future__ import annotations

from math import log
from statistics import NormalDist

from msgspec.structs import replace

from quota_tui.core.estimating.estimate import Confidence, PhaseEstimate, PlanEstimate
from quota_tui.core.estimating.learn import Learned
from quota_tui.core.estimating.outlook import LEVELS, Outlook
from quota_tui.core.estimating.prior import PHASE_NOISE, SHIPPED
from quota_tui.core.estimating.ranges import Range
from quota_tui.core.estimating.rates import Rates, rates_of
from quota_tui.core.estimating.subject import PastPhase, PastSession, PhaseSubject, PlanSubject, TaskType
from quota_tui.core.estimating.trackrecord import History
from quota_tui.core.estimating.update import update
from quota_tui.core.plans.plan import Plan
from quota_tui.core.tracking.projection import Projection
from quota_tui.core.tracking.state import (
    Estimated,
    EstimatedPhase,
    PhaseStatus,
    TrackedPhase,
    Tracking,
    TrackStatus,
)

_NORMAL_80 = 1.2816
"""Standard deviations from the median to the ends of 80 %."""
_OVER = frozenset({PhaseStatus.DONE, PhaseStatus.REMOVED})


def estimated_from(plan: Plan, estimate: PlanEstimate) -> Estimated:
    """The estimate of a plan; its phases are the plan's open ones, in order. A done phase has none."""
    todo = iter(estimate.phases)
    phases = []
    for phase in plan.phases:
        found = None if phase.is_done else next(todo, None)
        if found is None:
            phases.append(EstimatedPhase(name=phase.name))
            continue
        phases.append(
            EstimatedPhase(
                name=phase.name,
                tokens=round(found.tokens.median),
                low=round(found.tokens.low),
                high=round(found.tokens.high),
                hours=round(found.hours.median, 3),
            )
        )
    return Estimated(
        total=round(estimate.tokens.median),
        low=round(estimate.tokens.low),
        high=round(estimate.tokens.high),
        hours=round(estimate.hours.median, 3),
        confidence=estimate.confidence.value,
        phases=tuple(phases),
    )


def estimate_of(known: Estimated) -> PlanEstimate | None:
    """The estimate again, from what a tracking keeps of it; None without a range.

    Of the distribution only median and 80 % were kept: between and beyond them it is taken to be normal on
    log scale, each side with its own width.
    """
    low, median, high = known.low, known.total, known.high
    phases = [phase for phase in known.phases if (phase.tokens or 0) > 0]
    if low is None or median is None or high is None or not 0 < low <= median <= high or not phases:
        return None
    outlook, rates = _outlook(low, median, high), rates_of("", Learned())
    total = sum(phase.tokens or 0 for phase in phases)
    return PlanEstimate(
        title="",
        tokens=outlook.range,
        hours=rates.hours(outlook),
        cost_usd=rates.cost_usd(outlook),
        confidence=Confidence.LOW,
        reasons=(),
        risks=(),
        phases=tuple(_phase_of(phase, total, rates) for phase in phases),
        history=History(),
        similar=0,
        outlook=outlook,
        phase_noise=PHASE_NOISE,
        rates=rates,
        prior=SHIPPED,
    )


def _phase_of(phase: EstimatedPhase, total: int, rates: Rates) -> PhaseEstimate:
    median = phase.tokens or 1
    low, high = min(phase.low or median, median), max(phase.high or median, median)
    part = _outlook(low, median, high)
    return PhaseEstimate(
        name=phase.name,
        task_type=TaskType.IMPLEMENTATION,
        share=median / total,
        tokens=part.range,
        hours=rates.hours(part),
        cost_usd=rates.cost_usd(part),
        confidence=Confidence.LOW,
    )


def _outlook(low: int, median: int, high: int) -> Outlook:
    middle = log(median)
    below, above = (middle - log(low)) / _NORMAL_80, (log(high) - middle) / _NORMAL_80
    normal = NormalDist()
    at = ((level, normal.inv_cdf(level)) for level in LEVELS)
    return Outlook(tuple(middle + z * (below if level < 0.5 else above) for level, z in at))


def projected(tracking: Tracking, estimate: PlanEstimate) -> Projection:
    """The estimator's projection of a counted tracking that was begun with `estimated_from(plan, estimate)`.

    A phase that was added since is in no estimate: it counts as it is so far.
    """
    keys = [f"p{at}" for at, phase in enumerate(tracking.estimated.phases, 1) if (phase.tokens or 0) > 0]
    estimated = [tracking.phase(key) for key in keys[: len(estimate.phases)]]
    done = [place for place, phase in enumerate(estimated) if phase is None or phase.state in _OVER]
    took = sum(phase.actual for place in done if (phase := estimated[place]) is not None)
    progress = update(estimate, tracking.total, done, took)
    left = {
        phase.key: rest.median
        for phase, rest in zip(estimated, progress.phases, strict=False)
        if phase is not None and rest is not None
    }
    return Projection(
        total=round(tracking.total + progress.remaining.median),
        low=round(tracking.total + progress.remaining.low),
        high=round(tracking.total + progress.remaining.high),
        phases={phase.key: round(phase.actual + left.get(phase.key, 0.0)) for phase in tracking.phases},
    )


def past_session(
    tracking: Tracking, subject: PlanSubject | None = None, model: str = ""
) -> PastSession | None:
    """What an ended tracking teaches; None while it is open, and when no phase was worked on to its end.

    Of a plan that was stopped halfway only the phases count that were done, and it is not judged by the
    estimate of the whole: the others say nothing of what they take.
    """
    if tracking.is_open or tracking.total <= 0:
        return None
    worked = [phase for phase in tracking.phases if _was_worked(phase)]
    is_whole = tracking.status is TrackStatus.COMPLETED
    tokens = tracking.total if is_whole else sum(phase.actual for phase in worked)
    if not worked or tokens <= 0:
        return None
    types: dict[str, int] = {}
    for phase in worked:
        types[phase.task_type] = types.get(phase.task_type, 0) + phase.actual
    main = max(types, key=lambda kind: types[kind])
    known = tracking.estimated
    subject = subject or subject_from(tracking)
    return PastSession(
        id=tracking.id,
        at=tracking.start,
        ended_at=tracking.end,
        project=tracking.project,
        task_type=_task_type(main),
        tokens=tokens,
        hours=tracking.hours if is_whole else sum(phase.hours for phase in worked),
        cost_usd=tracking.cost_usd * tokens / tracking.total,
        model=model or subject.model,
        estimated=_range(known.low, known.total, known.high) if is_whole else None,
        subject=subject,
        phases=tuple(_past_phase(phase) for phase in worked if phase.actual > 0),
    )


def subject_from(tracking: Tracking, estimated: PlanSubject | None = None) -> PlanSubject:
    """The plan of an ended tracking, without the phases that were not worked on to their end.

    `estimated`: the plan as it was when it was begun; without it only names and kinds of work are known.
    """
    if estimated is not None:
        places = {phase.key: phase for phase in tracking.phases}
        phases = tuple(
            phase if (tracked := places.get(f"p{at}")) is None or _was_worked(tracked) else _as_done(phase)
            for at, phase in enumerate(estimated.phases, 1)
        )
        if not all(phase.done for phase in phases):
            return replace(estimated, phases=phases)
    return PlanSubject(
        title=tracking.title,
        project=tracking.project,
        phases=tuple(
            PhaseSubject(name=phase.name, task_type=_task_type(phase.task_type) or TaskType.IMPLEMENTATION)
            for phase in tracking.phases
            if _was_worked(phase)
        ),
    )


def _as_done(phase: PhaseSubject) -> PhaseSubject:
    return replace(phase, done=True)


def _was_worked(phase: TrackedPhase) -> bool:
    """Whether it was in work to its end while it was tracked; what is in the plan no more counts too."""
    if phase.state is PhaseStatus.REMOVED:
        return phase.actual > 0
    return phase.state is PhaseStatus.DONE and phase.start is not None


def _past_phase(phase: TrackedPhase) -> PastPhase:
    return PastPhase(
        name=phase.name,
        task_type=_task_type(phase.task_type) or TaskType.IMPLEMENTATION,
        tokens=phase.actual,
        hours=phase.hours,
        estimated=_range(phase.low, phase.estimate, phase.high),
    )


def _task_type(word: str) -> TaskType | None:
    try:
        return TaskType(word)
    except ValueError:
        return None


def _range(low: int | None, median: int | None, high: int | None) -> Range | None:
    if median is None:
        return None
    return Range(
        float(min(median if low is None else low, median)),
        float(median),
        float(max(median if high is None else high, median)),
    )
