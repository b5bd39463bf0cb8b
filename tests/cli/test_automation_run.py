"""`automation run` and `automation client` as schedulers and terminals execute them: bare, and for real."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from quota_tui.automation import wakefile
from quota_tui.automation.joblog import log_file
from quota_tui.automation.open_world import open_world
from quota_tui.config import Settings
from quota_tui.core.handoff import Handoff, Objective
from quota_tui.core.jobs.job import Job, JobState
from quota_tui.store.handoffs import Handoffs
from quota_tui.store.jobs import Jobs
from quota_tui.store.journal import Journal
from quota_tui.store.paths import claude_config_dirs, our_paths
from tests.automation.world_rig import UUID, end_clients, environment, furnish, starts

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-in for the client is a posix program"
)
TERMINAL = '#!/bin/sh\n"$@" </dev/null >>"$HOME/terminal.txt" 2>&1 &\n'
SETTINGS = '[automation]\nterminal_command = ["{script}", "{{command}}"]\nterminal = "template"\n'


@pytest.fixture
def house(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home whose files lie elsewhere, a terminal of its own, and nothing of this in the environment."""
    monkeypatch.delenv("QUOTA_TUI_NOW")
    monkeypatch.setenv("QUOTA_TUI_HOME", str(home / "ours"))
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(home / "claude"))
    furnish(home)
    script = home / "term"
    script.write_text(TERMINAL)
    script.chmod(0o755)
    settings = our_paths().config_file
    settings.parent.mkdir(parents=True)
    settings.write_text(SETTINGS.format(script=script))
    yield home
    end_clients(home)


def due_job(home: Path, **changes: object) -> Job:
    now = datetime.now(UTC)
    made = Handoff(project=str(home / "api"), objectives=(Objective("Begin"),))
    saved = Handoffs(home / "claude").save(made, now)
    shell = environment(home, CLAUDE_CONFIG_DIR=str(home / "claude"))
    kept = {name: shell[name] for name in ("PATH", "CLAUDE_CONFIG_DIR")}
    given = {
        "id": "api-1",
        "project": str(home / "api"),
        "handoff": str(saved.path),
        "session_id": UUID,
        "launch_at": now,
        "chosen_at": now,
        "deadline": now + timedelta(hours=6),
        "created_at": now,
        "notified_at": now,
        "scheduler": "dashboard",
        "terminal": "template",
        "claude_dir": str(home / "claude"),
        "environment": kept,
        **changes,
    }
    job = Job(**given)
    with closing(Journal(our_paths().journal_db)) as journal:
        Jobs(journal.db).add(job)
    wakefile.write(job.id, {**os.environ})
    return job


def kept() -> Job:
    with closing(Journal(our_paths().journal_db)) as journal:
        job = Jobs(journal.db).get("api-1")
    assert job is not None
    return job


def bare(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """As cron starts it: hardly any environment, from another folder."""
    env = {"HOME": str(home), "PATH": "/usr/bin:/bin", "STARTS": str(home / "starts.jsonl")}
    env["PYTHONPATH"] = environment(home)["PYTHONPATH"]
    command = [sys.executable, "-P", "-m", "quota_tui", "automation", *words]
    return subprocess.run(command, env=env, cwd="/", capture_output=True, text=True, timeout=100, check=False)


def test_a_bare_wake_starts_the_session(house: Path) -> None:
    due_job(house)
    done = bare(house, "run", "api-1")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"api-1 is started: {kept().log[-1].text}\n"
    assert kept().state is JobState.STARTED
    (start,) = starts(house)
    assert start["cwd"] == str(house / "api")
    assert start["argv"][:2] == ["--session-id", UUID]
    assert start["env"]["CLAUDE_CONFIG_DIR"] == str(house / "claude")
    assert "started" in log_file(house / "claude").read_text()
    assert not wakefile.wake_path("api-1").exists()
    assert len(starts(house)) == 1


def test_a_wake_after_all_is_over(house: Path) -> None:
    due_job(house, state=JobState.CANCELLED)
    done = bare(house, "run", "api-1")
    assert (done.returncode, done.stdout) == (0, "api-1: it is cancelled\n")
    assert not starts(house)


def test_a_failure_is_an_exit_code(house: Path) -> None:
    due_job(house, agent="-x")
    done = bare(house, "run", "api-1")
    assert done.returncode == 1
    assert "could pass for an option" in done.stdout


def test_a_person_can_run_it_now(house: Path) -> None:
    at = datetime.now(UTC) + timedelta(hours=3)
    due_job(house, launch_at=at, chosen_at=at, deadline=at + timedelta(hours=6))
    assert bare(house, "run", "api-1").stdout == "api-1: it is not due yet\n"
    wakefile.write("api-1", {**os.environ})
    done = bare(house, "run", "api-1", "--now")
    assert done.returncode == 0, done.stderr
    assert kept().state is JobState.STARTED
    again = bare(house, "run", "nobody-1", "--now")
    assert again.returncode == 1
    assert "there is no job nobody-1" in again.stderr


@pytest.mark.parametrize("job_id", ["../x", "a b", "A", "'; touch pwned; '", "$(x)"])
@pytest.mark.parametrize("word", ["run", "client"])
def test_only_ids_of_jobs_are_taken(house: Path, word: str, job_id: str) -> None:
    done = bare(house, word, job_id)
    assert done.returncode == 2
    assert "not the id of a job" in done.stderr


def test_a_client_that_nobody_asked_for(house: Path) -> None:
    due_job(house)
    done = bare(house, "client", "api-1")
    assert done.returncode == 3
    assert "this terminal is not needed" in done.stderr
    assert not starts(house)


def test_a_journal_that_cannot_be_opened(house: Path) -> None:
    due_job(house)
    our_paths().journal_db.write_bytes(b"no database, whatever else it may be" * 40)
    for side in ("-wal", "-shm"):
        our_paths().journal_db.with_name(f"journal.db{side}").unlink(missing_ok=True)
    done = bare(house, "run", "api-1")
    assert done.returncode == 3
    assert "the journal cannot be used" in done.stderr
    assert "the journal cannot be used" in log_file(house / "claude").read_text()


def test_what_runs_in_the_terminal_loads_little() -> None:
    """The person looks at an empty window meanwhile."""
    code = (
        "import sys; import quota_tui.cli.automation_run;"
        "print({'textual', 'rich', 'quota_tui.monitor.monitor', 'tiktoken'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": environment(Path("/"))["PYTHONPATH"]},
    )
    assert done.stdout == "set()\n"


def test_a_world_of_this_machine(house: Path) -> None:
    began = time.time()
    with open_world(Settings(), our_paths(), claude_config_dirs()) as world:
        assert world.schedulers[-1].name == "dashboard"
        assert world.alive(world.holder) is True
        assert world.holder.began_s <= began
        assert abs(world.clock() - datetime.now(UTC)) < timedelta(seconds=5)
