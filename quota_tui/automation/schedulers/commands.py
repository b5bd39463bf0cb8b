"""The one command that a scheduler is given, checked before anything holds it."""

from __future__ import annotations

import re
import shlex
from pathlib import PurePosixPath, PureWindowsPath

from quota_tui.automation.schedulers.base import WAKE_WORDS, SchedulerError, Wake
from quota_tui.core.jobs.job import is_job_id

_PLAIN_WORD = re.compile(r"[A-Za-z0-9_.:=/+-]+")
_QUIET = ">/dev/null 2>&1 </dev/null"
"""What a wake says goes into the job's log: at and cron would mail it."""


def check(wake: Wake, home: str) -> None:
    """Raise `SchedulerError` for a wake that no scheduler may hold. `home` is the person's home folder.

    Only these two paths are not ours to choose. A line of a crontab or a unit ends at a line break,
    whatever quotes are around it, so a path with control characters in it is refused everywhere.
    """
    if not is_job_id(wake.job_id):
        raise SchedulerError(f"{wake.job_id!r} is no job's name; nothing was scheduled")
    if not wake.instants or any(each.tzinfo is None for each in wake.instants):
        raise SchedulerError(f"the job {wake.job_id} has no instant to be woken at; nothing was scheduled")
    program, *words = wake.command or ("",)
    if not words or words[-3:] != [*WAKE_WORDS, wake.job_id] or not all(map(_PLAIN_WORD.fullmatch, words)):
        raise SchedulerError(f"this is not the command of the job {wake.job_id}; nothing was scheduled")
    if not (PurePosixPath(program).is_absolute() or PureWindowsPath(program).is_absolute()):
        raise SchedulerError(f"{program!r} is not a full path, so a scheduler would not find it")
    _refuse_unprintable(program, "the path of this Python")
    _refuse_unprintable(home, "the path of your home folder")


def _refuse_unprintable(text: str, what: str) -> None:
    if not text.isprintable():
        bad = next(each for each in text if not each.isprintable())
        raise SchedulerError(
            f"{what} holds {bad!r}, which no scheduler can be told; move it to a folder without: {text!r}"
        )


def shell_line(command: tuple[str, ...]) -> str:
    """The command as `at` and `cron` are told it, quoted for `/bin/sh`, silent."""
    return f"{shlex.join(command)} {_QUIET}"


def job_in(line: str) -> str:
    """The job that a line of `shell_line` wakes; empty for any other line."""
    body = line.removesuffix(_QUIET)
    try:
        words = shlex.split(body)
    except ValueError:
        return ""
    ours = body != line and len(words) > 3 and tuple(words[-3:-1]) == WAKE_WORDS
    return words[-1] if ours and is_job_id(words[-1]) else ""
