from __future__ import annotations

from datetime import timedelta
from math import exp, log

import pytest
from hypothesis import given

from quota_tui.core.estimating.effects import KIND, LIBRARY, PACE, PROJECT, TYPE, USER
from quota_tui.core.estimating.estimate import estimate
from quota_tui.core.estimating.learn import Learned, ended_at, learn
from quota_tui.core.estimating.ranges import Range
from quota_tui.core.estimating.subject import PastPhase, PastSession, TaskType
from quota_tui.core.estimating.trackrecord import history_of
from tests.core.estimating.made import START, histories, history, plan, session


def test_nothing_is_learned_from_nothing() -> None:
    assert learn([]) == Learned(spreads=learn([]).spreads)
    assert history_of(learn([]).record).coverage_pct is None


@given(histories)
def test_no_history_breaks_it(past: list[PastSession]) -> None:
    learned = learn(past)
    assert learned.sessions == len(learned.record) <= len(past)
    assert list(learned.residuals) == sorted(learned.residuals)
    assert all(spread > 0 for spread in learned.spreads.values())
    assert learn(reversed(past)) == learn(past) or len({each.id for each in past}) < len(past)


def test_each_session_was_expected_from_earlier_ones_only() -> None:
    past = history(30)
    record = learn(past).record
    for place in (0, 7, 29):
        before = learn(past[:place])
        subject = past[place].subject
        assert subject is not None
        expected = estimate(subject, before).tokens
        assert record[place].expected == pytest.approx(expected)  # type: ignore[comparison-overlap]


def test_what_happens_later_changes_no_expectation() -> None:
    past = history(20)
    other = [*past[:10], *(session(each, 9_000_000, subject=plan()) for each in range(10, 20))]
    assert learn(past).record[:11] == (*learn(other).record[:10], learn(past).record[10])


def test_a_session_that_still_runs_teaches_nothing() -> None:
    long = session(0, 5_000_000, ended_at=START + timedelta(days=30), subject=plan())
    short = [session(each, 100_000, subject=plan()) for each in range(1, 5)]
    alone = learn(short).record
    assert learn([long, *short]).record[1:] == alone
    assert learn([long, *short], now=START + timedelta(days=10)).sessions == 4


def test_the_user_level_is_found_and_shrunk() -> None:
    few, many = (learn(history(count, middle=1_000_000)) for count in (2, 200))
    truth = log(1_000_000) - few.prior.plan_level
    assert 0 < sum(few.effect(key).shift for key in (USER, KIND + "plan")) < 0.9 * truth
    keys = (USER, KIND + "plan", TYPE + "implementation", PROJECT + "one")
    assert sum(many.effect(key).shift for key in keys) == pytest.approx(truth, abs=0.15)
    assert many.effect(USER).variance < few.effect(USER).variance


def test_a_type_a_project_and_a_library_have_effects_of_their_own() -> None:
    usual = history(60, spread=0.2)
    heavy = [
        session(
            100 + each,
            400_000,
            subject=plan(TaskType.DEBUGGING, libraries=("redis",)),
            project="two",
        )
        for each in range(30)
    ]
    mixed = [each for pair in zip(usual, heavy, strict=False) for each in pair]
    learned = learn(mixed)
    for key in (TYPE + "debugging", PROJECT + "two", LIBRARY + "redis"):
        assert learned.effect(key).shift > 0.1
        assert learned.effect(key).count == 30
    assert learned.effect(PROJECT + "one").shift < 0


def test_the_pace_is_the_user_s_own() -> None:
    learned = learn([session(each, 300_000, hours=3.0) for each in range(100)])
    assert exp(learned.prior.log_tokens_per_hour + learned.effect(PACE).shift) == pytest.approx(
        100_000, rel=0.05
    )


def test_phases_that_took_more_than_their_share() -> None:
    def past(number: int) -> PastSession:
        at_first = Range(10_000, 50_000, 90_000)
        phases = (
            PastPhase(task_type=TaskType.TESTING, tokens=90_000, estimated=at_first),
            PastPhase(task_type=TaskType.IMPLEMENTATION, tokens=50_000, estimated=at_first),
        )
        return session(number, 140_000, phases=phases, subject=plan())

    made = plan(TaskType.IMPLEMENTATION, TaskType.TESTING)
    before, after = estimate(made, learn([])), estimate(made, learn([past(each) for each in range(20)]))
    assert after.phases[1].share > before.phases[1].share
    assert sum(phase.share for phase in after.phases) == pytest.approx(1)


def test_one_outlier_moves_little() -> None:
    past = history(30)
    hit = [*past, session(30, 10**11, subject=plan())]
    assert estimate(plan(), learn(hit)).tokens.median < 1.3 * estimate(plan(), learn(past)).tokens.median


def test_ranges_hold_about_eighty_percent() -> None:
    record = learn(history(400, spread=0.9)).record
    assert 76 <= (history_of(record[50:]).coverage_pct or 0) <= 84


def test_what_the_person_saw_is_what_is_judged() -> None:
    seen = session(0, 100_000, estimated=Range(1, 2, 3), subject=plan())
    (judged,) = learn([seen]).record
    assert judged.was_shown
    found = history_of([judged])
    assert (found.sessions, found.shown, found.coverage_pct) == (1, 1, 0.0)
    assert found.median_error_pct == pytest.approx(100, abs=0.1)


def test_the_end_of_a_session() -> None:
    assert ended_at(session(0, 1)) == START + timedelta(hours=1)
    assert ended_at(session(0, 1, ended_at=START - timedelta(hours=1))) == START
    assert ended_at(session(0, 1, hours=1e300)) > START
