"""When the five-hour window fills: a range of futures drawn from the user's own past.

Each future is what really followed a past moment that resembles this one, made larger or smaller by the
ratio of the two paces. Few similar windows in history: the present rate takes their place, times factors
as wide as were measured elsewhere, so that a new user sees a wide range and not a confident one.

Judged by `python -m tests.bench.backtest`. The dollars-to-percent rate is taken as given; pass its error
where it is known.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from math import ceil, exp

import msgspec

from quota_tui.core.habits import STEP_S, Habits, Traits, learn_habits, pace_at, traits_of
from quota_tui.core.snapshot import Forecast, ThresholdForecast
from quota_tui.core.usage import Bar
from quota_tui.core.windows import FIVE_HOURS

THRESHOLDS_PCT = (80, 90, 95, 100)
FUTURES = 200
_RECENT_WIDTH, _IDLE_WIDTH = 0.8, 0.3
_UNLIKE_WEIGHT = 1e-4
"""Weight of a moment that resembles nothing, so that an unheard-of pace still has a history."""
_SIMILAR = exp(-2)
_PRIOR_WINDOWS = 3.0
"""The present rate counts as much as this many similar windows."""
_PRIOR_FACTORS = (0.0, 0.0, 0.03, 0.13, 0.28, 0.45, 0.68, 1.05, 1.6, 2.6, 5.0)
"""Deciles of (rate of the next hours / present rate): first 60 % of the sessions named in `habits`, made
a little wider until the range without any history covered what it says there.
"""
_NORMAL = (-1.645, 0.126, -0.674, 1.036, -0.126, 0.674, -1.036, 0.385, 1.645, -0.385)
_LIKELY_CHANCE = 0.5
_RARE_CHANCE = 0.05


class _Now(msgspec.Struct, frozen=True):
    """The present, in percent. `rate` is percent per step, `ends` the steps' ends in seconds from now."""

    used_pct: float
    rate: float
    traits: Traits | None
    ends: tuple[float, ...]


def forecast(
    now: datetime,
    used_pct: float,
    resets_at: datetime,
    pct_per_usd: float | None,
    history: Sequence[Bar],
    *,
    habits: Habits | None = None,
    pct_per_usd_error: float = 0.0,
) -> Forecast:
    """Forecast the five-hour window that resets at `resets_at`, from `used_pct` (0-100) at `now`.

    `history` is this user's five-minute bars of up to 45 days, sparse, sorted, the window's own included.
    `habits` is `learn_habits(now, history)`, to be kept for some minutes by who refreshes often.
    `pct_per_usd_error` is the relative standard error of `pct_per_usd`; without `pct_per_usd` only the
    window's own pace is known. Thresholds already reached are left out.

    Empty after the reset, and when there is neither history nor any use to go by.
    """
    remaining_s = min((resets_at - now).total_seconds(), FIVE_HOURS.total_seconds())
    if remaining_s <= 0:
        return Forecast()
    if habits is None:
        habits = learn_habits(now, history)
    starts_at = resets_at - FIVE_HOURS
    pace = pace_at(now, starts_at, history)
    present = _Now(
        used_pct,
        _rate((now - starts_at).total_seconds(), used_pct, pace.hour_usd, pct_per_usd),
        traits_of(pace, habits.floor_usd) if habits.floor_usd > 0 else None,
        (*(float(second) for second in range(0, ceil(remaining_s), STEP_S)), remaining_s),
    )
    weights = _weights(present, habits) if pct_per_usd is not None else []
    if not weights and present.rate <= 0:
        return Forecast()
    share, moments = _trust(weights, habits)
    count = round(FUTURES * share)
    paths = list(_rate_paths(present, FUTURES - count))
    if count and pct_per_usd is not None:
        paths += _past_paths(present, habits, weights, count, pct_per_usd)
    if pct_per_usd_error > 0:
        errors = [exp(pct_per_usd_error * _NORMAL[i % len(_NORMAL)]) for i in range(len(paths))]
        paths = [[pct * error for pct in path] for path, error in zip(paths, errors, strict=True)]
    return _summary(now, present, paths, moments)


def projected_pct(outlook: Forecast) -> tuple[float, float, float] | None:
    """Used percentage at the reset as (median, low, high) of the 80 % range; may exceed 100."""
    if not outlook.path_median:
        return None
    return outlook.path_median[-1], outlook.path_low[-1], outlook.path_high[-1]


def _rate(elapsed_s: float, used_pct: float, hour_usd: float, pct_per_usd: float | None) -> float:
    """The present rate in percent per step: the window's and the last hour's, averaged.

    The window's comes from the percentage itself, which also holds what was used elsewhere.
    """
    window_rate = used_pct / max(1.0, elapsed_s / STEP_S)
    return window_rate if pct_per_usd is None else (window_rate + hour_usd * pct_per_usd) / 2


def _weights(present: _Now, habits: Habits) -> list[float]:
    """Likeness (0-1) of each past moment that was followed by as much time as remains."""
    if present.traits is None:
        return []
    usable = bisect_right(habits.moments, len(habits.spent_usd) - len(present.ends))
    recent, idle = present.traits.recent, present.traits.idle
    a, b = -0.5 / _RECENT_WIDTH**2, -0.5 / _IDLE_WIDTH**2
    return [
        exp(a * (past.recent - recent) ** 2 + b * (past.idle - idle) ** 2) for past in habits.traits[:usable]
    ]


def _trust(weights: list[float], habits: Habits) -> tuple[float, int]:
    """Share of futures that history gives (the rest: the present rate), and how many moments are similar.

    What counts is windows, each by its best moment: the moments of one window are one experience.
    """
    best: dict[int, float] = {}
    for number, weight in zip(habits.windows, weights, strict=False):
        if weight > best.get(number, 0.0):
            best[number] = weight
    similar = sum(best.values())
    return similar / (similar + _PRIOR_WINDOWS), sum(weight >= _SIMILAR for weight in weights)


def _rate_paths(present: _Now, count: int) -> Iterator[list[float]]:
    """Futures at a steady multiple of the present rate, in percent added."""
    for i in range(count):
        place = (i + 0.5) / count * (len(_PRIOR_FACTORS) - 1)
        low = int(place)
        factor = _PRIOR_FACTORS[low] + (place - low) * (_PRIOR_FACTORS[low + 1] - _PRIOR_FACTORS[low])
        speed = present.rate * factor / STEP_S
        yield [speed * end for end in present.ends]


def _past_paths(
    present: _Now, habits: Habits, weights: list[float], count: int, pct_per_usd: float
) -> Iterator[list[float]]:
    """What followed `count` past moments, drawn evenly along their weights: the same input, the same draw."""
    assert present.traits is not None
    steps = len(present.ends) - 1
    part = (present.ends[-1] - present.ends[-2]) / STEP_S
    edges = list(accumulate(weight + _UNLIKE_WEIGHT for weight in weights))
    for i in range(count):
        index = bisect_left(edges, (i + 0.5) / count * edges[-1])
        start = habits.moments[index]
        factor = pct_per_usd * exp(present.traits.scale - habits.traits[index].scale)
        spent = habits.spent_usd[start : start + steps + 1]
        path = [(usd - spent[0]) * factor for usd in spent]
        path[-1] = path[-2] + (path[-1] - path[-2]) * part
        yield path


def _summary(now: datetime, present: _Now, paths: list[list[float]], moments: int) -> Forecast:
    columns = [sorted(column) for column in zip(*paths, strict=True)]
    low, median, high = (_rank(level, len(paths)) for level in (0.1, 0.5, 0.9))
    used = present.used_pct
    thresholds: list[ThresholdForecast] = []
    typical_s = 0.0
    for threshold in THRESHOLDS_PCT:
        if threshold > used:
            hits = sorted(_hits(paths, threshold - used, present.ends))
            # Fewer futures reach a higher threshold, the fast ones: never let it come before a lower one.
            typical_s = max(typical_s, hits[(len(hits) - 1) // 2] if hits else 0.0)
            thresholds.append(_threshold(now, threshold, hits, typical_s, len(paths)))
    return Forecast(
        thresholds=tuple(thresholds),
        moments=moments,
        path_median=tuple(used + column[median] for column in columns),
        path_low=tuple(used + column[low] for column in columns),
        path_high=tuple(used + column[high] for column in columns),
    )


def _threshold(
    now: datetime, threshold: int, hits: list[float], typical_s: float, count: int
) -> ThresholdForecast:
    """An 80 % range holds 80 % of the futures: closed when 90 % get there, else open towards the reset."""
    high = _rank(0.9, count)
    closed = high < len(hits)
    low = _rank(0.1 if closed else 0.2, count)
    chance = len(hits) / count
    typical = now + timedelta(seconds=typical_s)
    return ThresholdForecast(
        threshold_pct=threshold,
        at=typical if chance >= _LIKELY_CHANCE else None,
        at_low=now + timedelta(seconds=hits[low]) if low < len(hits) else None,
        at_high=now + timedelta(seconds=hits[high]) if closed else None,
        chance_before_reset=chance,
        at_if_reached=typical if chance >= _RARE_CHANCE else None,
    )


def _rank(level: float, count: int) -> int:
    return max(0, ceil(level * count - 1e-9) - 1)


def _hits(paths: list[list[float]], level: float, ends: tuple[float, ...]) -> Iterator[float]:
    """Seconds until each path that reaches `level` reaches it."""
    for path in paths:
        after = bisect_left(path, level)
        if after < len(path):
            before = after - 1
            share = (level - path[before]) / (path[after] - path[before])
            yield ends[before] + share * (ends[after] - ends[before])
