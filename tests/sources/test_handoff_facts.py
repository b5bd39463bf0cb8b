"""Files, agents, branches and plans that a handoff names, looked for on disk."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quota_tui.core.handoff import Handoff, State
from quota_tui.core.handoff_check import CheckFacts
from quota_tui.sources.handoff_facts import agent_exists, check_facts

NOW = datetime(2026, 11, 20, 17, 31, tzinfo=UTC)


def write(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def project(home: Path) -> Path:
    folder = home / "api"
    write(folder / "src" / "a.py")
    write(folder / "PLAN.md")
    return folder


def test_all_that_it_names(project: Path, home: Path) -> None:
    write(home / "notes.md")
    subprocess.run(["git", "init", "-q", "-b", "main", str(project)], check=True)
    files = (
        "src/a.py",
        "src/a.py: first",
        "src",
        "src/gone.py",
        str(project / "PLAN.md"),
        "~/notes.md",
        "a\0b",
        "x" * 5000,
    )
    handoff = Handoff(
        project=str(project), agent="nobody", plan_file="PLAN.md", files=files, state=State(branch="main")
    )
    assert check_facts(handoff, NOW, available_tokens=5) == CheckFacts(
        now=NOW,
        available_tokens=5,
        missing_files=frozenset({"src/gone.py", "a\0b", "x" * 5000}),
        project_exists=True,
        branch_exists=True,
        agent_exists=False,
        plan_exists=True,
    )
    gone = Handoff(project=str(project), state=State(branch="gone"), plan_file="NO.md")
    found = check_facts(gone, NOW)
    assert (found.branch_exists, found.plan_exists, found.agent_exists) == (False, False, None)


def test_of_a_project_that_is_gone_nothing_else_is_said(home: Path) -> None:
    handoff = Handoff(project=str(home / "gone"), files=("a",), plan_file="b", state=State(branch="c"))
    assert check_facts(handoff, NOW) == CheckFacts(now=NOW, project_exists=False)


def test_without_a_project_nothing_is_known() -> None:
    assert check_facts(Handoff(files=("a",), state=State(branch="c")), NOW) == CheckFacts(now=NOW)


def test_agents(project: Path, home: Path) -> None:
    config = home / ".claude"
    write(config / "agents" / "mine.md", "---\nname: my-agent\n---\n")
    write(project / ".claude" / "agents" / "deep" / "theirs.md", '---\r\nname: "their agent"\r\n---\r\n')
    (project / ".claude" / "agents" / "broken.md").mkdir()
    for name in ("mine", "my-agent", "theirs", "their agent", "general-purpose", "Explore"):
        assert agent_exists(name, str(project), [config]) is True, name
    assert agent_exists("their agent", "", [config]) is False
    assert agent_exists("nobody", str(project), [config]) is False
    assert agent_exists("plugin:agent", str(project), [config]) is None
    assert agent_exists("nobody", str(project), []) is False
