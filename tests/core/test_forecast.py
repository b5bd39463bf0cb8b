from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.forecast import THRESHOLDS_PCT, forecast, projected_pct
from quota_tui.core.habits import HISTORY_DAYS, MAX_MOMENTS, Habits, learn_habits, pace_at, traits_of
from quota_tui.core.snapshot import Forecast
from quota_tui.core.usage import BAR_S, Bar, UsageTotals
from tests.bench import backtest

NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
NOW_STEP = int(NOW.timestamp()) // BAR_S


def bar(steps_ago: int, usd: float = 1.0) -> Bar:
    """A bar that began `steps_ago` steps of five minutes before NOW."""
    return Bar((NOW_STEP - steps_ago) * BAR_S, UsageTotals(cost_usd=usd, calls=1))


def steady(days: float, usd: float = 1.0) -> list[Bar]:
    return [bar(ago, usd) for ago in range(int(days * 288), 0, -1)]


def in_minutes(at: datetime | None) -> float:
    assert at is not None
    return (at - NOW).total_seconds() / 60


histories = st.lists(
    st.tuples(st.integers(-5, 2000), st.floats(0, 20, allow_subnormal=False)),
    max_size=150,
    unique_by=lambda use: use[0],
).map(lambda uses: [bar(ago, usd) for ago, usd in sorted(uses, reverse=True)])


@given(
    history=histories,
    used=st.floats(0, 120),
    left_s=st.integers(1, 5 * 3600),
    passed_s=st.integers(0, 299),
    rate=st.none() | st.floats(0, 20, allow_subnormal=False),
    error=st.floats(0, 0.5),
)
def test_every_forecast_is_sane(history, used, left_s, passed_s, rate, error):
    now = NOW + timedelta(seconds=passed_s)
    reset = now + timedelta(seconds=left_s)
    result = forecast(now, used, reset, rate, history, pct_per_usd_error=error)
    assert result == forecast(now, used, reset, rate, history, pct_per_usd_error=error)
    if not result.path_median:
        assert result == Forecast()
        return
    check_paths(result, used, left_s)
    assert [each.threshold_pct for each in result.thresholds] == [pct for pct in THRESHOLDS_PCT if pct > used]
    for each in result.thresholds:
        assert 0 <= each.chance_before_reset <= 1
        assert (each.at is not None) == (each.chance_before_reset >= 0.5)
        assert (each.at_high is not None) == (each.chance_before_reset >= 0.9)
        assert (each.at_low is not None) == (each.chance_before_reset >= 0.2)
        assert (each.at_if_reached is not None) == (each.chance_before_reset >= 0.05)
        order = [at for at in (now, each.at_low, each.at, each.at_high, reset) if at is not None]
        assert each.at in (None, each.at_if_reached)
        assert order == sorted(order)
    for lower, higher in pairwise(result.thresholds):
        assert lower.chance_before_reset >= higher.chance_before_reset
        for name in ("at_low", "at", "at_high", "at_if_reached"):
            ends = [getattr(each, name) or reset for each in (lower, higher)]
            assert ends == sorted(ends)


def check_paths(result, used, left_s):
    for path in (result.path_low, result.path_median, result.path_high):
        assert len(path) == ceil(left_s / BAR_S) + 1
        assert path[0] == used
        assert all(before <= after for before, after in pairwise(path))
    bands = zip(result.path_low, result.path_median, result.path_high, strict=True)
    assert all(low <= median <= high for low, median, high in bands)
    assert projected_pct(result) == (result.path_median[-1], result.path_low[-1], result.path_high[-1])


def test_a_steady_history_gives_a_sharp_forecast():
    result = forecast(NOW, 30, NOW + timedelta(hours=4), 2.0, steady(10))
    first = result.thresholds[0]
    assert in_minutes(first.at_low) == pytest.approx(125, abs=2)
    assert in_minutes(first.at) == pytest.approx(125, abs=2)
    assert in_minutes(first.at_high) == pytest.approx(125, abs=2)
    assert first.chance_before_reset > 0.9
    assert result.moments > 100


def test_one_who_always_stops_is_not_extrapolated():
    """Every day one hour at full speed, then nothing: at the hour's end the rest of the window is quiet."""
    history = [bar(day * 288 + step) for day in range(20, 0, -1) for step in range(12, 0, -1)]
    history += [bar(step) for step in range(12, 0, -1)]
    result = forecast(NOW, 40, NOW + timedelta(hours=4), 40 / 12, history)
    assert result.thresholds[0].at is None
    assert result.thresholds[0].chance_before_reset < 0.3
    still_going = forecast(NOW - timedelta(minutes=30), 20, NOW + timedelta(hours=4), 40 / 12, history[:-6])
    assert still_going.path_median[6] > 30


def test_without_history_the_range_is_wide_and_says_that_it_rests_on_nothing():
    result = forecast(NOW, 40, NOW + timedelta(hours=3), 2.0, [bar(ago) for ago in range(20, 0, -1)])
    median, low, high = projected_pct(result)
    assert result.moments == 0
    assert high - 40 > 10 * (low - 40)
    assert low < 45
    assert median < 40 + 36 * 2.0 < high


def test_more_history_narrows_the_range():
    reset = NOW + timedelta(hours=3)
    widths = []
    for days in (0.1, 1, 3, 20):
        _, low, high = projected_pct(forecast(NOW, 40, reset, 1.0, steady(days)))
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < widths[0] / 10


def test_one_past_window_makes_nobody_sure():
    """It ran on and would reach 80 % in time; three quarters of the futures stay with the present rate."""
    history = [bar(2 * 288 - step) for step in range(60)] + [bar(step) for step in range(6, 0, -1)]
    outlook = forecast(NOW, 12, NOW + timedelta(minutes=270), 2.0, history)
    assert outlook.moments > 0
    assert 0.25 < outlook.thresholds[0].chance_before_reset < 0.75
    assert outlook.path_high[-1] > 150  # at most 120 % in that window


def test_a_higher_threshold_is_never_expected_before_a_lower_one():
    """Four days of ten spend all at once and pass 90 %; the others pass 80 % late and 90 % never."""
    history = []
    for day in range(20, 0, -1):
        opening = bar(day * 288)
        fast = day % 10 < 4
        history += [opening, bar(day * 288 - 1, 100.0) if fast else bar(day * 288 - 40, 55.0)]
    outlook = forecast(NOW, 30, NOW + timedelta(minutes=290), 1.0, [*history, bar(1)])
    times = [in_minutes(each.at_if_reached) for each in outlook.thresholds]
    assert times[0] > 100
    assert times == sorted(times)


def test_the_last_step_ends_at_the_reset():
    median, _, _ = projected_pct(forecast(NOW, 30, NOW + timedelta(minutes=7), 2.0, steady(10)))
    assert median == pytest.approx(30 + 2.0 * 7 / 5, rel=0.001)


def test_a_percentage_without_dollars_still_has_a_pace():
    result = forecast(NOW, 60, NOW + timedelta(hours=3), None, steady(10))
    assert result.moments == 0
    assert 0 < result.thresholds[0].chance_before_reset < 1


def test_use_elsewhere_is_in_the_pace():
    """No call of this machine, yet 60 % used: the account is in use."""
    result = forecast(NOW, 60, NOW + timedelta(hours=3), 2.0, [])
    assert result.thresholds[0].chance_before_reset > 0.3


@pytest.mark.parametrize("left", [timedelta(0), timedelta(hours=-1)])
def test_after_the_reset_there_is_no_forecast(left):
    assert forecast(NOW, 50, NOW + left, 1.0, steady(3)) == Forecast()


def test_nothing_to_go_by_is_no_forecast():
    assert forecast(NOW, 0, NOW + timedelta(hours=4), 1.0, []) == Forecast()


def test_an_uncertain_percent_per_dollar_widens_the_range():
    reset = NOW + timedelta(hours=3)
    sharp = projected_pct(forecast(NOW, 30, reset, 1.0, steady(10)))
    wide = projected_pct(forecast(NOW, 30, reset, 1.0, steady(10), pct_per_usd_error=0.3))
    assert wide[2] - wide[1] > 5 * (sharp[2] - sharp[1])
    assert wide[0] == pytest.approx(sharp[0], rel=0.1)


def test_a_clock_that_jumps_back_sees_no_future():
    reset = NOW + timedelta(hours=3)
    past = steady(6)
    future = [bar(-ago, 50.0) for ago in range(12)]
    assert forecast(NOW, 30, reset, 1.0, past + future) == forecast(NOW, 30, reset, 1.0, past)
    early = learn_habits(NOW + timedelta(hours=1), past + future)
    assert forecast(NOW, 30, reset, 1.0, past, habits=early).path_median[0] == 30


def test_time_passes_smoothly_over_the_edge_of_a_bar():
    reset = NOW + timedelta(hours=3)
    before = forecast(NOW - timedelta(seconds=1), 30, reset, 2.0, steady(10)).thresholds[0]
    after = forecast(NOW + timedelta(seconds=1), 30, reset, 2.0, steady(10)).thresholds[0]
    assert abs((after.at - before.at).total_seconds()) < 60


def test_habits_are_thinned_limited_in_age_and_survive_storage():
    history = steady(HISTORY_DAYS + 30)
    habits = learn_habits(NOW, history)
    assert 0.7 * MAX_MOMENTS < len(habits.moments) <= MAX_MOMENTS
    assert habits == learn_habits(NOW, history[-HISTORY_DAYS * 288 :])
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(habits), type=Habits) == habits
    assert len(msgspec.msgpack.encode(habits)) < 250_000


def test_the_present_is_described_as_the_past_was():
    """The same instant has the same traits, seen live or learned afterwards."""
    history = [bar(ago, 0.1 + ago % 7) for ago in (55, 54, 40, 39, 38, 13, 12, 9, 3, 2)]
    later = learn_habits(NOW, history)
    for step, learned in zip(later.moments, later.traits, strict=True):
        at = datetime.fromtimestamp(history[0].start_s + step * BAR_S, UTC)
        pace = pace_at(at, datetime.fromtimestamp(history[0].start_s, UTC), history)
        live = traits_of(pace, later.floor_usd)
        for name in ("recent", "idle", "scale"):
            assert getattr(live, name) == pytest.approx(getattr(learned, name))


def test_habits_describe_what_happened():
    """Two uses an hour apart open one window; its moments know the spending and the silence before them."""
    habits = learn_habits(NOW, [bar(100, 2.0), bar(88, 3.0)])
    assert habits.spent_usd[-1] == 5.0
    assert habits.moments == tuple(range(1, 60))
    assert set(habits.windows) == {0}
    idle = [traits.idle for traits in habits.traits]
    assert idle[0] == 0
    assert idle[:12] == sorted(idle[:12])
    assert idle[12] == 0


@pytest.fixture(scope="module")
def calls():
    return backtest.read_calls(backtest.SAMPLE)


def test_back_test_on_real_use(calls):
    """The bands are generous: a change of the rules may move the figures, but not out of honesty."""
    scores = backtest.run(calls)
    assert len(scores) > 1000
    assert 0.6 <= backtest.coverage(scores) <= 0.95
    for baseline in ("window rate", "10-min rate"):
        assert backtest.median_error(scores, "at") < backtest.median_error(scores, baseline)
        assert backtest.median_error(scores, "if reached") < backtest.median_error(scores, baseline)
        assert backtest.brier(scores, "at") < 0.8 * backtest.brier(scores, baseline)


def test_the_back_test_lets_no_forecast_see_the_future(calls):
    part = calls[: len(calls) // 3]
    known = backtest.run(part)
    last = max(score.window for score in known)
    earlier = [score[3:] for score in known if score.window < last]
    assert len(earlier) > 100
    assert [score[3:] for score in backtest.run(calls)][: len(earlier)] == earlier
