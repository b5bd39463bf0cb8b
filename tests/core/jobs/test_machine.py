from __future__ import annotations

from itertools import product

import msgspec
import pytest

from quota_tui.core.jobs import machine
from quota_tui.core.jobs.job import ARMED, ASKS, AT_WORK, OPEN, Job, JobState, LogLine
from quota_tui.core.jobs.machine import (
    MAX_ATTEMPTS,
    MAX_TAKEOVERS,
    MAX_WAITS,
    NEXT,
    ImpossibleError,
    check,
    moved,
)
from tests.core.jobs.kit import CLIENT, DUE, ME, NOW, OTHER, H, M, S, a_job, session


def at_work(state: JobState = JobState.CLAIMED, **changes: object) -> Job:
    return a_job(state=state, claim=msgspec.structs.replace(ME, at=DUE), **changes)


def test_the_whole_way_and_its_log():
    job = a_job()
    steps = [
        machine.notified(job, DUE - 5 * M),
    ]
    steps.append(machine.claimed(steps[-1], ME, DUE))
    steps.append(machine.verifying(steps[-1], ME, DUE + S))
    steps.append(machine.launching(steps[-1], ME, DUE + 2 * S, "tmux"))
    steps.append(machine.runner_set(steps[-1], CLIENT, DUE + 3 * S))
    steps.append(machine.started(steps[-1], DUE + 4 * S, "its transcript is there"))
    for old, new in zip([job, *steps], steps, strict=False):
        check(old, new)
    over = steps[-1]
    assert (over.state, over.version, over.attempts, over.claim) == (JobState.STARTED, 6, 1, None)
    assert over.runner == msgspec.structs.replace(CLIENT, at=DUE + 3 * S)
    assert over.started_at == DUE + 4 * S
    assert [line.text for line in over.log] == [
        "scheduled",
        "told that it is about to start",
        "taken in hand by process 100",
        "looking whether it can start",
        "opening tmux",
        "process 300 becomes the client",
        "started: its transcript is there",
    ]


def test_what_cannot_follow_is_refused_by_the_step_and_by_the_check():
    for old, new in product(JobState, JobState):
        job = a_job(state=old)
        forged = msgspec.structs.replace(job, state=new, version=1, reason="x", attempts=9)
        if new in NEXT[old]:
            assert moved(job, new, DUE, "so").state is new
            check(job, forged)
        else:
            with pytest.raises(ImpossibleError, match=f"{old.value}.* become {new.value}"):
                moved(job, new, DUE, "so")
            with pytest.raises(ImpossibleError):
                check(job, forged)


def test_every_state_can_come_to_an_end_and_ends_are_ends():
    assert set(NEXT) == set(JobState)
    assert not NEXT[JobState.STARTED] | NEXT[JobState.CANCELLED]
    for state in OPEN | ASKS:
        assert {JobState.CANCELLED, JobState.STARTED} <= NEXT[state]
    assert {state for state in JobState if JobState.LAUNCHING in NEXT[state]} == {
        JobState.VERIFYING,
        JobState.LAUNCHING,
    }


@pytest.mark.parametrize(
    "forge",
    [
        {"version": 2, "state": JobState.CLAIMED},
        {"version": 0, "state": JobState.CLAIMED},
        {"version": 1, "state": JobState.CLAIMED, "id": "web-1"},
        {"version": 1, "state": JobState.CLAIMED, "project": "/elsewhere"},
        {"version": 1, "state": JobState.CLAIMED, "log": ()},
        {"version": 1, "state": JobState.CLAIMED, "log": (LogLine(NOW, JobState.SCHEDULED, "rewritten"),)},
    ],
)
def test_what_is_no_next_version_is_refused(forge):
    job = a_job()
    with pytest.raises(ImpossibleError):
        check(job, msgspec.structs.replace(job, **forge))


def test_the_gate_lets_one_through():
    job = at_work(JobState.LAUNCHING, attempts=1, opened_at=DUE)
    passed = machine.runner_set(job, CLIENT, DUE)
    with pytest.raises(ImpossibleError, match="process 300 already"):
        machine.runner_set(passed, OTHER, DUE)
    with pytest.raises(ImpossibleError, match="became the client already"):
        check(passed, msgspec.structs.replace(passed, version=passed.version + 1, runner=OTHER))
    with pytest.raises(ImpossibleError, match="deadline"):
        machine.runner_set(job, CLIENT, job.deadline + S)


@pytest.mark.parametrize("state", sorted(set(JobState) - {JobState.LAUNCHING}))
def test_the_gate_is_closed_unless_a_launch_is_on(state):
    with pytest.raises(ImpossibleError, match="nothing is to be started"):
        machine.runner_set(a_job(state=state), CLIENT, DUE)


def test_a_claim_is_for_armed_jobs_in_their_time():
    for state in JobState:
        if state in ARMED:
            assert machine.claimed(a_job(state=state), ME, DUE).claim == msgspec.structs.replace(ME, at=DUE)
            continue
        with pytest.raises(ImpossibleError, match="nothing to take in hand"):
            machine.claimed(a_job(state=state), ME, DUE)
    with pytest.raises(ImpossibleError, match="not due"):
        machine.claimed(a_job(), ME, DUE - S)
    with pytest.raises(ImpossibleError, match="deadline"):
        machine.claimed(a_job(), ME, DUE + 6 * H + S)


@pytest.mark.parametrize("state", sorted(AT_WORK))
def test_a_dead_claim_is_taken_over(state):
    job = at_work(state, runner=CLIENT, attempts=1)
    taken = machine.taken_over(job, OTHER, DUE + H)
    check(job, taken)
    assert (taken.state, taken.claim, taken.takeovers) == (
        JobState.CLAIMED,
        msgspec.structs.replace(OTHER, at=DUE + H),
        1,
    )
    assert taken.runner is None
    with pytest.raises(ImpossibleError, match="already"):
        machine.taken_over(taken, OTHER, DUE + H)
    with pytest.raises(ImpossibleError, match=f"{MAX_TAKEOVERS} times"):
        machine.taken_over(at_work(state, takeovers=MAX_TAKEOVERS), OTHER, DUE)
    with pytest.raises(ImpossibleError, match="nobody has it"):
        machine.taken_over(a_job(), OTHER, DUE)


def test_only_its_holder_goes_on():
    for step in (
        lambda job: machine.verifying(job, OTHER, DUE),
        lambda job: machine.put_off(job, OTHER, DUE + H, DUE, "later"),
        lambda job: machine.failed(job, DUE, "broken", OTHER),
    ):
        with pytest.raises(ImpossibleError, match="no longer in this process's hand"):
            step(at_work())
    with pytest.raises(ImpossibleError, match="no longer"):
        machine.launching(at_work(JobState.VERIFYING), OTHER, DUE, "tmux")
    with pytest.raises(ImpossibleError, match="no longer"):
        machine.retried(at_work(JobState.LAUNCHING), OTHER, DUE, "again")


def test_a_process_is_its_number_and_its_beginning():
    later = msgspec.structs.replace(ME, began_s=ME.began_s + 60)
    elsewhere = msgspec.structs.replace(ME, host="there")
    assert machine.same_process(ME, msgspec.structs.replace(ME, began_s=ME.began_s + 0.4, at=DUE))
    assert not any(machine.same_process(ME, each) for each in (later, elsewhere, OTHER, None))


def test_attempts_end():
    job = at_work(JobState.LAUNCHING, attempts=1, runner=CLIENT)
    again = machine.retried(job, ME, DUE, "the client ended")
    assert (again.state, again.runner, again.attempts) == (JobState.CLAIMED, None, 1)
    launched = machine.launching(machine.verifying(again, ME, DUE), ME, DUE, "tmux")
    assert (launched.attempts, launched.log[-1].text) == (2, "opening tmux, attempt 2")
    with pytest.raises(ImpossibleError, match="3 times"):
        machine.retried(at_work(JobState.LAUNCHING, attempts=MAX_ATTEMPTS), ME, DUE, "x")
    with pytest.raises(ImpossibleError, match="3 times"):
        machine.launching(at_work(JobState.VERIFYING, attempts=MAX_ATTEMPTS), ME, DUE, "x")
    with pytest.raises(ImpossibleError, match="no attempt"):
        machine.retried(at_work(), ME, DUE, "x")
    with pytest.raises(ImpossibleError, match="deadline"):
        machine.launching(at_work(JobState.VERIFYING), ME, DUE + 7 * H, "x")


def test_put_off_moves_the_deadline_and_is_told_again_when_far():
    job = at_work(notified_at=DUE - 5 * M, takeovers=2, deadline=DUE + 2 * H)
    soon = machine.put_off(job, ME, DUE + 30 * M, DUE, "12 % left")
    assert (soon.state, soon.reason, soon.claim, soon.waits, soon.takeovers) == (
        JobState.WAITING,
        "12 % left",
        None,
        1,
        0,
    )
    assert (soon.launch_at, soon.deadline) == (DUE + 30 * M, DUE + 150 * M)
    assert soon.chosen_at == DUE
    assert soon.notified_at == job.notified_at
    assert machine.put_off(job, ME, DUE + 5 * H, DUE, "x").notified_at is None
    with pytest.raises(ImpossibleError, match="12 times"):
        machine.put_off(at_work(waits=MAX_WAITS), ME, DUE + H, DUE, "x")
    with pytest.raises(ImpossibleError, match="has passed"):
        machine.put_off(job, ME, DUE, DUE, "x")


def test_a_reason_stays_while_it_is_announced_and_goes_when_it_goes_on():
    waits = a_job(state=JobState.WAITING, reason="12 % left")
    told = machine.notified(waits, DUE - M)
    assert told.reason == "12 % left"
    with pytest.raises(ImpossibleError, match="told already"):
        machine.notified(msgspec.structs.replace(told, state=JobState.WAITING), DUE)
    assert machine.claimed(told, ME, DUE).reason == ""


def test_missed_is_not_said_early():
    with pytest.raises(ImpossibleError, match="can still"):
        machine.missed(a_job(), DUE + 6 * H, "x")
    assert machine.missed(a_job(), DUE + 6 * H + S, "6 h late").reason == "6 h late"


def test_failing_needs_a_hand_and_keeps_the_runner():
    with pytest.raises(ImpossibleError):
        machine.failed(a_job(), DUE, "x")
    job = at_work(JobState.LAUNCHING, runner=CLIENT, attempts=1)
    over = machine.failed(job, DUE, "no sign", ME)
    assert (over.runner, over.claim, over.reason) == (CLIENT, None, "no sign")
    late = machine.started(over, DUE + H, "its transcript is there")
    check(over, late)
    assert late.state is JobState.STARTED
    with pytest.raises(ImpossibleError, match="proof"):
        machine.started(job, DUE, "")


def test_calling_off():
    assert machine.cancelled(a_job(), NOW, "by you").reason == "by you"
    opening = at_work(JobState.LAUNCHING, attempts=1)
    gone = machine.cancelled(opening, DUE, "by you")
    with pytest.raises(ImpossibleError):
        machine.runner_set(gone, CLIENT, DUE)
    with pytest.raises(ImpossibleError, match="end the session there"):
        machine.cancelled(machine.runner_set(opening, CLIENT, DUE), DUE, "by you")
    with pytest.raises(ImpossibleError):
        machine.cancelled(a_job(state=JobState.STARTED), DUE, "by you")


def test_another_time_begins_anew():
    old = a_job(state=JobState.FAILED, attempts=3, waits=2, takeovers=1, notified_at=DUE, opened_at=DUE)
    old = msgspec.structs.replace(old, runner=CLIENT, reason="no", anyway=True, deadline=DUE + 2 * H)
    new = machine.rescheduled(old, DUE + 9 * H, "+9h", "Europe/Berlin", DUE + H, session(2))
    check(old, new)
    assert (new.state, new.launch_at, new.chosen_at) == (JobState.SCHEDULED, DUE + 9 * H, DUE + 9 * H)
    assert (new.deadline, new.start, new.zone) == (DUE + 11 * H, "+9h", "Europe/Berlin")
    assert (new.attempts, new.waits, new.takeovers, new.anyway, new.reason) == (0, 0, 0, False, "")
    assert (new.notified_at, new.opened_at, new.runner, new.session_id) == (None, None, None, session(2))
    assert new.log[:-1] == old.log
    for bad in ("", session()):
        with pytest.raises(ImpossibleError, match="new session id"):
            machine.rescheduled(old, DUE + 9 * H, "+9h", "UTC", DUE, bad)
    for state in set(JobState) - ARMED - ASKS:
        with pytest.raises(ImpossibleError):
            machine.rescheduled(a_job(state=state), DUE, "x", "UTC", NOW, session(2))


@pytest.mark.parametrize("anyway", [True, False])
def test_now(anyway):
    old = a_job(state=JobState.MISSED, reason="late")
    new = machine.run_now(old, "UTC", DUE + 30 * H, session(2), anyway=anyway)
    check(old, new)
    assert (new.launch_at, new.anyway, new.log[-1].text) == (DUE + 30 * H, anyway, "to be started now")
    assert machine.claimed(new, ME, DUE + 30 * H).state is JobState.CLAIMED


def test_notes_change_nothing_that_decides():
    job = a_job(state=JobState.STARTED)
    seen = machine.noted(job, held=(DUE,), inspected_at=NOW, mismatch="it holds nothing")
    check(job, seen)
    assert (seen.state, seen.version, seen.log) == (job.state, 1, job.log)
    said = machine.logged(seen, NOW, "woken once more")
    check(seen, said)
    assert said.log[-1] == LogLine(NOW, JobState.STARTED, "woken once more")
    with pytest.raises(ImpossibleError, match="attempts, runner"):
        machine.noted(job, runner=None, attempts=0)
