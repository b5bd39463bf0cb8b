"""What is known goes into an estimate: the room in the window, and what a dollar is worth of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from quota_tui.core.estimating.model import Change
from quota_tui.core.estimating.ranges import Range
from quota_tui.core.readings import WindowKind
from quota_tui.core.snapshot import WindowState
from quota_tui.handing.estimating import Estimator, last_model, room_of
from quota_tui.handing.tracking import model_change
from quota_tui.monitor.monitor import Monitor
from tests.conftest import NOW
from tests.handing.desk import Desk, at
from tests.monitor.rig import monitor, tell

FIVE = WindowState(kind=WindowKind.FIVE_HOUR)


@pytest.fixture
def desk(home: Path) -> Desk:
    return Desk(home)


@pytest.fixture
def one(desk: Desk) -> Iterator[Monitor]:
    with monitor() as made:
        yield made


def test_the_room_is_what_is_not_used() -> None:
    state = replace(FIVE, limit_tokens=200_000, used_pct=40.0, used_pct_low=35.0, used_pct_high=50.0)
    assert room_of(state) == Range(100_000.0, 120_000.0, 130_000.0)
    assert room_of(replace(FIVE, limit_tokens=200_000, used_pct=25.0)) == Range(
        150_000.0, 150_000.0, 150_000.0
    )
    assert room_of(replace(FIVE, limit_tokens=200_000, used_pct=101.0)) == Range(0.0, 0.0, 0.0)
    assert room_of(replace(FIVE, used_pct=40.0)) is None
    assert room_of(replace(FIVE, limit_tokens=200_000)) is None


_pct = st.none() | st.floats(0, 101)


@given(st.integers(0, 10**9), st.floats(0, 101), _pct, _pct)
def test_a_room_is_in_order(limit: int, used: float, low: float | None, high: float | None) -> None:
    found = room_of(replace(FIVE, limit_tokens=limit, used_pct=used, used_pct_low=low, used_pct_high=high))
    assert found is not None
    assert 0 <= found.low <= found.median <= found.high <= limit


def test_a_full_window_in_tokens_is_as_good_as_dollars(desk: Desk, one: Monitor) -> None:
    """Where only a limit in tokens is known (set by the person), shares are of that."""
    desk.past(6)
    snapshot = one.collect(at(0), alerts=False)
    limited = replace(snapshot, five_hour=replace(snapshot.five_hour, limit_tokens=1_000_000, used_pct=0.0))
    one.pct_per_usd = {}
    numbers = Estimator(one, at(0)).estimate(str(desk.plan), limited, str(desk.project)).numbers
    for line in (numbers.total, *numbers.phases):
        assert line.share_five_hour_pct == pytest.approx(line.median_tokens / 10_000, abs=0.06)
        assert line.share_weekly_pct is None


def test_what_a_dollar_was_worth_counts_before_tokens(desk: Desk, one: Monitor) -> None:
    desk.past(6)
    snapshot = one.collect(at(0), alerts=False)
    limited = replace(snapshot, five_hour=replace(snapshot.five_hour, limit_tokens=1_000_000, used_pct=0.0))
    one.pct_per_usd = {WindowKind.FIVE_HOUR: 2.5, WindowKind.WEEKLY: 0.5}
    total = Estimator(one, at(0)).estimate(str(desk.plan), limited, str(desk.project)).numbers.total
    assert total.share_five_hour_pct == pytest.approx(2.5 * total.cost_usd, abs=0.06)
    assert total.share_weekly_pct == pytest.approx(0.5 * total.cost_usd, abs=0.06)


def test_little_time_before_the_reset_is_little_chance(desk: Desk, one: Monitor) -> None:
    desk.past(6)
    desk.call(-20, 1_000_000, "today")
    tell(10.0, at(-1), resets_at=at(120))
    chances = []
    for minutes in (0, 60, 119):
        snapshot = one.collect(at(minutes), alerts=False)
        found = Estimator(one, at(minutes)).estimate(str(desk.plan), snapshot, str(desk.project)).numbers
        assert found.chance_to_finish is not None
        assert found.chance_now is not None
        assert found.chance_to_finish <= found.chance_now
        chances.append(found.chance_to_finish)
    assert chances == sorted(chances, reverse=True)
    assert chances[-1] < 0.3


def test_phases_that_overran_before_are_told(desk: Desk, one: Monitor) -> None:
    def told(minutes: float) -> list[str]:
        snapshot = one.collect(at(minutes), rescan=True, alerts=False)
        found = Estimator(one, at(minutes)).estimate(str(desk.plan), snapshot, str(desk.project))
        return [each.name for each in found.numbers.overruns]

    for number in range(4):
        desk.track(500 * number, "start", str(desk.plan))
        low = desk.state(500 * number)["phases"][0]["estimate_tokens"]
        desk.call(500 * number + 1, 4 * low, f"s{number}")
        for step in (2, 3, 4):
            desk.track(500 * number + step, "phase", "done")
        desk.track(500 * number + 5, "stop")
        if number == 2:
            assert told(1_400) == [], "too few to say"
    assert told(2_500) == ["Server", "Client"]
    text = desk.type(2_500, "estimate", str(desk.plan), "--project", str(desk.project)).stdout
    assert "phase 1, Server: more than 1.2 times the estimate is likely" in text


def test_the_model_is_that_in_use(desk: Desk, one: Monitor) -> None:
    desk.session(-300, 9_000, "old")
    snapshot = one.collect(at(0), alerts=False)
    past = Estimator(one, at(0)).past
    assert "sonnet" in last_model(snapshot, past)
    assert last_model(replace(snapshot, sessions=()), past) == past[-1].model
    assert last_model(replace(snapshot, sessions=()), []) == ""
    desk.call(-2, 500, "now", model="claude-opus-4-6")
    assert "opus" in last_model(one.collect(at(0), rescan=True, alerts=False), past)


def test_a_session_that_is_not_known_changed_nothing(desk: Desk, one: Monitor) -> None:
    desk.past(3)
    one.collect(at(0), alerts=False)
    estimator = Estimator(one, at(0))
    assert estimator.changes_by("no-such-session") == ()
    assert {change.what for change in estimator.changes_by("old-2")} >= {"tokens, without a plan"}
    assert at(0) == NOW


def test_what_changed_is_written_as_what_it_is() -> None:
    amount = model_change(Change(what="tokens per hour", before=61_000.4, after=99.0))
    assert (amount.before, amount.after) == ("61,000", "99")
    factor = model_change(Change(what="task type testing", before=1.0, after=123.456))
    assert (factor.before, factor.after) == ("×1.00", "×123.46")
