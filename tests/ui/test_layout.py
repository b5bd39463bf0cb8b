from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.ui.layout import KEYS_FROM, arrangement, places
from quota_tui.ui.panes.specs import PANES

NUMBERED = ("quota", "burn", "zone", "phases", "automation")
sizes = st.tuples(st.integers(1, 240), st.integers(1, 80))
hidden_sets = st.frozensets(st.sampled_from(sorted(PANES)))


def put(size, *, header=1, hidden=frozenset(), zoomed="", wants=7):
    return places(*size, header=header, hidden=hidden, zoomed=zoomed, wanted=lambda name, width: wants)


@given(sizes, st.integers(1, 2), hidden_sets, st.sampled_from(["", *PANES]), st.integers(1, 30))
def test_everything_is_on_the_screen_and_nothing_overlaps(size, header, hidden, zoomed, wants):
    placed = put(size, header=header, hidden=hidden, zoomed=zoomed, wants=wants)
    width, height = size
    taken = set()
    for at in placed.values():
        assert at.width > 0
        assert at.height > 0
        cells = {(x, y) for x in range(at.x, at.x + at.width) for y in range(at.y, at.y + at.height)}
        assert not cells & taken
        taken |= cells
    assert taken == {(x, y) for x in range(width) for y in range(height)}


@given(sizes, hidden_sets)
def test_the_quota_is_always_in_sight_unless_it_was_hidden(size, hidden):
    placed = put(size, hidden=hidden)
    assert "quota" in placed or "card" in placed or "quota" in hidden
    assert not hidden & set(placed)


@given(st.integers(80, 240), st.integers(18, 80))
def test_every_pane_has_at_least_the_rows_it_needs(width, height):
    for name, at in put((width, height), header=2).items():
        if name in PANES:
            assert at.height - 2 >= PANES[name].least


@pytest.mark.parametrize(
    ("size", "form"),
    [
        ((23, 40), "line"),
        ((80, 3), "line"),
        ((24, 4), "card"),
        ((30, 8), "card"),
        ((46, 16), "card"),
        ((79, 24), "card"),
        ((109, 17), "card"),
        ((46, 40), "column"),
        ((79, 32), "column"),
        ((80, 18), "two"),
        ((100, 30), "two"),
        ((109, 60), "two"),
        ((110, 18), "three"),
        ((200, 60), "three"),
        ((110, 17), "strip"),
        ((200, 12), "long strip"),
        ((200, 9), "card"),
    ],
)
def test_forms(size, form):
    assert arrangement(*size) == form


@pytest.mark.parametrize("size", [(80, 24), (100, 26), (100, 30), (110, 24), (160, 45), (200, 60), (46, 40)])
def test_all_five_panes_are_shown_at_common_sizes(size):
    assert set(NUMBERED) <= set(put(size, wants=6))


@pytest.mark.parametrize("size", [(110, 24), (160, 45), (200, 60)])
def test_sessions_and_alerts_are_shown_when_it_is_wide(size):
    assert {"sessions", "alerts"} <= set(put(size, wants=4))


def test_a_zoomed_pane_has_the_screen_and_the_keys_stay():
    placed = put((100, 30), zoomed="burn")
    assert set(placed) == {"header", "burn", "keys"}
    assert placed["burn"].height == 28
    assert set(put((30, 8), zoomed="burn")) == {"burn", "keys"}
    assert set(put((30, KEYS_FROM - 1), zoomed="burn")) == {"burn"}


def test_one_line_stays_one_line_even_when_zoomed():
    assert set(put((20, 40), zoomed="burn")) == {"card"}


def test_without_any_pane_the_card_takes_over():
    assert set(put((100, 30), hidden=frozenset(PANES))) == {"card", "keys"}
