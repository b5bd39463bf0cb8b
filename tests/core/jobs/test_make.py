from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.handoff import Handoff, Objective, State
from quota_tui.core.jobs.job import MAX_ID, JobState, is_job_id
from quota_tui.core.jobs.make import NotAJobError, make_job, new_id
from quota_tui.core.jobs.timing import Chosen
from tests.core.jobs.kit import DUE, NOW, H, M, S, a_job, session

HANDOFF = Handoff(
    id="20261120-1731",
    title="Auth",
    agent="tester",
    state=State(branch="main"),
    objectives=(
        Objective("one", 15_000, 9_000, 24_000),
        Objective("two", 18_000, 11_000, 29_000),
        Objective("old", 90_000, done=True),
    ),
)
CHOSEN = Chosen(DUE, "reset+5m")


def made(handoff=HANDOFF, chosen=CHOSEN, now=NOW, **changes):
    values = {"job_id": "api-2", "session_id": session(), "project": "/home/ada/api", "zone": "Europe/Berlin"}
    return make_job(handoff, "/h/handoff-1.md", chosen, now, **{**values, **changes})


def test_from_a_handoff():
    job = made()
    assert (job.state, job.version, job.launch_at, job.chosen_at) == (JobState.SCHEDULED, 0, DUE, DUE)
    assert (job.deadline, job.created_at, job.start, job.zone) == (
        DUE + 6 * H,
        NOW,
        "reset+5m",
        "Europe/Berlin",
    )
    assert (job.handoff, job.handoff_id, job.title) == ("/h/handoff-1.md", "20261120-1731", "Auth")
    assert (job.branch, job.agent) == ("main", "tester")
    assert (job.estimate_tokens, job.estimate_low, job.estimate_high) == (33_000, 20_000, 53_000)
    assert [line.text for line in job.log] == ["scheduled"]
    assert made(Handoff()).estimate_tokens is None


def test_apart_from_others():
    others = [a_job(id="web-1", launch_at=DUE + 10 * S), a_job(id="x-1", state=JobState.CANCELLED)]
    job = made(others=others)
    assert (job.launch_at, job.chosen_at, job.deadline) == (DUE + 70 * S, DUE, DUE + 70 * S + 6 * H)
    assert "a little later" in job.log[0].text
    assert made(others=[a_job(id="api-2")]).launch_at == DUE


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"job_id": "Api 2"}, "no id of a job"),
        ({"job_id": "api; touch pwned"}, "no id of a job"),
        ({"job_id": "a" * 60}, "no id of a job"),
        ({"session_id": "1"}, "no uuid"),
        ({"project": ""}, "a project and a handoff"),
        ({"chosen": Chosen(NOW - M, "x")}, "in the future"),
        ({"chosen": Chosen(DUE.replace(tzinfo=None), "x")}, "in the future"),
    ],
)
def test_what_makes_no_job(changes, said):
    with pytest.raises(NotAJobError, match=said):
        made(**changes)


def test_ids():
    assert new_id("API server", NOW) == "api-server-261120-173400"
    assert new_id("日本", NOW) == "job-261120-173400"
    taken = {"api-261120-173400", "api-261120-173400-2"}
    assert new_id("api", NOW, taken) == "api-261120-173400-3"


@given(st.text(max_size=80), st.integers(0, 20))
def test_every_id_is_one(hint, number):
    taken: set[str] = set()
    for _ in range(number):
        found = new_id(hint, NOW, taken)
        assert is_job_id(found)
        assert len(found) <= MAX_ID
        assert found not in taken
        taken.add(found)
