from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from quota_tui.automation.client_exec import run_client
from quota_tui.automation.joblog import log_file
from quota_tui.automation.terminals.base import TerminalError
from quota_tui.automation.wake import wake
from quota_tui.core.jobs.job import Holder, JobState
from tests.automation.client_stand_in import start_mark
from tests.automation.world_rig import UUID, Clock, Rig, SpawningTerminal, end_clients, furnish, rig, window

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-in for the client is a posix program"
)


@pytest.fixture
def here(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    monkeypatch.delenv("QUOTA_TUI_NOW")
    furnish(home)
    with rig(home) as made:
        yield made
    end_clients(home)


def test_a_due_job_becomes_a_session(here: Rig) -> None:
    job = here.job(agent="plan", model="opus")
    here.scheduler.folder.mkdir()
    woken = wake("api-1", here.world)
    assert woken.outcome == "done", woken
    kept = here.kept()
    assert kept.state is JobState.STARTED
    assert kept.attempts == 1
    (start,) = here.starts()
    assert start["argv"] == [
        *("--session-id", UUID, "--agent", "plan", "--model", "opus"),
        f"Read the handoff {job.handoff} and begin with its first objective.",
    ]
    assert start["cwd"] == str(here.home / "api")
    assert kept.runner is not None
    assert start["pid"] == kept.runner.pid
    assert start["env"]["PWD"] == str(here.home / "api")
    states = [line.state for line in kept.log]
    assert states == sorted(states, key=list(JobState).index)
    assert "the next session runs | opened window" in here.person.heard()
    text = log_file(here.world.claude_dir).read_text()
    assert text.count("\n") == len(kept.log)
    assert "api-1 started: started: " in text


def test_a_second_and_a_yearly_wake_do_nothing(here: Rig) -> None:
    here.job()
    wake("api-1", here.world)
    heard = here.person.heard()
    here.scheduler.folder.mkdir(exist_ok=True)
    for later in (timedelta(0), timedelta(days=365), timedelta(days=-1)):
        here.clock.ahead += later
        assert wake("api-1", here.world).outcome == "done"
    assert len(here.starts()) == 1
    assert here.person.heard() == heard
    assert not here.scheduler.wakes()


def test_the_yearly_wake_of_a_job_that_never_started_says_missed(here: Rig) -> None:
    now = here.clock()
    here.job(launch_at=now - timedelta(days=365), notified_at=None)
    woken = wake("api-1", here.world)
    assert here.kept().state is JobState.MISSED, woken
    assert "missed" in here.person.heard()
    assert wake("api-1", here.world).outcome == "done"
    assert not here.starts()


def test_before_its_time_it_is_told_and_then_left(here: Rig) -> None:
    at = here.clock() + timedelta(minutes=4)
    here.job(launch_at=at, notified_at=None)
    woken = wake("api-1", here.world)
    assert woken.outcome == "left"
    assert here.kept().state is JobState.NOTIFIED
    assert here.person.heard().count("starts ") == 1
    assert at in here.scheduler.inspect()["api-1"]  # nobody held it: it is armed now
    wake("api-1", here.world)
    assert here.person.heard().count("starts ") == 1
    assert not here.starts()


def test_what_would_be_in_the_way_is_told_in_time(here: Rig) -> None:
    here.job(launch_at=here.clock() + timedelta(minutes=4), notified_at=None, project=str(here.home / "gone"))
    wake("api-1", here.world)
    assert "as things stand it will not: the project's folder is gone" in here.person.heard()
    assert here.kept().state is JobState.NOTIFIED
    (here.home / "gone").mkdir()
    here.clock.ahead += timedelta(minutes=4)
    wake("api-1", here.world)
    assert here.kept().state is JobState.STARTED


def test_a_wake_that_is_a_little_early_stays(here: Rig) -> None:
    here.job(launch_at=here.clock() + timedelta(seconds=50))
    wake("api-1", here.world)
    assert here.kept().state is JobState.STARTED
    assert len(here.starts()) == 1


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_moves_an_hour(here: Rig, hours: int) -> None:
    """Set back before the launch: the wake comes too early, and again in time. Set forward: it is late."""
    job = here.job()
    here.clock.ahead += timedelta(hours=hours)
    woken = wake("api-1", here.world)
    if hours < 0:
        assert woken.outcome == "left"
        assert not here.starts()
        assert job.launch_at in here.scheduler.inspect()["api-1"]
        here.clock.ahead += timedelta(hours=1)
        wake("api-1", here.world)
    assert here.kept().state is JobState.STARTED
    assert len(here.starts()) == 1


def test_a_clock_that_goes_back_while_the_client_starts(here: Rig) -> None:
    back = [timedelta(hours=1)]

    def step(name: str) -> None:
        if name == "after launching" and back:
            here.clock.ahead -= back.pop()

    here.job()
    wake("api-1", here.other(step=step))
    assert here.kept().state is JobState.STARTED
    assert len(here.starts()) == 1


def test_a_reset_that_moves_twice(here: Rig) -> None:
    begin = here.clock()
    here.job()
    resets = [begin + timedelta(hours=1), begin + timedelta(hours=3)]
    now = [window(8, resets[0])]
    world = here.other(quota=lambda _: now[0])
    for at, following in ((resets[0], window(5, resets[1])), (resets[1], window(100))):
        woken = wake("api-1", world)
        kept = here.kept()
        assert woken.outcome == "left"
        assert kept.state is JobState.WAITING
        assert timedelta(minutes=2) <= kept.launch_at - at <= timedelta(minutes=2, seconds=20)
        assert kept.launch_at in here.scheduler.inspect()["api-1"]
        assert kept.deadline - kept.launch_at == timedelta(hours=6)
        now[0] = following
        here.clock.ahead = kept.launch_at - datetime.now(UTC)
    wake("api-1", world)
    assert here.kept().state is JobState.STARTED
    assert here.kept().waits == 2
    assert len(here.starts()) == 1
    assert here.person.heard().count("waits until") == 2


def test_a_quota_nobody_knows_starts_and_says_so(here: Rig) -> None:
    here.job()
    wake("api-1", here.other(quota=lambda now: window(None)))
    assert here.kept().state is JobState.STARTED
    assert any("the quota is not known" in line.text for line in here.kept().log)


def test_a_project_that_is_deleted(here: Rig) -> None:
    here.job()
    (here.home / "api").rmdir()
    wake("api-1", here.world)
    assert here.kept().state is JobState.FAILED
    assert "folder is gone" in here.kept().reason
    assert "did not start" in here.person.heard()
    assert not here.starts()


def test_a_project_that_is_deleted_in_the_last_instant(here: Rig) -> None:
    here.job()
    step = {"after launching": (here.home / "api").rmdir}
    wake("api-1", here.other(step=lambda name: step.get(name, lambda: None)()))
    assert here.kept().state is JobState.FAILED
    assert "folder is gone" in here.kept().reason
    assert "folder is gone" in here.person.heard()
    assert not here.starts()


@pytest.mark.parametrize("content", [None, b"", b"folder"])
def test_a_handoff_that_cannot_be_read(here: Rig, content: bytes | None) -> None:
    path = here.home / "gone.md"
    if content == b"folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    here.job(handoff=str(path))
    wake("api-1", here.world)
    assert here.kept().state is JobState.FAILED
    assert "the handoff cannot be read" in here.kept().reason
    assert not here.starts()


def test_a_client_that_is_missing(here: Rig) -> None:
    here.job()
    (here.home / "bin" / "claude").unlink()
    env = {**here.world.env, "PATH": str(here.home / "bin")}
    wake("api-1", here.other(env=env))
    assert here.kept().state is JobState.FAILED
    assert "the client was not found" in here.kept().reason
    assert not here.starts()


def test_a_client_that_vanishes_in_the_last_instant(here: Rig) -> None:
    here.job()
    (here.home / "bin" / "python3").symlink_to(sys.executable)
    env = {**here.world.env, "PATH": str(here.home / "bin")}
    gone = {"after launching": (here.home / "bin" / "claude").unlink}
    wake("api-1", here.other(env=env, step=lambda name: gone.get(name, lambda: None)()))
    assert here.kept().state is JobState.FAILED
    assert "the client was not found" in here.kept().reason
    assert "the client was not found" in here.said()
    assert not here.starts()


def test_a_client_that_cannot_be_executed(here: Rig) -> None:
    (here.home / "bin" / "claude").write_text("#!/no/such/interpreter\n")
    here.job()
    wake("api-1", here.world)
    assert here.kept().state is JobState.FAILED
    assert "could not be started" in here.kept().reason


def test_a_terminal_that_fails_gives_way_to_the_next(here: Rig) -> None:
    broken, good = SpawningTerminal("kitty", fails="no display"), SpawningTerminal("tmux")
    here.job(terminal="kitty")
    wake("api-1", here.other(terminals=lambda name, env: [broken, good]))
    assert here.kept().state is JobState.STARTED
    assert any("kitty: no display" in line.text for line in here.kept().log)
    assert len(here.starts()) == 1


def test_a_terminal_that_is_missing(here: Rig) -> None:
    def none(name, env):
        raise TerminalError("kitty is not installed" if name == "kitty" else "no terminal can be opened: all")

    here.job(terminal="kitty")
    wake("api-1", here.other(terminals=none))
    assert here.kept().state is JobState.FAILED
    assert here.kept().reason == "kitty: kitty is not installed; no terminal can be opened: all"
    assert here.kept().attempts == 0


def test_terminals_that_all_fail(here: Rig) -> None:
    here.job()
    wake("api-1", here.other(terminals=lambda name, env: [SpawningTerminal(fails="no display")]))
    assert here.kept().state is JobState.FAILED
    assert here.kept().reason == "no terminal could be opened: spawning: no display"
    assert "no display" in here.person.heard()


def test_a_terminal_that_opens_after_it_said_no(here: Rig) -> None:
    """It said that it failed, the next one was opened, and both came: the gate lets one pass."""

    class Liar(SpawningTerminal):
        def open(self, request):
            super().open(request)
            raise TerminalError("it did not answer")

    here.job()
    wake("api-1", here.other(terminals=lambda name, env: [Liar(), SpawningTerminal()]))
    assert here.kept().state is JobState.STARTED
    end_clients(here.home)
    assert len(here.starts()) == 1


def test_a_client_that_dies_at_once_is_tried_three_times(here: Rig) -> None:
    here.job()
    wake("api-1", here.other(env={**here.world.env, "CLIENT_DOES": "die"}))
    kept = here.kept()
    assert kept.state is JobState.FAILED
    assert kept.attempts == 3
    assert "ended before a session began; tried 3 times" in kept.reason
    assert len(here.starts()) == 3


def test_a_client_that_stays_silent_is_not_started_again(here: Rig) -> None:
    here.job()
    wake("api-1", here.other(env={**here.world.env, "CLIENT_DOES": "silent"}))
    kept = here.kept()
    assert kept.state is JobState.FAILED
    assert "it may ask something" in kept.reason
    assert len(here.starts()) == 1


def test_a_transcript_is_proof_too(here: Rig) -> None:
    here.job()
    wake("api-1", here.other(env={**here.world.env, "CLIENT_DOES": "transcript"}))
    assert here.kept().state is JobState.STARTED


def test_a_window_that_never_comes(here: Rig) -> None:
    """Terminals that say yes and open nothing: three attempts, then the person is told."""

    class Deaf(SpawningTerminal):
        def open(self, request):
            self.program = (sys.executable, "-c", "pass")
            return super().open(request)

    here.job()
    here.clock.nap_s = 0.001
    wake("api-1", here.other(terminals=lambda name, env: [Deaf()]))
    assert here.kept().state is JobState.FAILED
    assert here.kept().attempts == 3
    assert not here.starts()


def test_a_late_window_of_a_job_that_was_called_off(here: Rig) -> None:
    here.job()
    assert run_client("api-1", here.world) == 3
    assert run_client("nobody", here.world) == 3
    assert not here.starts()


def test_a_session_at_work_there_makes_it_stand_aside(here: Rig) -> None:
    here.job()
    folder = here.world.claude_dir / "sessions"
    folder.mkdir(parents=True)
    told = {
        "pid": os.getpid(),
        "sessionId": "other",
        "cwd": str(here.home / "api"),
        "procStart": start_mark(),
    }
    told["startedAt"] = here.clock().timestamp() * 1000
    (folder / f"{os.getpid()}.json").write_bytes(msgspec.json.encode({**told, "entrypoint": "cli"}))
    transcript = here.world.claude_dir / "projects" / "-api" / "other.jsonl"
    transcript.parent.mkdir(parents=True)
    transcript.write_text("{}\n")
    wake("api-1", here.world)
    assert here.kept().state is JobState.CANCELLED
    assert "stood aside" in here.kept().reason
    assert "stood aside" in here.person.heard()
    assert not here.starts()


def test_skipping_permissions_needs_the_settings(here: Rig) -> None:
    here.job(permission_mode="bypassPermissions")
    wake("api-1", here.world)
    assert here.kept().state is JobState.FAILED
    assert "would skip permissions" in here.kept().reason


def test_a_claim_of_a_dead_process_is_taken_over(here: Rig) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    now = here.clock()
    here.job(
        state=JobState.VERIFYING, claim=Holder(gone.pid, now.timestamp() - 5, here.world.holder.host, now)
    )
    wake("api-1", here.world)
    assert here.kept().state is JobState.STARTED
    assert here.kept().takeovers == 1


def test_a_claim_of_a_living_process_is_left_alone(here: Rig) -> None:
    here.job(state=JobState.VERIFYING, claim=msgspec.structs.replace(here.world.holder, at=here.clock()))
    other = msgspec.structs.replace(here.world.holder, began_s=1.0)
    woken = wake("api-1", here.other(holder=other))
    assert woken.outcome == "left"
    assert not here.starts()
    ahead = [at - here.clock() for at in here.scheduler.inspect()["api-1"]]
    assert timedelta(minutes=2) < min(ahead) <= max(ahead) <= timedelta(minutes=10)  # looked at again


def test_an_entry_without_a_job(here: Rig) -> None:
    here.scheduler.folder.mkdir()
    (here.scheduler.folder / "old-1.json").write_text("{}")
    assert wake("old-1", here.world).outcome == "gone"
    assert not list(here.scheduler.folder.iterdir())


def test_a_damaged_record_is_told_and_kept(here: Rig) -> None:
    here.job()
    here.world.jobs.db.execute("UPDATE jobs SET record=x'c1'")
    assert wake("api-1", here.world).outcome == "trouble"
    assert "cannot be read" in here.person.heard()
    assert "cannot be read" in log_file(here.world.claude_dir).read_text()


def test_killed_before_a_job_that_waits_is_armed(here: Rig) -> None:
    """What was armed before still has its last look: that arms it for the new time."""

    def step(name: str) -> None:
        if name == "before arm":
            raise KeyboardInterrupt

    here.job()
    with pytest.raises(KeyboardInterrupt):
        wake("api-1", here.other(quota=lambda now: window(3), step=step))
    assert here.kept().state is JobState.WAITING
    assert not here.scheduler.wakes()
    wake("api-1", here.other(quota=lambda now: window(3)))
    assert here.kept().launch_at in here.scheduler.wakes()["api-1"].instants


def test_nobody_wants_to_hold_a_job_that_waits(here: Rig) -> None:
    here.job()
    here.scheduler.refuses = "the queue is full"
    wake("api-1", here.other(quota=lambda now: window(3)))
    assert here.kept().state is JobState.WAITING
    assert "the queue is full" in here.kept().mismatch
    assert "the queue is full" in here.person.heard()


def test_clocks_of_the_rig() -> None:
    clock = Clock()
    before = clock()
    clock.sleep(60)
    assert timedelta(seconds=60) <= clock() - before < timedelta(seconds=70)
