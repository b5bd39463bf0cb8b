from __future__ import annotations

from math import log

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from quota_tui.core.estimating.estimate import PlanEstimate, estimate
from quota_tui.core.estimating.learn import learn
from quota_tui.core.estimating.subject import PastSession, PlanSubject, TaskType
from quota_tui.core.estimating.update import Progress, update
from tests.core.estimating.made import histories, history, plan, plans

MADE = estimate(plan(*TaskType), learn(history(40)))


def log_width(of: Progress | PlanEstimate) -> float:
    amounts = of.total if isinstance(of, Progress) else of.tokens
    return log(amounts.high / amounts.low) if amounts.high > amounts.low else 0.0


def test_before_the_start_nothing_changes() -> None:
    now = update(MADE, 0)
    assert (now.total, now.remaining, now.hours) == (MADE.tokens, MADE.tokens, MADE.hours)
    assert now.share_done == 0


@given(plans, histories, st.floats(0, 1e9), st.sets(st.integers(-2, 9)), st.none() | st.floats(0, 1e9))
def test_an_update_is_in_order_and_never_wider(
    of: PlanSubject, past: list[PastSession], spent: float, done: set[int], on_done: float | None
) -> None:
    made = estimate(of, learn(past))
    now = update(made, spent, done, on_done)
    assert now.total.low <= now.total.median <= now.total.high
    assert 0 <= now.remaining.low <= now.remaining.median <= now.remaining.high
    assert 0 <= now.hours.low <= now.hours.median <= now.hours.high
    assert len(now.phases) == len(made.phases)
    assert log_width(now) <= log_width(made) + 1e-6
    assert now.total.median >= spent * (1 - 1e-9)
    left = sum(each.median for each in now.phases if each is not None)
    if any(each is not None for each in now.phases):
        assert left == pytest.approx(now.remaining.median, abs=1e-3)


@given(st.floats(0.3, 3))
def test_each_phase_done_narrows_it(pace: float) -> None:
    total = MADE.tokens.median * pace
    share, widths = 0.0, [log_width(MADE)]
    for count, phase in enumerate(MADE.phases[:-1], start=1):
        share += phase.share
        now = update(MADE, total * share, range(count))
        assume(now.total.low > total * share)
        widths.append(log_width(now))
    assert widths == sorted(widths, reverse=True)


def test_late_it_believes_the_session_more_than_the_estimate() -> None:
    shares = [phase.share for phase in MADE.phases]
    true_total = 3 * MADE.tokens.median
    errors = []
    for count in range(len(shares)):
        done = MADE.prior.start_share + (1 - MADE.prior.start_share) * sum(shares[:count])
        now = update(MADE, true_total * done if count else 0, range(count))
        errors.append(abs(log(now.total.median / true_total)))
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.1


def test_cheap_phases_lower_what_remains() -> None:
    cheap, dear = (update(MADE, MADE.tokens.median * factor, [0, 1]) for factor in (0.2, 0.6))
    assert cheap.total.median < MADE.tokens.median < dear.total.median
    assert cheap.remaining.median < dear.remaining.median


def test_only_what_the_done_phases_took_speaks_of_the_size() -> None:
    spent = MADE.tokens.median / 2
    early = update(MADE, spent, [0], spent_on_done=spent / 4)
    assert early.total.median < update(MADE, spent, [0]).total.median
    assert early.total.low >= spent


def test_when_all_is_done_nothing_remains() -> None:
    now = update(MADE, 123_456, range(len(MADE.phases)))
    assert now.total.low == now.total.high == 123_456
    assert now.remaining.high == now.hours.high == 0
    assert set(now.phases) == {None}


def test_without_phases_it_is_cut_by_what_was_spent() -> None:
    bare = estimate(PlanSubject(), learn([]))
    totals = [update(bare, spent).total for spent in (0, 100_000, 1_000_000, 1e8)]
    assert [each.median for each in totals] == sorted(each.median for each in totals)
    ratios = [each.high / each.low for each in totals]
    assert ratios == sorted(ratios, reverse=True)
    assert totals[-1].low > 1e8
