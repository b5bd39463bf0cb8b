"""What 100 % of a window is taken to be where no reading says it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from quota_tui.core.learning import PastWindow, PctPerUsd, limit_from_history, limit_from_hits
from quota_tui.core.readings import WindowKind
from quota_tui.core.snapshot import Basis

PRESETS = {"pro": 19_000, "max5": 88_000, "max20": 220_000}
"""Tokens of a five-hour window by plan, as they circulate. Anthropic publishes none: guesses."""


class QuotaSettings(Protocol):
    """What `[quota]` in the settings must offer."""

    @property
    def limit_tokens(self) -> int: ...
    @property
    def weekly_limit_tokens(self) -> int: ...
    @property
    def plan(self) -> str: ...


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """100 %, in $ (with bounds) or in tokens (then `usd` is 0)."""

    basis: Basis
    usd: float = 0.0
    usd_low: float = 0.0
    usd_high: float = 0.0
    tokens: int = 0
    note: str = ""

    def rate(self, tokens_per_usd: float | None) -> PctPerUsd | None:
        """%-per-dollar as this limit implies it; None in tokens when their price is not known."""
        if not self.tokens:
            return PctPerUsd(100.0 / self.usd, 100.0 / self.usd_high, 100.0 / self.usd_low, 0)
        if tokens_per_usd is None:
            return None
        value = 100.0 * tokens_per_usd / self.tokens
        return PctPerUsd(value, value, value, 0)


def known_limit(kind: WindowKind, past: Sequence[PastWindow], settings: QuotaSettings) -> Limit | None:
    """The best of: what limit hits cost, the user's own figure, a plan's preset, the user's history."""
    if hits := limit_from_hits(past):
        return Limit(basis=Basis.LIMIT_HIT, usd=hits.usd, usd_low=hits.usd_low, usd_high=hits.usd_high)
    is_short = kind is WindowKind.FIVE_HOUR
    own = settings.limit_tokens if is_short else settings.weekly_limit_tokens
    if own > 0 and kind is not WindowKind.WEEKLY_MODEL:
        return Limit(basis=Basis.CONFIGURED, tokens=own)
    if is_short and settings.plan in PRESETS:
        note = f"a guess: figures for the plan {settings.plan} circulate, Anthropic publishes none"
        return Limit(basis=Basis.GUESS, tokens=PRESETS[settings.plan], note=note)
    if largest := limit_from_history(past):
        note = f"a guess from your {largest.windows} completed windows, not a limit Anthropic told"
        usd, low, high = largest.usd, largest.usd_low, largest.usd_high
        return Limit(basis=Basis.GUESS, usd=usd, usd_low=low, usd_high=high, note=note)
    return None
