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


@pytest.mark.parametrize(
    "resets_at", [None, True, "1795198045", float("nan"), float("inf"), -1, 10**400, 5, {}]
)
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
        (
            'API Error: 429 {"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed'
            " your account's rate limit. Please try again later.\"}}"
        ),
        "API Error: Server is temporarily limiting requests (not your usage limit) · Rate limited",
        "You've reached your limit of retries: the server is busy (not your usage limit)",
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
PIECES = st.sampled_from(
    [
        "You've hit your",
        " limit",
        "session",
        "weekly",
        "Opus",
        " reached",
        "resets ",
        "in ",
        "Nov ",
        "Feb 29",
        "24, ",
        "4:27am",
        "12pm",
        "6",
        "pm",
        ":",
        "99",
        " (UTC)",
        " (America/New_York)",
        "(",
        ")",
        "·",
        "|",
        "1795198045",
        "\n",
        "٣",
        "Sat ",
        "at ",
        "2027",
        ", ",
        "out of extra usage",
        "\x00",
        "limit reached|",
    ]
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
    limits=st.dictionaries(
        NAMES | st.text(max_size=5), JSON | st.sampled_from(["rejected", "five_hour"]), max_size=4
    ),
    text=TEXTS,
    api_error=st.sampled_from(["", "usage_limit_reached", "other"]),
)
def test_no_structure_makes_it_raise(limits, text, api_error):
    hit = parse_limit_line(text, AT, quota_limits=limits, api_error=api_error)
    if limits.get("status") == "rejected":
        assert hit is not None


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
