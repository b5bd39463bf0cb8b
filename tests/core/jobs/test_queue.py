from __future__ import annotations

import msgspec
import pytest

from quota_tui.core.jobs.job import ARMED, AT_WORK, JobState
from quota_tui.core.jobs.queue import crowd, in_project, need, order, turn
from tests.core.jobs.kit import DUE, ME, H, M, S, a_job, session


def other(**changes):
    return a_job(
        **{"id": "web-1", "project": "/web", "session_id": session(2), "chosen_at": DUE - M, **changes}
    )


def test_order_and_need():
    assert order(other()) < order(a_job())
    assert order(a_job()) < order(a_job(id="api-2"))
    assert [
        need(a_job(estimate_tokens=1, estimate_high=2)),
        need(a_job(estimate_tokens=1)),
        need(a_job()),
    ] == [2, 1, 0]


def test_one_launch_in_a_project():
    for state in JobState:
        beside = other(project="/home/ada/api", state=state)
        assert in_project(a_job(), [other(state=state), beside]) == (beside if state in AT_WORK else None)
    assert in_project(a_job(), [a_job(state=JobState.CLAIMED)]) is None


def test_launches_go_one_after_another():
    opened = other(state=JobState.STARTED, opened_at=DUE)
    assert turn(a_job(), [opened], DUE + 59 * S) == DUE + 60 * S
    assert turn(a_job(), [opened], DUE + 60 * S) is None
    assert turn(a_job(), [opened], DUE - H) is None
    later = other(id="z-1", state=JobState.LAUNCHING, opened_at=DUE + 30 * S)
    assert turn(a_job(), [opened, later], DUE + 40 * S) == DUE + 90 * S
    assert turn(opened, [opened], DUE) is None


@pytest.mark.parametrize("state", [JobState.CLAIMED, JobState.VERIFYING])
def test_of_two_that_look_at_once_the_first_goes(state):
    first = other(state=state, claim=msgspec.structs.replace(ME, at=DUE))
    second = a_job(state=state, claim=msgspec.structs.replace(ME, pid=9, at=DUE))
    assert turn(second, [first], DUE + S) == DUE + 6 * S
    assert turn(first, [second], DUE + S) is None
    assert turn(second, [first], DUE + 2 * M) is None


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({"state": JobState.STARTED, "started_at": DUE - H}, True),
        ({"state": JobState.STARTED, "started_at": DUE - 6 * H}, False),
        ({"state": JobState.LAUNCHING, "chosen_at": DUE + M}, True),
        ({"state": JobState.VERIFYING}, True),
        ({"state": JobState.VERIFYING, "chosen_at": DUE + M}, False),
        ({"state": JobState.SCHEDULED}, True),
        ({"state": JobState.SCHEDULED, "launch_at": DUE + H, "chosen_at": DUE + H}, False),
        ({"state": JobState.WAITING, "launch_at": DUE + H}, False),
        ({"state": JobState.SCHEDULED, "deadline": DUE - S}, False),
        ({"state": JobState.CANCELLED}, False),
        ({"state": JobState.FAILED}, False),
        ({"id": "api-1"}, False),
        ({"estimate_tokens": None}, False),
    ],
)
def test_who_is_before_it(changes, counts):
    job, first = a_job(estimate_tokens=50_000), other(**{"estimate_tokens": 60_000, **changes})
    assert bool(crowd(job, [first], 100_000, DUE)) == counts
    assert not crowd(job, [first], 110_000, DUE)


def test_the_words_and_what_sessions_used_already():
    job, first = (
        a_job(estimate_high=50_000),
        other(state=JobState.STARTED, started_at=DUE, estimate_high=60_000),
    )
    assert crowd(job, [first], 100_000, DUE) == (
        "1 job before it may take ≈60k of ≈100k left: its own ≈50k do not fit"
    )
    assert crowd(job, [first, other(id="z", estimate_high=1000)], 100_000, DUE).startswith("2 jobs")
    assert not crowd(job, [first], 100_000, DUE, used={session(2): 20_000})
    assert not crowd(job, [first], 40_000, DUE, used={session(2): 90_000})
    assert not crowd(job, [first], 100_000, DUE + H, since=DUE + M)


def test_alone_or_unknown_it_is_never_held_back():
    job, first = a_job(estimate_tokens=900_000), other(state=JobState.LAUNCHING, estimate_tokens=60_000)
    assert not crowd(job, [], 1000, DUE)
    assert not crowd(job, [first], None, DUE)
    assert not crowd(a_job(), [first], 1000, DUE)


def test_of_any_number_the_first_is_never_held_back():
    jobs = [a_job(id=f"j-{n}", project=f"/{n}", estimate_tokens=90_000) for n in range(6)]
    held = [bool(crowd(job, jobs, 100_000, DUE)) for job in sorted(jobs, key=order)]
    assert held == [False, True, True, True, True, True]
    assert all(job.state in ARMED for job in jobs)
