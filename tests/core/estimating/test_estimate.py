from __future__ import annotations

import time
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from quota_tui.core.estimating.estimate import Confidence, PlanEstimate, estimate
from quota_tui.core.estimating.features import features, open_phases, shares
from quota_tui.core.estimating.fitting import fits
from quota_tui.core.estimating.learn import learn
from quota_tui.core.estimating.numbers import numbers_of
from quota_tui.core.estimating.prior import SHIPPED
from quota_tui.core.estimating.published import multiplier, published_total
from quota_tui.core.estimating.ranges import Range
from quota_tui.core.estimating.reasons import tokens_text
from quota_tui.core.estimating.subject import (
    PastSession,
    PhaseSubject,
    PlanSubject,
    ProjectSize,
    Quality,
    Stack,
    TaskType,
)
from tests.core.estimating.made import histories, history, plan, plans, session

NEW = learn([])


def width(made: PlanEstimate) -> float:
    return made.tokens.high / made.tokens.low


@given(plans, histories)
def test_ranges_are_in_order_and_phases_add_up(of: PlanSubject, past: list[PastSession]) -> None:
    made = estimate(of, learn(past))
    for each in (made, *made.phases):
        for amounts in (each.tokens, each.hours, each.cost_usd):
            assert 0 < amounts.low <= amounts.median <= amounts.high
    assert len(made.phases) == len(open_phases(of))
    if made.phases:
        assert sum(phase.share for phase in made.phases) == pytest.approx(1)
        assert sum(phase.tokens.median for phase in made.phases) == pytest.approx(made.tokens.median)
        assert sum(phase.tokens.low for phase in made.phases) <= made.tokens.low * 1.001
        assert sum(phase.tokens.high for phase in made.phases) >= made.tokens.high * 0.999
    assert all(made.reasons)
    assert all(made.risks)


@given(plans.filter(lambda each: bool(each.phases)), st.floats(1.01, 100))
def test_a_plan_that_says_more_takes_more(of: PlanSubject, factor: float) -> None:
    stated = replace(
        of,
        phases=tuple(
            replace(each, hours_low=2.0, hours_high=3.0, tokens_low=None, tokens_high=None)
            for each in of.phases
        ),
    )
    longer = replace(stated, phases=tuple(replace(each, hours_high=3.0 * factor) for each in stated.phases))
    assert estimate(longer, NEW).tokens.median > estimate(stated, NEW).tokens.median


@given(st.integers(1, 200), st.integers(0, 200), st.integers(1, 50))
def test_more_files_and_steps_take_more(files: int, steps: int, more: int) -> None:
    least = estimate(plan(files=files, steps=steps), NEW).tokens.median
    assert estimate(plan(files=files + more, steps=steps), NEW).tokens.median > least
    assert estimate(plan(files=files, steps=steps + more), NEW).tokens.median > least


def test_multipliers_are_the_published_ones() -> None:
    heavy = {"project_size": ProjectSize.LARGE, "stack": Stack.NEW, "quality": Quality.LEGACY}
    assert multiplier(plan(**heavy)) == pytest.approx(prod((1.3, 1.5, 1.4)))
    plain, hard = estimate(plan(), NEW), estimate(plan(**heavy), NEW)
    assert hard.tokens.median == pytest.approx(plain.tokens.median * 2.73)
    assert sum("published default" in each for each in hard.reasons) == 3
    assert any("legacy" in each for each in hard.risks)
    assert published_total(PlanSubject()) == 70_000


def test_the_shipped_level_is_that_of_an_average_plan() -> None:
    assert features(plan(), SHIPPED).total_log == 0
    assert 180_000 < estimate(plan(), NEW).tokens.median < 200_000


def test_what_is_done_is_not_estimated() -> None:
    both = plan(TaskType.IMPLEMENTATION, TaskType.TESTING)
    done = replace(both, phases=(replace(both.phases[0], done=True), both.phases[1]))
    assert [phase.task_type for phase in estimate(done, NEW).phases] == [TaskType.TESTING]
    all_done = replace(both, phases=tuple(replace(each, done=True) for each in both.phases))
    assert len(estimate(all_done, NEW).phases) == 2


def test_without_a_plan_it_is_wide_and_says_so() -> None:
    bare, planned = estimate(PlanSubject(), NEW), estimate(plan(), NEW)
    assert width(bare) > width(planned) > 20
    assert bare.phases == ()
    assert bare.confidence is planned.confidence is Confidence.LOW
    assert "no history yet" in bare.reasons[0]
    assert bare.history.coverage_pct is None


def test_a_large_session_is_followed_by_a_larger_one() -> None:
    past = history(20, subject=None)
    usual, after = (
        estimate(PlanSubject(project="one"), learn([*past, session(20, size)])) for size in (100_000, 900_000)
    )
    assert after.tokens.median > 1.1 * usual.tokens.median
    assert any("last session was large" in each for each in after.reasons)
    assert not any("last session" in each for each in estimate(plan(), learn(past)).reasons)


def test_own_history_narrows_and_takes_over() -> None:
    own = estimate(plan(), learn(history(80, middle=900_000, spread=0.3)))
    assert own.tokens.median == pytest.approx(900_000, rel=0.15)
    assert width(own) < 4
    assert own.confidence is Confidence.HIGH
    assert own.similar == 80
    assert "80 sessions" in own.reasons[0]
    assert own.history.sessions == 80


def test_noisy_history_makes_wide_ranges() -> None:
    calm, wild = (estimate(plan(), learn(history(100, spread=spread))) for spread in (0.3, 1.5))
    assert width(wild) > 4 * width(calm)


def test_hours_and_money_follow_tokens_at_the_own_rates() -> None:
    slow = [session(each, 100_000, hours=4.0, cost_usd=8.0, subject=plan()) for each in range(200)]
    made = estimate(plan(), learn(slow))
    assert made.hours.median == pytest.approx(made.tokens.median / 25_000, rel=0.05)
    assert made.cost_usd.median == pytest.approx(made.tokens.median * 8e-5, rel=0.05)
    cheap = estimate(replace(plan(), model="claude-haiku-4-5"), NEW)
    assert cheap.cost_usd.median < estimate(plan(), NEW).cost_usd.median / 3


def test_a_phase_that_states_more_has_the_larger_share() -> None:
    small, large = PhaseSubject(hours_low=1.0), PhaseSubject(hours_low=3.0, hours_high=5.0)
    assert shares((small, large)) == pytest.approx((70 / 275, 205 / 275))
    assert shares(
        (PhaseSubject(tokens_low=30_000), PhaseSubject(tokens_low=80_000, tokens_high=100_000))
    ) == pytest.approx((0.25, 0.75))


def test_no_phase_is_nothing() -> None:
    tiny, huge = shares((PhaseSubject(tokens_low=1), PhaseSubject(tokens_low=10**15)))
    assert tiny == pytest.approx(0.001, rel=0.01)
    assert tiny + huge == 1


def test_a_plan_that_counts_nothing_is_an_average_one() -> None:
    assert features(plan(files=0, steps=0), SHIPPED).total_log == 0
    assert any("little to judge" in each for each in estimate(plan(files=0, steps=0), NEW).risks)


def test_more_files_than_ever_is_a_risk() -> None:
    made = estimate(plan(files=40), learn(history(20)))
    assert any("40 files, more than any plan before (6)" in each for each in made.risks)


def test_the_numbers_have_every_key_of_the_json() -> None:
    made = estimate(plan(TaskType.PLANNING, TaskType.POLISH), NEW)
    found = numbers_of(made, fits(made, None), five_hour_pct_per_usd=2.0, weekly_pct_per_usd=0.5)
    assert found.total.median_tokens == round(made.tokens.median)
    assert found.total.share_five_hour_pct == pytest.approx(2 * made.cost_usd.median, abs=0.06)
    assert found.total.share_weekly_pct == pytest.approx(0.5 * made.cost_usd.median, abs=0.06)
    assert [phase.name for phase in found.phases] == ["phase 0", "phase 1"]
    assert numbers_of(made, fits(made, None)).total.share_five_hour_pct is None


def test_a_thousand_sessions_take_no_time() -> None:
    past = history(1000)
    took = []
    for _ in range(3):
        start = time.perf_counter()
        estimate(plan(), learn(past))
        took.append(time.perf_counter() - start)
    assert min(took) < 0.05


@pytest.mark.parametrize(
    ("tokens", "text"), [(950, "950"), (61_234, "61.2k"), (999_900, "1M"), (2_345_000, "2.35M")]
)
def test_tokens_as_text(tokens: int, text: str) -> None:
    assert tokens_text(tokens) == text


def test_a_range_changes_as_a_whole() -> None:
    amounts = Range(1, 2, 4)
    assert amounts.scaled(2).shifted(1) == Range(3, 5, 9)
    assert amounts.holds(1)
    assert amounts.holds(4)
    assert not amounts.holds(4.1)
