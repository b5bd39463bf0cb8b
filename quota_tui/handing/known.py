"""Gather what is known of a session's work before anybody says a word: zero tokens, nothing invented."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path

import msgspec

from quota_tui.core.facts import SessionFacts
from quota_tui.core.handoff import Handoff, Quota
from quota_tui.core.planstart import Window
from quota_tui.core.proposal import Known
from quota_tui.core.ready import awaited
from quota_tui.core.snapshot import SessionState, Snapshot, WindowState
from quota_tui.handing.open_work import open_work
from quota_tui.sources.git import read_git
from quota_tui.sources.session_facts import read_session
from quota_tui.store.files import StoreError
from quota_tui.store.handoffs import Entry, Handoffs
from quota_tui.store.projects import same_project

NO_SESSION_SINCE = timedelta(hours=12)
"""Without a session, commits of this long count as the session's."""


def gather(
    snapshot: Snapshot,
    transcripts: Iterable[str],
    config_dirs: Sequence[Path],
    *,
    project: str = "",
    session_id: str = "",
    here: str = "",
) -> Known:
    """The facts for a handoff of `session_id`, else of the running or last session of `project`, else of all.

    `here` is the project when neither is given or known.
    `transcripts` are the paths that the index knows. Blocks on git and on one transcript. Never raises for
    what git or a transcript holds; what cannot be read is left out.
    """
    session = _session(snapshot.sessions, project or ("" if session_id else here), session_id)
    session_id = session_id or (session.session_id if session else "")
    facts = _facts(_transcript(transcripts, session_id), session_id)
    folder = project or facts.project or (session.project if session else "") or here
    if folder and not facts.project:
        facts = msgspec.structs.replace(facts, project=folder)
    since = facts.started_at or snapshot.now - NO_SESSION_SINCE
    phases, plan_file = open_work(config_dirs[0], folder) if config_dirs else ((), "")
    return Known(
        session=facts,
        git=read_git(folder, since),
        last=last_handoff(config_dirs, folder),
        phases=phases,
        plan_file=plan_file,
        quota=quota_of(snapshot),
    )


def quota_of(snapshot: Snapshot) -> Quota:
    """The quota as a handoff keeps it: of the window whose reset the next session waits for."""
    state = awaited(snapshot)
    return Quota(
        used_pct=state.used_pct,
        basis=state.basis.value,
        resets_at=state.resets_at,
        next_tokens=next_window(snapshot.five_hour).tokens,
    )


def next_window(five: WindowState) -> Window:
    """What the next five-hour window will hold, from what this one is worth."""
    if five.limit_tokens is None or not five.used_pct:
        return Window(five.limit_tokens)
    low = high = None
    if five.used_pct_low and five.used_pct_high:
        low = round(five.limit_tokens * five.used_pct / five.used_pct_high)
        high = round(five.limit_tokens * five.used_pct / five.used_pct_low)
    return Window(five.limit_tokens, low, high)


def last_handoff(config_dirs: Sequence[Path], project: str | None = None) -> Handoff | None:
    """The newest handoff, of one project where that is given, in any of the configuration folders.

    An empty project has none.
    """
    found: list[Entry] = []
    for config_dir in config_dirs:
        try:
            entry = Handoffs(config_dir).latest(project) if project != "" else None
        except StoreError:
            continue
        if entry is not None:
            found.append(entry)
    return max(found, key=lambda entry: entry.id).handoff if found else None


def _session(sessions: Sequence[SessionState], project: str, session_id: str) -> SessionState | None:
    """The running session, else the one active last; both as the snapshot orders them."""
    for session in sessions:
        if session_id and session.session_id != session_id:
            continue
        if project and (not session.project or not same_project(session.project, project)):
            continue
        return session
    return None


def _transcript(transcripts: Iterable[str], session_id: str) -> str:
    name = f"{session_id}.jsonl"
    found = [path for path in transcripts if os.path.basename(path) == name] if session_id else []
    return max(found, key=_modified, default="")


def _modified(path: str) -> float:
    try:
        return os.path.getmtime(path)
    except OSError:
        return 0.0


def _facts(transcript: str, session_id: str) -> SessionFacts:
    if transcript:
        try:
            return read_session(transcript)
        except OSError:
            pass  # deleted meanwhile: git and the last handoff still say something
    return SessionFacts(session_id=session_id)
