"""A ledger held in memory, and short ways to write readings."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from quota_tui.core.readings import Reading, ReadingSource, WindowKind
from quota_tui.core.usage import UsageTotals

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def at(hours: float) -> datetime:
    """So many hours after noon."""
    return NOON + timedelta(hours=hours)


class MemoryLedger:
    """Calls of `(at, usd)` or `(at, usd, model family)`, of so many tokens per dollar. Counts questions."""

    def __init__(self, calls: Iterable[tuple] = (), tokens_per_usd: float = 10_000) -> None:
        rows = sorted((call[0], call[1], call[2] if len(call) > 2 else "") for call in calls)
        self.times = [row[0] for row in rows]
        self.rows = rows
        self.tokens_per_usd = tokens_per_usd
        self.questions = 0

    def totals(self, start: datetime, end: datetime, model_family: str = "") -> UsageTotals:
        self.questions += 1
        inside = self.rows[bisect_left(self.times, start) : bisect_left(self.times, end)]
        costs = [usd for _, usd, family in inside if not model_family or family == model_family]
        return UsageTotals(round(sum(costs) * self.tokens_per_usd), 0, 0, 0, sum(costs), len(costs))

    def first_call_at(self, at_or_after: datetime) -> datetime | None:
        self.questions += 1
        index = bisect_left(self.times, at_or_after)
        return self.times[index] if index < len(self.times) else None


def told(
    hours: float,
    pct: float,
    resets: float = 4.0,
    session: str = "a",
    *,
    until: float | None = None,
    source: ReadingSource = ReadingSource.STATUS_LINE,
    kind: WindowKind = WindowKind.FIVE_HOUR,
    model: str = "",
) -> Reading:
    """A reading told `hours` after noon (and again `until`), of a window that resets at `resets`."""
    return Reading(
        at=at(hours),
        kind=kind,
        used_pct=pct,
        resets_at=at(resets),
        source=source,
        model=model,
        session_id=session,
        confirmed_at=None if until is None else at(until),
    )
