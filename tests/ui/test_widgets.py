from __future__ import annotations

from datetime import UTC, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.snapshot import BurnState, Forecast
from quota_tui.core.usage import Bar, UsageTotals
from quota_tui.core.words import Face
from quota_tui.ui.rows import plain, width_of
from quota_tui.ui.widgets.gauge import gauge_row, marks_row
from quota_tui.ui.widgets.plot import MIN_HEIGHT, MIN_WIDTH, amount_rows, plot_rows, prepare
from quota_tui.ui.widgets.sparkline import amounts, levels, sparkline
from tests.ui.invent import NOW, RESET, bars, working
from tests.ui.scenes import SCENES, fresh, limit_hit, unlimited

FACE = Face(zone=UTC)
ASCII = Face(zone=UTC, ascii=True)


# -- gauge


@given(st.floats(0, 130), st.none() | st.floats(0, 150), st.integers(4, 200), st.booleans())
def test_a_gauge_is_as_wide_as_asked_and_full_only_when_it_is(used, projected, width, ascii_only):
    full, ahead, free = ("#", "=", ".") if ascii_only else ("█", "▒", "·")
    drawn = plain(gauge_row(used, projected, width, "", ASCII if ascii_only else FACE))
    assert len(drawn) == width
    assert drawn == full * drawn.count(full) + ahead * drawn.count(ahead) + free * drawn.count(free)
    assert (drawn.count(full) == width) == (used >= 100)
    assert (drawn.count(full) == 0) == (used <= 0)


def test_a_gauge_shows_used_projected_and_free():
    assert plain(gauge_row(81.0, 97.0, 20, "", FACE)) == "████████████████▒▒▒·"
    assert plain(gauge_row(81.0, 97.0, 20, "", ASCII)) == "################===."
    assert plain(gauge_row(50.0, None, 10, "", FACE)) == "█████·····"
    assert plain(gauge_row(50.0, 20.0, 10, "", FACE)) == "█████·····"


@given(st.integers(0, 220))
def test_marks_stand_under_their_place_and_never_touch(width):
    line = plain(marks_row(width))
    assert len(line) <= width
    for figure in line.split():
        at, edge = line.index(figure), round(width * int(figure) / 100)
        assert edge - 1 <= at <= edge
    assert all(figure in {"80", "90", "95"} for figure in line.split())
    if width >= 40:
        assert line.split() == ["80", "90", "95"]


# -- sparkline


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=60), st.integers(1, 120))
def test_no_token_is_lost_in_the_squeeze(counts, columns):
    start_s = int((RESET - timedelta(hours=5)).timestamp())
    made = [Bar(start_s + 300 * at, UsageTotals(output_tokens=count)) for at, count in enumerate(counts)]
    drawn = amounts(made, start_s, start_s + 300 * len(made), columns)
    assert sum(drawn) == pytest.approx(sum(counts))
    assert len(drawn) <= columns


@given(st.integers(1, 150), st.sampled_from(sorted(SCENES)), st.booleans())
def test_a_sparkline_takes_the_whole_window(width, scene, ascii_only):
    snapshot = SCENES[scene]()
    line = sparkline(snapshot.five_hour, snapshot.burn.bars, width, ASCII if ascii_only else FACE)
    assert width_of(line) == (width if snapshot.burn.bars else 0)


def test_time_to_come_is_dotted_and_a_pause_is_blank():
    snapshot = working()
    line = plain(sparkline(snapshot.five_hour, snapshot.burn.bars, 60, FACE))
    assert line[11:14] == "   "
    assert line.endswith("·" * 12)
    assert "█" not in line
    assert max(line.replace("·", "")) == "▇"
    assert sparkline(snapshot.five_hour, (), 60, FACE) == ()


def test_levels():
    assert levels([0, 1, 50, 100], 8) == [0, 1, 4, 8]
    assert levels([0, 0], 8) == [0, 0]
    assert levels([], 8) == []


# -- plot


@pytest.mark.parametrize("scene", ["working", "fresh", "limit_hit", "week_binds", "crowded"])
@pytest.mark.parametrize("face", [FACE, ASCII], ids=["unicode", "ascii"])
@pytest.mark.parametrize(
    ("width", "height"), [(MIN_WIDTH, MIN_HEIGHT), (54, 12), (55, 13), (120, 40), (200, 9)]
)
def test_a_plot_fills_exactly_its_rectangle(scene, face, width, height):
    snapshot = SCENES[scene]()
    context = (snapshot.five_hour, snapshot.burn, snapshot.forecast, NOW, face)
    drawn = plot_rows(context, width, height, "$zone-danger")
    assert len(drawn) == height
    assert {width_of(line) for line in drawn} == {width}
    assert all(plain(line).isascii() for line in drawn) or not face.ascii
    axis = plain(drawn[-1])
    assert axis.strip().startswith(("13:40", "17:14"))


def test_a_plot_that_does_not_fit_is_left_out():
    snapshot = working()
    context = (snapshot.five_hour, snapshot.burn, snapshot.forecast, NOW, FACE)
    assert plot_rows(context, MIN_WIDTH - 1, 30, "") == []
    assert plot_rows(context, 60, MIN_HEIGHT - 1, "") == []


def test_the_past_ends_at_what_is_used_and_the_fan_goes_on_from_there():
    snapshot = working()
    plot = prepare(snapshot.five_hour, snapshot.burn, snapshot.forecast, NOW, 60)
    assert plot is not None
    assert plot.past[-1] == 81.0
    assert list(plot.past) == sorted(plot.past)
    assert len(plot.past) + len(plot.median) == plot.columns == 60
    assert all(low <= mid <= high for low, mid, high in zip(plot.low, plot.median, plot.high, strict=True))
    assert plot.median[-1] == pytest.approx(97.0)


def test_no_fan_once_the_limit_is_reached_or_without_a_forecast():
    for snapshot in (limit_hit(), fresh()):
        plot = prepare(snapshot.five_hour, snapshot.burn, snapshot.forecast, NOW, 60)
        assert plot is not None
        assert plot.median == ()


def test_nothing_to_plot():
    snapshot = working()
    empty = msgspec.structs.replace
    assert prepare(unlimited().five_hour, snapshot.burn, snapshot.forecast, NOW, 60) is None
    assert prepare(snapshot.five_hour, BurnState(), snapshot.forecast, NOW, 60) is None
    assert prepare(empty(snapshot.five_hour, starts_at=None), snapshot.burn, Forecast(), NOW, 60) is None


def test_tokens_without_prices_are_plotted_too():
    snapshot = working()
    free = tuple(
        Bar(bar.start_s, msgspec.structs.replace(bar.totals, cost_usd=0.0)) for bar in snapshot.burn.bars
    )
    plot = prepare(snapshot.five_hour, BurnState(bars=free), Forecast(), NOW, 60)
    assert plot is not None
    assert 0 < plot.past[20] < 81


@pytest.mark.parametrize("face", [FACE, ASCII], ids=["unicode", "ascii"])
def test_without_a_percentage_the_tokens_are_drawn(face):
    state = unlimited().five_hour
    drawn = amount_rows(state, bars(RESET - timedelta(hours=5), NOW, 162_000), 60, 10, face)
    assert len(drawn) == 10
    assert plain(drawn[0]).strip()
    assert amount_rows(state, (), 60, 10, face) == []
    assert (
        amount_rows(msgspec.structs.replace(state, resets_at=None), working().burn.bars, 60, 10, face) == []
    )
