"""What several hooks do: read the end of a session's transcript, look up what sessions used."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from quota_tui.cli.hook import BUSY_S, Hook
from quota_tui.core.readings import Reading, ReadingSource
from quota_tui.monitor.monitor import Monitor
from quota_tui.store.session_usage import SessionUse, sessions_used

TAIL_BYTES = 8 << 20
"""With more than that unread, the transcript is left to the next scan."""
LONGEST_SESSION = timedelta(days=60)


def open_monitor(hook: Hook) -> Monitor:
    """A monitor that does not wait for others."""
    setup = hook.setup
    return Monitor(setup.settings, setup.paths, setup.claude_dirs, hook.now, busy_s=BUSY_S)


def read_end(monitor: Monitor, transcript: str) -> bool:
    """Read what a session and its subagents have added since the last scan, when that is little."""
    found = list(_files_of(transcript))
    stamps_of = monitor.stores.index.stamps_of
    if not found:
        return False
    unread = 0
    for path, size in found:
        known = stamps_of(path)
        unread += max(size - (known[1] if known else 0), 0)
    if unread > TAIL_BYTES:
        return False
    monitor.changes.add([path for path, _ in found])
    try:
        monitor.read_changed()
    except sqlite3.OperationalError:
        return False  # a scan is under way: it brings the same
    return True


def used_by(monitor: Monitor, session_ids: Collection[str], now: datetime) -> dict[str, SessionUse]:
    """What sessions used, as far as the history knows."""
    return sessions_used(monitor.stores.history, session_ids, now - LONGEST_SESSION)


def hits_of(hook: Hook, monitor: Monitor, since: datetime) -> list[Reading]:
    """The limits that this session hit at or after an instant, as its transcript or a hook told them."""
    told = hook.attempt("readings", lambda: monitor.stores.journal.readings(since)) or []
    return [
        reading
        for reading in told
        if reading.source is ReadingSource.LIMIT_LINE
        and reading.session_id == hook.told.session_id
        and reading.known_at >= since
    ]


def _files_of(transcript: str) -> Iterator[tuple[str, int]]:
    """(path, size) of a session's transcript and of its subagents'."""
    if not transcript.endswith(".jsonl") or not os.path.isabs(transcript):
        return
    folder = os.path.join(transcript.removesuffix(".jsonl"), "subagents")
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".jsonl"))
    except OSError:
        names = []
    for path in (transcript, *(os.path.join(folder, name) for name in names)):
        try:
            size = os.path.getsize(path)
        except OSError:
            continue
        yield path, size
