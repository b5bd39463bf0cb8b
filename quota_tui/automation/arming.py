"""Ask the operating system for a job's wakes, and make sure that it holds them."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from quota_tui.automation import wakefile
from quota_tui.automation.schedulers.base import LATEST, Scheduler, SchedulerError, Wake, still_held
from quota_tui.automation.world import World, own_argv
from quota_tui.core.jobs import machine
from quota_tui.core.jobs.job import ARMED, Job
from quota_tui.store.files import StoreError

LOOK_AGAIN = timedelta(minutes=3)
"""A third wake, that long after the launch: should the second one have died on the way, it takes over."""
_AT_ONCE = timedelta(seconds=1)
AUTO = "auto"


class NotArmedError(Exception):
    """No scheduler took it. The text says what each of them said."""


class Armed(msgspec.Struct, frozen=True):
    """Who holds the wakes now, and which; `warnings` are sentences about who refused."""

    scheduler: Scheduler
    held: tuple[datetime, ...]
    warnings: tuple[str, ...] = ()


def wake_of(job: Job, world: World, now: datetime, until: datetime | None = None) -> Wake:
    """What to ask for: the notification, the launch, a look afterwards, and `until` where that is said."""
    instants = {job.launch_at + LOOK_AGAIN, *(() if until is None else (until,))}
    if job.state in ARMED:
        launch_at = max(job.launch_at, now + _AT_ONCE)
        instants |= {launch_at, launch_at + LOOK_AGAIN}
        if job.notified_at is None and job.notify_at < launch_at:
            instants.add(job.notify_at)
    instants = {at for at in instants if at > now} or {now + LOOK_AGAIN}
    return Wake(job.id, tuple(sorted(instants)), own_argv(world, "run", job.id))


def not_known(name: str, world: World) -> str:
    """Why there is no scheduler of that name, in a sentence; empty when there is."""
    if name == AUTO or named(name, world) is not None:
        return ""
    return f"there is no scheduler {name} here; there are {', '.join(each.name for each in world.schedulers)}"


def arm(
    job: Job,
    world: World,
    now: datetime,
    *,
    wanted: str = "",
    until: datetime | None = None,
    is_new: bool = False,
) -> Armed:
    """Hold the job's wakes: with the scheduler that is wanted, else along the order of `auto`.

    A scheduler counts only when it then holds what was asked. `is_new`: the present shell is the one that
    the job is made in, and wakes find our files as it does. Raises NotArmedError.
    """
    wake = wake_of(job, world, now, until)
    problems: list[str] = []
    try:
        if is_new or not wakefile.wake_path(job.id, world.env).exists():
            wakefile.write(job.id, world.env)
    except StoreError as error:
        problems.append(str(error))
    name = wanted or job.scheduler or AUTO
    unknown = not_known(name, world)
    if unknown:
        problems.append(unknown)
    for scheduler in _in_order(name, world):
        held = _held(scheduler, wake, now)
        if not isinstance(held, str):
            _forget_elsewhere(job, scheduler, world)
            return Armed(scheduler, held, tuple(problems))
        # That one of `auto` cannot be used here is no news; that it refuses is.
        if name == scheduler.name or not scheduler.available():
            problems.append(f"{scheduler.name} is not used: {held}")
    raise NotArmedError("; ".join(problems) or "there is no scheduler")


def noted_as(job: Job, armed: Armed, now: datetime) -> Job:
    """The record with who holds the wakes now, and what that outlives."""
    scheduler = armed.scheduler
    return machine.noted(
        job,
        scheduler=scheduler.name,
        survives=scheduler.survives().words,
        held=armed.held,
        inspected_at=now,
        mismatch="",
    )


def see_armed(job: Job, world: World, now: datetime, until: datetime) -> str:
    """See that a wake at `until` is held; what is wrong otherwise, in a sentence."""
    scheduler = named(job.scheduler, world)
    if scheduler is not None:
        try:
            if still_held((until,), scheduler.inspect().get(job.id, ()), now):
                return ""
        except SchedulerError:
            pass  # it cannot be asked: asking it to hold the wakes once more is safe
    try:
        arm(job, world, now, until=until)
    except NotArmedError as error:
        return str(error)
    return ""


def disarm(job_id: str, world: World) -> tuple[str, ...]:
    """Hold nothing for a job that is over, with any scheduler; sentences about what could not be removed."""
    problems = []
    for scheduler in world.schedulers:
        if not scheduler.available():
            try:
                scheduler.disarm(job_id)
            except SchedulerError as error:
                problems.append(f"{scheduler.name}: {error}")
    if not problems:
        wakefile.remove(job_id, world.env)
    return tuple(problems)


def named(name: str, world: World) -> Scheduler | None:
    """The scheduler of that name."""
    return next((each for each in world.schedulers if each.name == name), None)


def _in_order(name: str, world: World) -> list[Scheduler]:
    first = [each for each in world.schedulers if each.name == name]
    return [*first, *(each for each in world.schedulers if each.name != name)]


def _held(scheduler: Scheduler, wake: Wake, now: datetime) -> tuple[datetime, ...] | str:
    """Arm it and ask what it holds; a sentence when that is not what it should."""
    problem = scheduler.available()
    if problem:
        return problem
    try:
        scheduler.arm(wake)
        held = scheduler.inspect().get(wake.job_id)
    except SchedulerError as error:
        return str(error)
    if held is not None and not scheduler.survives().closed_terminal:
        return held  # an open dashboard: there need not be one yet
    # What is due within a minute may be held for a little later: some know whole minutes only.
    if held is not None and still_held(wake.instants, held, now + LATEST):
        return held
    return "it does not hold what it was given"


def _forget_elsewhere(job: Job, scheduler: Scheduler, world: World) -> None:
    """What another scheduler held for it: a wake too many, but nobody would know of it."""
    before = named(job.scheduler, world)
    if before is not None and before.name != scheduler.name:
        try:
            before.disarm(job.id)
        except SchedulerError:
            return  # it wakes us for nothing, or is cleaned when it can be asked again
