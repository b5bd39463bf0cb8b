from __future__ import annotations

import msgspec
import pytest

from quota_tui.core.jobs.decide import LiveSession, decide, if_now, next_try
from quota_tui.core.jobs.job import ASKS, AT_WORK, OPEN, Job, JobState
from quota_tui.core.jobs.machine import MAX_ATTEMPTS, MAX_TAKEOVERS, MAX_WAITS
from quota_tui.core.jobs.timing import jitter
from tests.core.jobs.kit import CLIENT, DUE, ME, UNKNOWN, H, M, S, a_job, facts, session, waiting


def held(state: JobState = JobState.CLAIMED, **changes: object) -> Job:
    return a_job(state=state, claim=msgspec.structs.replace(ME, at=DUE), **changes)


def opened(**changes: object) -> Job:
    return held(JobState.LAUNCHING, **{"attempts": 1, "opened_at": DUE, "how": "tmux window 3", **changes})


# -- time


def test_before_its_time_nothing_but_one_notice():
    job = a_job()
    early = decide(job, facts(), DUE - 6 * M)
    assert (early.act, early.until) == ("nothing", DUE - 5 * M)
    told = decide(job, facts(), DUE - 5 * M)
    assert (told.act, told.until) == ("notify", DUE)
    again = decide(a_job(state=JobState.NOTIFIED, notified_at=DUE - 5 * M), facts(), DUE - S)
    assert (again.act, again.until) == ("nothing", DUE)


@pytest.mark.parametrize("state", [JobState.SCHEDULED, JobState.NOTIFIED, JobState.WAITING])
def test_due(state):
    decision = decide(a_job(state=state), facts(), DUE)
    assert (decision.act, decision.reason, decision.notes) == (
        "start",
        "98 % of the five-hour window is left",
        (),
    )
    assert decide(a_job(state=state), facts(), DUE + 6 * H).act == "start"


def test_too_late_is_missed_also_next_year():
    for late, said in ((6 * H + S, "6 h late"), (365 * 24 * H, "365 days late")):
        decision = decide(a_job(), facts(), DUE + late)
        assert decision.act == "miss"
        assert said in decision.reason
    assert decide(held(), facts(mine=True), DUE + 7 * H).act == "miss"
    assert decide(held(), facts(holder_alive=False), DUE + 7 * H).act == "miss"


def test_a_late_start_is_told_as_late():
    assert decide(a_job(), facts(), DUE + 40 * M).notes == ("40 min late",)


def test_what_is_over_stays_over():
    for state in set(JobState) - OPEN:
        assert decide(a_job(state=state), facts(), DUE).act == "nothing"


def test_a_clock_that_goes_back_after_the_claim_does_not_stop_it():
    assert decide(held(), facts(mine=True), DUE - H).act == "start"


# -- proof


@pytest.mark.parametrize("state", sorted(set(JobState) - {JobState.STARTED, JobState.CANCELLED}))
def test_a_proof_is_stronger_than_what_we_believed(state):
    decision = decide(held(state), facts(proof="its transcript is there"), DUE + 400 * 24 * H)
    assert (decision.act, decision.reason) == ("proven", "its transcript is there")


# -- in other hands


@pytest.mark.parametrize("state", sorted(AT_WORK))
@pytest.mark.parametrize("alive", [True, None])
def test_a_living_claim_is_left_alone(state, alive):
    job = opened() if state is JobState.LAUNCHING else held(state)
    decision = decide(job, facts(holder_alive=alive, runner_alive=False), DUE + 9 * M)
    assert decision.act == "nothing"
    assert decision.until == DUE + 10 * M


@pytest.mark.parametrize("state", [JobState.CLAIMED, JobState.VERIFYING])
@pytest.mark.parametrize(("alive", "when"), [(False, S), (True, 11 * M), (None, 11 * M), (True, -H)])
def test_a_dead_or_hanging_claim_is_taken_over(state, alive, when):
    assert decide(held(state), facts(holder_alive=alive), DUE + when).act == "take-over"
    too_often = decide(held(state, takeovers=MAX_TAKEOVERS), facts(holder_alive=alive), DUE + when)
    assert too_often.act == "fail"
    assert f"{MAX_TAKEOVERS + 1} times" in too_often.reason


# -- a launch that shows nothing


@pytest.mark.parametrize("mine", [True, False])
def test_no_terminal_came_up(mine):
    seen = facts(mine=mine, holder_alive=mine)
    assert decide(opened(), seen, DUE + 59 * S).act == "nothing"
    again = decide(opened(), seen, DUE + 60 * S)
    assert again.act == ("retry" if mine else "take-over")
    assert again.reason == "nothing came up in tmux window 3"
    assert decide(opened(attempts=MAX_ATTEMPTS), seen, DUE + M).reason.endswith("; tried 3 times")
    assert decide(opened(attempts=MAX_ATTEMPTS), seen, DUE + M).act == "fail"
    assert decide(opened(deadline=DUE + 30 * S), seen, DUE + M).act == "fail"
    assert decide(opened(), seen, DUE - H).act == ("retry" if mine else "take-over")


def test_too_many_died_over_a_launch():
    decision = decide(opened(takeovers=MAX_TAKEOVERS), facts(holder_alive=False), DUE + M)
    assert decision.act == "fail"


@pytest.mark.parametrize("alive", [True, None])
def test_a_client_that_may_live_is_never_started_again(alive):
    seen = facts(holder_alive=False, runner_alive=alive)
    job = opened(runner=CLIENT)
    assert decide(job, seen, DUE + 59 * S).until == DUE + 60 * S
    back = decide(job, seen, DUE - H)
    assert (back.act, back.until) == ("nothing", DUE - H + M)
    for late in (M, 5 * H, 400 * 24 * H):
        decision = decide(job, seen, DUE + late)
        assert decision.act == "fail"
        assert "look at tmux window 3" in decision.reason


def test_a_client_that_ended_at_once_is_tried_again():
    assert (
        decide(opened(runner=CLIENT), facts(holder_alive=False, runner_alive=False), DUE + S).act
        == "take-over"
    )
    assert decide(opened(runner=CLIENT), facts(mine=True, runner_alive=False), DUE + S).act == "retry"


# -- quota


def test_waits_for_the_reported_reset_and_a_margin():
    seen = facts(readiness=waiting(DUE + H), reset_is_reported=True)
    decision = decide(a_job(), seen, DUE)
    assert (decision.act, decision.until) == ("wait", DUE + H + 2 * M + jitter("api-1"))
    assert decision.reason == "≈12 % of the five-hour window is left: waiting for more"


@pytest.mark.parametrize(
    "seen",
    [
        {"readiness": waiting(DUE + H)},
        {"readiness": waiting(), "reset_is_reported": True},
        {"readiness": waiting(DUE - H), "reset_is_reported": True},
        {"readiness": waiting(DUE + 30 * 24 * H), "reset_is_reported": True},
    ],
)
def test_without_a_reset_to_believe_half_an_hour(seen):
    decision = decide(a_job(), facts(**seen), DUE)
    assert (decision.act, decision.until) == ("wait", DUE + 30 * M + jitter("api-1"))


def test_half_hours_outlast_a_window_and_then_it_is_said():
    now, waits = DUE, 0
    while decide(a_job(waits=waits, launch_at=now), facts(readiness=waiting()), now).act == "wait":
        now, waits = next_try(a_job(), None, now), waits + 1
    assert waits == MAX_WAITS
    assert now - DUE > 5 * H
    decision = decide(a_job(waits=waits), facts(readiness=waiting()), DUE)
    assert decision.act == "fail"
    assert decision.reason.endswith("put off 12 times")


def test_unknown_starts_and_says_so():
    decision = decide(a_job(), facts(readiness=UNKNOWN), DUE)
    assert decision.act == "start"
    assert decision.notes == ("the quota is not known: no limit is known for the five-hour window",)


def test_now_means_now():
    busy = LiveSession("other", 7, DUE)
    decision = decide(a_job(anyway=True), facts(readiness=waiting(DUE + H), continued=(busy,)), DUE)
    assert (decision.act, decision.reason) == ("start", "you said now")
    assert decision.notes == ("≈12 % of the five-hour window is left, and it starts anyway, as you said",)


# -- the project


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ({"project_exists": False}, "folder is gone: /home/ada/api"),
        ({"handoff_readable": False}, "it is gone"),
        (
            {"handoff_readable": False, "handoff_problem": "line 3: no front matter"},
            "line 3: no front matter",
        ),
        ({"client": ""}, "client was not found"),
    ],
)
def test_what_no_waiting_mends_fails_also_without_quota(seen, said):
    for quota in (facts().readiness, waiting()):
        decision = decide(a_job(), facts(readiness=quota, **seen), DUE)
        assert decision.act == "fail"
        assert said in decision.reason


def test_warnings_stop_nothing():
    job = a_job(branch="main", agent="tester", estimate_tokens=30_000, estimate_high=45_000)
    seen = facts(branch_now="dev", dirty_files=2, agent_exists=False, trusted=False, left_tokens=40_000)
    decision = decide(job, seen, DUE)
    assert decision.act == "start"
    assert decision.notes == (
        "the branch is dev, the handoff is about main",
        "2 files have changes that are not committed",
        "the agent tester is gone: it starts without",
        "the client does not trust this folder yet: it will ask, and wait for the answer",
        "≈45k estimated, ≈40k left in this window",
    )
    assert decide(job, facts(branch_now="main", dirty_files=1), DUE).notes == (
        "1 file has changes that are not committed",
    )


# -- standing aside. The reset was at 18:40, the job is for 18:45


@pytest.mark.parametrize(
    ("began", "last", "aside"),
    [
        (-5 * M, -4 * M, True),  # the client went on at the reset
        (-5 * M, -6 * M, False),  # it hit the limit before the reset, and sits there
        (None, -2 * M, True),
        (None, -11 * M, False),
        (-3 * H, -2 * H, False),  # a time of one's own: the window began long before
        (-3 * H, -5 * M, True),
        (4 * H, H, False),  # put off over another reset: what used up the old window counts no more
        (4 * H, 4 * H, True),
    ],
)
def test_a_session_that_goes_on_in_the_project(began, last, aside):
    seen = facts(
        window_began=None if began is None else DUE + began,
        continued=(LiveSession("idle", 6), LiveSession("other", 7, DUE + last)),
    )
    decision = decide(a_job(launch_at=DUE + 4 * H, chosen_at=DUE), seen, DUE + 4 * H + M)
    assert decision.act == ("stand-aside" if aside else "start")
    assert not aside or decision.reason == (
        "stood aside: a session is at work in this project already (process 7)"
    )


def test_its_own_session_is_not_another():
    own = LiveSession(session(), 7, DUE)
    assert decide(a_job(), facts(continued=(own,)), DUE).act == "start"


# -- several


def test_never_two_launches_in_one_project():
    other = held(JobState.VERIFYING, id="api-2")
    decision = decide(a_job(), facts(other_jobs=(other,)), DUE)
    assert (decision.act, decision.until) == ("wait", DUE + 30 * M)


def test_a_launch_just_now_is_waited_for():
    other = opened(id="web-1", project="/web")
    decision = decide(a_job(), facts(other_jobs=(other,)), DUE + 20 * S)
    assert (decision.act, decision.until) == ("nothing", DUE + 60 * S)


def test_a_window_too_small_for_both_waits_for_the_next():
    first = a_job(
        id="web-1", project="/web", state=JobState.STARTED, started_at=DUE - H, estimate_tokens=150_000
    )
    seen = facts(other_jobs=(first,), left_tokens=180_000, resets_at=DUE + 4 * H, used_tokens={})
    job = a_job(estimate_tokens=60_000)
    decision = decide(job, seen, DUE)
    assert (decision.act, decision.until) == ("wait", DUE + 4 * H + 2 * M + jitter("api-1"))
    assert "1 job before it may take ≈150k of ≈180k left" in decision.reason


# -- the preview


def test_the_preview_says_what_now_would_do():
    assert if_now(a_job(), facts(), DUE - 5 * H).act == "start"
    assert if_now(a_job(), facts(client=""), DUE - 5 * H).act == "fail"
    assert (
        if_now(a_job(waits=MAX_WAITS, state=JobState.FAILED), facts(readiness=waiting()), DUE + 9 * H).act
        == "wait"
    )
    for state in ASKS:
        assert if_now(a_job(state=state), facts(), DUE + 99 * H).act == "start"
    assert if_now(held(), facts(holder_alive=True), DUE).act == "nothing"
