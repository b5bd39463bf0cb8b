"""What may become of a job: which state follows which, and the one way to write each step.

Every function takes a job and gives its next version, or refuses with ImpossibleError; nothing is changed in
place. `store.jobs.Jobs` writes a version only over the one it was made from, and asks `check` once more, so
an impossible step is in no journal.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from quota_tui.core.jobs.job import ARMED, ASKS, AT_WORK, Holder, Job, JobState, LogLine

MAX_ATTEMPTS = 3
"""Terminals opened for one launch; then the person is told."""
MAX_TAKEOVERS = 5
"""Each dead process's claim is taken over once, by one. When this many died in a row something kills them."""
MAX_WAITS = 12
"""Half-hour waits must outlast a five-hour window whose reset nobody reported."""
TOLD_AGAIN_AFTER = timedelta(hours=1)
"""A start put off by more than this is announced again."""
SAME_BEGAN_S = 2.0
"""Two tellings of one process's start may differ by this much (whole seconds, boot time plus ticks)."""

_S = JobState
NEXT: dict[JobState, frozenset[JobState]] = {
    _S.SCHEDULED: frozenset({_S.SCHEDULED, _S.NOTIFIED, _S.CLAIMED, _S.STARTED, _S.MISSED, _S.CANCELLED}),
    _S.NOTIFIED: frozenset({_S.SCHEDULED, _S.CLAIMED, _S.STARTED, _S.MISSED, _S.CANCELLED}),
    _S.WAITING: frozenset({_S.SCHEDULED, _S.NOTIFIED, _S.CLAIMED, _S.STARTED, _S.MISSED, _S.CANCELLED}),
    _S.CLAIMED: frozenset(
        {_S.CLAIMED, _S.VERIFYING, _S.WAITING, _S.STARTED, _S.MISSED, _S.FAILED, _S.CANCELLED}
    ),
    _S.VERIFYING: frozenset(
        {_S.CLAIMED, _S.LAUNCHING, _S.WAITING, _S.STARTED, _S.MISSED, _S.FAILED, _S.CANCELLED}
    ),
    _S.LAUNCHING: frozenset({_S.CLAIMED, _S.LAUNCHING, _S.STARTED, _S.FAILED, _S.CANCELLED}),
    _S.STARTED: frozenset(),
    _S.MISSED: frozenset({_S.SCHEDULED, _S.STARTED, _S.CANCELLED}),
    _S.FAILED: frozenset({_S.SCHEDULED, _S.STARTED, _S.CANCELLED}),
    _S.CANCELLED: frozenset(),
}
"""Which state may follow which. A job that stays in its state is a step only where its own name is listed:
another time, a claim taken over, the process that became the client. STARTED follows from every state that
is not the end: the proof of a start is stronger than what we believed (a power cut can forget a launch)."""

NOTED = frozenset(
    {"version", "log", "held", "inspected_at", "mismatch", "scheduler", "survives", "environment"}
)
"""What `noted` may change in any state: none of it decides about a start."""
_FIXED = ("id", "project", "created_at")


class ImpossibleError(Exception):
    """The job cannot go there from where it is; the message says why, for a person."""


def same_process(one: Holder | None, other: Holder | None) -> bool:
    """Whether both are the same process, told by whoever."""
    if one is None or other is None:
        return False
    near = abs(one.began_s - other.began_s) <= SAME_BEGAN_S
    return one.pid == other.pid and one.host == other.host and near


def moved(job: Job, state: JobState, now: datetime, text: str, **changes: object) -> Job:
    """The next version, in `state`, with a log line. `reason` is emptied unless given.

    Raises ImpossibleError when `state` cannot follow.
    """
    if state not in NEXT[job.state]:
        raise ImpossibleError(f"{job.id} is {job.state.value}: it cannot become {state.value}")
    line = LogLine(now, state, text)
    return msgspec.structs.replace(
        job,
        **{"reason": "", **changes, "state": state, "version": job.version + 1, "log": (*job.log, line)},
    )


def noted(job: Job, **changes: object) -> Job:
    """The next version with something of `NOTED` written down; state and log stay.

    Raises ImpossibleError for any other field.
    """
    if not NOTED.issuperset(changes):
        raise ImpossibleError(f"{job.id}: {', '.join(sorted(set(changes) - NOTED))} cannot just be changed")
    return msgspec.structs.replace(job, **{**changes, "version": job.version + 1})


def logged(job: Job, now: datetime, text: str) -> Job:
    """The next version with one more log line and nothing else."""
    return noted(job, log=(*job.log, LogLine(now, job.state, text)))


def notified(job: Job, now: datetime) -> Job:
    """The person is told that it is about to start. From scheduled and waiting, once per launch time."""
    if job.notified_at is not None:
        raise ImpossibleError(f"{job.id}: that was told already")
    text = "told that it is about to start"
    return moved(job, JobState.NOTIFIED, now, text, notified_at=now, reason=job.reason)


def claimed(job: Job, holder: Holder, now: datetime) -> Job:
    """This process takes it in hand: from an armed state, not before its time and not after its deadline."""
    if job.state not in ARMED:
        raise ImpossibleError(f"{job.id} is {job.state.value}: there is nothing to take in hand")
    if now < job.launch_at:
        raise ImpossibleError(f"{job.id} is not due yet")
    if now > job.deadline:
        raise ImpossibleError(f"{job.id} is past its deadline")
    text = f"taken in hand by process {holder.pid}"
    return moved(job, JobState.CLAIMED, now, text, claim=_at(holder, now))


def taken_over(job: Job, holder: Holder, now: datetime) -> Job:
    """The claim of a process that ended (or hangs) becomes this one's; what it opened counts no more.

    Whether it ended was found out about one version of the record: write the answer with `Jobs.replace`, over
    that version, never with `Jobs.change`. Raises ImpossibleError when too many died.
    """
    if job.state not in AT_WORK or job.claim is None:
        raise ImpossibleError(f"{job.id} is {job.state.value}: nobody has it in hand")
    if same_process(job.claim, holder):
        raise ImpossibleError(f"{job.id} is in this process's hand already")
    if job.takeovers >= MAX_TAKEOVERS:
        raise ImpossibleError(f"{job.id} was taken over {job.takeovers} times already")
    text = f"process {job.claim.pid} did not finish while {job.state.value}: process {holder.pid} takes over"
    changes: dict[str, object] = {"claim": _at(holder, now), "takeovers": job.takeovers + 1, "runner": None}
    return moved(job, JobState.CLAIMED, now, text, **changes)


def verifying(job: Job, by: Holder, now: datetime) -> Job:
    """Its holder looks whether it can start."""
    _holds(job, by)
    return moved(job, JobState.VERIFYING, now, "looking whether it can start")


def launching(job: Job, by: Holder, now: datetime, how: str) -> Job:
    """Its holder is about to ask a terminal (`how`: which). Write this first, then ask.

    One more attempt, whose gate (`runner_set`) is open.
    """
    _holds(job, by)
    if job.attempts >= MAX_ATTEMPTS:
        raise ImpossibleError(f"{job.id} was launched {job.attempts} times already")
    if now > job.deadline:
        raise ImpossibleError(f"{job.id} is past its deadline")
    attempt = job.attempts + 1
    text = f"opening {how}" + (f", attempt {attempt}" if attempt > 1 else "")
    changes: dict[str, object] = {"attempts": attempt, "opened_at": now, "runner": None, "how": how}
    return moved(job, JobState.LAUNCHING, now, text, **changes)


def runner_set(job: Job, holder: Holder, now: datetime) -> Job:
    """The gate: the process in the terminal that becomes the client. The first of an attempt, nobody else.

    Raises ImpossibleError when another one passed, the launch was called off or it is too late.
    """
    if job.state is not JobState.LAUNCHING:
        raise ImpossibleError(f"{job.id} is {job.state.value}: nothing is to be started")
    if job.runner is not None:
        raise ImpossibleError(f"{job.id} was started by process {job.runner.pid} already")
    if now > job.deadline:
        raise ImpossibleError(f"{job.id} is past its deadline")
    text = f"process {holder.pid} becomes the client"
    return moved(job, JobState.LAUNCHING, now, text, runner=_at(holder, now))


def retried(job: Job, by: Holder, now: datetime, reason: str) -> Job:
    """Its holder gives this attempt up: nobody can pass its gate any more. `launching` opens the next one.

    The same care as with `taken_over`: write it over the version that was judged.
    """
    _holds(job, by)
    if job.state is not JobState.LAUNCHING:
        raise ImpossibleError(f"{job.id} is {job.state.value}: there is no attempt to give up")
    if job.attempts >= MAX_ATTEMPTS:
        raise ImpossibleError(f"{job.id} was launched {job.attempts} times already")
    return moved(job, JobState.CLAIMED, now, reason, claim=_at(by, now), runner=None)


def started(job: Job, now: datetime, how: str) -> Job:
    """It runs; `how` is what proves it (a live-session file, a transcript of our uuid)."""
    if not how:
        raise ImpossibleError(f"{job.id}: a start needs a proof")
    changes = {**_over(""), "started_at": now}
    return moved(job, JobState.STARTED, now, f"started: {how}", **changes)


def put_off(job: Job, by: Holder, until: datetime, now: datetime, reason: str) -> Job:
    """Its holder lets go of it until a later time; it is to be armed again for then.

    Raises ImpossibleError when it was put off too often, or `until` is no later time.
    """
    _holds(job, by)
    if job.waits >= MAX_WAITS:
        raise ImpossibleError(f"{job.id} was put off {job.waits} times already")
    if until <= now:
        raise ImpossibleError(f"{job.id} cannot wait for a time that has passed")
    far = until - now > TOLD_AGAIN_AFTER
    changes: dict[str, object] = {"launch_at": until, "deadline": until + _patience(job), "reason": reason}
    changes |= {"waits": job.waits + 1, "claim": None, "runner": None, "takeovers": 0}
    changes |= {"notified_at": None if far else job.notified_at}
    return moved(job, JobState.WAITING, now, reason, **changes)


def missed(job: Job, now: datetime, reason: str) -> Job:
    """Its deadline has passed and nothing was started. Raises ImpossibleError before that."""
    if now <= job.deadline:
        raise ImpossibleError(f"{job.id} can still be started")
    return moved(job, JobState.MISSED, now, reason, **_over(reason))


def failed(job: Job, now: datetime, reason: str, by: Holder | None = None) -> Job:
    """It cannot start, or did not; `reason` says why and what to do. Only from a process's hand.

    With `by`: only while that process has it. The runner is kept: it may yet prove itself.
    """
    if by is not None:
        _holds(job, by)
    return moved(job, JobState.FAILED, now, reason, **_over(reason))


def cancelled(job: Job, now: datetime, reason: str) -> Job:
    """Called off (or, missed and failed, put out of sight). Not once a process became the client."""
    if job.state is JobState.LAUNCHING and job.runner is not None:
        raise ImpossibleError(f"{job.id} is starting in its terminal: end the session there")
    return moved(job, JobState.CANCELLED, now, reason, **_over(reason))


def rescheduled(job: Job, launch_at: datetime, start: str, zone: str, now: datetime, session_id: str) -> Job:
    """Another time, with a new session uuid: the old one may have been used. From armed, missed and failed.

    Everything that was counted or seen for the old time is forgotten, but for the log.
    """
    if job.state not in ARMED | ASKS:
        raise ImpossibleError(f"{job.id} is {job.state.value}: it cannot be given another time")
    if not session_id or session_id == job.session_id:
        raise ImpossibleError(f"{job.id}: another time needs a new session id")
    changes: dict[str, object] = {
        "launch_at": launch_at,
        "chosen_at": launch_at,
        "start": start,
        "zone": zone,
    }
    changes |= {"deadline": launch_at + _patience(job), "session_id": session_id, "anyway": False}
    changes |= {"attempts": 0, "waits": 0, "takeovers": 0, "notified_at": None, "claim": None}
    changes |= {"opened_at": None, "runner": None, "how": "", "held": (), "mismatch": ""}
    return moved(job, JobState.SCHEDULED, now, "given another time", **changes)


def run_now(job: Job, zone: str, now: datetime, session_id: str, *, anyway: bool = True) -> Job:
    """Due at once, as `rescheduled`. `anyway`: neither quota nor another session there is waited for."""
    again = rescheduled(job, now, now.isoformat(), zone, now, session_id)
    return msgspec.structs.replace(
        again, anyway=anyway, notified_at=now, log=(*job.log, LogLine(now, again.state, "to be started now"))
    )


def check(old: Job, new: Job) -> None:
    """Raises ImpossibleError unless `new` is one step from `old`: what the store asks before it writes."""
    problem = ""
    same = new.state is old.state
    if new.version != old.version + 1:
        problem = f"version {new.version} does not follow {old.version}"
    elif any(getattr(old, field) != getattr(new, field) for field in _FIXED):
        problem = "it would be another job"
    elif new.log[: len(old.log)] != old.log:
        problem = "its log can only grow"
    elif new.state not in NEXT[old.state] and not (same and _only_noted(old, new)):
        problem = f"it is {old.state.value} and cannot become {new.state.value}"
    elif same and new.state is JobState.LAUNCHING and not _only_noted(old, new) and old.runner is not None:
        problem = "another process became the client already"
    if problem:
        raise ImpossibleError(f"{old.id}: {problem}")


def _only_noted(old: Job, new: Job) -> bool:
    return all(
        getattr(old, field) == getattr(new, field) for field in old.__struct_fields__ if field not in NOTED
    )


def _holds(job: Job, by: Holder) -> None:
    if not same_process(job.claim, by):
        raise ImpossibleError(f"{job.id} is no longer in this process's hand")


def _at(holder: Holder, now: datetime) -> Holder:
    return msgspec.structs.replace(holder, at=now)


def _patience(job: Job) -> timedelta:
    """How long after its launch time it may still start: kept when the time changes."""
    return job.deadline - job.launch_at


def _over(reason: str) -> dict[str, object]:
    return {"reason": reason, "claim": None, "mismatch": "", "held": ()}
