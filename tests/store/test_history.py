"""The history file: whatever is merged in whatever order, its sums are the sums of its calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quota_tui.core.dedupe import call_id, calls, variants
from quota_tui.core.pricing import Pricer
from quota_tui.core.usage import UsageRecord, UsageTotals
from quota_tui.store.activity import median_call_tokens, session_sizes, sessions_since
from quota_tui.store.history import History, first_ms
from quota_tui.store.prices import load_prices
from quota_tui.store.reports import GROUPS, grouped, spans

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
PRICER = Pricer(load_prices())
MODELS = ("claude-opus-5-5", "claude-sonnet-4-5", "claude-haiku-5-5", "glm-4.6")


def call(message: str = "m1", request: str = "r1", at: float = 0, **fields: Any) -> UsageRecord:
    """A line of usage; `at` is minutes after START."""
    named = {"session_id": "s1", "project": "/p", "model": "claude-sonnet-4-5", "output_tokens": 20, **fields}
    at_ms = round(START.timestamp() * 1000 + at * 60_000)
    return UsageRecord(message_id=message, request_id=request, at_ms=at_ms, **named)


@pytest.fixture
def history() -> Iterator[History]:
    made = History(None)
    yield made
    made.close()


records = st.builds(
    lambda message, request, at, session, project, model, tokens, side, cost: call(
        f"m{message}" if message else "",
        request,
        at,
        line_key="" if message else f"@k:{at}:{session}",
        session_id=session,
        project=project,
        model=model,
        input_tokens=tokens[0],
        output_tokens=tokens[1],
        cache_write_5m_tokens=tokens[2],
        cache_write_1h_tokens=tokens[3],
        cache_read_tokens=tokens[4],
        is_sidechain=side,
        cost_usd=cost,
    ),
    st.integers(0, 4),
    st.sampled_from(["r1", "r2", ""]),
    st.integers(0, 40).map(lambda step: step * 0.9),
    st.sampled_from(["s1", "s2"]),
    st.sampled_from(["/a", "/b"]),
    st.sampled_from(MODELS),
    st.tuples(*[st.integers(0, 50)] * 5),
    st.booleans(),
    st.integers(0, 9).map(float),
)


def sums(history: History, table: str) -> tuple[Any, ...]:
    columns = "input), sum(output), sum(write), sum(read), sum(calls"
    found = history.db.execute(f"SELECT sum({columns}), sum(minutes) FROM {table}").fetchone()
    cost = history.db.execute(f"SELECT sum(cost) FROM {table}").fetchone()[0]
    return (*found, round(cost or 0, 6))


def counted_sums(history: History) -> tuple[Any, ...]:
    """The same, from the calls alone. A minute counts once for each bar or each (session, project, model)."""
    rows = history.db.execute(
        "SELECT at_ms, session, project, model, input, output, write_5m + write_1h, read, cost FROM calls WHERE counted"
    ).fetchall()
    total = [sum(row[column] for row in rows) for column in (4, 5, 6, 7)]
    minutes = len({row[0] // 60_000 for row in rows})
    apart = len({(row[0] // 60_000, *row[1:4]) for row in rows})
    return (*total, len(rows)), minutes, apart, round(sum(row[8] for row in rows), 6)


def assert_sums_are_true(history: History) -> None:
    total, minutes, apart, cost = counted_sums(history)
    empty = (None,) * 6
    bars, rollup = sums(history, "bars"), sums(history, "rollup")
    assert bars == ((*total, minutes, cost) if total[-1] else (*empty, 0))
    assert rollup == ((*total, apart, cost) if total[-1] else (*empty, 0))
    assert history.call_count() == total[-1]
    for table, span in (("bars", 300), ("rollup", 900)):
        kept = f"SELECT count(*) FROM {table} WHERE start_s % {span} OR NOT calls"
        assert history.db.execute(kept).fetchone()[0] == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(records, max_size=8), max_size=5))
def test_sums_are_those_of_the_calls_after_any_merges(batches: list[list[UsageRecord]]) -> None:
    history = History(None)
    for batch in batches:
        history.merge(batch)
        assert_sums_are_true(history)
    groups: dict[str, list[UsageRecord]] = {}
    for record in (record for batch in batches for record in batch):
        groups.setdefault(call_id(record), []).append(record)
    expected = sum(len(calls(variants(group))) for group in groups.values())
    assert history.totals(*ALWAYS).calls == expected
    history.close()


@settings(max_examples=40, deadline=None)
@given(st.lists(records, max_size=14), st.data())
def test_portions_do_not_matter(lines: list[UsageRecord], data: st.DataObject) -> None:
    with closing(History(None)) as whole, closing(History(None)) as pieces:
        whole.merge(lines)
        with pieces.merging() as merge:  # in bulk, in portions
            rest = lines
            while rest:
                size = data.draw(st.integers(1, len(rest)))
                merge.add(rest[:size])
                rest = rest[size:]
        for history in (whole, pieces):
            assert_sums_are_true(history)
        assert {record for _, record in History.read_calls(whole.db)} == {
            record for _, record in History.read_calls(pieces.db)
        }


@settings(max_examples=40, deadline=None)
@given(st.lists(records, max_size=12))
def test_merging_again_changes_nothing(lines: list[UsageRecord]) -> None:
    history = History(None)
    history.merge(lines)
    before = history.db.execute("SELECT * FROM calls ORDER BY id").fetchall()
    assert history.merge(lines) == 0
    assert history.db.execute("SELECT * FROM calls ORDER BY id").fetchall() == before
    history.close()


@settings(max_examples=60, deadline=None)
@given(st.lists(records, min_size=1, max_size=12), st.floats(-1, 40), st.floats(0, 40))
def test_totals_of_any_range_are_those_of_its_calls(
    lines: list[UsageRecord], begin: float, length: float
) -> None:
    history = History(None)
    history.merge(lines)
    start = START + timedelta(minutes=begin)
    end = start + timedelta(minutes=length)
    start_ms, end_ms = first_ms(start), first_ms(end)
    rows = history.db.execute(
        "SELECT input + output + write_5m + write_1h, name FROM calls JOIN names ON names.id=model"
        " WHERE counted AND at_ms>=? AND at_ms<?",
        (start_ms, end_ms),
    ).fetchall()
    assert history.totals(start, end).total_tokens == sum(tokens for tokens, _ in rows)
    assert history.totals(start, end).calls == len(rows)
    for family in ("opus", "sonnet", "haiku"):
        assert history.totals(start, end, family).calls == sum(family in name for _, name in rows)
    for by in GROUPS:
        groups = grouped(history, by, start, end)
        assert sum(row.totals.calls for row in groups) == len(rows)
        assert sum(row.totals.total_tokens for row in groups) == sum(tokens for tokens, _ in rows)
        assert all(start_ms <= row.first_at.timestamp() * 1000 + 1 for row in groups if row.first_at)
        assert all(row.last_at < end + timedelta(milliseconds=1) for row in groups if row.last_at)
    one = spans(history, [("all", start, end)])
    minutes = {
        at_ms // 60_000
        for (at_ms,) in history.db.execute(
            "SELECT at_ms FROM calls WHERE counted AND at_ms>=? AND at_ms<?", (start_ms, end_ms)
        )
    }
    assert [row.active_minutes for row in one] == ([len(minutes)] if minutes else [])
    history.close()


def test_a_failed_merge_leaves_everything_as_it_was(history: History) -> None:
    def broken() -> Iterator[UsageRecord]:
        yield call("m2", at=3)
        raise OSError(5, "Input/output error")

    for known in ([], [call()]):  # in bulk, and with look-ups
        history.merge(known)
        before = list(history.db.iterdump())
        with pytest.raises(OSError, match="Input"):
            history.merge(broken())
        assert list(history.db.iterdump()) == before
    history.merge([call("m3")])
    assert history.totals(*ALWAYS).calls == 2


def test_a_call_whose_time_changes_leaves_no_trace_at_the_old_one(history: History) -> None:
    history.merge([call(at=0, output_tokens=1)])
    with history.merging() as merge:
        merge.add([call(at=17, output_tokens=400)])
    assert [bar.start_s for bar in history.bars(*ALWAYS)] == [int(START.timestamp()) + 900]
    assert merge.oldest_ms == round(START.timestamp() * 1000)  # what is remembered from there on is stale


def test_an_instant_between_two_milliseconds_is_neither() -> None:
    """`[a + 1 us, b + 1 us)` is "after a, up to b"."""
    history, tick = History(None), timedelta(microseconds=1)
    at = START + timedelta(milliseconds=123)
    history.merge(
        [
            UsageRecord(
                message_id="m", request_id="r", at_ms=first_ms(at), session_id="s", project="p", model="m"
            )
        ]
    )
    assert history.totals(at, at + tick).calls == 1
    assert history.totals(at - tick, at).calls == 0
    assert history.totals(at + tick, at + timedelta(seconds=1)).calls == 0
    assert history.first_call_at(at) == at
    assert history.first_call_at(at + tick) is None
    assert history.last_call_at(at) is None
    assert history.last_call_at(at + tick) == at
    history.close()


@given(st.integers(0, 4_102_444_799_999))
def test_whole_milliseconds_are_themselves(ms: int) -> None:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    assert first_ms(at) == ms
    assert first_ms(at + timedelta(microseconds=1)) == first_ms(at + timedelta(microseconds=999)) == ms + 1


def test_names_are_kept_once(history: History) -> None:
    history.merge([call(f"m{i}", project="/a" if i % 2 else "/b", session_id="/a") for i in range(6)])
    history.merge([call("m9", project="/a", model="new")])
    assert sorted(name for (name,) in history.db.execute("SELECT name FROM names")) == [
        "/a",
        "/b",
        "claude-sonnet-4-5",
        "new",
        "s1",
    ]


def test_a_record_comes_back_whole(history: History) -> None:
    given_ = call(
        "m1",
        "r1",
        input_tokens=1,
        cache_write_5m_tokens=2,
        cache_write_1h_tokens=3,
        cache_read_tokens=4,
        cost_usd=0.5,
        is_sidechain=True,
        agent_id="a1",
        output_is_placeholder=True,
        web_searches=2,
        is_fast=True,
        is_us_only=True,
    )
    nameless = call("", "", line_key="@k:1")
    history.merge([given_, nameless])
    assert [record for _, record in History.read_calls(history.db)] == [given_, nameless]
    assert history.placeholder_count() == 1


def test_first_and_last_call_and_their_ranges(history: History) -> None:
    history.merge([call("m1", at=0), call("m2", at=10)])
    first, last = START, START + timedelta(minutes=10)
    assert history.first_call_at(first) == first
    assert history.first_call_at(first + timedelta(milliseconds=1)) == last
    assert history.first_call_at(last + timedelta(milliseconds=1)) is None
    assert history.last_call_at(last) == first
    assert history.last_call_at(first) is None
    assert history.totals(first, last).calls == 1
    assert history.totals(last, first) == UsageTotals()


def test_a_file_is_private_and_survives_reopening(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "history.db"
    history = History(path)
    history.merge([call()])
    identity = history.meta("id")
    history.close()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    again = History(path)
    assert (again.is_new, again.meta("id"), again.call_count()) == (False, identity, 1)
    again.close()


# -- activity


def test_sessions_by_last_activity_with_their_last_model(history: History) -> None:
    history.merge(
        [
            call("m1", at=0, session_id="a", model="claude-opus-5-5", project="/one"),
            call("m2", at=30, session_id="a", model="claude-sonnet-4-5", project="/one"),
            call("m3", at=20, session_id="b", project="/two"),
        ]
    )
    first, second = sessions_since(history, START)
    assert (first.session_id, first.model, first.used.calls) == ("a", "claude-sonnet-4-5", 2)
    assert first.last_at == START + timedelta(minutes=30)
    assert (second.session_id, second.project) == ("b", "/two")
    assert sorted(session_sizes(history, START)) == [20, 40]
    assert median_call_tokens(history) == 20
