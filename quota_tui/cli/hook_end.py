"""The SessionEnd hook: closes the session's record in the project's memory.

A session that ends because a limit stopped it is handed over, if that has not been done: in print mode
Claude Code (2.1.329) ends without waiting for the StopFailure hook.
"""

from __future__ import annotations

import os
import time

from quota_tui.automation.command_names import DRAFTS
from quota_tui.cli.hook import Hook
from quota_tui.cli.hook_session import LONGEST_SESSION, hits_of, open_monitor, read_end, used_by
from quota_tui.core.memory import (
    ProjectMemory,
    SessionNote,
    is_empty,
    with_found,
    with_session,
    without_session,
)
from quota_tui.monitor.monitor import Monitor
from quota_tui.sources.stack import found_facts
from quota_tui.store.memory import update_memory
from quota_tui.store.session_usage import SessionUse
from quota_tui.store.tracking import FOLDER as TRACKINGS

DRAFT_KEPT_S = 86_400.0


def run(hook: Hook) -> str:
    """Read the end of the transcript, write when the session ended and what it used. Says nothing."""
    use = hook.attempt("transcript", lambda: _look(hook))
    found = hook.attempt("stack", lambda: found_facts(hook.project, hook.now))

    def close(memory: ProjectMemory) -> ProjectMemory:
        note = SessionNote(
            id=hook.told.session_id,
            started_at=use.first_at if use else None,
            ended_at=hook.now,
            tokens=use.tokens if use else 0,
        )
        memory = with_session(memory, note)
        closed = memory.session(note.id)
        if closed is not None and is_empty(closed):
            return without_session(memory, note.id)  # opened and left
        return with_found(memory, *found) if found else memory

    loaded = hook.attempt("memory", lambda: update_memory(hook.setup.claude_dirs[0], hook.project, close))
    for text in loaded.notes if loaded else ():
        hook.note(text)
    hook.attempt("drafts", lambda: _clear_away(hook))
    hook.attempt("plan", lambda: _report(hook))
    return ""


def _report(hook: Hook) -> None:
    """Write the report of the plan that was tracked in this session, so far or at its end."""
    if not (hook.setup.claude_dirs[0] / TRACKINGS).is_dir():
        return
    from quota_tui.handing.tracker import Tracker
    from quota_tui.handing.tracking import session_ended

    monitor = open_monitor(hook)
    try:
        session_ended(monitor, Tracker(monitor, hook.project), hook.told.session_id, hook.now)
    finally:
        monitor.close()


def _look(hook: Hook) -> SessionUse | None:
    """What the session used; on the way, its work is handed over if a limit stopped it."""
    monitor = open_monitor(hook)
    try:
        monitor.attempt(lambda: read_end(monitor, hook.told.transcript_path))
        use = used_by(monitor, [hook.told.session_id], hook.now).get(hook.told.session_id)
        if _is_stopped(hook, monitor, use):
            from quota_tui.cli.hook_handover import hand_over

            hand_over(hook, monitor)
        return use
    finally:
        monitor.close()


def _is_stopped(hook: Hook, monitor: Monitor, use: SessionUse | None) -> bool:
    """Whether the last thing that happened in it was a limit, which still holds."""
    since = use.last_at if use is not None else hook.now - LONGEST_SESSION
    return any(hit.resets_at > hook.now for hit in hits_of(hook, monitor, since))


def _clear_away(hook: Hook) -> None:
    """Remove what Claude wrote in this session for a handoff, and what sessions that crashed left."""
    folder = hook.setup.paths.data_dir / DRAFTS
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            is_old = entry.stat(follow_symlinks=False).st_mtime < time.time() - DRAFT_KEPT_S
            if entry.name == f"{hook.told.session_id}.json" or (is_old and entry.name.endswith(".json")):
                os.unlink(entry.path)
