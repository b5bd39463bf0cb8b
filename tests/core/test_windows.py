from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.windows import (
    FIVE_HOURS,
    WEEK,
    Window,
    current_five_hour,
    current_weekly,
    distinct_resets,
    five_hour_windows,
    weekly_windows,
)
from tests.core.ledgers import MemoryLedger, at

EVER = (at(-10_000), at(10_000))


def ledger(*hours: float) -> MemoryLedger:
    return MemoryLedger((at(each), 1.0) for each in hours)


def open_at(now: float, *hours: float, resets: tuple[float, ...] = ()) -> Window | None:
    return current_five_hour(at(now), [at(r) for r in resets], ledger(*hours).first_call_at)


def spans(*hours: float, resets: tuple[float, ...] = ()) -> list[tuple[float, float]]:
    found = five_hour_windows(*EVER, [at(r) for r in resets], ledger(*hours).first_call_at)
    hour = timedelta(hours=1)
    return [((w.starts_at - at(0)) / hour, (w.resets_at - at(0)) / hour) for w in found]


def test_without_readings_a_window_starts_at_the_first_call_to_the_second():
    assert open_at(1, 0.123, 0.5) == Window(at(0.123), at(5.123))


def test_the_next_one_starts_at_the_first_call_after_the_last_has_ended():
    assert open_at(6, 0, 4.9, 5.5, 5.9) == Window(at(5.5), at(10.5))
    assert open_at(6, 0, 5, 5.5) == Window(at(5), at(10))


def test_a_gap_is_not_a_window():
    assert open_at(6, 0, 1) is None
    assert open_at(0) is None
    assert spans(0, 1, 30) == [(0, 5), (30, 35)]


def test_calls_that_lie_ahead_open_nothing():
    assert open_at(0, 0.5) is None


def test_a_reported_reset_tells_the_window():
    assert open_at(1, 0.3, resets=(4.2,)) == Window(at(-0.8), at(4.2), is_reported=True)


def test_windows_follow_the_last_reported_reset():
    assert open_at(3, -1, 0.5, 1.9, 2.25, resets=(2,)) == Window(at(2.25), at(7.25))


def test_the_call_that_opened_the_window_counts_though_the_reset_is_rounded_up():
    opened = -1 - 8 / 60
    assert open_at(1, opened, 0, resets=(4,)) == Window(at(opened), at(4), is_reported=True)
    assert open_at(1, -1.5, opened, 0, resets=(4,)) == Window(at(-1), at(4), is_reported=True)
    assert open_at(1, -1.3, -1.05, 0, resets=(-1.1, 4)) == Window(at(-1.05), at(4), is_reported=True)
    assert open_at(1, -1 - 11 / 60, resets=(4,)) == Window(at(-1), at(4), is_reported=True)


def test_jitter_of_resets_is_one_window():
    assert distinct_resets([at(4), at(4.01), at(3.99), at(9)]) == [at(4), at(9)]


def test_a_window_reset_early_ends_where_the_next_begins():
    assert spans(-1.5, 0, 2.5, 3.5, 7.9, resets=(3, 8)) == [(-2, 3), (3, 8)]
    assert spans(-1.5, 0, 2.5, 3.5, 5.9, resets=(3, 6)) == [(-2, 1), (1, 6)]


def test_a_derived_window_ends_where_a_reported_one_begins():
    assert spans(-2, 1, resets=(5,)) == [(-2, 0), (0, 5)]


def test_reported_windows_without_calls_are_left_out_of_the_list():
    assert spans(20, resets=(5,)) == [(20, 25)]


def test_work_around_the_clock_is_anchored_so_that_windows_stand_still():
    calls = ledger(*(hour / 4 for hour in range(-400 * 4, 40 * 4)))
    nows = [at(hour / 2) for hour in range(40)]
    found = {current_five_hour(now, [], calls.first_call_at) for now in nows}
    assert None not in found
    starts = sorted(window.starts_at for window in found if window)
    assert all(b - a == FIVE_HOURS for a, b in pairwise(starts))


def test_the_current_window_asks_little_of_a_long_history():
    days = [at(-24 * day + hour / 10) for day in range(400) for hour in range(-40, 40)]
    calls = MemoryLedger((when, 1.0) for when in days)
    assert current_five_hour(at(1), [], calls.first_call_at) == Window(at(1), at(6))
    assert calls.questions < 30


def test_weeks_are_reported_or_follow_the_last_one_reported():
    reset = datetime(2026, 11, 24, 4, 49, tzinfo=UTC)
    assert current_weekly(at(0), []) is None
    assert current_weekly(at(0), [reset]) == Window(reset - WEEK, reset, is_reported=True)
    assert current_weekly(reset, [reset]) == Window(reset, reset + WEEK)
    later = reset + 2 * WEEK + timedelta(hours=1)
    assert current_weekly(later, [reset, reset - WEEK]) == Window(reset + 2 * WEEK, reset + 3 * WEEK)


def test_weeks_are_not_exactly_seven_days():
    before, reset = at(-24 * 5 - 3), at(24 * 2)
    assert current_weekly(at(0), [before, reset]) == Window(before, reset, is_reported=True)
    assert weekly_windows([reset, before])[1] == Window(before, reset, is_reported=True)


def test_weeks_reset_early_do_not_overlap():
    first, second = weekly_windows([at(100), at(24 * 7 + 20)])
    assert (first.resets_at, second.starts_at) == (at(20), at(20))


hours = st.integers(-3000, 3000).map(lambda number: number / 20)
calls_and_resets = (
    st.lists(hours, max_size=60),
    st.lists(st.integers(-900, 900).map(lambda number: number / 6), max_size=8),
)


@given(*calls_and_resets)
def test_windows_never_overlap_and_hold_every_call_once(calls: list[float], resets: list[float]):
    found = five_hour_windows(*EVER, [at(r) for r in resets], ledger(*calls).first_call_at)
    for window in found:
        assert timedelta(0) < window.resets_at - window.starts_at <= FIVE_HOURS + timedelta(minutes=10)
    for one, following in pairwise(found):
        assert one.resets_at <= following.starts_at
    for call in calls:
        assert sum(w.starts_at <= at(call) < w.resets_at for w in found) == 1


@given(*calls_and_resets, st.integers(-140, 140), st.integers(1, 100))
def test_a_part_of_the_list_is_the_list_of_the_part(
    calls: list[float], resets: list[float], start: int, length: int
):
    """Where work pauses for six hours once in a week, windows do not depend on where one starts looking."""
    kept = sorted(call for call in calls if call % 24 < 17)
    asked = [at(r) for r in resets]
    whole = five_hour_windows(*EVER, asked, ledger(*kept).first_call_at)
    part = five_hour_windows(at(start), at(start + length), asked, ledger(*kept).first_call_at)
    first_calls = [kept[bisect_left([at(k) for k in kept], w.starts_at)] for w in whole]
    expected = [
        w
        for w, call in zip(whole, first_calls, strict=True)
        if w.resets_at > at(start) and at(call) < at(start + length)
    ]
    assert part == expected


@given(*calls_and_resets, st.integers(-140, 140))
def test_the_current_window_is_the_last_of_the_list(calls: list[float], resets: list[float], now: int):
    kept = [call for call in calls if call % 24 < 17 and call <= now]
    asked = [at(r) for r in resets if r <= now]
    source = ledger(*kept).first_call_at
    listed = [w for w in five_hour_windows(*EVER, asked, source) if w.resets_at > at(now)]
    current = current_five_hour(at(now), asked, source)
    assert listed == ([current] if current else [])


@given(*calls_and_resets, st.integers(-140, 140))
def test_an_open_window_holds_now(calls: list[float], resets: list[float], now: int):
    for asked in ([], [at(r) for r in resets if r < now + 5]):
        window = current_five_hour(at(now), asked, ledger(*calls).first_call_at)
        assert window is None or window.starts_at <= at(now) < window.resets_at
        week = current_weekly(at(now), asked)
        assert week is None or week.starts_at <= at(now) < week.resets_at
