"""This machine's time zone, with its rules: instants of other dates come out right too."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

_ZERO = timedelta(0)


def local_zone() -> tzinfo:
    """The zone named by `$TZ` or `/etc/localtime`, else what the C library knows."""
    for name in (os.environ.get("TZ", "").removeprefix(":"), _linked_name()):
        if name:
            try:
                return ZoneInfo(name)
            except (ValueError, OSError, KeyError):
                continue
    return _SystemZone()


def _linked_name() -> str:
    try:
        target = os.readlink("/etc/localtime")
    except OSError:
        return ""
    return target.partition("zoneinfo/")[2]


class _SystemZone(tzinfo):
    """The C library's zone, for systems that do not name theirs."""

    def utcoffset(self, dt: datetime | None) -> timedelta:
        """Offset of a wall clock time."""
        return _ZERO if dt is None else timedelta(seconds=_wall(dt).tm_gmtoff)

    def dst(self, dt: datetime | None) -> timedelta:
        """An hour while the clocks are forward: nobody's rules need more here."""
        return timedelta(hours=1) if dt is not None and _wall(dt).tm_isdst > 0 else _ZERO

    def tzname(self, dt: datetime | None) -> str:
        """The abbreviation in force."""
        return time.tzname[0] if dt is None else _wall(dt).tm_zone

    def fromutc(self, dt: datetime) -> datetime:
        """The wall clock time of a UTC instant."""
        seconds = (dt.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
        local = time.localtime(seconds)
        wall = datetime(*local[:6], dt.microsecond, tzinfo=self)
        earlier = wall.replace(fold=0)
        return earlier if earlier.utcoffset() == timedelta(seconds=local.tm_gmtoff) else wall.replace(fold=1)


def _wall(dt: datetime) -> time.struct_time:
    guess = time.mktime((*dt.replace(tzinfo=None).timetuple()[:8], -1))
    found = time.localtime(guess)
    if dt.fold:
        later = time.localtime(guess + 3600)
        if later[:5] == dt.timetuple()[:5]:
            return later
    return found
