"""The arguments that the client is started with, and those that only the settings may ask for."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from quota_tui.config import Automation
from quota_tui.core.jobs.job import Job
from quota_tui.core.settingrules import checked

_SKIPPING_MODE = "bypasspermissions"
_SKIPPING_FLAGS = ("--dangerously-skip-permissions", "--allow-dangerously-skip-permissions")


def client_prompt(handoff: str) -> str:
    """The prompt: short, it names the file. Nothing of what the file says is in it."""
    return f"Read the handoff {handoff} and begin with its first objective."


def client_argv(job: Job, client: str) -> tuple[str, ...]:
    """What is executed. Further arguments come first: one that takes a list must not take in the prompt."""
    argv = [client, *job.extra_args, "--session-id", job.session_id]
    for name, value in (
        ("--agent", job.agent),
        ("--model", job.model),
        ("--permission-mode", job.permission_mode),
    ):
        if value:
            argv += [name, value]
    return (*argv, client_prompt(job.handoff))


def unfit(job: Job, settings: Automation) -> str:
    """Why the client must not be started with the job's arguments, in a sentence; empty when it may."""
    if job.agent.startswith("-"):
        return f"the agent's name {job.agent!r} could pass for an option of the client"
    if any("\0" in text for text in (job.agent, job.handoff, job.project)):
        return "a name in it has a NUL character"
    for name, value in (
        ("model", job.model),
        ("permission_mode", job.permission_mode),
        ("extra_args", job.extra_args),
    ):
        try:
            checked(f"automation.{name}", value)
        except ValueError as error:
            return f"its {name} {error}"
    if skips_permissions(job.permission_mode, job.extra_args) and not skips_permissions(
        settings.permission_mode, settings.extra_args
    ):
        return "it would skip permissions, which the settings do not say ([automation] permission_mode)"
    return ""


def skips_permissions(mode: str, extra_args: Sequence[str]) -> bool:
    """Whether the client would not ask before it acts."""
    flags = [argument.partition("=") for argument in extra_args]
    if any(name in _SKIPPING_FLAGS for name, _, _ in flags):
        return True
    given = [value for name, _, value in flags if name == "--permission-mode"]
    given += [value for name, value in itertools.pairwise(extra_args) if name == "--permission-mode"]
    return any(each.casefold() == _SKIPPING_MODE for each in (mode, *given))
