"""The five-minute bars of the last weeks, kept in memory: a refresh asks for those that changed."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, timedelta

from quota_tui.core.usage import BAR_S, Bar
from quota_tui.store.history import History

_AHEAD = timedelta(hours=2)
"""After a clock went back, the newest bars lie in the future."""


class RecentBars:
    """Bars of the last `days` days of one history."""

    def __init__(self, history: History, days: int) -> None:
        self._history = history
        self._days = timedelta(days=days)
        self._bars: list[Bar] = []
        self._valid_until_s = 0

    def forget(self, since_ms: int) -> None:
        """Calls at or after `since_ms` (Unix ms) have changed."""
        self._valid_until_s = min(self._valid_until_s, since_ms // 1000 // BAR_S * BAR_S)

    def at(self, now: datetime) -> list[Bar]:
        """The bars up to `now`, oldest first, sparse."""
        first = now - self._days
        start = max(first, datetime.fromtimestamp(self._valid_until_s, UTC))
        begin = bisect_left(self._bars, int(first.timestamp()) // BAR_S * BAR_S, key=_start)
        keep = bisect_left(self._bars, int(start.timestamp()) // BAR_S * BAR_S, key=_start)
        # Rounded down, so that the bar in which a range begins is never half a bar.
        start_s = int(start.timestamp()) // BAR_S * BAR_S
        new = self._history.bars(datetime.fromtimestamp(start_s, UTC), now + _AHEAD)
        self._bars = self._bars[begin:keep] + new
        self._valid_until_s = int(now.timestamp()) // BAR_S * BAR_S - BAR_S
        return self._bars


def _start(bar: Bar) -> int:
    return bar.start_s
