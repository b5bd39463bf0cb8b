"""Several jobs at once: who goes first, how far apart, and who waits for a larger window."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from quota_tui.core.jobs.job import ARMED, AT_WORK, Job, JobState
from quota_tui.core.jobs.timing import APART
from quota_tui.core.words import tokens

_WINDOW = timedelta(hours=5)
_LOOK_AGAIN = timedelta(seconds=5)
_NOTHING_USED: Mapping[str, int] = {}


def order(job: Job) -> tuple[datetime, datetime, str]:
    """The order of the queue: by chosen time, then as they were made. No two are equal."""
    return job.chosen_at, job.created_at, job.id


def need(job: Job) -> int:
    """What it may take, in tokens: the upper end of its estimate; 0 when there is none."""
    return job.estimate_high or job.estimate_tokens or 0


def in_project(job: Job, others: Iterable[Job]) -> Job | None:
    """Another job that is being started in the same project: never two launches in one at once."""
    return next((each for each in others if each.project == job.project and _at_work(each, job)), None)


def turn(job: Job, others: Iterable[Job], now: datetime) -> datetime | None:
    """When to look again because another job is being launched just now; None when it is this one's turn.

    After a reboot every job that was due wakes at once: they go one after another.
    """
    later = list[datetime]()
    for each in others:
        if each.id == job.id:
            continue
        if each.opened_at is not None and _within(now - each.opened_at):
            later.append(each.opened_at + APART)
        elif each.state in {JobState.CLAIMED, JobState.VERIFYING} and order(each) < order(job):
            held_at = each.claim.at if each.claim is not None else None
            if held_at is not None and _within(now - held_at):
                later.append(now + _LOOK_AGAIN)
    return max(later, default=None)


def crowd(
    job: Job,
    others: Iterable[Job],
    left_tokens: int | None,
    now: datetime,
    *,
    used: Mapping[str, int] = _NOTHING_USED,
    since: datetime | None = None,
) -> str:
    """Why the window is too small for it and those before it together; empty when it is not, or nobody knows.

    Before it are the jobs that were started in this window (`since`: when it began), that are being launched,
    and that are due and come first in `order`. Each counts with its `need` less what its session has `used`
    (tokens by session uuid). A job that is alone is never held back: the person chose it.
    """
    mine = need(job)
    if left_tokens is None or not mine:
        return ""
    began = since if since is not None else now - _WINDOW
    waiting = [need(each) - used.get(each.session_id, 0) for each in others if _before(each, job, began, now)]
    open_needs = [each for each in waiting if each > 0]
    if not open_needs or sum(open_needs) + mine <= left_tokens:
        return ""
    jobs = "1 job" if len(open_needs) == 1 else f"{len(open_needs)} jobs"
    return (
        f"{jobs} before it may take ≈{tokens(sum(open_needs))} of ≈{tokens(left_tokens)} left:"
        f" its own ≈{tokens(mine)} do not fit"
    )


def _before(each: Job, job: Job, began: datetime, now: datetime) -> bool:
    if each.id == job.id:
        return False
    if each.state is JobState.STARTED:
        return each.started_at is not None and each.started_at >= began
    if each.state is JobState.LAUNCHING:
        return True
    if order(each) > order(job):
        return False
    return each.state in AT_WORK or (each.state in ARMED and each.launch_at <= now <= each.deadline)


def _at_work(each: Job, job: Job) -> bool:
    return each.id != job.id and each.state in AT_WORK


def _within(past: timedelta) -> bool:
    return timedelta(0) <= past < APART
