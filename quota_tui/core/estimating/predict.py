"""What history says beforehand: which size goes well, which phases overrun, when quota lasts.

Counts of few cases are shrunk toward what is usual, and nothing is said of fewer than a handful.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo

import msgspec

from quota_tui.core.estimating.estimate import PlanEstimate
from quota_tui.core.estimating.fitting import chance_inside
from quota_tui.core.estimating.learn import Judged
from quota_tui.core.estimating.ranges import Range
from quota_tui.core.estimating.subject import PastSession, TaskType

OVERRUN = 1.2
"""A session or phase overran when it took more than this times its estimate: the yellow alert's threshold."""
FEWEST_SESSIONS = 15
FEWEST_WINDOWS = 10
FEWEST_PHASES = 4
USUAL_OVERRUN = 0.4
"""The share of phases above 1.2 times a median that is right, at the usual spread; stands for four phases."""
_USUAL_COUNT = 4.0
_LARGER = 0.1
PART_HOURS = 4
"""A day is looked at in six parts of so many hours."""


class BestSize(msgspec.Struct, frozen=True, kw_only=True):
    """Sessions expected to take so many tokens kept to their estimate most often.

    `kept_pct` of the `sessions` of this size took at most 1.2 times their estimate; `others_pct` of the rest.
    """

    low_tokens: int
    high_tokens: int
    sessions: int
    kept_pct: float
    others_pct: float


class Overrun(msgspec.Struct, frozen=True, kw_only=True):
    """A phase likely to overrun: the chance (0-1) that it takes more than 1.2 times its estimate."""

    phase: int
    name: str
    task_type: TaskType
    chance: float
    seen: int


class WindowOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """A five-hour window of the past: when it began, and whether quota lasted until its reset."""

    starts_at: datetime
    lasted: bool


class LastingTime(msgspec.Struct, frozen=True, kw_only=True):
    """Windows that begin from `from_hour` to `to_hour` (local) last most often; `lasted_pct` of `windows`."""

    from_hour: int
    to_hour: int
    windows: int
    lasted_pct: float
    others_pct: float


def best_session_size(record: Sequence[Judged]) -> BestSize | None:
    """The third of sessions, by expected size, that kept to its estimate most often.

    By expected size and not by actual: sessions that overran are large because they overran. None with
    fewer than fifteen sessions, or when no third is better than the others by a tenth.
    """
    if len(record) < FEWEST_SESSIONS:
        return None
    by_size = sorted(record, key=lambda each: each.expected.median)
    third = len(by_size) // 3
    parts = [by_size[:third], by_size[third:-third], by_size[-third:]]
    best = max(parts, key=lambda part: sum(map(_kept, part)) / len(part))
    others = [each for part in parts if part is not best for each in part]
    kept, rest = (sum(map(_kept, part)) / len(part) for part in (best, others))
    if kept < rest + _LARGER:
        return None
    return BestSize(
        low_tokens=round(best[0].expected.median),
        high_tokens=round(best[-1].expected.median),
        sessions=len(best),
        kept_pct=round(100 * kept, 1),
        others_pct=round(100 * rest, 1),
    )


def likely_overruns(estimate: PlanEstimate, history: Iterable[PastSession]) -> tuple[Overrun, ...]:
    """The open phases of a plan whose type overran more often than is usual, most likely first.

    Types of which fewer than four phases were seen are not spoken of.
    """
    seen: dict[TaskType, list[bool]] = {}
    for session in history:
        for past in session.phases:
            if past.estimated is not None and past.tokens > 0:
                over = past.tokens > OVERRUN * past.estimated.median
                seen.setdefault(past.task_type, []).append(over)
    found = []
    for place, phase in enumerate(estimate.phases):
        cases = seen.get(phase.task_type, [])
        share = (sum(cases) + _USUAL_COUNT * USUAL_OVERRUN) / (len(cases) + _USUAL_COUNT)
        if len(cases) >= FEWEST_PHASES and share > USUAL_OVERRUN:
            found.append(
                Overrun(
                    phase=place, name=phase.name, task_type=phase.task_type, chance=share, seen=len(cases)
                )
            )
    return tuple(sorted(found, key=lambda each: (-each.chance, each.phase)))


def chance_of_success(estimate: PlanEstimate, room: Range | None, hours_left: float | None) -> float | None:
    """The chance (0-1) that a plan is done within what is left of the window; None when that is unknown."""
    return chance_inside(estimate, room, hours_left)


def lasting_time(windows: Iterable[WindowOutcome], zone: tzinfo) -> LastingTime | None:
    """The part of the day in which quota lasts most often, in the user's own time zone.

    Shares are shrunk toward that of all windows. None with fewer than ten windows, when quota always
    or never lasted, or when no part is better than the rest by a tenth.
    """
    parts: dict[int, list[bool]] = {}
    for window in windows:
        parts.setdefault(window.starts_at.astimezone(zone).hour // PART_HOURS, []).append(window.lasted)
    everything = [lasted for part in parts.values() for lasted in part]
    if len(everything) < FEWEST_WINDOWS or all(everything) or not any(everything):
        return None
    usual = sum(everything) / len(everything)
    shrunk = {
        part: (sum(seen) + _USUAL_COUNT * usual) / (len(seen) + _USUAL_COUNT) for part, seen in parts.items()
    }
    best = max(sorted(shrunk), key=lambda part: shrunk[part])
    rest = len(everything) - len(parts[best])
    others = (sum(everything) - sum(parts[best])) / rest if rest else usual
    if not rest or shrunk[best] < others + _LARGER:
        return None
    return LastingTime(
        from_hour=best * PART_HOURS,
        to_hour=(best + 1) * PART_HOURS,
        windows=len(parts[best]),
        lasted_pct=round(100 * sum(parts[best]) / len(parts[best]), 1),
        others_pct=round(100 * others, 1),
    )


def _kept(judged: Judged) -> bool:
    return judged.tokens <= OVERRUN * judged.expected.median
