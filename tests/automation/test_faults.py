"""kill -9 at every step of a launch, two wakes at once, a full disk, hostile names: one start or none, never two."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from quota_tui.automation.environment import kept
from quota_tui.automation.terminals.choose import choices
from quota_tui.automation.wake import wake
from quota_tui.core.jobs.job import OPEN, JobState
from tests.automation.world_rig import UUID, Clock, Rig, end_clients, furnish, rig, starts, wake_elsewhere

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-in for the client is a posix program"
)

STEPS = (
    *("before claimed", "after claimed", "before verifying", "after verifying"),
    *("before launching", "after launching", "before open spawning", "after open spawning"),
    *("before opened", "after opened", "before started", "after started"),
)
GATE = ("before gate", "after gate", "before exec")


@pytest.fixture
def here(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    monkeypatch.delenv("QUOTA_TUI_NOW")
    furnish(home)
    with rig(home, clock=Clock(nap_s=0.01)) as made:
        yield made
    end_clients(home)


def finish(process, text: bytes = b"") -> tuple[int, str]:
    out, err = process.communicate(text, timeout=60)
    return process.returncode, (out + err).decode()


def lines(home: Path) -> list[str]:
    return (home / "steps.txt").read_text().splitlines()


def test_the_steps_are_all_there_are(here: Rig) -> None:
    here.job()
    code, said = finish(wake_elsewhere(here.home, "wake", ""))
    assert code == 0, said
    assert tuple(lines(here.home)) == STEPS
    assert here.kept().state is JobState.STARTED


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step_and_woken_again(here: Rig, step: str) -> None:
    here.job()
    code, said = finish(wake_elsewhere(here.home, "wake", step))
    assert code == -signal.SIGKILL, said
    wake("api-1", here.world)
    assert here.kept().state is JobState.STARTED, here.kept().log
    wake("api-1", here.world)
    assert len(here.starts()) == 1


@pytest.mark.parametrize("step", GATE)
def test_killed_in_the_terminal_and_tried_again(here: Rig, step: str) -> None:
    """The program in the terminal dies before it is the client: the wake that watches opens another one."""
    here.job()
    code, said = finish(wake_elsewhere(here.home, "wake", "", CRASH_CLIENT=step, NAP_S="0.001"))
    assert code == 0, said
    assert not here.starts()
    assert here.kept().state is JobState.FAILED  # it dies there each time
    assert here.kept().attempts == 3
    assert here.kept().reason


@pytest.mark.parametrize("step", GATE)
def test_both_are_killed_and_woken_again(here: Rig, step: str) -> None:
    here.job()
    code, said = finish(wake_elsewhere(here.home, "wake", "after opened", CRASH_CLIENT=step))
    assert code == -signal.SIGKILL, said
    wake("api-1", here.world)
    assert here.kept().state is JobState.STARTED, here.kept().log
    assert len(here.starts()) == 1


def test_killed_again_and_again(here: Rig) -> None:
    here.job()
    for step in ("after claimed", "after verifying", "before launching", "before open spawning"):
        assert finish(wake_elsewhere(here.home, "wake", step))[0] == -signal.SIGKILL
    wake("api-1", here.world)
    assert here.kept().state is JobState.STARTED
    assert here.kept().takeovers == 4
    assert len(here.starts()) == 1


def test_two_wakes_at_once(here: Rig) -> None:
    here.job()
    both = [wake_elsewhere(here.home, "wake", "", "wait") for _ in range(3)]
    for one in both:
        assert one.stdout is not None
        assert one.stdout.readline() == b"ready\n"
    for one in both:
        assert one.stdin is not None
        one.stdin.write(b"go\n")
        one.stdin.flush()
    said = [finish(one) for one in both]
    assert all(code == 0 for code, _ in said), said
    assert here.kept().state is JobState.STARTED
    assert here.kept().attempts == 1
    assert len(here.starts()) == 1


@pytest.mark.parametrize("step", ["begin", "before claimed", "before verifying", "before launching"])
def test_a_disk_that_is_full_before_the_launch(here: Rig, step: str) -> None:
    here.job()
    before = here.kept().state
    code, said = finish(wake_elsewhere(here.home, "wake", f"full:{step}"))
    assert code == 0
    assert said.startswith("trouble the journal cannot be written"), said
    assert not here.starts()
    assert before in OPEN
    assert here.kept().state in OPEN  # nothing is lost: the next wake goes on
    wake("api-1", here.world)
    assert here.kept().state is JobState.STARTED
    assert len(here.starts()) == 1


def test_a_disk_that_is_full_once_it_runs(here: Rig) -> None:
    here.job()
    code, said = finish(wake_elsewhere(here.home, "wake", "full:before started"))
    assert code == 0, said
    assert len(here.starts()) == 1
    assert here.kept().state is JobState.LAUNCHING
    wake("api-1", here.world)
    assert here.kept().state is JobState.STARTED
    assert len(here.starts()) == 1


def test_a_journal_that_is_read_only(here: Rig) -> None:
    here.job()
    here.world.jobs.db.execute("PRAGMA query_only=ON")
    woken = wake("api-1", here.world)
    assert woken.outcome == "trouble"
    assert "readonly" in woken.text
    assert "in trouble" in here.person.heard()
    assert not here.starts()
    assert max(here.scheduler.wakes()["api-1"].instants) - here.clock() > timedelta(minutes=9)  # tried again
    here.world.jobs.db.execute("PRAGMA query_only=OFF")
    wake("api-1", here.world)
    assert len(here.starts()) == 1


EVIL = "'; touch pwned; '\"$(touch pwned)`touch pwned`#(touch pwned) %s & --dangerously-skip-permissions"


@pytest.mark.parametrize(
    "name", ["'; touch pwned; '", "#(touch pwned)", "$(touch pwned)\n`touch pwned`", "-rf %h {x}"]
)
def test_hostile_names_reach_the_client_as_they_are(here: Rig, name: str) -> None:
    project = here.home / name
    project.mkdir()
    handoff = here.handoff(
        project,
        title=EVIL,
        from_session=EVIL,
        agent="",
        plan_file=EVIL,
        accomplished=(EVIL,),
        decisions=(EVIL,),
        failed=(EVIL,),
        blockers=(EVIL,),
        files=(EVIL,),
        commands=(EVIL,),
        instructions=EVIL,
    )
    path = here.world.claude_dir / "session-handoffs" / f"handoff-{handoff.id}.md"
    here.job(project=str(project), title=EVIL, branch=EVIL, agent="plan", handoff=str(path))
    wake("api-1", here.world)
    assert here.kept().state is JobState.STARTED, here.kept().log
    (start,) = here.starts()
    assert start["cwd"] == str(project)
    assert start["argv"][-1] == f"Read the handoff {path} and begin with its first objective."
    assert not list(here.home.rglob("pwned*"))
    assert not Path("pwned").exists()


@pytest.mark.parametrize("agent", ["'; touch pwned; '", "--dangerously-skip-permissions"])
def test_a_hostile_agent_is_no_option_and_no_command(here: Rig, agent: str) -> None:
    here.job(agent=agent)
    wake("api-1", here.world)
    assert not list(here.home.rglob("pwned*"))
    if agent.startswith("-"):
        assert here.kept().state is JobState.FAILED
        assert not here.starts()
    else:
        assert "--agent" not in here.starts()[0]["argv"]  # there is no such agent: it starts without


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_a_hostile_project_in_a_real_tmux(here: Rig) -> None:
    """The real terminal and the real command line: what is executed is the fixed shape, found by its id."""
    project = here.home / "'; touch pwned; '"
    project.mkdir()
    sockets = here.home / "tmux"
    sockets.mkdir()
    shell = kept({**here.world.env, "TMUX_TMPDIR": str(sockets), "TERM": "xterm"})
    path = here.world.claude_dir / "session-handoffs" / f"handoff-{here.handoff(project, title=EVIL).id}.md"
    here.job(project=str(project), handoff=str(path), title=EVIL, terminal="tmux", environment=shell)
    terminals = lambda name, env: [each.terminal for each in choices(name, env)]  # noqa: E731
    try:
        wake("api-1", here.other(terminals=terminals))
        assert here.kept().state is JobState.STARTED, [line.text for line in here.kept().log]
        (start,) = starts(here.home)
        assert start["cwd"] == str(project)
        assert start["argv"][:2] == ["--session-id", UUID]
        assert not list(here.home.rglob("pwned*"))
    finally:
        for socket in sockets.glob("tmux-*/*"):
            subprocess.run(["tmux", "-S", str(socket), "kill-server"], check=False, capture_output=True)
