from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quota_tui.core.context import MOST_CHARACTERS, HandoffText, session_context, session_line
from quota_tui.core.counting import prior
from quota_tui.core.memory import FOUND, Fact, Knowledge, ProjectMemory, SessionNote
from quota_tui.core.readings import WindowKind
from quota_tui.core.snapshot import Basis, Snapshot, WindowState
from quota_tui.core.words import Face
from quota_tui.sources.tokenizer import raw_count

AT = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
FACE = Face(zone=UTC)
MEMORY = ProjectMemory(
    project="/home/dev/api",
    name="api",
    sessions=tuple(
        SessionNote(
            id=f"s{number}",
            started_at=AT - timedelta(days=7 - number),
            ended_at=AT - timedelta(days=7 - number) + timedelta(hours=2),
            tokens=182_000,
            accomplished=("Add JWT endpoints", "15 unit tests"),
            objectives=("Refresh tokens",),
        )
        for number in range(7)
    ),
    context=Knowledge(
        stack=(
            Fact(text="Python >=3.11", at=AT, source=f"{FOUND}pyproject.toml"),
            Fact(text="fastapi", at=AT, source=f"{FOUND}pyproject.toml"),
            Fact(text="HTMX"),
        ),
        test_runner=Fact(text="pytest", at=AT, source=f"{FOUND}pyproject.toml"),
        architecture=Fact(text="one app, no services"),
        decisions=(Fact(text="JWT instead of sessions", at=AT, source="handoff"), Fact(text="no ORM")),
    ),
)
SNAPSHOT = Snapshot(
    now=AT,
    five_hour=WindowState(
        kind=WindowKind.FIVE_HOUR,
        used_pct=18.0,
        remaining_pct=82.0,
        remaining_tokens=160_000,
        resets_at=AT + timedelta(hours=3),
        basis=Basis.OFFICIAL,
        as_of=AT,
    ),
    weekly=WindowState(
        kind=WindowKind.WEEKLY,
        used_pct=41.0,
        remaining_pct=59.0,
        resets_at=AT + timedelta(days=3),
        basis=Basis.OFFICIAL,
    ),
)
HANDOFF = HandoffText(
    path="/home/dev/.claude/session-handoffs/handoff-1.md",
    text="---\ntitle: Refresh tokens\n---\n\n## Next session objectives\n\n1. Refresh tokens (≈18k)\n",
    title="Refresh tokens",
    created_at=AT - timedelta(hours=1),
)


def context(budget: int = 2500, **more: object) -> str:
    given_: dict[str, object] = {
        "memory": MEMORY,
        "snapshot": SNAPSHOT,
        "handoff": HANDOFF,
        "now": AT,
        "face": FACE,
        "session_id": "s6",
        **more,
    }
    return session_context(budget_tokens=budget, **given_)  # type: ignore[arg-type]


def test_everything_there_is_room_for() -> None:
    lines = context().splitlines()
    quota = [line for line in lines if line.startswith("Quota, ")]
    assert ["18 % used" in quota[0], "41 % used" in quota[1], len(quota)] == [True, True, 2]
    assert "≈160k left" in quota[0]
    assert all("(official" in line for line in quota)
    assert "\n".join(line for line in lines if line not in quota) == (
        "Facts from quota-tui (files on this machine), 2026-11-20 16:00:\n"
        "Project: /home/dev/api\n"
        "Stack: Python >=3.11, fastapi, HTMX (pyproject.toml)\n"
        "Tests run by: pytest (pyproject.toml)\n"
        "Architecture: one app, no services\n"
        "Decided so far:\n"
        "- no ORM\n"
        "- JWT instead of sessions (2026-11-20)\n"
        "Last sessions here, the latest first:\n"
        "- 2026-11-18 16:00-18:00; 182k tokens; done: Add JWT endpoints, 15 unit tests; next was: Refresh tokens\n"
        "- 2026-11-17 16:00-18:00; 182k tokens; done: Add JWT endpoints, 15 unit tests; next was: Refresh tokens\n"
        "- 2026-11-16 16:00-18:00; 182k tokens; done: Add JWT endpoints, 15 unit tests; next was: Refresh tokens\n"
        "- 2026-11-15 16:00-18:00; 182k tokens; done: Add JWT endpoints, 15 unit tests; next was: Refresh tokens\n"
        "- 2026-11-14 16:00-18:00; 182k tokens; done: Add JWT endpoints, 15 unit tests; next was: Refresh tokens\n"
        "Handoff of 2026-11-20 15:00 in /home/dev/.claude/session-handoffs/handoff-1.md, left by the last session"
        " for this one. All of it:\n"
        "---\ntitle: Refresh tokens\n---\n\n## Next session objectives\n1. Refresh tokens (≈18k)"
    )


def test_a_long_handoff_gives_its_head_and_its_path() -> None:
    text = "\n".join(f"line {number} of a long handoff that goes on and on" for number in range(500))
    told = context(handoff=HandoffText(path="/h/x.md", text=text))
    assert (
        "Handoff in /h/x.md, left by the last session for this one. Too long for here, its first lines:"
        in told
    )
    assert "\nline 0 of" in told
    assert "line 499" not in told
    assert "Last sessions here" in told


def test_empty_sections_are_left_out() -> None:
    text = "# a\n\n## one\n\n\n## two\n\n- x\n\n\n\n- y\n## three\n## four\n\n"
    told = context(handoff=HandoffText(path="/h/x.md", text=text))
    assert told.endswith("All of it:\n# a\n\n## two\n- x\n\n- y")


def test_one_that_another_session_has_is_only_named() -> None:
    told = context(
        handoff=HandoffText(
            path="/h/x.md", text="secret plan", title="The plan", why_not="given to another session"
        )
    )
    assert told.endswith("\nHandoff in /h/x.md (given to another session): The plan")
    assert "secret plan" not in told


def test_with_nothing_known() -> None:
    told = context(memory=ProjectMemory(project="/p"), snapshot=None, handoff=None)
    assert told == "Facts from quota-tui (files on this machine), 2026-11-20 16:00:\nProject: /p"
    assert context(0) == ""


@pytest.mark.parametrize(
    ("ended_at", "line"),
    [
        (AT + timedelta(hours=2), "2026-11-20 16:00-18:00"),
        (AT + timedelta(hours=12), "2026-11-20 16:00 to 2026-11-21 04:00"),
        (None, "2026-11-20 16:00"),
    ],
)
def test_a_session_in_a_line(ended_at: datetime | None, line: str) -> None:
    assert session_line(SessionNote(id="s", started_at=AT, ended_at=ended_at), FACE) == line


def test_a_session_with_much_to_tell() -> None:
    items = tuple(f"thing {number}" for number in range(9))
    line = session_line(SessionNote(id="s", tokens=950, accomplished=items), FACE)
    assert line == "at an unknown time; 950 tokens; done: thing 0, thing 1, thing 2 and 6 more"


ANY = st.text(max_size=400) | st.sampled_from(
    [
        "\x1b]0;x\x07",
        "a\u2028b\u2029",
        "\u202e\u2066",
        "```\n---\n{}",
        "é" * 3000,
        "x" * 20_000,
        "\n" * 50,
        "{0} {x} %s",
        "\ud800",
    ]
)
FACTS = st.lists(st.builds(Fact, text=ANY, source=ANY), max_size=5).map(tuple)


@settings(max_examples=150, deadline=None)
@given(
    memory=st.builds(
        ProjectMemory,
        project=ANY,
        name=ANY,
        sessions=st.lists(
            st.builds(
                SessionNote, id=ANY, handoff=ANY, accomplished=st.tuples(ANY), objectives=st.tuples(ANY)
            ),
            max_size=4,
        ).map(tuple),
        context=st.builds(
            Knowledge,
            stack=FACTS,
            decisions=FACTS,
            architecture=st.builds(Fact, text=ANY),
            test_runner=st.none(),
        ),
    ),
    handoff=st.none()
    | st.builds(HandoffText, path=ANY, text=ANY, title=ANY, why_not=st.sampled_from(["", "an old one"])),
    budget=st.integers(0, 10_000),
)
def test_hostile_text_keeps_to_the_budget_and_to_the_cap(
    memory: ProjectMemory, handoff: HandoffText | None, budget: int
) -> None:
    told = context(budget, memory=memory, handoff=handoff)
    assert len(told.encode("utf-16-le", "replace")) // 2 < MOST_CHARACTERS
    unseen = [char for char in told if char not in "\n\t" and unicodedata.category(char)[0] == "C"]
    assert (unseen, "\u2028" in told) == ([], False)
    counted = prior("claude-opus-5-5").estimate(raw_count(told)).high
    assert counted <= 1.05 * budget + 3
