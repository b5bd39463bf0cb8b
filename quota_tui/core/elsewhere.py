"""Used elsewhere: what claude.ai, other machines and other programs took of a window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from quota_tui.core.learning import PctPerUsd, rounding
from quota_tui.core.readings import Reading
from quota_tui.core.windows import TICK, FirstCallAt

LAG = timedelta(minutes=5)
"""A percentage comes with the head of a reply, so the call that was running is not yet in it."""
LAG_PCT = 1.0


def used_elsewhere(
    starts_at: datetime,
    readings: Sequence[Reading],
    first_call_at: FirstCallAt,
    cost_usd: float,
    learned: PctPerUsd | None,
) -> float | None:
    """Percentage points of one window that local use cannot explain, never too many; None: no reading.

    `readings` are the window's believed ones in order of time, `cost_usd` the local cost from its start to
    the last of them, `learned` what *earlier* windows taught (this one's own pairs would hide its use
    elsewhere). Rises while nothing was called here count in full, but for one point right after a call
    (see `LAG`). Of the rest counts what exceeds the upper end of the learned interval, and rounding.
    """
    if not readings:
        return None
    reported = readings[-1].used_pct
    silent = min(reported, _silent_rises(starts_at, readings, first_call_at))
    if learned is None:
        return silent
    explained = learned.high * cost_usd + rounding(reported)
    return max(silent, reported - explained)


def _silent_rises(starts_at: datetime, readings: Sequence[Reading], first_call_at: FirstCallAt) -> float:
    """Sum of rises between readings without a local call between them."""
    steps = _steps(starts_at, readings)
    total, index = 0.0, 0
    while index + 1 < len(steps):
        at, pct = steps[index]
        call = first_call_at(at)
        end = index
        while end + 1 < len(steps) and (call is None or steps[end + 1][0] <= call):
            end += 1
        if end > index:
            before = first_call_at(at - LAG) if at > starts_at else None
            lagging = before is not None and before < at
            total += max(0.0, steps[end][1] - pct - (LAG_PCT if lagging else 0.0))
        index = max(end, index + 1)
    return total


def _steps(starts_at: datetime, readings: Sequence[Reading]) -> list[tuple[datetime, float]]:
    """(at, percentage) from (start, 0 %) on, thinned to steps of a point, and to what followed a fall."""
    steps = [(starts_at, 0.0)]
    for reading in readings:
        at, pct = reading.at + TICK, reading.used_pct
        if pct < steps[-1][1]:
            steps = [(at, pct)]
        elif pct - steps[-1][1] >= 1 and at >= steps[-1][0]:
            steps.append((at, pct))
    return steps
