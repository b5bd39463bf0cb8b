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
    """One searched folder. `problems` are sentences about folders that could not be read."""

    path: str
    exists: bool
    files: tuple[FoundFile, ...]
    problems: tuple[str, ...]


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


def find(root: str) -> FoundRoot:
    """All transcripts below `root`, subagents' included, at any depth. Links are followed, loops are not."""
    problems: list[str] = []
    if not os.path.isdir(root):
        return FoundRoot(root, os.path.exists(root), (), ())
    files = tuple(_walk(root, problems))
    return FoundRoot(root, True, files, tuple(problems))


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


def _walk(root: str, problems: list[str]) -> Iterator[FoundFile]:
    """Every transcript below `root`. Lean: with thousands of files this is most of what a command costs."""
    seen: set[str] = set()
    waiting = [(root, 0)]
    is_regular = stat.S_ISREG
    while waiting:
        folder, depth = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.endswith(".jsonl"):
                        try:
                            info = entry.stat()
                        except OSError:
                            continue  # it vanished between the listing and the look, or leads nowhere
                        if is_regular(info.st_mode):
                            inode = info.st_ino or entry.inode()
                            yield FoundFile(entry.path, inode, info.st_size, info.st_mtime_ns)
                    elif entry.is_dir() and depth < MAX_DEPTH and _is_new(entry, root, seen):
                        waiting.append((entry.path, depth + 1))
        except OSError as error:
            problems.append(f"{folder}: cannot be read ({error.strerror}); check its permissions")


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
