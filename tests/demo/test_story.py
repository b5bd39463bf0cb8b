"""The story itself: pure, the same every time, and made of lines as the client writes them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

import msgspec
import pytest

from quota_tui.core.limit_lines import parse_limit_line
from quota_tui.core.pricing import Pricer
from quota_tui.core.readings import WindowKind, plausible
from quota_tui.core.usage import UsageTotals
from quota_tui.demo.account import Account
from quota_tui.demo.scenario import Moment, load_scenario
from quota_tui.demo.story import Kind, Story, tell
from quota_tui.sources.statusline import parse_status_line
from quota_tui.sources.transcripts import ErrorLine, LineDecoder
from quota_tui.store.prices import load_prices

OPENS = datetime(2026, 11, 20, 13, 20, tzinfo=UTC)
EVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def story() -> Story:
    return tell(load_scenario(), OPENS)


def digest(story: Story) -> str:
    whole = blake2b()
    for event in story.events:
        whole.update(f"{event.at.isoformat()} {event.kind} {event.path} ".encode() + event.data)
    return whole.hexdigest()


def lines_of(story: Story) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = defaultdict(list)
    for event in story.events:
        if event.kind is Kind.LINES:
            found[event.path].append(event.data)
    return found


def test_is_the_same_in_every_process(story: Story) -> None:
    code = (
        "from tests.demo.test_story import *; from quota_tui.demo.scenario import load_scenario;"
        "print(digest(tell(load_scenario(), OPENS)))"
    )
    env = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    assert other.stdout.strip() == digest(story)


def test_moves_whole_to_another_day(story: Story) -> None:
    shift = timedelta(days=100, hours=3)
    moved = tell(load_scenario(), OPENS + shift)
    assert [event.at - shift for event in moved.events] == [event.at for event in story.events]
    assert [made.call for made in moved.calls] == [made.call for made in story.calls]


def test_every_line_is_one_the_decoder_takes(story: Story) -> None:
    replies: list[UsageTotals] = []
    errors: list[ErrorLine] = []
    for path, lines in lines_of(story).items():
        decoder = LineDecoder(Pricer(load_prices()), "?", "?", path)
        for number, line in enumerate(lines):
            assert line.endswith(b"\n")
            assert line.count(b"\n") == 1
            decoder.decode(line, number)  # raises BadLineError for one that cannot be counted
        for each in decoder.records:
            written = each.cache_write_5m_tokens + each.cache_write_1h_tokens
            counts = each.input_tokens, each.output_tokens, written, each.cache_read_tokens
            replies.append(UsageTotals(*counts, each.cost_usd, 1))
            assert path.split("/")[1].startswith(each.session_id)
            assert each.project.startswith("/home/dev/")
            assert each.is_sidechain == ("/subagents/" in path) == bool(each.agent_id)
            assert not each.output_is_placeholder
        errors += decoder.errors
    told = story.totals(*EVER)
    found = sum(replies, UsageTotals())
    assert found.calls == told.calls == sum(not made.refused for made in story.calls)
    assert (found.total_tokens, found.cache_read_tokens) == (told.total_tokens, told.cache_read_tokens)
    assert found.cost_usd == pytest.approx(told.cost_usd)
    assert len(errors) == sum(made.refused for made in story.calls) == 2


def test_each_transcript_is_one_chain_in_order_of_time(story: Story) -> None:
    for path, lines in lines_of(story).items():
        before = None
        last = ""
        for raw in lines:
            line = msgspec.json.decode(raw)
            assert line["parentUuid"] == before, path
            assert line["timestamp"] >= last, path
            before, last = line["uuid"], line["timestamp"]
        first = msgspec.json.decode(lines[0])
        assert (first["type"], first["message"]["role"]) == ("user", "user")


def test_ids_are_unique(story: Story) -> None:
    uuids, requests = [], []
    for lines in lines_of(story).values():
        for raw in lines:
            line = msgspec.json.decode(raw)
            uuids.append(line["uuid"])
            requests += [line["requestId"]] if "requestId" in line else []
    assert len(set(uuids)) == len(uuids)
    assert len(set(requests)) == len(requests) == len(story.calls)


def test_limit_lines_tell_the_window_and_its_reset(story: Story) -> None:
    refused = [made for made in story.calls if made.refused]
    for made in refused:
        at = story.opens_at + timedelta(seconds=made.call.at_s)
        raw = next(e.data for e in story.events if e.at == at and e.kind is Kind.LINES)
        line = msgspec.json.decode(raw)
        text = line["message"]["content"][0]["text"]
        hit = parse_limit_line(text, at, error=line["error"], quota_limits=line["quotaLimits"])
        by_words = parse_limit_line(text, at, error=line["error"])
        resets_at = story.opens_at + timedelta(seconds=made.told.five_hour_resets_s)
        for each in (hit, by_words):
            assert each is not None
            assert (each.kind, each.resets_at) == (WindowKind.FIVE_HOUR, resets_at)


def test_status_lines_are_believed_and_only_rise_within_a_window(story: Story) -> None:
    highest: dict[tuple[WindowKind, datetime], float] = {}
    for event in story.events:
        if event.kind is not Kind.STATUS_LINE:
            continue
        told = parse_status_line(event.data)
        assert not told.notes
        readings = told.readings(event.at)
        assert {reading.kind for reading in readings} == {WindowKind.FIVE_HOUR, WindowKind.WEEKLY}
        for reading in readings:
            judged = plausible(reading.kind, reading.used_pct, reading.resets_at, event.at)
            assert judged == reading.used_pct
            window = reading.kind, reading.resets_at
            assert reading.used_pct >= highest.get(window, 0)
            highest[window] = reading.used_pct
    assert sorted(highest.values())[-2:] == [100, 100]  # the two refusals


def test_has_what_a_demo_should_show(story: Story) -> None:
    past = [made.call for made in story.calls if made.call.at_s < -86400]
    played = [made.call for made in story.calls if made.call.at_s >= 0]
    assert len({int(call.at_s // 86400) for call in past}) >= 14
    assert len({call.project for call in past}) >= 3
    assert len({call.model for call in past}) >= 3
    assert len({call.project for call in played}) >= 2
    assert len({call.model for call in played}) >= 2
    assert {call.agent for call in played} == {"", "Explore"}
    assert any(-6 * 3600 < made.call.at_s < -600 for made in story.calls)  # a window before, today
    at_default_speed_s = (story.ends_at - story.begins_at).total_seconds() / 60 / 2
    assert 120 <= at_default_speed_s <= 180


def test_account_opens_windows_on_ten_minute_marks_and_counts_use_elsewhere() -> None:
    scenario = msgspec.structs.replace(load_scenario(), five_hour_usd=1.0, week_usd=10.0, elsewhere=())
    account = Account(scenario)
    told = account.ask(754.0)
    assert (told.five_hour_pct, told.five_hour_resets_s) == (0, 600 + 5 * 3600)
    account.spend(0.25)
    assert account.ask(800.0).five_hour_pct == 25
    account.spend(0.748)
    assert account.ask(900.0).five_hour_pct == 99  # not refused yet, so not 100
    assert not account.refuses
    account.spend(0.01)
    assert account.ask(901.0).five_hour_pct == 100
    assert account.refuses
    fresh = account.ask(18_700.0)
    assert (fresh.five_hour_pct, account.refuses) == (0, False)
    assert fresh.week_pct == 10


def test_account_counts_use_elsewhere_and_resets_the_week() -> None:
    scenario = load_scenario()
    elsewhere = scenario.elsewhere[0]
    account = Account(
        msgspec.structs.replace(scenario, elsewhere=(elsewhere,), week_usd=scenario.five_hour_usd)
    )
    at_s = scenario.seconds(elsewhere)
    assert account.ask(at_s - 1).five_hour_pct == 0
    assert account.ask(at_s).five_hour_pct == elsewhere.pct
    assert account.ask(at_s).week_pct == elsewhere.pct
    week_resets_s = account.ask(at_s).week_resets_s
    assert account.ask(week_resets_s - 1).week_resets_s == week_resets_s
    after = account.ask(week_resets_s)
    assert (after.week_pct, after.week_resets_s) == (0, week_resets_s + 7 * 86400)


def test_times_in_the_file_count_from_the_opening() -> None:
    scenario = load_scenario()
    assert scenario.seconds(Moment(0, scenario.opens)) == 0
    assert scenario.seconds(Moment(-2, scenario.opens)) == -2 * 86400
    assert scenario.begins_s < 0 < scenario.ends_s
