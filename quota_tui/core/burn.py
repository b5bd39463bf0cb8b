"""How fast quota is being spent: over the last ten minutes and over the five-hour window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from quota_tui.core.snapshot import BurnState
from quota_tui.core.usage import BAR_S, Bar, UsageTotals
from quota_tui.core.windows import Window

RECENT = timedelta(minutes=10)
_SHORTEST_WINDOW_S = 60.0
"""A window of seconds has no rate yet: one call would read as millions of tokens a minute."""


def burn_state(
    now: datetime,
    window: Window | None,
    bars: Sequence[Bar],
    recent: Sequence[tuple[datetime, int, float]],
    pct_per_usd: float | None,
) -> BurnState:
    """Rates at `now`.

    `bars` are the window's five-minute bars, sparse and sorted. `recent` are the calls of the last ten
    minutes as (at, tokens, cost in USD); others are ignored. `pct_per_usd` turns dollars into percent of
    the five-hour window; percentages are None without it, the window's rates without a window or in its
    first minute.
    """
    tokens, usd = _recent_sum(now, recent)
    minutes = RECENT.total_seconds() / 60
    usd_per_hour = usd * 60 / minutes
    filled = filled_bars(now, window, bars)
    totals = sum((bar.totals for bar in filled), UsageTotals())
    elapsed_s = _elapsed_s(now, window)
    return BurnState(
        tokens_per_min_now=tokens / minutes,
        pct_per_hour_now=None if pct_per_usd is None else usd_per_hour * pct_per_usd,
        tokens_per_min_window=None if elapsed_s is None else totals.total_tokens * 60 / elapsed_s,
        pct_per_hour_window=(
            None
            if elapsed_s is None or pct_per_usd is None
            else totals.cost_usd * pct_per_usd * 3600 / elapsed_s
        ),
        usd_per_hour_now=usd_per_hour,
        window_cost_usd=totals.cost_usd,
        window_calls=totals.calls,
        cache_hit_share=totals.cache_hit_share,
        bars=filled,
    )


def filled_bars(now: datetime, window: Window | None, bars: Sequence[Bar]) -> tuple[Bar, ...]:
    """The window's bars without gaps, from the one that holds its start to the one that holds `now`.

    Ends with the window. Bars of the same span are added up, bars outside are left out.
    """
    if window is None or now < window.starts_at:
        return ()
    first = int(window.starts_at.timestamp()) // BAR_S
    last = int(min(now, window.resets_at - timedelta(microseconds=1)).timestamp()) // BAR_S
    totals = [UsageTotals()] * (last - first + 1)
    for bar in bars:
        place = bar.start_s // BAR_S - first
        if 0 <= place < len(totals):
            totals[place] += bar.totals
    return tuple(Bar((first + place) * BAR_S, each) for place, each in enumerate(totals))


def minutes_to(used_pct: float, threshold_pct: float, pct_per_hour: float | None) -> float | None:
    """Minutes until `threshold_pct` at a steady pace: 0 when reached, None when the pace never gets there."""
    if used_pct >= threshold_pct:
        return 0.0
    if pct_per_hour is None or pct_per_hour <= 0:
        return None
    return (threshold_pct - used_pct) / pct_per_hour * 60


def _recent_sum(now: datetime, recent: Sequence[tuple[datetime, int, float]]) -> tuple[int, float]:
    counted = [(tokens, usd) for at, tokens, usd in recent if now - RECENT < at <= now]
    return sum(tokens for tokens, _ in counted), sum(usd for _, usd in counted)


def _elapsed_s(now: datetime, window: Window | None) -> float | None:
    """Seconds of the window that have passed; None in its first minute, or when it has not begun."""
    if window is None:
        return None
    elapsed_s = (min(now, window.resets_at) - window.starts_at).total_seconds()
    return elapsed_s if elapsed_s >= _SHORTEST_WINDOW_S else None
