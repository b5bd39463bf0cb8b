"""Used elsewhere: what claude.ai, other machines and other programs took of a window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

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


class _Step(msgspec.Struct, frozen=True):
    """`pct` was first told at `at`, and last at `known_at`, by `reporter`."""

    at: datetime
    known_at: datetime
    pct: float
    reporter: tuple[str, str] = ("", "")


def _silent_rises(starts_at: datetime, readings: Sequence[Reading], first_call_at: FirstCallAt) -> float:
    """Sum of rises between readings without a local call between them."""
    steps = _steps(starts_at, readings)
    total, index = 0.0, 0
    while index + 1 < len(steps):
        step, following = steps[index], steps[index + 1]
        at = _quiet_from(step, following, first_call_at)
        call = first_call_at(at)
        end = index
        while end + 1 < len(steps) and (call is None or steps[end + 1].at <= call):
            end += 1
        if end > index:
            before = first_call_at(at - LAG) if at > starts_at else None
            lagging = before is not None and before < at
            total += max(0.0, steps[end].pct - step.pct - (LAG_PCT if lagging else 0.0))
        index = max(end, index + 1)
    return total


def _quiet_from(step: _Step, following: _Step, first_call_at: FirstCallAt) -> datetime:
    """From when on a rise to `following` would need a local call: when `step` was told first, or last.

    Last counts when the same reporter told both (another's repetition may be an idle terminal's), and when
    the calls before it were long enough ago to be in its percentage.
    """
    if step.reporter != following.reporter or step.known_at <= step.at:
        return step.at
    lagging = first_call_at(step.known_at - LAG)
    return step.at if lagging is not None and lagging < step.known_at else step.known_at


def _steps(starts_at: datetime, readings: Sequence[Reading]) -> list[_Step]:
    """From (start, 0 %) on, thinned to steps of a point, and to what followed a fall."""
    steps = [_Step(starts_at, starts_at, 0.0)]
    for reading in readings:
        at, known_at = reading.at + TICK, max(reading.at, reading.known_at) + TICK
        step = _Step(at, known_at, reading.used_pct, (reading.source, reading.session_id))
        if step.pct < steps[-1].pct:
            steps = [step]
        elif step.pct - steps[-1].pct >= 1 and at >= steps[-1].at:
            steps.append(step)
    return steps
