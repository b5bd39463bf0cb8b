from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.burn import burn_state, filled_bars, minutes_to
from quota_tui.core.usage import BAR_S, Bar, UsageTotals
from quota_tui.core.windows import FIVE_HOURS, Window

START = datetime(2026, 11, 20, 11, 2, tzinfo=UTC)
WINDOW = Window(START, START + FIVE_HOURS)


def bar(minutes: int, tokens: int = 1000, usd: float = 1.0) -> Bar:
    """A bar that holds the instant `minutes` after the window's start."""
    start_s = int((START + timedelta(minutes=minutes)).timestamp()) // BAR_S * BAR_S
    return Bar(start_s, UsageTotals(tokens, 0, 0, 3 * tokens, usd, 2))


def test_rates_of_the_last_ten_minutes_and_of_the_window():
    now = START + timedelta(minutes=60)
    recent = [(now - timedelta(minutes=9), 3000, 0.4), (now, 2000, 0.6)]
    state = burn_state(now, WINDOW, [bar(3), bar(58, tokens=5000, usd=3.0)], recent, pct_per_usd=2.0)
    assert state.tokens_per_min_now == 500
    assert state.usd_per_hour_now == pytest.approx(6.0)
    assert state.pct_per_hour_now == pytest.approx(12.0)
    assert state.tokens_per_min_window == 100
    assert state.pct_per_hour_window == pytest.approx(8.0)
    assert state.window_cost_usd == 4.0
    assert state.window_calls == 4
    assert state.cache_hit_share == 0.75


def test_calls_older_than_ten_minutes_or_from_the_future_do_not_count():
    now = START + timedelta(minutes=60)
    outside = [(now - timedelta(minutes=10), 7, 7.0), (now + timedelta(seconds=1), 7, 7.0)]
    assert burn_state(now, WINDOW, [], outside, 1.0).tokens_per_min_now == 0


def test_no_percentages_without_percent_per_dollar():
    now = START + timedelta(minutes=60)
    state = burn_state(now, WINDOW, [bar(3)], [(now, 10, 1.0)], None)
    assert state.pct_per_hour_now is None
    assert state.pct_per_hour_window is None
    assert state.tokens_per_min_window is not None


def test_without_a_window_only_the_present_rate_is_known():
    state = burn_state(START, None, [bar(3)], [(START, 100, 1.0)], 1.0)
    assert state.tokens_per_min_now == 10
    assert state.tokens_per_min_window is None
    assert state.pct_per_hour_window is None
    assert state.bars == ()


@pytest.mark.parametrize(("seconds", "known"), [(-60, False), (0, False), (59, False), (60, True)])
def test_a_window_of_seconds_has_no_rate(seconds, known):
    state = burn_state(START + timedelta(seconds=seconds), WINDOW, [bar(0)], [], 1.0)
    assert (state.tokens_per_min_window is not None) is known


def test_after_the_reset_the_window_keeps_its_own_rate_and_bars():
    full = [bar(minute) for minute in range(0, 300, 5)]
    at_end = burn_state(WINDOW.resets_at, WINDOW, full, [], 1.0)
    later = burn_state(WINDOW.resets_at + timedelta(hours=2), WINDOW, full, [], 1.0)
    assert at_end == later
    assert at_end.tokens_per_min_window == 200


def test_a_window_that_begins_on_a_bar_has_sixty_of_them():
    begin = START.replace(minute=0)
    filled = filled_bars(begin + FIVE_HOURS, Window(begin, begin + FIVE_HOURS), [])
    assert len(filled) == 60
    assert filled[-1].start_s + BAR_S == (begin + FIVE_HOURS).timestamp()


@given(
    minutes=st.integers(0, 400),
    uses=st.lists(st.tuples(st.integers(-30, 420), st.integers(0, 10**6), st.floats(0, 50)), max_size=40),
)
def test_bars_have_no_gaps_and_lose_nothing_inside_the_window(minutes, uses):
    now = START + timedelta(minutes=minutes)
    bars = sorted((bar(*use) for use in uses), key=lambda each: each.start_s)
    filled = filled_bars(now, WINDOW, bars)
    starts = [each.start_s for each in filled]
    last_s = min(now, WINDOW.resets_at - timedelta(seconds=1)).timestamp()
    assert starts == list(range(starts[0], starts[-1] + 1, BAR_S))
    assert starts[0] <= START.timestamp() < starts[0] + BAR_S
    assert starts[-1] <= last_s < starts[-1] + BAR_S
    inside = [each for each in bars if starts[0] <= each.start_s <= starts[-1]]
    assert sum(each.totals.total_tokens for each in filled) == sum(b.totals.total_tokens for b in inside)
    assert sum(each.totals.calls for each in filled) == 2 * len(inside)


@pytest.mark.parametrize(
    ("used", "rate", "minutes"),
    [(70, 20.0, 30.0), (80, None, 0.0), (85, 1.0, 0.0), (70, 0.0, None), (70, None, None)],
)
def test_minutes_at_the_present_pace(used, rate, minutes):
    assert minutes_to(used, 80, rate) == minutes
