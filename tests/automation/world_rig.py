"""A world for launches: real journal, real processes, a terminal that really starts what it is told.

What is invented: the clock runs ahead while somebody sleeps, the scheduler is a folder of files, the person is
a file of lines. Everything lies below HOME, so a second process sees the same world.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from quota_tui.automation.open_world import make_world
from quota_tui.automation.quota_facts import QuotaFacts
from quota_tui.automation.schedulers.base import SchedulerError, Survival, Wake
from quota_tui.automation.terminals.base import Opened, OpenRequest, TerminalError
from quota_tui.automation.world import World
from quota_tui.config import Settings
from quota_tui.core.handoff import Handoff, Objective, State
from quota_tui.core.jobs.job import Job
from quota_tui.core.readings import WindowKind
from quota_tui.core.snapshot import Basis, Snapshot, WindowState
from quota_tui.store.handoffs import Handoffs
from quota_tui.store.journal import Journal
from quota_tui.store.paths import claude_config_dirs, our_paths
from tests.automation import client_stand_in

REPO = Path(__file__).parent.parent.parent
UUID = "0748c499-9a51-4f6e-8f5c-2f7a4a1a2b3c"


class Clock:
    """Real time, but sleeping is quick: the clock runs ahead by what was slept."""

    def __init__(self, ahead: timedelta = timedelta(0), nap_s: float = 0.02) -> None:
        self.ahead = ahead
        self.nap_s = nap_s

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def sleep(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)
        time.sleep(min(seconds, self.nap_s))


class FolderScheduler:
    """Holds what it is given as files; `refuses` and `obstacle` say what is wrong with it."""

    def __init__(self, folder: Path, name: str = "folder", *, survives: bool = True) -> None:
        self.name = name
        self.folder = folder
        self.obstacle = self.refuses = ""
        self.forgets = False
        self._survives = survives

    def available(self) -> str:
        return self.obstacle

    def survives(self) -> Survival:
        every = self._survives
        return Survival(every, every, every, "survives all" if every else "must stay open")

    def arm(self, wake: Wake) -> None:
        if self.refuses:
            raise SchedulerError(self.refuses)
        if self.forgets:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / f"{wake.job_id}.json").write_bytes(msgspec.json.encode(wake))
        except OSError as error:
            raise SchedulerError(str(error)) from error

    def disarm(self, job_id: str) -> None:
        (self.folder / f"{job_id}.json").unlink(missing_ok=True)

    def wakes(self) -> dict[str, Wake]:
        files = sorted(self.folder.glob("*.json")) if self.folder.is_dir() else []
        return {file.stem: msgspec.json.decode(file.read_bytes(), type=Wake) for file in files}

    def inspect(self) -> dict[str, tuple[datetime, ...]]:
        if self.refuses:
            raise SchedulerError(self.refuses)
        return {job_id: wake.instants for job_id, wake in self.wakes().items()}


class SpawningTerminal:
    """Starts what it is told, as a terminal does; `fails` says why it cannot. `program` runs in its stead."""

    def __init__(self, name: str = "spawning", fails: str = "", program: tuple[str, ...] = ()) -> None:
        self.name = name
        self.fails = fails
        self.program = program
        self.requests: list[OpenRequest] = []

    def available(self, env: Any) -> str:
        return ""

    def open(self, request: OpenRequest) -> Opened:
        self.requests.append(request)
        if self.fails:
            raise TerminalError(self.fails)
        argv = (*self.program, request.argv[-1]) if self.program else request.argv
        with open(Path(request.env["HOME"]) / "terminal.txt", "ab") as said:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd=request.folder,
                env=dict(request.env),
                start_new_session=True,
            )
        with open(Path(request.env["HOME"]) / "opened.txt", "a", encoding="utf-8") as file:
            file.write(f"{process.pid}\n")
        _children.append(process)
        return Opened(f"window {process.pid}", "attach it")


_children: list[subprocess.Popen[bytes]] = []


class Person:
    """Keeps what it was told as lines of a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __call__(self, title: str, text: str) -> str:
        with contextlib.suppress(OSError), self.file.open("a", encoding="utf-8") as file:
            file.write(f"{title} | {text}\n")
        return "a line"

    def heard(self) -> str:
        return self.file.read_text(encoding="utf-8") if self.file.exists() else ""


def window(left_pct: float | None, resets_at: datetime | None = None) -> QuotaFacts:
    """A quota of which that much is left; None: nothing is known."""
    five = WindowState(kind=WindowKind.FIVE_HOUR)
    if left_pct is not None:
        five = WindowState(
            kind=WindowKind.FIVE_HOUR,
            used_pct=100 - left_pct,
            remaining_pct=left_pct,
            resets_at=resets_at,
            reset_is_reported=resets_at is not None,
            basis=Basis.OFFICIAL,
        )
    week = WindowState(kind=WindowKind.WEEKLY)
    return QuotaFacts(Snapshot(now=datetime.now(UTC), five_hour=five, weekly=week))


class Rig:
    """One home with a project, a handoff, a client and the world around them."""

    def __init__(self, home: Path, world: World, clock: Clock) -> None:
        self.home = home
        self.world = world
        self.clock = clock
        self.scheduler: FolderScheduler = world.schedulers[0]  # type: ignore[assignment]
        self.person: Person = world.tell  # type: ignore[assignment]

    def other(self, **changes: Any) -> World:
        """The same world with something else in it."""
        return msgspec.structs.replace(self.world, **changes)

    def handoff(self, project: Path | str | None = None, **changes: Any) -> Handoff:
        """Write a handoff of the project; what was written."""
        made = Handoff(
            title="Finish the parser",
            project=str(self.home / "api") if project is None else str(project),
            start="reset+5m",
            objectives=(Objective("Write the parser", tokens=20_000),),
            state=State(branch=""),
        )
        made = msgspec.structs.replace(made, **changes)
        return Handoffs(self.world.claude_dir).save(made, self.clock()).handoff

    def job(self, **changes: Any) -> Job:
        """Keep a job that is due now."""
        now = self.clock() - timedelta(seconds=1)
        handoff = changes.pop("handoff", None) or str(Handoffs(self.world.claude_dir).path(self.handoff().id))
        given = {
            "id": "api-1",
            "project": str(self.home / "api"),
            "handoff": handoff,
            "session_id": UUID,
            "launch_at": now,
            "chosen_at": now,
            "created_at": now,
            "scheduler": self.scheduler.name,
            "title": "Finish the parser",
            "notified_at": now,
            **changes,
        }
        job = Job(**{"deadline": given["launch_at"] + timedelta(hours=6), **given})
        self.world.jobs.add(job)
        return job

    def kept(self, job_id: str = "api-1") -> Job:
        job = self.world.jobs.get(job_id)
        assert job is not None
        return job

    def starts(self) -> list[dict[str, Any]]:
        """Every start of the client, as it told."""
        return starts(self.home)

    def said(self) -> str:
        """What was said on the terminals."""
        return (self.home / "terminal.txt").read_text() if (self.home / "terminal.txt").exists() else ""


def starts(home: Path) -> list[dict[str, Any]]:
    file = home / "starts.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def furnish(home: Path) -> None:
    """A project, a client that can be found, and where it tells of its starts."""
    (home / "api").mkdir(exist_ok=True)
    client_stand_in.install(home / "bin")


def environment(home: Path, **more: str) -> dict[str, str]:
    """What processes of this world have around them."""
    return {
        "HOME": str(home),
        "TZ": "UTC",
        "PATH": os.pathsep.join((str(home / "bin"), os.environ["PATH"])),
        "PYTHONPATH": str(REPO),
        "STARTS": str(home / "starts.jsonl"),
        **more,
    }


@contextmanager
def rig(
    home: Path,
    *,
    left_pct: float | None = 100.0,
    clock: Clock | None = None,
    step: Callable[[str], None] = lambda _: None,
    program: tuple[str, ...] = (),
    settings: Settings | None = None,
    **env: str,
) -> Iterator[Rig]:
    """The world of this home; HOME must be set to it."""
    clock = clock or Clock()
    ours = our_paths()
    with closing(Journal(ours.journal_db)) as journal:
        real = make_world(settings or Settings(), ours, claude_config_dirs(), journal, clock)
        terminal = SpawningTerminal(program=program)
        world = msgspec.structs.replace(
            real,
            schedulers=(FolderScheduler(home / "scheduler"),),
            terminals=lambda name, env: [terminal],
            quota=lambda now: window(left_pct),
            tell=Person(home / "heard.txt"),
            env=environment(home, **env),
            sleep=clock.sleep,
            step=step,
        )
        yield Rig(home, world, clock)


def end_clients(home: Path) -> None:
    """End what was started here, and only that."""
    pids = {start["pid"] for start in starts(home)}
    opened = home / "opened.txt"
    if opened.exists():
        pids |= {int(line) for line in opened.read_text().split()}
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    for process in _children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
    _children.clear()


def wake_elsewhere(home: Path, *words: str, **env: str) -> subprocess.Popen[bytes]:
    """A wake in a process of its own: `tests.automation.crash_wake`."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.automation.crash_wake", str(home), *words],
        cwd=REPO,
        env=environment(home, **env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
