from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.handoff import Objective
from quota_tui.core.planstart import (
    CHOICES,
    Window,
    choice_of,
    choice_words,
    read_time,
    size_words,
    start_words,
    typed_time,
    verdict,
    window_words,
)
from quota_tui.core.words import Face

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 17, 34, 10, tzinfo=UTC)
RESET = datetime(2026, 11, 20, 18, 40, tzinfo=UTC)
FACE = Face(zone=BERLIN)
WINDOW = Window(200_000, 181_000, 222_000)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("18:45", "2026-11-20 18:45"),
        ("18.45", "2026-11-20 18:45"),
        ("at 6:45pm", "2026-11-20 18:45"),
        ("8 PM", "2026-11-20 20:00"),
        ("12am", "2026-11-21 00:00"),
        ("9:00", "2026-11-21 09:00"),
        ("tomorrow 9:00", "2026-11-21 09:00"),
        ("today 23:00", "2026-11-20 23:00"),
        ("Fri 19:00", "2026-11-20 19:00"),
        ("fri 9am", "2026-11-27 09:00"),
        ("on Monday, 9:00", "2026-11-23 09:00"),
        ("in 2h", "2026-11-20 20:35"),
        ("+90m", "2026-11-20 20:05"),
        ("in 1 h 30 min", "2026-11-20 20:05"),
        ("2026-11-21 09:00", "2026-11-21 09:00"),
        ("2026-11-21T08:00Z", "2026-11-21 09:00"),
        ("2026-11-21T09:00:00+01:00", "2026-11-21 09:00"),
    ],
)
def test_times_as_people_type_them(typed, wanted):
    assert read_time(typed, NOW, BERLIN) == local(wanted)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "soon",
        "18",
        "25:00",
        "10:60",
        "13pm",
        "0am",
        "t 9:00",
        "s 9:00",
        "2026-13-01 9:00",
        "2026-11-21",
        "in",
        "+",
        "9" * 99,
    ],
)
def test_what_is_no_time_is_told_with_examples(typed):
    said = read_time(typed, NOW, BERLIN)
    assert isinstance(said, str)
    assert "18:45" in said


@pytest.mark.parametrize("typed", ["today 8:00", "2026-11-20 18:00", "2020-01-01T00:00Z"])
def test_the_past_is_refused(typed):
    assert read_time(typed, NOW, BERLIN) == "that time has passed"


def test_a_year_ahead_is_refused():
    assert read_time("2028-01-01 9:00", NOW, BERLIN) == "that is more than a year away"


def test_an_hour_that_the_clock_change_leaves_out_is_the_one_after():
    at = read_time("2027-03-28 02:30", NOW, BERLIN)
    assert isinstance(at, datetime)
    assert start_words(at.isoformat(), None, NOW, FACE).startswith("Sun 28 Mar 03:30 CEST")


@given(
    st.integers(1, 300 * 24 * 60),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC"]),
)
def test_what_an_editor_begins_with_means_the_same_time(minutes, name):
    zone = ZoneInfo(name)
    at = NOW.replace(second=0) + timedelta(minutes=minutes)
    typed = typed_time(at.isoformat(), NOW, zone)
    assert read_time(typed, NOW, zone) == at


def test_what_was_typed_and_is_no_time_is_there_again():
    assert typed_time("25:99", NOW, BERLIN) == "25:99"
    assert typed_time("reset+5m", NOW, BERLIN) == typed_time("time", NOW, BERLIN) == ""


@pytest.mark.parametrize(
    ("start", "choice"),
    [
        ("", "reset+5m"),
        ("reset", "reset"),
        ("manual", "manual"),
        ("2026-11-21T09:00Z", "time"),
        ("25:99", "time"),
    ],
)
def test_which_choice_a_start_is(start, choice):
    assert choice_of(start) == choice


def test_the_choices_in_words():
    said = [choice_words(each, "reset+5m", RESET, NOW, FACE) for each in CHOICES]
    assert said == ["at reset 19:40", "19:45, recommended", "at …", "by myself"]
    unknown = [choice_words(each, "2026-11-21T08:00:00+00:00", None, NOW, FACE) for each in CHOICES]
    assert unknown == ["at the reset", "5 min after the reset, recommended", "at Sat 09:00", "by myself"]
    assert choice_words("time", "25:99", RESET, NOW, FACE) == "at 25:99"


@pytest.mark.parametrize(
    ("start", "resets_at", "said"),
    [
        ("reset", RESET, "Fri 20 Nov 19:40 CET, in 1h 05m"),
        ("reset+5m", RESET, "Fri 20 Nov 19:45 CET, in 1h 10m"),
        ("2026-11-20T18:00:00+00:00", RESET, "Fri 20 Nov 19:00 CET, in 25m"),
        ("reset", NOW - timedelta(hours=1), "Fri 20 Nov 17:34 CET, that has passed"),
        ("reset", None, "the reset is not known yet"),
        ("manual", RESET, "nothing is arranged: you start it"),
    ],
)
def test_how_a_start_is_understood(start, resets_at, said):
    assert start_words(start, resets_at, NOW, FACE) == said
    assert start_words("25:99", RESET, NOW, FACE).startswith("no time: 18:45")


@pytest.mark.parametrize(
    ("objectives", "amount", "said", "fits"),
    [
        ([Objective("a", 15_000, 9_000, 24_000), Objective("b", 18_000, 14_000, 24_000)], "≈33k (23–48k)", "fits, 16 % of a window", True),
        ([Objective("a", 33_000)], "33k", "fits, 16 % of a window", True),
        ([Objective("a", 33_000), Objective("b")], "33k", "1 of 2 estimated: fits, 16 % of a window", True),
        ([Objective("a", 170_000, 120_000, 260_000)], "≈170k (120–260k)", "may not fit, 85 % of a window", None),
        ([Objective("a", 190_000)], "190k", "may not fit, 95 % of a window", None),
        ([Objective("a", 300_000)], "300k", "does not fit: a window holds ≈200k (181–222k)", False),
        ([Objective("a", 300_000, done=True), Objective("b", 500)], "500", "fits, <1 % of a window", True),
    ],
)  # fmt: skip
def test_the_total_against_the_next_window(objectives, amount, said, fits):
    found = verdict(objectives, WINDOW)
    assert (found.amount[0], found.words[0], found.fits) == (amount, said, fits)
    assert all(len(each) >= len(after) for each, after in zip(found.words, found.words[1:], strict=False))


def test_without_a_window_nothing_is_said_to_fit():
    found = verdict([Objective("a", 33_000)], Window())
    assert found.words[0] == "a window's size is not known"
    assert found.fits is None
    assert verdict([Objective("a")], WINDOW).amount == ()


def test_sizes_and_windows_in_words():
    assert size_words(Objective("a", 15_000, 9_000, 24_000)) == ("≈15k (9–24k)", "≈15k")
    assert size_words(Objective("a", 1_050, 900, 1_200)) == ("≈1.1k (900–1.2k)", "≈1.1k")
    assert size_words(Objective("a", 15_000)) == ("15k",)
    assert size_words(Objective("a")) == ()
    assert window_words(WINDOW) == ("≈200k (181–222k)", "≈200k")
    assert window_words(Window(200_000)) == ("≈200k",)
    assert window_words(Window()) == ()
