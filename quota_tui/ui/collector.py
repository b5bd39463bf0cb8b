"""The threads that read the world. They know no widget: they post messages."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from textual.message import Message

from quota_tui.core.snapshot import Snapshot
from quota_tui.ui.provider import Provider

SPACING_S = 0.1
"""Least time between two readings, however many changes come: faster than a person can see."""


class SnapshotReady(Message):
    """A new Snapshot; one that waits is replaced by the next."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, SnapshotReady)


class CollectFailed(Message):
    """Reading failed; `reason` is one line."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class WatchFailed(Message):
    """Changes are no longer noticed by themselves; `reason` is one line."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


def in_one_line(error: Exception) -> str:
    """What a person can act on, without a traceback."""
    first = str(error).strip().splitlines()
    return first[0] if first else type(error).__name__


class Collector:
    """Collects when asked or when data changed on disk, one collection at a time."""

    def __init__(
        self, provider: Provider, clock: Callable[[], datetime], post: Callable[[Message], object]
    ) -> None:
        self._provider, self._clock, self._post = provider, clock, post
        self._stop, self._wake, self._rescan = threading.Event(), threading.Event(), threading.Event()
        self._threads = [
            threading.Thread(target=self._collect, name="quota-collect", daemon=True),
            threading.Thread(target=self._watch, name="quota-watch", daemon=True),
        ]

    def start(self) -> None:
        """Begin, with a first collection at once."""
        self._wake.set()
        for thread in self._threads:
            thread.start()

    def request(self, *, rescan: bool = False) -> None:
        """Collect soon; requests that come meanwhile become one."""
        if rescan:
            self._rescan.set()
        self._wake.set()

    def stop(self) -> None:
        """Ask both threads to end; they are daemons, so a long reading does not hold up leaving."""
        self._stop.set()
        self._wake.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=0.2)

    def _collect(self) -> None:
        while True:
            self._wake.wait()
            if self._stop.is_set():
                return
            self._wake.clear()
            rescan = self._rescan.is_set()
            self._rescan.clear()
            self._collect_once(rescan=rescan)
            self._stop.wait(SPACING_S)

    def _collect_once(self, *, rescan: bool) -> None:
        message: Message
        try:
            message = SnapshotReady(self._provider.collect(self._clock(), rescan=rescan))
        # Whatever goes wrong in reading the world is told in one line; the last good numbers stay.
        except Exception as error:  # noqa: BLE001
            message = CollectFailed(in_one_line(error))
        if not self._stop.is_set():
            self._post(message)

    def _watch(self) -> None:
        try:
            for _ in self._provider.watch(self._stop):
                if self._stop.is_set():
                    return
                self.request()
        # The dashboard goes on by reading at intervals, and says so.
        except Exception as error:  # noqa: BLE001
            if not self._stop.is_set():
                self._post(WatchFailed(in_one_line(error)))
