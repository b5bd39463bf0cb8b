"""Use grouped for a report: by calendar spans of a zone, by windows, or by what the calls were for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo

from quota_tui.core.readings import WindowKind, set_aside
from quota_tui.core.report import UsageRow
from quota_tui.core.windows import FIVE_HOURS, FirstCallAt, five_hour_windows
from quota_tui.store.history import History
from quota_tui.store.journal import Journal
from quota_tui.store.reports import GROUPS, grouped, spans

GROUPINGS = ("day", "week", "month", "model", "project", "session", "window")
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_END = datetime(2100, 1, 1, tzinfo=UTC)
_TICK = timedelta(milliseconds=1)
_Range = tuple[str, datetime, datetime]


def usage_rows(
    history: History, journal: Journal, by: str, since: datetime | None, until: datetime | None, zone: tzinfo
) -> list[UsageRow]:
    """Rows of one grouping for `since <= at < until`: spans oldest first, others the largest first."""
    if by in GROUPS:
        return grouped(history, by, since, until)
    first = history.first_call_at(since or _BEGINNING)
    last = history.last_call_at(until or _END)
    if first is None or last is None or first > last:
        return []
    if by == "window":
        whole = _windows(history, journal, first, last, zone)
    else:
        whole = _calendar(by, first, last, zone, history.first_call_at)
    ranges = (
        (key, max(start, since) if since else start, min(end, until) if until else end)
        for key, start, end in whole
    )
    return spans(history, ranges)


def _windows(
    history: History, journal: Journal, first: datetime, last: datetime, zone: tzinfo
) -> Iterator[_Range]:
    readings, _ = set_aside(journal.readings(first - FIVE_HOURS), _END)
    resets = [reading.resets_at for reading in readings if reading.kind is WindowKind.FIVE_HOUR]
    for window in five_hour_windows(first, last + _TICK, resets, history.first_call_at):
        key = window.starts_at.astimezone(zone).isoformat(timespec="seconds")
        yield key, window.starts_at, window.resets_at


def _calendar(
    by: str, first: datetime, last: datetime, zone: tzinfo, first_call_at: FirstCallAt
) -> Iterator[_Range]:
    """Spans with calls in them: from one call to the next, for years may lie between."""
    call: datetime | None = first
    while call is not None and call <= last:
        day = _start(by, call.astimezone(zone).date())
        end = _midnight(_next(by, day), zone)
        yield _key(by, day), _midnight(day, zone), end
        call = first_call_at(max(end, call + _TICK))


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
