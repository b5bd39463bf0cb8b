"""The demo's temporary home: private, all of it in one folder, and gone afterwards."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from quota_tui.store.files import ensure_private_dir, write_atomic
from quota_tui.store.paths import Paths

_PREFIX = "quota-tui-demo-"
_ENDINGS = ("SIGTERM", "SIGHUP")


class DemoHome:
    """A folder of its own: Claude Code's configuration folder and ours. Folders 0700, files 0600."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX))  # 0700
        atexit.register(self.remove)
        ours = self.folder / "quota-tui"
        ensure_private_dir(ours)
        self.paths = Paths(ours / "cache", ours / "data", ours / "config")
        self.claude = self.folder / "claude"
        self._made: set[Path] = set()
        self._removed = False

    def append(self, transcript: str, data: bytes) -> None:
        """Add whole lines to a transcript; `transcript` is its path below `projects`."""
        path = self.claude / "projects" / transcript
        self._make(path.parent)
        with open(path, "ab", opener=_open_private) as file:
            file.write(data)

    def put_session(self, pid: int, data: bytes) -> None:
        """Write the session file of a process."""
        folder = self.claude / "sessions"
        self._make(folder)
        write_atomic(folder / f"{pid}.json", data)

    def remove(self) -> None:
        """Remove everything; may be called again."""
        self._removed = True
        # Windows keeps files that are still open: they go at exit.
        shutil.rmtree(self.folder, ignore_errors=True)
        if not self.folder.exists():
            atexit.unregister(self.remove)

    def _make(self, folder: Path) -> None:
        if self._removed:
            raise FileNotFoundError(f"{self.folder} has been removed")  # and must not come back
        if folder not in self._made:
            ensure_private_dir(folder)
            self._made.add(folder)


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


class RemoveOnSignal:
    """While held: `remove` is called before a signal ends the process, as when the terminal is closed.

    Only for signals that would end it silently; one that somebody else handles stays theirs.
    """

    def __init__(self, remove: Callable[[], None]) -> None:
        self._remove = remove
        self._held: list[signal.Signals] = []

    def hold(self) -> None:
        """Begin; does nothing outside the main thread, where signals cannot be set."""
        if threading.current_thread() is not threading.main_thread():
            return
        for name in _ENDINGS:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, self._end)
                self._held.append(number)

    def release(self) -> None:
        """Let the signals be as they were."""
        for number in self._held:
            with contextlib.suppress(ValueError):  # another thread: the process is ending anyway
                if signal.getsignal(number) == self._end:
                    signal.signal(number, signal.SIG_DFL)
        self._held = []

    def _end(self, number: int, _frame: FrameType | None) -> None:
        self._remove()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
