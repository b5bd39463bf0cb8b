"""A whole distribution of an amount, kept as a few quantiles: what ranges and chances are read from."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from math import exp, log

import msgspec

from quota_tui.core.estimating.ranges import Range

LEVELS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
"""The shares of cases that lie below the knots of an `Outlook`."""
LOW, HIGH = 0.1, 0.9
"""The bounds of every range: 80 % of cases lie between."""

_LOW_AT, _MID_AT, _HIGH_AT = LEVELS.index(LOW), LEVELS.index(0.5), LEVELS.index(HIGH)
_NORMAL_80 = 2.5631
_EDGE = 1 - LEVELS[-1]
_SMALLEST = 1e-12
_MIN_TAIL = 1e-3


class Outlook(msgspec.Struct, frozen=True, gc=False):
    """`knots[i]` is the logarithm of the amount below which `LEVELS[i]` of the cases lie; ascending.

    Between knots it is linear, beyond them exponential in the logarithm: a tail that never ends, because
    a session that passed every bound still goes on.
    """

    knots: tuple[float, ...]

    @property
    def range(self) -> Range:
        """The median and the bounds of 80 %."""
        return Range(exp(self.knots[_LOW_AT]), exp(self.knots[_MID_AT]), exp(self.knots[_HIGH_AT]))

    @property
    def middle(self) -> float:
        """The logarithm of the median."""
        return self.knots[_MID_AT]

    @property
    def spread(self) -> float:
        """Half of the 80 % range on log scale, as the standard deviation of a normal that wide."""
        return (self.knots[_HIGH_AT] - self.knots[_LOW_AT]) / _NORMAL_80

    def quantile(self, level: float) -> float:
        """The logarithm of the amount below which `level` (0-1) of the cases lie."""
        knots = self.knots
        if level >= LEVELS[-1]:
            return knots[-1] + self._upper * log(_EDGE / max(1 - level, _SMALLEST))
        if level <= LEVELS[0]:
            return knots[0] - self._lower * log(LEVELS[0] / max(level, _SMALLEST))
        right = bisect_right(LEVELS, level)
        part = (level - LEVELS[right - 1]) / (LEVELS[right] - LEVELS[right - 1])
        return knots[right - 1] + part * (knots[right] - knots[right - 1])

    def chance_below(self, amount: float) -> float:
        """The share (0-1) of cases that lie at or below `amount`."""
        if amount <= 0:
            return 0.0
        where, knots = log(amount), self.knots
        if where >= knots[-1]:
            return 1 - _EDGE * exp((knots[-1] - where) / self._upper)
        if where <= knots[0]:
            return LEVELS[0] * exp((where - knots[0]) / self._lower)
        right = bisect_left(knots, where)
        gap = knots[right] - knots[right - 1]
        return LEVELS[right - 1] + (LEVELS[right] - LEVELS[right - 1]) * (where - knots[right - 1]) / gap

    def moved(self, middle: float, stretch: float = 1.0) -> Outlook:
        """The same shape around another median (a logarithm), `stretch` times as wide."""
        here = self.middle
        return Outlook(tuple(middle + (knot - here) * stretch for knot in self.knots))

    def above(self, amount: float) -> Outlook:
        """What is left of it once it is known to be more than `amount`; never wider than before."""
        below = self.chance_below(amount)
        if below <= 0:
            return self
        least = log(amount)
        cut = self.mapped(lambda level: max(self.quantile(below + level * (1 - below)), least))
        if cut.spread <= self.spread:
            return cut
        narrower = self.spread / cut.spread
        return Outlook(tuple(least + (knot - least) * narrower for knot in cut.knots))

    def floored(self, amount: float) -> Outlook:
        """No knot below `amount`; nothing is said of it otherwise."""
        if amount <= 0:
            return self
        least = log(amount)
        return Outlook(tuple(max(knot, least) for knot in self.knots))

    def mapped(self, knot_at: Callable[[float], float]) -> Outlook:
        """An outlook whose knot at each level is what `knot_at`, a rising function, says."""
        return Outlook(tuple(knot_at(level) for level in LEVELS))

    def part(self, share: float, shares: Sequence[float], noise: float) -> Outlook:
        """Of a part (0-1) of the amount that consists of `shares`, each of which may lie off by `noise`.

        The doubt about shares vanishes as the part becomes the whole.
        """
        off = noise * max(1 - share, 0.0) * sum(each * each for each in shares) ** 0.5 / share
        return self.moved(self.middle + log(share), widening(self.spread, off))

    @property
    def _upper(self) -> float:
        return max((self.knots[-1] - self.knots[_HIGH_AT]) / log((1 - HIGH) / _EDGE), _MIN_TAIL)

    @property
    def _lower(self) -> float:
        return max((self.knots[_LOW_AT] - self.knots[0]) / log(LOW / LEVELS[0]), _MIN_TAIL)


def widening(spread: float, more: float) -> float:
    """By what an outlook of this spread is stretched when an independent spread comes on top."""
    return (1 + (more / spread) ** 2) ** 0.5 if spread > 0 else 1.0


def ranked(ascending: Sequence[float], level: float) -> float:
    """The conformal quantile: a further value of the same kind lies below it with chance `level`.

    Rank `level * (n + 1)`, interpolated; the ends where there are too few values for the level.
    """
    place = min(max(level * (len(ascending) + 1) - 1, 0.0), len(ascending) - 1.0)
    below = int(place)
    if below + 1 >= len(ascending):
        return ascending[-1]
    return ascending[below] + (place - below) * (ascending[below + 1] - ascending[below])
