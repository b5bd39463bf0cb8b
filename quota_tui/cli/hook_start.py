"""The SessionStart hook: gives a new session the facts it begins with, and opens its record.

Resumed and compacted sessions know what they were told, so they are told nothing.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from quota_tui.cli.hook import Hook
from quota_tui.cli.hook_session import open_monitor, used_by
from quota_tui.cli.setup import face_of
from quota_tui.core.context import HandoffText, session_context
from quota_tui.core.memory import (
    ABANDONED,
    ProjectMemory,
    SessionNote,
    is_empty,
    left_open,
    with_found,
    with_session,
    without_session,
)
from quota_tui.core.snapshot import Snapshot
from quota_tui.monitor.monitor import Monitor
from quota_tui.sources.stack import found_facts
from quota_tui.store.claims import claim
from quota_tui.store.handoff_heads import latest_of_project
from quota_tui.store.memory import update_memory
from quota_tui.store.session_usage import SessionUse

TOLD = frozenset({"startup", "clear"})
STILL_MATTERS = timedelta(days=30)
"""An older handoff is named, not handed over."""


def run(hook: Hook) -> str:
    """The JSON for Claude Code; empty when there is nothing to tell."""
    if hook.told.source not in TOLD:
        return ""
    monitor = hook.attempt("files", lambda: open_monitor(hook))
    try:
        memory = _open_record(hook, monitor)
        budget = hook.setup.settings.handoff.context_tokens
        if budget <= 0:
            return ""
        snapshot = hook.attempt("quota", lambda: _look(hook, monitor)) if monitor else None
        handoff = hook.attempt("handoff", lambda: _handoff(hook, monitor))
    finally:
        if monitor is not None:
            monitor.close()
    text = session_context(
        memory, snapshot, handoff, hook.now, face_of(hook.setup), budget, hook.told.session_id
    )
    said = {"hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": text}}
    return msgspec.json.encode(said).decode() if text else ""


def _look(hook: Hook, monitor: Monitor) -> Snapshot:
    return monitor.collect(hook.now, scan=False, alerts=False)


def _open_record(hook: Hook, monitor: Monitor | None) -> ProjectMemory:
    """The project's memory with this session in it, and what is known by now of those left open."""

    def opened(memory: ProjectMemory) -> ProjectMemory:
        if not memory.context.stack and not memory.context.architecture:
            found = hook.attempt("stack", lambda: found_facts(hook.project, hook.now))
            memory = with_found(memory, *found) if found else memory
        waiting = left_open(memory, hook.told.session_id)
        used = _used(hook, monitor, waiting) if waiting else {}
        for note in waiting:
            memory = _settled(hook, memory, note, used.get(note.id))
        return with_session(memory, SessionNote(id=hook.told.session_id, started_at=hook.now))

    folder, project = hook.setup.claude_dirs[0], hook.project
    loaded = hook.attempt("memory", lambda: update_memory(folder, project, opened))
    for text in loaded.notes if loaded else ():
        hook.note(text)
    return loaded.memory if loaded else ProjectMemory(project=project)


def _used(hook: Hook, monitor: Monitor | None, notes: tuple[SessionNote, ...]) -> dict[str, SessionUse]:
    if monitor is None:
        return {}
    found = hook.attempt("sessions", lambda: used_by(monitor, [note.id for note in notes], hook.now))
    return found or {}


def _settled(hook: Hook, memory: ProjectMemory, note: SessionNote, use: SessionUse | None) -> ProjectMemory:
    """A session that was never closed: what it used so far; forgotten when it was left without use."""
    if use is not None:
        return with_session(memory, SessionNote(id=note.id, started_at=use.first_at, tokens=use.tokens))
    old = note.started_at is not None and hook.now - note.started_at > ABANDONED
    return without_session(memory, note.id) if old and is_empty(note) else memory


def _handoff(hook: Hook, monitor: Monitor | None) -> HandoffText | None:
    """The project's latest handoff, whole for the one session that gets it."""
    head = latest_of_project(hook.setup.claude_dirs[0], hook.project)
    if head is None:
        return None
    why_not = ""
    if head.created_at is not None and hook.now - head.created_at > STILL_MATTERS:
        why_not = "an old one"
    else:
        why_not = _why_not_ours(hook, monitor, head.id)
    return HandoffText(
        path=str(head.path), text=head.text, title=head.title, created_at=head.created_at, why_not=why_not
    )


def _why_not_ours(hook: Hook, monitor: Monitor | None, handoff_id: str) -> str:
    """Claim the handoff for this session; why it cannot have it, empty when it can."""
    if monitor is None or monitor.stores.journal.path is None:
        return "who was given it cannot be kept: see `quota-tui doctor`"
    database = monitor.stores.journal.db
    won = hook.attempt("claim", lambda: claim(database, handoff_id, hook.told.session_id, hook.now))
    return "" if won else "given to another session"
