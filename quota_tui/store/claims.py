"""Which session was given which handoff: one each, whoever asks first.

Kept in the journal, in a table of its own that is made when it is first needed, so that a journal of an
earlier version needs no migration.
"""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

from quota_tui.store.database import write

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS claims("
    "handoff TEXT PRIMARY KEY, session TEXT NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID"
)


def claim(db: sqlite3.Connection, handoff_id: str, session_id: str, now: datetime) -> bool:
    """Give a handoff to a session; whether it is this one's now. Of two that ask at once, one gets it.

    Raises sqlite3 errors: then nobody knows, and it must not be handed over whole.
    """
    with write(db):
        db.execute(_SCHEMA)
        db.execute(
            "INSERT OR IGNORE INTO claims VALUES(?, ?, ?)",
            (handoff_id, session_id, round(now.timestamp() * 1000)),
        )
        held = db.execute("SELECT session FROM claims WHERE handoff=?", (handoff_id,)).fetchone()
    return bool(held[0] == session_id)


def claims(db: sqlite3.Connection) -> dict[str, tuple[str, datetime]]:
    """(session, when) of every handoff that was given to one, by its id."""
    try:
        rows = db.execute("SELECT handoff, session, at_ms FROM claims").fetchall()
    except sqlite3.OperationalError:
        return {}  # no table yet: none was given
    return {handoff: (session, datetime.fromtimestamp(at_ms / 1000, UTC)) for handoff, session, at_ms in rows}


def release(db: sqlite3.Connection, handoff_id: str) -> None:
    """Forget who has a handoff, so that the next session gets it (again)."""
    with write(db):
        db.execute(_SCHEMA)
        db.execute("DELETE FROM claims WHERE handoff=?", (handoff_id,))
