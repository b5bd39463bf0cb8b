"""What a launch touches of the world, in one place: tests put a clock, a terminal or a crash in its stead."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path

import msgspec

from quota_tui.automation import joblog
from quota_tui.automation.proof import Scan
from quota_tui.automation.quota_facts import QuotaFacts
from quota_tui.automation.schedulers.base import Scheduler
from quota_tui.automation.tell import Notifier
from quota_tui.automation.terminals.base import Terminal
from quota_tui.config import Settings
from quota_tui.core.jobs.job import Holder, Job
from quota_tui.core.words import Face
from quota_tui.sources.process_facts import SAME_START_S, process_facts
from quota_tui.sources.processes import scan_sessions
from quota_tui.store.jobs import Jobs
from quota_tui.store.paths import Paths


def this_process() -> Holder:
    """This process as others tell it apart."""
    facts = process_facts(os.getpid())
    began_s = facts.created_s() if facts is not None else None
    return Holder(os.getpid(), began_s or time.time(), socket.gethostname())


def is_alive(holder: Holder) -> bool | None:
    """Whether the very process still runs; None when it is on another machine."""
    if holder.host and holder.host != socket.gethostname():
        return None
    facts = process_facts(holder.pid)
    began_s = facts.created_s() if facts is not None else None
    return began_s is not None and abs(began_s - holder.began_s) <= SAME_START_S


def spawn(argv: tuple[str, ...]) -> None:
    """Start a program of ours on its own: it outlives this process and its terminal. Raises OSError."""
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS
    quiet = subprocess.DEVNULL
    home = os.path.expanduser("~")
    process = subprocess.Popen(
        argv,
        stdin=quiet,
        stdout=quiet,
        stderr=quiet,
        cwd=home if os.path.isdir(home) else None,
        start_new_session=sys.platform != "win32",
        creationflags=flags,
    )
    # Nobody waits for it, but a dashboard that stays open must not collect dead children.
    threading.Thread(target=process.wait, name="a program on its own ends", daemon=True).start()


Clock = Callable[[], datetime]


class World(msgspec.Struct, frozen=True, kw_only=True):
    """The clock, the journal, the quota, schedulers and terminals, the person, and other processes.

    `quota` looks at the quota's state. `alive` says whether a process still runs, None when that cannot be
    told (it is on another machine). `spawn` starts a program on its own and does not wait. `step` is told of
    every boundary at which this process could end: tests end it there. `schedulers` are in the order of
    `auto`. `terminals` gives those to try for a name and an environment, in order; it raises TerminalError
    when there is none.
    """

    paths: Paths
    claude_dirs: tuple[Path, ...]
    settings: Settings
    jobs: Jobs
    schedulers: tuple[Scheduler, ...]
    terminals: Callable[[str, Mapping[str, str]], Sequence[Terminal]]
    quota: Callable[[datetime], QuotaFacts]
    tell: Notifier
    holder: Holder
    zone: tzinfo
    zone_name: str = ""
    env: Mapping[str, str]
    clock: Clock = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep
    alive: Callable[[Holder], bool | None] = is_alive
    scan: Scan = scan_sessions
    spawn: Callable[[tuple[str, ...]], None] = spawn
    step: Callable[[str], None] = lambda _: None
    executable: str = sys.executable

    @property
    def face(self) -> Face:
        """How times are written in what the person is told."""
        return Face(
            zone=self.zone,
            clock_12h=self.settings.display.clock == "12h",
            ascii=self.settings.display.ascii,
            home=os.path.expanduser("~"),
        )

    @property
    def claude_dir(self) -> Path:
        """Claude Code's configuration folder in force."""
        return self.claude_dirs[0]

    def dirs_of(self, job: Job) -> tuple[Path, ...]:
        """Where a job's session shows: the configuration folder it was made with first."""
        named = [Path(job.claude_dir)] if job.claude_dir else []
        return tuple(dict.fromkeys((*named, *self.claude_dirs)))

    def replace(self, old: Job, new: Job) -> bool:
        """Write `new` if nobody was faster. Raises ImpossibleError and sqlite3 errors."""
        self.step(f"before {new.state.value}")
        if not self.jobs.replace(old, new):
            return False
        self._keep_lines(old, new)
        self.step(f"after {new.state.value}")
        return True

    def change(self, job_id: str, work: Callable[[Job], Job | None], name: str) -> Job | None:
        """Read, change and write with nobody in between; what is kept then. Raises as `replace` does."""
        before: list[Job] = []

        def noting(job: Job) -> Job | None:
            before.append(job)
            return work(job)

        self.step(f"before {name}")
        kept = self.jobs.change(job_id, noting)
        if kept is not None and before:
            self._keep_lines(before[-1], kept)
        self.step(f"after {name}")
        return kept

    def log_lines(self, job: Job) -> None:
        """All lines of a job that is new, into the text log."""
        joblog.note_lines(self.dirs_of(job)[0], job.id, job.log)

    def _keep_lines(self, old: Job, new: Job) -> None:
        joblog.note_lines(self.dirs_of(new)[0], new.id, new.log[len(old.log) :])


def own_argv(world: World, *words: str) -> tuple[str, ...]:
    """The one shape of everything that a scheduler or a terminal executes: this Python, this program."""
    return (os.path.abspath(world.executable), "-P", "-m", "quota_tui", "automation", *words)
