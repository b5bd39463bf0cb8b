from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.reset_times import reset_in_text

AT = datetime(2026, 11, 20, 17, 7, 28, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")
BERLIN = ZoneInfo("Europe/Berlin")
INSTANTS = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "after", "expected"),
    [
        ("resets 6:07pm (UTC)", AT, utc(2026, 11, 20, 18, 7)),
        ("resets 12am (UTC)", AT, utc(2026, 11, 21)),
        ("resets 12pm (UTC)", AT, utc(2026, 11, 21, 12)),
        ("resets 3pm (America/Los_Angeles)", AT, utc(2026, 11, 20, 23)),
        ("resets 8:30\u202fPM (Asia/Kolkata)", AT, utc(2026, 11, 21, 15)),
        ("resets 18:30 (UTC)", AT, utc(2026, 11, 20, 18, 30)),
        ("resets 3pm (UTC+2)", AT, utc(2026, 11, 21, 13)),
        ("resets 3pm (Etc/GMT+5)", AT, utc(2026, 11, 20, 20)),
        ("resets Nov 24, 4:27am (America/New_York)", AT, utc(2026, 11, 24, 9, 27)),
        ("resets Nov 24 at 4am (UTC)", AT, utc(2026, 11, 24, 4)),
        ("resets Nov 24, 2027, 4am (UTC)", AT, utc(2027, 11, 24, 4)),
        ("resets Mon 4am (UTC)", AT, utc(2026, 11, 23, 4)),
        ("resets Friday, 4am (UTC)", AT, utc(2026, 11, 27, 4)),
        # The year turns.
        ("resets Jan 2, 3am (UTC)", utc(2026, 12, 30, 9), utc(2027, 1, 2, 3)),
        ("resets Jan 2, 3am (America/New_York)", utc(2027, 1, 1, 2), utc(2027, 1, 2, 8)),
        ("resets Dec 31, 11pm (America/New_York)", utc(2026, 12, 31, 9), utc(2027, 1, 1, 4)),
        ("resets 1am (UTC)", utc(2026, 12, 31, 23), utc(2027, 1, 1, 1)),
        # 29 February, in a leap year, before one, and across 2100, which has none.
        ("resets Feb 29, 4am (UTC)", utc(2028, 2, 27), utc(2028, 2, 29, 4)),
        ("resets Feb 29, 4am (UTC)", utc(2026, 2, 27), utc(2028, 2, 29, 4)),
        ("resets Feb 29, 4am (UTC)", utc(2096, 3, 1), utc(2104, 2, 29, 4)),
        # Clocks go back on 1 November 2026 at 2:00 in New York: 1:30 happens twice.
        ("resets 1:30am (America/New_York)", utc(2026, 11, 1, 4), utc(2026, 11, 1, 5, 30)),
        ("resets 1:30am (America/New_York)", utc(2026, 11, 1, 5, 45), utc(2026, 11, 1, 6, 30)),
        ("resets 1:30am (America/New_York)", utc(2026, 11, 1, 6, 45), utc(2026, 11, 2, 6, 30)),
        ("resets 3am (America/New_York)", utc(2026, 11, 1, 4), utc(2026, 11, 1, 8)),
        # Clocks go forward on 14 March 2027: 2:30 does not happen; it means 3:30.
        ("resets 2:30am (America/New_York)", utc(2027, 3, 14, 5), utc(2027, 3, 14, 7, 30)),
        ("resets Mar 14, 2:30am (America/New_York)", utc(2027, 3, 12), utc(2027, 3, 14, 7, 30)),
        ("resets 4am (America/New_York)", utc(2027, 3, 14, 5), utc(2027, 3, 14, 8)),
        # Far from UTC the local day is another one.
        ("resets 1am (Pacific/Auckland)", utc(2026, 11, 20, 11), utc(2026, 11, 20, 12)),
        ("resets Nov 21, 1am (Pacific/Auckland)", utc(2026, 11, 20, 11), utc(2026, 11, 20, 12)),
    ],
)
def test_a_reset_in_words_is_the_first_such_instant_in_its_zone(words, after, expected):
    reset = reset_in_text(f"You've hit your limit · {words}", after, BERLIN)
    assert reset is not None
    assert (reset.at, reset.approximate) == (expected, False)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        (BERLIN, utc(2026, 11, 20, 17, 17)),
        (NEW_YORK, utc(2026, 11, 20, 23, 17)),
        (timezone(timedelta(hours=5, minutes=30)), utc(2026, 11, 21, 12, 47)),
    ],
)
def test_without_a_zone_the_words_are_local(zone, expected):
    reset = reset_in_text("Session limit reached ∙ resets 6:17pm", AT, zone)
    assert reset is not None
    assert (reset.at, reset.approximate) == (expected, False)


@pytest.mark.parametrize("name", ["Nowhere/Town", "PST8XYZ", "America", "UTC/", "GMT+99", "../../etc/passwd"])
def test_an_unknown_zone_is_taken_for_local_and_marked(name):
    reset = reset_in_text(f"resets 6:17pm ({name})", AT, NEW_YORK)
    assert reset is not None
    assert reset.at == utc(2026, 11, 20, 23, 17)
    assert reset.approximate is (not name.startswith(".."))  # that one is no zone's name at all


def test_within_the_named_minute_the_reset_is_that_minutes_end():
    # The client drops the seconds: "6:07pm" stood for an instant between 18:07:00 and 18:07:59.
    reset = reset_in_text("resets 6:07pm (UTC)", utc(2026, 11, 20, 18, 7, 20), UTC)
    assert reset is not None
    assert (reset.at, reset.approximate) == (utc(2026, 11, 20, 18, 8), True)


def test_a_day_without_a_clock_is_marked():
    reset = reset_in_text("Weekly limit reached ∙ resets Nov 24", AT, UTC)
    assert reset is not None
    assert (reset.at, reset.approximate) == (utc(2026, 11, 24), True)
    today = reset_in_text("Weekly limit reached ∙ resets Nov 20", AT, UTC)
    assert today is not None
    assert (today.at, today.approximate) == (utc(2026, 11, 21), True)


def test_a_span_counts_from_the_line():
    reset = reset_in_text("resets in 1d 2h 5m", AT, UTC)
    assert reset is not None
    assert (reset.at, reset.approximate) == (AT + timedelta(days=1, hours=2, minutes=5), True)


@pytest.mark.parametrize(
    "words",
    [
        "resets",
        "resets soon",
        "resets 13pm",
        "resets 0am",
        "resets 25:00",
        "resets 6",
        "resets Nov 31, 4am (UTC)",
        "resets monthly",
        "resets in a while",
        "preset 6pm",
        "resets Nov",
        "resets Mon",
        "resets 18:75",
    ],
)
def test_words_without_an_existing_time_name_none(words):
    assert reset_in_text(words, AT, UTC) is None


def test_a_later_mention_is_read_when_the_first_says_nothing():
    reset = reset_in_text("it resets monthly; your weekly limit resets Nov 24, 4am (UTC)", AT, UTC)
    assert reset is not None
    assert reset.at == utc(2026, 11, 24, 4)


@pytest.mark.parametrize("after", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_the_calendars_ends_do_not_raise(after):
    for words in (
        "resets 6pm (Asia/Tokyo)",
        "resets Nov 24, 4am (America/New_York)",
        "resets in 999d",
        "resets Dec 31",
    ):
        reset = reset_in_text(words, after, NEW_YORK)
        assert reset is None or reset.at > after


@given(
    at=INSTANTS,
    zone=st.sampled_from(["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia"]),
    ahead=st.integers(min_value=1, max_value=24 * 60 - 121),
)
def test_a_reset_the_client_would_print_is_found_again(at, zone, ahead):
    """Printed as the client prints it, every reset of the next day is read back to the minute."""
    at = at.replace(second=0, microsecond=0)
    local = (at + timedelta(minutes=ahead)).astimezone(ZoneInfo(zone))
    half = "am" if local.hour < 12 else "pm"
    clock = f"{local.hour % 12 or 12}" + (f":{local.minute:02}" if local.minute else "")
    reset = reset_in_text(f"You've hit your limit · resets {clock}{half} ({zone})", at, UTC)
    assert reset is not None
    shown = reset.at.astimezone(ZoneInfo(zone))
    assert (shown.hour, shown.minute) == (local.hour, local.minute)
    # An hour that happens twice is read as its earlier instant; nothing else may differ.
    assert timedelta(0) <= (at + timedelta(minutes=ahead)) - reset.at <= timedelta(hours=1)
