"""The job: one session that is to start later, and everything that happened to it.

The operating system's entry only wakes us; the job's own record says what is to be done.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

ID_SHAPE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
"""The only thing of a job that a scheduler or a terminal is ever told."""
MAX_ID = 48

NOTIFY_BEFORE = timedelta(minutes=5)
DEADLINE_AFTER = timedelta(hours=6)
"""A wake later than that after the launch time starts nothing: it says "missed" and asks."""


class JobState(StrEnum):
    """What has become of a job. `core.jobs.machine` says which state may follow which."""

    SCHEDULED = "scheduled"
    NOTIFIED = "notified"
    WAITING = "waiting"
    CLAIMED = "claimed"
    VERIFYING = "verifying"
    LAUNCHING = "launching"
    STARTED = "started"
    MISSED = "missed"
    FAILED = "failed"
    CANCELLED = "cancelled"


ARMED = frozenset({JobState.SCHEDULED, JobState.NOTIFIED, JobState.WAITING})
"""Somebody must wake it."""
AT_WORK = frozenset({JobState.CLAIMED, JobState.VERIFYING, JobState.LAUNCHING})
"""A process of ours has it in hand."""
OPEN = ARMED | AT_WORK
ASKS = frozenset({JobState.MISSED, JobState.FAILED})
"""Over, unless the person says otherwise: runs it now or chooses another time."""


class Holder(msgspec.Struct, frozen=True):
    """A process, told apart from a later one with its number by when it began (seconds since the epoch).

    `host` is the machine's name: a home folder can be shared by several.
    """

    pid: int
    began_s: float
    host: str = ""
    at: datetime | None = None


class LogLine(msgspec.Struct, frozen=True):
    """One thing that happened; never changed or removed."""

    at: datetime
    state: JobState
    text: str


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One session that is to start later. Instants are aware UTC; empty text means "not said".

    `start` is how the person chose it (as in a handoff), `zone` the IANA name of the zone it was chosen in,
    `chosen_at` the instant that came to. `launch_at` is when it is tried next: it moves while the job
    waits, and `deadline` with it. `version` counts changes, for compare-and-set. `attempts` counts
    launches, `waits` how often it was put off. `session_id` is the uuid that the client is told.
    `opened_at` is when a terminal was asked, `runner` the process that became the client: set once per
    attempt, by whoever is first. `environment` is what the shell that made the job had and a bare wake-up
    lacks (display, tmux socket, PATH): values are only ever passed on as such. `survives` says what
    the scheduler's entry outlives, `held` is what the scheduler said it holds when last asked, `mismatch` the
    sentence about what is wrong with that. `anyway`: the person said "now": neither the quota nor another
    session in the project is waited for.
    """

    id: str
    project: str
    handoff: str
    session_id: str
    launch_at: datetime
    chosen_at: datetime
    deadline: datetime
    created_at: datetime
    version: int = 0
    state: JobState = JobState.SCHEDULED
    reason: str = ""
    handoff_id: str = ""
    title: str = ""
    branch: str = ""
    agent: str = ""
    model: str = ""
    permission_mode: str = ""
    extra_args: tuple[str, ...] = ()
    start: str = ""
    zone: str = ""
    notify_before_s: int = int(NOTIFY_BEFORE.total_seconds())
    ready_pct: int | None = None
    anyway: bool = False
    estimate_tokens: int | None = None
    estimate_low: int | None = None
    estimate_high: int | None = None
    attempts: int = 0
    waits: int = 0
    scheduler: str = ""
    survives: str = ""
    terminal: str = ""
    client: str = ""
    claude_dir: str = ""
    environment: dict[str, str] = {}
    notified_at: datetime | None = None
    claim: Holder | None = None
    takeovers: int = 0
    opened_at: datetime | None = None
    runner: Holder | None = None
    started_at: datetime | None = None
    how: str = ""
    held: tuple[datetime, ...] = ()
    inspected_at: datetime | None = None
    mismatch: str = ""
    log: tuple[LogLine, ...] = ()

    @property
    def notify_at(self) -> datetime:
        """When the person is told that it is about to start."""
        return self.launch_at - timedelta(seconds=self.notify_before_s)


def is_job_id(text: str) -> bool:
    """Whether it can be a job's id."""
    return len(text) <= MAX_ID and ID_SHAPE.fullmatch(text) is not None
