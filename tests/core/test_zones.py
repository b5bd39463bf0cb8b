from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.readings import WindowKind
from quota_tui.core.snapshot import Basis, WindowState, ZoneName
from quota_tui.core.zones import (
    UNKNOWN,
    ZONES,
    TaskSizes,
    binding_window,
    task_sizes,
    zone_of,
    zone_state,
)


def window(
    used: float | None,
    limit: int | None = 200_000,
    kind: WindowKind = WindowKind.FIVE_HOUR,
    basis: Basis = Basis.FUSED,
    model: str = "",
    *,
    hit: bool = False,
) -> WindowState:
    return WindowState(kind=kind, model=model, used_pct=used, limit_tokens=limit, basis=basis, limit_hit=hit)


NO_WEEK = window(None, None, WindowKind.WEEKLY, Basis.NONE)


@pytest.mark.parametrize(
    ("used", "name"),
    [
        (None, ZoneName.UNKNOWN),
        (0, ZoneName.FRESH),
        (9.99, ZoneName.FRESH),
        (10, ZoneName.EXCELLENT),
        (25, ZoneName.GOOD),
        (49.9, ZoneName.GOOD),
        (50, ZoneName.MODERATE),
        (79.99, ZoneName.MODERATE),
        (80, ZoneName.DANGER),
        (90, ZoneName.CRITICAL),
        (95, ZoneName.EMERGENCY),
        (100, ZoneName.EMERGENCY),
        (140, ZoneName.EMERGENCY),
    ],
)
def test_zones_by_used_percentage(used: float | None, name: ZoneName):
    assert zone_of(used).name is name


def test_zones_are_told_apart_without_colour():
    every = (*ZONES, UNKNOWN)
    assert {zone.name for zone in every} == set(ZoneName)
    for attribute in ("glyph", "ascii_glyph", "word"):
        assert len({getattr(zone, attribute) for zone in every}) == len(every)
    for zone in every:
        assert len(zone.glyph) == len(zone.ascii_glyph) == 1
        assert zone.ascii_glyph.isascii()
        assert zone.advice


def test_the_highest_used_percentage_binds():
    week = window(85, kind=WindowKind.WEEKLY)
    opus = window(91, kind=WindowKind.WEEKLY_MODEL, model="opus")
    assert zone_state(window(81), NO_WEEK).window is WindowKind.FIVE_HOUR
    assert zone_state(window(81), week).window is WindowKind.WEEKLY
    found = zone_state(window(81), week, (opus,))
    assert (found.window, found.window_model, found.name) == (
        WindowKind.WEEKLY_MODEL,
        "opus",
        ZoneName.CRITICAL,
    )
    assert "week" in found.advice.lower()


def test_of_equals_the_five_hour_window_binds():
    assert binding_window((window(50), window(50, kind=WindowKind.WEEKLY))) == window(50)


def test_without_a_percentage_the_zone_is_unknown_and_says_what_to_do():
    found = zone_state(window(None, None, basis=Basis.NONE), NO_WEEK)
    assert (found.name, found.used_pct, found.fits_tokens, found.fits_task) == (
        ZoneName.UNKNOWN,
        None,
        None,
        "",
    )
    assert "install statusline" in found.advice


def test_a_guess_that_use_has_disproved_makes_no_emergency():
    guess = window(130, basis=Basis.GUESS)
    assert zone_state(guess, NO_WEEK).name is ZoneName.UNKNOWN
    assert "guess" in zone_state(guess, NO_WEEK).advice
    assert zone_state(guess, window(30, kind=WindowKind.WEEKLY)).name is ZoneName.GOOD
    assert zone_state(window(130, basis=Basis.CONFIGURED), NO_WEEK).name is ZoneName.EMERGENCY


@pytest.mark.parametrize(
    ("used", "next_mark", "room_pct"),
    [(0, 25, 80), (24.9, 25, 55.1), (60, 80, 20), (79, 80, 11), (81, 90, 9), (92, 95, 3), (97, 100, 3)],
)
def test_what_fits_ends_before_a_threshold(used: float, next_mark: int, room_pct: float):
    found = zone_state(window(used), NO_WEEK, median_call_tokens=2500)
    assert found.next_threshold_pct == next_mark
    assert found.to_next_pct == pytest.approx(next_mark - used)
    assert found.fits_tokens == pytest.approx(room_pct * 2000, abs=1)
    assert found.fits_calls == int(found.fits_tokens / 2500)


def test_a_task_must_fit_into_every_window():
    short, week = window(30, limit=100_000), window(60, limit=5_000_000, kind=WindowKind.WEEKLY)
    found = zone_state(short, week)
    assert found.window is WindowKind.WEEKLY
    assert found.fits_tokens == 50_000


def test_at_the_limit_nothing_fits():
    found = zone_state(window(100, hit=True), NO_WEEK, median_call_tokens=1000)
    assert (found.fits_tokens, found.fits_calls, found.fits_task) == (0, 0, "nothing")
    assert found.next_threshold_pct is None
    assert "reset" in found.advice


def test_sizes_of_tasks_in_a_word():
    sizes = TaskSizes()
    assert [sizes.word(n) for n in (200_000, 60_000, 20_000, 14_999, 3_000, 2_999, 0)] == [
        "large",
        "medium",
        "small",
        "tiny",
        "tiny",
        "nothing",
        "nothing",
    ]


def test_sizes_are_fitted_to_the_persons_own_sessions():
    assert task_sizes(range(19)) == TaskSizes()
    assert task_sizes([1000 * n for n in range(1, 102)]) == TaskSizes(51_000, 26_000, 6_000, 1_200)


@given(
    st.one_of(st.none(), st.floats(0, 150)),
    st.one_of(st.none(), st.floats(0, 100)),
    st.one_of(st.none(), st.integers(1, 10**8)),
    st.one_of(st.none(), st.floats(0, 1e6)),
)
def test_what_fits_is_never_more_than_what_is_left(
    used: float | None, week: float | None, limit: int | None, per_call: float | None
):
    five_hour = window(used, limit, basis=Basis.CONFIGURED)
    found = zone_state(five_hour, window(week, None, WindowKind.WEEKLY), median_call_tokens=per_call)
    known = [each for each in (used, week) if each is not None]
    assert found.used_pct == max(known, default=None)
    if found.fits_tokens is not None:
        assert limit is not None
        assert used is not None
        assert 0 <= found.fits_tokens <= limit * max(0, 100 - used) / 100
        assert found.fits_task
