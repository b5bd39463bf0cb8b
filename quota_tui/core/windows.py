"""Five-hour and weekly windows: when they start, when they reset, and how that is known."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec

FIVE_HOURS = timedelta(hours=5)
WEEK = timedelta(days=7)
TICK = timedelta(microseconds=1)
"""Between two times that can be told apart: `[a + TICK, b + TICK)` is "after `a`, up to `b`". A call at the
very instant of a reading is in it, for the reading came with its reply."""
RESET_JITTER = timedelta(minutes=30)
"""Reported five-hour resets closer than this are one window's: texts round to the minute or the hour."""
WEEKLY_JITTER = timedelta(hours=12)
"""The same for weeks, which are not exactly 7 x 24 h."""
START_SLACK = timedelta(minutes=10)
"""Resets fall on ten-minute marks, so a window may have begun this much before `reset - 5 h`."""
_QUIET = timedelta(hours=1)
_PROBES = 7 * 24
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)

FirstCallAt = Callable[[datetime], datetime | None]
"""The first call on this machine at or after an instant."""


class Window(msgspec.Struct, frozen=True, gc=False):
    """`[starts_at, resets_at)`; `is_reported` when Anthropic said the reset, else derived from use."""

    starts_at: datetime
    resets_at: datetime
    is_reported: bool = False


def distinct_resets(reported_resets: Iterable[datetime], jitter: timedelta = RESET_JITTER) -> list[datetime]:
    """One reset per window, ascending: the median of those that differ by less than `jitter`."""
    groups: list[list[datetime]] = []
    for reset in sorted(reported_resets):
        if groups and reset - groups[-1][0] <= jitter:
            groups[-1].append(reset)
        else:
            groups.append([reset])
    return [group[(len(group) - 1) // 2] for group in groups]


def current_five_hour(
    now: datetime, reported_resets: Iterable[datetime], first_call_at: FirstCallAt
) -> Window | None:
    """The window that is open at `now`, or None: nothing was used since the last one ended.

    With a reported reset ahead it ends there. Else windows are walked on from the last reported reset, or
    from a nearer gap (see `_anchor`): each starts at the first call after the one before has ended.
    """
    resets = distinct_resets(reported_resets)
    if resets and resets[-1] > now:
        start = _reported_start(resets[-1], resets[-2] if len(resets) > 1 else None, first_call_at)
        return Window(min(start, now), resets[-1], is_reported=True)
    cursor = _anchor(now, resets, first_call_at)
    while True:
        start_at = first_call_at(cursor)
        if start_at is None or start_at > now:
            return None
        cursor = start_at + FIVE_HOURS
        if cursor > now:
            return Window(start_at, cursor)


def five_hour_windows(
    start: datetime, end: datetime, reported_resets: Iterable[datetime], first_call_at: FirstCallAt
) -> list[Window]:
    """Windows with calls in them that reach into `[start, end)`, ascending.

    They never overlap, and every call of the span lies in exactly one. A reported window that Anthropic
    ended early by starting the next, and a derived one that a reported one follows, end where the next
    begins. Costs two or three queries per window.
    """
    resets = distinct_resets(reported_resets)
    ends = [min(reset, after - FIVE_HOURS) for reset, after in pairwise(resets)] + resets[-1:]
    cursor, windows = _anchor(start, ends, first_call_at), list[Window]()
    while (call := first_call_at(cursor)) is not None and call < end:
        window = Window(call, call + FIVE_HOURS)
        if (index := bisect_right(ends, call)) < len(ends):
            reported_start = _reported_start(resets[index], cursor, first_call_at)
            if call < reported_start:
                window = Window(call, min(window.resets_at, reported_start))
            else:
                window = Window(reported_start, ends[index], is_reported=True)
        if window.resets_at > start:
            windows.append(window)
        cursor = window.resets_at
    return windows


def current_weekly(now: datetime, reported_resets: Iterable[datetime]) -> Window | None:
    """The week that is running at `now`; None when no weekly reset was ever reported.

    After the last reported reset has passed, the next ones are taken to follow every 7 days, and are not
    marked as reported.
    """
    resets = distinct_resets(reported_resets, WEEKLY_JITTER)
    if not resets:
        return None
    last = resets[-1]
    if last > now:
        start = _week_start(last, resets[-2] if len(resets) > 1 else None)
        return Window(min(start, now), last, is_reported=True)
    weeks = (now - last) // WEEK
    return Window(last + weeks * WEEK, last + (weeks + 1) * WEEK)


def weekly_windows(reported_resets: Iterable[datetime]) -> list[Window]:
    """The weeks that were reported, ascending and without overlap."""
    resets = distinct_resets(reported_resets, WEEKLY_JITTER)
    starts = [_week_start(*pair) for pair in zip(resets, [None, *resets], strict=False)]
    ends = [min(reset, after) for reset, after in zip(resets, starts[1:], strict=False)] + resets[-1:]
    return [Window(start, end, is_reported=True) for start, end in zip(starts, ends, strict=True)]


def _week_start(reset: datetime, before: datetime | None) -> datetime:
    """Seven days before the reset, or the reset before where that is about as long ago."""
    nominal = reset - WEEK
    return before if before is not None and abs(before - nominal) <= WEEKLY_JITTER else nominal


def _reported_start(reset: datetime, floor: datetime | None, first_call_at: FirstCallAt) -> datetime:
    """Five hours before the reset, or the call up to `START_SLACK` earlier that evidently opened it.

    That call must come after an hour of silence or after the end of the window before (`floor`).
    """
    nominal = reset - FIVE_HOURS
    quiet_from = nominal - _QUIET if floor is None else max(nominal - _QUIET, floor)
    call = first_call_at(quiet_from) if quiet_from < nominal else None
    return call if call is not None and nominal - START_SLACK <= call < nominal else nominal


def _anchor(before: datetime, ends: list[datetime], first_call_at: FirstCallAt) -> datetime:
    """An instant at or before `before` at which no derived window can be open.

    The last end of a reported window (`ends`, ascending), or the end of a nearer gap: five hours without a
    call outlast any window that began before them. Gaps are looked for hour by hour, so those of six hours
    (a night) are found surely. Work without one for a week, of which no reading tells either, is walked on
    from the Monday before (UTC): a made-up anchor, but one that stands still.
    """
    known = ends[index - 1] if (index := bisect_right(ends, before)) else None
    silent_until = before
    for hours in range(1, _PROBES + 1):
        probe = before - timedelta(hours=hours)
        if known is not None and probe <= known:
            return known
        call = first_call_at(probe)
        if call is not None and call < silent_until:
            silent_until = call
        if silent_until - probe >= FIVE_HOURS:
            return silent_until
    return _MONDAY + (before - timedelta(hours=_PROBES) - _MONDAY) // WEEK * WEEK
