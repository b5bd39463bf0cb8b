from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.readings import Reading, ReadingSource, WindowKind, of_late, plausible, set_aside
from tests.core.ledgers import at, told

FIVE, WEEKLY = WindowKind.FIVE_HOUR, WindowKind.WEEKLY
MIN = 1 / 60


def believed(readings: list[Reading], now: float = 3.0) -> list[float]:
    return [r.used_pct for r in set_aside(readings, at(now))[0]]


@pytest.mark.parametrize(
    ("pct", "kept"),
    [(0, 0.0), (-0.0, 0.0), (41.5, 41.5), (100, 100.0), (100.4, 100.0), (101, 100.0)],
)
def test_percentages_that_can_be_true(pct: float, kept: float):
    verdict = plausible(FIVE, pct, at(2), at(0))
    assert verdict == kept
    assert math.copysign(1, verdict) == 1


@pytest.mark.parametrize("pct", [-0.1, 101.01, 1_795_204_988, math.nan, math.inf, -math.inf])
def test_percentages_that_cannot_be_true(pct: float):
    assert isinstance(plausible(FIVE, pct, at(2), at(0)), str)


@pytest.mark.parametrize(
    ("kind", "hours_ahead", "can_be"),
    [
        (FIVE, -0.1, False),
        (FIVE, 0, False),
        (FIVE, 0.01, True),
        (FIVE, 5, True),
        (FIVE, 5.4, True),
        (FIVE, 5.6, False),
        (FIVE, 7 * 24, False),
        (WEEKLY, 7 * 24, True),
        (WEEKLY, 7.5 * 24, True),
        (WEEKLY, 8 * 24, False),
        (WindowKind.WEEKLY_MODEL, 8 * 24, False),
        (WindowKind.OVERAGE, 30 * 24, True),
        (WindowKind.OVERAGE, 40 * 24, False),
    ],
)
def test_resets_lie_ahead_and_not_beyond_the_window(kind: WindowKind, hours_ahead: float, can_be: bool):
    assert isinstance(plausible(kind, 5, at(hours_ahead), at(0)), float) == can_be


def test_implausible_readings_are_set_aside_and_clamped_ones_kept():
    kept, aside = set_aside([told(0, 100.5), told(0, 1_795_204_988.0), told(0, 5, resets=-1)], at(1))
    assert [r.used_pct for r in kept] == [100]
    assert len(aside) == 2
    assert all(reason for _, reason in aside)


def test_a_lower_reading_of_another_terminal_is_old_news():
    kept, aside = set_aside([told(0, 60), told(0.1, 40, session="b")], at(1))
    assert [r.used_pct for r in kept] == [60]
    assert "another terminal" in aside[0][1]


def test_an_idle_terminal_that_repeats_itself_for_hours_proves_nothing():
    readings = [told(-1, 40, session="b", until=2.9), told(0, 60), told(2.9, 40, session="b")]
    assert believed(readings) == [40, 60]


def test_a_later_reset_starts_a_new_window_at_once():
    assert believed([told(0, 60, resets=1), told(0.5, 3, resets=5.4, session="b")]) == [60, 3]


def test_an_earlier_window_than_one_reported_is_old_news():
    kept, aside = set_aside([told(0.5, 3, resets=5), told(0.6, 60, resets=1, session="b")], at(0.7))
    assert [r.used_pct for r in kept] == [3]
    assert "older window" in aside[0][1]


def test_a_small_change_of_the_reset_is_the_same_window():
    assert believed([told(0, 60, resets=4), told(0.1, 40, resets=4.4, session="b")]) == [60]


def test_a_fall_of_the_same_session_is_believed_once_it_has_stood_ten_minutes():
    first = told(0, 60)
    assert believed([first, told(1, 20, until=1 + 9 * MIN)]) == [60]
    assert believed([first, told(1, 20, until=1 + 10 * MIN)]) == [60, 20]
    assert believed([first, told(1, 20), told(1 + 11 * MIN, 21)]) == [60, 20, 21]


def test_a_fall_is_refuted_by_news_that_is_higher():
    fall = [told(0, 60), told(0, 60, session="b"), told(1, 20, until=2)]
    assert believed([*fall, told(1 + 5 * MIN, 61, session="b")]) == [60, 60, 61]
    assert believed([*fall, told(1 + 15 * MIN, 61, session="b")]) == [60, 60, 20, 61]


def test_an_idle_terminal_cannot_refute_a_correction_nor_undo_it():
    idle = [told(0, 60, session="b"), told(1.1, 60, session="b"), told(2, 60, session="b")]
    kept, aside = set_aside([told(0, 60), told(1, 20), told(1.5, 22), *idle], at(3))
    assert [r.used_pct for r in kept] == [60, 60, 20, 22]
    assert [r.used_pct for r, _ in aside] == [60, 60]


def test_a_new_session_proves_a_correction_by_news_of_its_own():
    new = [told(1, 20, session="n"), told(1.2, 21, session="n")]
    assert believed([told(0, 60), *new]) == [60]
    assert believed([told(0, 60), *new, told(1.4, 22, session="n")]) == [60, 21, 22]


def test_a_fall_with_a_later_reset_by_the_same_session_is_believed_at_once():
    assert believed([told(0, 60, resets=4), told(0.3, 2, resets=4.3)]) == [60, 2]


def test_a_window_once_full_stays_full_when_the_status_line_says_99():
    hit = told(1, 100, source=ReadingSource.LIMIT_LINE)
    after = told(1.001, 99, until=2.9)
    kept, aside = set_aside([told(0.9, 98), hit, after], at(3))
    assert [r.used_pct for r in kept] == [98, 100]
    assert "full" in aside[0][1]
    assert believed([told(0.9, 98), hit, told(2, 30, until=2.5)]) == [98, 100, 30]


def test_readings_from_the_future_count_for_two_hours_of_clock_error():
    kept, aside = set_aside([told(0, 60), told(1.9, 59), told(2.1, 70)], at(0))
    assert [r.used_pct for r in kept] == [59, 60]
    assert "future" in aside[0][1]


def test_after_the_clock_jumped_back_an_hour_new_readings_are_the_newer_ones():
    before_jump = told(0.9, 60, until=0.95)
    assert believed([before_jump, told(0.0, 61)], now=0.01) == [60, 61]


def test_windows_of_different_kinds_and_models_do_not_mix():
    readings = [
        told(0, 60),
        told(0.1, 20, resets=100, kind=WEEKLY),
        told(0.2, 10, resets=100, kind=WindowKind.WEEKLY_MODEL, model="opus"),
        told(0.3, 5, resets=100, kind=WindowKind.WEEKLY_MODEL, model="fable"),
    ]
    assert believed(readings) == [60, 20, 10, 5]


def test_only_readings_of_late_matter_to_open_windows():
    old = [told(-100, 5, resets=-99), told(-50, 6, resets=-48), told(-49, 7, resets=-48)]
    late = [told(-9, 8, resets=-6), told(0, 9)]
    week = told(-200, 9, resets=-190, kind=WEEKLY)
    assert of_late([*old, *late, week], at(1)) == [*late, week, *old[1:]]


reading = st.builds(
    told,
    st.floats(0, 3),
    st.one_of(st.integers(0, 103).map(float), st.floats(-1, 102), st.just(math.nan)),
    st.sampled_from([-1.0, 3.2, 3.3, 4.0, 4.1, 7.5, 9.0]),
    st.sampled_from("abc"),
    source=st.sampled_from(ReadingSource),
)


@given(st.lists(reading, max_size=25), st.randoms(use_true_random=False))
def test_nothing_is_lost_and_order_does_not_matter(readings: list[Reading], shuffle: random.Random):
    kept, aside = set_aside(readings, at(2))
    assert len(kept) + len(aside) == len(readings)
    assert all(0 <= r.used_pct <= 100 for r in kept)
    again = list(readings)
    shuffle.shuffle(again)
    assert repr(set_aside(again, at(2))) == repr((kept, aside))


@given(st.lists(st.tuples(st.integers(0, 99), st.sampled_from("abcd")), max_size=24))
def test_terminals_that_repeat_old_values_never_lower_what_is_believed(events: list[tuple[int, str]]):
    """One truth that rises; any terminal may call (and learn it) or just repeat what it knew."""
    truth, known, readings = 0, dict[str, int](), list[Reading]()
    for index, (number, session) in enumerate(events):
        if number % 3 == 0 or session not in known:
            truth = min(99, truth + number % 7)
            known[session] = truth
        readings.append(told(index * 0.2, known[session], resets=4.8, session=session))
    for end in range(len(readings) + 1):
        seen = [r.used_pct for r in set_aside(readings[:end], at(8))[0]]
        assert seen == sorted(seen)
        if seen and end:
            assert seen[-1] == max(r.used_pct for r in readings[:end])
