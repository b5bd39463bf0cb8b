"""A tracking and the estimator: what one says, the other keeps, updates and learns from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from quota_tui.core.estimating.estimate import estimate
from quota_tui.core.estimating.learn import learn
from quota_tui.core.estimating.subject import TaskType
from quota_tui.core.plans.parse import parse
from quota_tui.core.plans.subject import plan_subject
from quota_tui.core.tracking import steps
from quota_tui.core.tracking.estimates import (
    estimate_of,
    estimated_from,
    past_session,
    projected,
    subject_from,
)
from quota_tui.core.tracking.spent import SpanUse, Spent, with_spent
from quota_tui.core.tracking.state import Estimated, EstimatedPhase, Tracking

AT = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
TEXT = "# P\n## Phase 1: Old ✅\n## Phase 2: Server (1h)\n## Phase 3: Tests (1h)\n## Phase 4: Docs\n"
PLAN = parse(TEXT)
ESTIMATE = estimate(plan_subject(TEXT, PLAN), learn([]))


def begun() -> Tracking:
    return steps.begin(
        PLAN, AT, tracking_id="t1", plan_file="", project="/p", estimated=estimated_from(PLAN, ESTIMATE)
    )


def counted(tracking: Tracking, *tokens: int) -> Tracking:
    spans = [SpanUse(0, each, 1, 0.5, 1_800_000) for each in (*tokens, *[0] * len(tracking.spans))]
    return with_spent(tracking, Spent(tuple(spans[: len(tracking.spans)])), AT + timedelta(hours=1))


def test_the_open_phases_have_the_estimator_s_numbers() -> None:
    tracking = begun()
    assert [phase.estimate is None for phase in tracking.phases] == [True, False, False, False]
    assert [phase.estimate for phase in tracking.phases[1:]] == [
        round(each.tokens.median) for each in ESTIMATE.phases
    ]
    assert tracking.estimated.total == round(ESTIMATE.tokens.median)
    assert tracking.estimated.confidence == ESTIMATE.confidence.value
    assert tracking.current is not None
    assert tracking.current.name == "Server"


def test_the_projection_narrows_as_phases_are_done() -> None:
    tracking = begun()
    widths = []
    for tokens in ((), (30_000,), (30_000, 20_000), (30_000, 20_000, 10_000)):
        now = counted(tracking, *tokens)
        found = projected(now, ESTIMATE)
        assert found.low is not None
        assert found.high is not None
        assert found.total is not None
        assert now.total <= found.low <= found.total <= found.high
        assert set(found.phases) == {"p1", "p2", "p3", "p4"}
        widths.append(found.high - found.low)
        if tracking.current is not None and tokens != (30_000, 20_000, 10_000):
            tracking = steps.finish_phase(now, AT + timedelta(minutes=len(widths)))
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] == 0
    assert found.total == 60_000


def test_a_plan_that_was_stopped_halfway_teaches_what_was_done() -> None:
    assert past_session(begun()) is None
    tracking = counted(steps.finish_phase(begun(), AT + timedelta(minutes=30)), 30_000, 5_000)
    ended = counted(steps.stop(tracking, AT + timedelta(minutes=60)), 30_000, 5_000)
    subject = plan_subject(TEXT, PLAN, model="claude-opus-4-6")
    found = past_session(ended, subject_from(ended, subject), model="claude-sonnet-5")
    assert found is not None
    assert (found.tokens, found.hours, found.cost_usd) == (30_000, 0.5, pytest.approx(30 / 35))
    assert [(phase.name, phase.tokens) for phase in found.phases] == [("Server", 30_000)]
    assert found.task_type is TaskType.IMPLEMENTATION
    assert found.model == "claude-sonnet-5"
    assert found.estimated is None
    assert found.subject is not None
    assert [phase.done for phase in found.subject.phases] == [True, False, True, True]
    assert learn([found], AT + timedelta(days=1)).plan_sessions == 1
    bare = subject_from(ended)
    assert [(phase.name, phase.task_type.value) for phase in bare.phases] == [("Server", "implementation")]
    assert past_session(steps.stop(begun(), AT + timedelta(minutes=1))) is None


def test_a_plan_without_a_finished_phase_teaches_nothing() -> None:
    ended = counted(steps.stop(begun(), AT + timedelta(minutes=60)), 30_000)
    assert ended.total == 30_000
    assert past_session(ended) is None


def test_a_finished_plan_is_judged_by_its_estimate() -> None:
    tracking = begun()
    for minutes in (10, 20, 30):
        tracking = steps.finish_phase(tracking, AT + timedelta(minutes=minutes))
    ended = counted(steps.stop(tracking, AT + timedelta(minutes=40)), 30_000, 5_000, 1_000, 400)
    found = past_session(ended, plan_subject(TEXT, PLAN, model="claude-opus-4-6"))
    assert found is not None
    assert (found.tokens, found.hours, found.cost_usd) == (ended.total, ended.hours, ended.cost_usd)
    assert found.model == "claude-opus-4-6"
    assert found.estimated is not None
    assert found.estimated.holds(ESTIMATE.tokens.median)
    assert found.subject is not None
    assert [phase.done for phase in found.subject.phases] == [True, False, False, False]
    judged = learn([found], AT + timedelta(days=1)).record
    assert [(each.tokens, each.was_shown) for each in judged] == [(ended.total, True)]


def test_the_estimate_is_had_again_from_what_is_kept() -> None:
    found = estimate_of(begun().estimated)
    assert found is not None
    for again, was in zip((found, *found.phases), (ESTIMATE, *ESTIMATE.phases), strict=True):
        assert again.tokens.low == pytest.approx(was.tokens.low, rel=1e-3)
        assert again.tokens.median == pytest.approx(was.tokens.median, rel=1e-3)
        assert again.tokens.high == pytest.approx(was.tokens.high, rel=1e-3)
    assert sum(phase.share for phase in found.phases) == pytest.approx(1)


def test_without_a_range_there_is_no_estimate_to_update() -> None:
    one = EstimatedPhase(name="a", tokens=5)
    for known in (
        Estimated(),
        Estimated(total=5, phases=(one,)),
        Estimated(low=0, total=5, high=9, phases=(one,)),
        Estimated(low=6, total=5, high=9, phases=(one,)),
        Estimated(low=1, total=5, high=9),
        Estimated(low=1, total=5, high=9, phases=(EstimatedPhase(name="a", tokens=0),)),
    ):
        assert estimate_of(known) is None


def test_a_phase_estimated_at_nothing_is_in_nobody_s_place() -> None:
    kept = Estimated(
        low=50,
        total=100,
        high=200,
        phases=(EstimatedPhase(name="a", tokens=0), EstimatedPhase(name="b", tokens=100, low=50, high=200)),
    )
    plan = parse("## Phase 1: a\n## Phase 2: b\n")
    tracking = steps.begin(plan, AT, tracking_id="t", plan_file="", project="/p", estimated=kept)
    known = estimate_of(kept)
    assert known is not None
    found = projected(tracking, known)
    assert found.phases["p1"] == 0
    assert found.phases["p2"] == found.total == 100
