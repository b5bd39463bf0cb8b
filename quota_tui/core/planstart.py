"""When the next session begins, and whether what it should do fits: what the plan form says about both."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import msgspec

from quota_tui.core.handoff import (
    AFTER_RESET,
    START_AFTER_RESET,
    START_MANUAL,
    START_RESET,
    STARTS,
    Objective,
    instant,
    start_instant,
    total,
)
from quota_tui.core.words import Face, countdown, figure, moment, tokens

START_TIME = "time"
"""The choice of a time of one's own; in a handoff it is the time itself."""
CHOICES = (START_RESET, START_AFTER_RESET, START_TIME, START_MANUAL)

EXAMPLES = "18:45, tomorrow 9:00, Fri 9am, in 2h, 2026-11-21 09:00"
MOST_AHEAD = timedelta(days=366)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_IN = re.compile(r"(?:in|\+)\s*(?:(\d{1,4})\s*h(?:ours?|rs?)?)?\s*(?:(\d{1,5})\s*m(?:in(?:utes?)?)?)?")
_CLOCK = re.compile(r"(?:at\s+)?(\d{1,2})(?:[:.h](\d{2}))?\s*([ap]m)?")
_DAY = re.compile(r"(?:on\s+)?(today|tomorrow|\d{4}-\d{1,2}-\d{1,2}|[a-z]{3,9})[\s,t]+(.+)")


class Window(msgspec.Struct, frozen=True):
    """What the next window will hold, an estimate: median and 80 % range in tokens. None: not known."""

    tokens: int | None = None
    low: int | None = None
    high: int | None = None


class Verdict(msgspec.Struct, frozen=True):
    """The sum of the estimates and what it means. Words are alternatives, longest first.

    `fits` is None when that cannot be said, or not for certain.
    """

    amount: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    fits: bool | None = None


def choice_of(start: str) -> str:
    """Which of the four choices a handoff's start is; an empty one is the recommended one."""
    if not start:
        return START_AFTER_RESET
    return start if start in STARTS else START_TIME


def choice_words(choice: str, start: str, resets_at: datetime | None, now: datetime, face: Face) -> str:
    """`at reset 18:40`, `18:45, recommended`, `at Fri 09:00`, `by myself`."""
    if choice == START_MANUAL:
        return "by myself"
    if choice == START_TIME:
        at = instant(start) if choice_of(start) == START_TIME else None
        typed = start if choice_of(start) == START_TIME and start != START_TIME else ""
        return f"at {moment(at, now, face)}" if at else f"at {typed[:20] or '…'}"
    if resets_at is None:
        return "at the reset" if choice == START_RESET else "5 min after the reset, recommended"
    if choice == START_RESET:
        return f"at reset {moment(resets_at, now, face)}"
    return f"{moment(resets_at + AFTER_RESET, now, face)}, recommended"


def start_words(start: str, resets_at: datetime | None, now: datetime, face: Face) -> str:
    """How a start is understood: `Fri 20 Nov 18:45 CET, in 1h 11m`, or what is missing."""
    choice = choice_of(start)
    if choice == START_MANUAL:
        return "nothing is arranged: you start it"
    at = start_instant(start or START_AFTER_RESET, resets_at)
    if at is None:
        return f"no time: {EXAMPLES}" if choice == START_TIME else "the reset is not known yet"
    local = at.astimezone(face.zone)
    # Told once, not ticking: seconds would be wrong before they are read.
    left = countdown(at, now, tight=at - now < timedelta(hours=1))
    ahead = f"in {left}" if at > now else "that has passed"
    return (
        f"{local:%a} {local.day} {local:%b} {moment(at, at, face)} {local.tzname() or ''}".rstrip()
        + f", {ahead}"
    )


def read_time(text: str, now: datetime, zone: tzinfo) -> datetime | str:
    """A time as a person types it, in their zone; a sentence that says what is wrong when it is none.

    A clock time is the next one to come; a weekday is the next one, today if that time is still to come.
    """
    typed = " ".join(text.lower().split())
    if not typed or len(typed) > 60:
        return f"a time: {EXAMPLES}"
    try:
        at = _ahead(typed, now) or _dated(typed, now, zone) or _exact(text.strip(), typed, zone)
    except (ValueError, OverflowError):
        at = None
    if at is None:
        return f"not a time; write {EXAMPLES}"
    if at <= now:
        return "that time has passed"
    if at - now > MOST_AHEAD:
        return "that is more than a year away"
    return at


def typed_time(start: str, now: datetime, zone: tzinfo) -> str:
    """What an editor of a time begins with: short where the short form means the same."""
    at = instant(start)
    if at is None:
        return "" if start in (*STARTS, START_TIME) else start
    local = at.astimezone(zone)
    for form in (f"{local:%H:%M}", f"{local:%Y-%m-%d %H:%M}"):
        if read_time(form, now, zone) == at:
            return form
    return local.isoformat()


def verdict(objectives: Iterable[Objective], window: Window) -> Verdict:
    """The sum of the estimates against the next window: `≈33k (23–48k)`, `fits, 17 % of a window`."""
    sums = total(objectives)
    if sums is None:
        return Verdict()
    amount: tuple[str, ...] = (tokens(sums.tokens),)
    if sums.low is not None and sums.high is not None:
        amount = (f"≈{amount[0]} ({_span(sums.low, sums.high)})", f"≈{amount[0]}")
    part = f"{sums.counted} of {sums.open} estimated: " if sums.counted < sums.open else ""
    if not window.tokens:
        return Verdict(amount, (f"{part}a window's size is not known", f"{part}window unknown"))
    share = f"{figure(100 * sums.tokens / window.tokens)} %"
    if sums.tokens > window.tokens:
        holds = window_words(window)
        said = [f"does not fit: a window holds {each}" for each in holds]
        return Verdict(amount, (*said, "does not fit"), fits=False)
    least = window.tokens if window.low is None else window.low
    fits = max(sums.tokens, sums.high or 0) <= least
    said = ["fits" if fits else "may not fit"]
    said = [f"{part}{said[0]}, {share} of a window", f"{said[0]}, {share} of a window", f"{said[0]}, {share}"]
    return Verdict(amount, tuple(said), fits=True if fits else None)


def window_words(window: Window) -> tuple[str, ...]:
    """`≈200k (181–222k)`, `≈200k`; nothing when it is not known."""
    if not window.tokens:
        return ()
    middle = f"≈{tokens(window.tokens)}"
    if window.low is None or window.high is None:
        return (middle,)
    return f"{middle} ({_span(window.low, window.high)})", middle


def size_words(objective: Objective) -> tuple[str, ...]:
    """`≈15k (9–24k)`, `≈15k`; the person's own number is `15k`."""
    low, high = objective.tokens_low, objective.tokens_high
    if objective.tokens is None:
        return ()
    if low is None or high is None:
        return (tokens(objective.tokens),)
    middle = f"≈{tokens(objective.tokens)}"
    return f"{middle} ({_span(low, high)})", middle


def _span(low: int, high: int) -> str:
    """`9–24k`, `900–1.2k`."""
    first, second = (re.sub(r"\.0(?=\D?$)", "", tokens(end)) for end in (low, high))
    if first[-1:] == second[-1:] and first[-1:].isalpha():
        first = first[:-1]
    return f"{first}–{second}"


def _ahead(typed: str, now: datetime) -> datetime | None:
    found = _IN.fullmatch(typed)
    if found is None or not any(found.groups()):
        return None
    at = now + timedelta(hours=int(found[1] or 0), minutes=int(found[2] or 0))
    return at.replace(second=0, microsecond=0) + timedelta(minutes=1 if at.second or at.microsecond else 0)


def _dated(typed: str, now: datetime, zone: tzinfo) -> datetime | None:
    """A clock time, perhaps with a day before it."""
    day = _DAY.fullmatch(typed)
    clock = _clock(day[2] if day else typed)
    if clock is None:
        return None
    today = now.astimezone(zone).date()
    if day is None:
        days = [today, today + timedelta(days=1)]
    elif day[1] in {"today", "tomorrow"}:
        days = [today + timedelta(days=day[1] == "tomorrow")]
    elif day[1][0].isdigit():
        year, month, number = map(int, day[1].split("-"))
        days = [date(year, month, number)]
    else:
        names = [at for at, name in enumerate(_DAYS) if name.startswith(day[1])]
        if len(names) != 1:
            return None
        ahead = (names[0] - today.weekday()) % 7
        days = [today + timedelta(days=ahead), today + timedelta(days=ahead + 7)]
    times = [datetime.combine(each, clock, zone).astimezone(UTC) for each in days]
    return next((at for at in times if at > now), times[-1])


def _clock(typed: str) -> time | None:
    found = _CLOCK.fullmatch(typed.strip())
    if found is None or (found[2] is None and found[3] is None):
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (found[3] == "pm")
    return time(hour, minute)


def _exact(text: str, typed: str, zone: tzinfo) -> datetime | None:
    # A bare date or a bare number is no time of day.
    return instant(text, zone) if ":" in typed else None
