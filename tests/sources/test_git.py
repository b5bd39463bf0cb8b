"""Real repositories: what is found in them, and that a hostile one runs nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from quota_tui.core.facts import GitState
from quota_tui.sources import git_run
from quota_tui.sources.git import branch_exists, find_root, read_git
from quota_tui.sources.git_run import GitError, run
from tests.sources.git_repo import ME, NOON, Repo, repo, script

__all__ = ["repo"]

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
posix = pytest.mark.skipif(sys.platform == "win32", reason="file names and scripts of posix")


def test_a_working_copy(repo: Repo) -> None:
    repo.commit("first", 0)
    repo.commit("second", 10)
    repo.commit("third", 20)
    repo.write("first.txt", "changed")
    repo.write("second.txt", "staged")
    repo.git("add", "second.txt")
    repo.write("second.txt", "staged and changed")
    repo.write("new.txt")
    repo.write("folder/inner.txt")
    (repo.path / "third.txt").unlink()
    state = read_git(str(repo.path / "folder"), NOON + timedelta(minutes=5))
    assert (state.root, state.branch, state.problem, state.cut) == (str(repo.path), "main", "", False)
    assert state.head is not None
    assert (state.head.subject, state.head.at) == ("third", NOON + timedelta(minutes=20))
    assert repo.git("rev-parse", "--short", "HEAD").strip() == state.head.hash
    assert [commit.subject for commit in state.commits] == ["second", "third"]
    assert state.staged == ("second.txt",)
    assert state.modified == ("first.txt", "second.txt", "third.txt")
    assert state.untracked == ("folder/", "new.txt")
    assert (state.ahead, state.behind, state.commits_of_others) == (None, None, 0)
    assert repo.read().commits == (), "without an instant"


def test_nothing_is_written(repo: Repo) -> None:
    repo.commit("first")
    os.utime(repo.path / "first.txt", (1, 1))  # makes git want to refresh its index

    def look() -> dict[str, tuple[int, int]]:
        return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in repo.path.rglob("*")}

    before = look()
    assert repo.read(NOON).modified == ()
    assert look() == before


def test_commits_of_others_are_not_this_persons_work(repo: Repo) -> None:
    repo.commit("mine")
    repo.commit("theirs", 1, email="colleague@example.test")
    repo.git("checkout", "-q", "-b", "side", "HEAD~1")
    repo.commit("aside", 2)
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-edit", "side", at=NOON + timedelta(minutes=3))
    state = repo.read(NOON)
    assert [commit.subject for commit in state.commits] == ["mine", "aside"]
    assert state.commits_of_others == 1
    assert state.head is not None
    assert state.head.subject.startswith("Merge")
    repo.git("config", "--unset", "user.email")
    assert len(repo.read(NOON).commits) == 3, "nobody is known: all are shown"


def test_a_branch_without_commits(repo: Repo) -> None:
    repo.write("new.txt")
    state = repo.read(NOON)
    assert state == GitState(root=str(repo.path), branch="main", untracked=("new.txt",))
    assert branch_exists(str(repo.path), "main") is True


def test_a_detached_head(repo: Repo) -> None:
    repo.commit("first")
    repo.git("checkout", "-q", "--detach")
    state = repo.read(NOON)
    assert (state.branch, state.problem) == ("", "")
    assert [commit.subject for commit in state.commits] == ["first"]


def test_ahead_and_behind(repo: Repo) -> None:
    repo.commit("first")
    clone = Repo(repo.path.parent / "clone")
    repo.git("clone", "-q", str(repo.path), str(clone.path))
    repo.commit("there")
    clone.git("config", "user.email", ME)
    clone.commit("here one")
    clone.commit("here two")
    clone.git("fetch", "-q")
    state = clone.read()
    assert (state.ahead, state.behind) == (2, 1)


def test_a_worktree(repo: Repo) -> None:
    repo.commit("first")
    other = repo.path.parent / "other"
    repo.git("worktree", "add", "-q", "-b", "feature/x", str(other))
    (other / "new.txt").write_text("x")
    state = read_git(str(other))
    assert (state.root, state.branch, state.untracked) == (str(other), "feature/x", ("new.txt",))
    assert branch_exists(str(other), "main") is True


NAMES = (
    "a b.txt",
    'quote".txt',
    "it's.txt",
    "tab\t.txt",
    "new\nline.txt",
    "日本語.txt",
    "-dash.txt",
    ":(top).txt",
    "back\\slash.txt",
)


@posix
def test_names_come_as_they_are(repo: Repo) -> None:
    repo.commit("first")
    for name in NAMES:
        repo.write(name)
    raw = os.fsencode(str(repo.path)) + b"/bad\xff.txt"
    with open(raw, "w"):
        pass
    assert set(repo.read().untracked) == {*NAMES, os.fsdecode(b"bad\xff.txt")}
    repo.git("add", "-A")
    assert set(repo.read().staged) == {*NAMES, os.fsdecode(b"bad\xff.txt")}


def test_a_conflict_is_modified(repo: Repo) -> None:
    repo.commit("first", name="a.txt")
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("side", name="a.txt")
    repo.git("checkout", "-q", "main")
    repo.commit("main", name="a.txt")
    subprocess.run(["git", "-C", str(repo.path), "merge", "-q", "side"], check=False, capture_output=True)
    assert repo.read().modified == ("a.txt",)


def test_a_huge_status_is_cut(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit("first")
    for number in range(1200):
        repo.write(f"file-{number:05}.txt", "")
    state = repo.read()
    assert (len(state.untracked), state.cut) == (1000, True)
    monkeypatch.setattr(git_run, "MAX_OUTPUT", 5000)
    state = repo.read()
    assert state.cut
    assert 100 < len(state.untracked) < 300
    assert all(len(name) == len("file-00000.txt") for name in state.untracked), "no half names"


def test_outside_a_repository_nothing_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(subprocess, "Popen", started)
    assert find_root(str(tmp_path)) is None
    assert read_git(str(tmp_path)).problem == "not a git repository"
    assert read_git(str(tmp_path / "gone")).problem == "the folder does not exist"
    assert branch_exists(str(tmp_path), "main") is None


def test_a_folder_that_only_looks_like_a_repository(repo: Repo) -> None:
    repo.commit("first")
    (repo.path / "inner" / ".git").mkdir(parents=True)
    state = read_git(str(repo.path / "inner"))
    assert state.branch == ""
    assert state.problem == "git cannot read it; run `git status` there to see why"


def test_branches(repo: Repo) -> None:
    repo.commit("first")
    repo.git("branch", "feature/auth system".replace(" ", "-"))
    folder = str(repo.path)
    assert branch_exists(folder, "feature/auth-system") is True
    for name in ("nope", "../main", "--help", "", "main^", "refs/heads/main", "a b", "x" * 5000):
        assert branch_exists(folder, name) is False, name
    assert branch_exists(folder, "a\0b") is None


def test_git_is_not_installed(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    state = repo.read()
    assert (state.root, state.problem) == (str(repo.path), "git is not installed")
    assert branch_exists(str(repo.path), "main") is None


@posix
def test_a_git_in_the_present_folder_is_not_run(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path / "git", f"touch {tmp_path}/ran")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.pathsep}{os.environ['PATH']}")
    assert repo.read().branch == "main"
    assert not (tmp_path / "ran").exists()


@posix
def test_a_git_that_hangs_is_ended_with_its_children(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bin_dir = tmp_path / "bin"
    bin_dir.mkdir()
    script(bin_dir / "git", f"sleep 600 & echo $! > {tmp_path}/child; wait")
    monkeypatch.setenv("PATH", f"{bin_dir}{os.pathsep}{os.environ['PATH']}")
    begin = time.monotonic()
    state = read_git(str(repo.path), timeout_s=0.3)
    assert state.problem == "git took longer than 0.3 s"
    assert time.monotonic() - begin < 10
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 10
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive(child)


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@posix
def test_when_only_the_status_hangs_the_rest_is_known(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("first")
    real = shutil.which("git")
    bin_dir = tmp_path / "bin"
    bin_dir.mkdir()
    script(bin_dir / "git", f'for arg; do [ "$arg" = status ] && exec sleep 600; done; exec {real} "$@"')
    monkeypatch.setenv("PATH", f"{bin_dir}{os.pathsep}{os.environ['PATH']}")
    state = read_git(str(repo.path), NOON, timeout_s=1)
    assert (state.branch, len(state.commits)) == ("main", 1)
    assert state.problem == "changed files are not known: git took longer than 1 s"


def test_variables_of_git_do_not_lead_elsewhere(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("first")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_EXTERNAL_DIFF"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "bad")
    state = repo.read(NOON)
    assert (state.branch, state.problem, len(state.commits)) == ("main", "", 1)


def test_a_broken_repository_is_a_clause(repo: Repo) -> None:
    (repo.path / ".git" / "HEAD").write_text("nonsense")
    assert repo.read().problem.startswith("git cannot read it")
    (repo.path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (repo.path / ".git" / "config").write_text("[core\n")
    assert repo.read().problem.startswith("git cannot read it")
    with pytest.raises(GitError, match="NUL"):
        run(["a\0b"], 1, ceiling="/")
