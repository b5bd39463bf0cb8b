"""How large a repository is, counted within limits; and the plan file."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from quota_tui.sources import repo_size as module
from quota_tui.sources.plan_file import MAX_BYTES, PlanFileError, read_plan
from quota_tui.sources.repo_size import RepoSize, repo_size


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q")
    return folder


def git(folder: Path, *args: str) -> None:
    subprocess.run(["git", *args], cwd=folder, check=True, capture_output=True)


def add(folder: Path, name: str, data: bytes | str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    git(folder, "add", "-f", name)


def test_lines_of_tracked_text_count(repo: Path, tmp_path: Path) -> None:
    add(repo, "a.py", "x\n" * 10)
    add(repo, "src/b.py", "x\ny")
    add(repo, "uv.lock", "x\n" * 1000)
    add(repo, "node_modules/c.js", "x\n" * 1000)
    add(repo, "image.png", b"\x89PNG\0\n\n\n")
    add(repo, "data.bin", b"x\n" * (1 << 20))
    add(repo, "name \xe9\nline.py".encode().decode(), "x\n")
    (repo / "untracked.py").write_text("x\n" * 500)
    (tmp_path / "secret").write_text("x\n" * 500)
    (repo / "link.py").symlink_to(tmp_path / "secret")
    git(repo, "add", "link.py")
    assert repo_size(str(repo / "src")) == RepoSize(13, 6)


def test_without_a_repository_nothing_is_known(
    tmp_path: Path, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert repo_size(str(tmp_path)) is None
    assert repo_size(str(repo)) == RepoSize(0, 0)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert repo_size(str(repo)) is None


def test_when_the_time_is_over_the_rest_is_reckoned(repo: Path) -> None:
    for number in range(40):
        add(repo, f"f{number}.py", "x\n" * 10)
    ticks = iter(range(100))
    found = repo_size(str(repo), timeout_s=20, clock=lambda: next(ticks))
    assert found == RepoSize(400, 40, is_estimate=True)


def test_a_huge_project_is_not_read_to_its_end(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ENOUGH", 100)
    for number in range(40):
        add(repo, f"f{number}.py", "x\n" * 50)
    opened: list[object] = []
    real = os.open
    monkeypatch.setattr(module.os, "open", lambda *args: (opened.append(args), real(*args))[1])
    found = repo_size(str(repo))
    assert found == RepoSize(2000, 40, is_estimate=True)
    assert len([each for each in opened if str(each).count(".py")]) == 2


def test_files_that_are_gone_count_nothing(repo: Path) -> None:
    add(repo, "a.py", "x\n" * 10)
    add(repo, "b.py", "x\n" * 10)
    (repo / "a.py").unlink()
    assert repo_size(str(repo)) == RepoSize(10, 2)


def test_the_plan_file_is_read_when_it_changed(tmp_path: Path) -> None:
    path = tmp_path / "PLAN.md"
    path.write_bytes(b"# P\r\n## Phase 1: a \xff\r\n")
    first = read_plan(str(path))
    assert first.plan.title == "P"
    assert read_plan(str(path), first) is first
    path.write_bytes(b"# P\n## Phase 1: a\n## Phase 2: b\n")
    assert len(read_plan(str(path), first).plan.phases) == 2


def test_no_plan_in_that_place(tmp_path: Path) -> None:
    for path, said in (
        (tmp_path / "none.md", "cannot be read"),
        (tmp_path, "is no file"),
        (tmp_path / "a\0b", "cannot be read"),
    ):
        with pytest.raises(PlanFileError, match=said) as error:
            read_plan(str(path))
        assert str(tmp_path) in str(error.value)
    large = tmp_path / "large.md"
    with large.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(PlanFileError, match="larger than 4 MB"):
        read_plan(str(large))
