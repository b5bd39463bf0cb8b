"""The temporary home goes, however the process ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from quota_tui.demo.home import DemoHome, RemoveOnSignal

OPEN = "from quota_tui.demo.play import open_demo; demo = open_demo(); demo.start(); print(demo.home, flush=True); "


def start(code: str, folder: Path) -> subprocess.Popen[str]:
    env = {**os.environ, "TMPDIR": str(folder), "TEMP": str(folder), "TMP": str(folder)}
    return subprocess.Popen([sys.executable, "-c", OPEN + code], stdout=subprocess.PIPE, text=True, env=env)


def opened(process: subprocess.Popen[str]) -> Path:
    assert process.stdout is not None
    home = Path(process.stdout.readline().strip())
    assert home.is_dir()
    return home


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without telling it")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_is_removed_when_a_signal_ends_the_process(name: str, tmp_path: Path) -> None:
    # In short waits: the system may hand the signal to the thread that writes, and Python's own handler
    # runs in the main one, when that next looks.
    waits = (
        "import sys; sys.stderr.close(); import threading; [threading.Event().wait(0.2) for _ in range(300)]"
    )
    with start(waits, tmp_path) as process:
        home = opened(process)
        process.send_signal(getattr(signal, name))
        process.wait(20)
    assert not home.exists()
    if name != "SIGINT":
        assert process.returncode == -getattr(signal, name)  # it ended as it would have without us


@pytest.mark.parametrize("code", ["raise SystemExit(3)", "import sys; sys.stderr.close(); 1 / 0"])
def test_is_removed_at_exit_without_close(code: str, tmp_path: Path) -> None:
    with start(code, tmp_path) as process:
        printed, _ = process.communicate(timeout=20)
    assert Path(printed.strip()).parent == tmp_path
    assert process.returncode
    assert list(tmp_path.iterdir()) == []


def test_nothing_comes_back_after_removal() -> None:
    home = DemoHome()
    home.append("-p/s.jsonl", b"{}\n")
    home.remove()
    with pytest.raises(FileNotFoundError):
        home.append("-q/s.jsonl", b"{}\n")
    with pytest.raises(FileNotFoundError):
        home.append("-p/s.jsonl", b"{}\n")
    assert not home.folder.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_signals_of_others_stay_theirs() -> None:
    def theirs(*_: object) -> None:
        """Somebody else's handler."""

    before = signal.signal(signal.SIGTERM, theirs)
    hangup = signal.getsignal(signal.SIGHUP)
    try:
        held = RemoveOnSignal(lambda: None)
        held.hold()
        assert signal.getsignal(signal.SIGTERM) is theirs
        held.release()
        assert signal.getsignal(signal.SIGTERM) is theirs
        assert signal.getsignal(signal.SIGHUP) is hangup
    finally:
        signal.signal(signal.SIGTERM, before)
