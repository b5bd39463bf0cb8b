from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given

from quota_tui.core.estimating.estimate import estimate
from quota_tui.core.estimating.learn import Judged, learn
from quota_tui.core.estimating.model import EstimationModel, changes, model_of
from quota_tui.core.estimating.predict import (
    WindowOutcome,
    best_session_size,
    chance_of_success,
    lasting_time,
    likely_overruns,
)
from quota_tui.core.estimating.ranges import Range
from quota_tui.core.estimating.subject import PastPhase, PastSession, TaskType
from tests.core.estimating.made import START, histories, history, plan, session


def judged(expected: float, tokens: int) -> Judged:
    return Judged(
        id="x", at=START, has_plan=True, expected=Range(expected / 2, expected, expected * 2), tokens=tokens
    )


def test_the_best_size_is_where_estimates_were_kept() -> None:
    small = [judged(40_000 + each, 40_000) for each in range(10)]
    large = [judged(size + each, 2 * size) for size in (200_000, 600_000) for each in range(10)]
    best = best_session_size(small + large)
    assert best is not None
    assert (best.low_tokens, best.high_tokens, best.sessions) == (40_000, 40_009, 10)
    assert (best.kept_pct, best.others_pct) == (100, 0)


def test_no_best_size_where_there_is_none() -> None:
    assert best_session_size([judged(1000 + each, 1000) for each in range(30)]) is None
    assert best_session_size([judged(1000, 10)] * 5) is None


def test_phases_that_overran_before_are_likely_to() -> None:
    at_first = Range(5, 10, 20)
    phases = (
        *(PastPhase(task_type=TaskType.DEBUGGING, tokens=30, estimated=at_first) for _ in range(8)),
        *(PastPhase(task_type=TaskType.TESTING, tokens=9, estimated=at_first) for _ in range(8)),
        PastPhase(task_type=TaskType.POLISH, tokens=99, estimated=None),
    )
    made = estimate(plan(TaskType.TESTING, TaskType.DEBUGGING, TaskType.POLISH), learn([]))
    (found,) = likely_overruns(made, [session(0, 1000, phases=phases)])
    assert (found.phase, found.task_type, found.seen) == (1, TaskType.DEBUGGING, 8)
    assert found.chance == pytest.approx(0.8)


def test_the_chance_of_success() -> None:
    made = estimate(plan(), learn([]))
    assert chance_of_success(made, Range(1e9, 1e9, 1e9), 1000.0) == pytest.approx(1, abs=0.01)
    assert chance_of_success(made, None, 1.0) is None


def windows(*hours_and_outcomes: tuple[int, bool, int]) -> list[WindowOutcome]:
    return [
        WindowOutcome(starts_at=datetime(2026, 3, 1 + day, hour, tzinfo=UTC), lasted=lasted)
        for hour, lasted, days in hours_and_outcomes
        for day in range(days)
    ]


def test_the_time_of_day_at_which_quota_lasts() -> None:
    seen = windows((6, True, 9), (14, False, 8), (14, True, 2))
    best = lasting_time(seen, UTC)
    assert best is not None
    assert (best.from_hour, best.to_hour, best.windows) == (4, 8, 9)
    assert (best.lasted_pct, best.others_pct) == (100, 20)
    abroad = lasting_time(seen, timezone(timedelta(hours=-8)))
    assert abroad is not None
    assert abroad.from_hour == 20


@pytest.mark.parametrize(
    "seen",
    [
        windows((6, True, 4)),
        windows((6, True, 20)),
        windows((6, False, 20)),
        windows((6, True, 10), (6, False, 10)),
        [],
    ],
)
def test_no_time_of_day_without_a_difference(seen: list[WindowOutcome]) -> None:
    assert lasting_time(seen, UTC) is None


@given(histories)
def test_any_history_makes_a_model_that_survives_json(past: list[PastSession]) -> None:
    model = model_of(learn(past))
    assert msgspec.json.decode(msgspec.json.encode(model), type=EstimationModel) == model
    assert model.sessions_analysed <= len(past)


def test_the_model_says_what_was_learned() -> None:
    past = history(60, middle=500_000, spread=0.2, subject=plan(TaskType.REFACTORING, libraries=("redis",)))
    model = model_of(learn(past))
    assert (model.version, model.sessions_analysed, model.plan_sessions) == (1, 60, 60)
    assert model.task_types["refactoring"].sessions == model.libraries["redis"].sessions == 60
    assert model.user_profile.level_factor > 1.5
    assert 70 <= (model.coverage_pct or 0) <= 100
    assert model.median_error_pct is not None
    assert model.median_error_pct < 30


def test_recommendations_come_from_the_record() -> None:
    bare = model_of(learn([]))
    assert [each for each in bare.recommendations if "plan file" in each]
    bad = [session(each, 100_000, estimated=Range(1, 2, 3), subject=plan()) for each in range(25)]
    assert any("held 0 % instead of 80 %" in each for each in model_of(learn(bad)).recommendations)
    slow = [
        session(
            each,
            130_000,
            subject=plan(),
            phases=(
                PastPhase(task_type=TaskType.TESTING, tokens=90_000, estimated=Range(1, 40_000, 50_000)),
                PastPhase(task_type=TaskType.POLISH, tokens=40_000, estimated=Range(1, 40_000, 50_000)),
            ),
        )
        for each in range(30)
    ]
    assert any("for testing phases (30 seen)" in each for each in model_of(learn(slow)).recommendations)


def test_what_a_session_changed() -> None:
    past = history(10)
    before, after = learn(past), learn([*past, session(10, 2_000_000, subject=plan(TaskType.DEBUGGING))])
    moved = {each.what: (each.before, each.after) for each in changes(before, after)}
    assert moved["tokens, with a plan"][1] > moved["tokens, with a plan"][0]
    assert moved["task type debugging"][0] == 1.0 < moved["task type debugging"][1]
    assert changes(after, after) == ()
