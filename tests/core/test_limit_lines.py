from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.limit_lines import LimitHit, parse_limit_line
from quota_tui.core.limit_names import model_family, window_of
from quota_tui.core.readings import ReadingSource, WindowKind
from quota_tui.core.reset_times import reset_in_text

LINES = Path(__file__).parent.parent / "data" / "limit-lines.jsonl"
AT = datetime(2026, 11, 20, 17, 7, 28, tzinfo=UTC)
FIVE, WEEK, MODEL, OVER = WindowKind.FIVE_HOUR, WindowKind.WEEKLY, WindowKind.WEEKLY_MODEL, WindowKind.OVERAGE


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def recorded() -> list[tuple[str, dict]]:
    lines = [json.loads(line) for line in LINES.read_text(encoding="utf-8").splitlines()]
    return [(f"{line['version']} {line['message']['content'][0]['text']}", line) for line in lines]


def parse_recorded(line: dict, **changed) -> LimitHit | None:
    fields = {
        "error": line.get("error", ""),
        "quota_limits": line.get("quotaLimits"),
        "api_error": line.get("apiError", ""),
        "local_zone": UTC,
    }
    at = datetime.fromisoformat(line["timestamp"])
    return parse_limit_line(line["message"]["content"][0]["text"], at, **(fields | changed))


# Of every recorded line, in the file's order: kind, model, reset.
EXPECTED = [
    (FIVE, "", utc(2026, 11, 20, 18, 15, 18)),  # 1.0.72, epoch
    (WEEK, "", utc(2026, 11, 24, 4, 35, 18)),
    (OVER, "", utc(2026, 11, 24, 4, 36)),  # 2.0.30
    (MODEL, "opus", utc(2026, 11, 24, 4, 37)),
    (WEEK, "", utc(2026, 11, 24, 4, 37)),
    (OVER, "", utc(2026, 11, 20, 18, 16)),
    (FIVE, "", utc(2026, 11, 20, 18, 17)),
    (OVER, "", utc(2026, 11, 24, 4, 36)),
    (FIVE, "", utc(2026, 11, 20, 18, 15)),  # 2.1.80, which never says the window
    (WEEK, "", utc(2026, 11, 24, 4, 35)),
    (FIVE, "", utc(2026, 11, 20, 18, 7)),  # 2.1.197
    (WEEK, "", utc(2026, 11, 24, 4, 27)),
    (WEEK, "", utc(2026, 11, 24, 4, 27)),
    (MODEL, "opus", utc(2026, 11, 24, 4, 27)),
    (MODEL, "sonnet", utc(2026, 11, 24, 4, 27)),
    (MODEL, "sonnet", utc(2026, 11, 24, 4, 27, 26)),  # 2.1.329: to the second, from quotaLimits
    (WEEK, "", utc(2026, 11, 24, 4, 27, 25)),
    (OVER, "", utc(2026, 11, 24, 4, 27, 26)),
    (MODEL, "opus", utc(2026, 11, 24, 4, 27, 26)),
    (FIVE, "", utc(2026, 11, 20, 18, 7, 25)),
    (FIVE, "", utc(2026, 11, 20, 18, 6, 46)),
]


@pytest.mark.parametrize(
    ("line", "expected"),
    [pytest.param(line, want, id=name) for (name, line), want in zip(recorded(), EXPECTED, strict=True)],
)
def test_every_recorded_wording_is_read(line, expected):
    hit = parse_recorded(line)
    assert hit is not None
    assert (hit.kind, hit.model, hit.resets_at, hit.approximate) == (*expected, False)


def test_structure_outranks_the_words():
    hit = parse_limit_line(
        "You've hit your Opus limit · resets 6:07pm (UTC)",
        AT,
        error="rate_limit",
        quota_limits={"status": "rejected", "resetsAt": 1795494446, "rateLimitType": "seven_day_sonnet"},
    )
    assert hit is not None
    assert (hit.kind, hit.model, hit.resets_at) == (MODEL, "sonnet", utc(2026, 11, 24, 4, 27, 26))


def test_structure_alone_is_enough_in_any_language():
    hit = parse_limit_line(
        "制限に達しました",
        AT,
        error="rate_limit",
        quota_limits={"status": "rejected", "resetsAt": 1795198045.0, "rateLimitType": "five_hour"},
    )
    assert hit is not None
    assert (hit.kind, hit.resets_at) == (FIVE, utc(2026, 11, 20, 18, 7, 25))


@pytest.mark.parametrize("resets_at", [None, True, "1795198045", float("nan"), float("inf"), -1, 10**400, 5, {}])
def test_a_bad_reset_in_the_structure_falls_back_to_the_words(resets_at):
    hit = parse_limit_line(
        "You've hit your limit · resets 6:07pm (UTC)",
        AT,
        quota_limits={"status": "rejected", "resetsAt": resets_at, "rateLimitType": 7},
    )
    assert hit is not None
    assert (hit.kind, hit.resets_at) == (FIVE, utc(2026, 11, 20, 18, 7))


def test_milliseconds_are_told_by_their_size():
    hit = parse_limit_line("", AT, quota_limits={"status": "rejected", "resetsAt": 1795198045000})
    assert hit is not None
    assert hit.resets_at == utc(2026, 11, 20, 18, 7, 25)


def test_an_allowed_warning_is_no_limit_whatever_the_words():
    quota = {"status": "allowed_warning", "resetsAt": 1795198045, "rateLimitType": "five_hour"}
    assert parse_limit_line("You've hit your limit · resets 6:07pm (UTC)", AT, quota_limits=quota) is None


def test_a_refusal_by_its_error_code_needs_no_words():
    hit = parse_limit_line("…", AT, api_error="usage_limit_reached")
    assert hit is not None
    assert hit.resets_at is None
    assert hit.as_reading() is None


@pytest.mark.parametrize(
    ("text", "kind", "model"),
    [
        ("5-hour limit reached ∙ resets 10pm", FIVE, ""),
        ("Claude usage limit reached. Your limit will reset at 10pm (UTC).", FIVE, ""),
        ("You’ve reached your usage limit - resets at 10:00 PM", FIVE, ""),
        ("You have hit your session limit | resets 10pm", FIVE, ""),
        ("you've hit your 5-hour limit • resets 10pm (UTC) • progress saved", FIVE, ""),
        ("You've hit your Opus 4.5 limit · resets 10pm", MODEL, "opus"),
        ("You've hit your Saga limit · resets 10pm", MODEL, "saga"),
        ("Fable limit reached · resets 10pm", MODEL, "fable"),
        ("Saga weekly limit reached · resets 10pm", MODEL, "saga"),
        ("You're out of extra usage · resets Feb 4, 8pm (Europe/Budapest)", OVER, ""),
        ("You're out of usage credits", OVER, ""),
        ("You've hit your monthly spend limit · your session limit resets 10pm", OVER, ""),
        ("You've hit your plan's limit · resets 10pm", FIVE, ""),
        ("You've hit your limit · resets 10:30pm (UTC)", WEEK, ""),
    ],
)
def test_other_wordings_seen_in_the_wild(text, kind, model):
    hit = parse_limit_line(text, AT, error="rate_limit")
    assert hit is not None
    assert (hit.kind, hit.model) == (kind, model)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "API Error: Request rejected (429) · Number of request tokens has exceeded your per-minute rate limit",
        "API Error: Rate limit reached",
        "API Error: 529 Overloaded. This is a server-side issue, usually temporary",
        'API Error: 429 {"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed'
        " your account's rate limit. Please try again later.\"}}",
        "API Error: Server is temporarily limiting requests (not your usage limit) · Rate limited",
        "Approaching usage limit · resets at 7pm",
        "You've used 90% of your session limit · resets 6pm (UTC)",
        "You've hit your fast limit · resets in 3m",
        "You've hit your request rate limit",
        "Context limit reached · /compact or /clear to continue",
        "Budget limit reached ($5)",
        "Subagent nesting limit reached (depth 3 of 3)",
        "Request timed out",
        "Please resets your password at 6pm",
        "Invalid API key · Please run /login",
    ],
)
@pytest.mark.parametrize("error", ["", "rate_limit"])
def test_what_is_no_limit_is_none(text, error):
    assert parse_limit_line(text, AT, error=error) is None


@pytest.mark.parametrize("error", ["overloaded", "authentication_failed", "invalid_request", "server_error"])
def test_limit_words_in_an_error_of_another_kind_are_not_believed(error):
    assert parse_limit_line("You've hit your limit · resets 6:07pm (UTC)", AT, error=error) is None


def test_the_reading_says_full_and_who_told():
    hit = parse_limit_line("You've hit your Opus limit · resets Nov 24, 4:27am (UTC)", AT)
    assert hit is not None
    reading = hit.as_reading("a-session")
    assert reading is not None
    assert (reading.at, reading.kind, reading.model, reading.used_pct) == (AT, MODEL, "opus", 100.0)
    assert (reading.resets_at, reading.source) == (utc(2026, 11, 24, 4, 27), ReadingSource.LIMIT_LINE)
    assert reading.session_id == "a-session"


NEW_YORK = ZoneInfo("America/New_York")
BERLIN = ZoneInfo("Europe/Berlin")


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
    ["resets", "resets soon", "resets 13pm", "resets 0am", "resets 25:00", "resets 6", "resets Nov 31, 4am (UTC)"]
    + ["resets monthly", "resets in a while", "preset 6pm", "resets Nov", "resets Mon", "resets 18:75"],
)
def test_words_without_an_existing_time_name_none(words):
    assert reset_in_text(words, AT, UTC) is None


def test_a_later_mention_is_read_when_the_first_says_nothing():
    reset = reset_in_text("it resets monthly; your weekly limit resets Nov 24, 4am (UTC)", AT, UTC)
    assert reset is not None
    assert reset.at == utc(2026, 11, 24, 4)


@pytest.mark.parametrize("after", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_the_calendars_ends_do_not_raise(after):
    for words in ("resets 6pm (Asia/Tokyo)", "resets Nov 24, 4am (America/New_York)", "resets in 999d", "resets Dec 31"):
        reset = reset_in_text(words, after, NEW_YORK)
        assert reset is None or reset.at > after


PIECES = st.sampled_from(
    ["You've hit your", " limit", "session", "weekly", "Opus", " reached", "resets ", "in ", "Nov ", "Feb 29", "24, "]
    + ["4:27am", "12pm", "6", "pm", ":", "99", " (UTC)", " (America/New_York)", "(", ")", "·", "|", "1795198045", "\n"]
    + ["٣", "Sat ", "at ", "2027", ", ", "out of extra usage", "\0", "limit reached|"]
)
TEXTS = st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=14).map("".join))
INSTANTS = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ZONES = st.sampled_from([UTC, NEW_YORK, BERLIN, ZoneInfo("Pacific/Apia"), timezone(timedelta(hours=-12))])


@given(text=TEXTS, at=INSTANTS, zone=ZONES, error=st.sampled_from(["", "rate_limit"]))
def test_no_text_makes_it_raise(text, at, zone, error):
    hit = parse_limit_line(text, at, error=error, local_zone=zone)
    if hit is not None:
        assert hit.resets_at is None or hit.resets_at.utcoffset() == timedelta(0)
        assert (hit.model != "") == (hit.kind is MODEL)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(["status", "resetsAt", "rateLimitType"])


@given(
    limits=st.dictionaries(NAMES | st.text(max_size=5), JSON | st.sampled_from(["rejected", "five_hour"]), max_size=4),
    text=TEXTS,
    api_error=st.sampled_from(["", "usage_limit_reached", "other"]),
)
def test_no_structure_makes_it_raise(limits, text, api_error):
    hit = parse_limit_line(text, AT, quota_limits=limits, api_error=api_error)
    if limits.get("status") == "rejected":
        assert hit is not None


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
    if local.second == 0:
        shown = reset.at.astimezone(ZoneInfo(zone))
        assert (shown.hour, shown.minute) == (local.hour, local.minute)
    # An hour that happens twice is read as its earlier instant; nothing else may differ.
    assert timedelta(0) <= (at + timedelta(minutes=ahead)) - reset.at <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("name", "window"),
    [
        ("five_hour", (FIVE, "")),
        ("seven_day", (WEEK, "")),
        ("seven_day_opus", (MODEL, "opus")),
        ("seven_day_saga", (MODEL, "saga")),
        ("overage", (OVER, "")),
        ("seven_day_oauth_apps", None),
        ("seven_day_overage_included", None),
        ("seven_day_", None),
        ("model_scoped", None),
        ("", None),
    ],
)
def test_machine_names(name, window):
    assert window_of(name) == window


@pytest.mark.parametrize(
    ("name", "family"),
    [("Fable", "fable"), ("Claude Opus 4.5", "opus"), ("claude-sonnet-5-5", "sonnet"), ("4.5", ""), ("", "")],
)
def test_model_families(name, family):
    assert model_family(name) == family
