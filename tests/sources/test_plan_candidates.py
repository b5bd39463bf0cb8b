"""Which files are offered as a plan."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from quota_tui.sources.plan_candidates import MOST, plan_candidates


def put(folder: Path, name: str, age: float = 0) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("# x\n")
    os.utime(path, (1_800_000_000 - age, 1_800_000_000 - age))
    return str(path.resolve())


@pytest.mark.parametrize(
    "name",
    [
        "PLAN.md",
        "SESSION_3_PLAN.md",
        "plan-auth.md",
        "authPlan.md",
        "docs/roadmap.md",
        "TODO.md",
        "todos.md",
        "tasks.md",
        "task_3.markdown",
        "Phase2.md",
        "Planning.MD",
        "plans/anything.md",
        ".claude/plans/calm-owl.md",
    ],
)
def test_what_looks_like_a_plan_is_offered(tmp_path: Path, name: str) -> None:
    path = put(tmp_path, name)
    assert plan_candidates(str(tmp_path)) == (path,)


@pytest.mark.parametrize(
    "name",
    ["README.md", "explanation.md", "planet.md", "airplane.md", "multitasking.md", "PLAN.txt", "src/plan.md"],
)
def test_what_does_not_is_not(tmp_path: Path, name: str) -> None:
    put(tmp_path, name)
    assert plan_candidates(str(tmp_path)) == ()


def test_the_known_come_first_then_the_newest(tmp_path: Path) -> None:
    old, new = put(tmp_path, "plan-a.md", 100), put(tmp_path, "plan-b.md", 1)
    known = put(tmp_path, "notes/what-we-do.md", 500)
    assert plan_candidates(str(tmp_path)) == (new, old)
    assert plan_candidates(str(tmp_path), ["", known, str(tmp_path / "gone.md"), old]) == (known, old, new)


def test_one_file_under_two_names_is_offered_once(tmp_path: Path) -> None:
    path = put(tmp_path, "PLAN.md")
    try:
        (tmp_path / "docs").symlink_to(tmp_path, target_is_directory=True)
    except OSError:
        pytest.skip("no symbolic links here")
    assert plan_candidates(str(tmp_path), [str(tmp_path / "docs" / "PLAN.md")]) == (path,)


def test_odd_folders_are_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "plan.md").mkdir()
    (tmp_path / "docs").write_text("a file\n")
    assert plan_candidates(str(tmp_path)) == ()
    for project in ("", "\0", str(tmp_path / "gone")):
        assert plan_candidates(project) == ()


def test_the_list_is_of_bearable_length(tmp_path: Path) -> None:
    newest = [put(tmp_path, f"plan-{at}.md", at) for at in range(MOST + 5)]
    assert plan_candidates(str(tmp_path)) == tuple(newest[:MOST])
