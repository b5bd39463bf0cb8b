"""What the world says about a job when it is woken: the facts that `core.jobs.decide` judges."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from quota_tui.automation import handoff_file
from quota_tui.automation.environment import for_client
from quota_tui.automation.proof import live_in, proof_of
from quota_tui.automation.quota_facts import QuotaFacts
from quota_tui.automation.trust import is_trusted
from quota_tui.automation.world import World
from quota_tui.core.jobs.decide import LiveSession, WakeFacts
from quota_tui.core.jobs.job import Holder, Job
from quota_tui.core.jobs.machine import same_process
from quota_tui.core.ready import Readiness, awaited, readiness
from quota_tui.core.snapshot import Basis
from quota_tui.sources.client import find_client
from quota_tui.sources.git import read_git
from quota_tui.sources.handoff_facts import agent_exists

_NOT_ASKED = Readiness(word="UNKNOWN", why="the quota was not looked at", basis=Basis.NONE)


def glance(job: Job, world: World) -> WakeFacts:
    """What can be seen at once: who has the job in hand, and whether its session shows."""
    return WakeFacts(
        readiness=_NOT_ASKED,
        mine=same_process(job.claim, world.holder),
        holder_alive=_alive(job.claim, world),
        runner_alive=_alive(job.runner, world),
        proof=proof_of(job.session_id, world.dirs_of(job), world.scan),
        client=job.client or "not looked for",
    )


def look(job: Job, world: World, now: datetime) -> WakeFacts:
    """Everything, afresh: quota, project, handoff, agent, client, other sessions and jobs. Takes a second."""
    quota = world.quota(now)
    exists = os.path.isdir(job.project)
    git = read_git(job.project) if exists else None
    _, problem = handoff_file.read(Path(job.handoff))
    five = None if quota.snapshot is None else quota.snapshot.five_hour
    seen = glance(job, world)
    return WakeFacts(
        readiness=_readiness(job, world, quota),
        mine=seen.mine,
        holder_alive=seen.holder_alive,
        runner_alive=seen.runner_alive,
        proof=seen.proof,
        project_exists=exists,
        branch_now=git.branch if git else "",
        dirty_files=len({*git.staged, *git.modified, *git.untracked}) if git else 0,
        handoff_readable=not problem,
        handoff_problem=problem,
        agent_exists=agent_there(job, world),
        trusted=is_trusted(job.project, for_client(job.environment, world.env, job.project)),
        client=client_of(job, world),
        continued=_continued(job, world),
        other_jobs=tuple(other for other in world.jobs.all() if other.id != job.id),
        reset_is_reported=quota.snapshot is not None and awaited(quota.snapshot).reset_is_reported,
        resets_at=five.resets_at if five is not None and five.reset_is_reported else None,
        window_began=five.starts_at if five is not None else None,
        left_tokens=five.remaining_tokens if five is not None else None,
        used_tokens=quota.used_tokens,
    )


def client_of(job: Job, world: World) -> str:
    """The client's absolute path: the settings', else the one found when the job was made, else any."""
    setting = world.settings.readings.client
    env = {**world.env, **job.environment}
    places = (setting,) if setting else (job.client, "")
    for place in places:
        found = find_client(place, env) if place or not setting else None
        if found is not None:
            return str(found)
    return ""


def agent_there(job: Job, world: World) -> bool | None:
    """Whether the job's agent is defined; None when there is none, or nobody can tell."""
    return agent_exists(job.agent, job.project, world.dirs_of(job)) if job.agent else None


def _readiness(job: Job, world: World, quota: QuotaFacts) -> Readiness:
    if quota.snapshot is None:
        return Readiness(word="UNKNOWN", why=quota.problem, basis=Basis.NONE)
    wanted = world.settings.quota.ready_pct if job.ready_pct is None else job.ready_pct
    return readiness(quota.snapshot, wanted)


def _continued(job: Job, world: World) -> tuple[LiveSession, ...]:
    found = live_in(job.project, world.dirs_of(job), world.scan)
    return tuple(
        LiveSession(session.session_id, session.pid, last_at)
        for session, last_at in found
        if session.session_id != job.session_id
    )


def _alive(holder: Holder | None, world: World) -> bool | None:
    return None if holder is None else world.alive(holder)
