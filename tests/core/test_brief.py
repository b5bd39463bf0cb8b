from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.brief import brief
from quota_tui.core.handoff import Handoff, Objective, State
from quota_tui.core.tokenbound import tokens_at_most

LIST = st.lists(st.text(max_size=300), max_size=30).map(tuple)


def test_what_is_known_in_few_words() -> None:
    handoff = Handoff(
        title="Refresh tokens",
        accomplished=("JWT endpoints", "tests\nfor them"),
        state=State(branch="feature/auth", tests="15 passed", files_modified=("a.py", "b.py")),
        objectives=(Objective("Refresh tokens", 18_000), Objective("done before", done=True)),
        failed=("session store: too slow",),
    )
    assert brief(handoff, 500) == (
        "title: Refresh tokens\naccomplished:\n- JWT endpoints\n- tests for them\n"
        "state:\n- branch: feature/auth\n- tests: 15 passed\n- files modified: a.py, b.py\n"
        "objectives: Refresh tokens (18000 tokens)\nfailed: session store: too slow"
    )
    assert brief(Handoff(), 500) == "nothing is known yet"


def test_what_is_left_out_is_said() -> None:
    text = brief(Handoff(decisions=tuple(f"decision number {number}" for number in range(50))), 200)
    assert "- decision number 0\n" in text
    assert text.endswith("more, which stay unless you give the list")


@given(
    handoff=st.builds(
        Handoff,
        title=st.text(max_size=300),
        accomplished=LIST,
        decisions=LIST,
        failed=LIST,
        files=LIST,
        instructions=st.text(max_size=3000),
        objectives=st.lists(
            st.builds(Objective, st.text(max_size=200), st.none() | st.integers(0, 10**6)), max_size=9
        ).map(tuple),
        state=st.builds(State, branch=st.text(max_size=50), files_modified=LIST, other=LIST),
    ),
    budget=st.integers(0, 1500),
)
def test_any_proposal_keeps_to_the_budget(handoff: Handoff, budget: int) -> None:
    text = brief(handoff, budget)
    assert tokens_at_most(text) <= budget
    assert all(char.isprintable() or char.isspace() for char in text)
