"""Exactly what would be executed for a job, and why it would or would not start now: nothing is done."""

from __future__ import annotations

import os
from datetime import datetime

import msgspec

from quota_tui.automation.checks import look
from quota_tui.automation.client_argv import unfit
from quota_tui.automation.client_exec import execution
from quota_tui.automation.launch import candidates, open_request
from quota_tui.automation.terminal_test import TestResult, test_terminal
from quota_tui.automation.world import World
from quota_tui.core.jobs.decide import Decision, decide, if_now
from quota_tui.core.jobs.job import Job


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a wake would do.

    `argv` is the client's, `cwd` where it runs. `opens` is what the terminals (`terminals`, in the order they
    would be tried; `refusals`: why another is not) would be given. `now` is what a wake at this instant would
    decide, `if_due` what it would if the launch time had come. `refused`: why it is not to be started at all.
    """

    job: Job
    argv: tuple[str, ...]
    cwd: str
    opens: tuple[str, ...]
    terminals: tuple[str, ...]
    refusals: tuple[str, ...]
    now: Decision
    if_due: Decision
    refused: str = ""


def preview(job: Job, world: World, now: datetime) -> Preview:
    """Look at everything a wake looks at. A job that is not kept yet can be previewed too."""
    facts = look(job, world, now)
    what = execution(job, world, world.env)
    terminals, refusals = candidates(job, world)
    return Preview(
        job=job,
        argv=what.argv,
        cwd=what.cwd,
        opens=open_request(job, world).argv,
        terminals=tuple(terminal.name for terminal in terminals),
        refusals=tuple(refusals),
        now=decide(job, facts, now),
        if_due=if_now(job, facts, now),
        refused=unfit(job, world.settings.automation),
    )


def try_terminal(name: str, world: World) -> TestResult:
    """Open a terminal harmlessly and see whether anything comes of it; empty: as the settings say."""
    settings = world.settings.automation
    env, home = dict(world.env), os.path.expanduser("~")
    return test_terminal(name or settings.terminal, env, home, template=settings.terminal_command)
