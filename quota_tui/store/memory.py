"""Project memories on disk: `<claude config>/project-memory/<hash of the project path>.json`.

Plain files (0600, the folder 0700), written whole or not at all, under a lock, since sessions end at once.
A file that cannot be read is renamed and kept; a file with entries we must pass over is copied before it is
written over. Both are said.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from quota_tui.core.handoff import Handoff
from quota_tui.core.memory import ProjectMemory, SessionNote, with_decisions, with_session
from quota_tui.core.memoryfile import Damaged, TooNew, read, written
from quota_tui.store import files
from quota_tui.store.projects import project_key, project_path

FOLDER = "project-memory"
LOCK_S = 0.5
"""How long to wait for another session that writes the same memory: a hook has no more to spare."""


class Loaded(msgspec.Struct, frozen=True):
    """A memory and sentences about what was not in order. `document` is the file's JSON, {} without one."""

    memory: ProjectMemory
    document: dict[str, Any]
    notes: tuple[str, ...] = ()


def memory_file(claude_dir: Path, project: str | Path) -> Path:
    """Where the memory of a project is kept."""
    name = project_key(project).encode("utf-8", "surrogateescape")
    return claude_dir / FOLDER / f"{blake2b(name, digest_size=8).hexdigest()}.json"


def load_memory(claude_dir: Path, project: str | Path) -> Loaded | None:
    """The memory of a project, None when there is none yet. Changes nothing.

    Raises `StoreError` when the file cannot be read, and `Damaged`.
    """
    file = memory_file(claude_dir, project)
    data = files.read_if_there(file)
    if data is None:
        return None
    try:
        found = read(data, project_path(project))
    except Damaged as error:
        raise type(error)(f"{file}: {error}") from error
    return Loaded(found.memory, found.document, tuple(f"{file}: {note}" for note in found.notes))


def update_memory(
    claude_dir: Path, project: str | Path, change: Callable[[ProjectMemory], ProjectMemory]
) -> Loaded:
    """Read, change and write the memory of a project, alone; nothing is written when nothing changes.

    A damaged file is set aside and a new one begun. Raises `StoreError` and `TooNew`: nothing has changed.
    """
    file = memory_file(claude_dir, project)
    files.ensure_private_dir(file.parent)
    with files.locked(file.with_suffix(".lock"), LOCK_S):
        loaded = _load_or_begin(claude_dir, project)
        changed = change(loaded.memory)
        if changed == loaded.memory and loaded.document:
            return loaded
        data = written(changed, loaded.document)
        if loaded.notes and loaded.document:  # entries of it are not in what is written
            copy = files.backup(file)
            loaded = msgspec.structs.replace(
                loaded, notes=(*loaded.notes, f"the file as it was is kept as {copy}")
            )
        files.write_atomic(file, data)
    return msgspec.structs.replace(loaded, memory=changed)


def remember_handoff(claude_dir: Path, handoff: Handoff, path: Path, now: datetime) -> Loaded:
    """Write what a handoff says into its project's memory: its session, what was done, what was decided.

    To be called when a handoff is saved. Raises as `update_memory` does.
    """
    note = SessionNote(
        id=handoff.from_session or f"handoff {handoff.id}",
        handoff=str(path),
        accomplished=handoff.accomplished,
        objectives=tuple(item.text for item in handoff.objectives if not item.done),
    )

    def remembered(memory: ProjectMemory) -> ProjectMemory:
        if memory.session(note.id) is None:  # its own times come with its end
            memory = with_session(memory, msgspec.structs.replace(note, started_at=handoff.created_at or now))
        return with_decisions(with_session(memory, note), handoff.decisions, now, f"handoff {handoff.id}")

    return update_memory(claude_dir, handoff.project, remembered)


def forget_memory(claude_dir: Path, project: str | Path) -> bool:
    """Remove the memory of a project, and the folder when it was the last; False when there was none."""
    file = memory_file(claude_dir, project)
    there = file.exists()
    files.remove_file(file)
    remove_if_empty(claude_dir)
    return there


def remove_if_empty(claude_dir: Path) -> None:
    """Remove the folder of memories when there is none in it."""
    try:
        (claude_dir / FOLDER).rmdir()
    except OSError:
        return  # not empty, or not there


def _load_or_begin(claude_dir: Path, project: str | Path) -> Loaded:
    path = project_path(project)
    new = Loaded(ProjectMemory(project=path, name=os.path.basename(path) or path), {})
    try:
        return load_memory(claude_dir, project) or new
    except TooNew:
        raise
    except Damaged as error:
        aside = _set_aside(memory_file(claude_dir, project))
        return msgspec.structs.replace(new, notes=(f"{error}; it is kept as {aside}, and a new one begun",))


def _set_aside(file: Path) -> Path:
    target = file.with_name(f"{file.name}.damaged")
    number = 1
    while target.exists():
        number += 1
        target = file.with_name(f"{file.name}.damaged-{number}")
    with files.told_as("rename", file):
        os.replace(file, target)
    return target
