"""READY, WAITING, UNKNOWN."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from quota_tui.core.readings import WindowKind
from quota_tui.core.ready import readiness
from quota_tui.core.snapshot import Basis, Snapshot, WindowState

NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
RESET, WEEK_RESET = NOW + timedelta(hours=2), NOW + timedelta(days=3)


def snapshot(left: float | None, week_left: float | None = None, basis: Basis = Basis.OFFICIAL) -> Snapshot:
    def state(kind: WindowKind, left_pct: float | None, reset: datetime) -> WindowState:
        return WindowState(
            kind=kind,
            used_pct=None if left_pct is None else 100 - left_pct,
            remaining_pct=left_pct,
            resets_at=reset,
            basis=Basis.NONE if left_pct is None else basis,
        )

    return Snapshot(
        now=NOW,
        five_hour=state(WindowKind.FIVE_HOUR, left, RESET),
        weekly=state(WindowKind.WEEKLY, week_left, WEEK_RESET),
    )


@pytest.mark.parametrize(
    ("left", "wanted", "word"),
    [
        (90, 90, "READY"),
        (89.99, 90, "WAITING"),
        (100, 100, "READY"),
        (0, 0, "READY"),
        (0, 1, "WAITING"),
        (99.9, 100, "WAITING"),
    ],
)
def test_the_share_that_must_be_left_is_included(left: float, wanted: float, word: str) -> None:
    found = readiness(snapshot(left), wanted)
    assert found.word == word
    assert found.resets_at == (RESET if word == "WAITING" else None)
    assert found.remaining_pct == left


def test_a_used_up_week_makes_one_wait_for_the_week() -> None:
    found = readiness(snapshot(100, 4.9), 90)
    assert (found.word, found.resets_at, found.remaining_pct) == ("WAITING", WEEK_RESET, 4.9)
    assert "the week" in found.why
    assert readiness(snapshot(100, 5), 90).word == "READY"


def test_a_used_up_week_is_enough_to_know() -> None:
    assert readiness(snapshot(None, 1), 90).word == "WAITING"


def test_without_a_limit_nobody_can_say() -> None:
    found = readiness(snapshot(None, 60), 90)
    assert (found.word, found.basis, found.remaining_pct) == ("UNKNOWN", Basis.NONE, None)


@pytest.mark.parametrize("basis", [basis for basis in Basis if basis is not Basis.NONE])
def test_an_estimate_looks_like_one(basis: Basis) -> None:
    found = readiness(snapshot(95, basis=basis), 90)
    assert found.basis is basis
    assert found.why.startswith("≈") is (basis is not Basis.OFFICIAL)
