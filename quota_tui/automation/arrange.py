"""Arranging sessions, for all faces: schedule, cancel, another time, now, and what exactly would happen.

A job is written first and armed then: what is armed without a record would wake us for nothing, and a record
without a wake is found and mended. Whatever goes wrong in between, nothing half-made is left.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import msgspec

from quota_tui.automation import arming
from quota_tui.automation.prepare import ArrangeError, Prepared, Request, choose_time, prepare
from quota_tui.automation.world import World, own_argv
from quota_tui.core.jobs import machine
from quota_tui.core.jobs.job import ARMED, OPEN, Job
from quota_tui.core.jobs.timing import staggered
from quota_tui.core.jobs.words import armed_words, main_job
from quota_tui.store.jobs import JobRefusedError

__all__ = ["ArrangeError", "Prepared", "Request", "prepare"]

_BY_YOU = "called off by you"


class Arranged(msgspec.Struct, frozen=True):
    """The job as it is kept now, a sentence for the person, and warnings, a sentence each."""

    job: Job
    sentence: str
    warnings: tuple[str, ...] = ()


def schedule(request: Request, world: World, now: datetime) -> Arranged:
    """Arrange a session. Raises ArrangeError."""
    return schedule_prepared(prepare(request, world, now), world, now)


def schedule_prepared(prepared: Prepared, world: World, now: datetime) -> Arranged:
    """Keep a prepared job and arm it. Raises ArrangeError, then neither was done."""
    job = prepared.job
    world.step("before add")
    try:
        replaced = world.jobs.add(job, replacing=prepared.replace)
    except JobRefusedError as error:
        raise ArrangeError(str(error)) from error
    world.log_lines(job)
    world.step("after add")
    warnings = list(prepared.warnings)
    if replaced is not None:
        warnings += [f"{replaced.id} gave way to it", *arming.disarm(replaced.id, world)]
    job, more = _armed(job, world, now, prepared.scheduler, is_new=True)
    return Arranged(job, _sentence(job, world, now), (*warnings, *more))


def cancel(job_id: str, world: World, now: datetime, reason: str = _BY_YOU) -> Arranged:
    """Call a job off. Raises ArrangeError when it is starting already, or over."""
    job = _change(job_id, lambda each: machine.cancelled(each, now, reason), "cancelled", world)
    return Arranged(job, f"{job.id} is called off", arming.disarm(job_id, world))


def reschedule(job_id: str, at: str, world: World, now: datetime) -> Arranged:
    """Give a job another time. Raises ArrangeError."""
    before = find_job(job_id, world)
    chosen = choose_time(at, None, world, now)
    others = [each.launch_at for each in world.jobs.open() if each.id != before.id]
    launch_at = staggered(chosen.at, others)

    def another_time(job: Job) -> Job:
        return machine.rescheduled(job, launch_at, chosen.start, world.zone_name, now, str(uuid4()))

    job = _change(before.id, another_time, "rescheduled", world)
    job, warnings = _armed(job, world, now, job.scheduler)
    notes = (chosen.note,) if chosen.note else ()
    return Arranged(job, _sentence(job, world, now), (*notes, *warnings))


def make_due(job_id: str, world: World, now: datetime) -> Arranged:
    """Let a job be due at once, whatever the quota says; whoever calls this wakes it. Raises ArrangeError."""

    def at_once(job: Job) -> Job:
        return machine.run_now(job, world.zone_name, now, str(uuid4()))

    job = _change(job_id, at_once, "run now", world)
    job, warnings = _armed(job, world, now, job.scheduler)
    return Arranged(job, f"{job.id} starts now", warnings)


def run_now(job_id: str, world: World, now: datetime) -> Arranged:
    """Start a job at once, in a process of its own that outlives this one. Raises ArrangeError."""
    arranged = make_due(job_id, world, now)
    try:
        world.spawn(own_argv(world, "run", arranged.job.id))
    except OSError as error:
        warning = f"it could not be started from here ({error}); its scheduler does within a minute"
        return msgspec.structs.replace(arranged, warnings=(*arranged.warnings, warning))
    return arranged


def find_job(word: str, world: World) -> Job:
    """The job of this id, or whose id begins so; without a word the one that is open. Raises ArrangeError."""
    jobs = world.jobs.all()
    if not word:
        main = main_job(jobs)
        if main is None:
            raise ArrangeError("nothing is scheduled; `quota-tui automation schedule` does that")
        several = [each.id for each in jobs if each.state in OPEN]
        if len(several) > 1:
            raise ArrangeError(f"which one? {', '.join(several)}")
        return main
    found = [each for each in jobs if each.id == word] or [each for each in jobs if each.id.startswith(word)]
    if len(found) != 1:
        which = f"{len(found)} jobs begin with" if found else "there is no job"
        raise ArrangeError(f"{which} {word!r}; `quota-tui automation status` shows them")
    return found[0]


def _change(job_id: str, step: Callable[[Job], Job], name: str, world: World) -> Job:
    """The job after a step of the person's. Raises ArrangeError."""
    try:
        job = world.change(job_id, step, name)
    except (machine.ImpossibleError, JobRefusedError) as error:
        raise ArrangeError(str(error)) from error
    if job is None:
        raise ArrangeError(f"there is no job {job_id}; `quota-tui automation status` shows them")
    return job


def _armed(
    job: Job, world: World, now: datetime, wanted: str, *, is_new: bool = False
) -> tuple[Job, tuple[str, ...]]:
    """The job held by a scheduler, and who refused. One that nobody holds is called off: ArrangeError."""
    try:
        armed = arming.arm(job, world, now, wanted=wanted, is_new=is_new)
        world.step("after arm")
    except BaseException as error:
        # Also for ctrl+c: a job that nobody wakes must not look as if it were arranged.
        reason = f"it could not be armed: {error or type(error).__name__}"
        _undo(job, world, now, reason)
        if isinstance(error, arming.NotArmedError):
            raise ArrangeError(reason) from error
        raise
    name, held, survives = armed.scheduler.name, armed.held, armed.scheduler.survives()

    def step(each: Job) -> Job:
        said = survives.words
        return machine.noted(each, scheduler=name, survives=said, held=held, inspected_at=now, mismatch="")

    kept = world.change(job.id, step, "armed")
    cannot = () if survives.reboot else (f"{name}: {survives.words}",)
    return kept or job, (*armed.warnings, *cannot)


def _undo(job: Job, world: World, now: datetime, reason: str) -> None:
    def step(each: Job) -> Job | None:
        return machine.cancelled(each, now, reason) if each.state in ARMED else None

    world.change(job.id, step, "undone")
    arming.disarm(job.id, world)


def _sentence(job: Job, world: World, now: datetime) -> str:
    """`starts 18:05 · handoff-….md · safe to close`."""
    scheduler = arming.named(job.scheduler, world)
    is_safe = scheduler is not None and scheduler.survives().closed_terminal
    return armed_words(job, now, world.face, "safe to close" if is_safe else "keep quota-tui open")
