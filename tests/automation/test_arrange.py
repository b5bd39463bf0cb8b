from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from quota_tui.automation import arrange, wakefile
from quota_tui.automation.arrange import ArrangeError, Request
from quota_tui.automation.preview import preview, try_terminal
from quota_tui.automation.terminals.base import TerminalError
from quota_tui.automation.wake import wake
from quota_tui.config import Automation, Readings, Settings
from quota_tui.core.jobs.job import JobState
from tests.automation.world_rig import (
    Clock,
    FolderScheduler,
    Rig,
    SpawningTerminal,
    end_clients,
    furnish,
    rig,
    window,
)

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-in for the client is a posix program"
)


@pytest.fixture
def here(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    monkeypatch.delenv("QUOTA_TUI_NOW")
    furnish(home)
    with rig(home, clock=Clock(nap_s=0.01)) as made:
        resets_at = made.clock() + timedelta(hours=1)
        made.world = made.other(quota=lambda now: window(100, resets_at))
        yield made
    end_clients(home)


def two(here: Rig, **changes: object):
    """A world with two schedulers, the second one weaker."""
    weak = FolderScheduler(here.home / "weak", "dashboard", survives=False)
    return here.other(schedulers=(here.scheduler, weak), **changes), weak


def test_a_handoff_is_arranged_as_it_says(here: Rig) -> None:
    made = here.handoff(agent="plan")
    arranged = arrange.schedule(Request(), here.world, here.clock())
    job = arranged.job
    assert arranged.sentence.startswith("starts ")
    assert arranged.sentence.endswith(f" · handoff-{made.id}.md · safe to close")
    assert here.kept(job.id) == job
    assert job.state is JobState.SCHEDULED
    assert job.project == str(here.home / "api")
    assert job.handoff_id == made.id
    assert job.agent == "plan"
    assert job.start == "reset+5m"
    assert job.client == str(here.home / "bin" / "claude")
    assert job.environment["PATH"] == here.world.env["PATH"]
    assert job.scheduler == "folder"
    assert job.survives == "survives all"
    held = here.scheduler.wakes()[job.id]
    assert held.instants == job.held
    assert {job.notify_at, job.launch_at, job.launch_at + timedelta(minutes=3)} == set(held.instants)
    assert held.command == (sys.executable, "-P", "-m", "quota_tui", "automation", "run", job.id)


def test_and_then_it_starts(here: Rig) -> None:
    here.handoff()
    job = arrange.schedule(Request(at="+90s"), here.world, here.clock()).job
    wake(job.id, here.world)
    assert here.kept(job.id).state is JobState.STARTED
    assert len(here.starts()) == 1
    assert not here.scheduler.wakes()


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ({"handoff": "20200101-0000-none"}, "there is no handoff"),
        ({"handoff": "/no/such.md"}, "it is gone"),
        ({"at": "yesterday-ish"}, "not a time"),
        ({"at": "manual"}, "started by hand"),
        ({"project": "/no/such/folder"}, "there is no handoff of /no/such/folder"),
        ({"permission_mode": "bypassPermissions"}, "would skip permissions"),
        ({"agent": "--print"}, "could pass for an option"),
        ({"scheduler": "sundial"}, "there is no scheduler sundial here; there are folder"),
    ],
)
def test_what_cannot_be_arranged_leaves_nothing(here: Rig, request_, why) -> None:
    here.handoff()
    with pytest.raises(ArrangeError, match=why):
        arrange.schedule(Request(**request_), here.world, here.clock())
    assert here.world.jobs.all() == []
    assert not here.scheduler.wakes()


def test_a_project_that_is_gone(here: Rig) -> None:
    here.handoff("/no/such/folder")
    with pytest.raises(ArrangeError, match="the project's folder /no/such/folder does not exist"):
        arrange.schedule(Request(), here.world, here.clock())
    named = Request(handoff=here.handoff("").id)
    with pytest.raises(ArrangeError, match="--project"):
        arrange.schedule(named, here.world, here.clock())
    there = msgspec.structs.replace(named, project=str(here.home / "api"))
    assert arrange.schedule(there, here.world, here.clock()).job.project == str(here.home / "api")


def test_no_handoff_no_client_no_terminal(here: Rig) -> None:
    with pytest.raises(ArrangeError, match="quota-tui plan"):
        arrange.schedule(Request(), here.world, here.clock())
    here.handoff()

    def none(name, env):
        raise TerminalError("no terminal can be opened: nothing is installed")

    with pytest.raises(ArrangeError, match="nothing is installed"):
        arrange.schedule(Request(), here.other(terminals=none), here.clock())
    (here.home / "bin" / "claude").unlink()
    with pytest.raises(ArrangeError, match="client was not found"):
        arrange.schedule(Request(), here.other(env={**here.world.env, "PATH": "/none"}), here.clock())
    assert here.world.jobs.all() == []


def test_a_handoff_for_a_start_by_hand_needs_a_time(here: Rig) -> None:
    here.handoff(start="manual")
    with pytest.raises(ArrangeError, match="by hand"):
        arrange.schedule(Request(), here.world, here.clock())
    assert arrange.schedule(Request(at="+2h"), here.world, here.clock()).job.start


def test_a_reset_that_is_not_known_any_more(here: Rig) -> None:
    planned = here.clock() + timedelta(hours=2)
    here.handoff(scheduled_for=planned)
    blind = here.other(quota=lambda now: window(None))
    job = arrange.schedule(Request(), blind, here.clock()).job
    assert abs(job.launch_at - planned) < timedelta(seconds=1)
    with pytest.raises(ArrangeError, match="reset is not known"):
        arrange.reschedule(job.id, "reset", blind, here.clock())


def test_a_scheduler_that_refuses_gives_way_and_that_is_said(here: Rig) -> None:
    here.handoff()
    world, weak = two(here)
    here.scheduler.refuses = "the queue is full"
    arranged = arrange.schedule(Request(), world, here.clock())
    assert arranged.job.scheduler == "dashboard"
    assert arranged.warnings[0] == "folder is not used: the queue is full"
    assert arranged.warnings[-1] == "dashboard: must stay open"
    assert arranged.sentence.endswith("keep quota-tui open")
    assert arranged.job.id in weak.wakes()


def test_a_scheduler_that_forgets_at_once_is_not_believed(here: Rig) -> None:
    here.handoff()
    world, _ = two(here)
    here.scheduler.forgets = True
    arranged = arrange.schedule(Request(scheduler="folder"), world, here.clock())
    assert arranged.job.scheduler == "dashboard"
    assert arranged.warnings[0] == "folder is not used: it does not hold what it was given"


def test_one_of_auto_that_is_not_there_is_no_news(here: Rig) -> None:
    here.handoff()
    world, _ = two(here)
    here.scheduler.obstacle = "it is not installed"
    assert not [
        each for each in arrange.schedule(Request(), world, here.clock()).warnings if "folder" in each
    ]
    said = arrange.schedule(Request(scheduler="folder", replace=True), world, here.clock()).warnings
    assert any("folder is not used: it is not installed" in each for each in said)


def test_when_nobody_holds_it_nothing_is_left(here: Rig) -> None:
    here.handoff()
    here.scheduler.refuses = "the queue is full"
    with pytest.raises(ArrangeError, match=r"could not be armed: folder is not used: the queue is full"):
        arrange.schedule(Request(), here.world, here.clock())
    assert here.world.jobs.open() == []
    assert here.world.jobs.all()[0].state is JobState.CANCELLED
    here.scheduler.refuses = ""
    assert arrange.schedule(Request(), here.world, here.clock()).job.state is JobState.SCHEDULED


def test_ctrl_c_while_it_is_armed(here: Rig) -> None:
    here.handoff()

    def step(name: str) -> None:
        if name == "after arm":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        arrange.schedule(Request(), here.other(step=step), here.clock())
    assert here.world.jobs.open() == []
    assert not here.scheduler.wakes()


def test_one_job_a_project(here: Rig) -> None:
    here.handoff()
    first = arrange.schedule(Request(), here.world, here.clock()).job
    with pytest.raises(ArrangeError, match=f"already has a job: {first.id}"):
        arrange.schedule(Request(at="+3h"), here.world, here.clock())
    second = arrange.schedule(Request(at="+3h", replace=True), here.world, here.clock())
    assert f"{first.id} gave way to it" in second.warnings
    assert here.kept(first.id).state is JobState.CANCELLED
    assert list(here.scheduler.wakes()) == [second.job.id]


def test_several_projects_are_apart(here: Rig) -> None:
    here.handoff()
    (here.home / "web").mkdir()
    first = arrange.schedule(Request(), here.world, here.clock()).job
    here.handoff(here.home / "web")
    second = arrange.schedule(Request(project=str(here.home / "web")), here.world, here.clock()).job
    assert second.launch_at - first.launch_at == timedelta(seconds=60)
    with pytest.raises(ArrangeError, match=r"which one\?"):
        arrange.find_job("", here.world)
    assert arrange.find_job("web", here.world) == second


def test_calling_off(here: Rig) -> None:
    here.handoff()
    job = arrange.schedule(Request(), here.world, here.clock()).job
    assert arrange.cancel(job.id, here.world, here.clock()).sentence == f"{job.id} is called off"
    assert not here.scheduler.wakes()
    assert here.kept(job.id).reason == "called off by you"
    with pytest.raises(ArrangeError):
        arrange.cancel(job.id, here.world, here.clock())
    with pytest.raises(ArrangeError, match="there is no job nobody"):
        arrange.cancel("nobody", here.world, here.clock())
    assert wake(job.id, here.world).outcome == "done"
    assert not here.starts()


def test_another_time(here: Rig) -> None:
    here.handoff()
    job = arrange.schedule(Request(), here.world, here.clock()).job
    later = arrange.reschedule(job.id, "+4h", here.world, here.clock()).job
    assert later.session_id != job.session_id
    assert later.launch_at in here.scheduler.wakes()[job.id].instants
    assert job.launch_at not in here.scheduler.wakes()[job.id].instants
    with pytest.raises(ArrangeError, match="not a time"):
        arrange.reschedule(job.id, "soon", here.world, here.clock())
    assert here.kept(job.id) == later


def test_a_failed_one_gets_another_time(here: Rig) -> None:
    job = here.job(agent="-x")
    wake(job.id, here.world)
    assert here.kept().state is JobState.FAILED
    assert arrange.find_job("", here.world).id == "api-1"
    assert arrange.reschedule("api-1", "+2h", here.world, here.clock()).job.state is JobState.SCHEDULED


def test_now_is_now_whatever_the_quota(here: Rig) -> None:
    here.handoff()
    job = arrange.schedule(Request(), here.world, here.clock()).job
    spawned: list[tuple[str, ...]] = []
    world = here.other(spawn=spawned.append, quota=lambda now: window(2))
    arrange.run_now(job.id, world, here.clock())
    assert spawned == [(sys.executable, "-P", "-m", "quota_tui", "automation", "run", job.id)]
    wake(job.id, world)
    assert here.kept(job.id).state is JobState.STARTED

    def no(argv: tuple[str, ...]) -> None:
        raise OSError("no more processes")

    again = here.job(id="web-1", project=str(here.home), launch_at=here.clock() + timedelta(hours=1))
    said = arrange.run_now(again.id, here.other(spawn=no), here.clock()).warnings
    assert "no more processes" in said[0]
    assert min(here.scheduler.wakes()["web-1"].instants) - here.clock() < timedelta(seconds=5)


def test_what_would_be_executed_is_what_is(here: Rig) -> None:
    here.handoff()
    job = arrange.schedule(Request(model="opus"), here.world, here.clock()).job
    seen = preview(job, here.world, here.clock())
    assert seen.now.act == "nothing"
    assert seen.if_due.act == "start"
    assert seen.opens == (sys.executable, "-P", "-m", "quota_tui", "automation", "client", job.id)
    assert seen.terminals == ("spawning",)
    here.clock.ahead += job.launch_at - here.clock()
    wake(job.id, here.world)
    (start,) = here.starts()
    assert tuple(start["argv"]) == seen.argv[1:]
    assert start["cwd"] == seen.cwd
    assert seen.argv[0] == str(here.home / "bin" / "claude")


def test_a_preview_says_why_not(here: Rig) -> None:
    job = here.job(permission_mode="bypassPermissions", terminal="kitty", agent="nobody")

    def terminals(name, env):
        if name == "kitty":
            raise TerminalError("it is not installed")
        return [SpawningTerminal("tmux")]

    seen = preview(job, here.other(terminals=terminals, quota=lambda now: window(3)), here.clock())
    assert seen.if_due.act == "wait"
    assert "would skip permissions" in seen.refused
    assert seen.refusals == ("kitty: it is not installed",)
    assert "--agent" not in seen.argv
    assert not here.starts()


def test_settings_are_put_in(here: Rig) -> None:
    here.handoff()
    other = here.home / "other"
    (here.home / "bin" / "claude").rename(other)
    settings = Settings(
        readings=Readings(client=str(other)),
        automation=Automation(
            model="opus",
            permission_mode="bypassPermissions",
            extra_args=("--add-dir", "/lib"),
            notify_before_min=10,
            deadline_h=2,
            terminal="tmux",
        ),
    )
    job = arrange.schedule(Request(), here.other(settings=settings), here.clock()).job
    assert (job.model, job.permission_mode, job.extra_args) == (
        "opus",
        "bypassPermissions",
        ("--add-dir", "/lib"),
    )
    assert job.launch_at - job.notify_at == timedelta(minutes=10)
    assert job.deadline - job.launch_at == timedelta(hours=2)
    assert job.terminal == "tmux"
    assert job.client == str(other)


def test_a_bare_wake_finds_what_the_shell_knew(here: Rig) -> None:
    here.handoff()
    env = {**here.world.env, "QUOTA_TUI_HOME": "/elsewhere"}
    job = arrange.schedule(Request(), here.other(env=env), here.clock()).job
    bare = {"HOME": str(here.home)}
    assert wakefile.apply(job.id, bare)
    assert bare["QUOTA_TUI_HOME"] == "/elsewhere"
    arrange.cancel(job.id, here.other(env=env), here.clock())
    assert not wakefile.wake_path(job.id, bare).exists()


def test_a_handoff_elsewhere(here: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    made = here.handoff()
    inside = here.world.claude_dir / "session-handoffs" / f"handoff-{made.id}.md"
    outside = here.home / "mine.md"
    outside.write_bytes(inside.read_bytes())
    monkeypatch.chdir(here.home)
    job = arrange.schedule(Request(handoff="./mine.md"), here.world, here.clock()).job
    assert job.handoff == str(outside)
    assert job.handoff_id == ""
    evil = here.home / "a\nb.md"
    evil.write_bytes(inside.read_bytes())
    with pytest.raises(ArrangeError, match="control character"):
        arrange.schedule(Request(handoff=str(evil), replace=True), here.world, here.clock())


def test_a_terminal_is_tried_harmlessly(here: Rig) -> None:
    """The template of the settings, opened for real: our own program answers from inside."""
    script = here.home / "term"
    script.write_text('#!/bin/sh\nexec "$@" </dev/null >/dev/null 2>&1\n')
    script.chmod(0o755)
    settings = Settings(automation=Automation(terminal_command=(str(script), "{command}")))
    tried = try_terminal("", here.other(settings=settings, env={**os.environ, **here.world.env}))
    assert tried.ok, tried
    assert tried.terminal == "template"
    assert not here.starts()
    assert msgspec.structs.asdict(tried)["problem"] == ""
