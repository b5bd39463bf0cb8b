from __future__ import annotations

import math
import random
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.elsewhere import used_elsewhere
from quota_tui.core.learning import (
    PastWindow,
    PctPerUsd,
    SlopePoint,
    learn,
    limit_from_history,
    limit_from_hits,
    percentile,
    slope_points,
)
from quota_tui.core.readings import Reading, ReadingSource, WindowKind
from tests.core.ledgers import MemoryLedger, at, told


def points(readings: Sequence[Reading], calls: Sequence[tuple[datetime, float]]) -> tuple[SlopePoint, ...]:
    book = MemoryLedger(calls)
    return slope_points(at(0), readings, lambda start, end: book.totals(start, end).cost_usd)


def test_pairs_begin_at_the_start_and_span_a_few_points():
    calls = [(at(0), 1.0), (at(1), 2.0), (at(2), 3.0)]
    found = points([told(0.5, 2), told(1, 6), told(1.5, 8), told(2, 12)], calls)
    assert [(p.delta_pct, p.delta_usd, p.at) for p in found] == [(6, 3, at(1)), (6, 3, at(2))]
    assert [p.rounding_pct for p in found] == [0.5, 1.0]


def test_the_rest_of_a_window_is_a_smaller_pair():
    found = points([told(1, 6), told(2, 8)], [(at(0.5), 3.0), (at(1.5), 1.0)])
    assert [(p.delta_pct, p.delta_usd) for p in found] == [(6, 3), (2, 1)]


def test_no_pair_without_local_use_over_a_fall_at_100_or_from_a_limit_line():
    assert points([told(1, 6)], []) == ()
    calls = [(at(0.5), 3.0), (at(1.5), 1.0), (at(2.5), 2.0)]
    fallen = points([told(1, 60), told(2, 20), told(3, 30)], calls)
    assert [(p.delta_pct, p.delta_usd) for p in fallen] == [(60, 3), (10, 2)]
    assert points([told(1, 100)], calls) == ()
    assert points([told(1, 50, source=ReadingSource.LIMIT_LINE)], calls) == ()


def test_decimals_are_taken_as_exact():
    assert points([told(1, 6.5)], [(at(0.5), 1.0)])[0].rounding_pct == pytest.approx(0.05)


def test_nothing_is_learned_from_nothing_or_from_long_ago():
    assert learn([], at(0)) is None
    old = SlopePoint(5, 1.0, at(0))
    assert learn([old], at(24 * 80)) is not None
    assert learn([old], at(24 * 100)) is None


def test_one_pair_teaches_with_a_wide_interval():
    one = learn([SlopePoint(10, 2.0, at(0), 0.5)], at(1))
    assert one is not None
    assert one.value == 5
    assert one.low < 3.5
    assert one.high > 6.5
    assert one.pairs == 1


def test_the_interval_narrows_with_pairs_and_widens_with_rounding():
    def width(count: int, rounding_pct: float = 1.0) -> float:
        found = learn([SlopePoint(5, 1.0, at(i / 60), rounding_pct) for i in range(count)], at(10))
        assert found is not None
        return found.high - found.low

    assert width(30) < width(5) < width(1)
    assert width(5, 0.1) < width(5, 1.0)


def test_a_changed_plan_is_learned_within_about_a_window():
    old = [SlopePoint(5, 1.0, at(-24 + i / 60)) for i in range(60)]
    new = [SlopePoint(5, 5.0, at(i / 60)) for i in range(24)]
    before, after = learn(old, at(1)), learn(old + new, at(1))
    assert before is not None
    assert after is not None
    assert (before.value, after.value) == (5, 1)


def window_of_use(rng: random.Random, per_usd: float, start: float) -> tuple[SlopePoint, ...]:
    """Five hours of use at a true rate, some of it elsewhere, told in whole percent."""
    true_pct, when, told_pct = 0.0, at(start), 0
    readings, calls = list[Reading](), list[tuple[datetime, float]]()
    while true_pct < 80:
        when += timedelta(seconds=60)
        usd = rng.lognormvariate(0, 1) * 0.4 / per_usd
        calls.append((when, usd))
        true_pct += per_usd * usd + (rng.uniform(2, 8) if rng.random() < 0.01 else 0.0)
        if math.floor(true_pct) > told_pct and rng.random() < 0.8:
            told_pct = math.floor(true_pct)
            reading = told(0, min(told_pct, 100), resets=0)
            readings.append(
                Reading(**{f: getattr(reading, f) for f in reading.__struct_fields__} | {"at": when})
            )
    book = MemoryLedger(calls)
    return slope_points(at(start), readings, lambda a, b: book.totals(a, b).cost_usd)


@pytest.mark.parametrize("seed", range(12))
def test_the_rate_is_recovered_from_simulated_windows(seed: int):
    rng = random.Random(seed)
    per_usd = 10 ** rng.uniform(-0.5, 1.3)
    seen = [p for window in range(3) for p in window_of_use(rng, per_usd, start=10.0 * window)]
    learned = learn(seen, at(40))
    assert learned is not None
    assert learned.value == pytest.approx(per_usd, rel=0.1)
    assert learned.low <= per_usd <= learned.high


@given(st.integers(0, 10_000), st.floats(0.2, 50))
def test_a_fifth_of_outliers_changes_little(seed: int, per_usd: float):
    rng = random.Random(seed)
    mixed = []
    for index in range(60):
        steeper = rng.uniform(1.5, 20) if index % 5 == 0 else rng.gauss(1, 0.06)
        mixed.append(SlopePoint(5, 5 / (per_usd * steeper), at(index / 60)))
    learned = learn(mixed, at(2))
    assert learned is not None
    assert learned.value == pytest.approx(per_usd, rel=0.1)


slope = st.builds(
    SlopePoint, st.floats(-5, 60), st.floats(0, 30), st.floats(-3000, 0).map(at), st.floats(0.05, 1.0)
)


@given(st.lists(slope, max_size=30), st.randoms(use_true_random=False))
def test_intervals_hold_their_value_in_any_order(pairs: list[SlopePoint], shuffle: random.Random):
    learned = learn(pairs, at(0))
    again = list(pairs)
    shuffle.shuffle(again)
    assert learn(again, at(0)) == learned
    if learned:
        assert 0 < learned.low <= learned.value <= learned.high


def past(hours: float, cost: float, hit: float | None = None) -> PastWindow:
    return PastWindow(
        kind=WindowKind.FIVE_HOUR,
        starts_at=at(hours - 5),
        resets_at=at(hours),
        cost_usd=cost,
        limit_cost_usd=hit,
    )


def test_the_last_five_limit_hits_say_what_100_percent_costs():
    assert limit_from_hits([past(0, 3.0), past(1, 9.0, hit=0.0)]) is None
    hits = [past(-10 * i, 50, hit=cost) for i, cost in enumerate([10, 12, 8, 11, 9, 99, 98])]
    found = limit_from_hits(hits)
    assert found is not None
    assert (found.usd, found.usd_low, found.usd_high, found.windows) == (10, 8, 12, 5)


def test_a_guess_needs_three_completed_windows():
    assert limit_from_history([past(0, 3), past(5, 4), past(10, 0)]) is None
    found = limit_from_history([past(10.0 * i, float(cost)) for i, cost in enumerate(range(1, 12))])
    assert found is not None
    assert (found.usd_low, found.usd, found.usd_high) == (8.5, 10, 11)


def test_percentiles_lie_between_neighbours():
    assert [percentile([1, 2, 4], share) for share in (0, 0.25, 0.5, 0.75, 1)] == [1, 1.5, 2, 3, 4]


FIVE_PER_USD = PctPerUsd(5.0, 4.0, 6.0, 20)


def elsewhere(
    readings: Sequence[Reading], calls: Sequence[tuple[datetime, float]], rate: PctPerUsd | None = None
) -> float | None:
    book = MemoryLedger(calls)
    cost = book.totals(at(0), readings[-1].at).cost_usd if readings else 0.0
    return used_elsewhere(at(0), readings, book.first_call_at, cost, rate)


def test_without_a_reading_use_elsewhere_is_unknown():
    assert elsewhere([], []) is None


def test_rises_without_local_use_count_in_full():
    assert elsewhere([told(1, 7)], []) == 7
    assert elsewhere([told(1, 7), told(1.2, 9), told(2, 12)], [(at(0.5), 1.0)]) == 5
    assert elsewhere([told(1, 7), told(1.2, 9), told(2, 12)], [(at(0.5), 1.0), (at(1.1), 1.0)]) == 3
    assert elsewhere([told(1, 7), told(2, 12)], [(at(0.5), 1.0), (at(1.5), 1.0)]) == 0


def test_one_point_right_after_a_call_is_that_call_arriving_late():
    assert elsewhere([told(1, 7), told(1.5, 8)], [(at(0.99), 1.0)]) == 0
    assert elsewhere([told(1, 7), told(1.5, 12)], [(at(0.99), 1.0)]) == 4


def test_rises_with_local_use_count_beyond_the_interval_and_rounding():
    busy = [(at(0.1 * i), 0.25) for i in range(1, 20)]
    assert elsewhere([told(1.9, 24)], busy, FIVE_PER_USD) == 0
    assert elsewhere([told(1.9, 40)], busy, FIVE_PER_USD) == pytest.approx(40 - 0.5 - 18 * 0.25 * 6)
    assert elsewhere([told(1.9, 40)], busy) == 0


def test_after_a_correction_only_what_rose_since_counts_as_silent():
    assert elsewhere([told(1, 60), told(2, 20), told(3, 25)], [(at(0.5), 1.0)]) == 5


def test_silent_stretches_cost_one_question_each():
    book = MemoryLedger([(at(0.5), 1.0)])
    silent = [told(1 + i / 100, 5 + i) for i in range(90)]
    assert used_elsewhere(at(0), silent, book.first_call_at, 1.0, None) == 89
    assert book.questions < 8


@given(
    st.lists(st.tuples(st.floats(0, 5), st.floats(0, 3)), max_size=20),
    st.lists(st.tuples(st.floats(0, 5), st.integers(0, 100)), min_size=1, max_size=20),
    st.one_of(st.none(), st.just(FIVE_PER_USD)),
)
def test_use_elsewhere_is_never_more_than_was_used(
    uses: list[tuple[float, float]], reported: list[tuple[float, int]], rate: PctPerUsd | None
):
    readings = [told(hour, pct) for hour, pct in sorted(reported)]
    found = elsewhere(readings, [(at(hour), usd) for hour, usd in uses], rate)
    assert found is not None
    assert 0 <= found <= readings[-1].used_pct
