"""A new job, from a handoff and a chosen time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from quota_tui.core.handoff import Handoff, total
from quota_tui.core.jobs.job import OPEN, Job, JobState, LogLine, is_job_id
from quota_tui.core.jobs.timing import Chosen, deadline_of, staggered

_SLUG = 24
_MANY = 1000


class NotAJobError(ValueError):
    """The parts make no job; the message says which and why."""


def new_id(hint: str, now: datetime, taken: Iterable[str] = ()) -> str:
    """A short id for a job: `api-261120-173410`. `hint` is a project's or handoff's name, whatever is in it.

    Not one of `taken`; that nobody else takes it meanwhile is for the store to see.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", hint.lower())[:_SLUG].strip("-") or "job"
    base, used = f"{slug}-{now:%y%m%d-%H%M%S}", frozenset(taken)
    others = (f"{base}-{number}" for number in range(2, _MANY))
    return base if base not in used else next(each for each in others if each not in used)


def make_job(
    handoff: Handoff,
    handoff_path: str,
    chosen: Chosen,
    now: datetime,
    *,
    job_id: str,
    session_id: str,
    project: str,
    zone: str,
    others: Iterable[Job] = (),
) -> Job:
    """The job that begins with this handoff at the chosen time, `APART` from the launches of the `others`.

    `project` is the folder's one name, `zone` the IANA name of the zone the time was chosen in. What the
    machine adds (scheduler, terminal, client, environment, mode) is put in by whoever arranges it. Raises
    NotAJobError.
    """
    _checked(job_id, session_id, project, handoff_path, chosen.at, now)
    at = staggered(chosen.at, [each.launch_at for each in others if each.state in OPEN and each.id != job_id])
    sizes = total(handoff.objectives)
    said = "scheduled" if at == chosen.at else "scheduled, a little later: other jobs start then"
    return Job(
        id=job_id,
        project=project,
        handoff=handoff_path,
        handoff_id=handoff.id,
        title=handoff.title,
        branch=handoff.state.branch,
        agent=handoff.agent,
        session_id=session_id,
        launch_at=at,
        chosen_at=chosen.at,
        deadline=deadline_of(at),
        created_at=now,
        start=chosen.start,
        zone=zone,
        estimate_tokens=sizes.tokens if sizes else None,
        estimate_low=sizes.low if sizes else None,
        estimate_high=sizes.high if sizes else None,
        log=(LogLine(now, JobState.SCHEDULED, said),),
    )


def _checked(
    job_id: str, session_id: str, project: str, handoff_path: str, at: datetime, now: datetime
) -> None:
    if not is_job_id(job_id):
        raise NotAJobError(f"{job_id!r} is no id of a job: small letters, digits and single dashes")
    try:
        UUID(session_id)
    except ValueError as error:
        raise NotAJobError(f"{session_id!r} is no uuid") from error
    if not project or not handoff_path:
        raise NotAJobError("a job needs a project and a handoff")
    if at.tzinfo is None or at < now:
        raise NotAJobError("a job's time is in the future, with its zone")
