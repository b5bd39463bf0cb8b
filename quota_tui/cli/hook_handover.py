"""What hooks do with the work of a session that a limit has stopped: an automatic handoff, where none is.

Where looking at the work takes long (a huge transcript or repository) it is left to a process of its own,
so that the hook ends at once all the same.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from hashlib import blake2b
from pathlib import Path

from msgspec.structs import replace

from quota_tui.cli.hook import Hook
from quota_tui.cli.hook_session import open_monitor, used_by
from quota_tui.core.readings import WindowKind
from quota_tui.core.snapshot import Snapshot, WindowState
from quota_tui.monitor.monitor import Monitor
from quota_tui.store import files
from quota_tui.store.handoff_heads import latest_of_session

LARGE_TRANSCRIPT = 8 << 20
LARGE_GIT_INDEX = 1 << 20
"""Bytes, about ten thousand files: from then on `git status` takes longer than a hook may."""


def hand_over(hook: Hook, monitor: Monitor) -> None:
    """Write a handoff unless the session has one; never raises."""
    if not _is_large(hook):
        hook.attempt("handoff", lambda: _write_alone(hook, monitor))
    elif not _has_one(hook, monitor):
        hook.attempt("handoff", lambda: _leave_to_another(hook))


def write_later(hook: Hook) -> str:
    """What the process of its own does; it says nothing."""
    monitor = open_monitor(hook)
    try:
        hook.attempt("handoff", lambda: _write_alone(hook, monitor))
    finally:
        monitor.close()
    return ""


def _write_alone(hook: Hook, monitor: Monitor) -> None:
    """Write one, if there is none by then: two hooks of one session may run at the same moment."""
    data_dir = hook.setup.paths.data_dir
    session = blake2b(hook.told.session_id.encode("utf-8", "replace"), digest_size=6).hexdigest()
    files.ensure_private_dir(data_dir)
    with files.locked(data_dir / f"handover-{session}.lock"):
        if not _has_one(hook, monitor):
            snapshot = hook.attempt("quota", lambda: monitor.collect(hook.now, scan=False, alerts=False))
            _write(hook, snapshot or _nothing_known(hook.now))


def _has_one(hook: Hook, monitor: Monitor) -> bool:
    """Whether the session has a handoff; not one of ours that the work has gone past to a next limit."""
    known = hook.attempt("handoffs", lambda: latest_of_session(_folder(hook), hook.told.session_id))
    if known is None or not known.is_automatic or known.created_at is None:
        return known is not None
    used = hook.attempt("sessions", lambda: used_by(monitor, [hook.told.session_id], hook.now)) or {}
    use = used.get(hook.told.session_id)
    return use is None or use.last_at <= known.created_at


def _is_large(hook: Hook) -> bool:
    def size(*parts: str) -> int:
        try:
            return os.path.getsize(os.path.join(*parts))
        except OSError:
            return 0

    transcript, index = size(hook.told.transcript_path), size(hook.project, ".git", "index")
    return transcript > LARGE_TRANSCRIPT or index > LARGE_GIT_INDEX


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


def _write(hook: Hook, snapshot: Snapshot) -> None:
    from quota_tui.cli.setup import face_of
    from quota_tui.core.automatic import marked_automatic
    from quota_tui.core.proposal import propose
    from quota_tui.handing.known import gather
    from quota_tui.store.handoffs import Handoffs
    from quota_tui.store.memory import remember_handoff

    told, config_dirs = hook.told, hook.setup.claude_dirs
    known = gather(
        snapshot, [told.transcript_path], config_dirs[:1], project=hook.project, session_id=told.session_id
    )
    facts = replace(known.session, project=hook.project)
    known = replace(known, session=facts)
    proposed = propose(known, hook.now, face_of(hook.setup)).handoff
    handoff = replace(proposed, from_session=told.session_id, project=hook.project)
    if not handoff.title:
        handoff = replace(handoff, title=f"Go on after the limit of {hook.now:%Y-%m-%d %H:%M} UTC")
    saved = Handoffs(_folder(hook)).save(marked_automatic(handoff), hook.now)
    loaded = remember_handoff(_folder(hook), saved.handoff, saved.path, hook.now)
    for note in loaded.notes:
        hook.note(note)


def _nothing_known(now: datetime) -> Snapshot:
    short, long = WindowState(kind=WindowKind.FIVE_HOUR), WindowState(kind=WindowKind.WEEKLY)
    return Snapshot(now=now, five_hour=short, weekly=long)


def _folder(hook: Hook) -> Path:
    return hook.setup.claude_dirs[0]
