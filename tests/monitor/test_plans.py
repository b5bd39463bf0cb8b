"""The tracked plan in the Snapshot: counted from transcripts, over restarts, and free at rest."""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from quota_tui.core.snapshot import PhasesState, Snapshot
from quota_tui.handing.open_work import open_work
from quota_tui.handing.tracker import Tracker
from quota_tui.monitor.monitor import Monitor
from quota_tui.sources import plan_file
from quota_tui.store.tracking import TrackingError
from tests.conftest import NOW
from tests.lines import append, line, write_transcript
from tests.monitor.rig import monitor

PLAN = "# My plan\n\n## Phase 1: Server (1h, 20k)\n- [ ] a\n## Phase 2: Client (1h, 10k)\n## Phase 3: Docs (5k)\n"


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


@pytest.fixture
def project(home: Path) -> Path:
    folder = home / "api"
    (folder / ".git").mkdir(parents=True)
    (folder / "PLAN.md").write_text(PLAN)
    return folder


class Work:
    """A transcript that grows."""

    def __init__(self, home: Path, project: Path, name: str = "s1", folder: str = "-home-api") -> None:
        self.path = write_transcript(home, [], f"{folder}/{name}.jsonl")
        self._cwd = str(project)
        self._name = name
        self._count = 0

    def call(self, minutes: float, tokens: int, **more: object) -> None:
        self._count += 1
        name = f"{self._name}-{self._count}"
        text = line(
            name, name, at=at(minutes), tokens=(tokens, 0, 0, 9), cwd=self._cwd, session=self._name, **more
        )
        append(self.path, text + "\n")


def snap(one: Monitor, minutes: float) -> Snapshot:
    return one.collect(at(minutes), rescan=True)


def actual(state: PhasesState) -> list[int]:
    return [phase.actual_tokens for phase in state.phases]


def test_no_plan_is_nothing(home: Path) -> None:
    with monitor() as one:
        assert snap(one, 0).phases == PhasesState()


def test_the_tokens_of_the_project_in_the_span_and_no_others(home: Path, project: Path) -> None:
    work = Work(home, project)
    inside = Work(home, project / "src", "s2", "-home-api-src")
    sub = Work(home, project, "agent-1", "-home-api/s1/subagents")
    other = Work(home, home / "other", "s3", "-home-other")
    work.call(-1, 1)
    with monitor() as one:
        Tracker(one, str(project)).start(str(project / "PLAN.md"), at(0))
        work.call(1, 1_000)
        inside.call(2, 2_000)
        sub.call(3, 4_000, side=True)
        other.call(4, 8_000)
        state = snap(one, 5).phases
        assert (state.state, state.title, state.current, actual(state)) == (
            "active",
            "My plan",
            0,
            [7_000, 0, 0],
        )
        assert state.tokens_per_min_now == 1_400
        assert (state.estimated_tokens, state.projected_tokens) == (35_000, 35_000)
        Tracker(one, str(project)).phase_done(at(6), "p1")
        work.call(7, 500)
        assert actual(snap(one, 8).phases) == [7_000, 500, 0]
    with monitor() as again:
        work.call(9, 500)
        assert actual(snap(again, 10).phases) == [7_000, 1_000, 0], "a restart forgets nothing"


def test_what_happened_while_nothing_ran_is_counted_and_a_pause_is_not(home: Path, project: Path) -> None:
    work = Work(home, project)
    with monitor() as one:
        Tracker(one, str(project)).start(str(project / "PLAN.md"), at(0))
    work.call(10, 1_000)
    with monitor() as one:
        one.collect(at(15))
        Tracker(one, str(project)).pause(at(15))
    work.call(20, 10_000)
    with monitor() as one:
        assert snap(one, 25).phases.state == "paused"
        Tracker(one, str(project)).resume(at(30))
        work.call(6 * 60, 100)
        assert actual(snap(one, 6 * 60 + 1).phases) == [1_100, 0, 0], "also over two windows"


def test_two_windows_see_the_same(home: Path, project: Path) -> None:
    work = Work(home, project)
    with monitor() as one, monitor() as two:
        Tracker(one, str(project)).start(str(project / "PLAN.md"), at(0))
        for step in range(1, 6):
            work.call(step, 100 * step)
            assert snap(one, step + 0.5).phases == snap(two, step + 0.5).phases
        Tracker(two, str(project)).phase_done(at(7), "p1")
        with pytest.raises(TrackingError, match="Client is in work by now"):
            Tracker(one, str(project)).phase_done(at(7), "p1")
        assert snap(one, 8).phases == snap(two, 8).phases
        assert actual(snap(one, 8).phases) == [1_500, 0, 0]


def test_a_call_that_is_read_late_is_counted(home: Path, project: Path) -> None:
    work, late = Work(home, project), Work(home, project, "s9")
    with monitor() as one:
        Tracker(one, str(project)).start(str(project / "PLAN.md"), at(0))
        work.call(1, 1_000)
        snap(one, 30)
        Tracker(one, str(project)).phase_done(at(31), "p1")
        work.call(40, 10)
        assert actual(snap(one, 60).phases) == [1_000, 10, 0]
        late.call(2, 5_000)
        late.call(35, 3)
        assert actual(snap(one, 61).phases) == [6_000, 13, 0]


def test_the_plan_file_is_followed_and_may_vanish(home: Path, project: Path) -> None:
    plan = project / "PLAN.md"
    with monitor() as one:
        Tracker(one, str(project)).start(str(plan), at(0))
        plan.write_text(PLAN.replace("[ ] a", "[x] a").replace("Docs", "Documents") + "## Phase 4: More\n")
        state = snap(one, 1).phases
        assert [phase.name for phase in state.phases] == ["Server", "Client", "Documents", "More"]
        assert state.proposal is not None
        assert (state.proposal.name, state.phases[0].boxes_done) == ("Server", 1)
        Tracker(one, str(project)).dismiss(at(2))
        assert snap(one, 3).phases.proposal is None
        plan.unlink()
        gone = snap(one, 4)
        assert len(gone.phases.phases) == 4
        assert "PLAN.md cannot be read" in gone.phases.notices[0]
        loaded = Tracker(one, str(project)).phase_done(at(5))
        assert loaded.tracking.current is not None
        assert loaded.tracking.current.name == "Client"


def test_at_rest_no_file_is_read_and_one_query_asked(
    home: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Work(home, project)
    work.call(-3, 5)
    with monitor() as one:
        Tracker(one, str(project)).start(str(project / "PLAN.md"), at(0))
        work.call(1, 100)
        snap(one, 2)
        assert one.plans is not None
        # The folder has not changed for a while.
        os.utime(one.plans.trackings.folder, ns=(10**9, 10**9))
        snap(one, 3)
        monkeypatch.setattr("quota_tui.store.files.read_if_there", lambda path: pytest.fail(f"{path} read"))
        monkeypatch.setattr(plan_file, "parse", lambda _: pytest.fail("parsed again"))
        monkeypatch.setattr(one.plans.trackings, "heads", lambda: pytest.fail("looked through"))
        asked: list[str] = []
        one.stores.history.db.set_trace_callback(asked.append)
        state = one.plans.state(at(4))
        one.stores.history.db.set_trace_callback(None)
        assert actual(state) == [100, 0, 0]
        assert len([each for each in asked if "FROM calls" in each]) == 1
        assert len(asked) == 2, "the other asks for new names"


def test_damage_is_one_clear_line(home: Path, project: Path) -> None:
    with monitor() as one:
        begun = Tracker(one, str(project)).start(str(project / "PLAN.md"), at(0))
        assert one.plans is not None
        path = one.plans.trackings.path(begun.tracking.id)
        good = path.read_bytes()
        path.write_bytes(b"{")
        (path.parent / "other.json").write_bytes(
            good.replace(b'"spans"', b'"spans_"').replace(b'"total"', b'"total":"x","t"')
        )
        found = snap(one, 1)
        assert found.phases.state == "active"
        assert [notice for notice in found.sources.notices if str(path) in notice]
        (path.parent / "other.json").unlink()
        lost = snap(one, 2)
        assert lost.phases.state == "none"
        assert f"{path} is no tracking that can be read" in lost.phases.notices[0]
        path.write_bytes(good)
        assert snap(one, 3).phases.state == "active"


def test_of_two_projects_the_one_in_work_is_shown(home: Path, project: Path) -> None:
    second = home / "web"
    (second / ".git").mkdir(parents=True)
    (second / "PLAN.md").write_text(PLAN.replace("My plan", "Web"))
    work, other = Work(home, project), Work(home, second, "s7", "-home-web")
    with monitor() as one:
        Tracker(one, str(project)).start(str(project / "PLAN.md"), at(0))
        Tracker(one, str(second)).start(str(second / "PLAN.md"), at(1))
        work.call(2, 10)
        assert snap(one, 3).phases.title == "My plan"
        other.call(4, 10)
        assert snap(one, 5).phases.title == "Web"


def test_what_is_open_goes_into_a_handoff(home: Path, project: Path) -> None:
    claude = home / ".claude"
    assert open_work(claude, str(project)) == ((), "")
    with monitor() as one:
        Tracker(one, str(project)).start(str(project / "PLAN.md"), at(0))
        Tracker(one, str(project)).phase_done(at(9))
    phases, plan = open_work(claude, str(project / "src"))
    assert [(phase.name, phase.tokens) for phase in phases] == [("Client", 10_000), ("Docs", 5_000)]
    assert plan == str(project / "PLAN.md")


def test_a_session_that_ends_leaves_a_report(home: Path, project: Path) -> None:
    work = Work(home, project)
    with monitor() as one:
        tracker = Tracker(one, str(project))
        assert tracker.session_ended("c1", at(0)) is None
        tracker.start(str(project / "PLAN.md"), at(0), claude_session="c1")
        work.call(1, 1_234)
        snap(one, 2)
        assert tracker.session_ended("c2", at(2)) is None
        report = tracker.session_ended("c1", at(2))
        assert report is not None
        assert "tokens: 1234" in report.read_text()
        assert tracker.state(at(3)).state == "active"
        for _ in range(3):
            tracker.phase_done(at(4))
        assert tracker.session_ended("c1", at(5)) == report
        assert "status: completed" in report.read_text()
        with pytest.raises(TrackingError, match="no plan is tracked"):
            tracker.state(at(6))


def test_the_status_json_holds_it_all(home: Path, project: Path) -> None:
    import msgspec

    with monitor() as one:
        Tracker(one, str(project)).start(str(project / "PLAN.md"), at(0))
        whole = json.loads(msgspec.json.encode(snap(one, 1)))
    assert whole["phases"]["phases"][0]["estimate_tokens"] == 20_000
    assert whole["phases"]["current"] == 0


def test_no_plan_costs_no_import(home: Path) -> None:
    import subprocess

    code = (
        "import sys; from datetime import UTC, datetime\n"
        "from quota_tui.config import Settings\nfrom quota_tui.monitor.monitor import Monitor\n"
        "from quota_tui.store.paths import claude_config_dirs, our_paths\nnow = datetime.now(UTC)\n"
        "Monitor(Settings(), our_paths(), claude_config_dirs(), now).collect(now)\n"
        "print(*[n for n in sys.modules if 'plans.' in n and 'core' in n or n in ('difflib', 'quota_tui.sources.edits')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
