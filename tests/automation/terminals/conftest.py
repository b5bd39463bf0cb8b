"""Terminals that record what they are given, a screen that answers, and tmux servers that tests end."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from quota_tui.automation.terminals import programs
from quota_tui.automation.terminals.base import OpenRequest
from tests.automation.terminals.stage import ARGV, HOSTILE, StandIns


@pytest.fixture
def programs_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIns:
    """Nothing of this machine is found, only what the test adds."""
    monkeypatch.setattr(programs, "_USUAL", ())
    folder = tmp_path / "bin"
    folder.mkdir()
    return StandIns(folder)


@pytest.fixture
def sockets() -> Iterator[Path]:
    """A folder with a short name: a socket's path has at most 107 characters."""
    folder = tempfile.mkdtemp(prefix="qt")
    yield Path(folder)
    shutil.rmtree(folder)


@pytest.fixture
def listening(sockets: Path) -> Iterator[Callable[[str], str]]:
    """Make a unix socket that answers; returns its path."""
    ends = []

    def listen(name: str) -> str:
        end = socket.socket(socket.AF_UNIX)
        end.bind(str(sockets / name))
        end.listen()
        ends.append(end)
        return str(sockets / name)

    yield listen
    for end in ends:
        end.close()


@pytest.fixture
def env(programs_here: StandIns, listening: Callable[[str], str], tmp_path: Path) -> dict[str, str]:
    """The environment of a shell on a desktop."""
    return {
        "PATH": str(programs_here.folder),
        "HOME": str(tmp_path / "home"),
        "WAYLAND_DISPLAY": listening("wayland-0"),
        "CLAUDECODE": "1",
        "LANG": "C.UTF-8",
    }


@pytest.fixture
def folder(tmp_path: Path) -> str:
    path = tmp_path / HOSTILE
    path.mkdir()
    return str(path)


@pytest.fixture
def request_for(folder: str) -> Callable[..., OpenRequest]:
    def make(
        env: dict[str, str], argv: tuple[str, ...] = ARGV, title: str = "API #(id);\x1b]0;x\a"
    ) -> OpenRequest:
        return OpenRequest(argv, folder, title, env)

    return make


@pytest.fixture
def tmux_env(sockets: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment whose tmux servers are the test's own."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed: no terminal of it was opened for real")
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    found = {
        "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin",
        "HOME": str(home),
        "TMUX_TMPDIR": str(sockets),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
    }
    yield found
    for path in sockets.rglob("*"):
        if path.is_socket():
            command = ["tmux", "-S", str(path), "kill-server"]
            subprocess.run(command, env=found, capture_output=True, timeout=20, check=False)
