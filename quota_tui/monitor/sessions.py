"""Sessions with use today, and those that run now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from quota_tui.core.snapshot import SessionState
from quota_tui.sources.processes import live_sessions
from quota_tui.store.activity import sessions_since
from quota_tui.store.history import History

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def today_and_running(
    history: History, claude_dirs: Sequence[Path], midnight: datetime
) -> tuple[SessionState, ...]:
    """Running sessions first, then the others with calls since `midnight`; each by last activity."""
    found = {session.session_id: session for session in sessions_since(history, midnight)}
    for live in live_sessions(claude_dirs):
        known = found.get(live.session_id)
        if known is None:
            known = SessionState(session_id=live.session_id, project=live.project, last_at=live.started_at)
        found[live.session_id] = replace(
            known,
            project=live.project or known.project,
            name=live.name,
            running=True,
            pid=live.pid,
            status=live.status,
        )
    ordered = sorted(found.values(), key=lambda s: (s.running, s.last_at or _LONG_AGO), reverse=True)
    return tuple(ordered)
