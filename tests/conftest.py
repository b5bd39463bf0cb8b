"""Fixtures for all tests: a home of its own for each, and no clock but the injected one."""

from __future__ import annotations

import signal
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.lines import line, write_transcript

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A run in the background ignores ctrl+c, and so would every program that a test starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)

NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh HOME: nothing of the person who runs the tests is read or written."""
    for name in ("CLAUDE_CONFIG_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "QUOTA_TUI_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("QUOTA_TUI_NOW", NOW.isoformat())
    return tmp_path


@pytest.fixture
def project(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a commit and a session that worked in it."""
    folder = home / "code" / "api"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "me")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "me@example.org")
        monkeypatch.setenv(f"GIT_{name}_DATE", "2026-11-20T15:30:00Z")
    (folder / "a.txt").write_text("one\n")
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "Add JWT endpoints"]):
        subprocess.run(["git", *command], check=True, timeout=20)
    (folder / "a.txt").write_text("two\n")
    write_transcript(
        home, [line(cwd=str(folder), session="11111111-2222", at=120)], "-code-api/11111111-2222.jsonl"
    )
    return folder
