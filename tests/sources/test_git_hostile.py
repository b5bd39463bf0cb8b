"""A hostile repository names a program wherever git would take one: none of them is run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from quota_tui.sources.git import branch_exists
from tests.sources.git_repo import NOON, Repo, repo, script

__all__ = ["repo"]
pytestmark = pytest.mark.skipif(
    shutil.which("git") is None or sys.platform == "win32", reason="git and scripts of posix"
)


def sign_last(repo: Repo) -> None:
    """Give the last commit a signature: showing it asks a program about it."""
    plain = repo.git("cat-file", "commit", "HEAD")
    signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----\n"
    (repo.path.parent / "commit").write_text(plain.replace("\n\n", f"\n{signature}\n", 1))
    repo.git("reset", "-q", "--soft", repo.git("hash-object", "-w", "-t", "commit", "../commit").strip())


@pytest.fixture
def hostile(repo: Repo, tmp_path: Path) -> Iterator[Repo]:
    """A repository whose own configuration names a program wherever git would take one."""
    repo.commit("first", name="a.txt")
    repo.commit("second", name="b.txt")
    sign_last(repo)
    trap = script(tmp_path / "trap", f'echo "$0 $@" >> {tmp_path}/ran; cat')
    hooks = repo.path / ".git" / "hooks"
    for hook in ("post-index-change", "fsmonitor-watchman", "reference-transaction"):
        script(hooks / hook, f"{trap}")
    (repo.path / ".gitattributes").write_text("*.txt filter=evil diff=evil\n*.md filter=other.name\n")
    repo.write("c.md")
    with (repo.path / ".git" / "config").open("a") as file:
        file.write(
            f"""
[core]
\tfsmonitor = {trap}
\thooksPath = {hooks}
\tpager = {trap}
\teditor = {trap}
\tsshCommand = {trap}
\taskPass = {trap}
\tgitProxy = {trap}
\talternateRefsCommand = {trap}
[filter "evil"]
\tclean = {trap}
\tsmudge = {trap}
\tprocess = {trap}
\trequired = true
[filter "other.name"]
\tclean = {trap}
[diff]
\texternal = {trap}
[diff "evil"]
\tcommand = {trap}
\ttextconv = {trap}
[log]
\tshowSignature = true
[gpg]
\tprogram = {trap}
[gpg "ssh"]
\tprogram = {trap}
[pager]
\tlog = {trap}
\tstatus = {trap}
[alias]
\tstatus = "!{trap}"
\tlog = "!{trap}"
[credential]
\thelper = "!{trap}"
[protocol]
\tallow = always
[protocol "ext"]
\tallow = always
[remote "origin"]
\turl = "ext::{trap} %S"
\tpromisor = true
\tpartialclonefilter = blob:none
\tuploadpack = {trap}
[extensions]
\tpartialClone = origin
"""
        )
    yield repo
    assert not (tmp_path / "ran").exists(), (tmp_path / "ran").read_text()


def test_a_hostile_repository_runs_nothing(hostile: Repo) -> None:
    hostile.write("a.txt", "changed")
    os.utime(hostile.path / "b.txt", (1, 1))
    state = hostile.read(NOON)
    assert (state.branch, state.problem, len(state.commits)) == ("main", "", 2)
    assert "a.txt" in state.modified
    assert branch_exists(str(hostile.path), "main") is True


def test_a_missing_object_fetches_nothing(hostile: Repo) -> None:
    tree = subprocess.run(
        ["git", "rev-parse", "HEAD^{tree}"], cwd=hostile.path, env={**os.environ, "GIT_CONFIG_COUNT": "0"},
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    (hostile.path / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    assert "changed files are not known" in hostile.read(NOON).problem


def test_a_filter_that_cannot_be_switched_off_stops_the_look(hostile: Repo, tmp_path: Path) -> None:
    with (hostile.path / ".git" / "config").open("a") as file:
        file.write(f'[filter "a=b"]\n\tclean = {tmp_path}/trap\n')
    (hostile.path / ".gitattributes").write_text("*.txt filter=a=b\n")
    os.utime(hostile.path / "b.txt", (1, 1))
    state = hostile.read(NOON)
    assert "filter" in state.problem
    assert state.modified == ()


def test_the_trap_would_catch(hostile: Repo, tmp_path: Path) -> None:
    """The plain command runs what the repository names: the tests above would see it."""
    os.utime(hostile.path / "b.txt", (1, 1))
    subprocess.run(["git", "-C", str(hostile.path), "status"], check=False, capture_output=True, timeout=30)
    assert (tmp_path / "ran").exists()
    (tmp_path / "ran").unlink()
