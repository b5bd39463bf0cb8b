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
    files = tuple(_walk(root, {os.path.realpath(root)}, 0, problems))
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


def _walk(folder: str, seen: set[str], depth: int, problems: list[str]) -> Iterator[FoundFile]:
    folders: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                # Names first: a stat call per entry is what a scan of many folders costs.
                if entry.name.endswith(".jsonl"):
                    found = _stat(entry)
                    if found is not None:
                        yield found
                elif entry.is_dir():
                    if entry.is_symlink():
                        real = os.path.realpath(entry.path)
                        if real in seen:
                            continue
                        seen.add(real)
                    folders.append(entry.path)
    except OSError as error:
        problems.append(f"{folder}: cannot be read ({error.strerror}); check its permissions")
        return
    if depth < MAX_DEPTH:
        for inner in folders:
            yield from _walk(inner, seen, depth + 1, problems)


def _stat(entry: os.DirEntry[str]) -> FoundFile | None:
    try:
        if not entry.is_file():
            return None
        info = entry.stat()
    except OSError:
        return None  # it vanished between the listing and the look
    return FoundFile(entry.path, info.st_ino or entry.inode(), info.st_size, info.st_mtime_ns)
