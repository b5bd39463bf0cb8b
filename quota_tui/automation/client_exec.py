"""What runs in the opened terminal: pass the gate, then become the client.

The gate is one compare-and-set: of all processes that were ever opened for an attempt, one passes. Whatever
can be found out before it is: a process that passed has nothing left to do but to become the client.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import NoReturn

import msgspec

from quota_tui.automation.checks import agent_there, client_of
from quota_tui.automation.client_argv import client_argv, unfit
from quota_tui.automation.environment import for_client
from quota_tui.automation.world import World
from quota_tui.core.jobs.job import Job, JobState
from quota_tui.core.jobs.machine import ImpossibleError, failed, runner_set

EXIT_REFUSED, EXIT_FAILED = 3, 1
Become = Callable[[tuple[str, ...], str, Mapping[str, str]], NoReturn]
_SHELL_SCRIPTS = (".cmd", ".bat")
_READ_BY_CMD = frozenset('&|<>^%"!\r\n')


class Execution(msgspec.Struct, frozen=True):
    """Exactly what is executed. `env` is what the terminal's environment becomes."""

    argv: tuple[str, ...]
    cwd: str
    env: Mapping[str, str]


def execution(job: Job, world: World, env: Mapping[str, str]) -> Execution:
    """What the job's session is started with, from a terminal with `env`. An agent that is gone is left out.

    Without a client `argv` begins with an empty text.
    """
    if agent_there(job, world) is False:
        job = msgspec.structs.replace(job, agent="")
    argv = client_argv(job, client_of(job, world))
    return Execution(argv, job.project, for_client(job.environment, env, job.project))


def run_client(job_id: str, world: World, become: Become | None = None) -> int:
    """Become the client of the job; returns only when that is not to be, having said why on the terminal."""
    try:
        job = world.jobs.get(job_id)
        if job is None:
            return _say(f"there is no job {job_id} (any more)")
        if job.state is not JobState.LAUNCHING or job.runner is not None:
            return _say(f"{job_id} is {job.state.value}: this terminal is not needed")
        what = execution(job, world, world.env)
        problem = _obstacle(job, what, world)
        if problem:
            return _give_up(job_id, problem, world)
        now = world.clock()
        world.change(job_id, lambda each: runner_set(_same_attempt(each, job), world.holder, now), "gate")
    except ImpossibleError as error:
        return _say(str(error))
    except sqlite3.Error as error:
        return _say(f"the journal cannot be written ({error}): nothing is started")
    world.step("before exec")
    try:
        (become or become_client)(what.argv, what.cwd, what.env)
    except (OSError, ValueError) as error:
        return _give_up(job_id, f"{what.argv[0]} could not be started: {error}", world)


def become_client(argv: tuple[str, ...], cwd: str, env: Mapping[str, str]) -> NoReturn:
    """This process becomes the client; on Windows, where none can, it waits for it. Raises OSError."""
    os.chdir(cwd)
    if sys.platform == "win32":
        sys.exit(subprocess.run(argv, cwd=cwd, env=dict(env), check=False).returncode)
    os.execve(argv[0], argv, dict(env))  # noqa: S606 - an argv of ours, no shell


def _same_attempt(job: Job, seen: Job) -> Job:
    """The job as long as it is the launch that this terminal was looked over for."""
    if job.session_id != seen.session_id:
        raise ImpossibleError(f"{job.id} was given another time: this terminal is one too many")
    return job


def _obstacle(job: Job, what: Execution, world: World) -> str:
    """Why it cannot be executed, in a sentence."""
    if not what.argv[0]:
        return "the client was not found: is claude installed, and its path in the settings right?"
    if not os.path.isdir(what.cwd):
        return f"the project's folder is gone: {what.cwd}"
    if what.argv[0].lower().endswith(_SHELL_SCRIPTS) and _READ_BY_CMD & set("".join(what.argv)):
        # Windows runs such a file through cmd, which would read them as its own.
        return (
            f"{what.argv[0]} is a shell script and would misread what it is given; install the native client"
        )
    return unfit(job, world.settings.automation)


def _give_up(job_id: str, problem: str, world: World) -> int:
    """The job failed; whoever opened this terminal finds that in the record and tells the person."""

    def step(job: Job) -> Job | None:
        return failed(job, world.clock(), problem) if job.state is JobState.LAUNCHING else None

    try:
        world.change(job_id, step, "failed in terminal")
    except (sqlite3.Error, ImpossibleError) as error:
        problem = f"{problem}; that could not be recorded ({error})"
    _say(problem)
    _wait_for_reader()
    return EXIT_FAILED


def _say(text: str) -> int:
    print(f"quota-tui: {text}", file=sys.stderr, flush=True)
    return EXIT_REFUSED


def _wait_for_reader() -> None:
    """A terminal that closed at once would take the sentence with it."""
    if sys.stdin is not None and sys.stdin.isatty():
        try:
            input("Press Enter to close. ")
        except (EOFError, KeyboardInterrupt):
            return
