"""What the user's own history says about spending: past moments, and what followed each of them.

A *moment* is a five-minute instant inside a past five-hour window, described by its pace (`Traits`).
Everything here is in dollars at API prices and in steps of five minutes.

What tells most about the next hours was measured on the first 60 % of 273 real sessions (transcripts in
entireio/cli, MIT): how long ago the last call was, then the last ten minutes' rate, then the window's.
The hour of the day, the weekday, the length of the streak and the recency of a moment did not help there.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate
from math import ceil, log, log1p

import msgspec

from quota_tui.core.usage import BAR_S, Bar
from quota_tui.core.windows import FIVE_HOURS

STEP_S = BAR_S
WINDOW_STEPS = int(FIVE_HOURS.total_seconds()) // STEP_S
HISTORY_DAYS = 45
MAX_MOMENTS = 1500
"""Neighbouring moments say nearly the same: thinning to this many keeps a refresh cheap."""
IDLE_CAP_STEPS = 36.0
_FLOOR_SHARE = 0.3
_WINDOW_WEIGHT, _HOUR_WEIGHT = 0.3, 0.15


class Pace(msgspec.Struct, frozen=True, gc=False):
    """Dollars per five minutes over the last ten minutes, the last hour and the window so far.

    `idle_steps` is the time since the last bar with use, in steps.
    """

    recent_usd: float
    hour_usd: float
    window_usd: float
    idle_steps: float


class Traits(msgspec.Struct, frozen=True, gc=False):
    """A pace in comparable form. `scale` is how a path is made larger or smaller, in logarithms."""

    recent: float
    idle: float
    scale: float


class Habits(msgspec.Struct, frozen=True):
    """Learned from history; worth computing once in five minutes. Small enough to store.

    `spent_usd[i]` was spent before the instant `i` steps after the first bar; `moments` are such instants,
    ascending, `windows` their window's number, `traits` their pace. `floor_usd` keeps logarithms of quiet
    moments apart from noise.
    """

    spent_usd: tuple[float, ...] = (0.0,)
    floor_usd: float = 0.0
    moments: tuple[int, ...] = ()
    windows: tuple[int, ...] = ()
    traits: tuple[Traits, ...] = ()


def traits_of(pace: Pace, floor_usd: float) -> Traits:
    """Comparable form of a pace.

    The scale is a shrunken blend of the window's and the hour's rate: a window twice as fast is followed
    by only about 1.2 to 1.4 times the spending, because bursts end.
    """
    return Traits(
        log(pace.recent_usd + floor_usd),
        log1p(min(pace.idle_steps, IDLE_CAP_STEPS)),
        _WINDOW_WEIGHT * log(pace.window_usd + floor_usd) + _HOUR_WEIGHT * log(pace.hour_usd + floor_usd),
    )


def pace_at(now: datetime, starts_at: datetime, history: Sequence[Bar]) -> Pace:
    """Pace at `now` in the window that began at `starts_at`; bars after `now` are ignored."""
    now_s, window_s = now.timestamp(), starts_at.timestamp()
    oldest_s = min(window_s, now_s - IDLE_CAP_STEPS * STEP_S)
    recent = hour = window = 0.0
    idle = IDLE_CAP_STEPS
    for bar in reversed(history):
        end_s = min(float(bar.start_s + STEP_S), now_s)
        length_s = end_s - bar.start_s
        if length_s <= 0 or bar.totals.cost_usd <= 0:
            continue
        if end_s <= oldest_s:
            break
        cost = bar.totals.cost_usd
        idle = min(idle, (now_s - end_s) / STEP_S)
        recent += cost * _share_since(now_s - 2 * STEP_S, end_s, length_s)
        hour += cost * _share_since(now_s - 12 * STEP_S, end_s, length_s)
        window += cost if end_s > window_s else 0.0
    elapsed = min(max(1.0, (now_s - window_s) / STEP_S), float(WINDOW_STEPS))
    return Pace(recent / 2, hour / 12, window / elapsed, idle)


def _share_since(since_s: float, end_s: float, length_s: float) -> float:
    return min(1.0, max(0.0, (end_s - since_s) / length_s))


def learn_habits(now: datetime, history: Sequence[Bar]) -> Habits:
    """Learn from five-minute bars, sparse and sorted; the last 45 days before `now` count."""
    end = int(now.timestamp()) // STEP_S
    oldest_s = (end - HISTORY_DAYS * 86400 // STEP_S) * STEP_S
    bars = history[bisect_left(history, oldest_s, key=lambda bar: bar.start_s) :]
    bars = [bar for bar in bars if bar.start_s < end * STEP_S and bar.totals.cost_usd > 0]
    if not bars:
        return Habits()
    first = bars[0].start_s // STEP_S
    cost = [0.0] * (end - first)
    for bar in bars:
        cost[bar.start_s // STEP_S - first] += bar.totals.cost_usd
    spent = tuple(accumulate(cost, initial=0.0))
    active = [step for step, usd in enumerate(cost) if usd > 0]
    floor_usd = _FLOOR_SHARE * spent[-1] / len(active)
    moments, windows, traits = [], [], []
    for step, number, start in _moments(active, len(cost), first):
        pace = _past_pace(step, start, spent, active)
        moments.append(step)
        windows.append(number)
        traits.append(traits_of(pace, floor_usd))
    return Habits(spent, floor_usd, tuple(moments), tuple(windows), tuple(traits))


def _moments(active: list[int], end: int, first: int) -> list[tuple[int, int, int]]:
    """Thinned moments as (step, number of the window, step of its start).

    Windows chain as DESIGN says: the first use after the last window's end starts the next.
    """
    starts: list[int] = []
    for step in active:
        if not starts or step >= starts[-1] + WINDOW_STEPS:
            starts.append(step)
    stride = max(1, ceil(len(starts) * (WINDOW_STEPS - 1) / MAX_MOMENTS))
    return [
        (step, number, start)
        for number, start in enumerate(starts)
        for step in range(start + 1, min(start + WINDOW_STEPS, end + 1))
        # By the clock and not by position: a moment stays one while history grows.
        if (first + step) % stride == 0
    ]


def _past_pace(step: int, start: int, spent: tuple[float, ...], active: list[int]) -> Pace:
    last = active[bisect_left(active, step) - 1]
    here = spent[step]
    return Pace(
        (here - spent[max(0, step - 2)]) / 2,
        (here - spent[max(0, step - 12)]) / 12,
        (here - spent[start]) / (step - start),
        float(step - 1 - last),
    )
