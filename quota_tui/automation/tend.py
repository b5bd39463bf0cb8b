"""What an open dashboard does for jobs: compare the schedulers with the journal, mend, and wake what is due.

A scheduler's entry is only a wake-up. So an entry too many is cleaned, a job that nobody holds is armed
again, and a job whose wake did not come (a reboot, a closed lid, a killed process) is woken from here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

import msgspec

from quota_tui.automation import arming
from quota_tui.automation.proof import proof_of
from quota_tui.automation.schedulers.base import Scheduler, SchedulerError, still_held
from quota_tui.automation.world import World, own_argv
from quota_tui.core.jobs import machine
from quota_tui.core.jobs.decide import CLAIM_LASTS
from quota_tui.core.jobs.job import ARMED, AT_WORK, Job, JobState

LATE = timedelta(seconds=20)
"""A wake that is so late does not come, or not in time: the dashboard does it."""
_SOON = timedelta(minutes=2)
"""What is due within that is about to be woken: its entry may be gone already."""
_SPAWNED_FOR = timedelta(seconds=60)
"""A wake that was spawned needs a moment until the record shows it."""
DASHBOARD = "dashboard"

Held = dict[str, dict[str, tuple[datetime, ...]]]
"""What each scheduler holds, by its name and the job's id."""


class Tended(msgspec.Struct, frozen=True):
    """What was done, a sentence each; `problems` are what could not be mended."""

    done: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


class Tender:
    """Looks after all jobs of one journal. Several dashboards may each have one: nothing is done twice."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._spawned: dict[str, datetime] = {}

    def tend(self, now: datetime) -> Tended:
        """Compare and mend: at the start of a dashboard and every few minutes. Asks every scheduler.

        Raises sqlite3 errors.
        """
        world = self._world
        held, problems = _inspected(world)
        jobs = {job.id: job for job in world.jobs.open()}
        done = _cleaned(jobs, held, world)
        for job in jobs.values():
            if job.state in ARMED:
                said, wrong = _seen(job, held, world, now)
                done += said
                problems += wrong
        done += _proven_late(world, now)
        return Tended(tuple(done), (*problems, *world.jobs.damaged))

    def due(self, now: datetime) -> tuple[str, ...]:
        """The jobs that must be woken from here, now. Asks the journal alone. Raises sqlite3 errors."""
        return tuple(job.id for job in self._world.jobs.open() if _is_due(job, self._world, now))

    def wake_due(self, now: datetime) -> tuple[str, ...]:
        """Wake each in a process of its own; those that were woken. Raises sqlite3 errors and OSError."""
        self._spawned = {
            job_id: at for job_id, at in self._spawned.items() if timedelta(0) <= now - at < _SPAWNED_FOR
        }
        woken = [job_id for job_id in self.due(now) if job_id not in self._spawned]
        for job_id in woken:
            self._world.spawn(own_argv(self._world, "run", job_id))
            self._spawned[job_id] = now
        return tuple(woken)


def _is_due(job: Job, world: World, now: datetime) -> bool:
    if job.state in AT_WORK:
        claimed_at = job.claim.at if job.claim is not None else None
        hangs = claimed_at is not None and abs(now - claimed_at) > CLAIM_LASTS
        return hangs or job.claim is None or world.alive(job.claim) is False
    late = timedelta(0) if job.scheduler in {"", DASHBOARD} else LATE
    first = job.launch_at if job.notified_at is not None else job.notify_at
    return now >= first + late


def _inspected(world: World) -> tuple[Held, list[str]]:
    """What the real schedulers hold, and which of them could not be asked."""
    held: Held = {}
    problems: list[str] = []
    for scheduler in world.schedulers:
        if scheduler.available():
            continue
        try:
            held[scheduler.name] = scheduler.inspect()
        except SchedulerError as error:
            problems.append(f"{scheduler.name} cannot be asked what it holds: {error}")
    return held, problems


def _cleaned(jobs: dict[str, Job], held: Held, world: World) -> list[str]:
    """Entries of ours for jobs that are over, unknown, or held by another scheduler: gone."""
    done = []
    for scheduler in world.schedulers:
        for job_id in held.get(scheduler.name, ()):
            job = jobs.get(job_id)
            if job is not None and job.scheduler in {"", scheduler.name}:
                continue
            if job is None and _is_open(job_id, world):
                continue  # it was made, or came back, after the jobs were listed
            if _disarmed(scheduler, job_id):
                done.append(f"{scheduler.name} held an entry for {job_id}, which needs none: removed")
    return done


def _is_open(job_id: str, world: World) -> bool:
    """Whether there is such a job that is not over, or that cannot be read: then nothing is known of it."""
    job = world.jobs.get(job_id)
    return bool(world.jobs.damaged) if job is None else job.state in ARMED | AT_WORK


def _disarmed(scheduler: Scheduler, job_id: str) -> bool:
    try:
        scheduler.disarm(job_id)
    except SchedulerError:
        return False  # next time
    return True


def _seen(job: Job, held: Held, world: World, now: datetime) -> tuple[list[str], list[str]]:
    """A job that is armed, held as its record says or armed again; what was done, and what is wrong."""
    has = held.get(job.scheduler, {}).get(job.id)
    wanted = _to_come(job, now)
    if job.scheduler == DASHBOARD and has is not None:
        has = wanted  # a dashboard is open: this one
    if has is not None and still_held(wanted, has, now):
        _note(job, world, now, held=has, mismatch="")
        return [], []
    if not wanted:
        return [], []  # it is due: it is woken from here
    was = f"{job.scheduler or 'no scheduler'} did not hold {job.id}"
    try:
        armed = arming.arm(job, world, now)
    except arming.NotArmedError as error:
        _note(job, world, now, held=(), mismatch=f"nobody wakes it: {error}")
        return [], [f"{was}: {error}"]
    world.change(job.id, lambda each: arming.noted_as(each, armed, now), "armed again")
    return [f"{was}: armed again with {armed.scheduler.name}"], list(armed.warnings)


def _proven_late(world: World, now: datetime) -> list[str]:
    """Jobs that were given up although their client ran: it may have asked something first."""
    done = []
    for job in world.jobs.recent():
        if job.state is not JobState.FAILED or job.runner is None:
            continue
        proof = proof_of(job.session_id, world.dirs_of(job), world.scan)
        if proof and world.change(job.id, partial(_started, now=now, proof=proof), "proven late"):
            done.append(f"{job.id} did start: {proof}")
    return done


def _started(job: Job, *, now: datetime, proof: str) -> Job | None:
    return machine.started(job, now, proof) if job.state is JobState.FAILED else None


def _to_come(job: Job, now: datetime) -> tuple[datetime, ...]:
    first = [job.notify_at] if job.notified_at is None else []
    return tuple(at for at in (*first, job.launch_at) if at > now + _SOON)


def _note(job: Job, world: World, now: datetime, *, held: Iterable[datetime], mismatch: str) -> None:
    """Write down what was found, if it is news."""
    found = tuple(held)
    if job.held != found or job.mismatch != mismatch:
        world.change(
            job.id,
            lambda each: machine.noted(each, held=found, mismatch=mismatch, inspected_at=now),
            "inspected",
        )
