"""What history teaches about a window's size: %-per-dollar from readings, and what 100 % has cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from quota_tui.core.readings import Reading, ReadingSource, WindowKind
from quota_tui.core.windows import TICK

SPAN_PCT = 4.0
"""A pair of readings is this far apart: wide enough that rounding hardly matters, narrow enough that use
elsewhere spoils single pairs and not the whole window."""
ROUNDING_PCT = 0.5
"""Integer percentages are up to this far from the truth."""
EXACT_PCT = 0.05
"""The same for percentages with decimals."""
HALF_WEIGHT_PCT = 100.0
"""Pairs count half after this many percentage points of newer pairs (one full window). Measured in
quota and not in days: a changed plan is learned as fast as it is used."""
MAX_AGE = timedelta(days=90)
MIN_DELTA_PCT, MIN_DELTA_USD = 1.0, 1e-6
"""Smaller pairs are all rounding."""
MAX_DELTA_PCT = 10.0
"""No single pair counts for more than this: a long one may hide a lot of use elsewhere."""
HITS = 5
"""Past limit hits that are looked at."""
MIN_WINDOWS = 3
"""Completed windows that a guess needs at least."""

_Z80 = 1.2816  # 80 % of a normal distribution lies within this many standard deviations
_SPREAD_LOW, _SPREAD_HIGH = 0.5, 0.3  # of one pair; wider below, because use elsewhere only makes it steeper

CostBetween = Callable[[datetime, datetime], float]
"""Cost in $ of the calls on this machine with `start <= at < end`."""


class SlopePoint(msgspec.Struct, frozen=True, gc=False):
    """Between two readings of one window, the later at `at`: percentage points and local cost.

    `rounding_pct` is how far `delta_pct` may be from the truth because readings are rounded.
    """

    delta_pct: float
    delta_usd: float
    at: datetime
    rounding_pct: float = 2 * ROUNDING_PCT


class PctPerUsd(msgspec.Struct, frozen=True, gc=False):
    """Percentage points of a window that a dollar of local use costs, with an 80 % interval."""

    value: float
    low: float
    high: float
    pairs: int


class PastWindow(msgspec.Struct, frozen=True, kw_only=True):
    """What a completed window has taught; plain, to be cached.

    `limit_cost_usd` is the local cost when Anthropic refused a request in it, None when it never did.
    """

    kind: WindowKind
    model: str = ""
    starts_at: datetime
    resets_at: datetime
    is_reported: bool = False
    cost_usd: float = 0.0
    points: tuple[SlopePoint, ...] = ()
    limit_cost_usd: float | None = None


class LimitCost(msgspec.Struct, frozen=True, gc=False):
    """What 100 % of a window costs in $, with bounds, from so many windows."""

    usd: float
    usd_low: float
    usd_high: float
    windows: int


def rounding(used_pct: float) -> float:
    """How far a reported percentage may be from the truth."""
    return ROUNDING_PCT if used_pct == int(used_pct) else EXACT_PCT


def slope_points(
    starts_at: datetime, readings: Iterable[Reading], cost_between: CostBetween
) -> tuple[SlopePoint, ...]:
    """Pairs of one window's believed readings, each about `SPAN_PCT` apart, from (its start, 0 %) on.

    `at` and not `confirmed_at` counts: the value had just changed then. Pairs without local cost teach
    nothing (used elsewhere); readings of 100 % neither, they may be clamped. No pair spans a fall: that
    was a correction. One query of the cost per pair.
    """
    points: list[SlopePoint] = []
    base_at, base_pct, base_rounding = starts_at, 0.0, 0.0
    last: Reading | None = None

    def close(reading: Reading) -> None:
        nonlocal base_at, base_pct, base_rounding
        usd = cost_between(base_at, reading.at + TICK)
        if usd > 0:
            error = base_rounding + rounding(reading.used_pct)
            points.append(SlopePoint(reading.used_pct - base_pct, usd, reading.at, error))
        base_at, base_pct, base_rounding = reading.at + TICK, reading.used_pct, rounding(reading.used_pct)

    def close_rest() -> None:
        if last is not None and last.used_pct - base_pct >= MIN_DELTA_PCT:
            close(last)

    for reading in sorted(readings, key=lambda each: (each.at, each.used_pct)):
        is_percentage = reading.used_pct < 100 and reading.source is not ReadingSource.LIMIT_LINE
        if not is_percentage or reading.at < base_at:
            continue
        if last is not None and reading.used_pct < last.used_pct:
            close_rest()
            base_at, base_pct = reading.at + TICK, reading.used_pct
            base_rounding = rounding(reading.used_pct)
        elif reading.used_pct - base_pct >= SPAN_PCT:
            close(reading)
        last = reading
    close_rest()
    return tuple(points)


def learn(points: Iterable[SlopePoint], now: datetime) -> PctPerUsd | None:
    """%-per-dollar: the weighted median of the pairs' slopes; None without a pair.

    Weights grow with the size of the pair and halve with every `HALF_WEIGHT_PCT` of newer pairs. Use
    elsewhere only makes slopes steeper, and a median bears it up to almost half of the weight. The
    interval is that of a median of so many pairs, widened by their rounding.
    """
    usable = [
        p
        for p in points
        if p.delta_pct >= MIN_DELTA_PCT and p.delta_usd >= MIN_DELTA_USD and now - p.at <= MAX_AGE
    ]
    usable.sort(key=lambda p: (p.at, p.delta_pct, p.delta_usd, p.rounding_pct), reverse=True)
    weighted: list[tuple[float, float]] = []
    newer_pct = rounding_share = 0.0
    for point in usable:
        size = min(point.delta_pct, MAX_DELTA_PCT)
        weight = size * 0.5 ** (newer_pct / HALF_WEIGHT_PCT)
        weighted.append((point.delta_pct / point.delta_usd, weight))
        rounding_share += weight * point.rounding_pct / point.delta_pct
        newer_pct += size
    if not weighted:
        return None
    weighted.sort()
    total = sum(weight for _, weight in weighted)
    effective = total**2 / sum(weight**2 for _, weight in weighted)
    root = math.sqrt(effective)
    value, reach = _quantile(weighted, 0.5), _Z80 * 0.5 / root
    error = rounding_share / total
    low = _quantile(weighted, 0.5 - reach) / (1 + (error + _SPREAD_LOW) / root)
    high = _quantile(weighted, 0.5 + reach) * (1 + (error + _SPREAD_HIGH) / root)
    return PctPerUsd(value, min(low, value), max(high, value), len(weighted))


def limit_from_hits(past: Iterable[PastWindow]) -> LimitCost | None:
    """What 100 % cost at the last `HITS` limit hits: median, smallest and largest; None without one."""
    hits = sorted(
        (window.resets_at, window.limit_cost_usd)
        for window in past
        if window.limit_cost_usd is not None and window.limit_cost_usd > 0
    )
    costs = sorted(cost for _, cost in hits[-HITS:])
    return LimitCost(percentile(costs, 0.5), min(costs), max(costs), len(costs)) if costs else None


def limit_from_history(past: Iterable[PastWindow]) -> LimitCost | None:
    """A guess: the 90th percentile of what completed windows cost, at least `MIN_WINDOWS` of them.

    The bounds are the upper quartile and the largest one.
    """
    costs = sorted(window.cost_usd for window in past if window.cost_usd > 0)
    if len(costs) < MIN_WINDOWS:
        return None
    return LimitCost(percentile(costs, 0.9), percentile(costs, 0.75), costs[-1], len(costs))


def percentile(ascending: Sequence[float], share: float) -> float:
    """The value below which `share` (0-1) of the values lie, interpolated between neighbours."""
    place = share * (len(ascending) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ascending) - 1)
    return ascending[below] + (ascending[above] - ascending[below]) * (place - below)


def _quantile(ascending: Sequence[tuple[float, float]], share: float) -> float:
    """Weighted quantile of (value, weight): the least value that `share` of the weight lies at or below.

    Not interpolated: between a true slope and one steepened by use elsewhere lies nothing true.
    """
    total, reached = sum(weight for _, weight in ascending), 0.0
    for value, weight in ascending:
        reached += weight
        if reached >= share * total:
            return value
    return ascending[-1][0]
