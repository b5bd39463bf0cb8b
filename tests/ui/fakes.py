"""A provider that hands out invented snapshots, and a clock that stands until told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, tzinfo

from quota_tui.config import Settings
from quota_tui.core.report import UsageRow
from quota_tui.core.snapshot import Snapshot
from quota_tui.core.usage import UsageTotals
from quota_tui.core.words import Face
from tests.ui.invent import NOW, working


class Clock:
    """Stands still until moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


def usage_rows(by: str) -> list[UsageRow]:
    """Thirty days, or a few models and projects, or the windows of three days."""
    keys = {
        "day": [f"2026-11-{day:02d}" for day in range(1, 21)],
        "model": ["claude-sonnet-5-5-20260930", "claude-opus-5-20260801", "claude-haiku-5-20260701"],
        "project": ["/home/ada/code/api", "/home/ada/code/quota-tui", "/srv/experiments/tokenizer"],
        "window": [
            f"2026-11-{day:02d}T{hour:02d}:40:12+00:00" for day in (18, 19, 20) for hour in (8, 13, 18)
        ],
    }[by]
    rows = []
    for i, key in enumerate(keys):
        tokens = 40_000 + 23_000 * (i * 7 % 11)
        totals = UsageTotals(
            tokens // 10,
            tokens // 2,
            tokens - tokens // 10 - tokens // 2,
            tokens * 9,
            tokens * 2.5e-5,
            60 + i,
        )
        rows.append(UsageRow(key=key, totals=totals, active_minutes=45 + 5 * i))
    return rows


class FakeProvider:
    """Hands out what it is told to; `changed()` is a change on disk."""

    def __init__(self, scene: Callable[..., Snapshot] = working, settings: Settings | None = None) -> None:
        self.scene = scene
        self.settings = settings or Settings()
        self.calls: list[tuple[datetime, bool]] = []
        self.asked: list[tuple[str, datetime | None, datetime | None]] = []
        self.error: Exception | None = None
        self.watch_error: Exception | None = None
        self.plans: list[object] = []
        self.follows: object | None = None
        self.arranges: object = None
        self._changes = threading.Semaphore(0)

    def collect(self, now: datetime, *, rescan: bool = False) -> Snapshot:
        self.calls.append((now, rescan))
        if self.error is not None:
            raise self.error
        return self.scene(now)

    def watch(self, stop: threading.Event) -> Iterator[None]:
        while not stop.is_set():
            if self._changes.acquire(timeout=0.02):
                if self.watch_error is not None:
                    raise self.watch_error
                yield

    def changed(self) -> None:
        self._changes.release()

    def usage_rows(
        self, by: str, since: datetime | None, until: datetime | None, zone: tzinfo
    ) -> list[UsageRow]:
        self.asked.append((by, since, until))
        if self.error is not None:
            raise self.error
        return usage_rows(by)

    def follower(self, clock: Callable[[], datetime]) -> object | None:
        return self.follows

    def planner(self, face: Face, clock: Callable[[], datetime]) -> object:
        assert self.plans, "this provider was given no planner"
        return self.plans.pop(0)

    def arranger(self, clock: Callable[[], datetime]) -> object:
        """What the automation screen asks; None as in the demo, until a test says otherwise."""
        return self.arranges
