"""What a wake-up does about a job: one pure answer from record and facts, for wakes and preview alike.

A wake asks `decide`, claims, and asks again with `mine`: what it found out before the claim may have changed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from quota_tui.core.jobs import queue
from quota_tui.core.jobs.job import ARMED, ASKS, AT_WORK, OPEN, Job, JobState
from quota_tui.core.jobs.machine import MAX_ATTEMPTS, MAX_TAKEOVERS, MAX_WAITS
from quota_tui.core.jobs.timing import jitter
from quota_tui.core.ready import Readiness
from quota_tui.core.words import tokens

AGAIN = timedelta(minutes=30)
"""How long to wait for quota when no reset is reported."""
MARGIN = timedelta(minutes=2)
"""After a reported reset the numbers need a moment to become new."""
PROOF_WITHIN = timedelta(seconds=60)
"""A client that shows no sign of life for that long did not start."""
CLAIM_LASTS = timedelta(minutes=10)
"""A claim older than that hangs, or its machine slept: what its process does later is refused by version."""
STAYS = timedelta(minutes=2)
"""A wake that comes this much too early stays and waits (minute-wise schedulers); an earlier one leaves."""
LATE = timedelta(minutes=5)
"""A start later than this is told as late."""
LONGEST_WAIT = timedelta(days=8)
"""No window is longer: a reset beyond that is damage."""
BUSY = timedelta(minutes=10)
"""A session that did something this shortly before the job's time is at work."""
JUST_RESET = timedelta(minutes=30)
"""A window that began this shortly before the job's time, or later, is the one it waited for: what a session
did before it was with the old quota."""

Act = Literal[
    "nothing", "notify", "start", "wait", "miss", "fail", "stand-aside", "take-over", "retry", "proven"
]


class LiveSession(msgspec.Struct, frozen=True):
    """A session of the client that runs in the job's project, and when it last did something."""

    session_id: str
    pid: int = 0
    last_at: datetime | None = None


class WakeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out about the world for one job. The defaults are what speaks against nothing.

    The order matters: first look which processes live, last for the proof. A client that ends between the two
    has left its proof; the other way round it would be taken for one that never began.

    `mine`: the claim is the asking process's own. `holder_alive`, `runner_alive`: whether the processes that
    the record names live; None when nobody can say (another machine's). `proof`: what proves that a session
    with the job's uuid began, a phrase ("its transcript is there"), empty when nothing does.
    `handoff_problem` says why the handoff cannot be read. `client` is the client's absolute path, empty when
    there is none. `trusted`: whether the client trusts the folder; None: not known. `continued`: live
    sessions in the project. `other_jobs`: all jobs but this one (those whose session has ended may be left
    out). `readiness`: from `core.ready` with the job's `ready_pct`; `reset_is_reported` whether its reset is
    Anthropic's word, or derived. `resets_at`, `window_began`, `left_tokens` are the five-hour window's;
    `resets_at` only where reported. `used_tokens`: what each session (by uuid) has used in it.
    """

    readiness: Readiness
    mine: bool = False
    holder_alive: bool | None = None
    runner_alive: bool | None = None
    proof: str = ""
    project_exists: bool = True
    branch_now: str = ""
    dirty_files: int = 0
    handoff_readable: bool = True
    handoff_problem: str = ""
    agent_exists: bool | None = None
    trusted: bool | None = None
    client: str = ""
    continued: tuple[LiveSession, ...] = ()
    other_jobs: tuple[Job, ...] = ()
    reset_is_reported: bool = False
    resets_at: datetime | None = None
    window_began: datetime | None = None
    left_tokens: int | None = None
    used_tokens: dict[str, int] = {}


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What to do, why (one sentence for the person), and what it should know besides.

    - `nothing`: leave. With `until` it is to be looked at again then: stay when that is within `STAYS`,
      else see that a wake is armed for it.
    - `notify`: `machine.notified`, then tell; `until` is the launch.
    - `start`: claim it (`machine.claimed`), ask again; when it is `mine`: verify, launch.
    - `wait`: claim it, ask again; when it is `mine`: `machine.put_off` until `until`, and arm that.
    - `fail`: the same with `machine.failed`. A job already in another's hand: at once.
    - `miss`: `machine.missed`. `stand-aside`: `machine.cancelled` with the reason.
    - `take-over`: `machine.taken_over` by `Jobs.replace`, then ask again with `mine`.
    - `retry`: it is `mine`: `machine.retried` by `Jobs.replace`, then ask again.
    - `proven`: `machine.started` with `reason` as the proof.

    `notes` are warnings that stop nothing: sentences for the log and the preview. An agent that is gone is
    left out of the command (`WakeFacts.agent_exists` is False); a note says so.
    """

    act: Act
    reason: str = ""
    until: datetime | None = None
    notes: tuple[str, ...] = ()


def decide(job: Job, facts: WakeFacts, now: datetime) -> Decision:
    """What a wake at `now` does about the job."""
    if facts.proof and job.state not in {JobState.STARTED, JobState.CANCELLED}:
        return Decision(act="proven", reason=facts.proof)
    if job.state not in OPEN:
        return Decision(act="nothing", reason=f"it is {job.state.value}")
    if job.state in AT_WORK and not facts.mine:
        return _in_other_hands(job, facts, now)
    if job.state is JobState.LAUNCHING:
        return _watched(job, facts, now)
    # What is in our hand was due when it was taken: a clock that went back meanwhile does not undo that.
    if job.state in ARMED and now < job.launch_at:
        return _early(job, now)
    late = now > job.deadline
    return Decision(act="miss", reason=_missed_words(job, now)) if late else _due(job, facts, now)


def if_now(job: Job, facts: WakeFacts, now: datetime) -> Decision:
    """What would be decided if the job were due now: for the preview. One at work: what `decide` says."""
    if job.state not in ARMED | ASKS:
        return decide(job, facts, now)
    waits = 0 if job.state in ASKS else job.waits
    return _due(msgspec.structs.replace(job, launch_at=now, waits=waits), facts, now)


def _early(job: Job, now: datetime) -> Decision:
    if now < job.notify_at:
        return Decision(act="nothing", reason="it is not due yet", until=job.notify_at)
    if job.notified_at is None:
        return Decision(act="notify", reason="it is about to start", until=job.launch_at)
    return Decision(act="nothing", reason="it is not due yet", until=job.launch_at)


def _in_other_hands(job: Job, facts: WakeFacts, now: datetime) -> Decision:
    """Another process claimed it: it goes on with it, or is dead, or hangs."""
    claim = job.claim
    held_at = claim.at if claim is not None and facts.holder_alive is not False else None
    # A clock that went far back makes a claim from the future: as good as an old one.
    if claim is not None and held_at is not None and abs(now - held_at) <= CLAIM_LASTS:
        reason = f"process {claim.pid} has it in hand"
        return Decision(act="nothing", reason=reason, until=held_at + CLAIM_LASTS)
    if job.state is JobState.LAUNCHING:
        return _watched(job, facts, now)
    if now > job.deadline:
        return Decision(act="miss", reason=_missed_words(job, now))
    died = "the program that was to start it did not finish"
    if job.takeovers >= MAX_TAKEOVERS:
        return Decision(act="fail", reason=f"{died}, {job.takeovers + 1} times")
    return Decision(act="take-over", reason=died)


def _watched(job: Job, facts: WakeFacts, now: datetime) -> Decision:
    """A terminal was asked and nothing proves a session yet."""
    opened_at = job.opened_at or now
    waited, enough = now - opened_at, opened_at + PROOF_WITHIN
    if job.runner is None:
        if timedelta(0) <= waited < PROOF_WITHIN:
            return Decision(act="nothing", reason="its terminal is opening", until=enough)
        return _another_attempt(job, facts, now, f"nothing came up in {job.how}")
    if facts.runner_alive is False:
        return _another_attempt(job, facts, now, "the client ended before a session began")
    if waited < PROOF_WITHIN:
        until = max(enough, now) if waited >= timedelta(0) else now + PROOF_WITHIN
        return Decision(act="nothing", reason="the client is starting", until=until)
    reason = (
        f"process {job.runner.pid} runs, but no session began within {PROOF_WITHIN.seconds} s:"
        f" look at {job.how}, it may ask something"
    )
    return Decision(act="fail", reason=reason)


def _another_attempt(job: Job, facts: WakeFacts, now: datetime, why: str) -> Decision:
    if job.attempts >= MAX_ATTEMPTS:
        return Decision(act="fail", reason=f"{why}; tried {job.attempts} times")
    if now > job.deadline:
        return Decision(act="fail", reason=f"{why}, and it is too late to try again")
    if facts.mine:
        return Decision(act="retry", reason=why)
    if job.takeovers >= MAX_TAKEOVERS:
        return Decision(act="fail", reason=f"{why}; what was to start it ended {job.takeovers + 1} times")
    return Decision(act="take-over", reason=why)


def _due(job: Job, facts: WakeFacts, now: datetime) -> Decision:
    """Its time has come: everything that can be in the way, the final things first."""
    problem = _cannot(job, facts)
    if problem:
        return Decision(act="fail", reason=problem)
    notes = _notes(job, facts, now)
    beside = "" if job.anyway else _beside(job, facts)
    if beside:
        return Decision(act="stand-aside", reason=f"stood aside: {beside}", notes=notes)
    first = queue.in_project(job, facts.other_jobs)
    if first is not None:
        return _put_off(job, now + AGAIN, f"{first.id} is being started in this project", notes)
    short = None if job.anyway else _quota(job, facts, now)
    if short is not None:
        return _put_off(job, *short, notes)
    turn = queue.turn(job, facts.other_jobs, now)
    if turn is not None:
        return Decision(act="nothing", reason="another job is being started", until=turn, notes=notes)
    return Decision(act="start", reason=_start_words(job, facts), notes=notes)


def _quota(job: Job, facts: WakeFacts, now: datetime) -> tuple[datetime, str] | None:
    """Until when it waits for quota, and why; None when there is enough, or nobody knows."""
    ready = facts.readiness
    if ready.word == "WAITING":
        until = next_try(job, ready.resets_at if facts.reset_is_reported else None, now)
        return until, f"{ready.why}: waiting for more"
    others, left = facts.other_jobs, facts.left_tokens
    crowd = queue.crowd(job, others, left, now, used=facts.used_tokens, since=facts.window_began)
    return (next_try(job, facts.resets_at, now), crowd) if crowd else None


def next_try(job: Job, resets_at: datetime | None, now: datetime) -> datetime:
    """When to try again: after the reset that was reported, else in half an hour; some seconds by its id."""
    if resets_at is not None:
        until = resets_at + MARGIN + jitter(job.id)
        if now < until < now + LONGEST_WAIT:
            return until
    return now + AGAIN + jitter(job.id)


def _put_off(job: Job, until: datetime, reason: str, notes: tuple[str, ...]) -> Decision:
    if job.waits >= MAX_WAITS:
        return Decision(act="fail", reason=f"{reason}; it was put off {job.waits} times", notes=notes)
    return Decision(act="wait", reason=reason, until=until, notes=notes)


def _cannot(job: Job, facts: WakeFacts) -> str:
    """What no waiting mends."""
    if not facts.project_exists:
        return f"the project's folder is gone: {job.project}"
    if not facts.handoff_readable:
        why = facts.handoff_problem or "it is gone"
        return f"the handoff cannot be read: {job.handoff}: {why}"
    if not facts.client:
        return "the client was not found: is claude installed, and its path in the settings right?"
    return ""


def _beside(job: Job, facts: WakeFacts) -> str:
    """A session at work there since the job's time or the reset: the client went on, or a person."""
    since = job.chosen_at - BUSY
    if facts.window_began is not None and facts.window_began > job.chosen_at - JUST_RESET:
        since = facts.window_began
    for session in facts.continued:
        if session.session_id != job.session_id and session.last_at is not None and session.last_at >= since:
            named = f"process {session.pid}" if session.pid else session.session_id
            return f"a session is at work in this project already ({named})"
    return ""


def _notes(job: Job, facts: WakeFacts, now: datetime) -> tuple[str, ...]:
    """Warnings that stop nothing."""
    notes = list[str]()
    if job.branch and facts.branch_now and facts.branch_now != job.branch:
        notes.append(f"the branch is {facts.branch_now}, the handoff is about {job.branch}")
    if facts.dirty_files:
        files = "1 file has" if facts.dirty_files == 1 else f"{facts.dirty_files} files have"
        notes.append(f"{files} changes that are not committed")
    if job.agent and facts.agent_exists is False:
        notes.append(f"the agent {job.agent} is gone: it starts without")
    if facts.trusted is False:
        notes.append("the client does not trust this folder yet: it will ask, and wait for the answer")
    if facts.readiness.word == "UNKNOWN":
        notes.append(f"the quota is not known: {facts.readiness.why}")
    if job.anyway and facts.readiness.word == "WAITING":
        notes.append(f"{facts.readiness.why}, and it starts anyway, as you said")
    if facts.left_tokens is not None and queue.need(job) > facts.left_tokens:
        notes.append(
            f"≈{tokens(queue.need(job))} estimated, ≈{tokens(facts.left_tokens)} left in this window"
        )
    late = now - job.launch_at
    if late > LATE:
        notes.append(f"{late // timedelta(minutes=1)} min late")
    return tuple(notes)


def _start_words(job: Job, facts: WakeFacts) -> str:
    if job.anyway:
        return "you said now"
    return facts.readiness.why


def _missed_words(job: Job, now: datetime) -> str:
    hours = (now - job.launch_at) / timedelta(hours=1)
    late = f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"
    return f"nothing could wake it in time: {late} late"
