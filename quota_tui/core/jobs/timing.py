"""When a job starts: what a person types after `--at`, and the seconds that keep jobs apart.

A wall clock time is read in the person's zone. In the nights when the clocks change it may not exist, or come
twice: then it is said which instant was taken.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo

import msgspec

from quota_tui.core.handoff import START_RESET
from quota_tui.core.jobs.job import DEADLINE_AFTER
from quota_tui.core.planstart import EXAMPLES, MOST_AHEAD, read_time

APART = timedelta(seconds=60)
"""Between the launches of different projects."""
JITTER_S = 20
"""Jobs that wait for the same reset come back up to this many seconds apart."""
AT_EXAMPLES = f"reset, reset+5m, +90s, +2h30m, {EXAMPLES}"

_RESET = re.compile(r"(?:at\s+)?(?:the\s+)?reset(?:\s*\+\s*(\S.*))?")
_SPAN = re.compile(r"(?:(\d{1,4})\s*h)?\s*(?:(\d{1,5})\s*m(?:in)?)?\s*(?:(\d{1,6})\s*s)?")
_RELATIVE = re.compile(r"in\b|\+")
_NOT_A_TIME = f"not a time; write {AT_EXAMPLES}"
_BACK = timedelta(hours=1)
_PASSED = "that time has passed"


class Chosen(msgspec.Struct, frozen=True):
    """An instant, as it was chosen: `start` is `reset`, `reset+90s` or an ISO 8601 time in the person's zone.

    `note` says which instant was taken when the clock time does not exist or comes twice.
    """

    at: datetime
    start: str
    note: str = ""


def parse_at(text: str, now: datetime, zone: tzinfo, resets_at: datetime | None) -> Chosen | str:
    """What `--at` means; a sentence that says what is wrong when it means nothing.

    `reset`, `reset+5m`, `reset+90s`; `+90s`, `+2h30m`; everything that `core.planstart.read_time` reads.
    """
    typed = " ".join(text.lower().split())
    if not typed or len(typed) > 60:
        return f"a time: {AT_EXAMPLES}"
    reset = _RESET.fullmatch(typed)
    if reset is not None:
        return _after_reset(reset[1], now, resets_at)
    if typed.startswith("+"):
        ahead = span(typed[1:])
        if ahead is None:
            return _NOT_A_TIME
        return _checked(Chosen(now + ahead, _iso(now + ahead, zone)), now)
    at = read_time(text, now, zone)
    if isinstance(at, str) and at != _PASSED:
        return _NOT_A_TIME if at.startswith("not a time") else at
    # Of a time that comes twice the second one may be still to come.
    return _on_the_clock(text, at if isinstance(at, datetime) else None, now, zone) or _PASSED


def span(text: str) -> timedelta | None:
    """`5m`, `90s`, `2h30m`; None for anything else, also for none at all."""
    found = _SPAN.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def deadline_of(launch_at: datetime) -> datetime:
    """The last instant at which a wake still starts it."""
    return launch_at + DEADLINE_AFTER


def jitter(job_id: str) -> timedelta:
    """0 to `JITTER_S` seconds, always the same for one job."""
    return timedelta(seconds=zlib.crc32(job_id.encode()) % (JITTER_S + 1))


def staggered(at: datetime, others: Iterable[datetime]) -> datetime:
    """The first instant from `at` on that is `APART` or more from every launch of another job."""
    for taken in sorted(others):
        if abs(taken - at) < APART:
            at = taken + APART
    return at


def _after_reset(plus: str | None, now: datetime, resets_at: datetime | None) -> Chosen | str:
    after = span(plus) if plus else timedelta(0)
    if after is None:
        return _NOT_A_TIME
    if resets_at is None:
        return "the reset is not known yet: give a time, as 18:45 or +2h"
    start = f"{START_RESET}+{_compact(after)}" if after else START_RESET
    return _checked(Chosen(resets_at + after, start), now)


def _checked(chosen: Chosen, now: datetime) -> Chosen | str:
    if chosen.at <= now:
        return _PASSED
    return "that is more than a year away" if chosen.at - now > MOST_AHEAD else chosen


def _on_the_clock(text: str, at: datetime | None, now: datetime, zone: tzinfo) -> Chosen | None:
    """The instant of a clock time; `at` is what it is without a look at nights when the clocks change.

    The same text read as if the zone had no such nights gives the wall clock time that was meant.
    """
    plain = None if at is None else Chosen(at, _iso(at, zone))
    if _RELATIVE.match(text.strip().lower()) or _names_offset(text):
        return plain
    wall_now = now.astimezone(zone).replace(tzinfo=UTC, fold=0)
    # A clock that goes back an hour makes a passed time one that is still to come.
    for wall, only_twice in (
        (read_time(text, wall_now - _BACK, UTC), True),
        (read_time(text, wall_now, UTC), False),
    ):
        if isinstance(wall, datetime):
            naive = wall.replace(tzinfo=None)
            first, second = (naive.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
            twice = first < second
            chosen = _taken(naive, [first, second] if twice else [first], now, zone)
            if chosen is not None and (twice or not only_twice):
                return chosen
    return plain


def _taken(naive: datetime, real: list[datetime], now: datetime, zone: tzinfo) -> Chosen | None:
    """The first of a wall clock time's instants that is to come, and what is to be said about it."""
    at = next((each for each in real if each > now), None)
    if at is None:
        return None
    local, note = at.astimezone(zone), ""
    if local.replace(tzinfo=None) != naive:
        note = f"{naive:%H:%M} does not exist that night: {local:%H:%M} {local.tzname()} is taken"
    elif len(real) > 1:
        which = "first" if at == real[0] else "second"
        note = f"{naive:%H:%M} comes twice that night: the {which} is taken, {local.tzname()}"
    return Chosen(at, _iso(at, zone), note)


def _names_offset(text: str) -> bool:
    try:
        return datetime.fromisoformat(text.strip()).tzinfo is not None
    except ValueError:
        return False


def _iso(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds")


def _compact(length: timedelta) -> str:
    """`5m`, `1m30s`, `2h30m`."""
    total = int(length.total_seconds())
    parts = ((total // 3600, "h"), (total % 3600 // 60, "m"), (total % 60, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count)
