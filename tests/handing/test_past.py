"""What estimating learns from: each session once, as what it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quota_tui.core.estimating.subject import PastSession
from quota_tui.handing.past import SUBJECT, past
from quota_tui.monitor.monitor import Monitor
from tests.conftest import NOW
from tests.handing.desk import Desk, at
from tests.monitor.rig import monitor


@pytest.fixture
def desk(home: Path) -> Desk:
    return Desk(home)


@contextmanager
def looking(minutes: float) -> Iterator[Monitor]:
    with monitor(at(minutes)) as one:
        one.collect(at(minutes), rescan=True, alerts=False)
        yield one


def seen(minutes: float, since: datetime | None = None) -> dict[str, PastSession]:
    with looking(minutes) as one:
        stores = one.stores
        found = past(stores.history, stores.journal, one.claude_dirs, at(minutes), since)
    assert [each.at for each in found] == sorted(each.at for each in found)
    return {each.id: each for each in found}


def follow(desk: Desk, first: float, *ends: float, stop: float) -> str:
    """Track the plan from `first` on; the id."""
    before = {path.stem for path in tracked_files(desk)}
    desk.track(first, "start", str(desk.plan))
    for end in ends:
        desk.track(end, "phase", "done")
    desk.track(stop, "stop")
    (made,) = {path.stem for path in tracked_files(desk)} - before
    return made


def tracked_files(desk: Desk) -> list[Path]:
    return list((desk.home / ".claude" / "session-tracking").glob("*.json"))


def test_a_session_without_a_plan(desk: Desk) -> None:
    desk.session(-300, 8_000, "old")
    desk.call(-290, 4_000, "old", agent="x")
    (one,) = seen(0).values()
    assert (one.id, one.tokens, one.project) == ("old", 12_000, str(desk.project.resolve()))
    assert (one.subject, one.phases, one.task_type, one.estimated) == (None, (), None, None)
    assert one.hours == pytest.approx(0.25)
    assert one.ended_at == at(-285)
    assert "sonnet" in one.model


def test_a_session_that_goes_on_is_not_past(desk: Desk) -> None:
    desk.session(-40, 8_000, "running")
    assert seen(0) == {}
    assert list(seen(6)) == ["running"]


def test_a_clock_that_went_back_shows_nothing_from_later(desk: Desk) -> None:
    desk.session(-300, 8_000, "old")
    desk.session(300, 8_000, "later")
    assert list(seen(0)) == ["old"]


def test_what_a_plan_took_counts_once(desk: Desk) -> None:
    desk.session(5, 9_000, "in-it")
    desk.session(30, 6_000, "too")
    desk.session(10, 5_000, "beside-it")
    plan = follow(desk, 0, 25, 60, 65, stop=70)
    found = seen(200)
    assert list(found) == [plan]
    one = found[plan]
    assert one.tokens == 20_000
    assert [(phase.name, phase.tokens) for phase in one.phases] == [("Server", 12_750), ("Client", 7_250)]
    assert one.subject is not None
    assert [phase.name for phase in one.subject.phases] == ["Server", "Client", "Tests"]
    assert [phase.done for phase in one.subject.phases] == [False, False, False]
    assert one.estimated is not None
    assert "sonnet" in one.model
    assert sum(each.tokens for each in found.values()) == desk.between(0, 100)


def test_a_parallel_session_elsewhere_is_one_by_itself(desk: Desk) -> None:
    web = Desk(desk.home, "web")
    desk.session(5, 9_000, "in-it")
    web.session(5, 7_000, "web")
    plan = follow(desk, 0, 30, 31, 32, stop=33)
    found = seen(200)
    assert {key: each.tokens for key, each in found.items()} == {plan: 9_000, "web": 7_000}


def test_work_in_a_folder_without_version_control_counts_once(desk: Desk) -> None:
    (desk.project / ".git").rmdir()
    (desk.project / "src").mkdir()
    for minutes in (5, 10):
        desk.call(minutes, 1_000, "deep", folder=desk.project / "src")
    plan = follow(desk, 0, 20, 21, 22, stop=23)
    assert {key: each.tokens for key, each in seen(200).items()} == {plan: 2_000}


def test_a_long_session_is_divided_at_the_plan_s_beginning(desk: Desk) -> None:
    """Most of it was before: what is left of it is a session, and the plan is one."""
    for minutes in range(-120, 0, 10):
        desk.call(minutes, 1_000, "long")
    desk.call(10, 3_000, "long")
    plan = follow(desk, 0, 20, 21, 22, stop=23)
    found = seen(200)
    assert {key: each.tokens for key, each in found.items()} == {"long": 12_000, plan: 3_000}
    assert found["long"].ended_at == at(-10)
    assert found["long"].hours == pytest.approx(110 / 60)


def test_what_little_came_before_a_plan_is_no_session(desk: Desk) -> None:
    desk.call(-20, 500, "long")
    desk.call(10, 3_000, "long")
    plan = follow(desk, 0, 20, 21, 22, stop=23)
    assert {key: each.tokens for key, each in seen(200).items()} == {plan: 3_000}


def test_a_pause_is_not_the_plan_s(desk: Desk) -> None:
    desk.track(0, "start", str(desk.plan))
    desk.session(2, 4_000, "first")
    desk.track(30, "pause")
    desk.session(60, 9_000, "other-work")
    desk.track(120, "resume")
    desk.session(125, 4_000, "second")
    for minutes in (150, 151, 152):
        desk.track(minutes, "phase", "done")
    desk.track(153, "stop")
    (plan,) = (path.stem for path in tracked_files(desk))
    assert {key: each.tokens for key, each in seen(400).items()} == {plan: 8_000, "other-work": 9_000}


def test_a_plan_in_work_teaches_when_it_has_ended(desk: Desk) -> None:
    desk.track(0, "start", str(desk.plan))
    desk.session(2, 4_000, "first")
    assert seen(300) == {}, "neither as a plan nor as a session without one"
    desk.track(300, "phase", "done")
    desk.track(301, "stop")
    (one,) = seen(400).values()
    assert (one.tokens, one.estimated) == (4_000, None)
    assert one.subject is not None
    assert [phase.done for phase in one.subject.phases] == [False, True, True]


def test_a_plan_of_which_nothing_was_finished_leaves_its_sessions(desk: Desk) -> None:
    desk.session(2, 4_000, "first")
    follow(desk, 0, stop=30)
    assert {key: each.tokens for key, each in seen(200).items()} == {"first": 4_000}


def test_only_what_began_afterwards(desk: Desk) -> None:
    desk.session(-300, 4_000, "before")
    desk.session(-50, 4_000, "straddling")
    desk.call(50, 4_000, "straddling")
    desk.session(60, 4_000, "in-plan")
    desk.session(300, 4_000, "after")
    follow(desk, -10, 90, 91, 92, stop=93)
    assert list(seen(500, NOW)) == ["after"], "the plan began before, and so did what belongs to it"


def test_a_plan_is_learned_from_as_it_was_estimated(desk: Desk) -> None:
    """Its file is used for the next plan, or is gone, by the time it has ended."""
    desk.session(2, 4_000, "work")
    plan = follow(desk, 0, 30, 31, 32, stop=33)
    was = seen(200)[plan].subject
    assert was is not None
    assert (was.title, was.phases[0].steps, was.phases[0].files_named) == ("Live view", 2, 1)
    desk.plan.write_text("# The next one\n## Phase 1: a\n" + "- [ ] `x.py`\n" * 50)
    assert seen(201)[plan].subject == was
    desk.plan.unlink()
    assert seen(202)[plan].subject == was


@pytest.mark.parametrize("value", [b"", b"\xc1 no msgpack", b"\x80\x81"])
def test_a_damaged_memory_of_a_plan_leaves_names_and_kinds(desk: Desk, value: bytes) -> None:
    desk.session(2, 4_000, "work")
    plan = follow(desk, 0, 30, 31, 32, stop=33)
    with looking(100) as one:
        one.stores.journal.learn(SUBJECT + plan, value, at(100))
    found = seen(200)[plan].subject
    assert found is not None
    assert [phase.name for phase in found.phases] == ["Server", "Client", "Tests"]
    assert [phase.steps for phase in found.phases] == [0, 0, 0]


def test_damaged_trackings_are_passed_over(desk: Desk) -> None:
    desk.session(2, 4_000, "work")
    plan = follow(desk, 0, 30, 31, 32, stop=33)
    folder = desk.home / ".claude" / "session-tracking"
    (folder / "broken.json").write_bytes(b"{")
    (folder / "other.json").write_text("[]")
    assert list(seen(200)) == [plan]
    (folder / f"{plan}.json").write_bytes(b"{")
    assert list(seen(201)) == ["work"]


def test_times_are_instants(desk: Desk) -> None:
    desk.session(-300, 4_000, "old")
    (one,) = seen(0).values()
    assert one.at.tzinfo is UTC
    assert list(seen(0, at(-300))) == ["old"]
    assert list(seen(0, at(-299.9))) == []
