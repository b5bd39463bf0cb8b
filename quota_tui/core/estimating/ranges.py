"""A range of a quantity that is at least zero: what an estimate says instead of one number."""

from __future__ import annotations

from collections.abc import Callable

import msgspec


class Range(msgspec.Struct, frozen=True, gc=False):
    """A median and the bounds that hold the truth in about 80 % of cases; `low <= median <= high`."""

    low: float
    median: float
    high: float

    def mapped(self, change: Callable[[float], float]) -> Range:
        """Every number changed by the same rising function."""
        return Range(change(self.low), change(self.median), change(self.high))

    def scaled(self, factor: float) -> Range:
        """Every number times `factor` (>= 0)."""
        return Range(self.low * factor, self.median * factor, self.high * factor)

    def shifted(self, by: float) -> Range:
        """Every number plus `by`."""
        return Range(self.low + by, self.median + by, self.high + by)

    def holds(self, value: float) -> bool:
        """Whether the value lies inside, the bounds included."""
        return self.low <= value <= self.high
