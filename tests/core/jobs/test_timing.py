from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.jobs.timing import APART, Chosen, deadline_of, jitter, parse_at, span, staggered
from tests.core.jobs.kit import DUE, NOW, H, M, S

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
RESET = datetime(2026, 11, 20, 18, 40, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "at", "start"),
    [
        ("reset", RESET, "reset"),
        ("at the reset", RESET, "reset"),
        ("reset+5m", RESET + 5 * M, "reset+5m"),
        ("Reset + 300 s", RESET + 5 * M, "reset+5m"),
        ("reset+90s", RESET + 90 * S, "reset+1m30s"),
        ("reset+2h", RESET + 2 * H, "reset+2h"),
        ("+90s", NOW + 90 * S, "2026-11-20T18:35:30+01:00"),
        ("+2h30m", NOW + 150 * M, "2026-11-20T21:04:00+01:00"),
        ("+ 90m", NOW + 90 * M, "2026-11-20T20:04:00+01:00"),
        ("in 2h", NOW + 2 * H, "2026-11-20T20:34:00+01:00"),
        ("18:45", utc("2026-11-20 17:45"), "2026-11-20T18:45:00+01:00"),
        ("18:30", utc("2026-11-21 17:30"), "2026-11-21T18:30:00+01:00"),
        ("tomorrow 9am", utc("2026-11-21 08:00"), "2026-11-21T09:00:00+01:00"),
        ("2026-11-21T09:00", utc("2026-11-21 08:00"), "2026-11-21T09:00:00+01:00"),
        ("2026-11-21T09:00Z", utc("2026-11-21 09:00"), "2026-11-21T10:00:00+01:00"),
        ("2027-07-01 09:00", utc("2027-07-01 07:00"), "2027-07-01T09:00:00+02:00"),
    ],
)
def test_times(typed, at, start):
    assert parse_at(typed, NOW, BERLIN, RESET) == Chosen(at, start)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "a time: reset"),
        ("soon", "not a time; write reset, reset+5m"),
        ("reset+", "not a time"),
        ("reset+soon", "not a time"),
        ("reset-5m", "not a time"),
        ("+", "not a time"),
        ("+5", "not a time"),
        ("'; touch pwned; '", "not a time"),
        ("9" * 99, "a time: reset"),
        ("+0s", "has passed"),
        ("today 8:00", "has passed"),
        ("2020-01-01 8:00", "has passed"),
        ("+9999h", "more than a year"),
        ("2029-01-01 8:00", "more than a year"),
    ],
)
def test_what_is_no_time(typed, said):
    told = parse_at(typed, NOW, BERLIN, RESET)
    assert isinstance(told, str)
    assert said in told


def test_a_reset_that_is_unknown_or_long_past():
    assert (
        parse_at("reset+5m", NOW, BERLIN, None) == "the reset is not known yet: give a time, as 18:45 or +2h"
    )
    assert parse_at("reset+5m", NOW, BERLIN, NOW - 5 * M) == "that time has passed"
    assert parse_at("reset+5m", NOW, BERLIN, NOW - 4 * M) == Chosen(NOW + M, "reset+5m")


# -- the nights when the clocks change: Berlin and New York by an hour, Lord Howe by half of one


@pytest.mark.parametrize(
    ("zone", "now", "typed", "at", "note"),
    [
        (BERLIN, "2027-03-27 20:00", "2:30", "2027-03-28 01:30", "02:30 does not exist that night: 03:30 CEST is taken"),
        (BERLIN, "2027-03-27 20:00", "2027-03-28 02:30", "2027-03-28 01:30", "does not exist"),
        (BERLIN, "2027-03-27 20:00", "1:59", "2027-03-28 00:59", ""),
        (BERLIN, "2027-03-27 20:00", "3:00", "2027-03-28 01:00", ""),
        (BERLIN, "2027-10-30 20:00", "2:30", "2027-10-31 00:30", "comes twice that night: the first is taken, CEST"),
        (BERLIN, "2027-10-31 00:40", "2:30", "2027-10-31 01:30", "comes twice that night: the second is taken, CET"),
        (BERLIN, "2027-10-31 00:40", "today 2:30", "2027-10-31 01:30", "the second is taken, CET"),
        (BERLIN, "2027-10-31 01:10", "2:30", "2027-10-31 01:30", "the second is taken, CET"),
        (BERLIN, "2027-10-30 20:00", "3:00", "2027-10-31 02:00", ""),
        (BERLIN, "2027-10-30 20:00", "2027-10-31T02:30+01:00", "2027-10-31 01:30", ""),
        (NEW_YORK, "2027-03-14 01:00", "2:30", "2027-03-14 07:30", "02:30 does not exist that night: 03:30 EDT is taken"),
        (NEW_YORK, "2027-11-07 01:00", "1:30", "2027-11-07 05:30", "01:30 comes twice that night: the first is taken, EDT"),
        (NEW_YORK, "2027-11-07 05:45", "1:30am", "2027-11-07 06:30", "the second is taken, EST"),
        (LORD_HOWE, "2027-10-02 10:00", "2:15", "2027-10-02 15:45", "02:15 does not exist that night: 02:45 +11 is taken"),
        (LORD_HOWE, "2027-10-02 10:00", "2:30", "2027-10-02 15:30", ""),
        (LORD_HOWE, "2027-04-03 10:00", "1:45", "2027-04-03 14:45", "01:45 comes twice that night: the first is taken, +11"),
        (LORD_HOWE, "2027-04-03 14:50", "1:45", "2027-04-03 15:15", "the second is taken, +1030"),
    ],
)  # fmt: skip
def test_nights_when_the_clocks_change(zone, now, typed, at, note):
    chosen = parse_at(typed, utc(now), zone, None)
    assert isinstance(chosen, Chosen)
    assert chosen.at == utc(at)
    assert chosen.note.endswith(note) if note.startswith(("the", "comes")) else note in chosen.note
    assert bool(chosen.note) == bool(note)
    assert datetime.fromisoformat(chosen.start) == chosen.at


@pytest.mark.parametrize(
    ("zone", "now"),
    [(BERLIN, "2027-03-28 00:50"), (BERLIN, "2027-10-31 00:50"), (NEW_YORK, "2027-11-07 05:50"),
     (NEW_YORK, "2027-03-14 06:50"), (LORD_HOWE, "2027-04-03 14:50"), (LORD_HOWE, "2027-10-02 15:20")],
)  # fmt: skip
@pytest.mark.parametrize("typed", ["+2h30m", "+150m", "in 2h 30m"])
def test_a_span_is_as_long_in_every_night(zone, now, typed):
    chosen = parse_at(typed, utc(now), zone, None)
    assert isinstance(chosen, Chosen)
    assert (chosen.at, chosen.note) == (utc(now) + 150 * M, "")


@given(
    st.integers(0, 3 * 366 * 24 * 60).map(lambda minutes: NOW + minutes * M),
    st.sampled_from([BERLIN, NEW_YORK, LORD_HOWE]),
    st.times(),
)
def test_a_clock_time_is_the_next_one_that_the_clock_shows(now, zone, wanted):
    chosen = parse_at(f"{wanted:%H:%M}", now, zone, None)
    assert isinstance(chosen, Chosen)
    assert now < chosen.at <= now + 26 * H
    shown = f"{chosen.at.astimezone(zone):%H:%M}"
    assert shown == f"{wanted:%H:%M}" or "does not exist" in chosen.note


# -- seconds between jobs


@given(st.lists(st.integers(-600, 600), max_size=12), st.integers(-600, 600))
def test_staggered(offsets, offset):
    others, at = [DUE + each * S for each in offsets], DUE + offset * S
    found = staggered(at, others)
    assert found >= at
    assert all(abs(found - each) >= APART for each in others)
    candidates = [at, *(each + APART for each in others)]
    free = [each for each in candidates if each >= at and all(abs(each - other) >= APART for other in others)]
    assert found == min(free)


def test_jitter_is_the_jobs_own():
    found = {jitter(f"job-{number}") for number in range(200)}
    assert min(found) == timedelta(0)
    assert max(found) == 20 * S
    assert len(found) == 21
    assert jitter("api-1") == jitter("api-1")


def test_deadline_and_span():
    assert deadline_of(DUE) == DUE + 6 * H
    assert [span(each) for each in ("5m", "1h 5m 2s", "90 s", "", "5", "m", "5m5h")] == [
        5 * M, H + 5 * M + 2 * S, 90 * S, None, None, None, None,
    ]  # fmt: skip
