"""What the automation screen asks before it does something."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from quota_tui.core.jobs.job import ARMED, OPEN, Job
from quota_tui.core.jobs.words import head_words, state_word, what_words
from quota_tui.core.ready import readiness
from quota_tui.core.snapshot import Snapshot
from quota_tui.core.words import Face, clean, moment
from quota_tui.handing.form import Latest
from quota_tui.ui.plan.asks import Question

YES, NO = "yes", "no"


def start_question(job: Job, snapshot: Snapshot, face: Face) -> Question:
    """Start it now, whatever the quota says: so it is said here."""
    left = readiness(snapshot, 0.0).why
    said = f"A terminal opens with the client at once. {left[:1].upper()}{left[1:]}."
    return Question(
        title="Start it now?",
        said=(what_words(job, face)[0], said),
        answers=((NO, "No"), (YES, "Start it now")),
        back=NO,
    )


def cancel_question(job: Job, now: datetime, face: Face) -> Question:
    """Call it off. The handoff stays in any case."""
    when = f" for {moment(job.launch_at, now, face)}" if job.state in ARMED else ""
    said = f"It is {state_word(job).lower()}{when}. The handoff stays."
    return Question(
        title="Call it off?",
        said=(what_words(job, face)[0], said),
        answers=((NO, "No"), (YES, "Call it off")),
        back=NO,
    )


def arrange_words(latest: Latest, jobs: Sequence[Job], now: datetime, face: Face) -> str:
    """What is arranged, and what gives way to it."""
    said = clean(latest.title, face)
    held = next((job for job in jobs if job.state in OPEN and job.project == latest.project), None)
    return f"{said}, instead of {head_words(held, now, face)[0][2:]}" if held is not None else said
