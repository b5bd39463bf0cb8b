"""What the calls of a tracked plan's spans add up to: folded from rows of (instant, tokens, cost)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace

from quota_tui.core.tracking.projection import project
from quota_tui.core.tracking.state import Burn, Tracking

LONGEST_GAP_MS = 15 * 60_000
"""Between two calls further apart nobody worked."""
RECENT_MS = 10 * 60_000
"""The burn rate now is that of so long."""

Call = tuple[int, int, float]
"""(Unix ms, tokens, cost in $)."""


class SpanUse(msgspec.Struct, frozen=True, gc=False):
    """The calls of a part of a span. `last_ms` is the last instant of work in it (its start before any)."""

    last_ms: int
    tokens: int = 0
    calls: int = 0
    cost_usd: float = 0.0
    work_ms: int = 0

    def with_calls(self, calls: Iterable[Call]) -> SpanUse:
        """With further calls, in order of time."""
        last, tokens, count, cost, work = self.last_ms, self.tokens, self.calls, self.cost_usd, self.work_ms
        for at, used, usd in calls:
            gap = at - last
            work += gap if 0 < gap <= LONGEST_GAP_MS else 0
            last = max(last, at)
            tokens += used
            count += 1
            cost += usd
        return SpanUse(last, tokens, count, cost, work)

    def until(self, end_ms: int) -> SpanUse:
        """With the time from the last call to the span's end, or to now."""
        gap = end_ms - self.last_ms
        return replace(self, work_ms=self.work_ms + gap) if 0 < gap <= LONGEST_GAP_MS else self


class Spent(msgspec.Struct, frozen=True):
    """The use of each span of a tracking, in their order, and the tokens of the last ten minutes."""

    spans: tuple[SpanUse, ...] = ()
    recent_tokens: int = 0


def with_spent(tracking: Tracking, spent: Spent, now: datetime) -> Tracking:
    """The tracking with what was counted: per phase, in all, and the rates. Raises nothing."""
    tokens: dict[str, int] = {}
    work: dict[str, int] = {}
    for span, use in zip(tracking.spans, spent.spans, strict=True):
        tokens[span.phase] = tokens.get(span.phase, 0) + use.tokens
        work[span.phase] = work.get(span.phase, 0) + use.work_ms
    phases = tuple(
        replace(phase, actual=tokens[phase.key], hours=_hours(work[phase.key]))
        if phase.key in tokens
        else phase
        for phase in tracking.phases
    )
    # Of phases without spans (a file that was edited) what the file says stands.
    other = sum(phase.actual for phase in phases if phase.key not in tokens)
    total = sum(tokens.values()) + other
    hours = _hours(sum(work.values())) + sum(phase.hours for phase in phases if phase.key not in work)
    cost = sum(use.cost_usd for use in spent.spans)
    counted = replace(tracking, phases=phases, total=total, hours=hours, cost_usd=round(cost, 6), as_of=now)
    burn = Burn(
        current=_rate(spent.recent_tokens, now, tracking) if tracking.is_open else 0.0,
        average=total / (hours * 60) if hours > 0 else None,
        projected_total=project(counted).total,
    )
    return replace(counted, burn=burn)


def _rate(recent: int, now: datetime, tracking: Tracking) -> float:
    """Tokens a minute over the last ten minutes, or since it began where that is less."""
    since_ms = (now - tracking.start).total_seconds() * 1000
    return recent / (min(max(since_ms, 60_000), RECENT_MS) / 60_000)


def _hours(ms: int) -> float:
    return round(ms / 3_600_000, 4)


def split_recent(calls: Sequence[Call], since_ms: int) -> tuple[Sequence[Call], Sequence[Call]]:
    """(calls before an instant, the others)."""
    at = next((index for index, call in enumerate(calls) if call[0] >= since_ms), len(calls))
    return calls[:at], calls[at:]
