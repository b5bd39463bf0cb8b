"""Which instants a scheduler is given: whole steps, rounded up, none in the past; and wall-clock times."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
SOON = timedelta(seconds=3)
"""A scheduler needs this long to take an entry before it is due."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOCALTIME = Path("/etc/localtime")


def to_come(instants: Iterable[datetime], now: datetime, step: timedelta) -> tuple[datetime, ...]:
    """The instants still to come, in order, rounded up to `step`: early wakes would do nothing.

    Of those that are over only the last matters (the launch), and it becomes one as soon as possible: a
    wake too many is harmless, one too few loses the job.
    """
    asked = sorted(each.astimezone(UTC) for each in instants)
    soonest = round_up(now.astimezone(UTC) + SOON, step)
    chosen = (each for each in asked if each > now or each == asked[-1])
    return tuple(sorted({max(round_up(each, step), soonest) for each in chosen}))


def round_up(at: datetime, step: timedelta) -> datetime:
    """The first whole step at or after an aware instant, in UTC."""
    steps = -((_EPOCH - at) // step)
    return _EPOCH + steps * step


def system_zone(file: Path = _LOCALTIME) -> tzinfo:
    """The machine's zone, which cron and launchd go by. `TZ` of a shell means nothing to them.

    Without the file it is UTC, as in the C library.
    """
    try:
        with file.open("rb") as handle:
            return ZoneInfo.from_file(handle, key=str(file))
    except (OSError, ValueError):
        return UTC


def wall(at: datetime, zone: tzinfo) -> datetime:
    """The wall-clock minute to give for a whole-minute instant.

    A time that the clocks show twice fires when it is shown first (cron's rule), which may be too early:
    for the second showing it is the first minute after, when every time is shown once again.
    """
    local = at.astimezone(zone)
    while local.fold and local.utcoffset() != local.replace(fold=0).utcoffset():
        at += MINUTE
        local = at.astimezone(zone)
    return local


def instant_of(month: int, day: int, hour: int, minute: int, near: datetime, zone: tzinfo) -> datetime | None:
    """When a wall-clock time without a year comes, in the year that brings it closest to `near` (UTC).

    None when the calendar has no such time.
    """
    found = []
    for year in (near.year - 1, near.year, near.year + 1):
        try:
            found.append(datetime(year, month, day, hour, minute, tzinfo=zone).astimezone(UTC))
        except ValueError:  # 29 February
            continue
    return min(found, key=lambda at: abs(at - near), default=None)
