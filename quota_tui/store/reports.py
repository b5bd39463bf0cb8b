"""Use grouped for reports, from the sums in the history file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from quota_tui.core.report import UsageRow
from quota_tui.core.usage import UsageTotals
from quota_tui.store.history import History

GROUPS = ("model", "project", "session")
_SUMS = "sum(input), sum(output), sum(write), sum(read), sum(cost), sum(calls)"
_FAR_S = 1 << 40


def grouped(history: History, by: str, since: datetime | None, until: datetime | None) -> list[UsageRow]:
    """One row per model, project or session, the largest first. The range is exact to 15 minutes.

    `active_minutes` adds up over sessions: two sessions busy in one minute count two.
    """
    assert by in GROUPS
    rows = history.db.execute(
        f"SELECT names.name, {_SUMS}, sum(minutes), min(first_ms), max(last_ms) FROM rollup"
        f" JOIN names ON names.id={by} WHERE start_s>=? AND start_s<? GROUP BY {by}"
        " ORDER BY sum(input + output + write) DESC",
        (_seconds(since, 0), _seconds(until, _FAR_S)),
    )
    return [
        UsageRow(
            key=name,
            totals=UsageTotals(*sums),
            active_minutes=minutes,
            first_at=_instant(first_ms),
            last_at=_instant(last_ms),
        )
        for name, *sums, minutes, first_ms, last_ms in rows
    ]


def spans(history: History, ranges: Iterable[tuple[str, datetime, datetime]]) -> list[UsageRow]:
    """One row per (key, start, end) with use in it, in the given order."""
    rows = []
    for key, start, end in ranges:
        totals = history.totals(start, end)
        if totals.calls:
            minutes = history.db.execute(
                "SELECT coalesce(sum(minutes), 0) FROM bars WHERE start_s>=? AND start_s<?",
                (_seconds(start, 0), _seconds(end, _FAR_S)),
            ).fetchone()[0]
            rows.append(UsageRow(key=key, totals=totals, active_minutes=minutes, first_at=start, last_at=end))
    return rows


def _seconds(at: datetime | None, default: int) -> int:
    return default if at is None else int(at.timestamp())


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
