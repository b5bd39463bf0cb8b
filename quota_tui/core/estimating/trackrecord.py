"""How good past estimates were. Shown with every new one, and never rounded up to an "accuracy"."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import msgspec

from quota_tui.core.estimating.learn import Judged

ENOUGH = 5
"""Estimates of one kind that are judged by themselves; with fewer all kinds are taken together."""
NEWEST = 200


class History(msgspec.Struct, frozen=True, kw_only=True):
    """The record of past estimates: the share of sessions inside their 80 % range, and the median of
    |estimated - actual| / actual. None without sessions. `shown` of them the person saw beforehand; the
    others are what would have been said from earlier sessions alone.
    """

    sessions: int = 0
    coverage_pct: float | None = None
    median_error_pct: float | None = None
    shown: int = 0


def history_of(record: Sequence[Judged], *, has_plan: bool | None = None) -> History:
    """The record of sessions with a plan, or without, or (None) of all; the newest 200."""
    kind = [each for each in record if has_plan is None or each.has_plan == has_plan]
    judged = (kind if len(kind) >= ENOUGH else list(record))[-NEWEST:]
    if not judged:
        return History()
    held = sum(each.expected.holds(each.tokens) for each in judged)
    return History(
        sessions=len(judged),
        coverage_pct=round(100 * held / len(judged), 1),
        median_error_pct=round(100 * median(error_of(each) for each in judged), 1),
        shown=sum(each.was_shown for each in judged),
    )


def error_of(judged: Judged) -> float:
    """How far the expected median was from what came, as a share of what came."""
    return abs(judged.expected.median - judged.tokens) / judged.tokens
