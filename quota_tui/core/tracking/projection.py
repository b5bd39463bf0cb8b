"""What a plan in work will have taken at its end, from what its phases took so far.

A rule of thumb that needs no history: done phases count as they were, the rest at the pace of the done ones,
shrunk towards the estimate. An estimator that learns replaces it where there is one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

from quota_tui.core.tracking.state import PhaseStatus, TrackedPhase, Tracking

_PRIOR_PHASES = 2.0
"""The estimate weighs as much as so many phases that are done."""
_MOST_PACE = 8.0
_LEAST_LOW, _LEAST_HIGH = 0.8, 1.25
"""No range is narrower than that around an estimate, whatever a plan says."""
_OVERRUN = 0.1
"""A phase past its estimate that tells nothing of how far it is: so much more of itself."""
YELLOW_PCT, RED_PCT = 120.0, 150.0
"""Percent of its estimate above which a phase is told about."""


class Projection(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens at the end, in all and by the key of the phase. None: there is no estimate to go by.

    `low` and `high` hold about what the estimate's own ranges say of the part that is not done yet.
    """

    total: int | None = None
    low: int | None = None
    high: int | None = None
    phases: dict[str, int] = {}
    pace: float = 1.0


def task_alert(phase: TrackedPhase) -> str:
    """`yellow` above 120 % of its estimate, `red` above 150 %, else empty."""
    percent = phase.percent or 0.0
    return "red" if percent > RED_PCT else "yellow" if percent > YELLOW_PCT else ""


def project(tracking: Tracking, shares: Mapping[str, float] | None = None) -> Projection:
    """The projection. `shares` (0-1, by key) say how much of a phase is done, where checkboxes tell."""
    known = sorted(phase.estimate for phase in tracking.phases if phase.estimate is not None)
    if not known:
        return Projection()
    usual = known[len(known) // 2]  # of a phase that was added since
    pace = pace_of(tracking)
    worked = sum(phase.actual for phase in tracking.phases)
    beside = max(0, tracking.total - worked)
    total, spread_low, spread_high = float(beside), 0.0, 0.0
    phases: dict[str, int] = {}
    for phase in tracking.phases:
        estimate = phase.estimate if phase.estimate is not None else usual
        left = _left(phase, estimate * pace, (shares or {}).get(phase.key, 0.0))
        phases[phase.key] = round(phase.actual + left)
        total += phase.actual + left
        low, high = _bounds(phase, estimate)
        scale = left / estimate if estimate else 0.0
        spread_low += (scale * (estimate - low)) ** 2
        spread_high += (scale * (high - estimate) + _overrun(phase, left)) ** 2
    return Projection(
        total=round(total),
        low=round(max(tracking.total, total - math.sqrt(spread_low))),
        high=round(total + math.sqrt(spread_high)),
        phases=phases,
        pace=pace,
    )


def pace_of(tracking: Tracking) -> float:
    """How much more (or less) than estimated the done phases took, shrunk towards 1."""
    ratios = [
        math.log(phase.actual / phase.estimate)
        for phase in tracking.phases
        if phase.state is PhaseStatus.DONE and phase.estimate and phase.actual > 0
    ]
    if not ratios:
        return 1.0
    shrunk = sum(ratios) / (len(ratios) + _PRIOR_PHASES)
    return min(max(math.exp(shrunk), 1 / _MOST_PACE), _MOST_PACE)


def _left(phase: TrackedPhase, expected: float, share: float) -> float:
    """Tokens that a phase is still to take."""
    if phase.state in {PhaseStatus.DONE, PhaseStatus.REMOVED}:
        return 0.0
    if phase.state is PhaseStatus.CURRENT and share > 0:
        return (1 - min(share, 1.0)) * expected
    rest = expected - phase.actual
    if phase.state is PhaseStatus.CURRENT:
        return max(rest, _OVERRUN * phase.actual)
    return max(rest, 0.0)


def _overrun(phase: TrackedPhase, left: float) -> float:
    """How much further a phase may go that is past what was expected of it."""
    is_past = phase.state is PhaseStatus.CURRENT and left <= _OVERRUN * phase.actual
    return 2 * _OVERRUN * phase.actual if is_past else 0.0


def _bounds(phase: TrackedPhase, estimate: int) -> tuple[float, float]:
    low = 0.6 * estimate if phase.low is None else phase.low
    high = 1.6 * estimate if phase.high is None else phase.high
    return min(low, _LEAST_LOW * estimate), max(high, _LEAST_HIGH * estimate)
