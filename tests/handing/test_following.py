"""What the dashboard asks: estimate, follow, read what came of it, for the project that is worked on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from quota_tui.core.words import tokens
from quota_tui.handing.following import Following
from quota_tui.monitor.monitor import Monitor
from quota_tui.sources.plan_file import PlanFileError
from quota_tui.store.session_reports import ReportError
from quota_tui.store.tracking import TrackingError
from tests.conftest import NOW
from tests.handing.desk import Desk, at
from tests.monitor.rig import monitor, tell


class Clock:
    """Minutes after NOW."""

    def __init__(self) -> None:
        self.minutes = 0.0

    def __call__(self) -> datetime:
        return at(self.minutes)


@pytest.fixture
def desk(home: Path) -> Desk:
    made = Desk(home)
    made.past(6)
    made.call(-10, 1_000, "today")
    return made


@pytest.fixture
def one(desk: Desk) -> Iterator[Monitor]:
    with monitor() as made:
        yield made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def following(one: Monitor, clock: Clock) -> Following:
    return Following(one, clock)


def look(one: Monitor, clock: Clock) -> list[int]:
    found = one.collect(clock(), rescan=True, alerts=False).phases
    return [phase.actual_tokens for phase in found.phases]


def test_a_plan_from_estimate_to_report(one: Monitor, clock: Clock, following: Following, desk: Desk) -> None:
    (path,) = following.plans()
    assert path == str(desk.plan.resolve())
    shown = following.estimate(path)
    assert shown.history.sessions == 6
    assert following.save(path).startswith("kept: ")
    total = shown.total.median_tokens
    assert following.start(path) == f"tracking 3 phases, ≈{tokens(total)} tokens"
    clock.minutes = 5
    desk.call(3, 6_000)
    assert look(one, clock) == [6_000, 0, 0]
    following.note("it was easy")
    ended = following.phase_done("p1")
    assert ended is not None
    assert (ended.name, ended.actual_tokens) == ("Server", 6_000)
    with pytest.raises(TrackingError, match="in work by now"):
        following.phase_done("p1")
    following.why("easier")
    clock.minutes = 10
    following.pause()
    desk.call(11, 90_000)
    clock.minutes = 12
    following.resume()
    following.phase_start(1)
    following.phase_start(2)
    following.dismiss()
    desk.call(13, 2_000)
    clock.minutes = 14
    assert look(one, clock) == [6_000, 2_000, 0]
    velocity = following.velocity()
    assert velocity is not None
    report_id = following.stop()
    assert [head.id for head in following.reports()] == [report_id]
    text = following.report(report_id)
    assert "tokens: 8000" in text
    assert "it was easy" in text
    assert "easier than it looked" in text
    assert following.velocity() is None


def test_what_was_shown_is_what_is_kept(clock: Clock, following: Following, desk: Desk) -> None:
    path = str(desk.plan)
    shown = following.estimate(path).total.median_tokens
    for day in range(5):
        desk.session(10 + 60 * day, 3_000_000, f"huge-{day}")
    clock.minutes = 600
    following.save(path)
    assert following.start(path) == f"tracking 3 phases, ≈{tokens(shown)} tokens"


def test_of_a_file_that_changed_meanwhile_a_new_one_is_kept(
    one: Monitor, clock: Clock, following: Following, desk: Desk
) -> None:
    path = str(desk.plan)
    following.estimate(path)
    desk.plan.write_text("# Other\n## Phase 1: a\n## Phase 2: b\n")
    following.save(path)
    assert following.start(path).startswith("tracking 2 phases, ≈")
    assert look(one, clock) == [0, 0]


def test_it_is_the_project_of_the_plan_in_work(clock: Clock, following: Following, desk: Desk) -> None:
    web = Desk(desk.home, "web")
    web.call(-5, 1_000, "w1")
    assert following.plans() == (str(web.plan.resolve()),), "the last session's"
    desk.track(0, "start", str(desk.plan))
    clock.minutes = 1
    assert following.plans() == (str(desk.plan.resolve()),)
    with pytest.raises(TrackingError, match="Live view"):
        following.start(str(web.plan))


def test_paths_may_begin_at_home(following: Following, monkeypatch: pytest.MonkeyPatch, desk: Desk) -> None:
    monkeypatch.setenv("USERPROFILE", str(desk.home))
    assert following.estimate("~/api/PLAN.md").total.name == "Live view"


def test_what_is_not_possible_is_one_sentence(following: Following, desk: Desk) -> None:
    with pytest.raises(PlanFileError, match="cannot be read"):
        following.estimate(str(desk.home / "none.md"))
    with pytest.raises(PlanFileError, match="cannot be read"):
        following.save("a\0b")
    for step in (following.stop, following.pause, following.dismiss, following.phase_done):
        with pytest.raises(TrackingError, match="no plan is tracked"):
            step()
    with pytest.raises(ReportError, match="there is no report"):
        following.report("none")
    assert following.reports() == ()


def test_at_rest_a_look_reads_nothing_new(
    one: Monitor, clock: Clock, following: Following, desk: Desk
) -> None:
    tell(30.0, at(-1))
    following.start(str(desk.plan))
    desk.call(1, 500)
    clock.minutes = 2
    assert look(one, clock) == look(one, clock) == [500, 0, 0]
    assert clock() > NOW
