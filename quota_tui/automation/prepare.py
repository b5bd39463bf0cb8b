"""From what a person asks for to a job that could be kept: found, chosen, checked. Nothing is kept yet."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import msgspec

from quota_tui.automation import handoff_file
from quota_tui.automation.arming import not_known
from quota_tui.automation.checks import client_of, look
from quota_tui.automation.client_argv import unfit
from quota_tui.automation.environment import for_terminal, kept
from quota_tui.automation.launch import AUTO, candidates
from quota_tui.automation.terminals.choose import rehearse
from quota_tui.automation.world import World
from quota_tui.core.handoff import START_AFTER_RESET, START_MANUAL, Handoff
from quota_tui.core.jobs.decide import if_now
from quota_tui.core.jobs.job import Job
from quota_tui.core.jobs.make import NotAJobError, make_job, new_id
from quota_tui.core.jobs.timing import Chosen, parse_at
from quota_tui.core.ready import awaited
from quota_tui.store.files import StoreError
from quota_tui.store.handoffs import HandoffError


class ArrangeError(Exception):
    """It cannot be arranged. The text is one sentence a person can act on; nothing was changed."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asks for. Empty: as the handoff or the settings say.

    `handoff` is `latest`, an id or a path; `at` as after `--at`; `replace` lets it take the place of the
    project's present job.
    """

    handoff: str = handoff_file.LATEST
    at: str = ""
    project: str = ""
    agent: str = ""
    model: str = ""
    permission_mode: str = ""
    ready_pct: int | None = None
    scheduler: str = ""
    terminal: str = ""
    replace: bool = False


class Prepared(msgspec.Struct, frozen=True):
    """A job that nobody knows of yet, the scheduler to ask first, and what the person should know."""

    job: Job
    scheduler: str
    replace: bool = False
    warnings: tuple[str, ...] = ()


def prepare(request: Request, world: World, now: datetime) -> Prepared:
    """The job as it would be kept. Raises ArrangeError."""
    found = _handoff(request, world)
    project = _project(request, found.handoff)
    chosen = choose_time(request.at, found.handoff, world, now)
    others = world.jobs.all()
    try:
        job = make_job(
            found.handoff,
            str(found.path),
            chosen,
            now,
            job_id=new_id(os.path.basename(project), now, [each.id for each in others]),
            session_id=str(uuid4()),
            project=project,
            zone=world.zone_name,
            others=[each for each in others if each.project != project],
        )
    except NotAJobError as error:
        raise ArrangeError(str(error)) from error
    job = _completed(msgspec.structs.replace(job, handoff_id=found.id), request, world)
    warnings = [chosen.note] if chosen.note else []
    warnings += _checked(job, world, now)
    scheduler = request.scheduler or world.settings.automation.scheduler
    unknown = not_known(scheduler, world) if request.scheduler else ""
    if unknown:
        raise ArrangeError(unknown)
    return Prepared(job, scheduler, request.replace, tuple(warnings))


def choose_time(at: str, handoff: Handoff | None, world: World, now: datetime) -> Chosen:
    """The instant that is meant: as typed, else as the handoff says. Raises ArrangeError."""
    start = at.strip() or (handoff.start if handoff is not None else "") or START_AFTER_RESET
    if start == START_MANUAL:
        raise ArrangeError("this handoff is to be started by hand; give a time with --at")
    snapshot = world.quota(now).snapshot
    resets_at = awaited(snapshot).resets_at if snapshot is not None else None
    chosen = parse_at(start, now, world.zone, resets_at)
    planned = handoff.scheduled_for if handoff is not None and not at.strip() else None
    if isinstance(chosen, str) and planned is not None and planned > now:
        return Chosen(planned, start)  # the reset is not known any more, but it was when this was planned
    if isinstance(chosen, str):
        raise ArrangeError(f"{start!r}: {chosen}")
    return chosen


def _handoff(request: Request, world: World) -> handoff_file.Found:
    try:
        return handoff_file.find(request.handoff, world.claude_dir, request.project)
    except (HandoffError, StoreError) as error:
        raise ArrangeError(str(error)) from error


def _project(request: Request, handoff: Handoff) -> str:
    """The folder the session starts in, by its real path."""
    named = request.project or handoff.project
    if not named:
        raise ArrangeError("the handoff names no project; give its folder with --project")
    folder = os.path.realpath(os.path.expanduser(named))
    if not os.path.isdir(folder):
        raise ArrangeError(f"the project's folder {folder} does not exist")
    return folder


def _completed(job: Job, request: Request, world: World) -> Job:
    """The job with what settings, machine and shell add."""
    settings = world.settings.automation
    job = msgspec.structs.replace(
        job,
        agent=request.agent or job.agent,
        model=request.model or settings.model,
        permission_mode=request.permission_mode or settings.permission_mode,
        extra_args=settings.extra_args,
        notify_before_s=settings.notify_before_min * 60,
        deadline=job.launch_at + timedelta(hours=settings.deadline_h),
        ready_pct=request.ready_pct,
        terminal=request.terminal or settings.terminal or AUTO,
        claude_dir=os.path.abspath(world.claude_dir),
        environment=kept(world.env),
    )
    return msgspec.structs.replace(job, client=client_of(job, world))


def _checked(job: Job, world: World, now: datetime) -> Sequence[str]:
    """Warnings. Raises ArrangeError for what would keep it from starting as things stand."""
    problem = unfit(job, world.settings.automation)
    if not problem and any(not char.isprintable() for char in job.handoff):
        problem = f"the handoff's path has a control character in it: {job.handoff!r}"
    if problem:
        raise ArrangeError(problem)
    # Files that are being worked on now say nothing about then.
    facts = msgspec.structs.replace(look(job, world, now), dirty_files=0)
    decision = if_now(job, facts, now)
    if decision.act == "fail":
        raise ArrangeError(decision.reason)
    terminals, refusals = candidates(job, world)
    if not terminals:
        raise ArrangeError("; ".join(refusals))
    permission = rehearse(terminals[0], for_terminal(job.environment, world.env))
    return [*decision.notes, *refusals, *([permission] if permission else [])]
