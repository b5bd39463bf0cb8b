from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.readings import ReadingSource, WindowKind
from quota_tui.sources.statusline import RateLimit, StatusInput, parse_status_line

SAMPLES = (Path(__file__).parent.parent / "data" / "statusline-stdin.jsonl").read_bytes().splitlines()
FIVE = RateLimit(WindowKind.FIVE_HOUR, "", 15.0, datetime(2026, 11, 20, 20, 3, 13, tzinfo=UTC))


def parse(**parts) -> StatusInput:
    return parse_status_line(json.dumps(parts).encode())


def limits(**windows) -> StatusInput:
    return parse(session_id="s", rate_limits=windows)


def test_a_recorded_input_is_read_whole():
    found = parse_status_line(SAMPLES[-1])
    assert found == StatusInput(
        session_id="0748c499-0eb6-45f2-ab18-2e548b2d1d30",
        session_name="quotatest",
        transcript_path="/home/dev/.claude/projects/-home-dev-proj/0748c499-0eb6-45f2-ab18-2e548b2d1d30.jsonl",
        cwd="/home/dev/proj",
        model_id="claude-sonnet-5-5",
        model_name="Sonnet 5.5",
        version="2.1.329",
        cost_usd=0.07127900000000001,
        context_used_pct=3.0,
        rate_limits=(
            FIVE,
            RateLimit(WindowKind.WEEKLY, "", 7.5, datetime(2026, 11, 25, 8, 39, 53, tzinfo=UTC)),
        ),
    )


@pytest.mark.parametrize("line", SAMPLES)
def test_recorded_inputs_leave_no_notes(line):
    assert parse_status_line(line).notes == ()
    assert len(parse_status_line(line).rate_limits) == 2


def test_readings_carry_the_session_and_the_source():
    at = datetime(2026, 11, 20, 17, tzinfo=UTC)
    reading = parse_status_line(SAMPLES[-1]).readings(at)[0]
    assert (reading.at, reading.kind, reading.used_pct) == (at, WindowKind.FIVE_HOUR, 15.0)
    assert (reading.resets_at, reading.source) == (FIVE.resets_at, ReadingSource.STATUS_LINE)
    assert reading.session_id == "0748c499-0eb6-45f2-ab18-2e548b2d1d30"


def test_models_have_windows_of_their_own():
    window = {"used_percentage": 3, "resets_at": 1795595993}
    found = limits(seven_day_opus=window, seven_day_sonnet=window, seven_day_saga=window)
    assert [(one.kind, one.model) for one in found.rate_limits] == [
        (WindowKind.WEEKLY_MODEL, "opus"),
        (WindowKind.WEEKLY_MODEL, "sonnet"),
        (WindowKind.WEEKLY_MODEL, "saga"),
    ]


def test_one_window_alone_and_a_null_one():
    found = limits(seven_day={"used_percentage": 3, "resets_at": 1795595993}, five_hour=None)
    assert [one.kind for one in found.rate_limits] == [WindowKind.WEEKLY]
    assert found.notes == ()


def test_nothing_is_reported_before_the_first_reply():
    found = parse(session_id="s", cwd="/p")
    assert (found.session_id, found.cwd, found.rate_limits, found.notes) == ("s", "/p", (), ())


@pytest.mark.parametrize("used", ["15", True, None, -1, [], {}, 10**30])
def test_a_percentage_of_another_kind_is_dropped_with_a_note(used):
    good = {"used_percentage": 7, "resets_at": 1795595993}
    found = limits(five_hour={"used_percentage": used, "resets_at": 1795204993}, seven_day=good)
    assert [one.kind for one in found.rate_limits] == [WindowKind.WEEKLY]
    assert len(found.notes) == 1
    assert "five_hour: used_percentage" in found.notes[0]


@pytest.mark.parametrize("literal", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
def test_what_json_forbids_spoils_only_its_own_window(literal):
    data = (
        b'{"session_id":"s","rate_limits":{"five_hour":{"used_percentage":%s,"resets_at":1795204993},'
        b'"seven_day":{"used_percentage":7.5,"resets_at":1795595993}}}' % literal
    )
    found = parse_status_line(data)
    assert found.session_id == "s"
    assert [one.used_percentage for one in found.rate_limits] == [7.5]
    assert "five_hour" in found.notes[0]


def test_numbers_that_are_only_implausible_are_kept_for_the_judge():
    found = limits(five_hour={"used_percentage": 1795204993, "resets_at": 1795204993})
    assert found.rate_limits[0].used_percentage == 1795204993.0
    assert limits(five_hour={"used_percentage": 0, "resets_at": 12}).rate_limits[0].used_percentage == 0.0


@pytest.mark.parametrize(
    "resets_at", ["1795204993", "2026-11-20T20:00:00Z", True, None, 0, -5, 1795204993000, 10**40]
)
def test_a_reset_of_another_kind_is_dropped_with_a_note(resets_at):
    found = limits(five_hour={"used_percentage": 5, "resets_at": resets_at})
    assert found.rate_limits == ()
    assert found.notes == ("rate limit five_hour: resets_at is not a time",)


def test_unknown_and_misshapen_limits_are_noted():
    found = limits(lunar_cycle={"used_percentage": 5, "resets_at": 1795204993}, five_hour=[1], seven_day="x")
    assert found.rate_limits == ()
    assert found.notes == (
        "rate limit 'lunar_cycle' is not known",
        "rate limit five_hour is not an object",
        "rate limit seven_day is not an object",
    )


def test_each_bad_part_is_dropped_alone():
    found = parse(
        session_id=5,
        cwd=["x"],
        version=None,
        model="opus",
        cost={"total_cost_usd": "1"},
        rate_limits=[],
        context_window=3,
    )
    assert found == StatusInput(notes=found.notes)
    assert len(found.notes) == 6


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   ",
        b"null",
        b"[]",
        b'"x"',
        b"5",
        b"{",
        b"\xff\xfe{}",
        b"\x00",
        b"[" * 100000,
        b'{"a":' * 100000,
        b'{"session_id": ' + b"9" * 5000 + b"}",
        b"{} {}",
    ],
)
def test_garbage_is_empty_with_one_note(data):
    found = parse_status_line(data)
    assert found == StatusInput(notes=found.notes)
    assert len(found.notes) == 1


def test_a_byte_order_mark_and_windows_line_ends_are_fine():
    assert parse_status_line(b'\xef\xbb\xbf{"session_id":"s"}\r\n').session_id == "s"


def test_texts_can_be_stored_and_printed():
    found = parse_status_line(b'{"session_name":"a\\ud800b"}')
    assert found.session_name == "a?b"
    assert found.session_name.encode() == b"a?b"


@given(st.binary(max_size=400))
def test_no_bytes_make_it_raise(data):
    parse_status_line(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


@given(part=st.sampled_from(sorted(json.loads(SAMPLES[0]))), value=JSON)
def test_one_mutated_part_never_costs_the_others(part, value):
    whole = json.loads(SAMPLES[-1])
    whole[part] = value
    found = parse_status_line(json.dumps(whole).encode())
    intact = parse_status_line(SAMPLES[-1])
    if part != "rate_limits":
        assert found.rate_limits == intact.rate_limits
    if part != "session_id":
        assert found.session_id == intact.session_id
    if part != "cost":
        assert found.cost_usd == intact.cost_usd


@given(start=st.integers(0, len(SAMPLES[-1]) - 1), length=st.integers(0, 60), junk=st.binary(max_size=20))
def test_a_damaged_recording_never_raises_or_invents_a_window(start, length, junk):
    damaged = SAMPLES[-1][:start] + junk + SAMPLES[-1][start + length :]
    for limit in parse_status_line(damaged).rate_limits:
        assert limit.used_percentage >= 0
        assert limit.resets_at.tzinfo is UTC


def test_importing_it_stays_light():
    code = "import sys, quota_tui.sources.statusline; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"json", "re", "zoneinfo", "psutil", "textual", "click", "asyncio", "subprocess", "sqlite3"}
    bare = subprocess.run(
        [sys.executable, "-c", "import sys, msgspec; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not (heavy & set(run.stdout.split())) - set(bare.stdout.split())
