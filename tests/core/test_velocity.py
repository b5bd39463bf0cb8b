from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from quota_tui.core.velocity import Change, rating, velocity

AT = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


def change(minutes: int, file: str, removed: tuple[int, ...] = (), added: tuple[int, ...] = ()) -> Change:
    return Change(AT + timedelta(minutes=minutes), file, removed, added)


def test_without_changes_there_is_no_velocity() -> None:
    found = velocity([], 5_000)
    assert (found.changes, found.tokens_per_change, found.rating, found.rework_pct) == (0, None, "", None)


@pytest.mark.parametrize(
    ("per_change", "word"), [(100, "efficient"), (500, "efficient"), (501, "monitor"), (1_000, "monitor"), (1_001, "optimize")]
)  # fmt: skip
def test_rating_by_its_thresholds(per_change: float, word: str) -> None:
    assert rating(per_change) == word


def test_rework_is_lines_written_here_and_changed_again() -> None:
    changes = [
        change(3, "a", removed=(2, 9), added=(4,)),  # 2 was written at minute 1; 9 was there before
        change(1, "a", removed=(8,), added=(1, 2)),
        change(2, "b", removed=(1,), added=(1,)),  # another file
        change(4, "a", removed=(4,), added=(4,)),
    ]
    found = velocity(changes, 8_000)
    assert (found.changes, found.files, found.tokens_per_change, found.rating) == (4, 2, 2_000, "optimize")
    assert (found.lines_written, found.lines_again) == (5, 2)
    assert found.rework_pct == pytest.approx(40.0)
