"""What every scheduler can do, and what it is told: a job's id, two instants, one fixed command.

The operating system's entry only wakes us. It may fire late, twice or a year later: the job's own record
decides what a wake does. So a scheduler here is small: hold the instants, or say plainly why it cannot.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

WAKE_WORDS = ("automation", "run")
"""What stands before the job's id in the command of every wake."""

LATEST = timedelta(minutes=1)
"""How much later than asked a scheduler may hold a wake: several know whole minutes only."""


class SchedulerError(Exception):
    """The scheduler could not be asked, or refused. The text is one sentence a person can act on."""


class Survival(msgspec.Struct, frozen=True):
    """What an armed wake outlives. `words` says it: what it survives, what it cannot and how to mend that.

    `closed_terminal`, `logout`: it comes all the same. `reboot`, `sleep`: it is held afterwards too, and a
    wake that was missed meanwhile is made up for.
    """

    closed_terminal: bool
    logout: bool
    reboot: bool
    words: str
    sleep: bool = True


class Wake(msgspec.Struct, frozen=True):
    """What is asked of a scheduler for one job.

    `instants` are aware UTC: notification and launch. `command` is the absolute argv, ending in
    `automation run <job id>`; it never holds a person's text.
    """

    job_id: str
    instants: tuple[datetime, ...]
    command: tuple[str, ...]


class Scheduler(Protocol):
    """One way of being woken later."""

    name: str
    """"systemd", "at", "cron", "launchd", "windows" or "dashboard": what a job's record and a flag say."""

    def available(self) -> str:
        """Empty when it can be used on this machine now, else a sentence why not. Fast; never raises."""

    def survives(self) -> Survival:
        """What an armed wake outlives on this machine as it is set up now. Never raises."""

    def arm(self, wake: Wake) -> None:
        """Hold the instants of this job in place of whatever is held for it. Raises `SchedulerError`."""

    def disarm(self, job_id: str) -> None:
        """Hold nothing of this job any more; fine when nothing was held. Raises `SchedulerError`."""

    def inspect(self) -> dict[str, tuple[datetime, ...]]:
        """What the real scheduler holds of ours: job id → instants still to come. Raises `SchedulerError`."""


def still_held(asked: Iterable[datetime], held: Iterable[datetime], now: datetime) -> bool:
    """Whether every wake that was asked for and is still to come is held, a minute late at most."""
    have = tuple(held)
    return all(any(each <= one <= each + LATEST for one in have) for each in asked if each > now)
