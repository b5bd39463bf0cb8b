"""What a wake does: ask the record and the world, do what `decide` says, and ask again until it is done.

A wake may come late, twice, a year later, or from two programs at once: everything that counts is one
compare-and-set in the journal, so at most one of them gets to open a terminal.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from quota_tui.automation import arming
from quota_tui.automation.checks import glance, look
from quota_tui.automation.client_argv import unfit
from quota_tui.automation.launch import launch
from quota_tui.automation.telling import tell_of, tell_trouble
from quota_tui.automation.world import World
from quota_tui.core.jobs import machine
from quota_tui.core.jobs.decide import STAYS, Decision, WakeFacts, decide, if_now
from quota_tui.core.jobs.job import ARMED, OPEN, Holder, Job, JobState
from quota_tui.core.jobs.machine import ImpossibleError
from quota_tui.store.jobs import JobRefusedError

_POLL_S = 0.3
"""How often the proof of a start is looked for."""
_NAP_S = 20.0
"""At most this long between two looks at the record while a wake stays: it may be cancelled meanwhile."""
_MOST_TURNS = 4000
"""Three attempts of a minute each take some 600: after that many something is wrong with clock or record."""
_MOST_REFUSED = 50
_NAP_REFUSED_S = 0.05
_TRY_AGAIN = timedelta(minutes=10)
"""A disk that was full may have room by then."""


class Woken(msgspec.Struct, frozen=True):
    """What came of it: `text` is one sentence; `job` as it is kept now, None when there is none."""

    outcome: Literal["done", "left", "gone", "trouble"]
    text: str
    job: Job | None = None


class _Turn(msgspec.Struct, frozen=True):
    """One look at the job and what it says. `watched`: at the last look it was launching."""

    job: Job
    facts: WakeFacts
    decision: Decision
    now: datetime
    watched: bool = False


def wake(job_id: str, world: World) -> Woken:
    """Do what is to be done about the job now. Blocks until the session is proven or the job is let go.

    Raises nothing for what a journal, a terminal or a scheduler does: that is told to the person.
    """
    try:
        return _wake(job_id, world)
    except sqlite3.Error as error:
        text = f"the journal cannot be written ({error}); the next wake goes on from what is in it"
        tell_trouble(job_id, f"{text}{_once_more(job_id, world)}", world)
        return Woken("trouble", text)


def _wake(job_id: str, world: World) -> Woken:
    refused, watched = 0, False
    for _ in range(_MOST_TURNS):
        job = world.jobs.get(job_id)
        if job is None:
            return _unknown(job_id, world)
        mine = machine.same_process(job.claim, world.holder)
        now = world.clock()
        facts = look(job, world, now) if mine and job.state is JobState.VERIFYING else glance(job, world)
        now = world.clock()
        decision = decide(job, facts, now)
        try:
            done = _act(_Turn(job, facts, decision, now, watched), world)
        except (ImpossibleError, JobRefusedError) as error:
            # Somebody changed it between our look and our write: look again.
            refused += 1
            if refused > _MOST_REFUSED:
                return Woken("trouble", str(error), job)
            world.sleep(_NAP_REFUSED_S)
            continue
        if done is not None:
            return done
        watched = job.state in {JobState.VERIFYING, JobState.LAUNCHING}
    # A clock that went back can make a minute last an hour: somebody looks again, but not for ever.
    job, now = world.jobs.get(job_id), world.clock()
    if job is not None and job.state in OPEN:
        arming.see_armed(job, world, now, now + arming.LOOK_AGAIN)
    return Woken("left", f"{job_id} does not come to an end: it is looked at again in a while", job)


def _once_more(job_id: str, world: World) -> str:
    """See that there is a next wake; what is wrong otherwise, to go on a sentence."""
    now = world.clock()
    try:
        job = world.jobs.get(job_id)
    except sqlite3.Error:
        job = None
    if job is None or job.state not in OPEN or now + _TRY_AGAIN > job.deadline:
        return ""
    problem = arming.see_armed(job, world, now, now + _TRY_AGAIN)
    return f"; nobody wakes it: {problem}" if problem else ""


def _unknown(job_id: str, world: World) -> Woken:
    """An entry without a job: it goes, unless the record is there and only cannot be read."""
    if world.jobs.damaged:
        text = "; ".join(world.jobs.damaged)
        tell_trouble(job_id, text, world)
        return Woken("trouble", text)
    arming.disarm(job_id, world)
    return Woken("gone", f"there is no job {job_id} (any more)")


def _act(turn: _Turn, world: World) -> Woken | None:
    """One step; None: look again."""
    if turn.decision.act == "nothing":
        return _nothing(turn, world)
    if turn.decision.act == "start" and turn.job.state is JobState.VERIFYING:
        launch(turn.job, turn.decision, world)
        return _ended(turn.job.id, world)
    new = _next(turn, world.holder)
    if not world.replace(turn.job, new):
        return None
    if new.state is JobState.WAITING:
        tell_of(new, world, arm_again(new, world, turn.now))
        return Woken("left", f"{new.id}: {new.reason}", new)
    if new.state is JobState.NOTIFIED:
        tell_of(new, world, _outlook(new, world, turn.now))
    return None if new.state in OPEN else _over(new, world)


def _outlook(job: Job, world: World, now: datetime) -> str:
    """What would keep it from starting as things stand: there are some minutes left to mend that."""
    problem = unfit(job, world.settings.automation)
    if not problem:
        decision = if_now(job, look(job, world, now), now)
        problem = decision.reason if decision.act == "fail" else ""
    return f"as things stand it will not: {problem}" if problem else ""


def _next(turn: _Turn, by: Holder) -> Job:
    """The job as the decision makes it. Raises ImpossibleError when it moved on meanwhile."""
    job, now, reason = turn.job, turn.now, turn.decision.reason
    act = turn.decision.act
    if job.state in ARMED and act in {"start", "wait", "fail"}:
        return machine.claimed(job, by, now)
    if job.state is JobState.CLAIMED and act in {"start", "wait"}:
        return machine.verifying(job, by, now)
    steps: dict[str, Callable[[], Job]] = {
        "notify": lambda: machine.notified(job, now),
        "wait": lambda: machine.put_off(job, by, turn.decision.until or now, now, reason),
        "take-over": lambda: machine.taken_over(job, by, now),
        "retry": lambda: machine.retried(job, by, now, reason),
        "miss": lambda: machine.missed(job, now, reason),
        "stand-aside": lambda: machine.cancelled(job, now, reason),
        "proven": lambda: machine.started(job, now, reason),
        "fail": lambda: machine.failed(job, now, reason, by=by if turn.facts.mine else None),
    }
    return steps[act]()


def _nothing(turn: _Turn, world: World) -> Woken | None:
    """Leave it, stay until it is to be looked at again, or see that we are woken then."""
    job, until = turn.job, turn.decision.until
    text = f"{job.id}: {turn.decision.reason}"
    if job.state not in OPEN:
        if turn.watched:  # it came to its end in the terminal: nobody else tells
            return _over(job, world)
        arming.disarm(job.id, world)
        return Woken("done", text, job)
    if until is None:
        return Woken("left", text, job)
    left = until - turn.now
    if left <= STAYS:
        longest = _POLL_S if job.state is JobState.LAUNCHING else _NAP_S
        world.sleep(min(max(left / timedelta(seconds=1), _POLL_S), longest))
        return None
    problem = arming.see_armed(job, world, turn.now, until)
    if problem:
        tell_trouble(job.id, f"nobody wakes it: {problem}", world)
    return Woken("left", text, job)


def arm_again(job: Job, world: World, now: datetime) -> str:
    """Ask for the wakes of a job that has another time now; what is wrong, in a sentence."""
    world.step("before arm")
    try:
        armed = arming.arm(job, world, now)
    except arming.NotArmedError as error:
        problem = f"no scheduler holds it: {error}"
        world.change(job.id, lambda each: machine.noted(each, mismatch=problem), "mismatch")
        return problem
    world.change(job.id, lambda each: arming.noted_as(each, armed, now), "armed")
    return ""


def _ended(job_id: str, world: World) -> Woken | None:
    """After a launch: a job that failed at once is over."""
    job = world.jobs.get(job_id)
    return _over(job, world) if job is not None and job.state not in OPEN else None


def _over(job: Job, world: World) -> Woken:
    tell_of(job, world)
    arming.disarm(job.id, world)
    return Woken("done", f"{job.id} is {job.state.value}: {job.reason or job.log[-1].text}", job)
