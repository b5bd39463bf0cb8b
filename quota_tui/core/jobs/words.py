"""A job in words: the same in the pane, in `status` and in notifications.

A phrase that must fit a width comes as alternatives, the longest first, as in `core.phrases`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from quota_tui.core.jobs.job import ARMED, ASKS, Job, JobState, LogLine
from quota_tui.core.jobs.view import last_at
from quota_tui.core.words import Face, clean, countdown, in_face, moment, pct, project_name, tokens

NOTHING = "nothing scheduled"

_WORDS = {
    JobState.SCHEDULED: ("●", "SCHEDULED"),
    JobState.NOTIFIED: ("●", "SCHEDULED"),
    JobState.WAITING: ("○", "WAITING"),
    JobState.CLAIMED: ("▸", "CHECKING"),
    JobState.VERIFYING: ("▸", "CHECKING"),
    JobState.LAUNCHING: ("▸", "LAUNCHING"),
    JobState.STARTED: ("✓", "STARTED"),
    JobState.MISSED: ("▲", "MISSED"),
    JobState.FAILED: ("✗", "FAILED"),
    JobState.CANCELLED: ("×", "CANCELLED"),
}


def state_word(job: Job) -> str:
    """`SCHEDULED`, `WAITING`: what stands of a job at a glance."""
    return _WORDS[job.state][1]


def state_glyph(job: Job, face: Face) -> str:
    """One cell that tells the states apart without colour."""
    return in_face(_WORDS[job.state][0], face)


def main_job(jobs: Iterable[Job]) -> Job | None:
    """The one that a single row tells of: one at work, else the next armed, else the newest that asks.

    None when none of them is any of these: what started or was cancelled is history.
    """
    jobs = list(jobs)
    armed = sorted((job for job in jobs if job.state in ARMED), key=lambda job: job.launch_at)
    work = [job for job in jobs if job.state not in ARMED and not _is_over(job)]
    asks = sorted((job for job in jobs if job.state in ASKS), key=last_at, reverse=True)
    return next(iter((*work, *armed, *asks)), None)


def when_words(job: Job, now: datetime, face: Face) -> tuple[str, ...]:
    """`18:45 · in 1h 11m`, `18:45`; of a job that is over, when that was."""
    if job.state not in ARMED:
        at = job.started_at or (last_at(job) if _is_over(job) else job.launch_at)
        return (moment(at, now, face),)
    at = job.launch_at
    clock = moment(at, now, face)
    left = f"in {countdown(at, now)}" if at > now else "due"
    return tuple(in_face(text, face) for text in (f"{clock} · {left}", clock))


def head_words(job: Job, now: datetime, face: Face) -> tuple[str, ...]:
    """The first row: `● SCHEDULED  18:45 · in 1h 11m · api`, and shorter."""
    mark, when, name = (
        f"{state_glyph(job, face)} {state_word(job)}",
        when_words(job, now, face),
        _name(job, face),
    )
    said = (f"{mark}  {when[0]} · {name}", f"{mark}  {when[0]}", f"{mark} {when[-1]}", mark)
    return tuple(in_face(text, face) for text in said)


def short_words(job: Job, now: datetime, face: Face) -> tuple[str, ...]:
    """For a line of many things: `next 18:45`, `next session MISSED`."""
    if job.state in ARMED:
        return (f"next {moment(job.launch_at, now, face)}",)
    return (f"next session {state_word(job)}", f"next {state_word(job)}")


def what_words(job: Job, face: Face) -> tuple[str, ...]:
    """`api · implementation-agent`, `api`."""
    name, agent = _name(job, face), clean(job.agent, face)
    return (in_face(f"{name} · {agent}", face), name) if agent else (name,)


def handoff_words(job: Job, face: Face, window_tokens: int | None = None) -> tuple[str, ...]:
    """`handoff-20261120-1731.md · ≈45k (30–60k) · 22 % of a window`; `window_tokens`: what one holds."""
    file = clean(job.handoff.replace("\\", "/").rpartition("/")[2], face)
    said = [f"{file} · {amount}" for amount in amount_words(job, face, window_tokens)]
    return tuple(in_face(text, face) for text in (*said, file))


def amount_words(job: Job, face: Face, window_tokens: int | None = None) -> tuple[str, ...]:
    """`≈45k (30–60k) · 22 % of a window`, and shorter; nothing where nobody knows."""
    if job.estimate_tokens is None:
        return ()
    size = f"≈{tokens(job.estimate_tokens)}"
    ranged = size
    if job.estimate_low is not None and job.estimate_high is not None:
        ranged = f"{size} ({tokens(job.estimate_low)}–{tokens(job.estimate_high)})"
    said = [ranged, size]
    if window_tokens:
        share = f"{pct(100 * job.estimate_tokens / window_tokens)} of a window"
        said = [f"{ranged} · {share}", f"{size} · {share}", *said]
    return tuple(in_face(text, face) for text in dict.fromkeys(said))


def scheduler_words(job: Job, now: datetime, face: Face, survives: str = "") -> tuple[str, ...]:
    """`systemd: survives logout and reboot; notice at 18:40`.

    `survives` is the scheduler's own word; when it is not given, what it said when the job was armed.
    """
    survives = survives or clean(job.survives, face)
    said = clean(job.scheduler, face) or "no scheduler"
    kept = f"{said}: {survives}" if survives else said
    if job.state not in ARMED or job.notify_at <= now or job.notify_at == job.launch_at:
        return (in_face(kept, face), in_face(said, face))
    notice = f"{kept}; notice at {moment(job.notify_at, now, face)}"
    return tuple(in_face(text, face) for text in (notice, kept, said))


def mismatch_words(job: Job, face: Face) -> str:
    """What is wrong with what the scheduler holds; empty when nothing is."""
    return in_face(clean(job.mismatch, face), face)


def job_lines(
    job: Job, now: datetime, face: Face, *, survives: str = "", window_tokens: int | None = None
) -> list[str]:
    """The pane's rows, in full: what `status` prints."""
    lines = [
        head_words(job, now, face)[1],
        what_words(job, face)[0],
        handoff_words(job, face, window_tokens)[0],
    ]
    if job.state in ARMED:
        lines.append(scheduler_words(job, now, face, survives)[0])
    mismatch = mismatch_words(job, face)
    if mismatch:
        lines.append(in_face(f"▲ {mismatch}", face))
    if job.reason:
        lines.append(in_face(clean(job.reason, face), face))
    if job.log and job.log[-1].text != job.reason:
        lines.append(log_words(job.log[-1], now, face))
    if job.state in ASKS:
        lines.append("run it now, choose another time, or cancel it")
    return lines


def log_words(line: LogLine, now: datetime, face: Face) -> str:
    """`18:45  opening tmux`."""
    return in_face(f"{moment(line.at, now, face)}  {clean(line.text, face)}", face)


def armed_words(job: Job, now: datetime, face: Face, safe: str = "") -> str:
    """The confirmation: `starts 18:05 · handoff-….md · safe to close`; `safe`: the scheduler's promise."""
    said = (f"starts {moment(job.launch_at, now, face)}", handoff_words(job, face)[-1], safe)
    return in_face(" · ".join(part for part in said if part), face)


def notice_words(job: Job, now: datetime, face: Face) -> tuple[str, str]:
    """A notification about what the job is now: title and text."""
    name, at = _name(job, face), moment(job.launch_at, now, face)
    reason = clean(job.reason, face)
    title, text = {
        JobState.NOTIFIED: (f"{name}: starts {at}", " · ".join(_what(job, face))),
        JobState.WAITING: (f"{name}: waits until {at}", reason),
        JobState.STARTED: (f"{name}: the next session runs", clean(job.how, face)),
        JobState.MISSED: (f"{name}: the next session was missed", f"{reason}. Start it now?"),
        JobState.FAILED: (f"{name}: the next session did not start", reason),
        JobState.CANCELLED: (f"{name}: the next session is called off", reason),
    }.get(job.state, (f"{name}: {state_word(job).lower()}", reason))
    return in_face(title, face), in_face(text, face)


def _what(job: Job, face: Face) -> tuple[str, ...]:
    parts = (clean(job.title, face), handoff_words(job, face)[-1], clean(job.agent, face))
    return tuple(part for part in parts if part)


def _name(job: Job, face: Face) -> str:
    """The project's own folder: the last part says enough in a row."""
    return project_name(job.project, face).rstrip("/").rpartition("/")[2] or project_name(job.project, face)


def _is_over(job: Job) -> bool:
    return job.state in ASKS or job.state in {JobState.STARTED, JobState.CANCELLED}
