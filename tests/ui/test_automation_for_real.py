"""Arranging on a real home: journal, handoffs and the dashboard's own scheduler, from the key to the job."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot

from quota_tui.automation.schedulers.base import SchedulerError
from quota_tui.automation.schedulers.dashboard import Dashboard
from quota_tui.cli.dashboard import LiveMonitor
from quota_tui.config import Settings
from quota_tui.core.handoff import Handoff, Objective
from quota_tui.core.jobs.job import Job, JobState
from quota_tui.core.planform import Spot
from quota_tui.handing.tending import Tending
from quota_tui.store.handoffs import Handoffs
from quota_tui.store.jobs import Jobs
from quota_tui.store.journal import Journal
from quota_tui.store.paths import claude_config_dirs, our_paths
from quota_tui.ui.app import QuotaApp
from quota_tui.ui.automation.ask_time import AskTime
from quota_tui.ui.automation.screen import AutomationScreen
from quota_tui.ui.plan.asks import Ask
from quota_tui.ui.plan.reading import ReadScreen
from tests.automation import client_stand_in
from tests.automation.world_rig import REPO, end_clients, starts
from tests.conftest import NOW
from tests.monitor.rig import run, tell
from tests.ui.planning import write
from tests.ui.stage import settings, text, until, until_shown
from tests.ui.test_planning_for_real import add_objective, handoffs, opened

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-in for the client is a posix program"
)
TERMINAL = '#!/bin/sh\n"$@" </dev/null >>"$HOME/terminal.txt" 2>&1 &\n'
RESET = NOW + timedelta(hours=2)


def of_this_house(home: Path) -> Settings:
    """A terminal of its own. Also in the file, for the processes that are started."""
    script = home / "term"
    file = our_paths().config_file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'[automation]\nterminal = "template"\nterminal_command = ["{script}", "{{command}}"]\n')
    return settings(automation={"terminal": "template", "terminal_command": [str(script), "{command}"]})


@pytest.fixture
def house(home: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A repository, a reading, a client, a terminal; the only scheduler is the dashboard itself."""
    git = shutil.which("git") or "/usr/bin/git"
    monkeypatch.setenv("PATH", str(home / "bin"))
    monkeypatch.setenv("STARTS", str(home / "starts.jsonl"))
    monkeypatch.setenv("PYTHONPATH", str(REPO))
    client_stand_in.install(home / "bin")
    (home / "bin" / "git").symlink_to(git)
    (home / "bin" / "sh").symlink_to("/bin/sh")
    script = home / "term"
    script.write_text(TERMINAL)
    script.chmod(0o755)
    tell(81)
    yield home
    end_clients(home)


@asynccontextmanager
async def on_this_machine(
    home: Path, clock: Callable[[], datetime] = lambda: NOW, *, tends: bool = False
) -> AsyncIterator[tuple[QuotaApp, Pilot]]:
    """A dashboard as the command opens it; `tends` lets it look after the jobs by itself."""
    of = of_this_house(home)
    with closing(LiveMonitor(of, our_paths(), claude_config_dirs(), clock())) as monitor:
        monitor.tending = Tending(of, our_paths(), claude_config_dirs(), clock, monitor.tell_jobs)
        if tends:
            monitor.tending.start()
        app = QuotaApp(monitor, clock)
        try:
            async with app.run_test(size=(100, 40), notifications=True) as pilot:
                await until(pilot, lambda: app.view is not None and app.view.snapshot is not None)
                yield app, pilot
        finally:
            monitor.tending.stop()


def jobs() -> list[Job]:
    with closing(Journal(our_paths().journal_db)) as journal:
        return Jobs(journal.db).all()


def leave_handoff(project: Path) -> Path:
    made = Handoff(
        title="Refresh tokens",
        project=str(project),
        start="manual",
        objectives=(Objective("Refresh tokens"),),
    )
    return Handoffs(claude_config_dirs()[0]).save(made, NOW).path


async def at(pilot: Pilot, kind: type) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, kind))
    await pilot.pause()


async def test_the_last_handoff_is_arranged_moved_looked_at_and_called_off(
    house: Path, project: Path
) -> None:
    path = leave_handoff(project)
    async with on_this_machine(house) as (app, pilot):
        await pilot.press("a")
        await until_shown(pilot, "n arranges the last handoff: Refresh tokens")
        await pilot.press("n")
        await at(pilot, AskTime)
        assert "18:05, in 2h 05m" in text(app)
        await pilot.press("enter")
        await until_shown(pilot, f"starts 18:05 · {path.name} · keep quota-tui open")
        await until_shown(pilot, "● SCHEDULED")
        (job,) = jobs()
        assert (job.handoff, job.launch_at) == (str(path), RESET + timedelta(minutes=5))
        assert job.scheduler == "dashboard"

        await pilot.press("t")
        await at(pilot, AskTime)
        await write(pilot, "19:30")
        await pilot.press("enter")
        await until_shown(pilot, "19:30 · in 3h 30m")
        assert jobs()[0].launch_at == NOW + timedelta(hours=3.5)

        await pilot.press("v")
        await at(pilot, ReadScreen)
        assert "A wake now: nothing is done: it is not due yet" in text(app)
        assert "19 % of the five-hour window is left: waiting for more" in text(app)
        await pilot.press("escape", "l")
        await until_shown(pilot, "16:00 scheduled")
        await pilot.press("escape", "c")
        await at(pilot, Ask)
        await pilot.press("down", "enter")
        await until_shown(pilot, "× CANCELLED")
        assert jobs()[0].state is JobState.CANCELLED
        assert not list(our_paths().data_dir.glob("*/*.json"))  # the scheduler holds nothing any more
        await pilot.press("escape")
        await until_shown(pilot, "1 Quota")
        assert "CANCELLED" in text(app)


async def test_what_happens_elsewhere_is_on_the_screen(house: Path, project: Path) -> None:
    leave_handoff(project)
    async with on_this_machine(house) as (_, pilot):
        await pilot.press("a")
        await until_shown(pilot, "Nothing scheduled.")
        done = run("automation", "schedule", "--yes", "--at", "reset+5m")
        assert done.returncode == 0, done.stderr
        await until_shown(pilot, "● SCHEDULED")
        assert run("automation", "cancel").returncode == 0
        await until_shown(pilot, "× CANCELLED")


async def test_it_is_started_now(house: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QUOTA_TUI_NOW")
    path = leave_handoff(project)
    async with on_this_machine(house, lambda: datetime.now(UTC)) as (_, pilot):
        await pilot.press("a")
        await until_shown(pilot, "n arranges the last handoff")
        await pilot.press("n")
        await at(pilot, AskTime)
        await write(pilot, "+3h")
        await pilot.press("enter")
        await until_shown(pilot, "● SCHEDULED")
        await pilot.press("s")
        await at(pilot, Ask)
        await pilot.press("down", "enter")
        await until_shown(pilot, "✓ STARTED")
        await until_shown(pilot, "started: its client runs")
    (start,) = starts(house)
    assert start["cwd"] == str(project)
    assert str(path) in start["argv"][-1]


async def test_an_open_dashboard_starts_what_is_due(
    house: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QUOTA_TUI_NOW")
    our_paths().journal_db.unlink()  # nothing is known of the quota: it starts, and says so
    leave_handoff(project)
    async with on_this_machine(house, lambda: datetime.now(UTC), tends=True) as (_, pilot):
        await pilot.press("a")
        await until_shown(pilot, "n arranges the last handoff")
        await pilot.press("n")
        await at(pilot, AskTime)
        await write(pilot, "+1s")
        await pilot.press("enter")
        await until_shown(pilot, "✓ STARTED")
    assert len(starts(house)) == 1


# -- the plan form


async def saved(pilot: Pilot) -> str:
    """Save the form; what the confirmation says."""
    await pilot.press("ctrl+s")
    await until_shown(pilot, "The handoff is saved")
    shown = text(pilot.app)
    await pilot.press("enter")
    return shown


async def test_a_plan_with_a_start_arms_a_job_and_says_so(house: Path, project: Path) -> None:
    async with on_this_machine(house) as (app, pilot):
        screen = await opened(app, pilot)
        assert screen.sheet.handoff.start == "reset+5m"
        await add_objective(pilot, "Refresh tokens")
        shown = await saved(pilot)
        assert "starts 18:05 · handoff-20261120-1600-11111111.md · keep quota-tui open" in shown
        await until_shown(pilot, "● SCHEDULED")
    (job,) = jobs()
    (written,) = handoffs(house)
    assert (job.state, job.launch_at) == (JobState.SCHEDULED, RESET + timedelta(minutes=5))
    assert job.project == str(project)
    assert written.scheduled_for == job.launch_at


async def test_a_second_plan_takes_the_place_of_the_first(house: Path, project: Path) -> None:
    async with on_this_machine(house) as (app, pilot):
        for said in ("the first", "the second"):
            await opened(app, pilot)
            await add_objective(pilot, said)
            shown = await saved(pilot)
            await until(pilot, lambda: not isinstance(app.screen, Ask))
    assert "gave way to it" in shown
    assert sorted(job.state for job in jobs()) == [JobState.CANCELLED, JobState.SCHEDULED]


async def test_by_myself_arms_nothing(house: Path, project: Path) -> None:
    async with on_this_machine(house) as (app, pilot):
        screen = await opened(app, pilot)
        await add_objective(pilot, "Refresh tokens")
        screen.sheet.point_to(Spot("start", part="manual"))
        screen.draw()
        await pilot.press("space")
        assert screen.sheet.handoff.start == "manual"
        shown = await saved(pilot)
        assert "Start: nothing is arranged: you start it" in shown
        assert "starts 18:05" not in shown
    assert jobs() == []
    assert len(handoffs(house)) == 1


async def test_a_scheduler_that_fails_leaves_the_handoff_and_says_why(
    house: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Dashboard, wake: object) -> None:
        raise SchedulerError("no space left on device")

    monkeypatch.setattr(Dashboard, "arm", full)
    async with on_this_machine(house) as (app, pilot):
        await opened(app, pilot)
        await add_objective(pilot, "Refresh tokens")
        shown = await saved(pilot)
    assert "it does not start by itself: " in shown
    assert "no space" in shown
    assert "18:05" not in shown
    assert len(handoffs(house)) == 1
    assert [job.state for job in jobs()] == [JobState.CANCELLED]


async def test_a_client_that_is_not_there_is_told_when_it_is_planned(house: Path, project: Path) -> None:
    (house / "bin" / "claude").unlink()
    async with on_this_machine(house) as (app, pilot):
        await opened(app, pilot)
        await add_objective(pilot, "Refresh tokens")
        shown = await saved(pilot)
    assert "it does not start by itself: " in shown
    assert jobs() == []
    assert len(handoffs(house)) == 1


async def test_without_anybody_who_tends_nothing_is_arranged(house: Path, project: Path) -> None:
    """As in the demo."""
    leave_handoff(project)
    of = of_this_house(house)
    with closing(LiveMonitor(of, our_paths(), claude_config_dirs(), NOW)) as monitor:
        app = QuotaApp(monitor, lambda: NOW)
        async with app.run_test(size=(100, 40), notifications=True) as pilot:
            await until(pilot, lambda: app.view is not None and app.view.snapshot is not None)
            await opened(app, pilot)
            await add_objective(pilot, "Refresh tokens")
            assert "starts 18:05 ·" not in await saved(pilot)
            await pilot.press("a")
            await until(pilot, lambda: isinstance(app.screen, AutomationScreen))
            await pilot.press("n")
            await until_shown(pilot, "nothing is arranged here: this is a demo")
    assert jobs() == []
    assert os.environ["PATH"] == str(house / "bin")
