"""Totals, starts and the walk over all texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings

from quota_tui.core.handoff import (
    Handoff,
    Objective,
    Total,
    instant,
    is_start,
    start_instant,
    total,
    with_texts,
)
from tests.core.hostile import handoffs

RESET = datetime(2026, 11, 20, 18, 40, tzinfo=UTC)


def test_totals() -> None:
    assert total(()) is None
    assert total((Objective("a"), Objective("b", done=True, tokens=9))) is None
    assert total((Objective("a", 5), Objective("b"))) == Total(5, None, None, 1, 2)
    ranged = (
        Objective("a", 15, 9, 24),
        Objective("b", 18),
        Objective("c", 2, None, 3),
        Objective("d", 7, done=True),
    )
    assert total(ranged) == Total(35, 29, 45, 3, 3)
    assert total((Objective("a", None, 5, 9),)) is None, "a range alone has no middle"
    assert total((Objective("a", 0),)) == Total(0, None, None, 1, 1)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("reset", RESET),
        ("reset+5m", RESET + timedelta(minutes=5)),
        ("manual", None),
        ("", None),
        ("tomorrow", None),
        ("2026-11-20T20:00", datetime(2026, 11, 20, 18, 0, tzinfo=UTC)),
        ("2026-11-20T20:00Z", datetime(2026, 11, 20, 20, 0, tzinfo=UTC)),
        (" 2026-11-20T20:00-05:00 ", datetime(2026, 11, 21, 1, 0, tzinfo=UTC)),
    ],
)
def test_when_a_start_is(start: str, expected: datetime | None) -> None:
    assert start_instant(start, RESET, timezone(timedelta(hours=2))) == expected
    assert is_start(start) is (start not in {"", "tomorrow"})


def test_without_a_reset_there_is_no_time() -> None:
    assert start_instant("reset", None) is None
    assert start_instant("reset+5m", None) is None


def test_times_at_the_edges_are_no_times() -> None:
    for text in ("0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00", "x" * 10_000, "", "20:00"):
        assert instant(text) is None


def test_a_time_without_a_zone_is_local_where_no_zone_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    naive = "2026-11-20T20:00"
    assert instant(naive, None) == datetime.fromisoformat(naive).astimezone(UTC)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(handoffs)
def test_every_text_is_walked_once(handoff: Handoff) -> None:
    seen: list[str] = []

    def keep(field: str, text: str) -> str:
        seen.append(field)
        return text

    assert with_texts(handoff, keep) == handoff
    lists = (
        handoff.accomplished,
        handoff.decisions,
        handoff.failed,
        handoff.blockers,
        handoff.files,
        handoff.commands,
    )
    inner = sum(1 + len(item.steps) for item in handoff.objectives) + len(handoff.extra_front)
    state = 3 + len(handoff.state.files_modified) + len(handoff.state.other)
    assert len(seen) == 2 + sum(map(len, lists)) + inner + state + 2 * len(handoff.extra_sections)
    assert with_texts(handoff, lambda _, __: "x").instructions == "x"
