"""The burn-down of a window: use over time, the fan of the forecast, the thresholds as lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate, groupby

import msgspec

from quota_tui.core.snapshot import BurnState, Forecast, WindowState
from quota_tui.core.usage import BAR_S, Bar
from quota_tui.core.words import Face, clock
from quota_tui.ui.rows import FAINT, MUTED, PLAIN, Row, row
from quota_tui.ui.widgets.sparkline import amounts, at_index

THRESHOLDS = (100, 80, 90, 95, 50)
"""The first that falls on a row gives it its line and its figure."""
GUTTER = 4
MIN_WIDTH = 28
MIN_HEIGHT = 7
AREA = "45%"
"""Opacity of what is past: a large area in full colour shouts."""

_EIGHTHS = "▁▂▃▄▅▆▇█"
_ASCII_EIGHTHS = "..::==##"


class Plot(msgspec.Struct, frozen=True):
    """A window made ready to plot: percentages at `columns` instants, past and to come."""

    past: tuple[float, ...]
    low: tuple[float, ...]
    median: tuple[float, ...]
    high: tuple[float, ...]
    columns: int


def _spent(bars: Sequence[Bar]) -> list[float]:
    """Running total, in dollars (the nearest thing to quota), or tokens where no price is known."""
    cost = [bar.totals.cost_usd for bar in bars]
    return list(accumulate(cost if any(cost) else [float(bar.totals.total_tokens) for bar in bars]))


def prepare(
    state: WindowState, burn: BurnState, forecast: Forecast, now: datetime, columns: int
) -> Plot | None:
    """None when there is no percentage or no open window to plot."""
    if state.used_pct is None or state.starts_at is None or state.resets_at is None or not burn.bars:
        return None
    start_s, span_s = state.starts_at.timestamp(), (state.resets_at - state.starts_at).total_seconds()
    done = min(columns, max(1, round(columns * (now.timestamp() - start_s) / span_s)))
    spent = _spent(burn.bars)
    scale = state.used_pct / spent[-1] if spent[-1] else 0.0
    past = []
    for column in range(done):
        ends_s = start_s + (column + 1) * span_s / columns
        index = (ends_s - burn.bars[0].start_s) / BAR_S - 1
        past.append(0.0 if index < -1 else scale * at_index(spent, index))
    past[-1] = state.used_pct
    paths = (forecast.path_low, forecast.path_median, forecast.path_high)
    if not all(paths) or state.limit_hit:
        return Plot(tuple(past), (), (), (), columns)
    ahead_s = [start_s + (column + 1) * span_s / columns - now.timestamp() for column in range(done, columns)]
    low, median, high = (tuple(at_index(path, each / BAR_S) for each in ahead_s) for path in paths)
    return Plot(tuple(past), low, median, high, columns)


def _past_cell(value: float, bottom: float, step: float, face: Face) -> str:
    """The part of the row from `bottom` that the area fills, in eighths."""
    filled = round(8 * (value - bottom) / step)
    if filled <= 0:
        return ""
    return (_ASCII_EIGHTHS if face.ascii else _EIGHTHS)[min(filled, 8) - 1]


def _figures(height: int) -> dict[int, int]:
    """Row (from the top) to the threshold whose line it carries."""
    lines: dict[int, int] = {}
    for threshold in THRESHOLDS:
        lines.setdefault(min(height - 1, int(height * (100 - threshold) / 100)), threshold)
    return lines


def _line(plot: Plot, at: int, height: int, style: str, face: Face, *, ruled: bool) -> Row:
    step = 100 / height
    bottom = 100 - (at + 1) * step
    rule = (("-" if face.ascii else "┄") if ruled else " ", FAINT)
    out: list[tuple[str, str]] = []
    for value in plot.past:
        cell = _past_cell(value, bottom, step, face)
        out.append((cell, f"{style} {AREA}") if cell else rule)
    fan = zip(plot.low, plot.median, plot.high, strict=True)
    for low, median, high in fan:
        here = [min(height - 1, int(max(0.0, 100 - min(each, 99.9)) / step)) for each in (high, median, low)]
        if at == here[1]:
            out.append(("=" if face.ascii else "▒", style))
        elif here[0] <= at <= here[2]:
            out.append((":" if face.ascii else "░", style))
        else:
            out.append(rule)
    out += [rule] * (plot.columns - len(out))
    merged = (("".join(text for text, _ in run), key) for key, run in groupby(out, key=lambda each: each[1]))
    return row(*merged)


def _axis(state: WindowState, plot: Plot, face: Face) -> Row:
    assert state.starts_at is not None
    assert state.resets_at is not None
    start, end = clock(state.starts_at, face), clock(state.resets_at, face)
    at = len(plot.past)
    line = start + " " * (plot.columns - len(start) - len(end)) + end
    if len(start) < at - 2 and at + 2 < plot.columns - len(end):
        line = line[: at - 2] + "now" + line[at + 1 :]
    return row((" " * GUTTER, PLAIN), (line, MUTED))


def amount_rows(state: WindowState, bars: Sequence[Bar], width: int, height: int, face: Face) -> list[Row]:
    """Tokens over the window as bars `height` rows tall: what there is to plot without a percentage."""
    if width < MIN_WIDTH or height < MIN_HEIGHT or not (state.starts_at and state.resets_at and bars):
        return []
    columns, body = width - GUTTER, height - 1
    values = amounts(bars, state.starts_at.timestamp(), state.resets_at.timestamp(), columns)[:columns]
    top = max(values, default=0.0)
    if top <= 0:
        return []
    least = 100 / body / 8
    percents = tuple(max(least, 100 * value / top) if value > 0 else 0.0 for value in values)
    plot = Plot(percents, (), (), (), columns)
    label = " " * GUTTER
    drawn = [row((label, PLAIN), *_line(plot, at, body, MUTED, face, ruled=False)) for at in range(body)]
    return [*drawn, _axis(state, plot, face)]


def plot_rows(
    view: tuple[WindowState, BurnState, Forecast, datetime, Face], width: int, height: int, style: str
) -> list[Row]:
    """The plot with its axis, exactly `height` rows; nothing when it does not fit or there is no plot."""
    state, burn, forecast, now, face = view
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return []
    plot = prepare(state, burn, forecast, now, width - GUTTER)
    if plot is None:
        return []
    body = height - 1
    figures = _figures(body)
    rows = []
    for at in range(body):
        label = f"{figures[at]:>3} " if at in figures else " " * GUTTER
        rows.append(row((label, MUTED), *_line(plot, at, body, style, face, ruled=at in figures)))
    rows.append(_axis(state, plot, face))
    return rows
