"""The proposal holds what is known, says where it is from, and invents nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.facts import Commit, GitState, OpenPhase, Ran, SessionFacts, TestRun, Todo, Touched
from quota_tui.core.handoff import Handoff, Objective, Quota, State
from quota_tui.core.handoff_markdown import parse, render
from quota_tui.core.proposal import (
    MAX_ACCOMPLISHED,
    MAX_FILES,
    MAX_MODIFIED,
    MAX_OBJECTIVES,
    Known,
    propose,
    same,
)
from quota_tui.core.words import Face
from tests.core.hostile import texts

NOW = datetime(2026, 11, 20, 17, 31, tzinfo=UTC)
FACE = Face(zone=UTC)


def at(hour: int, minute: int) -> datetime:
    return datetime(2026, 11, 20, hour, minute, tzinfo=UTC)


SESSION = SessionFacts(
    session_id="0748c499-0eb6-45f2-ab18-2e548b2d1d30",
    project="/home/dev/api",
    branch="main",
    started_at=at(15, 0),
    last_at=at(17, 30),
    files=(
        Touched("/home/dev/api/src/auth.py", 5, 2, at(17, 0)),
        Touched("/home/dev/api/src/routes.py", 1, 0, at(16, 0)),
        Touched("/home/dev/api/docs/auth.md", 0, 3),
        Touched("/home/dev/api/README.md", 0, 1),
        Touched("/home/dev/api/gone.py", 3, 0, at(16, 0), exists=False),
        Touched("/home/dev/api/.env", 2, 0, at(16, 0)),
        Touched("/tmp/scratch.py", 9, 0, at(16, 0)),
    ),
    commands=(Ran("npm test", 4, at(17, 20)),),
    todos=(
        Todo("Add JWT endpoints", "completed"),
        Todo("15 unit tests for auth", "completed"),
        Todo("Refresh tokens", "pending"),
        Todo("Integrate auth with the user endpoints", "in_progress"),
    ),
    tests=TestRun("Tests: 15 passed, 15 total", passed=True, command="npm test", at=at(17, 20)),
)
GIT = GitState(
    root="/home/dev/api",
    branch="feature/auth-system",
    head=Commit("4f2c1e0", "Add JWT authentication endpoints", at(16, 52)),
    commits=(
        Commit("aa11bb2", "chore: set up the project", at(15, 10)),
        Commit("4f2c1e0", "feat(auth): Add JWT authentication endpoints", at(16, 52)),
    ),
    staged=("src/auth.py",),
    modified=("src/auth.py", "src/routes.py"),
    untracked=("docs/", "scratch.txt"),
)
LAST = Handoff(
    project="/home/dev/api",
    agent="implementation-agent",
    plan_file="SESSION_3_PLAN.md",
    created_at=datetime(2026, 11, 19, 23, 30, tzinfo=UTC),
    objectives=(
        Objective("Set up the project"),
        Objective("Refresh tokens", 18_000),
        Objective("Write the migration guide", 12_000, 9_000, 20_000, ("outline",)),
        Objective("Ticked off already", done=True),
    ),
    decisions=("JWT instead of sessions: stateless API",),
    failed=("Mocking the clock",),
    blockers=("Waiting for the DBA",),
    commands=("npm ci", "npm test"),
    instructions="Only this once.",
)
KNOWN = Known(
    session=SESSION,
    git=GIT,
    last=LAST,
    phases=(OpenPhase("Dashboard", 35_000, 25_000, 50_000), OpenPhase("write the Migration guide!")),
    plan_file="/home/dev/api/SESSION_3_PLAN.md",
    quota=Quota(used_pct=81, basis="fused", resets_at=at(18, 40), next_tokens=200_000),
)


def changed(**more: object) -> Known:
    return msgspec.structs.replace(KNOWN, **more)


def of_session(**more: object) -> Known:
    return changed(session=msgspec.structs.replace(SESSION, **more))


def test_everything_that_is_known_and_where_it_is_from() -> None:
    proposed = propose(KNOWN, NOW, FACE)
    handoff = proposed.handoff
    assert handoff == Handoff(
        title="Integrate auth with the user endpoints",
        from_session=SESSION.session_id,
        project="/home/dev/api",
        agent="implementation-agent",
        plan_file="/home/dev/api/SESSION_3_PLAN.md",
        start="reset+5m",
        scheduled_for=at(18, 45),
        created_at=NOW,
        quota=KNOWN.quota,
        accomplished=(
            "chore: set up the project",
            "feat(auth): Add JWT authentication endpoints",
            "15 unit tests for auth",
        ),
        state=State(
            branch="feature/auth-system",
            last_commit="4f2c1e0 Add JWT authentication endpoints",
            tests="Tests: 15 passed, 15 total (npm test, 17:20)",
            files_modified=("src/auth.py", "src/routes.py"),
        ),
        objectives=(
            Objective("Integrate auth with the user endpoints"),
            Objective("Refresh tokens"),
            Objective("Write the migration guide", 12_000, 9_000, 20_000, ("outline",)),
            Objective("Dashboard", 35_000, 25_000, 50_000),
        ),
        decisions=LAST.decisions,
        failed=LAST.failed,
        files=("src/auth.py", "src/routes.py", "docs/auth.md"),
        commands=("npm test", "npm ci"),
    )
    assert proposed.sources == {
        "title": "first objective",
        "project": "transcript",
        "agent": "handoff of 2026-11-19",
        "plan_file": "tracked plan",
        "start": "recommended",
        "accomplished[0]": "commit aa11bb2, 15:10",
        "accomplished[1]": "commit 4f2c1e0, 16:52",
        "accomplished[2]": "todo list",
        "state.branch": "git",
        "state.last_commit": "git, 16:52",
        "state.tests": "transcript",
        "state.files_modified[0]": "git",
        "state.files_modified[1]": "git",
        "objectives[0]": "todo list",
        "objectives[1]": "todo list",
        "objectives[2]": "handoff of 2026-11-19",
        "objectives[3]": "plan SESSION_3_PLAN.md",
        "decisions[0]": "handoff of 2026-11-19",
        "failed[0]": "handoff of 2026-11-19",
        "files[0]": "edited 5 times",
        "files[1]": "edited once",
        "files[2]": "read 3 times",
        "commands[0]": "ran 17:20",
        "commands[1]": "handoff of 2026-11-19",
    }
    assert proposed.source("accomplished", 1) == "commit 4f2c1e0, 16:52"
    assert proposed.source("blockers", 0) == ""
    assert parse(render(handoff)) == handoff


def test_times_are_those_of_the_face() -> None:
    proposed = propose(KNOWN, NOW, Face(zone=timezone(timedelta(hours=1)), clock_12h=True))
    assert proposed.sources["accomplished[1]"] == "commit 4f2c1e0, 5:52pm"
    assert proposed.sources["failed[0]"] == "handoff of 2026-11-20"
    old = changed(
        git=msgspec.structs.replace(GIT, commits=(Commit("aa11bb2", "x", NOW - timedelta(days=2)),))
    )
    assert propose(old, NOW, FACE).sources["accomplished[0]"] == "commit aa11bb2, Wed 17:31"


def test_from_nothing_comes_nothing() -> None:
    proposed = propose(Known(), NOW, FACE)
    assert proposed.handoff == Handoff(created_at=NOW, start="manual")
    assert proposed.sources == {"start": "no reset is known"}


def test_a_reset_that_has_passed_is_no_start() -> None:
    passed = Quota(resets_at=NOW - timedelta(minutes=1))
    handoff = propose(changed(quota=passed), NOW, FACE).handoff
    assert (handoff.start, handoff.scheduled_for) == ("manual", None)


def test_tests_older_than_the_last_edit_say_so() -> None:
    late = Touched("/home/dev/api/src/auth.py", 6, 0, at(17, 25))
    tests = propose(of_session(files=(late,)), NOW, FACE).handoff.state.tests
    assert tests == "Tests: 15 passed, 15 total (npm test, 17:20, before the last edit)"
    unknown = TestRun("1 passed in 1s", passed=True, command="cd x &&\n  pytest " + "y" * 200, at=None)
    tests = propose(of_session(tests=unknown), NOW, FACE).handoff.state.tests
    assert tests.startswith("1 passed in 1s (cd x && pytest yyy")
    assert tests.endswith("y…)")
    assert len(tests) < 110
    assert propose(of_session(tests=unknown), NOW, FACE).handoff.commands == ("npm ci", "npm test")


def test_what_was_done_is_no_objective_any_more() -> None:
    done = msgspec.structs.replace(LAST, objectives=(Objective("Add the JWT authentication endpoints", 5),))
    texts_of = [item.text for item in propose(changed(last=done, phases=()), NOW, FACE).handoff.objectives]
    assert texts_of == ["Integrate auth with the user endpoints", "Refresh tokens"]


def test_new_files_only_where_the_session_made_them() -> None:
    files = (
        Touched("/home/dev/api/docs/auth.md", 1, 0, at(16, 0)),
        Touched("/home/dev/api/other.txt", 1, 0, at(16, 0)),
    )
    modified = propose(of_session(files=files), NOW, FACE).handoff.state.files_modified
    assert modified == ("src/auth.py", "src/routes.py", "docs/auth.md")


def test_without_git_the_transcript_says_the_branch() -> None:
    proposed = propose(changed(git=GitState(problem="git is not installed")), NOW, FACE)
    assert (proposed.handoff.state.branch, proposed.sources["state.branch"]) == ("main", "transcript")
    detached = msgspec.structs.replace(GIT, branch="")
    assert propose(changed(git=detached), NOW, FACE).handoff.state.branch == "", "not where it was once"


def test_without_a_session_the_rest_is_proposed() -> None:
    proposed = propose(changed(session=SessionFacts()), NOW, FACE)
    assert proposed.handoff.project == "/home/dev/api"
    assert proposed.sources["project"] == "git"
    assert proposed.handoff.title == "Refresh tokens"
    only_last = propose(Known(last=LAST), NOW, FACE)
    assert only_last.sources["project"] == "handoff of 2026-11-19"
    nameless = propose(Known(last=msgspec.structs.replace(LAST, created_at=None)), NOW, FACE)
    assert nameless.sources["agent"] == "last handoff"


def test_the_name_of_the_session_is_the_title() -> None:
    proposed = propose(of_session(title="Auth work"), NOW, FACE)
    assert (proposed.handoff.title, proposed.sources["title"]) == ("Auth work", "the session's name")
    long = propose(of_session(todos=(Todo("\n " + "word " * 50, "pending"),)), NOW, FACE).handoff
    assert len(long.title) <= 80
    assert long.title.endswith("word…")


def test_many_of_everything_stay_few() -> None:
    commits = tuple(Commit(f"{number:07x}", f"change number{number}", at(16, 0)) for number in range(200))
    names = tuple(f"file{number}.py" for number in range(500))
    files = tuple(Touched(f"/home/dev/api/{name}", 1, 0, at(16, 0)) for name in names)
    todos = tuple(Todo(f"todo{number}", "pending") for number in range(100))
    git = msgspec.structs.replace(GIT, commits=commits, modified=names, cut=True)
    known = msgspec.structs.replace(of_session(files=files, todos=todos), git=git)
    handoff = propose(known, NOW, FACE).handoff
    assert len(handoff.accomplished) == MAX_ACCOMPLISHED
    assert handoff.accomplished[-1] == "change number199", "the latest"
    assert (len(handoff.files), len(handoff.objectives)) == (MAX_FILES, MAX_OBJECTIVES)
    assert len(handoff.state.files_modified) == MAX_MODIFIED
    assert handoff.state.other == ("Files in work: more than 501; the first 100 are listed",)
    assert parse(render(handoff)) == handoff


def test_paths_of_windows() -> None:
    files = (
        Touched("C:\\dev\\api\\src\\a.py", 1, 0, at(16, 0)),
        Touched("C:\\dev\\apis\\b.py", 1, 0, at(16, 0)),
    )
    handoff = propose(of_session(project="C:\\dev\\api", files=files), NOW, FACE).handoff
    assert handoff.files == ("src/a.py",)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Add JWT endpoints", "feat(api)!: add JWT authentication endpoints.", True),
        ("Add tests", "add tests!", True),
        ("Add tests", "Add tests for the login", False),
        ("Fix the login bug", "Fix the logout bug", False),
        ("Add a b", "Add a b c d e f g", False),
        ("日本語", "日本語", True),
        ("!!!", "???", False),
        ("", "", True),
        ("fix: x", "x", True),
    ],
)
def test_the_same_work_in_other_words(one: str, other: str, expected: bool) -> None:
    assert same(one, other) is expected
    assert same(other, one) is expected


@given(st.data())
def test_hostile_facts_are_proposed_as_they_are(data: st.DataObject) -> None:
    draw = lambda: data.draw(texts())  # noqa: E731
    session = SessionFacts(
        session_id=draw(), title=draw(), project=draw(), branch=draw(),
        files=(Touched(draw(), 2, 0, NOW),), todos=(Todo(draw(), "completed"), Todo(draw(), draw())),
        tests=TestRun(draw(), passed=True, command=draw(), at=NOW),
    )  # fmt: skip
    git = GitState(root=draw(), branch=draw(), head=Commit(draw(), draw(), NOW), commits=(Commit(draw(), draw(), NOW),), staged=(draw(),), untracked=(draw(),))  # fmt: skip
    last = Handoff(agent=draw(), decisions=(draw(),), commands=(draw(),), objectives=(Objective(draw()),))
    known = Known(session=session, git=git, last=last, phases=(OpenPhase(draw()),), plan_file=draw())
    proposed = propose(known, NOW, FACE)
    assert parse(render(proposed.handoff)) == proposed.handoff
    for field in ("accomplished", "objectives", "decisions", "files", "commands"):
        for place in range(len(getattr(proposed.handoff, field))):
            assert proposed.source(field, place)
