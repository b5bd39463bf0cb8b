"""Pane 2: how fast it burns and when the next threshold is reached."""

from __future__ import annotations

from quota_tui.core.phrases import cost_words, full_words, rate_words, reach_words, window_zone
from quota_tui.core.snapshot import Snapshot
from quota_tui.core.words import figure, tokens
from quota_tui.ui.rows import (
    BOLD,
    MUTED,
    PLAIN,
    Rank,
    Row,
    chain,
    first_spread,
    fit_height,
    row,
    styled,
    zone_style,
)
from quota_tui.ui.view import View
from quota_tui.ui.widgets.plot import GUTTER, MIN_HEIGHT, amount_rows, plot_rows
from quota_tui.ui.widgets.sparkline import sparkline

QUIET = "quiet for ten minutes"


def rate_row(snapshot: Snapshot, width: int) -> Row:
    """The rate of the last ten minutes, and of the window beside it."""
    burn = snapshot.burn
    now = [row(("now  ", MUTED), (each, BOLD)) for each in rate_words(burn)]
    if burn.tokens_per_min_now <= 0:
        now = [row(("now  ", MUTED), (QUIET, PLAIN))]
    whole: list[Row] = [()]
    if burn.tokens_per_min_window is not None:
        rate = tokens(burn.tokens_per_min_window)
        share = "" if burn.pct_per_hour_window is None else f" · {figure(burn.pct_per_hour_window)} %/h"
        told = [f"window  {rate} tok/min{share}", f"window  {rate}/min{share}", f"window  {rate}/min"]
        whole = [*styled(told, MUTED), ()]
    return first_spread(width, [(left, right) for left in now for right in whole])


def forecast_rows(view: View, snapshot: Snapshot, width: int) -> list[Rank]:
    """When the next threshold comes, and the chance that the window fills up before its reset."""
    reach = styled(reach_words(snapshot, view.now, view.face), PLAIN)
    full = styled(full_words(snapshot), PLAIN)
    both = first_spread(
        width, [(row(*a, (" · ", MUTED), *b), ()) for a in reach[:1] for b in full[:2] if a and b]
    )
    if both:
        return [(0, both)]
    return [(rank, line) for rank, line in ((0, chain(width, reach)), (2, chain(width, full))) if line]


def base_rows(view: View, snapshot: Snapshot, width: int) -> list[Rank]:
    """Everything but the plot; the sparkline is the second row."""
    burn = snapshot.burn
    ranked: list[Rank] = [(0, rate_row(snapshot, width))]
    spark = sparkline(snapshot.five_hour, burn.bars, width, view.face)
    if spark:
        ranked.append((1, spark))
    ranked += forecast_rows(view, snapshot, width)
    ranked.append((3, chain(width, styled(cost_words(burn), MUTED))))
    return ranked


def natural(view: View, snapshot: Snapshot, width: int) -> int:
    """The height at which all but the plot is shown."""
    return len(base_rows(view, snapshot, width))


def rows(view: View, snapshot: Snapshot, width: int, height: int) -> list[Row]:
    """The pane's rows; where there is room the plot is drawn, and the sparkline under it on its axis."""
    ranked, state, burn = base_rows(view, snapshot, width), snapshot.five_hour, snapshot.burn
    room = height - len(ranked) - 1
    context = (state, burn, snapshot.forecast, view.now, view.face)
    words = [line for _, line in (ranked[0], *ranked[2:])]
    plot = plot_rows(context, width, room, zone_style(window_zone(state))) if room >= MIN_HEIGHT else []
    if plot:
        spark = row((" " * GUTTER, PLAIN), *sparkline(state, burn.bars, width - GUTTER, view.face))
        return [*words, (), *plot[:-1], spark, plot[-1]]
    tall = amount_rows(state, burn.bars, width, room + 1, view.face)
    return [*words, (), *tall] if tall else fit_height(ranked, height)
