"""The whole machine against a simulated world: wakes at any time, kills at every step, clocks that jump.

Never two starts of one session, never a silent loss, and nothing that `decide` advises is refused.
"""

from __future__ import annotations

import contextlib
from datetime import timedelta

from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from quota_tui.core.jobs import machine
from quota_tui.core.jobs.job import ARMED, ASKS, AT_WORK, OPEN, Job, JobState
from tests.core.jobs.kit import DUE, H, M, S, a_job, session
from tests.store.jobs_world import Process, Sim

IDS = ("api-1", "web-1")
SPANS = (S, 30 * S, 61 * S, 3 * M, 11 * M, 35 * M, 2 * H, 5 * H, 7 * H, 30 * H)
JUMPS = (-400 * 24 * H, -25 * H, -H, -3 * M, H, 25 * H, 365 * 24 * H)


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.sim = Sim()
        self.older: list[Job] = []

    @initialize(size=st.sampled_from([None, 40_000, 150_000]), apart=st.sampled_from([S, M, 90 * M]))
    def arrange(self, size: int | None, apart: timedelta) -> None:
        for number, job_id in enumerate(IDS):
            at = DUE + number * apart
            self.sim.jobs.add(
                a_job(
                    id=job_id,
                    project=f"/p/{job_id}",
                    launch_at=at,
                    session_id=session(number),
                    estimate_tokens=size,
                )
            )

    def job(self, job_id: str) -> Job:
        job = self.sim.jobs.get(job_id)
        assert job is not None
        return job

    def running(self) -> list[Process]:
        return [each for each in self.sim.processes.values() if each.alive]

    # -- what happens

    def go(self, process: Process, steps: int, *, patient: bool) -> None:
        """So many steps; a patient one also waits, and meanwhile time passes."""
        for _ in range(steps):
            if process.alive:
                if patient and process.until is not None:
                    self.sim.now = max(self.sim.now, process.until)
                self.sim.step(process)

    @rule(job_id=st.sampled_from(IDS), steps=st.integers(1, 30), dies=st.booleans(), patient=st.booleans())
    def wake(self, job_id: str, steps: int, dies: bool, patient: bool) -> None:
        process = self.sim.spawn(job_id)
        self.go(process, steps, patient=patient)
        if dies:
            self.sim.end(process)

    @rule(job_id=st.sampled_from(IDS), steps=st.integers(1, 30), dies=st.booleans())
    def wake_when_due(self, job_id: str, steps: int, dies: bool) -> None:
        self.sim.now = max(self.sim.now, self.job(job_id).launch_at)
        self.wake(job_id, steps, dies, patient=False)

    @rule(job_id=st.sampled_from(IDS), number=st.integers(2, 3), rounds=st.integers(1, 12), data=st.data())
    def wakes_at_once(self, job_id: str, number: int, rounds: int, data: st.DataObject) -> None:
        together = [self.sim.spawn(job_id) for _ in range(number)]
        for _ in range(rounds):
            for process in data.draw(st.permutations(together)):
                self.go(process, 1, patient=False)

    @precondition(lambda self: any(each.is_client for each in self.running()))
    @rule(data=st.data(), steps=st.integers(1, 4), dies=st.booleans())
    def a_terminal_goes_on(self, data: st.DataObject, steps: int, dies: bool) -> None:
        process = data.draw(st.sampled_from([each for each in self.running() if each.is_client]))
        self.go(process, steps, patient=False)
        if dies:
            self.sim.end(process)

    @precondition(lambda self: any(each.is_client for each in self.running()))
    @rule(data=st.data(), sees=st.integers(0, 4), lives_on=st.integers(0, 1), dies=st.booleans())
    def a_client_is_slow(self, data: st.DataObject, sees: int, lives_on: int, dies: bool) -> None:
        """It runs and shows nothing for long; while another wake looks around it may show itself, or end."""
        client = data.draw(st.sampled_from([each for each in self.running() if each.is_client]))
        self.go(client, 3, patient=False)
        self.sim.now += 11 * M
        wake = self.sim.spawn(client.job_id)
        self.go(wake, sees, patient=False)
        self.go(client, lives_on, patient=False)
        if dies:
            self.sim.end(client)
        self.go(wake, 12, patient=False)
        for each in self.running():
            if each.is_client:
                self.go(each, 4, patient=False)

    @precondition(lambda self: self.running())
    @rule(data=st.data(), steps=st.integers(1, 12), dies=st.booleans())
    def goes_on(self, data: st.DataObject, steps: int, dies: bool) -> None:
        process = data.draw(st.sampled_from(self.running()))
        self.go(process, steps, patient=False)
        if dies:
            self.sim.end(process)

    @rule(by=st.sampled_from(SPANS))
    def time_passes(self, by: timedelta) -> None:
        self.sim.now += by

    @rule(job_id=st.sampled_from(IDS), off=st.sampled_from([-6 * M, -4 * M, -M, 5 * H, 7 * H]))
    def time_passes_until_around_its_time(self, job_id: str, off: timedelta) -> None:
        self.sim.now = max(self.sim.now, self.job(job_id).launch_at + off)

    @rule(what=st.sampled_from([*JUMPS, "power cut"]))
    def the_machine_acts_up(self, what: timedelta | str) -> None:
        if isinstance(what, timedelta):
            self.sim.now += what
            return
        for process in self.running():
            self.sim.end(process)

    @rule(
        word=st.sampled_from(["READY", "READY", "WAITING", "UNKNOWN"]),
        left=st.sampled_from([5_000, 100_000]),
        moves=st.sampled_from([-H, 0 * S, 25 * M, 5 * H, 80 * H]),
        reported=st.booleans(),
        busy=st.sampled_from([frozenset[str](), frozenset[str](), frozenset({IDS[0]})]),
    )
    def the_quota_turns(
        self, word: str, left: int, moves: timedelta, reported: bool, busy: frozenset[str]
    ) -> None:
        self.sim.quota, self.sim.left_tokens, self.sim.reported = word, left, reported
        self.sim.resets_at += moves
        self.sim.busy = busy

    @rule(
        job_id=st.sampled_from(IDS),
        wish=st.sampled_from(["nothing", "cancel", "time", "time", "now", "anyway"]),
        ahead=st.sampled_from([M, 10 * M, 9 * H]),
    )
    def the_person_acts(self, job_id: str, wish: str, ahead: timedelta) -> None:
        now, fresh, before = self.sim.now, session(self.sim.number()), self.job(job_id)

        def change(job: Job) -> Job | None:
            if wish == "cancel":
                return machine.cancelled(job, now, "called off")
            if wish == "time":
                return machine.rescheduled(job, now + ahead, "+10m", "UTC", now, fresh)
            return machine.run_now(job, "UTC", now, fresh, anyway=wish == "anyway")

        if wish != "nothing":
            with contextlib.suppress(machine.ImpossibleError):
                assert self.sim.jobs.change(job_id, change)
                assert before.state is not JobState.LAUNCHING or before.runner is None

    @precondition(lambda self: self.older or self.running())
    @rule(data=st.data())
    def somebody_slept_with_an_old_record(self, data: st.DataObject) -> None:
        """A process that was stopped for long writes what it had in mind."""
        self.older += self.sim.jobs.all()
        old = data.draw(st.sampled_from(self.older))
        new, kept = machine.logged(old, self.sim.now, "something"), self.job(old.id)
        assert self.sim.jobs.replace(old, new) == (kept.version == old.version)

    # -- what is always true

    @invariant()
    def one_start(self) -> None:
        assert all(count == 1 for count in self.sim.passed.values())
        assert all(count == 1 for count in self.sim.ran.values())

    @invariant()
    def records_make_sense(self) -> None:
        for job in self.sim.jobs.all():
            assert [line.at for line in job.log] == [line.at for line in self.sim.jobs.log(job.id)]
            assert job.attempts <= machine.MAX_ATTEMPTS
            assert job.waits <= machine.MAX_WAITS
            assert job.takeovers <= machine.MAX_TAKEOVERS
            assert (job.claim is not None) == (job.state in AT_WORK)
            if job.state in ASKS | {JobState.CANCELLED}:
                assert job.reason
            if job.state is JobState.STARTED:
                assert job.session_id in self.sim.proofs
            assert job.deadline > job.launch_at

    def teardown(self) -> None:
        """Whatever happened: healthy wakes from here on bring every job to an end that is told."""
        sim = self.sim
        for process in self.running():
            if not process.is_client:
                sim.end(process)
        sim.quota, sim.left_tokens, sim.busy = "READY", 10**9, frozenset()
        for job in sim.jobs.open():
            fresh = job.state in ARMED and not job.attempts
            late = sim.now > job.deadline
            self.settle(job.id)
            over = self.job(job.id)
            event(f"settled as {over.state.value}")
            assert over.state not in OPEN
            assert over.reason or over.state is JobState.STARTED
            if fresh:
                assert over.state is (JobState.MISSED if late else JobState.STARTED), over
        self.one_start()
        self.records_make_sense()
        sim.journal.close()

    def settle(self, job_id: str) -> None:
        sim = self.sim
        for _ in range(20):
            wake = sim.spawn(job_id)
            for _ in range(200):
                if not wake.alive:
                    break
                if wake.until is not None:
                    sim.now = max(sim.now, min(wake.until, sim.now + 10 * S))
                for process in self.running():
                    if process is wake or (process.is_client and process.job_id == job_id):
                        sim.step(process)
            job = self.job(job_id)
            if job.state not in OPEN:
                return
            sim.now = max(sim.now, job.launch_at)


Machine.TestCase.settings = settings(
    max_examples=120,
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestJobs = Machine.TestCase
