"""A plan file as the estimator takes it: the repository and the memories are looked at."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

from quota_tui.core.estimating.subject import ProjectSize, Quality, Stack, TaskType
from quota_tui.core.memory import SessionNote, with_found, with_session
from quota_tui.handing.subjects import remembered, subject_of
from quota_tui.sources.plan_file import read_plan
from quota_tui.sources.stack import found_facts
from quota_tui.store.memory import FOLDER, update_memory

AT = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


def test_a_plan_with_its_surroundings(home: Path) -> None:
    project = home / "api"
    project.mkdir()
    (project / "pyproject.toml").write_text(
        "[project]\nrequires-python = '>=3.11'\ndependencies = ['mylib', 'fastapi']\n"
    )
    (project / "a.py").write_text("x\n" * 6_000)
    plan = project / "PLAN.md"
    plan.write_text("# P\n## Phase 1: Tests for FastAPI (1h)\n")
    found = read_plan(str(plan))
    before = subject_of(found, str(project), [home / ".claude"])
    assert (before.project_size, before.stack) == (ProjectSize.UNKNOWN, Stack.UNKNOWN)
    for args in (("init", "-q"), ("add", "-A")):
        subprocess.run(["git", *args], cwd=project, check=True, capture_output=True)
    for number in range(4):
        update_memory(
            home / ".claude",
            project,
            lambda old, number=number: with_found(
                with_session(old, SessionNote(id=f"s{number}", started_at=AT, tokens=1)),
                *found_facts(str(project), AT),
            ),
        )
    (home / ".claude" / FOLDER / "broken.json").write_bytes(b"{")
    after = subject_of(
        found, str(project), [home / ".claude"], quality=Quality.MIXED, model="claude-sonnet-5"
    )
    assert (after.project_size, after.stack, after.quality) == (
        ProjectSize.MEDIUM,
        Stack.LEARNING,
        Quality.MIXED,
    )
    assert (after.libraries, after.phases[0].task_type) == (("fastapi",), TaskType.TESTING)
    assert after.project == str(project)
    assert len(remembered([home / ".claude", home / "none"])) == 1
