"""Look at a project's files for its tech stack: a few folders, a few small files, nothing run.

Bounded whatever the project: the root, its folders and those of workspaces, hidden and vendored ones left
out; never through a link.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime

from quota_tui.core.memory import FOUND, Fact, cleaned
from quota_tui.core.stacks import LOCKS, MANIFESTS, SUFFIXES, Stack, detect

MAX_FOLDERS = 60
MAX_ENTRIES = 2_000
"""Of one folder: what comes after is not seen."""
MAX_MANIFESTS = 24
MAX_BYTES = 64 << 10
"""Of one manifest."""
MAX_ITEMS = 16
MAX_LAYOUT = 12
_WORKSPACES = frozenset({"packages", "apps", "crates", "services", "libs", "modules"})
_NOT_THEIRS = frozenset(
    {
        "node_modules",
        "vendor",
        "venv",
        "env",
        "dist",
        "build",
        "target",
        "out",
        "__pycache__",
        "site-packages",
    }
)


def found_facts(project: str, at: datetime) -> tuple[tuple[Fact, ...], Fact | None, Fact | None]:
    """(stack, layout, test runner) of a project as entries of its memory. A folder that is gone has none."""
    folders, stack = look(project)

    def fact(text: str, where: str) -> Fact:
        return Fact(text=cleaned(text), at=at, source=FOUND + cleaned(where))

    return (
        tuple(fact(what, file) for what, file in stack.items[:MAX_ITEMS]),
        fact(f"folders: {', '.join(folders)}", "the project's folder") if folders else None,
        fact(*stack.test_runner) if stack.test_runner else None,
    )


def look(project: str) -> tuple[list[str], Stack]:
    """(folders of the project that hold its work, its stack)."""
    texts: dict[str, str] = {}
    names: list[str] = []
    layout: list[str] = []
    for prefix, found_folders, found_files in _walk(project):
        if not prefix:
            layout = found_folders
        names += [prefix + name for name in found_files if name in LOCKS or name.endswith(tuple(SUFFIXES))]
        for name in MANIFESTS:
            if name in found_files and len(texts) < MAX_MANIFESTS:
                texts[prefix + name] = _head(os.path.join(project, prefix + name))
    more = len(layout) - MAX_LAYOUT
    shown = [f"{name}/" for name in layout[:MAX_LAYOUT]] + ([f"and {more} more"] if more > 0 else [])
    return shown, detect(texts, names)


def _walk(project: str) -> Iterator[tuple[str, list[str], set[str]]]:
    """(prefix, folders, files) of the root, its folders, and the folders of workspaces."""
    queue = [""]
    seen = 0
    while queue and seen < MAX_FOLDERS:
        prefix = queue.pop(0)
        seen += 1
        found_folders, found_files = _list(os.path.join(project, prefix))
        yield prefix, found_folders, found_files
        if prefix.count("/") == 0 or (prefix.count("/") == 1 and prefix[:-1] in _WORKSPACES):
            queue += [f"{prefix}{name}/" for name in found_folders]


def _list(folder: str) -> tuple[list[str], set[str]]:
    folders: list[str] = []
    files: set[str] = set()
    try:
        with os.scandir(folder) as entries:
            for number, entry in enumerate(entries):
                if number >= MAX_ENTRIES:
                    break
                if entry.is_dir(follow_symlinks=False):
                    if not entry.name.startswith(".") and entry.name not in _NOT_THEIRS:
                        folders.append(entry.name)
                elif entry.is_file(follow_symlinks=False):
                    files.add(entry.name)
    except OSError:
        return [], set()  # gone, or not for us to read
    return sorted(folders), files


def _head(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return file.read(MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
