from __future__ import annotations

from math import exp, log
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.estimating.outlook import LEVELS, Outlook, ranked

NORMAL = Outlook(tuple(12 + NormalDist().inv_cdf(level) for level in LEVELS))
outlooks = st.lists(st.floats(0, 20), min_size=len(LEVELS), max_size=len(LEVELS)).map(
    lambda k: Outlook(tuple(sorted(k)))
)
levels = st.floats(0.001, 0.999)


def test_the_range_is_the_middle_eighty_percent() -> None:
    amounts = NORMAL.range
    assert (log(amounts.low), log(amounts.median), log(amounts.high)) == pytest.approx(
        (10.718, 12, 13.282), abs=0.001
    )
    assert NORMAL.spread == pytest.approx(1, abs=0.001)


@pytest.mark.parametrize("level", [0.01, 0.1, 0.33, 0.5, 0.77, 0.9, 0.97, 0.99])
def test_chance_and_quantile_are_inverse_and_near_the_normal(level: float) -> None:
    where = NORMAL.quantile(level)
    assert NORMAL.chance_below(exp(where)) == pytest.approx(level)
    assert where == pytest.approx(12 + NormalDist().inv_cdf(level), abs=0.12)


@given(outlooks, levels, levels)
def test_quantiles_rise(outlook: Outlook, one: float, two: float) -> None:
    low, high = sorted((one, two))
    assert outlook.quantile(low) <= outlook.quantile(high) + 1e-9
    assert 0 <= outlook.chance_below(exp(outlook.quantile(low))) <= 1


@given(outlooks, st.floats(1e-3, 1e12))
def test_what_is_above_an_amount_is_above_it_and_no_wider(outlook: Outlook, amount: float) -> None:
    cut = outlook.above(amount)
    assert list(cut.knots) == sorted(cut.knots)
    assert cut.spread <= outlook.spread + 1e-9
    if outlook.chance_below(amount) > 0:
        assert cut.knots[0] >= log(amount) - 1e-9


def test_more_spent_means_more_to_come() -> None:
    medians = [NORMAL.above(amount).range.median for amount in (1, 50_000, 200_000, 1_000_000, 1e8)]
    assert medians == sorted(medians)
    assert medians[-1] > 1e8


def test_nothing_is_above_nothing() -> None:
    assert NORMAL.chance_below(0) == 0
    assert NORMAL.above(0) == NORMAL
    assert NORMAL.floored(0) == NORMAL


def test_a_part_that_is_the_whole_has_no_doubt_about_its_share() -> None:
    assert NORMAL.part(1.0, (1.0,), 0.5).knots == pytest.approx(NORMAL.knots)
    half = NORMAL.part(0.5, (0.5,), 0.5)
    assert half.range.median == pytest.approx(NORMAL.range.median / 2)
    assert half.spread > NORMAL.spread


def test_the_conformal_rank() -> None:
    values = [float(each) for each in range(1, 10)]
    assert [ranked(values, level) for level in (0.1, 0.5, 0.9)] == pytest.approx([1, 5, 9])
    assert ranked(values, 0.99) == 9
    assert ranked(values, 0.001) == 1
    assert ranked([3.0], 0.5) == 3
