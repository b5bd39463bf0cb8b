"""How many lines of text a repository has: what git tracks, counted within limits.

Nothing of the repository is run; links and generated or huge files are left out.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence

import msgspec

from quota_tui.sources.git import find_root
from quota_tui.sources.git_run import GitError, run

MAX_FILES = 20_000
MAX_FILE = 1 << 20
"""Bytes: a larger text file is data or generated."""
ENOUGH = 500_000
"""Lines: a project of so many is of the largest size there is."""
_LIST = (
    "--no-pager",
    "--no-optional-locks",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "safe.bareRepository=explicit",
)
_DATA = ".lock .svg .csv .tsv .json .jsonl .ipynb .min.js .map .snap .pb .po .pot .log .sum .txt"
_NO_CODE = tuple(_DATA.split())
_HEAD = 8192


class RepoSize(msgspec.Struct, frozen=True):
    """Lines of a repository's own text. `is_estimate`: not every file was read, the rest is reckoned."""

    lines: int
    files: int
    is_estimate: bool = False


def repo_size(
    folder: str, *, timeout_s: float = 2.0, clock: Callable[[], float] = time.monotonic
) -> RepoSize | None:
    """The size of the repository that `folder` is in; None outside one or where git does not answer."""
    root = find_root(folder)
    if root is None:
        return None
    deadline = clock() + timeout_s
    try:
        out, cut = run([*_LIST, "-C", root, "ls-files", "-z"], timeout_s, ceiling=os.path.dirname(root))
    except GitError:
        return None
    names = [os.fsdecode(name) for name in out.split(b"\0") if name]
    if cut:
        names = names[:-1]
    code = [name for name in names if not _is_data(name)]
    return _counted(root, code, deadline, clock, cut=cut)


def _counted(
    root: str, names: Sequence[str], deadline: float, clock: Callable[[], float], *, cut: bool
) -> RepoSize:
    lines = seen = 0
    # Spread over the whole list, so that what is read when the time is over stands for the rest.
    step = max(1, len(names) // 97)
    order = [name for first in range(step) for name in names[first::step]]
    for name in order[:MAX_FILES]:
        if clock() > deadline or lines >= ENOUGH:
            break
        lines += _lines(os.path.join(root, name))
        seen += 1
    if seen == len(names) and not cut:
        return RepoSize(lines, len(names))
    return RepoSize(round(lines * len(names) / seen) if seen else 0, len(names), is_estimate=True)


def _lines(path: str) -> int:
    flags = (
        os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    try:
        fd = os.open(path, flags)
    except (OSError, ValueError):
        return 0
    with open(fd, "rb", buffering=0) as file:
        try:
            status = os.fstat(fd)
            if status.st_size > MAX_FILE or not os.path.isfile(path):
                return 0
            data = file.read(MAX_FILE) or b""
        except OSError:
            return 0
    return 0 if b"\0" in data[:_HEAD] else data.count(b"\n") + (not data.endswith(b"\n") and bool(data))


def _is_data(name: str) -> bool:
    lower = name.casefold()
    return lower.endswith(_NO_CODE) or "/vendor/" in lower or "node_modules/" in lower
