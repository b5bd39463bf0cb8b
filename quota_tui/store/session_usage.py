"""What single sessions used, from the sums in the history file."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

import msgspec

from quota_tui.store.history import History


class SessionUse(msgspec.Struct, frozen=True):
    """Tokens (input + output + cache writes) of one session, its calls, and its first and last call."""

    tokens: int
    calls: int
    first_at: datetime
    last_at: datetime


def sessions_used(history: History, session_ids: Collection[str], since: datetime) -> dict[str, SessionUse]:
    """The use of sessions by id, of what lies after `since` (exact to 15 minutes); none without calls.

    `since` bounds the cost: the sums are ordered by time.
    """
    if not session_ids:
        return {}
    marks = ",".join("?" * len(session_ids))
    names = dict(
        history.db.execute(
            f"SELECT id, name FROM names WHERE name IN ({marks})", tuple(session_ids)
        ).fetchall()
    )
    if not names:
        return {}
    numbers = ",".join(str(int(number)) for number in names)
    rows = history.db.execute(
        "SELECT session, sum(input + output + write), sum(calls), min(first_ms), max(last_ms) FROM rollup"
        f" WHERE start_s>=? AND session IN ({numbers}) GROUP BY session",
        (int(since.timestamp()) // 900 * 900,),
    )
    return {
        names[number]: SessionUse(tokens, calls, _instant(first_ms), _instant(last_ms))
        for number, tokens, calls, first_ms, last_ms in rows
    }


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
