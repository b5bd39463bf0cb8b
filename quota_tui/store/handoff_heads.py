"""The project's latest handoff, looked up by a hook: quick, whatever lies in the folder.

Only the front of a file is understood here (`core.handoff_front`), only its beginning is read, and only the
newest files are looked at; whoever wants the document reads it with `store.handoffs`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path

import msgspec

from quota_tui.core.automatic import is_automatic
from quota_tui.core.handoff import Handoff
from quota_tui.core.handoff_front import MARK, apply_front, read_front
from quota_tui.store.projects import project_key

FOLDER = "session-handoffs"
MOST_FILES = 100
MOST_BYTES = 64 << 10
"""More of a handoff never fits into a new session's context."""
_MINUTE = len("20261120-1731")
_FILE = re.compile(r"handoff-([a-z0-9][a-z0-9-]{0,99})\.md")


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The beginning of a handoff's file; all of it unless `is_cut`."""

    id: str
    path: Path
    text: str
    is_cut: bool
    project: str
    title: str
    from_session: str
    created_at: datetime | None
    is_automatic: bool


def latest_of_project(claude_dir: Path, project: str) -> Head | None:
    """The newest handoff of the project in a folder; None when there is none among the latest files.

    Raises OSError when the folder cannot be read. Files that cannot be are passed over.
    """
    wanted = project_key(project)
    key = cache(project_key)  # most handoffs are of a few projects
    return _latest(claude_dir, lambda head: bool(head.project) and key(head.project) == wanted)


def latest_of_session(claude_dir: Path, session_id: str) -> Head | None:
    """The newest handoff that a session wrote; None when there is none.

    Ids name their session (`store.handoffs.new_id`), so only files that may be its own are read.
    """
    tag = re.sub("[^a-z0-9]", "", session_id.lower())[:8]
    return _latest(claude_dir, lambda head: head.from_session == session_id, f"-{tag}" if tag else "")


def _latest(claude_dir: Path, is_wanted: Callable[[Head], bool], tag: str = "") -> Head | None:
    found: Head | None = None
    for handoff_id in _newest(claude_dir / FOLDER, tag):
        if found is not None and handoff_id[:_MINUTE] != found.id[:_MINUTE]:
            break
        head = _head(claude_dir / FOLDER, handoff_id)
        # Ids tell the minute; of one minute's the time in the front is looked at.
        if head is not None and is_wanted(head) and (found is None or _later(head, found)):
            found = head
    return found


def _later(one: Head, other: Head) -> bool:
    if one.created_at is None or other.created_at is None:
        return other.created_at is None
    return one.created_at > other.created_at


def _newest(folder: Path, tag: str) -> list[str]:
    """Ids of the latest handoffs with `tag` in them, the newest first: ids begin with their time."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    found = [match[1] for match in map(_FILE.fullmatch, names) if match]
    return sorted((name for name in found if tag in name), reverse=True)[:MOST_FILES]


def _head(folder: Path, handoff_id: str) -> Head | None:
    path = folder / f"handoff-{handoff_id}.md"
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError:
        return None
    if not data:
        return None  # a name that was claimed and is being written
    text = data[:MOST_BYTES].decode("utf-8", "replace").removeprefix("\ufeff")
    front = _front(text)
    return Head(
        id=handoff_id,
        path=path,
        text=text,
        is_cut=len(data) > MOST_BYTES,
        project=front.project,
        title=front.title,
        from_session=front.from_session,
        created_at=front.created_at,
        is_automatic=is_automatic(front),
    )


def _front(text: str) -> Handoff:
    lines = text.replace("\r\n", "\n").split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
    if first == len(lines) or lines[first].rstrip() != MARK:
        return Handoff()
    inside: list[tuple[int, str]] = []
    for number, line in enumerate(lines[first + 1 :], first + 2):
        if line.rstrip() == MARK or not line.strip():
            break
        inside.append((number, line))
    return apply_front(read_front(inside), Handoff())
