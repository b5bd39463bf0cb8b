"""When quota lasts, in the person's own hours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from quota_tui.core.learning import PastWindow
from quota_tui.core.readings import WindowKind
from quota_tui.core.words import Face
from quota_tui.handing.outlook import lasting, lasting_words

DAY = datetime(2026, 10, 20, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


class Told:
    """A monitor that knows these windows."""

    def __init__(self, windows: Sequence[PastWindow]) -> None:
        self._windows = windows

    def attempt(self, work: Callable[[], Any]) -> Any:
        return work()

    def past_windows(self, now: datetime) -> Sequence[PastWindow]:
        return self._windows


def window(day: int, hour: int, *, full: bool, **more: Any) -> PastWindow:
    begin = DAY + timedelta(days=day, hours=hour)
    given = {"kind": WindowKind.FIVE_HOUR, "cost_usd": 1.0, **more}
    return PastWindow(
        starts_at=begin, resets_at=begin + timedelta(hours=5), limit_cost_usd=1.0 if full else None, **given
    )


def told(late: int, early: int = 8) -> Any:
    return Told(
        [each for day in range(8) for each in (window(day, early, full=True), window(day, late, full=False))]
    )


@pytest.mark.parametrize(
    ("face", "words"),
    [
        (Face(zone=UTC), "20:00 and 24:00"),
        (Face(zone=UTC, clock_12h=True), "8pm and 12am"),
        (Face(zone=ZoneInfo("Asia/Tokyo")), "04:00 and 08:00"),
        (Face(zone=ZoneInfo("Asia/Tokyo"), clock_12h=True), "4am and 8am"),
    ],
)
def test_it_is_told_in_the_person_s_hours(face: Face, words: str) -> None:
    assert lasting_words(told(21), NOW, face) == (
        f"windows that begin between {words} last most often: 100 % of 8, 0 % of the others"
    )


def test_the_clock_is_what_it_was_on_that_day() -> None:
    """20:00 in Berlin is 18:00 UTC in its summer and 19:00 in its winter, which begins on 25 October."""
    windows = [window(day, 18, full=False) for day in range(5)] + [
        window(day, 19, full=False) for day in range(6, 11)
    ]
    windows += [window(day, 6, full=True) for day in range(11)]
    found = lasting(Told(windows), NOW, Face(zone=ZoneInfo("Europe/Berlin")))  # type: ignore[arg-type]
    assert found is not None
    assert (found.from_hour, found.to_hour, found.windows) == (20, 24, 10)


def test_windows_that_say_nothing_do_not_count() -> None:
    face = Face(zone=UTC)
    assert lasting_words(Told([]), NOW, face) == ""  # type: ignore[arg-type]
    idle = [window(day, 3, full=False, cost_usd=0.0) for day in range(40)]
    weeks = [window(day, 3, full=False, kind=WindowKind.WEEKLY) for day in range(40)]
    assert lasting(Told([*idle, *weeks]), NOW, face) is None  # type: ignore[arg-type]
    assert lasting(told(21), NOW, Face(zone=None)) is not None
