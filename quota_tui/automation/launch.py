"""Start a job's session: open a terminal in which our program passes the gate and becomes the client."""

from __future__ import annotations

import os

from quota_tui.automation.client_argv import unfit
from quota_tui.automation.environment import for_terminal
from quota_tui.automation.terminals.base import Opened, OpenRequest, Terminal, TerminalError
from quota_tui.automation.world import World, own_argv
from quota_tui.core.jobs.decide import Decision
from quota_tui.core.jobs.job import Job
from quota_tui.core.jobs.machine import failed, launching, logged

AUTO = "auto"


def launch(job: Job, decision: Decision, world: World) -> None:
    """Open the first terminal that opens; the job (verified, in our hand) is launching then, or failed.

    A terminal that says it did not open may yet do so: the gate lets one process pass, whoever opened it.
    """
    problem = unfit(job, world.settings.automation)
    terminals: list[Terminal] = []
    refusals: list[str] = []
    if not problem:
        terminals, refusals = candidates(job, world)
        problem = "" if terminals else "; ".join(refusals)
    now = world.clock()
    if problem:
        world.replace(job, failed(job, now, problem, by=world.holder))
        return
    noted = job
    for note in (*decision.notes, *refusals):
        noted = logged(noted, now, note)
        if not world.replace(job, noted):
            return
        job = noted
    if world.replace(job, launching(job, world.holder, now, terminals[0].name)):
        _open(job, terminals, world)


def candidates(job: Job, world: World) -> tuple[list[Terminal], list[str]]:
    """The terminals to try, the chosen one first, and why one is not tried."""
    env = for_terminal(job.environment, world.env)
    refusals: list[str] = []
    for name in dict.fromkeys((job.terminal or AUTO, AUTO)):
        try:
            return list(world.terminals(name, env)), refusals
        except TerminalError as error:
            refusals.append(str(error) if name == AUTO else f"{name}: {error}")
    return [], refusals


def open_request(job: Job, world: World) -> OpenRequest:
    """What is asked of a terminal: the fixed shape, in the home folder; our command finds the project itself.

    So a project's path is told to no terminal, and none can read anything else in it.
    """
    return OpenRequest(
        argv=own_argv(world, "client", job.id),
        folder=os.path.expanduser("~"),
        title=f"quota-tui {job.id}",
        env=for_terminal(job.environment, world.env),
    )


def _open_first(
    terminals: list[Terminal], request: OpenRequest, world: World
) -> tuple[Opened | None, list[str]]:
    """Open the first that opens; what those before it said."""
    problems: list[str] = []
    for terminal in terminals:
        world.step(f"before open {terminal.name}")
        try:
            opened = terminal.open(request)
        except TerminalError as error:
            problems.append(f"{terminal.name}: {error}")
            continue
        world.step(f"after open {terminal.name}")
        return opened, problems
    return None, problems


def _open(job: Job, terminals: list[Terminal], world: World) -> None:
    opened, problems = _open_first(terminals, open_request(job, world), world)
    now = world.clock()
    if opened is None:
        reason = f"no terminal could be opened: {'; '.join(problems)}"
        world.change(job.id, lambda each: failed(each, now, reason, by=world.holder), "failed")
        return
    see = f"; to see it: {opened.attach}" if opened.attach else ""
    text = "; ".join((f"opened {opened.how}{see}", *problems))
    world.change(job.id, lambda each: logged(each, now, text), "opened")
