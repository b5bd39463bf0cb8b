"""Objectives without a number are given one once there is a history of one's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.estimating.learn import learn
from quota_tui.core.estimating.subject import PastSession
from quota_tui.core.handoff import Objective
from quota_tui.handing.sizing import FEWEST_SESSIONS, sized

AT = datetime(2026, 11, 1, tzinfo=UTC)


def taught(count: int, tokens: int = 50_000):
    return learn(
        PastSession(id=str(at), at=AT + timedelta(days=at), tokens=tokens, hours=1.0) for at in range(count)
    )


def test_a_number_of_the_persons_own_stays():
    mine = Objective("Integrate auth", tokens=15_000)
    done = Objective("Read the docs", done=True)
    new = Objective("Refresh tokens", steps=("rotate", "revoke"))
    found = sized([mine, done, new], taught(20), "/p", "")
    assert found[:2] == (mine, done)
    assert found[2].text == "Refresh tokens"
    assert found[2].tokens_low < found[2].tokens < found[2].tokens_high


def test_without_a_history_of_ones_own_nothing_is_said():
    objectives = (Objective("Refresh tokens"),)
    assert sized(objectives, taught(FEWEST_SESSIONS - 1), "/p", "") == objectives


@given(
    st.lists(st.builds(Objective, st.text(max_size=40), done=st.booleans()), max_size=6),
    st.integers(1_000, 10**7),
)
def test_every_open_objective_has_an_ordered_range(objectives, tokens):
    found = sized(objectives, taught(8, tokens), "/p", "sonnet")
    assert [each.text for each in found] == [each.text for each in objectives]
    for each in found:
        if each.text and not each.done:
            assert 0 < each.tokens_low <= each.tokens <= each.tokens_high
