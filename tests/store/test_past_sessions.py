"""Past sessions in numbers: against every single call, whatever quarter of an hour it fell into."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.usage import UsageRecord
from quota_tui.store.history import History
from quota_tui.store.past_sessions import PAUSE_MS, SessionRow, past_sessions

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LONG_AGO = AT - timedelta(days=400)
_NUMBERS = count()


def at(minutes: float) -> datetime:
    return AT + timedelta(minutes=minutes)


def call(
    minutes: float,
    tokens: int = 100,
    session: str = "s1",
    project: str = "/home/dev/api",
    model: str = "sonnet",
    **more: object,
) -> UsageRecord:
    name = f"m{next(_NUMBERS)}"
    return UsageRecord(
        message_id=name,
        request_id=name,
        at_ms=round(at(minutes).timestamp() * 1000),
        session_id=session,
        project=project,
        model=model,
        input_tokens=tokens,
        cost_usd=tokens / 1e6,
        cache_read_tokens=10**6,
        **more,
    )  # type: ignore[arg-type]


@pytest.fixture
def history() -> Iterator[History]:
    made = History(None)
    yield made
    made.close()


def rows(history: History, since: datetime = LONG_AGO) -> tuple[SessionRow, ...]:
    return past_sessions(history, since).sessions


def test_tokens_are_input_output_and_cache_writes_of_subagents_too(history: History) -> None:
    history.merge(
        [
            call(0, 10, output_tokens=20, cache_write_5m_tokens=30, cache_write_1h_tokens=40),
            call(5, 1_000, is_sidechain=True, agent_id="a1", model="haiku"),
            call(6, 7, session="s2", project="/home/dev/web"),
        ]
    )
    first, second = rows(history)
    assert (first.id, first.tokens, first.project, first.model) == ("s1", 1_100, "/home/dev/api", "haiku")
    assert first.cost_usd == pytest.approx(1_010 / 1e6)
    assert (first.first_at, first.last_at) == (at(0), at(5))
    assert (second.id, second.tokens, second.hours) == ("s2", 7, 0.0)


@pytest.mark.parametrize(
    ("minutes", "hours"),
    [
        ((0, 10, 20), 20 / 60),
        ((14.9, 15.1, 29.9, 30.1), 15.2 / 60),
        ((0, 15), 15 / 60),
        ((0, 15.01), 0.0),
        ((0, 14, 60, 70), 24 / 60),
        ((14.9, 30.1), 0.0),
        ((0,), 0.0),
    ],
)
def test_working_time_is_without_pauses(history: History, minutes: tuple[float, ...], hours: float) -> None:
    history.merge(call(each) for each in minutes)
    (row,) = rows(history)
    assert row.hours == pytest.approx(hours)


def test_work_of_main_thread_and_subagents_at_once_is_one_time(history: History) -> None:
    history.merge([call(each, model="opus") for each in (0, 10)])
    history.merge([call(each, model="haiku", is_sidechain=True) for each in (5, 12, 20)])
    history.merge([call(13, project="/home/dev/web")])
    (row,) = rows(history)
    assert row.hours == pytest.approx(20 / 60)


def test_the_hour_that_comes_twice_is_two_hours(history: History) -> None:
    """Berlin's clocks go back at 01:00 UTC on 25 October; instants know nothing of it."""
    night = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    history.merge(call((night - AT).total_seconds() / 60 + 10 * step) for step in range(19))
    (row,) = rows(history)
    assert row.hours == pytest.approx(3.0)


@pytest.mark.parametrize("start", [0, 3, 14.99])
def test_only_whole_sessions_count(history: History, start: float) -> None:
    """Of one that began before the instant nothing is counted, not what it did afterwards either."""
    history.merge(
        [call(start - 1, 5, "before"), call(start + 20, 5, "before"), call(start + 400, 5, "before")]
    )
    history.merge([call(start, 7, "from"), call(start + 20, 7, "from")])
    assert [(row.id, row.tokens) for row in rows(history, at(start))] == [("from", 14)]
    assert len(rows(history)) == 2


def test_a_session_long_paused_is_whole_or_not_there(history: History) -> None:
    history.merge([call(0, 5), call(60 * 24 * 90, 6)])
    assert [row.tokens for row in rows(history)] == [11]
    assert rows(history, at(60)) == ()


def test_sessions_come_in_the_order_of_their_beginning(history: History) -> None:
    history.merge(
        [call(30, session="a"), call(10, session="b"), call(40, session="b"), call(20, session="c")]
    )
    assert [row.id for row in rows(history)] == ["b", "c", "a"]


def test_a_folder_of_a_working_copy_belongs_to_it(history: History, tmp_path: Path) -> None:
    (tmp_path / "api" / ".git").mkdir(parents=True)
    (tmp_path / "api" / "src").mkdir()
    history.merge(
        [call(0, 4, project=str(tmp_path / "api")), call(1, 3, project=str(tmp_path / "api" / "src"))]
    )
    history.merge([call(2, 5, project="/home/dev/web")])
    (row,) = rows(history)
    assert row.project == str((tmp_path / "api").resolve())
    assert row.tokens == 12


def test_a_folder_that_is_none_stays_as_it_is(history: History) -> None:
    history.merge([call(0, project="")])
    assert [row.project for row in rows(history)] == [""]


def test_calls_with_an_owner_are_in_no_session(history: History) -> None:
    def owner(folder: str, at_ms: int) -> str:
        is_later = at_ms >= at(60).timestamp() * 1000
        return "plan-1" if folder == "/home/dev/api" and is_later else ""

    history.merge([call(0, 600, "long"), call(70, 400, "long", model="opus"), call(80, 100, "inside")])
    history.merge([call(70, 50, "elsewhere", project="/home/dev/web")])
    history.merge([call(0, 400, "mostly-plan"), call(70, 600, "mostly-plan")])
    found = past_sessions(history, LONG_AGO, owner)
    assert [(row.id, row.tokens, row.hours) for row in found.sessions] == [
        ("long", 600, 0.0),
        ("elsewhere", 50, 0.0),
    ]
    assert found.models == {"plan-1": "sonnet"}


@given(st.integers(0, 10**6))
def test_the_sums_say_what_the_calls_say(seed: int) -> None:
    dice = random.Random(seed)
    calls = [
        call(
            dice.choice([dice.uniform(0, 300), 15 * dice.randrange(20)]),
            dice.randrange(1_000),
            dice.choice("abc"),
            dice.choice(["/p", "/q"]),
            dice.choice(["m", "n"]),
        )
        for _ in range(dice.randrange(30))
    ]
    history = History(None)
    history.merge(calls)
    found = rows(history)
    assert {row.id for row in found} == {each.session_id for each in calls}
    for row in found:
        own = sorted((each for each in calls if each.session_id == row.id), key=lambda each: each.at_ms)
        gaps = [after.at_ms - before.at_ms for before, after in pairwise(own)]
        assert row.tokens == sum(each.input_tokens for each in own)
        assert row.cost_usd == pytest.approx(sum(each.cost_usd for each in own))
        assert row.hours == pytest.approx(sum(gap for gap in gaps if gap <= PAUSE_MS) / 3_600_000)
        assert row.first_at.timestamp() * 1000 == pytest.approx(own[0].at_ms)
        assert row.last_at.timestamp() * 1000 == pytest.approx(own[-1].at_ms)
    history.close()
