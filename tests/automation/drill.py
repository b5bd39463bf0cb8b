"""One launch in an invented world: wakes early, late, twice and at once; kills, naps, clocks that jump.

The code under test is the real one, down to the journal (in memory) and the files of project, handoff and
client. Invented are time, processes, terminals and the scheduler. Whatever happens at the same time happens
at a step: every boundary of a launch is a place where another wake, a kill or a long sleep can come between.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import msgspec

from quota_tui.automation.client_exec import run_client
from quota_tui.automation.schedulers.base import Survival, Wake
from quota_tui.automation.terminals.base import Opened, OpenRequest, TerminalError
from quota_tui.automation.wake import wake
from quota_tui.automation.world import World
from quota_tui.config import Settings
from quota_tui.core.handoff import Handoff, Objective
from quota_tui.core.handoff_markdown import render
from quota_tui.core.jobs import machine
from quota_tui.core.jobs.job import ARMED, OPEN, Holder, Job, JobState, LogLine
from quota_tui.sources.processes import LiveSession, SessionScan
from quota_tui.store.database import connect
from quota_tui.store.jobs import Jobs
from quota_tui.store.paths import Paths
from tests.automation.world_rig import UUID, window

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ID = "api-1"
MINUTE = timedelta(minutes=1)


class Killed(BaseException):
    """kill -9: nothing of the process runs any more."""


class Became(BaseException):
    """The process is the client now."""


class Outcome(msgspec.Struct):
    """What came of a run. `healthy_wake`: one came while the job was open and before its deadline."""

    starts: int
    state: JobState
    reason: str
    healthy_wake: bool
    called_off: bool
    gentle: bool
    wakes: int
    log: tuple[LogLine, ...]
    armed: bool


def furnish(folder: Path) -> None:
    """The files that a launch looks at."""
    (folder / "api").mkdir()
    (folder / "bin").mkdir()
    (folder / "bin" / "claude").touch(0o755)
    made = Handoff(title="Drill", project=str(folder / "api"), objectives=(Objective("Begin"),))
    (folder / "handoff.md").write_text(render(made), encoding="utf-8")


class Drill:
    """One run. `budget` is how many things may go wrong that can cost an attempt."""

    name = "drill"

    def __init__(self, seed: int, folder: Path) -> None:
        self.rng = random.Random(seed)
        self.gentle = self.rng.random() < 0.6
        self.budget = self.rng.randint(0, 2) if self.gentle else self.rng.randint(3, 15)
        self.now = NOON
        self.chaos = True
        self.depth = self.pids = self.wakes = self.starts = self.order = 0
        self.alive: set[int] = set()
        self.sessions: list[LiveSession] = []
        self.events: list[tuple[datetime, int, bool, Callable[[], None]]] = []
        self.held: dict[str, tuple[datetime, ...]] = {}
        self.called_off = False
        self.ready_at = NOON + self.rng.choice([0, 0, 0, 1, 90, 200]) * MINUTE
        self.resets_at = self.ready_at if self.rng.random() < 0.6 else None
        self.db = connect(None)
        self.world = self._world(folder)
        launch_at = NOON + self.rng.choice([10, 30, 60]) * MINUTE
        self.world.jobs.add(self._job(folder, launch_at))

    # -- the world

    def _world(self, folder: Path) -> World:
        return World(
            paths=Paths(folder / "c", folder / "d", folder / "s"),
            claude_dirs=(folder / "claude",),
            settings=Settings(),
            jobs=Jobs(self.db),
            schedulers=(self,),
            terminals=lambda name, env: [Screen(self, may_fail=True), Screen(self, may_fail=False)],
            quota=lambda now: window(
                None if self.rng.random() < 0.02 else 100 if now >= self.ready_at else 10, self.resets_at
            ),
            tell=lambda title, text: "",
            holder=Holder(0, 0.0, "sim"),
            zone=UTC,
            env={"HOME": str(folder), "PATH": str(folder / "bin")},
            clock=lambda: self.now,
            sleep=lambda seconds: self.pass_time(timedelta(seconds=seconds)),
            alive=lambda holder: holder.pid in self.alive,
            scan=lambda folders: SessionScan(tuple(self.sessions)),
            step=self.step,
        )

    def _job(self, folder: Path, launch_at: datetime) -> Job:
        return Job(
            id=ID,
            project=str(folder / "api"),
            handoff=str(folder / "handoff.md"),
            session_id=UUID,
            launch_at=launch_at,
            chosen_at=launch_at,
            deadline=launch_at + timedelta(hours=6),
            created_at=NOON,
            scheduler=self.name,
            log=(LogLine(NOON, JobState.SCHEDULED, "scheduled"),),
        )

    def available(self) -> str:
        return ""

    def survives(self) -> Survival:
        return Survival(True, True, True, "")

    def arm(self, wake: Wake) -> None:
        self.held[wake.job_id] = wake.instants

    def disarm(self, job_id: str) -> None:
        self.held.pop(job_id, None)

    def inspect(self) -> dict[str, tuple[datetime, ...]]:
        return {
            job_id: tuple(at for at in instants if at > self.now) for job_id, instants in self.held.items()
        }

    # -- time

    def at(self, when: datetime, what: Callable[[], None], *, by_the_clock: bool = False) -> None:
        """Let something happen; `by_the_clock` what a scheduler does, the rest takes its time."""
        self.order += 1
        heapq.heappush(self.events, (when, self.order, by_the_clock, what))

    def set_clock(self, change: timedelta) -> None:
        self.now += change
        self.events = [
            (when if by_the_clock else when + change, order, by_the_clock, what)
            for when, order, by_the_clock, what in self.events
        ]
        heapq.heapify(self.events)

    def pass_time(self, span: timedelta) -> None:
        until = self.now + span
        while self.events and self.events[0][0] <= until:
            when, _, _, what = heapq.heappop(self.events)
            self.now = max(self.now, when)
            what()
        self.now = max(self.now, until)

    def spend(self) -> bool:
        """Whether one more thing may go wrong."""
        if not self.chaos or self.budget <= 0:
            return False
        self.budget -= 1
        return True

    def step(self, name: str) -> None:
        if not self.chaos:
            return
        dice = self.rng.random()
        if dice < 0.04 and self.spend():
            raise Killed
        if dice < 0.10 and self.depth < 4:
            self.wake()
        elif dice < 0.13 and self.spend():
            self.pass_time(
                self.rng.choice([1, 30, 70, 700, 5000]) * timedelta(seconds=1)
            )  # the lid was closed
        elif dice < 0.15 and self.spend():
            self.set_clock(self.rng.choice([-1, 1]) * timedelta(hours=1))

    # -- processes

    def process(self) -> int:
        self.pids += 1
        self.alive.add(self.pids)
        return self.pids

    def wake(self) -> None:
        pid = self.process()
        self.wakes += 1
        self.depth += 1
        try:
            woken = wake(ID, msgspec.structs.replace(self.world, holder=Holder(pid, float(pid), "sim")))
            assert woken.outcome != "trouble", woken
        except Killed:
            pass
        finally:
            self.depth -= 1
            self.alive.discard(pid)

    def client(self) -> None:
        pid = self.process()
        try:
            run_client(
                ID,
                msgspec.structs.replace(self.world, holder=Holder(pid, float(pid), "sim")),
                self.become(pid),
            )
        except Became:
            return
        except Killed:
            pass
        self.alive.discard(pid)

    def become(self, pid: int) -> Callable[..., NoReturn]:
        def become(argv, cwd, env) -> NoReturn:
            assert argv[1:3] == ("--session-id", UUID)
            dice = self.rng.random()
            if dice < 0.1 and self.spend():
                raise Killed  # it dies before a session begins
            self.starts += 1
            slow = dice < 0.14 and self.spend()
            wait = self.rng.uniform(61, 900) if slow else self.rng.uniform(0, 20)
            session = LiveSession(session_id=UUID, pid=pid, project=cwd)
            self.at(self.now + timedelta(seconds=wait), lambda: self.sessions.append(session))
            raise Became

        return become

    def call_off(self) -> None:
        job = self.world.jobs.get(ID)
        try:
            self.world.jobs.change(ID, lambda each: machine.cancelled(each, self.now, "called off"))
        except machine.ImpossibleError:
            return
        self.called_off = job is not None and job.state is not JobState.CANCELLED

    # -- the run

    def run(self) -> Outcome:
        rng, job = self.rng, self.world.jobs.get(ID)
        assert job is not None
        for _ in range(rng.randint(0, 5)):
            minutes = rng.choice([rng.uniform(-20, 5), rng.uniform(0, 5), rng.uniform(0, 500)])
            self.at(job.launch_at + minutes * MINUTE, self.wake, by_the_clock=True)
        if rng.random() < 0.05:
            self.at(job.launch_at + rng.uniform(-10, 2) * MINUTE, self.call_off)
        self.pass_time(rng.choice([50, 100, 400, 600]) * MINUTE)
        self.chaos = False
        healthy = self.recover() if rng.random() < 0.8 else False
        self.pass_time(timedelta(hours=1))
        job = self.world.jobs.get(ID)
        assert job is not None
        return Outcome(
            starts=self.starts,
            state=job.state,
            reason=job.reason,
            healthy_wake=healthy,
            called_off=self.called_off,
            gentle=self.gentle,
            wakes=self.wakes,
            log=job.log,
            armed=job.state in ARMED,
        )

    def recover(self) -> bool:
        """Nothing goes wrong any more: wakes come as the scheduler holds them. Whether one came in time."""
        healthy = False
        for _ in range(60):
            job = self.world.jobs.get(ID)
            if job is None or job.state not in OPEN:
                break
            # A launch under way is judged by its own minute, not by the deadline.
            healthy = healthy or self.now <= job.deadline
            self.wake()
            ahead = [at for at in self.inspect().get(ID, ()) if at > self.now]
            self.pass_time(min(ahead) - self.now if ahead else 10 * MINUTE)
        return healthy


class Screen:
    """A terminal: it opens soon, late, or never; the first may say that it did not, and do so all the same."""

    name = "screen"

    def __init__(self, drill: Drill, *, may_fail: bool) -> None:
        self.drill = drill
        self.may_fail = may_fail

    def available(self, env) -> str:
        return ""

    def open(self, request: OpenRequest) -> Opened:
        drill, dice = self.drill, self.drill.rng.random()
        if dice < 0.1 and drill.spend():
            return Opened("a window that never came")
        late = drill.rng.uniform(61, 600) if dice < 0.15 and drill.spend() else drill.rng.uniform(0, 8)
        fails = self.may_fail and drill.chaos and drill.rng.random() < 0.1
        if not fails or drill.rng.random() < 0.5:
            drill.at(drill.now + timedelta(seconds=late), drill.client)
        if fails:
            raise TerminalError("it said no")
        return Opened("a window")
