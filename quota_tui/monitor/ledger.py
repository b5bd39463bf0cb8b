"""The calls of this machine, as the quota model asks for them."""

from __future__ import annotations

from datetime import datetime, timedelta

from quota_tui.core.usage import UsageTotals
from quota_tui.store.history import History

CLOCK_SLACK = timedelta(hours=2)
"""After a clock went back, the newest calls lie in the future: up to this far they count as made."""
_JUST_NOW = timedelta(seconds=1)


class MonitorLedger:
    """A history seen at `now`. Remembers its answers: one refresh asks some questions twice."""

    def __init__(self, history: History, now: datetime) -> None:
        self._history = history
        self._now = now
        self._known: dict[tuple[datetime, datetime, str], UsageTotals] = {}

    def totals(self, start: datetime, end: datetime, model_family: str = "") -> UsageTotals:
        """Sum of the calls with `start <= at < end`; up to now includes what the clock has yet to reach."""
        key = (start, end, model_family)
        if key not in self._known:
            until = end + CLOCK_SLACK if abs(end - self._now) <= _JUST_NOW else end
            self._known[key] = self._history.totals(start, until, model_family)
        return self._known[key]

    def first_call_at(self, at_or_after: datetime) -> datetime | None:
        """The first call at or after an instant; one in the near future happened now."""
        at = self._history.first_call_at(at_or_after)
        return min(at, self._now) if at is not None and self._now < at <= self._now + CLOCK_SLACK else at
