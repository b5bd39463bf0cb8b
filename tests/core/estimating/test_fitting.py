from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from quota_tui.core.estimating.estimate import estimate
from quota_tui.core.estimating.fitting import (
    SURE,
    Verdict,
    chance,
    chance_inside,
    chance_to_finish,
    first_phases,
    fits,
)
from quota_tui.core.estimating.learn import learn
from quota_tui.core.estimating.ranges import Range
from quota_tui.core.estimating.subject import PlanSubject, TaskType
from quota_tui.core.estimating.update import update
from tests.core.estimating.made import history, plan, plans, ranges

LEARNED = learn(history(120, spread=0.15))
MADE = estimate(plan(TaskType.IMPLEMENTATION, TaskType.TESTING, TaskType.POLISH), LEARNED)
MIDDLE = MADE.tokens.median


def room(share: float) -> Range:
    """Of so many times the plan's median, known to a tenth."""
    return Range(0.9, 1, 1.1).scaled(share * MIDDLE)


def test_it_fits_now() -> None:
    fit = fits(MADE, room(3), room(5))
    assert (fit.verdict, fit.break_after) == (Verdict.NOW, None)
    assert fit.chance_now == pytest.approx(1, abs=0.01)
    assert "fits what is left" in fit.text


def test_it_is_cut_where_the_first_part_fits() -> None:
    fit = fits(MADE, room(0.95), room(5))
    assert (fit.verdict, fit.break_after) == (Verdict.SPLIT, 2)
    assert fit.first_part is not None
    assert fit.first_part.median == pytest.approx(sum(each.tokens.median for each in MADE.phases[:2]))
    assert fit.text.startswith("break after phase 2: ")
    assert fit.text.endswith(" fits what is left")
    assert "k ± " in fit.text
    assert fit.chance_now is not None
    assert fit.chance_now < SURE


def test_it_waits_for_the_reset() -> None:
    fit = fits(MADE, room(0.1), room(3))
    assert (fit.verdict, fit.break_after) == (Verdict.AFTER_RESET, None)
    assert "after the reset" in fit.text


def test_it_is_cut_for_full_windows() -> None:
    fit = fits(MADE, room(0.1), room(0.95))
    assert (fit.verdict, fit.break_after) == (Verdict.SPLIT, 2)
    assert fit.text.endswith("fits a full window")


def test_nothing_to_cut() -> None:
    whole = estimate(plan(), LEARNED)
    fit = fits(whole, room(0.1), room(0.5))
    assert (fit.verdict, fit.break_after) == (Verdict.AFTER_RESET, None)
    assert "no phase to break after" in fit.text
    assert fits(whole, room(0.1), None).chance_after_reset is None


def test_unknown_is_said() -> None:
    assert fits(MADE, None).verdict is Verdict.UNKNOWN
    assert fits(MADE, None, room(3)).chance_after_reset == pytest.approx(1, abs=0.01)


def test_wide_ranges_are_written_with_both_bounds() -> None:
    unsure = estimate(plan(TaskType.IMPLEMENTATION, TaskType.TESTING), learn([]))
    fit = fits(unsure, Range(1, 1, 1).scaled(unsure.tokens.median * 2.2))
    assert fit.verdict is Verdict.SPLIT
    assert " to " in fit.text
    assert "±" not in fit.text


@given(plans, ranges, st.none() | ranges)
def test_a_cut_leaves_something_and_surely_fits(of: PlanSubject, left: Range, full: Range | None) -> None:
    made = estimate(of, learn([]))
    fit = fits(made, left, full)
    assert fit.text
    if fit.verdict is Verdict.SPLIT:
        assert fit.break_after is not None
        assert 0 < fit.break_after < len(made.phases)
        part = first_phases(made, fit.break_after)
        assert max(chance(part, each) for each in (left, full) if each is not None) >= SURE
    if fit.verdict is Verdict.NOW:
        assert chance(made.outlook, left) >= SURE


@given(st.floats(0.1, 5), st.floats(1.01, 3))
def test_a_larger_room_has_the_larger_chance(share: float, more: float) -> None:
    assert chance(MADE.outlook, room(share)) <= chance(MADE.outlook, room(share * more)) + 1e-12


def test_the_chance_inside_a_window_needs_time_too() -> None:
    plenty = room(10)
    assert chance_inside(MADE, None, 1.0) is None
    assert chance_inside(MADE, plenty, None) == pytest.approx(1, abs=0.001)
    assert chance_inside(MADE, plenty, MADE.hours.median) == pytest.approx(0.5, abs=0.02)
    assert chance_inside(MADE, room(0.01), 100.0) == pytest.approx(0, abs=0.01)


def test_the_chance_to_finish_grows_as_phases_get_done() -> None:
    left = room(0.4)
    chances = [
        chance_to_finish(update(MADE, MIDDLE * share, range(count)), left)
        for count, share in enumerate((0, 0.45, 0.75))
    ]
    assert all(each is not None for each in chances)
    assert chances == sorted(each for each in chances if each is not None)
    assert chance_to_finish(update(MADE, 1), None) is None


def test_an_uncertain_room_blurs_the_chance() -> None:
    sharp = Range(MIDDLE * 1.3, MIDDLE * 1.3, MIDDLE * 1.3)
    assert chance(MADE.outlook, replace(sharp, low=MIDDLE * 0.5)) < chance(MADE.outlook, sharp)
