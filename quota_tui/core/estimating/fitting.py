"""Does a plan fit: now, after the reset, or in parts, and where to cut it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from quota_tui.core.estimating.estimate import PlanEstimate
from quota_tui.core.estimating.outlook import Outlook
from quota_tui.core.estimating.ranges import Range
from quota_tui.core.estimating.reasons import tokens_text
from quota_tui.core.estimating.update import Progress

SURE = 0.8
"""A plan or a part of it fits when it does in four of five cases."""


class Verdict(StrEnum):
    """Where a plan fits."""

    NOW = "now"
    AFTER_RESET = "after-reset"
    SPLIT = "split"
    UNKNOWN = "unknown"


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """`break_after` counts the open phases of the first part, None when the plan is not cut.

    Chances are 0-1, None when unknown. `text` is one line for a person.
    """

    verdict: Verdict
    chance_now: float | None = None
    chance_after_reset: float | None = None
    break_after: int | None = None
    first_part: Range | None = None
    text: str = ""


def chance(outlook: Outlook, room: Range) -> float:
    """The chance (0-1) that an amount fits into a room that is itself only known as a range."""
    below = outlook.chance_below
    return 0.25 * below(room.low) + 0.5 * below(room.median) + 0.25 * below(room.high)


def chance_inside(estimate: PlanEstimate, room: Range | None, hours_left: float | None) -> float | None:
    """The chance to finish inside the window: tokens in what is left of it, and work before its reset.

    Both hang on how large the work turns out to be, so the smaller chance counts. None without a room.
    """
    if room is None:
        return None
    enough = chance(estimate.outlook, room)
    if hours_left is None:
        return enough
    return min(enough, estimate.rates.hours_outlook(estimate.outlook).chance_below(hours_left))


def fits(estimate: PlanEstimate, five_hour_remaining: Range | None, next_window: Range | None = None) -> Fit:
    """Where a plan fits. Rooms are in tokens; None: not known.

    Now, when all of it fits what is left; else cut where the first part does; else after the reset, when it
    fits a full window; else cut to fit full windows.
    """
    now, later = (
        None if room is None else chance(estimate.outlook, room)
        for room in (five_hour_remaining, next_window)
    )
    if five_hour_remaining is None or now is None:
        return Fit(
            verdict=Verdict.UNKNOWN, chance_after_reset=later, text="what is left of the window is unknown"
        )
    if now >= SURE:
        text = f"fits what is left ({_percent(now)})"
        return Fit(verdict=Verdict.NOW, chance_now=now, chance_after_reset=later, text=text)
    cut = _break_after(estimate, five_hour_remaining)
    if cut:
        return _split(estimate, cut, "what is left", now, later)
    if later is None or next_window is None:
        text = f"may not fit what is left ({_percent(now)}); a full window's size is unknown"
        return Fit(verdict=Verdict.AFTER_RESET, chance_now=now, text=text)
    cut = _break_after(estimate, next_window) if later < SURE else None
    if cut:
        return _split(estimate, cut, "a full window", now, later)
    text = f"fits a full window after the reset ({_percent(later)})"
    if later < SURE:
        text = f"may not fit a full window ({_percent(later)}) and has no phase to break after"
    return Fit(verdict=Verdict.AFTER_RESET, chance_now=now, chance_after_reset=later, text=text)


def first_phases(estimate: PlanEstimate, count: int) -> Outlook:
    """The distribution of the tokens of the first `count` open phases (at least one)."""
    shares = [phase.share for phase in estimate.phases[:count]]
    return estimate.outlook.part(min(sum(shares), 1.0), shares, estimate.phase_noise)


def _break_after(estimate: PlanEstimate, room: Range) -> int | None:
    """The most phases that surely fit, fewer than all; None when not even the first does."""
    counts = range(len(estimate.phases) - 1, 0, -1)
    return next((count for count in counts if chance(first_phases(estimate, count), room) >= SURE), None)


def _split(estimate: PlanEstimate, count: int, where: str, now: float, later: float | None) -> Fit:
    part = first_phases(estimate, count).range
    about = _about(part)
    return Fit(
        verdict=Verdict.SPLIT,
        chance_now=now,
        chance_after_reset=later,
        break_after=count,
        first_part=part,
        text=f"break after phase {count}: {about} fits {where}",
    )


def _about(amount: Range) -> str:
    """As in "61k ± 20k", or with both bounds where ± would promise a symmetry that is not there."""
    half = (amount.high - amount.low) / 2
    if half <= amount.median / 2:
        return f"{tokens_text(amount.median)} ± {tokens_text(half)}"
    return f"≈ {tokens_text(amount.median)} ({tokens_text(amount.low)} to {tokens_text(amount.high)})"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} % of cases"


def chance_to_finish(progress: Progress, room: Range | None) -> float | None:
    """The chance that what a running session still takes fits into a room; None without one."""
    return None if room is None else chance(progress.outlook, room.shifted(progress.spent_tokens))
