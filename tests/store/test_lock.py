"""The lock that says a dashboard is open."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from quota_tui.store.lock import hold, is_held

HOLDER = (
    "import sys; from pathlib import Path; from quota_tui.store.lock import hold;"
    "fd = hold(Path(sys.argv[1])); print(fd is not None, flush=True); sys.stdin.read()"
)


def holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "True\n"
    return process


def test_a_lock_lives_as_long_as_its_holders(tmp_path: Path) -> None:
    path = tmp_path / "data" / "dashboard.lock"
    assert not is_held(path)
    assert not path.exists()  # asking leaves nothing behind
    one, two = holder(path), holder(path)
    with one, two:
        assert is_held(path)
        one.kill()
        one.wait()
        assert is_held(path)
        two.communicate("")
    assert not is_held(path)
    assert path.exists()


def test_letting_go(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    fd = hold(path)
    assert fd is not None
    assert is_held(path)
    os.close(fd)
    assert not is_held(path)


def test_where_nothing_can_be_written_nobody_holds(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    assert hold(tmp_path / "data" / "x.lock") is None
    assert not is_held(tmp_path / "data" / "x.lock")


@pytest.mark.skipif(sys.platform == "win32", reason="there a holder that fails counts as one")
def test_who_asks_never_keeps_a_holder_out(tmp_path: Path) -> None:
    """A status line asks several times a minute, each time with a lock for an instant."""
    path = tmp_path / "x.lock"
    path.touch()
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            is_held(path)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(300):
            fd = hold(path)
            assert fd is not None
            os.close(fd)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
