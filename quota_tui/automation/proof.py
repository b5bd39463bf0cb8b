"""What proves that a session started: the file the client keeps while it runs, or its transcript.

We choose the session's id, so nothing else can be taken for it; a terminal that opened proves nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from quota_tui.sources.processes import LiveSession, SessionScan, scan_sessions
from quota_tui.store.projects import same_project

Scan = Callable[[Iterable[Path]], SessionScan]


def proof_of(session_id: str, config_dirs: Sequence[Path], scan: Scan = scan_sessions) -> str:
    """What proves that the session started, in words; empty when nothing does."""
    if transcript_of(session_id, config_dirs) is not None:
        return "its transcript is there"
    for session in scan(config_dirs).sessions:
        if session.session_id == session_id:
            return f"its client runs (process {session.pid})"
    return ""


def transcript_of(session_id: str, config_dirs: Sequence[Path]) -> Path | None:
    """The session's transcript, in whatever project folder the client put it."""
    name = f"{session_id}.jsonl"
    for folder in config_dirs:
        for project in _folders(folder / "projects"):
            path = os.path.join(project, name)
            if os.path.isfile(path):
                return Path(path)
    return None


def live_in(
    project: str, config_dirs: Sequence[Path], scan: Scan = scan_sessions
) -> tuple[tuple[LiveSession, datetime | None], ...]:
    """Sessions that run in the project now, and when each last wrote its transcript."""
    found = []
    for session in scan(config_dirs).sessions:
        if session.project and same_project(session.project, project):
            path = transcript_of(session.session_id, config_dirs)
            found.append((session, _written_at(path)))
    return tuple(found)


def _folders(root: Path) -> list[str]:
    try:
        with os.scandir(root) as entries:
            return [entry.path for entry in entries if entry.is_dir()]
    except OSError:
        return []


def _written_at(path: Path | None) -> datetime | None:
    try:
        return None if path is None else datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return None
