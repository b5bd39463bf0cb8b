from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quota_tui.sources.stack import MAX_BYTES, MAX_FOLDERS, found_facts, look

AT = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


def test_a_project_with_workspaces(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies = ["django"]\n')
    (tmp_path / "packages" / "web").mkdir(parents=True)
    (tmp_path / "packages" / "web" / "package.json").write_text('{"dependencies": {"react": "19"}}')
    (tmp_path / "packages" / "web" / "yarn.lock").write_text("")
    for hidden in (".venv", "node_modules/left-pad", "vendor"):
        (tmp_path / hidden).mkdir(parents=True)
        (tmp_path / hidden / "package.json").write_text('{"dependencies": {"vue": "3"}}')
    facts, layout, runner = found_facts(str(tmp_path), AT)
    assert [(fact.text, fact.source) for fact in facts] == [
        ("Python", "found in pyproject.toml"),
        ("django", "found in pyproject.toml"),
        ("JavaScript", "found in packages/web/package.json"),
        ("react", "found in packages/web/package.json"),
        ("Yarn", "found in packages/web/yarn.lock"),
    ]
    assert layout is not None
    assert layout.text == "folders: packages/"
    assert runner is None
    assert all(fact.at == AT for fact in facts)


def test_nothing_is_run_and_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "go.mod").write_text("go 1.23")
    project = tmp_path / "project"
    project.mkdir()
    (project / "setup.py").write_text("raise SystemExit('run!')")
    if sys.platform != "win32":
        (project / "linked").symlink_to(outside)
        (project / "go.mod").symlink_to(outside / "go.mod")
        os.mkfifo(project / "Makefile")  # reading it would wait for ever
    facts, layout, _ = found_facts(str(project), AT)
    assert [fact.text for fact in facts] == ["Python"]
    assert layout is None


def test_a_huge_project_costs_little(tmp_path: Path) -> None:
    for number in range(MAX_FOLDERS + 20):
        (tmp_path / f"part{number:03}").mkdir()
    (tmp_path / f"part{MAX_FOLDERS + 10:03}" / "Cargo.toml").write_text("")
    (tmp_path / "requirements.txt").write_bytes(b"flask\n" + b"#" * MAX_BYTES + b"\ndjango\n\xff")
    folders, stack = look(str(tmp_path))
    assert [what for what, _ in stack.items] == ["Python", "flask", "pip"]
    assert folders[-1] == f"and {MAX_FOLDERS + 20 - 12} more"


@pytest.mark.skipif(sys.platform == "win32", reason="names that Windows refuses")
def test_hostile_names(tmp_path: Path) -> None:
    (tmp_path / "a\n\x1b[31m\u202eb").mkdir()
    (tmp_path / "a\n\x1b[31m\u202eb" / "package.json").write_text("{}")
    facts, layout, _ = found_facts(str(tmp_path), AT)
    assert layout is not None
    assert all(text.isprintable() for fact in (*facts, layout) for text in (fact.text, fact.source))


@pytest.mark.parametrize("folder", ["/does/not/exist", ""])
def test_a_folder_that_is_gone(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert found_facts(folder, AT) == ((), None, None)
