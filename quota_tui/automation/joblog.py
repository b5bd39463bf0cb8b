"""What happened to jobs as a text file beside Claude Code's own: one line each, for a person and for grep.

The journal has the same lines; this file is there also when the journal is not.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from quota_tui.automation.notify import plain
from quota_tui.core.jobs.job import LogLine
from quota_tui.store.files import StoreError, ensure_private_dir

_LONGEST = 500


def log_file(claude_dir: Path) -> Path:
    """Where the lines go."""
    return claude_dir / "automation" / "session-log.txt"


def note_lines(claude_dir: Path, job_id: str, lines: Sequence[LogLine]) -> bool:
    """Append lines of a job's log; whether they were kept. Never raises: no launch fails for its log."""
    return _append(claude_dir, [(line.at, f"{job_id} {line.state}: {line.text}") for line in lines])


def note(claude_dir: Path, job_id: str, text: str, now: datetime) -> bool:
    """Append one line that the journal does not have; whether it was kept. Never raises."""
    return _append(claude_dir, [(now, f"{job_id} {text}")])


def _append(claude_dir: Path, lines: Sequence[tuple[datetime, str]]) -> bool:
    if not lines:
        return True
    said = [f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} {plain(text, _LONGEST)}\n" for at, text in lines]
    path = log_file(claude_dir)
    with contextlib.suppress(OSError, StoreError):
        ensure_private_dir(path.parent)
        # One write to the end: programs that write at the same moment keep their lines apart.
        handle = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        try:
            os.write(handle, "".join(said).encode("utf-8", "replace"))
        finally:
            os.close(handle)
        return True
    return False
