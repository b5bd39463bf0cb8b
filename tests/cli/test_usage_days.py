"""`usage` by day, week and month: every call on the day that its clock showed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quota_tui.core.usage import UsageRecord
from quota_tui.monitor.rows import usage_rows
from quota_tui.store.history import History
from quota_tui.store.journal import Journal
from tests.cli.test_usage import calls_at, rows


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        ("UTC", [("2026-11-19", 1), ("2026-11-20", 2)]),
        ("Asia/Kolkata", [("2026-11-20", 3)]),
        ("America/New_York", [("2026-11-19", 3)]),
        ("Pacific/Kiritimati", [("2026-11-20", 3)]),
    ],
)
def test_a_call_belongs_to_the_day_on_the_clock(home: Path, zone: str, days: list[tuple[str, int]]) -> None:
    calls_at(home, "2026-11-19T23:59:59.999Z", "2026-11-20T00:00:00.000Z", "2026-11-20T00:00:00.001Z")
    assert rows("--by", "day", "--timezone", zone) == days


@pytest.mark.parametrize(
    "zone", ["Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Chatham"]
)
def test_midnight_of_odd_zones(home: Path, zone: str) -> None:
    midnight = datetime(2026, 11, 20, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    tick = timedelta(milliseconds=1)
    calls_at(
        home, *[at.isoformat() for at in (midnight - tick, midnight, midnight + timedelta(days=1) - tick)]
    )
    assert rows("--by", "day", "--timezone", zone) == [("2026-11-19", 1), ("2026-11-20", 2)]
    assert rows("--by", "model", "--since", "2026-11-20", "--timezone", zone)[0][1] == 2
    assert rows("--by", "day", "--until", "2026-11-19", "--timezone", zone) == [("2026-11-19", 1)]


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_days_on_which_clocks_change(home: Path, day: str, hours: int) -> None:
    """A call at every half hour: a day has as many as it has half hours."""
    start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    calls_at(home, *[(start + timedelta(minutes=30 * i)).isoformat() for i in range(-4, 56)])
    found = dict(rows("--by", "day", "--timezone", "Europe/Berlin"))
    assert found[day] == 2 * hours
    assert sum(found.values()) == 60
    assert rows("--by", "day", "--since", day, "--until", day, "--timezone", "Europe/Berlin") == [
        (day, 2 * hours)
    ]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/Santiago", "2026-09-06", 23),  # there is no midnight on this day
        ("America/Havana", "2026-11-01", 25),  # midnight strikes twice
        ("Australia/Lord_Howe", "2026-10-04", 23.5),  # half an hour forward
        ("Pacific/Apia", "2011-12-31", 24),  # the day before was left out
    ],
)
def test_days_with_an_odd_midnight(home: Path, zone: str, day: str, hours: float) -> None:
    noon = datetime.fromisoformat(day + "T12:00").replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    calls_at(home, *[(noon + timedelta(minutes=15 * i)).isoformat() for i in range(-80, 80)])
    found = dict(rows("--by", "day", "--timezone", zone))
    assert found[day] == 4 * hours
    assert sum(found.values()) == 160
    assert "2011-12-30" not in found


def test_weeks_are_those_of_iso(home: Path) -> None:
    calls_at(home, "2026-12-31T12:00Z", "2027-01-03T23:59:59.999Z", "2027-01-04T00:00Z", "2025-12-29T00:00Z")
    assert rows("--by", "week") == [("2026-W01", 1), ("2026-W53", 2), ("2027-W01", 1)]


def test_months_in_a_zone(home: Path) -> None:
    calls_at(home, "2026-01-31T18:29:59.999Z", "2026-01-31T18:30Z", "2026-02-28T18:30Z", "2026-12-31T23:00Z")
    found = rows("--by", "month", "--timezone", "Asia/Kolkata")
    assert found == [("2026-01", 1), ("2026-02", 1), ("2026-03", 1), ("2027-01", 1)]


@given(
    st.lists(st.integers(0, 400 * 24 * 60), min_size=1, max_size=8),
    st.sampled_from(["UTC", "America/Santiago", "Asia/Kathmandu", "Europe/Berlin"]),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_calendar_rows_hold_every_call_once(minutes: list[int], zone_name: str) -> None:
    zone, history, journal = ZoneInfo(zone_name), History(None), Journal(None)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    instants = [start + timedelta(minutes=each) for each in sorted(set(minutes))]
    history.merge(
        UsageRecord(
            message_id=f"m{i}",
            request_id="r",
            at_ms=int(at.timestamp() * 1000),
            session_id="s",
            project="p",
            model="m",
        )
        for i, at in enumerate(instants)
    )
    days = [at.astimezone(zone).date() for at in instants]
    expected = {
        "day": [day.isoformat() for day in days],
        "week": ["{}-W{:02}".format(*day.isocalendar()[:2]) for day in days],
        "month": [f"{day:%Y-%m}" for day in days],
    }
    for by, keys in expected.items():
        found = usage_rows(history, journal, by, None, None, zone)
        assert [row.key for row in found] == sorted(set(keys))
        assert [row.totals.calls for row in found] == [keys.count(row.key) for row in found]
    windows = usage_rows(history, journal, "window", None, None, zone)
    assert sum(row.totals.calls for row in windows) == len(instants)
    history.close()
    journal.close()


@pytest.mark.parametrize(
    ("by", "keys"),
    [("day", ["1970-01-02", "2026-11-20", "2100-01-01"]), ("month", ["1970-01", "2026-11", "2100-01"])],
)
def test_calls_far_apart_cost_no_walk_over_the_years_between(by: str, keys: list[str]) -> None:
    history, journal = History(None), Journal(None)
    history.merge(
        UsageRecord(message_id=f"m{i}", request_id="r", at_ms=at, session_id="s", project="p", model="m")
        for i, at in enumerate([86_400_000, 1_795_168_800_000, 4_102_444_799_999])
    )
    asked: list[str] = []
    history.db.set_trace_callback(asked.append)
    assert [row.key for row in usage_rows(history, journal, by, None, None, ZoneInfo("Asia/Tokyo"))] == keys
    assert len(asked) < 60
    history.close()
    journal.close()
