"""A real repository for tests, in a home of its own."""

from __future__ import annotations

import os
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from quota_tui.core.facts import GitState
from quota_tui.sources.git import read_git

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ME = "dev@example.test"


class Repo:
    def __init__(self, path: Path) -> None:
        self.path = path

    def git(self, *args: str, at: datetime = NOON, email: str = ME) -> str:
        who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in (("NAME", "Dev"), ("EMAIL", email), ("DATE", at.isoformat()))}  # fmt: skip
        command = [
            "git",
            "-C",
            str(self.path),
            "-c",
            "commit.gpgsign=false",
            "-c",
            "protocol.file.allow=always",
            *args,
        ]
        done = subprocess.run(command, env={**os.environ, **who}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def write(self, name: str, text: str = "x\n") -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def commit(self, subject: str, minute: int = 0, *, name: str = "", email: str = ME) -> None:
        at = NOON + timedelta(minutes=minute)
        self.write(name or f"{subject}.txt", subject)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", subject, at=at, email=email)

    def read(self, since: datetime | None = None) -> GitState:
        return read_git(str(self.path), since)


@pytest.fixture
def repo(home: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "xdg"))
    made = Repo(home / "repo")
    made.path.mkdir()
    made.git("init", "-q", "-b", "main")
    made.git("config", "user.email", ME)
    return made


def script(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path
