"""Use grouped by day, week, month, model, project, session or window."""

from __future__ import annotations

from datetime import datetime

import msgspec

from quota_tui.core.usage import UsageTotals


class UsageRow(msgspec.Struct, frozen=True, kw_only=True):
    """One group of calls. `key` is its label in the grouping that was asked for.

    `active_minutes` counts the minutes in which at least one call was made, so that a rate over it says
    how the work went and not how long the terminal stood open.
    """

    key: str
    totals: UsageTotals
    active_minutes: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None

    @property
    def tokens_per_active_minute(self) -> float | None:
        """Tokens per minute with a call in it; None without one."""
        return self.totals.total_tokens / self.active_minutes if self.active_minutes > 0 else None

    @property
    def cache_hit_share(self) -> float | None:
        """Cache reads as a share (0-1) of all that was read in; None when nothing was."""
        return self.totals.cache_hit_share

    @property
    def cost_per_call_usd(self) -> float | None:
        """Dollars per call at API prices; None without calls."""
        return self.totals.cost_usd / self.totals.calls if self.totals.calls > 0 else None
