"""The tracked plan as every face shows it: pure, from the tracking, what was counted, and the plan file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from quota_tui.core.plans.plan import Plan, PlanPhase
from quota_tui.core.snapshot import PhaseEnd, PhasesState, PhaseState
from quota_tui.core.tracking.matching import merge, proposal
from quota_tui.core.tracking.projection import Projection, project, task_alert
from quota_tui.core.tracking.spent import Spent, with_spent
from quota_tui.core.tracking.state import PhaseStatus, TrackedPhase, Tracking
from quota_tui.core.tracking.steps import DEVIATES_ABOVE_PCT


def phases_state(
    tracking: Tracking,
    spent: Spent,
    now: datetime,
    *,
    plan: Plan | None = None,
    quota_left: int | None = None,
    projection: Projection | None = None,
    notices: Sequence[str] = (),
) -> PhasesState:
    """The state of a tracked plan at `now`.

    `plan` is the plan file as it is now, None when it cannot be read; `quota_left` the tokens left in the
    five-hour window; `projection` that of an estimator that learns, else the rule of thumb is used.
    """
    counted = with_spent(tracking, spent, now)
    pairs: dict[str, PlanPhase] = {}
    if plan is not None:
        merged = merge(counted, plan)
        counted, pairs = merged.tracking, merged.pairs
        notices = (*notices, *merged.notices)
    outlook = projection or project(counted, shares_of(pairs))
    left = None if outlook.total is None else max(0, outlook.total - counted.total)
    fits = None if left is None or quota_left is None else left <= quota_left
    state = _numbers(counted, outlook, tuple(_phase(phase, pairs, outlook) for phase in counted.phases))
    return replace(
        state,
        quota_left_tokens=quota_left,
        fits_quota=fits,
        proposal=proposal(counted, pairs) if counted.is_open else None,
        ended=phase_end(counted, outlook, fits=fits),
        notices=tuple(notices),
    )


def _numbers(counted: Tracking, outlook: Projection, phases: tuple[PhaseState, ...]) -> PhasesState:
    current = next((at for at, phase in enumerate(phases) if phase.state == PhaseStatus.CURRENT), None)
    return PhasesState(
        state=counted.status.value,
        id=counted.id,
        title=counted.title,
        plan_file=counted.plan_file,
        project=counted.project,
        phases=phases,
        current=current,
        started_at=counted.start,
        hours=counted.hours,
        estimated_hours=counted.estimated.hours,
        actual_tokens=counted.total,
        cost_usd=counted.cost_usd,
        estimated_tokens=estimated_total(counted),
        estimated_low_tokens=counted.estimated.low,
        estimated_high_tokens=counted.estimated.high,
        confidence=counted.estimated.confidence,
        projected_tokens=outlook.total,
        projected_low_tokens=outlook.low,
        projected_high_tokens=outlook.high,
        tokens_per_min_now=counted.burn.current,
        tokens_per_min_average=counted.burn.average,
        alert=phases[current].alert if current is not None else "",
        deviations=counted.deviations,
    )


def estimated_total(tracking: Tracking) -> int | None:
    """The estimate of the whole plan, as it was at the start; else what its phases add up to."""
    if tracking.estimated.total is not None:
        return tracking.estimated.total
    known = [phase.estimate for phase in tracking.phases if phase.estimate is not None]
    return sum(known) if known else None


def shares_of(pairs: Mapping[str, PlanPhase]) -> dict[str, float]:
    """How much of each phase its checkboxes say is done (0-1); nothing of those without a tick."""
    return {
        key: phase.boxes_done / len(phase.boxes)
        for key, phase in pairs.items()
        if phase.boxes_done and len(phase.boxes) > 1
    }


def phase_end(tracking: Tracking, outlook: Projection, *, fits: bool | None = None) -> PhaseEnd | None:
    """The variance summary of the phase that ended last; None while none has."""
    ended = [phase for phase in tracking.phases if phase.state is PhaseStatus.DONE and phase.end is not None]
    if not ended:
        return None
    phase = max(ended, key=lambda each: each.end or tracking.start)
    assert phase.end is not None
    whole = estimated_total(tracking)
    explained = {each.phase for each in tracking.deviations if each.category}
    return PhaseEnd(
        key=phase.key,
        name=phase.name,
        at=phase.end,
        actual_tokens=phase.actual,
        estimate_tokens=phase.estimate,
        variance_tokens=phase.variance,
        percent=phase.percent,
        impact_pct=100.0 * phase.variance / whole if whole and phase.variance is not None else None,
        projected_total_tokens=outlook.total,
        fits_quota=fits,
        tokens_per_min=phase.actual / (phase.hours * 60) if phase.hours > 0 else None,
        target_tokens_per_min=(
            phase.estimate / (phase.estimated_hours * 60)
            if phase.estimate and phase.estimated_hours
            else None
        ),
        asks_why=(phase.percent or 0.0) > DEVIATES_ABOVE_PCT and phase.name not in explained,
    )


def _phase(phase: TrackedPhase, pairs: Mapping[str, PlanPhase], outlook: Projection) -> PhaseState:
    planned = pairs.get(phase.key)
    return PhaseState(
        key=phase.key,
        name=phase.name,
        label=phase.label,
        task_type=phase.task_type,
        state=phase.state.value,
        estimate_tokens=phase.estimate,
        low_tokens=phase.low,
        high_tokens=phase.high,
        actual_tokens=phase.actual,
        projected_tokens=outlook.phases.get(phase.key),
        variance_tokens=phase.variance,
        percent=phase.percent,
        hours=phase.hours,
        estimated_hours=phase.estimated_hours,
        started_at=phase.start,
        ended_at=phase.end,
        boxes_done=planned.boxes_done if planned else 0,
        boxes=len(planned.boxes) if planned else 0,
        notes=phase.notes,
        alert=task_alert(phase) if phase.state is not PhaseStatus.OPEN else "",
    )
