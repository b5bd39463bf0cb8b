"""Proof of a start, the log as text, the arguments of the client, telling the person."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quota_tui.automation import joblog, proof, tell
from quota_tui.automation.client_argv import client_argv, skips_permissions, unfit
from quota_tui.config import Automation
from quota_tui.core.jobs.job import Job, JobState, LogLine
from quota_tui.sources.processes import LiveSession, SessionScan
from tests.conftest import NOW

UUID = "0748c499-9a51-4f6e-8f5c-2f7a4a1a2b3c"


def job(**changes: object) -> Job:
    given = {
        "id": "api-1",
        "project": "/home/dev/api",
        "handoff": "/home/dev/.claude/session-handoffs/handoff-1.md",
        "session_id": UUID,
        "launch_at": NOW,
        "chosen_at": NOW,
        "deadline": NOW,
        "created_at": NOW,
    }
    return Job(**{**given, **changes})


# -- proof


def test_nothing_proves_nothing(tmp_path: Path) -> None:
    assert proof.proof_of(UUID, [tmp_path, tmp_path / "none"]) == ""


def test_a_transcript_in_whatever_folder(tmp_path: Path) -> None:
    folder = tmp_path / "projects" / "-home-dev-api"
    folder.mkdir(parents=True)
    (folder / "other.jsonl").write_text("{}\n")
    assert proof.proof_of(UUID, [tmp_path]) == ""
    (folder / f"{UUID}.jsonl").write_text("{}\n")
    assert proof.proof_of(UUID, [tmp_path / "none", tmp_path]) == "its transcript is there"


def test_a_live_session_with_our_id(tmp_path: Path) -> None:
    def scan(folders):
        return SessionScan((LiveSession(session_id=UUID, pid=42, project="/x"),))

    assert proof.proof_of(UUID, [tmp_path], scan) == "its client runs (process 42)"
    assert proof.proof_of("another", [tmp_path], scan) == ""


def test_sessions_at_work_in_a_project(tmp_path: Path) -> None:
    project = tmp_path / "api"
    (project / "sub").mkdir(parents=True)
    (project / ".git").mkdir()
    there = LiveSession(session_id="a", pid=1, project=str(project / "sub"))
    elsewhere = LiveSession(session_id="b", pid=2, project=str(tmp_path))
    nowhere = LiveSession(session_id="c", pid=3, project="")
    quiet = LiveSession(session_id="d", pid=4, project=str(project))
    folder = tmp_path / "claude" / "projects" / "x"
    folder.mkdir(parents=True)
    written = folder / "a.jsonl"
    written.write_text("{}\n")
    os.utime(written, (NOW.timestamp(), NOW.timestamp()))
    found = proof.live_in(
        str(project), [tmp_path / "claude"], lambda folders: SessionScan((there, elsewhere, nowhere, quiet))
    )
    assert found == ((there, NOW), (quiet, None))


# -- the log as text


def test_lines_are_appended_one_each(tmp_path: Path) -> None:
    lines = [
        LogLine(NOW, JobState.SCHEDULED, "made\nby \x1b[31mhand"),
        LogLine(NOW, JobState.FAILED, "x" * 900),
    ]
    assert joblog.note_lines(tmp_path, "api-1", lines)
    assert joblog.note(tmp_path, "api-1", "could not be written", datetime(2026, 1, 2, tzinfo=UTC))
    path = joblog.log_file(tmp_path)
    first, second, third = path.read_text().splitlines()
    assert first == "2026-11-20T16:00:00Z api-1 scheduled: made by [31mhand"
    assert len(second) < 560
    assert third == "2026-01-02T00:00:00Z api-1 could not be written"
    assert joblog.note_lines(tmp_path, "api-1", ())
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700


def test_no_launch_fails_for_its_log(tmp_path: Path) -> None:
    (tmp_path / "automation").write_text("a file in the way")
    assert not joblog.note(tmp_path, "api-1", "text", NOW)


# -- the client's arguments


def test_the_client_is_given_our_id_and_a_prompt_that_names_the_file() -> None:
    assert client_argv(job(), "/bin/claude") == (
        "/bin/claude",
        "--session-id",
        UUID,
        "Read the handoff /home/dev/.claude/session-handoffs/handoff-1.md and begin with its first objective.",
    )
    full = job(agent="reviewer", model="opus", permission_mode="plan", extra_args=("--add-dir", "/a", "/b"))
    assert client_argv(full, "/bin/claude")[1:-1] == (
        *("--add-dir", "/a", "/b", "--session-id", UUID),
        *("--agent", "reviewer", "--model", "opus", "--permission-mode", "plan"),
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"agent": "--dangerously-skip-permissions"}, "could pass for an option"),
        ({"agent": "a\0b"}, "NUL"),
        ({"project": "/x\0"}, "NUL"),
        ({"model": "-p"}, "its model must be one word"),
        ({"permission_mode": "plan now"}, "its permission_mode must be one word"),
        ({"extra_args": ("--resume", "x")}, "must not hold --resume"),
        ({"extra_args": ("--session-id=1",)}, "must not hold --session-id"),
        ({"extra_args": ("do evil",)}, "must be options"),
        ({"permission_mode": "bypassPermissions"}, "would skip permissions"),
        ({"permission_mode": "BYPASSPERMISSIONS"}, "would skip permissions"),
        ({"extra_args": ("--dangerously-skip-permissions",)}, "would skip permissions"),
        ({"extra_args": ("--permission-mode", "bypassPermissions")}, "would skip permissions"),
        ({"extra_args": ("--permission-mode=bypassPermissions",)}, "would skip permissions"),
    ],
)
def test_what_nobody_asked_for_is_not_started(changes, why) -> None:
    assert why in unfit(job(**changes), Automation())


def test_what_the_settings_say_is_done() -> None:
    assert unfit(job(agent="a", model="opus", permission_mode="acceptEdits"), Automation()) == ""
    skipping = job(permission_mode="bypassPermissions")
    assert unfit(skipping, Automation(permission_mode="bypassPermissions")) == ""
    assert unfit(skipping, Automation(extra_args=("--dangerously-skip-permissions",))) == ""
    assert not skips_permissions("plan", ("--add-dir", "bypassPermissions"))


# -- telling


def test_the_desktop_comes_first() -> None:
    said = []

    def desktop(title: str, text: str) -> bool:
        said.append((title, text))
        return True

    assert tell.Told({}, desktop)("a", "b") == "desktop notification"
    assert said == [("a", "b")]
    assert tell.Told({}, lambda title, text: False)("a", "b") == ""


def test_no_tmux_and_a_tmux_that_is_gone(tmp_path: Path) -> None:
    assert not tell.tmux_message("x", {"TMUX": "/x,1,0", "PATH": str(tmp_path)})
    assert not tell.tmux_message("x", {"PATH": os.environ["PATH"]})
    assert not tell.tmux_message("x", {"TMUX": f"{tmp_path}/none,1,0", "PATH": os.environ["PATH"]})


def test_a_recording_tmux_gets_no_format(tmp_path: Path) -> None:
    program = tmp_path / "tmux"
    program.write_text(
        f"#!{sys.executable}\nimport json, sys\n"
        f"open({str(tmp_path / 'said')!r}, 'a').write(json.dumps(sys.argv[1:]) + '\\n')\n"
        "if 'list-clients' in sys.argv: print('/dev/pts/1\\n/dev/pts/2')\n"
    )
    program.chmod(0o755)
    env = {"TMUX": "/tmp/sock,1,0", "PATH": str(tmp_path)}
    assert tell.tmux_message("at 90% #(touch pwned) '; touch pwned; '", env)
    lines = [eval(line) for line in (tmp_path / "said").read_text().splitlines()]
    assert lines[1] == [
        *("-S", "/tmp/sock", "display-message", "-c", "/dev/pts/1", "-d", "15000"),
        " at 90%% (touch pwned) '; touch pwned; '",
    ]
    assert len(lines) == 3
    program.write_text("#!/bin/sh\nexit 1\n")
    assert not tell.tmux_message("x", env)


def test_a_tmux_that_hangs_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "tmux"
    program.write_text("")
    program.chmod(0o755)

    def hangs(argv, **options):
        raise subprocess.TimeoutExpired(argv, options["timeout"])

    monkeypatch.setattr(subprocess, "run", hangs)
    assert not tell.tmux_message("x", {"TMUX": "/tmp/sock,1,0", "PATH": str(tmp_path)})
