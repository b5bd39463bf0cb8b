"""A world for the jobs' model: a clock, a quota, and programs that run one step at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

import msgspec

from quota_tui.core.jobs import machine
from quota_tui.core.jobs.decide import STAYS, Decision, LiveSession, WakeFacts, decide
from quota_tui.core.jobs.job import ARMED, AT_WORK, Holder, Job, JobState
from quota_tui.store.jobs import Jobs
from quota_tui.store.journal import Journal
from tests.core.jobs.kit import DUE, READY, UNKNOWN, M, waiting


class Process(msgspec.Struct):
    """Something that runs, one step at a time."""

    holder: Holder
    job_id: str
    steps: Iterator[str]
    until: datetime | None = None
    alive: bool = True
    is_client: bool = False


class Sim:
    def __init__(self) -> None:
        self.journal = Journal(None)
        self.jobs = Jobs(self.journal.db)
        self.now, self.resets_at = DUE - 7 * M, DUE - 5 * M
        self.quota, self.left_tokens = "READY", 200_000
        self.reported = True
        self.processes: dict[int, Process] = {}
        self.proofs: dict[str, str] = {}
        self.passed: Counter[tuple[str, str, int]] = Counter()
        self.ran: Counter[str] = Counter()
        self.alive_clients: dict[str, int] = {}
        self.busy: frozenset[str] = frozenset()
        self.numbers = 10

    # -- the world

    def number(self) -> int:
        self.numbers += 1
        return self.numbers

    def spawn(self, job_id: str, *, client: bool = False) -> Process:
        pid = self.number()
        holder = Holder(pid, float(pid), "here")
        process = Process(holder, job_id, iter(()), is_client=client)
        process.steps = self.client(process) if client else self.wake(process)
        self.processes[pid] = process
        return process

    def step(self, process: Process) -> None:
        if process.until is not None and self.now < process.until:
            return
        process.until = None
        try:
            next(process.steps)
        except StopIteration:
            self.end(process)

    def end(self, process: Process) -> None:
        """It is over, by itself or by a kill: nothing of it runs any more."""
        process.alive = False
        for session_id, pid in list(self.alive_clients.items()):
            if pid == process.holder.pid:
                del self.alive_clients[session_id]

    def lives(self, holder: Holder | None) -> bool | None:
        return None if holder is None else self.processes[holder.pid].alive

    def facts(self, job: Job, me: Holder) -> WakeFacts:
        resets_at = self.resets_at if self.resets_at > self.now else None
        readiness = {"READY": READY, "UNKNOWN": UNKNOWN, "WAITING": waiting(resets_at)}[self.quota]
        at_work = [LiveSession("somebody-else", 7, self.now)] if job.id in self.busy else []
        return WakeFacts(
            readiness=readiness,
            mine=job.state in AT_WORK and machine.same_process(job.claim, me),
            client="/usr/bin/claude",
            continued=tuple(at_work),
            other_jobs=tuple(each for each in self.jobs.all() if each.id != job.id),
            reset_is_reported=self.reported,
            resets_at=resets_at if self.reported else None,
            left_tokens=self.left_tokens,
        )

    # -- the programs, with a place to die after every line that matters

    def wake(self, me: Process) -> Iterator[str]:
        while True:
            job = self.jobs.get(me.job_id)
            assert job is not None
            yield "read"
            facts, now = self.facts(job, me.holder), self.now
            holder, runner = self.lives(job.claim), self.lives(job.runner)
            yield "looked at the processes"
            proof = self.proofs.get(job.session_id, "")
            yield "looked for a proof"
            facts = msgspec.structs.replace(facts, holder_alive=holder, runner_alive=runner, proof=proof)
            decision = decide(job, facts, now)
            if decision.act == "nothing":
                if decision.until is None or decision.until - now > STAYS:
                    return
                me.until = decision.until
                yield "waits"
                continue
            new = self.step_for(job, decision, me.holder, now, facts)
            written = self.jobs.replace(job, new)
            yield f"wrote {new.state.value}" if written else "was too late"
            if written and new.state is JobState.LAUNCHING:
                self.spawn(job.id, client=True)
                yield "opened a terminal"

    def step_for(self, job: Job, decision: Decision, me: Holder, now: datetime, facts: WakeFacts) -> Job:
        match decision.act:
            case "start" | "wait" | "fail" if job.state in ARMED:
                return machine.claimed(job, me, now)
            case "start" if job.state is JobState.CLAIMED:
                return machine.verifying(job, me, now)
            case "start":
                return machine.launching(job, me, now, "a window")
            case "wait":
                assert decision.until is not None
                return machine.put_off(job, me, decision.until, now, decision.reason)
            case "fail":
                return machine.failed(job, now, decision.reason, me if facts.mine else None)
            case "notify":
                return machine.notified(job, now)
            case "miss":
                return machine.missed(job, now, decision.reason)
            case "stand-aside":
                return machine.cancelled(job, now, decision.reason)
            case "take-over":
                return machine.taken_over(job, me, now)
            case "retry":
                return machine.retried(job, me, now, decision.reason)
            case "proven":
                return machine.started(job, now, decision.reason)
        raise AssertionError(decision)

    def client(self, me: Process) -> Iterator[str]:
        yield "a window opened"
        try:
            job = self.jobs.change(me.job_id, lambda job: machine.runner_set(job, me.holder, self.now))
        except machine.ImpossibleError:
            return
        assert job is not None
        self.passed[job.id, job.session_id, job.attempts] += 1
        yield "passed the gate"
        assert job.session_id not in self.alive_clients, "two clients at once"
        assert job.session_id not in self.proofs, "started again after it had started"
        self.alive_clients[job.session_id] = me.holder.pid
        yield "is the client"
        self.proofs[job.session_id] = "its transcript is there"
        self.ran[job.session_id] += 1
        while True:
            yield "works"
