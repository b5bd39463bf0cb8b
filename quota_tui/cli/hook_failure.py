"""The StopFailure hook: when a limit stops a session, the hit is recorded and the work is handed over.

Every other failure is none of ours. Where looking at the work takes long (a huge transcript or repository),
the handoff is written by a process of its own, so that the hook ends at once all the same.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace

from quota_tui.cli.hook import Hook
from quota_tui.cli.hook_session import open_monitor, read_end, used_by
from quota_tui.core.limit_lines import LimitHit, parse_limit_line
from quota_tui.core.readings import ReadingSource
from quota_tui.core.snapshot import Snapshot
from quota_tui.monitor.monitor import Monitor
from quota_tui.monitor.record import keep_readings
from quota_tui.sources.zone import local_zone
from quota_tui.store.handoff_heads import Head, latest_of_session

ERRORS = frozenset({"", "rate_limit", "rate_limit_error", "usage_limit_reached", "billing_error", "unknown"})
"""What the client may call a limit; anything else is another failure."""
JUST_NOW = timedelta(minutes=10)
LARGE_TRANSCRIPT = 8 << 20
LARGE_GIT_INDEX = 1 << 20
"""Bytes, about ten thousand files: from then on `git status` takes longer than a hook may."""


def run(hook: Hook) -> str:
    """Record the hit; write a handoff when this session has none. Says nothing."""
    if hook.told.error not in ERRORS:
        return ""
    hit = parse_limit_line(
        hook.told.message, hook.now, error=hook.told.error or "rate_limit", local_zone=local_zone()
    )
    monitor = open_monitor(hook)
    try:
        hook.attempt(
            "transcript", lambda: monitor.attempt(lambda: read_end(monitor, hook.told.transcript_path))
        )
        if not _record(hook, monitor, hit):
            return ""
        known = hook.attempt("handoffs", lambda: latest_of_session(_folder(hook), hook.told.session_id))
        if known is not None and not _is_outdated(hook, monitor, known):
            return ""
        if _is_large(hook):
            hook.attempt("handoff", lambda: _leave_to_another(hook))
            return ""
        snapshot = hook.attempt("quota", lambda: monitor.collect(hook.now, scan=False, alerts=False))
    finally:
        monitor.close()
    hook.attempt("handoff", lambda: _write(hook, snapshot))
    return ""


def write_later(hook: Hook) -> str:
    """What the process of its own does."""
    monitor = open_monitor(hook)
    try:
        snapshot = hook.attempt("quota", lambda: monitor.collect(hook.now, scan=False, alerts=False))
    finally:
        monitor.close()
    hook.attempt("handoff", lambda: _write(hook, snapshot, git_timeout_s=10.0))
    return ""


def _record(hook: Hook, monitor: Monitor, hit: LimitHit | None) -> bool:
    """Keep the hit, unless the transcript has told it already; whether there was one."""
    journal = monitor.stores.journal
    told = hook.attempt("readings", lambda: journal.readings(hook.now - JUST_NOW)) or []
    if any(
        reading.source is ReadingSource.LIMIT_LINE and reading.session_id == hook.told.session_id
        for reading in told
    ):
        return True
    if hit is None:
        return False
    reading = hit.as_reading(hook.told.session_id)
    if reading is not None:
        hook.attempt("reading", lambda: keep_readings(journal, [reading], "limit hook", hook.now))
    return True


def _is_outdated(hook: Hook, monitor: Monitor, known: Head) -> bool:
    """Whether the session's handoff is one of ours that the work has gone past: it hit a limit once more."""
    if not known.is_automatic or known.created_at is None:
        return False
    used = hook.attempt("sessions", lambda: used_by(monitor, [hook.told.session_id], hook.now)) or {}
    use = used.get(hook.told.session_id)
    return use is not None and use.last_at > known.created_at


def _is_large(hook: Hook) -> bool:
    def size(*parts: str) -> int:
        try:
            return os.path.getsize(os.path.join(*parts))
        except OSError:
            return 0

    return (
        size(hook.told.transcript_path) > LARGE_TRANSCRIPT
        or size(hook.project, ".git", "index") > LARGE_GIT_INDEX
    )


def _leave_to_another(hook: Hook) -> None:
    """Start a process that outlives this one and the session."""
    flags = getattr(subprocess, "DETACHED_PROCESS", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "quota_tui", "hook", "write-handoff"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        creationflags=flags,
    )
    assert process.stdin is not None
    with process.stdin as pipe:
        pipe.write(hook.data)


def _write(hook: Hook, snapshot: Snapshot | None, git_timeout_s: float = 1.0) -> None:
    from quota_tui.cli.setup import face_of
    from quota_tui.core.automatic import marked_automatic
    from quota_tui.core.proposal import propose
    from quota_tui.monitor.known import gather
    from quota_tui.store.handoff_heads import latest_of_project
    from quota_tui.store.handoffs import Handoffs
    from quota_tui.store.memory import project_path, remember_handoff

    handoffs, project = Handoffs(_folder(hook)), project_path(hook.project)
    head = latest_of_project(_folder(hook), project)
    last = hook.attempt("last handoff", lambda: handoffs.load(head.id).handoff) if head else None
    known = gather(hook.told.transcript_path, project, snapshot, last, git_timeout_s)
    proposed = propose(known, hook.now, face_of(hook.setup)).handoff
    handoff = replace(proposed, from_session=hook.told.session_id, project=project)
    if not handoff.title:
        handoff = replace(handoff, title=f"Go on after the limit of {hook.now:%Y-%m-%d %H:%M} UTC")
    saved = handoffs.save(marked_automatic(handoff), hook.now)
    loaded = remember_handoff(_folder(hook), saved.handoff, saved.path, hook.now)
    for note in loaded.notes:
        hook.note(note)


def _folder(hook: Hook) -> Path:
    return hook.setup.claude_dirs[0]
