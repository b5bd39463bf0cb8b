"""A tracking and the estimator: what one says, the other keeps, updates and learns from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from quota_tui.core.estimating.estimate import estimate
from quota_tui.core.estimating.learn import learn
from quota_tui.core.estimating.subject import TaskType
from quota_tui.core.plans.parse import parse
from quota_tui.core.plans.subject import plan_subject
from quota_tui.core.tracking import steps
from quota_tui.core.tracking.estimates import estimated_from, past_session, projected
from quota_tui.core.tracking.spent import SpanUse, Spent, with_spent
from quota_tui.core.tracking.state import Tracking

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


def test_what_an_ended_plan_teaches() -> None:
    assert past_session(begun()) is None
    tracking = counted(steps.finish_phase(begun(), AT + timedelta(minutes=30)), 30_000, 5_000)
    ended = counted(steps.stop(tracking, AT + timedelta(minutes=60)), 30_000, 5_000)
    found = past_session(ended, model="claude-sonnet-5")
    assert found is not None
    assert (found.tokens, found.hours, found.cost_usd) == (35_000, 1.0, 1.0)
    assert [(phase.name, phase.tokens) for phase in found.phases] == [("Server", 30_000)]
    assert found.task_type is TaskType.IMPLEMENTATION
    assert found.estimated is not None
    assert found.estimated.low <= found.estimated.median <= found.estimated.high
    assert learn([found], AT + timedelta(days=1)) is not None
    assert past_session(steps.stop(begun(), AT + timedelta(minutes=1))) is None
