"""Who used what lately, from the sums in the history file."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from quota_tui.core.learning import percentile
from quota_tui.core.snapshot import SessionState
from quota_tui.core.usage import UsageTotals
from quota_tui.store.history import History

_CALLS_SAMPLED = 1000


def sessions_since(history: History, since: datetime) -> list[SessionState]:
    """Sessions with calls since an instant (exact to 15 minutes), the most recently active first."""
    rows = history.db.execute(
        "SELECT s.name, p.name, m.name, max(last_ms), sum(input), sum(output), sum(write), sum(read),"
        " sum(cost), sum(calls) FROM rollup JOIN names s ON s.id=session JOIN names p ON p.id=project"
        " JOIN names m ON m.id=model WHERE start_s>=? GROUP BY session, project, model ORDER BY 4 DESC",
        (int(since.timestamp()),),
    )
    found: dict[str, SessionState] = {}
    for session, project, model, last_ms, *sums in rows:
        used, known = UsageTotals(*sums), found.get(session)
        found[session] = (
            SessionState(
                session_id=session,
                project=project,
                model=model,
                last_at=datetime.fromtimestamp(last_ms / 1000, UTC),
                used=used,
            )
            if known is None
            else replace(known, used=known.used + used)
        )
    return list(found.values())


def session_sizes(history: History, since: datetime) -> list[int]:
    """Tokens of each session with calls since an instant."""
    rows = history.db.execute(
        "SELECT sum(input + output + write) FROM rollup WHERE start_s>=? GROUP BY session",
        (int(since.timestamp()),),
    )
    return [tokens for (tokens,) in rows]


def median_call_tokens(history: History) -> float | None:
    """Tokens of this user's median call, from the latest ones; None without any."""
    rows = history.db.execute(
        "SELECT input + output + write_5m + write_1h FROM calls WHERE counted ORDER BY at_ms DESC LIMIT ?",
        (_CALLS_SAMPLED,),
    ).fetchall()
    return percentile(sorted(tokens for (tokens,) in rows), 0.5) if rows else None
