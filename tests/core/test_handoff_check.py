"""What is missing in a handoff, and what contradicts itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from quota_tui.core.handoff import Handoff, Objective, Quota, Section, State
from quota_tui.core.handoff_check import CheckFacts, Problem, check, file_names
from quota_tui.core.secrets import mask_handoff
from quota_tui.core.words import Face
from tests.core.hostile import handoffs

NOW = datetime(2026, 11, 20, 17, 31, tzinfo=UTC)
RESET = datetime(2026, 11, 20, 18, 40, tzinfo=UTC)
FACE = Face(zone=UTC)
GOOD = Handoff(
    title="Auth",
    project="/p",
    agent="a",
    plan_file="PLAN.md",
    start="reset+5m",
    scheduled_for=RESET + timedelta(minutes=5),
    quota=Quota(used_pct=81, resets_at=RESET),
    state=State(branch="main"),
    accomplished=("Add the login",),
    objectives=(Objective("Refresh tokens", 18_000, 11_000, 29_000), Objective("Docs", 5_000)),
    files=("src/a.py",),
)
FACTS = CheckFacts(
    now=NOW,
    available_tokens=200_000,
    project_exists=True,
    branch_exists=True,
    agent_exists=True,
    plan_exists=True,
)


def problems(facts: CheckFacts = FACTS, **changes: object) -> list[tuple[str, str]]:
    found = check(msgspec.structs.replace(GOOD, **changes), facts, FACE)
    return [(problem.field, problem.text) for problem in found]


def told(**more: object) -> CheckFacts:
    return msgspec.structs.replace(FACTS, **more)


def test_a_good_one_has_none() -> None:
    assert problems() == []
    assert problems(CheckFacts(now=NOW)) == [], "about the unknown nothing is said"
    assert problems(start="manual", scheduled_for=None) == []
    assert problems(start="", scheduled_for=None) == []


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"title": " "}, "title", "it has no title"),
        ({"objectives": ()}, "objectives", "it has no objectives: the next session would not know what to do"),
        ({"objectives": (Objective("a", done=True),)}, "objectives", "all objectives are done already"),
        ({"objectives": (Objective("a"), Objective(" "))}, "objectives[1]", "objective 2 has no text"),
        ({"objectives": (Objective("add the LOGIN."),)}, "objectives[0]", "objective 1 is accomplished already: add the"),
        ({"objectives": (Objective("a", 5, 6, 9),)}, "objectives[0]", "outside its own range"),
        ({"objectives": (Objective("a", None, 9, 6),)}, "objectives[0]", "outside its own range"),
        ({"start": "soon"}, "start", "the start `soon` is neither reset, reset+5m, manual nor a time"),
        ({"start": "manual"}, "scheduled_for", "by hand, and yet has a time"),
        ({"scheduled_for": None}, "scheduled_for", "the reset is not known"),
        ({"start": "2026-11-20T19:00Z"}, "scheduled_for", "the start says 2026-11-20T19:00Z, the time 2026-11-20T18:45:00Z"),
        ({"scheduled_for": NOW - timedelta(minutes=1)}, "scheduled_for", "the start, 17:30, is in the past"),
        ({"scheduled_for": RESET - timedelta(minutes=1)}, "scheduled_for", "before the reset at 18:40: little quota is left"),
        ({"objectives": (Objective("a", 150_000), Objective("b", 60_000))}, "objectives", "need ≈210k tokens, the window holds ≈200k: leave some"),
        ({"objectives": (Objective("a", 150_000, 90_000, 240_000),)}, "objectives", "may need up to 240k tokens, the window holds ≈200k"),
        ({"instructions": "API_KEY=a8f5f167f44f4964e6c998dee827110c"}, "instructions", "looks like a secret (secret)"),
        ({"extra_sections": (Section("x", "AKIAIOSFODNN7EXAMPLE"),)}, "section 1", "looks like a secret (AWS key)"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_itself(changes: dict[str, object], field: str, words: str) -> None:
    ((found_field, text),) = problems(**changes)
    assert found_field == field
    assert words in text


@pytest.mark.parametrize(
    ("facts", "field", "words"),
    [
        (told(project_exists=False), "project", "the project's folder /p does not exist"),
        (told(branch_exists=False), "state.branch", "the branch main does not exist any more"),
        (told(agent_exists=False), "agent", "there is no agent a"),
        (told(plan_exists=False), "plan_file", "the plan PLAN.md does not exist"),
        (told(missing_files=frozenset({"src/a.py"})), "files[0]", "the file to read src/a.py does not exist"),
        (told(now=RESET + timedelta(hours=1)), "scheduled_for", "is in the past"),
        (told(available_tokens=10_000), "objectives", "need ≈23k tokens, the window holds ≈10k"),
    ],
)
def test_what_contradicts_the_world(facts: CheckFacts, field: str, words: str) -> None:
    ((found_field, text),) = problems(facts)
    assert found_field == field
    assert words in text


def test_done_objectives_need_no_quota() -> None:
    assert problems(objectives=(Objective("a", 5), Objective("b", 900_000, done=True))) == []


def test_an_early_start_is_fine_while_much_is_left() -> None:
    assert problems(scheduled_for=NOW + timedelta(minutes=5), quota=Quota(used_pct=20, resets_at=RESET)) == []


def test_a_start_without_a_zone_is_in_the_zone_of_the_face() -> None:
    face = Face(zone=timezone(timedelta(hours=1)))
    handoff = msgspec.structs.replace(GOOD, start="2026-11-20T19:45")
    assert check(handoff, FACTS, face) == ()
    assert len(check(handoff, FACTS, FACE)) == 1


def test_all_problems_at_once_in_order() -> None:
    found = check(Handoff(start="x", state=State(branch="b")), told(branch_exists=False), FACE)
    assert [problem.field for problem in found] == ["title", "state.branch", "start", "objectives"]


@pytest.mark.parametrize(
    ("entry", "names"),
    [
        ("src/a.py", ("src/a.py",)),
        ("src/a.py: the entry point", ("src/a.py: the entry point", "src/a.py")),
        ("src/a b.py - read it all", ("src/a b.py - read it all", "src/a b.py")),
        ("`src/a.py` (lines 5-10)", ("`src/a.py` (lines 5-10)", "src/a.py", "`src/a.py`")),
        ("src/a.py:120", ("src/a.py:120", "src/a.py")),
        ("docs/x.md#install", ("docs/x.md#install", "docs/x.md")),
        ("", ()),
    ],
)
def test_files_with_words_after_them(entry: str, names: tuple[str, ...]) -> None:
    assert file_names(entry) == names


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(handoffs)
def test_any_handoff_can_be_checked(handoff: Handoff) -> None:
    found = check(handoff, FACTS)
    assert all(problem.field and problem.text for problem in found)
    assert (Problem("title", "it has no title") in found) is not bool(handoff.title.strip())
    secrets = {problem.field for problem in found if "secret" in problem.text}
    assert secrets == {item.field for item in mask_handoff(handoff)[1]}
