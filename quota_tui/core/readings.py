"""What Anthropic itself said about a window, and which of it can be true."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from quota_tui.core.windows import FIVE_HOURS, RESET_JITTER, WEEK, WEEKLY_JITTER


class WindowKind(StrEnum):
    """The windows Anthropic limits. `OVERAGE` is the spending cap beyond the plan."""

    FIVE_HOUR = "five_hour"
    WEEKLY = "weekly"
    WEEKLY_MODEL = "weekly_model"
    OVERAGE = "overage"


class ReadingSource(StrEnum):
    """Who told us."""

    STATUS_LINE = "status line"
    LIMIT_LINE = "limit line"
    CLIENT = "client query"


class Reading(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`used_pct` (0-100) of one window, as Anthropic reported it.

    `at` is when this value was first told, `confirmed_at` when the same was told last (the journal keeps
    a repeated value once). `model` is the family name in lower case ("opus", "sonnet", "fable") for
    `WEEKLY_MODEL`, else empty. `session_id` is the session whose status line or transcript said it.
    """

    at: datetime
    kind: WindowKind
    used_pct: float
    resets_at: datetime
    source: ReadingSource
    model: str = ""
    session_id: str = ""
    confirmed_at: datetime | None = None

    @property
    def known_at(self) -> datetime:
        """The last instant at which the value was told."""
        return self.at if self.confirmed_at is None else max(self.at, self.confirmed_at)


FUTURE_TOLERANCE = timedelta(hours=2)
"""A clock that jumps back an hour leaves readings "from the future"; beyond this they are nonsense."""
FALL_STANDS = timedelta(minutes=10)
"""A fall inside one window is believed when it has stood this long, see `set_aside`."""
FULL_HOLDS_PCT = 5.0
"""A window reported full stays full against readings at most this much lower."""
_LENGTH = {
    WindowKind.FIVE_HOUR: FIVE_HOURS,
    WindowKind.WEEKLY: WEEK,
    WindowKind.WEEKLY_MODEL: WEEK,
    WindowKind.OVERAGE: timedelta(days=31),
}
_HOUR = timedelta(hours=1)
_NO_JUMP = timedelta(minutes=5)


def window_length(kind: WindowKind) -> timedelta:
    """Nominal length; the spending cap is monthly."""
    return _LENGTH[kind]


def reset_jitter(kind: WindowKind) -> timedelta:
    """Resets closer than this are the same window's (texts round them, weeks are not exactly 7 x 24 h)."""
    return RESET_JITTER if kind is WindowKind.FIVE_HOUR else WEEKLY_JITTER


def same_window(kind: WindowKind, one: datetime, other: datetime) -> bool:
    """Whether two reported resets are of one window."""
    return abs(one - other) <= reset_jitter(kind)


def plausible(kind: WindowKind, used_pct: float, resets_at: datetime, at: datetime) -> float | str:
    """The percentage to keep (0-100), or in words why this reading cannot be true.

    Values in (100, 101] and Unix times in the percentage field are seen in the wild; the first are 100.
    A reset must lie after `at` and at most one window length (and jitter) ahead.
    """
    furthest = window_length(kind) + reset_jitter(kind)
    if 0 <= used_pct <= 100 and at < resets_at <= at + furthest:
        return float(used_pct) + 0.0  # "+ 0.0": no minus zero
    checks = (
        (not math.isfinite(used_pct), "the percentage is not a number"),
        (used_pct < 0, f"the percentage is negative ({used_pct:g})"),
        (used_pct >= 1e9, "a time stands where the percentage belongs"),
        (used_pct > 101, f"the percentage is above 100 ({used_pct:g})"),
        (resets_at <= at, "the reset was already past"),
        (resets_at - at > furthest, "the reset is further away than the window is long"),
    )
    return next((reason for is_wrong, reason in checks if is_wrong), None) or 100.0


def told_at(reading: Reading, now: datetime) -> datetime:
    """When it was told: `at`, in whole hours moved back where the clock has jumped back since.

    A little ahead is no jump: it was told while `now` was being looked at.
    """
    ahead = reading.at - now
    if ahead <= _NO_JUMP:
        return min(reading.at, now)
    return reading.at - _HOUR * math.ceil(ahead / _HOUR)


def of_late(readings: Iterable[Reading], now: datetime) -> list[Reading]:
    """Those of the last two windows' time of each kind, and before that the ones with the last reset.

    Older ones say nothing about windows that are open, so that cost does not grow with the journal.
    """
    late = list[Reading]()
    last: dict[tuple[WindowKind, str], list[Reading]] = {}
    since = {kind: now - 2 * length for kind, length in _LENGTH.items()}
    for reading in readings:
        if reading.resets_at > since[reading.kind]:
            late.append(reading)
            continue
        older = last.setdefault((reading.kind, reading.model), [])
        if not older or reading.resets_at > older[0].resets_at:
            older[:] = [reading]
        elif reading.resets_at == older[0].resets_at:
            older.append(reading)
    return late + [reading for older in last.values() for reading in older]


Aside = tuple[Reading, str]
"""A reading that is not believed, and why, in words for `quota-tui doctor`."""


def set_aside(readings: Iterable[Reading], now: datetime) -> tuple[list[Reading], list[Aside]]:
    """Readings that are believed, and those that are not; both in the order they were told.

    Inside one window a percentage only rises, so a lower one is old news of a terminal whose client has
    not spoken to Anthropic lately. Likewise a reading of an earlier window than one already reported.
    Such a step back is believed as Anthropic's own correction when
    - its reporter (a session's status line, ...) had told something else before, so that it has fresh
      news (an idle terminal only repeats itself), and
    - that news, or what the same reporter says later, stands for `FALL_STANDS` while nobody tells
      anything as high that is news as well; or at once when the same reporter's reset has moved to
      later, too: a window that was reset early.
    A window reported full stays full against readings that are little lower (`FULL_HOLDS_PCT`): the
    status line says 99 right after a request was refused. After a correction, a terminal that repeats
    its higher value from before is old news.
    """
    groups: dict[tuple[WindowKind, str], list[Reading]] = {}
    aside: list[Aside] = []
    for reading in readings:
        verdict = plausible(reading.kind, reading.used_pct, reading.resets_at, reading.at)
        if reading.at > now + FUTURE_TOLERANCE:
            verdict = "it is dated in the future"
        if isinstance(verdict, str):
            aside.append((reading, verdict))
            continue
        clamped = verdict != reading.used_pct
        usable = msgspec.structs.replace(reading, used_pct=verdict) if clamped else reading
        groups.setdefault((reading.kind, reading.model), []).append(usable)
    kept: list[Reading] = []
    for group in groups.values():
        series = _Series(now)
        for reading in sorted(group, key=lambda each: _order(each, now)):
            series.add(reading)
        series.settle(None)
        series.refute()
        kept += series.kept
        aside += series.aside
    return (
        sorted(kept, key=lambda each: _order(each, now)),
        sorted(aside, key=lambda each: (_order(each[0], now), each[1])),
    )


_Order = tuple[datetime, float, datetime, datetime, str]


def _order(reading: Reading, now: datetime) -> _Order:
    """A total order, so that the result never depends on the order readings were stored in."""
    pct = -1.0 if math.isnan(reading.used_pct) else reading.used_pct
    names = f"{reading.source}\0{reading.session_id}\0{reading.kind}\0{reading.model}"
    return told_at(reading, now), pct, reading.resets_at, reading.known_at, names


class _Series:
    """One kind of window: what is believed so far, and lower readings that wait for proof."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.kept: list[Reading] = []
        self.aside: list[Aside] = []
        self.waiting: list[tuple[Reading, bool]] = []  # with: is it news from its reporter?
        self.last: dict[tuple[ReadingSource, str], Reading] = {}

    def add(self, reading: Reading) -> None:
        if self.waiting:
            self.settle(told_at(reading, self.now))
        reporter = (reading.source, reading.session_id)
        previous = self.last.get(reporter)
        self.last[reporter] = reading
        repeats = previous is not None and _step(reading, previous) == 0
        step = _step(reading, self.kept[-1]) if self.kept else 1
        if step > 0 and repeats:
            self.aside.append((reading, "repeats what was true before Anthropic lowered it"))
        elif step >= 0:
            if not repeats:
                self.refute()
            self.kept.append(reading)
        elif _holds_full(self.kept[-1], reading):
            self.aside.append((reading, "the window was already full"))
        elif previous is not None and _reset_early(previous, reading):
            self.refute()
            self.kept.append(reading)
        else:
            self.waiting.append((reading, previous is not None and not repeats))

    def settle(self, until: datetime | None) -> None:
        """Believe the first reporter whose lower readings have stood long enough by `until`."""
        first: dict[tuple[ReadingSource, str], Reading] = {}
        for reading, is_news in self.waiting:
            reporter = (reading.source, reading.session_id)
            if is_news:
                first.setdefault(reporter, reading)
            if reporter not in first:
                continue
            seen = told_at(reading, self.now) + (reading.known_at - reading.at)
            if until is not None:
                seen = min(seen, until)
            if seen - told_at(first[reporter], self.now) >= FALL_STANDS:
                self._believe(reporter, first[reporter])
                return

    def _believe(self, reporter: tuple[ReadingSource, str], since: Reading) -> None:
        start = told_at(since, self.now)
        while self.kept and told_at(self.kept[-1], self.now) > start:
            self.aside.append((self.kept.pop(), "repeats what was true before Anthropic lowered it"))
        waiting, self.waiting = self.waiting, []
        for reading, is_news in waiting:
            own = (reading.source, reading.session_id) == reporter
            if own and told_at(reading, self.now) >= start:
                self.kept.append(reading)
            else:
                self.waiting.append((reading, is_news))
        self.refute()

    def refute(self) -> None:
        """What waits is old news."""
        for reading, _ in self.waiting:
            older = not same_window(reading.kind, reading.resets_at, self.kept[-1].resets_at)
            why = "an older window than one already reported" if older else "lower than already reported"
            self.aside.append((reading, f"{why}: old news from another terminal"))
        self.waiting = []


def _step(reading: Reading, believed: Reading) -> int:
    """1: a later window, or more of the same; 0: the same; -1: an earlier window, or less."""
    if not same_window(reading.kind, reading.resets_at, believed.resets_at):
        return 1 if reading.resets_at > believed.resets_at else -1
    return (reading.used_pct > believed.used_pct) - (reading.used_pct < believed.used_pct)


def _holds_full(believed: Reading, reading: Reading) -> bool:
    same = same_window(reading.kind, reading.resets_at, believed.resets_at)
    return same and believed.used_pct >= 100 and reading.used_pct >= 100 - FULL_HOLDS_PCT


def _reset_early(previous: Reading, reading: Reading) -> bool:
    """The same reporter tells less with a reset that moved to later by more than rounding does."""
    moved = reading.resets_at - previous.resets_at
    return reading.used_pct < previous.used_pct and moved > timedelta(minutes=2)
