"""Use grouped for reports, from the sums in the history file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from quota_tui.core.report import UsageRow
from quota_tui.core.usage import BAR_S, UsageTotals
from quota_tui.store.history import History, first_ms
from quota_tui.store.history_schema import MINUTES, ROLLUP_S, SUMS

GROUPS = ("model", "project", "session")
_FAR_MS = 1 << 50
_MS = 1000


def grouped(history: History, by: str, since: datetime | None, until: datetime | None) -> list[UsageRow]:
    """One row per model, project or session, the largest first.

    `active_minutes` adds up over sessions: two sessions busy in one minute count two.
    """
    assert by in GROUPS
    start, end = _ms(since, 0), _ms(until, _FAR_MS)
    inner, outer = _inside(start, end, ROLLUP_S * _MS)
    # Whole spans from their sums, the ends of the range from its calls.
    edges = (
        f"SELECT {by} AS who, {SUMS}, {MINUTES}, min(at_ms), max(at_ms) FROM calls"
        " WHERE counted AND at_ms>=? AND at_ms<? GROUP BY session, project, model"
    )
    rows = history.db.execute(
        "SELECT names.name, sum(input), sum(output), sum(write), sum(read), sum(cost), sum(calls),"
        " sum(minutes), min(first_ms), max(last_ms) FROM ("
        f"SELECT {by} AS who, input, output, write, read, cost, calls, minutes, first_ms, last_ms FROM rollup"
        f" WHERE start_s>=? AND start_s<? UNION ALL {edges} UNION ALL {edges}"
        ") JOIN names ON names.id=who GROUP BY who ORDER BY sum(input + output + write) DESC, names.name",
        (inner // _MS, outer // _MS, start, min(inner, end), max(outer, inner), end),
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
    """One row per (key, start, end) with use in it, in the given order; `first_at` and `last_at` its ends."""
    rows = []
    for key, start, end in ranges:
        totals = history.totals(start, end)
        if totals.calls:
            minutes = _active_minutes(history, _ms(start, 0), _ms(end, _FAR_MS))
            rows.append(UsageRow(key=key, totals=totals, active_minutes=minutes, first_at=start, last_at=end))
    return rows


def _active_minutes(history: History, start: int, end: int) -> int:
    inner, outer = _inside(start, end, BAR_S * _MS)
    whole = "SELECT coalesce(sum(minutes), 0) FROM bars WHERE start_s>=? AND start_s<?"
    minutes = history.db.execute(whole, (inner // _MS, outer // _MS)).fetchone()[0]
    edge = f"SELECT {MINUTES} FROM calls WHERE counted AND at_ms>=? AND at_ms<?"
    for first, last in ((start, min(inner, end)), (max(outer, inner), end)):
        minutes += history.db.execute(edge, (first, last)).fetchone()[0] if first < last else 0
    return int(minutes)


def _inside(start: int, end: int, span: int) -> tuple[int, int]:
    """The part of `[start, end)` that whole spans cover; where there is none, an empty one at `end`."""
    inner, outer = -(-start // span) * span, end // span * span
    return (inner, outer) if inner < outer else (end, end)


def _ms(at: datetime | None, default: int) -> int:
    return default if at is None else first_ms(at)


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / _MS, UTC)
