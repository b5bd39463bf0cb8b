"""Real daemons for tests: a systemd user manager, atd and cron, started when missing, ended by their pid.

Only in a container as root, where nobody's machine is changed (or with QUOTA_TUI_REAL_SCHEDULERS=1; 0 never).
Each is held by one test at a time: the queue of at and the crontab belong to the whole machine.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from quota_tui.automation.schedulers.programs import daemon_runs
from quota_tui.store import files

_BOOTED = Path("/run/systemd/system")
_MANAGER = next(
    (each for each in ("/lib/systemd/systemd", "/usr/lib/systemd/systemd") if Path(each).exists()), ""
)


def until(holds: Callable[[], object], timeout_s: float, what: str) -> None:
    """Wait for a condition of another process."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, f"{what}: not within {timeout_s:g} s"
        time.sleep(0.05)


@contextlib.contextmanager
def user_manager(home: Path, runtime: str = "") -> Iterator[dict[str, str]]:
    """A systemd user manager with that home; yields the environment to ask it in.

    `runtime` is its folder of sockets, for one that follows another as after a reboot.
    """
    _allowed(_MANAGER or "systemd", "systemctl", "dbus-daemon")
    home.mkdir(exist_ok=True)
    with _held("systemd"), tempfile.TemporaryDirectory(prefix="qt-run-") as own:
        env = {"HOME": str(home), "XDG_RUNTIME_DIR": runtime or own, "PATH": os.environ["PATH"]}
        made = not _BOOTED.is_dir()
        _BOOTED.mkdir(parents=True, exist_ok=True)  # it starts only where systemd seems to have booted
        try:
            with _started([_MANAGER, "--user"], env):
                asked = ["systemctl", "--user", "show", "--property=Version"]
                until(
                    lambda: subprocess.run(asked, env=env, capture_output=True, check=False).returncode == 0,
                    20,
                    "systemd --user",
                )
                yield env
        finally:
            if made:
                with contextlib.suppress(OSError):
                    _BOOTED.rmdir()


@contextlib.contextmanager
def atd() -> Iterator[None]:
    """A running atd."""
    _allowed("at", "atd")
    with _held("atd"), _daemon(("atd",), ["atd", "-f"]):
        yield


@contextlib.contextmanager
def cron() -> Iterator[None]:
    """A running cron."""
    _allowed("crontab", "cron")
    with _held("cron"), _daemon(("cron", "crond"), ["cron", "-f"]):
        # It has just read the crontabs, and tells by the second whether they are others now.
        begun = int(time.time())
        until(lambda: int(time.time()) > begun, 5, "the next second")
        yield


@contextlib.contextmanager
def _daemon(names: tuple[str, ...], argv: list[str]) -> Iterator[None]:
    if daemon_runs(names):
        yield
        return
    with _started(argv, dict(os.environ)):
        until(lambda: daemon_runs(names), 10, argv[0])
        yield
    for name in names:
        if not daemon_runs(names):
            Path("/run", f"{name}.pid").unlink(missing_ok=True)


@contextlib.contextmanager
def _started(argv: list[str], env: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/"
    )
    try:
        yield
    finally:
        with contextlib.suppress(psutil.Error):
            children = psutil.Process(process.pid).children(recursive=True)
            process.terminate()
            _, left = psutil.wait_procs([*children, psutil.Process(process.pid)], timeout=10)
            for each in left:
                each.kill()
        process.wait(10)


@contextlib.contextmanager
def _held(name: str) -> Iterator[None]:
    with files.locked(Path(tempfile.gettempdir(), f"quota-tui-tests-{name}.lock"), timeout_s=110):
        yield


def _allowed(*programs: str) -> None:
    wish = os.environ.get("QUOTA_TUI_REAL_SCHEDULERS", "")
    if sys.platform != "linux":
        pytest.skip("real schedulers are tried on Linux")
    missing = [name for name in programs if not shutil.which(name)]
    if missing:
        pytest.skip(f"not on this machine: {', '.join(missing)}")
    in_container = os.geteuid() == 0 and "systemd" not in psutil.Process(1).name()
    if wish == "0" or not (wish == "1" or in_container):
        pytest.skip("would use this machine's own daemons; QUOTA_TUI_REAL_SCHEDULERS=1 allows it")
