"""An arranger that keeps invented jobs, and a dashboard with the automation screen on it."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import msgspec
from textual.pilot import Pilot

from quota_tui.core.jobs.job import Job, JobState, LogLine
from quota_tui.core.snapshot import Snapshot
from quota_tui.handing.form import Done, Latest
from quota_tui.ui.app import QuotaApp
from quota_tui.ui.automation.screen import AutomationScreen
from tests.ui.fakes import Clock, FakeProvider
from tests.ui.invent import NOW, arranged, job, working
from tests.ui.stage import settings, until

LATEST = Latest(
    "/home/ada/.claude/session-handoffs/handoff-20261120-1731-0748c499.md",
    "Authentication for the API",
    "/home/ada/code/api",
)


class FakeArranger:
    """Does to its jobs what it is asked; raises what it is told to; `holds` keep it until they are set."""

    def __init__(self, *jobs: Job, latest: Latest | None = LATEST) -> None:
        self.jobs = list(jobs)
        self.newest = latest
        self.asked: list[tuple[str, ...]] = []
        self.errors: dict[str, Exception] = {}
        self.holds: dict[str, threading.Event] = {}
        self.warnings: tuple[str, ...] = ()

    def scene(self, now: datetime = NOW) -> Snapshot:
        """The invented afternoon with these jobs."""
        return msgspec.structs.replace(working(now), automation=arranged(*self.jobs))

    def become(self, job_id: str, text: str, **changes: object) -> Job:
        """Something happens to a job."""
        at = next(at for at, each in enumerate(self.jobs) if each.id == job_id)
        before = self.jobs[at]
        state = changes.get("state", before.state)
        assert isinstance(state, JobState)
        line = LogLine(NOW + timedelta(seconds=len(before.log)), state, text)
        self.jobs[at] = msgspec.structs.replace(before, log=(*before.log, line), **changes)
        return self.jobs[at]

    def _meet(self, what: str, *words: str) -> None:
        self.asked.append((what, *words))
        if what in self.holds:
            assert self.holds[what].wait(20)
        if what in self.errors:
            raise self.errors[what]

    def schedule(self, handoff: str, at: str = "") -> Done:
        self._meet("schedule", handoff, at)
        self.jobs.insert(0, job(id="new-1", handoff=handoff))
        return Done(
            "starts 18:45 · handoff-20261120-1731-0748c499.md · safe to close", self.warnings, "new-1"
        )

    def cancel(self, job_id: str) -> Done:
        self._meet("cancel", job_id)
        self.become(job_id, "called off by you", state=JobState.CANCELLED, reason="called off by you")
        return Done(f"{job_id} is called off", self.warnings, job_id)

    def reschedule(self, job_id: str, at: str) -> Done:
        self._meet("reschedule", job_id, at)
        self.become(job_id, "another time", state=JobState.SCHEDULED, launch_at=NOW + timedelta(hours=3))
        return Done("starts 20:34 · handoff.md · safe to close", self.warnings, job_id)

    def run_now(self, job_id: str) -> Done:
        self._meet("run_now", job_id)
        self.become(job_id, "opening tmux", state=JobState.LAUNCHING)
        return Done(f"{job_id} starts now", self.warnings, job_id)

    def preview(self, job_id: str) -> str:
        self._meet("preview", job_id)
        return "A wake now: nothing is done: it is not due yet\n\n  claude --session-id 6f9b1c9e"

    def log(self, job_id: str) -> str:
        self._meet("log", job_id)
        return "\n".join(f"17:{at:02d}  line {at}" for at in range(60))

    def latest(self) -> Latest | None:
        self._meet("latest")
        return self.newest


def two_sessions(now: datetime = NOW) -> Snapshot:
    """One that is scheduled, and one of another project that waits."""
    reason = "3 % of the five-hour window is left: waiting for more"
    other = job(
        id="web-1",
        project="/srv/web",
        agent="",
        state=JobState.WAITING,
        reason=reason,
        launch_at=NOW + timedelta(minutes=72),
        log=(LogLine(NOW, JobState.WAITING, reason),),
    )
    return FakeArranger(job(), other).scene(now)


@asynccontextmanager
async def arranging(
    arranger: FakeArranger | None,
    size: tuple[int, int] = (100, 30),
    *,
    jobs: tuple[Job, ...] = (),
    clock: Clock | None = None,
    **display: object,
) -> AsyncIterator[tuple[QuotaApp, Pilot, AutomationScreen]]:
    """The screen as its key opens it. Without an arranger as in the demo, with `jobs` to see."""
    known = FakeArranger(*jobs) if arranger is None else arranger
    provider = FakeProvider(known.scene, settings(display=display))
    provider.arranges = arranger
    app = QuotaApp(provider, clock or Clock(), home="/home/ada")
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: app.view is not None and app.view.snapshot is not None)
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, AutomationScreen))
        screen = app.screen
        assert isinstance(screen, AutomationScreen)
        if arranger is not None:
            await until(pilot, lambda: screen.latest is not None or arranger.newest is None)
        await pilot.pause()
        yield app, pilot, screen
