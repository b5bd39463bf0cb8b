"""What the person is told of a job: shortly before, at the start, when it waits, on any failure."""

from __future__ import annotations

from quota_tui.automation import joblog
from quota_tui.automation.world import World
from quota_tui.core.jobs.job import Job, JobState
from quota_tui.core.jobs.words import notice_words

_OPENED = "opened "
"""How the log's line begins that says where the session is to be seen."""


def tell_of(job: Job, world: World, problem: str = "") -> None:
    """What the job is now, and a problem beside it."""
    title, text = notice_words(job, world.clock(), world.face)
    seen = [line.text for line in job.log if line.text.startswith(_OPENED)]
    if job.state is JobState.STARTED and seen:
        text = seen[-1]
    world.tell(title, " · ".join(part for part in (text, problem) if part))


def tell_trouble(job_id: str, text: str, world: World) -> None:
    """Something of ours is wrong. It goes into the text log too: the journal may be what is broken."""
    joblog.note(world.claude_dir, job_id, text, world.clock())
    world.tell("the next session is in trouble", f"{job_id}: {text}")
