from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from quota_tui.cli.memory import memory
from quota_tui.core.memory import (
    FOUND,
    KEPT_SESSIONS,
    Fact,
    ProjectMemory,
    SessionNote,
    with_decisions,
    with_found,
    with_session,
)
from quota_tui.store.memory import memory_file, update_memory

AT = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


@pytest.fixture
def project(home: Path) -> Path:
    folder = home / "api"
    folder.mkdir()
    return folder


def run(*arguments: str, code: int = 0) -> Result:
    done = CliRunner().invoke(memory, list(arguments))
    assert done.exit_code == code, done.output
    return done


def fill(home: Path, project: Path) -> None:
    def change(old: ProjectMemory) -> ProjectMemory:
        for number in range(KEPT_SESSIONS + 2):
            start = AT - timedelta(days=100 - number)
            old = with_session(
                old,
                SessionNote(
                    id=f"s{number}",
                    started_at=start,
                    ended_at=start + timedelta(hours=1),
                    tokens=1500,
                    accomplished=(f"thing {number} \u202e\x1b[31m",),
                ),
            )
        old = with_decisions(old, ["JWT, stateless"], AT, "handoff 1")
        found = Fact(text="Python", at=AT, source=f"{FOUND}pyproject.toml")
        return with_found(
            old, [found, Fact(text="HTMX")], None, Fact(text="pytest", at=AT, source=f"{FOUND}x")
        )

    update_memory(home / ".claude", project, change)


def test_nothing_is_remembered_yet(project: Path) -> None:
    assert "nothing is remembered of" in run("show", "--project", str(project), code=1).stderr
    assert "nothing is remembered of" in run("forget", "--yes", "--project", str(project), code=1).stderr


def test_it_is_shown(home: Path, project: Path) -> None:
    fill(home, project)
    shown = run("show", "--project", str(project)).stdout
    assert shown.splitlines()[:12] == [
        f"api  {project}",
        "",
        "stack",
        "  Python  (found in pyproject.toml, 2026-11-20)",
        "  HTMX  (yours)",
        "",
        "tests",
        "  pytest  (found in x, 2026-11-20)",
        "",
        "decisions",
        "  JWT, stateless  (handoff 1, 2026-11-20)",
        "",
    ]
    assert "  2026-09-22 16:00-17:00; 1.5k tokens; done: thing 41 [31m" in shown
    assert shown.endswith("  and 2 older, 3.0k tokens, since 2026-08-12\n")
    assert "\x1b" not in shown


def test_this_folder_is_the_default(home: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(home, project)
    monkeypatch.chdir(project)
    assert run("show").stdout.startswith(f"api  {project}\n")


def test_for_programs(home: Path, project: Path) -> None:
    fill(home, project)
    whole = json.loads(run("show", "--json", "--project", str(project)).stdout)
    assert whole["path"] == str(memory_file(home / ".claude", project))
    assert whole["project"] == str(project)
    assert whole["sessions"][-1] == {
        "id": "s41",
        "started_at": "2026-09-22T16:00:00Z",
        "ended_at": "2026-09-22T17:00:00Z",
        "tokens": 1500,
        "handoff": "",
        "accomplished": ["thing 41 [31m"],
        "objectives": [],
    }
    assert whole["context"]["decisions"] == [
        {"text": "JWT, stateless", "at": "2026-11-20T16:00:00Z", "source": "handoff 1"}
    ]


def test_a_damaged_one_is_one_line_and_can_be_forgotten(home: Path, project: Path) -> None:
    file = memory_file(home / ".claude", project)
    file.parent.mkdir(parents=True)
    file.write_bytes(b"{]")
    said = run("show", "--project", str(project), code=3).stderr
    assert said.startswith(f"quota-tui: {file}: it is not JSON")
    assert said.count("\n") == 1
    assert run("forget", "--yes", "--project", str(project)).stdout == f"Deleted {file}\n"
    assert not file.parent.exists()


def test_notes_about_edits_are_said(home: Path, project: Path) -> None:
    file = memory_file(home / ".claude", project)
    file.parent.mkdir(parents=True)
    file.write_bytes(b'{"sessions": [3], "context": {"architecture": "one app"}}')
    done = run("show", "--project", str(project))
    assert f"quota-tui: {file}: sessions: an entry without an id is passed over" in done.stderr
    assert "  one app  (yours)" in done.stdout


def test_forgetting_is_asked(home: Path, project: Path) -> None:
    fill(home, project)
    done = CliRunner().invoke(memory, ["forget", "--project", str(project)], input="n\n")
    assert done.exit_code == 1
    assert "nothing was deleted" in done.stderr
    done = CliRunner().invoke(memory, ["forget", "--project", str(project)], input="y\n")
    assert done.exit_code == 0
    assert not memory_file(home / ".claude", project).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="sh")
def test_it_is_edited_by_argv(home: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = home / "it's $HOME `x`"
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(config))
    editor = home / "editor"
    editor.write_text(
        '#!/bin/sh\n[ "$1" = --wait ] || exit 9\nsed -i "s/\\"name\\": .*/\\"name\\": \\"renamed\\",/" "$2"\n'
    )
    editor.chmod(0o755)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", f"{editor} --wait")
    done = run("edit", "--project", str(project))
    assert done.stdout == f"{memory_file(config, project)}\n"
    assert run("show", "--project", str(project)).stdout.startswith("renamed  ")


@pytest.mark.parametrize(
    ("editor", "said"),
    [("/does/not/exist", "cannot be run"), ("false", "ended with 1"), ("'unclosed", "is not a command")],
)
@pytest.mark.skipif(sys.platform == "win32", reason="sh")
def test_an_editor_that_fails_is_one_line(
    project: Path, monkeypatch: pytest.MonkeyPatch, editor: str, said: str
) -> None:
    monkeypatch.setenv("VISUAL", editor)
    done = run("edit", "--project", str(project), code=3)
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_folder_that_is_not_there_gets_no_memory(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", "true")
    assert "is no folder" in run("edit", "--project", str(home / "nope"), code=3).stderr
    assert not (home / ".claude").exists()
