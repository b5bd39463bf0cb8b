"""Which jobs the faces show, the one that matters most first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from quota_tui.core.jobs.job import ARMED, ASKS, AT_WORK, Job, JobState

ASKS_FOR = timedelta(days=3)
"""A job that was missed or failed asks for so long; after that only its log tells."""
STARTED_SHOWS = timedelta(hours=6)
CALLED_OFF_SHOWS = timedelta(hours=1)
LOG_SHOWN = 5


def shown_jobs(jobs: Iterable[Job], now: datetime) -> tuple[Job, ...]:
    """Jobs at work, then armed ones by their time, then those that ask, then those over since a little while.

    Of a project with a newer job the older ones ask no more.
    """
    every = sorted(jobs, key=lambda job: job.created_at)
    newest = {job.project: job.id for job in every}
    found = [job for job in every if _is_shown(job, now, is_last=newest[job.project] == job.id)]
    return tuple(public(job) for job in sorted(found, key=lambda job: _rank(job, now)))


def public(job: Job) -> Job:
    """The job as others may see it: without the environment it is launched with, and the log's end only."""
    return msgspec.structs.replace(job, environment={}, log=job.log[-LOG_SHOWN:])


def last_at(job: Job) -> datetime:
    """When something last happened to it."""
    return job.log[-1].at if job.log else job.created_at


def _is_shown(job: Job, now: datetime, *, is_last: bool) -> bool:
    if job.state in ARMED | AT_WORK:
        return True
    keeps = {JobState.STARTED: STARTED_SHOWS, JobState.CANCELLED: CALLED_OFF_SHOWS}.get(job.state, ASKS_FOR)
    return is_last and now - last_at(job) < keeps


def _rank(job: Job, now: datetime) -> tuple[int, timedelta, str]:
    if job.state in AT_WORK:
        return 0, now - last_at(job), job.id
    if job.state in ARMED:
        return 1, job.launch_at - now, job.id
    return 2 if job.state in ASKS else 3, now - last_at(job), job.id
