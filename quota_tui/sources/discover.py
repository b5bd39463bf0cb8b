"""Find transcripts: every `*.jsonl` below the `projects` folder of each Claude configuration folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import msgspec

MAX_DEPTH = 12
"""Deeper than any real layout; ends a loop of links that `realpath` did not catch."""


class FoundFile(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One transcript as the file system shows it now."""

    path: str
    inode: int
    size: int
    mtime_ns: int


class FoundRoot(msgspec.Struct, frozen=True):
    """One searched folder. `problems` are sentences about folders that could not be read.

    `quiet` are the folders of sessions that were not entered, because the session's own transcript is old.
    """

    path: str
    exists: bool
    files: tuple[FoundFile, ...]
    problems: tuple[str, ...]
    quiet: tuple[str, ...] = ()


def transcript_roots(config_dirs: Iterable[Path], further: Iterable[str]) -> list[str]:
    """The folders to search: `<config>/projects`, and what the settings add.

    A further folder may be a configuration folder (it has a `projects` folder) or a folder of transcripts.
    """
    roots = [os.path.join(config, "projects") for config in config_dirs]
    for name in further:
        path = os.path.expanduser(name)
        inner = os.path.join(path, "projects")
        roots.append(inner if os.path.isdir(inner) else path)
    unique: dict[str, str] = {}
    for root in roots:
        unique.setdefault(os.path.realpath(root), root)
    return list(unique.values())


def find(root: str, quiet_before_ns: int = 0) -> FoundRoot:
    """All transcripts below `root`, subagents' included, at any depth. Links are followed, loops are not.

    The folder of a session whose own transcript was last written before `quiet_before_ns` is not entered.
    """
    problems: list[str] = []
    quiet: list[str] = []
    if not os.path.isdir(root):
        return FoundRoot(root, os.path.exists(root), (), ())
    files = tuple(_walk(root, problems, quiet_before_ns, quiet))
    return FoundRoot(root, True, files, tuple(problems), tuple(quiet))


def look_at(root: str, paths: Collection[str]) -> FoundRoot:
    """Those of `paths` that are transcripts below `root`."""
    inside = os.path.join(root, "")
    files = []
    for path in paths:
        if path.endswith(".jsonl") and path.startswith(inside):
            try:
                info = os.stat(path)
            except OSError:
                continue  # gone again: the next full look notices
            if stat.S_ISREG(info.st_mode):
                files.append(FoundFile(path, info.st_ino, info.st_size, info.st_mtime_ns))
    return FoundRoot(root, True, tuple(files), ())


def _walk(root: str, problems: list[str], quiet_before_ns: int, quiet: list[str]) -> Iterator[FoundFile]:
    """Every transcript below `root`. Lean: with thousands of files this is most of what a command costs."""
    seen: set[str] = set()
    waiting = [(root, 0)]
    while waiting:
        folder, depth = waiting.pop()
        folders: list[str] = []
        old: set[str] = set()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.endswith(".jsonl"):
                        found = _stat(entry)
                        if found is not None:
                            yield found
                            if depth == 1 and found.mtime_ns < quiet_before_ns:
                                old.add(entry.path[: -len(".jsonl")])
                    elif entry.is_dir() and depth < MAX_DEPTH and _is_new(entry, root, seen):
                        folders.append(entry.path)
        except OSError as error:
            problems.append(f"{folder}: cannot be read ({error.strerror}); check its permissions")
        for inner in folders:
            if inner in old:
                quiet.append(inner)
            else:
                waiting.append((inner, depth + 1))


def _stat(entry: os.DirEntry[str]) -> FoundFile | None:
    try:
        info = entry.stat()
    except OSError:
        return None  # it vanished between the listing and the look, or leads nowhere
    if not stat.S_ISREG(info.st_mode):
        return None
    return FoundFile(entry.path, info.st_ino or entry.inode(), info.st_size, info.st_mtime_ns)


def _is_new(entry: os.DirEntry[str], root: str, seen: set[str]) -> bool:
    """Whether a folder is none that a link has led to before; only links can make a loop."""
    if not entry.is_symlink():
        return True
    if not seen:
        seen.add(os.path.realpath(root))
    real = os.path.realpath(entry.path)
    if real in seen:
        return False
    seen.add(real)
    return True
