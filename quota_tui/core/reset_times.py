"""When a limit resets, from words: "resets 6:07pm (UTC)", "resets Nov 24, 4:27am (America/New_York)".

The client prints minutes only, leaves ":00" out, adds the day only when it is far off, and names the zone
since 2.1. So the instant is the first one after the line was written that reads like the words in that
zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

import msgspec

_RESET = re.compile(r"\bresets?\b\s*(?:(?:at|on|in)\b)?[\s:]*", re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WHEN = re.compile(
    rf"(?:(?P<weekday>{'|'.join(_DAYS)})[a-z]*\b\.?,?\s*)?"
    rf"(?:(?P<month>{'|'.join(_MONTHS)})[a-z]*\.?\s+(?P<day>[0-9]{{1,2}})(?![0-9:])(?:,?\s+(?P<year>[0-9]{{4}})(?![0-9:]))?"
    r"[,\s]*(?:at\s+)?)?"
    r"(?:(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-9]{2})(?::[0-9]{2})?)?\s*(?P<half>[ap])\.?m\b\.?"
    r"|(?P<hour24>[0-9]{1,2}):(?P<minute24>[0-9]{2})(?![0-9]))?",
    re.IGNORECASE,
)
_ZONE = re.compile(r"\s*\(([A-Za-z][A-Za-z0-9_+\-/:]{0,60})\)")
_OFFSET = re.compile(r"(?:utc|gmt)([+-])([0-9]{1,2})(?::?([0-9]{2}))?", re.IGNORECASE)
_IN = re.compile(
    r"(?=[0-9])(?:([0-9]{1,3})\s*d[a-z]*\W{0,2})?(?:([0-9]{1,3})\s*h[a-z]*\W{0,2})?(?:([0-9]{1,4})\s*m[a-z]*)?",
    re.IGNORECASE,
)

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


class ResetTime(msgspec.Struct, frozen=True):
    """`approximate`: the zone was not known, or the words leave more than a minute open."""

    at: datetime
    approximate: bool = False


class _Words(msgspec.Struct, frozen=True):
    weekday: int | None
    year: int | None
    month: int | None
    day: int | None
    clock: time | None


def reset_in_text(text: str, after: datetime, local_zone: tzinfo) -> ResetTime | None:
    """The first reset the text names, as the first instant after `after` (aware) it can mean, in UTC.

    An hour that a clock change repeats means its earlier instant after `after`; one that it skips is
    shifted forward. When the words name the very minute (or day) that `after` lies in, the reset is that
    minute's (day's) end. None when the text names none, or none that exists. Never raises.
    """
    for found in _RESET.finditer(text):
        rest = text[found.end() :]
        try:
            reset = _relative(rest, after) if found[0].split()[-1].lower() == "in" else None
            reset = reset or _absolute(rest, after, local_zone)
        except (OverflowError, ValueError):  # beyond the calendar's first or last day
            continue
        if reset is not None:
            return reset
    return None


def _relative(rest: str, after: datetime) -> ResetTime | None:
    found = _IN.match(rest)
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes = (int(part or 0) for part in found.groups())
    span = timedelta(days=days, hours=hours, minutes=minutes)
    return ResetTime((after + span).astimezone(UTC), approximate=True) if span else None


def _absolute(rest: str, after: datetime, local_zone: tzinfo) -> ResetTime | None:
    found = _WHEN.match(rest)
    words = _read(found) if found is not None and found[0] else None
    if found is None or words is None:
        return None
    zone, known = local_zone, True
    named = _ZONE.match(rest, found.end())
    if named is not None:
        named_zone = _zone(named[1])
        zone, known = named_zone or local_zone, named_zone is not None
    grain = _MINUTE if words.clock is not None else _DAY
    for naive in _candidates(words, after.astimezone(zone).date()):
        for instant in _instants(naive, zone):
            if instant > after:
                return ResetTime(instant, approximate=not known or grain == _DAY)
            if instant + grain > after:
                return ResetTime(instant + grain, approximate=True)
    return None


def _read(found: re.Match[str]) -> _Words | None:
    """The parts as numbers; None when nothing is named or the clock is impossible."""
    hour, minute = found["hour"] or found["hour24"], found["minute"] or found["minute24"] or "0"
    clock = None
    if hour is not None:
        number = int(hour)
        if found["half"]:
            if not 1 <= number <= 12:
                return None
            number = number % 12 + (12 if found["half"].lower() == "p" else 0)
        if number > 23 or int(minute) > 59:
            return None
        clock = time(number, int(minute))
    month, weekday = found["month"], found["weekday"]
    if clock is None and month is None:
        return None
    return _Words(
        _DAYS.index(weekday.lower()) if weekday and not month else None,
        int(found["year"]) if found["year"] else None,
        _MONTHS.index(month.lower()) + 1 if month else None,
        int(found["day"]) if month else None,
        clock,
    )


def _candidates(words: _Words, today: date) -> Iterator[datetime]:
    """Naive local times that read like the words, in order, from yesterday (last year) on."""
    clock = words.clock or time()
    if words.month is not None and words.day is not None:
        # Eight years on there is a 29 February even across a century without one.
        years = (words.year,) if words.year else range(max(today.year - 1, 1), min(today.year + 9, 10000))
        for year in years:
            try:
                yield datetime.combine(date(year, words.month, words.day), clock)
            except ValueError:  # 29 February in a common year, 31 November
                continue
        return
    for ahead in range(-1, 9):
        day = today + timedelta(days=ahead)
        if words.weekday in {None, day.weekday()}:
            yield datetime.combine(day, clock)


def _instants(naive: datetime, zone: tzinfo) -> list[datetime]:
    """The UTC instants at which clocks in `zone` show `naive`, in order; a skipped one shifted forward."""
    first = naive.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None, fold=0) != naive:
        return [first]  # the offset from before the gap lands as far behind it as the words are inside it
    second = naive.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return sorted({first, second})


def _zone(name: str) -> tzinfo | None:
    """The zone of an IANA name or "UTC+2"; None when there is no such zone."""
    if name.upper() in {"UTC", "GMT", "Z"}:
        return UTC
    offset = _OFFSET.fullmatch(name)
    if offset is not None:
        span = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        return timezone(-span if offset[1] == "-" else span) if span < _DAY else None
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, malformed, or a folder of the database
        return None
