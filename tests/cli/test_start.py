"""`quota-tui` without a command: opens in a terminal, says why where it cannot, and lets go of everything."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from quota_tui.cli import dashboard
from quota_tui.cli.dashboard import LiveMonitor
from quota_tui.config import Settings
from quota_tui.store.lock import is_held
from quota_tui.store.paths import claude_config_dirs
from tests.conftest import NOW
from tests.monitor.rig import REPO, history_calls, paths, quota, run, settings_file, tell, work

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="terminals are asked for the POSIX way")


@pytest.mark.parametrize("args", [[], ["--demo"], ["--theme", "light"]])
def test_without_a_terminal_it_says_what_to_use_instead(home: Path, args: list[str]) -> None:
    result = run(*args)
    assert (result.returncode, result.stdout) == (2, b"")
    assert (
        result.stderr
        == b"quota-tui: the dashboard needs a terminal; `quota-tui status` prints the same as text\n"
    )
    assert not paths().data_dir.exists()


def test_a_speed_without_a_demo_is_a_usage_error(home: Path) -> None:
    result = quota("--speed", "3")
    assert result.exit_code == 2
    assert "--demo" in result.stderr
    assert quota("--demo", "--speed", "0").exit_code == 2


class Terminal:
    """The program on a terminal of its own."""

    def __init__(self, *args: str, rows: int = 30, columns: int = 100) -> None:
        import fcntl
        import termios

        self._main, inner = os.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        own = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
        env = {**own, "PYTHONPATH": str(REPO), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "quota_tui", *args],
            stdin=inner,
            stdout=inner,
            stderr=inner,
            env=env,
            cwd=REPO,
            start_new_session=True,
        )
        os.close(inner)
        self.seen = b""

    def until(self, done: Callable[[], object], seconds: float = 30.0) -> bool:
        """Read on until something holds; whether it did."""
        deadline = time.monotonic() + seconds
        while not done() and time.monotonic() < deadline:
            if select.select([self._main], [], [], 0.05)[0]:
                try:
                    self.seen += os.read(self._main, 1 << 16)
                except OSError:  # the other side is closed
                    break
        return bool(done())

    def shows(self, word: str) -> bool:
        return self.until(lambda: word.encode() in self.seen)

    def type(self, keys: str) -> None:
        os.write(self._main, keys.encode())

    def ended(self) -> bool:
        if self.until(lambda: self.process.poll() is not None):
            return True
        with contextlib.suppress(subprocess.TimeoutExpired):  # it has closed the terminal already
            self.process.wait(30)
        return self.process.poll() is not None

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._main)


@pytest.fixture
def terminals() -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*args: str, **size: int) -> Terminal:
        opened.append(Terminal(*args, **size))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


def test_it_opens_shows_what_is_known_and_closes(home: Path, terminals: Callable[..., Terminal]) -> None:
    work(home)
    tell(62.5)
    terminal = terminals()
    assert terminal.shows("MODERATE"), terminal.seen[-2000:]
    assert is_held(paths().dashboard_lock)  # status lines leave the alerts to it
    terminal.type("q")
    assert terminal.ended(), terminal.seen[-2000:]
    assert terminal.process.returncode == 0
    assert b"Traceback" not in terminal.seen
    assert not is_held(paths().dashboard_lock)
    assert history_calls() == 60


def test_wrong_settings_do_not_keep_it_shut(home: Path, terminals: Callable[..., Terminal]) -> None:
    tell(62.5)
    settings_file('[display]\nclock = "25h"\n')
    terminal = terminals(columns=220)
    assert terminal.shows("display.clock"), terminal.seen[-2000:]
    terminal.type("q")
    assert terminal.ended()
    assert terminal.process.returncode == 0


def test_a_terminal_that_is_closed_takes_it_along(home: Path, terminals: Callable[..., Terminal]) -> None:
    tell(62.5)
    terminal = terminals()
    assert terminal.shows("MODERATE"), terminal.seen[-2000:]
    with contextlib.suppress(ProcessLookupError):
        os.killpg(terminal.process.pid, signal.SIGHUP)
    assert terminal.ended()
    assert not is_held(paths().dashboard_lock)


# -- much to read


def live_monitor() -> LiveMonitor:
    return LiveMonitor(Settings(), paths(), claude_config_dirs(), NOW)


def test_much_to_read_is_left_to_a_process_of_its_own(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work(home)
    monkeypatch.setattr(dashboard, "MUCH_TO_READ", 1000)
    monkeypatch.setenv("PYTHONPATH", str(REPO))
    started: list[list[str]] = []
    real = subprocess.run

    def note(command: list[str], **how: object) -> object:
        started.append(command)
        return real(command, **how)  # type: ignore[call-overload]

    monkeypatch.setattr(dashboard.subprocess, "run", note)
    live = live_monitor()
    try:
        assert live.collect(NOW).sources.calls == 60
        assert live.collect(NOW, rescan=True).sources.calls == 60
    finally:
        live.close()
    assert len(started) == 1
    assert started[0][1:3] == ["-m", "quota_tui"]


def test_little_to_read_is_read_at_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work(home)
    monkeypatch.setattr(dashboard.subprocess, "run", None)
    live = live_monitor()
    try:
        assert live.collect(NOW).sources.calls == 60
    finally:
        live.close()


def test_where_nothing_is_kept_no_other_process_can_help(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work(home)
    paths().history_db.mkdir(parents=True)
    monkeypatch.setattr(dashboard, "MUCH_TO_READ", 1000)
    monkeypatch.setattr(dashboard.subprocess, "run", None)
    live = live_monitor()
    try:
        assert live.collect(NOW).sources.calls == 60
    finally:
        live.close()


def test_a_scan_of_another_process_that_fails_is_made_good(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work(home)
    monkeypatch.setattr(dashboard, "MUCH_TO_READ", 1000)
    monkeypatch.setattr(dashboard.subprocess, "run", lambda *_, **__: None)
    live = live_monitor()
    try:
        assert live.collect(NOW).sources.calls == 60
    finally:
        live.close()
