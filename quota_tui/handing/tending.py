"""The open dashboard looks after the jobs: compares, mends, and wakes what is due. One thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from quota_tui.automation.open_world import open_world
from quota_tui.automation.tend import LATE, Tender
from quota_tui.config import Settings
from quota_tui.core.jobs.job import ARMED, OPEN, Job
from quota_tui.store.database import StoreCorruptError, StoreUnavailableError
from quota_tui.store.paths import Paths

TEND_EVERY = timedelta(minutes=5)
"""While something is arranged; else only at the start."""
_AT_WORK_EVERY = timedelta(seconds=30)
_SOONEST_S = 0.5


class Tending:
    """Told of the jobs with each snapshot, so that it sleeps until something is due and polls nothing.

    `tell` takes sentences about what is wrong now, none when all is well, from this thread.
    """

    def __init__(
        self,
        settings: Settings,
        paths: Paths,
        claude_dirs: Sequence[Path],
        clock: Callable[[], datetime],
        tell: Callable[[tuple[str, ...]], None] = lambda _: None,
    ) -> None:
        self._settings, self._paths, self._claude_dirs = settings, paths, tuple(claude_dirs)
        self._clock, self._tell = clock, tell
        self._jobs: tuple[Job, ...] = ()
        self._look_at: datetime | None = None
        self._stop, self._news = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="jobs-tend", daemon=True)

    def start(self) -> None:
        """Begin; the first look mends what a reboot or a crash has left."""
        self._thread.start()

    def stop(self) -> None:
        """End, after what it is at."""
        self._stop.set()
        self._news.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

    def see(self, jobs: Iterable[Job]) -> None:
        """The jobs as they are now.

        While a machine sleeps no timer runs on: what has come due meanwhile is looked at here.
        """
        seen, look_at = tuple(job for job in jobs if job.state in OPEN), self._look_at
        if seen != self._jobs or (look_at is not None and self._clock() >= look_at):
            self._jobs = seen
            self._news.set()

    def _run(self) -> None:
        try:
            with open_world(self._settings, self._paths, self._claude_dirs, self._clock) as world:
                self._look_after(Tender(world))
        except (StoreUnavailableError, StoreCorruptError, OSError) as error:
            self._tell((f"nothing can be arranged: {error}",))

    def _look_after(self, tender: Tender) -> None:
        tended_at: datetime | None = None
        while not self._stop.is_set():
            now = self._clock()
            self._news.clear()
            try:
                if tended_at is None or (self._jobs and not timedelta() <= now - tended_at < TEND_EVERY):
                    tended = tender.tend(now)
                    self._tell(tended.problems)
                    tended_at = now
                tender.wake_due(now)
            # A thread that ended would wake nothing any more, and nobody would know.
            except Exception as error:  # noqa: BLE001
                self._tell((f"the arranged sessions cannot be looked after: {error}",))
                tended_at = None  # what was told goes when it is well again
            now = self._clock()
            seconds = seconds_to_look(self._jobs, now)
            if seconds is None and tended_at is None:
                seconds = TEND_EVERY.total_seconds()
            self._look_at = None if seconds is None else now + timedelta(seconds=seconds)
            self._news.wait(seconds)


def seconds_to_look(jobs: Iterable[Job], now: datetime) -> float | None:
    """Until a job may have to be woken, or compared again; None when nothing is arranged."""
    times = []
    for job in jobs:
        first = job.launch_at if job.notified_at is not None else min(job.notify_at, job.launch_at)
        due = first if job.scheduler == "dashboard" else first + LATE
        times.append(due if job.state in ARMED and due > now else now + _AT_WORK_EVERY)
    if not times:
        return None
    return max(_SOONEST_S, (min(*times, now + TEND_EVERY) - now).total_seconds())
