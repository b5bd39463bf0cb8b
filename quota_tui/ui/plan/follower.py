"""Does slow work for the latest value, in a thread: drafts are kept and previews made with it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Follower(Generic[Value]):
    """Calls `work` with the newest value that was given, one call at a time, `spacing_s` apart.

    Values that are overtaken are left out; the last one never is. At rest it waits without waking. `work`
    must not raise.
    """

    def __init__(self, name: str, work: Callable[[Value], None], spacing_s: float) -> None:
        self._work, self._spacing_s = work, spacing_s
        self._changed = threading.Condition()
        self._waiting: list[Value] = []
        self._busy = self._hurry = self._stopped = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def give(self, value: Value) -> None:
        """Work on this one next."""
        with self._changed:
            if not self._stopped:
                self._waiting = [value]
                self._changed.notify_all()

    def flush(self, timeout_s: float) -> bool:
        """Work on what waits now; whether it was done in time."""
        with self._changed:
            self._hurry = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not (self._waiting or self._busy), timeout_s)

    def hurry(self) -> None:
        """Work on what waits without further delay."""
        with self._changed:
            self._hurry = True
            self._changed.notify_all()

    def forget(self, timeout_s: float) -> None:
        """Leave out what waits, and let a call that runs come to its end."""
        with self._changed:
            self._waiting = []
            self._changed.wait_for(lambda: not self._busy, timeout_s)

    def stop(self) -> None:
        """Take nothing more; the thread ends after what it is at."""
        with self._changed:
            self._stopped = True
            self._waiting = []
            self._changed.notify_all()

    def _run(self) -> None:
        free_at = 0.0
        while True:
            with self._changed:
                while not self._waiting and not self._stopped:
                    self._hurry = False
                    self._changed.wait()
                self._changed.wait_for(
                    lambda: self._hurry or self._stopped, max(0.0, free_at - time.monotonic())
                )
                if self._stopped:
                    return
                if not self._waiting:
                    continue
                value = self._waiting.pop()
                self._busy = True
            try:
                self._work(value)
            finally:
                free_at = time.monotonic() + self._spacing_s
                with self._changed:
                    self._busy = False
                    self._changed.notify_all()
