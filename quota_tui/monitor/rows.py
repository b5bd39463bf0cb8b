"""Use grouped for a report: by calendar spans of a zone, by windows, or by what the calls were for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo

from quota_tui.core.readings import WindowKind
from quota_tui.core.report import UsageRow
from quota_tui.core.windows import five_hour_windows
from quota_tui.store.history import History
from quota_tui.store.journal import Journal
from quota_tui.store.reports import GROUPS, grouped, spans

GROUPINGS = ("day", "week", "month", "model", "project", "session", "window")
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


def usage_rows(
    history: History, journal: Journal, by: str, since: datetime | None, until: datetime | None, zone: tzinfo
) -> list[UsageRow]:
    """Rows of one grouping for `since <= at < until`: spans oldest first, others the largest first."""
    if by in GROUPS:
        return grouped(history, by, since, until)
    first = history.first_call_at(since or _BEGINNING)
    last = history.last_call_at(until or datetime.max.replace(tzinfo=UTC))
    if first is None or last is None or first > last:
        return []
    if by == "window":
        return _by_window(history, journal, first, last, zone)
    ranges = (
        (key, max(start, since) if since else start, min(end, until) if until else end)
        for key, start, end in _calendar(by, first, last, zone)
    )
    return spans(history, ranges)


def _by_window(
    history: History, journal: Journal, first: datetime, last: datetime, zone: tzinfo
) -> list[UsageRow]:
    resets = [
        reading.resets_at
        for reading in journal.readings(first - timedelta(hours=5))
        if reading.kind is WindowKind.FIVE_HOUR
    ]
    windows = five_hour_windows(first, last + timedelta(milliseconds=1), resets, history.first_call_at)
    return spans(
        history,
        (
            (w.starts_at.astimezone(zone).isoformat(timespec="seconds"), w.starts_at, w.resets_at)
            for w in windows
        ),
    )


def _calendar(
    by: str, first: datetime, last: datetime, zone: tzinfo
) -> Iterator[tuple[str, datetime, datetime]]:
    day = _start(by, first.astimezone(zone).date())
    while (start := _midnight(day, zone)) <= last:
        following = _next(by, day)
        yield _key(by, day), start, _midnight(following, zone)
        day = following


def _start(by: str, day: date) -> date:
    if by == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if by == "month" else day


def _next(by: str, day: date) -> date:
    if by == "month":
        return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return day + timedelta(days=7 if by == "week" else 1)


def _key(by: str, day: date) -> str:
    if by == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02d}"
    return day.strftime("%Y-%m") if by == "month" else day.isoformat()


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
