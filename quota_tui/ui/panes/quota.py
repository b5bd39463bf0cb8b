"""Pane 1: how much of the windows is used, how that is known, and when they reset."""

from __future__ import annotations

from quota_tui.core.phrases import (
    basis_words,
    left_words,
    projected_words,
    reset_clock,
    reset_words,
    used_figure,
    used_words,
    window_name,
    window_zone,
)
from quota_tui.core.snapshot import Snapshot, WindowState
from quota_tui.core.words import cells, clean, figure, tokens
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
    spread,
    styled,
    wrap,
    zone_style,
)
from quota_tui.ui.view import View, chosen_window, shown_windows
from quota_tui.ui.widgets.gauge import gauge_row, marks_row

SMALL_GAUGE = 8
"""Cells under which a small gauge says nothing."""


def head_row(state: WindowState, width: int) -> Row:
    """The window, its number, and what is known beside it."""
    name = (f"{window_name(state)}  ", MUTED)
    strong = zone_style(window_zone(state), strong=True) if state.used_pct is not None else BOLD
    used = [row((each, strong)) for each in used_words(state)]
    elsewhere = f"{figure(state.used_elsewhere_pct)} % elsewhere" if state.used_elsewhere_pct else ""
    extras = [
        chain(width, styled(projected_words(state), PLAIN), styled((elsewhere,), MUTED)),
        chain(width, styled(projected_words(state)[-1:], PLAIN), styled((elsewhere,), MUTED)),
        chain(width, styled(projected_words(state)[-1:], PLAIN)),
        (),
    ]
    named = [(row(name, *each), extra) for extra in extras for each in used]
    return first_spread(width, [*named, *((each, ()) for each in used)])


def amounts(state: WindowState) -> list[Row]:
    """Tokens used and left, the longest form first."""
    used = row((f"{tokens(state.used_tokens)} used", PLAIN))
    if state.used_pct is None:
        return [row((f"{state.used.calls} calls", MUTED))] if state.used.calls else []
    left = left_words(state)[-1]
    return [row(*used, (" · ", MUTED), (left, BOLD)), row((left, BOLD))]


def amount_rows(view: View, state: WindowState, width: int) -> list[Rank]:
    """Amounts and the reset: on one row where they fit, else on two."""
    resets = styled(reset_words(state, view.now, view.face), PLAIN)
    said = amounts(state)
    both = spread(said[0], resets[0], width) if said else None
    if both:
        return [(1, both)]
    return [(1, chain(width, each)) for each in (said, resets) if each]


def small_rows(view: View, others: list[WindowState], width: int) -> list[Rank]:
    """The other windows, aligned: name, gauge, percentage, reset."""
    names = [window_name(each).removeprefix("week ") if each.model else window_name(each) for each in others]
    indent = ["  " if each.model else "" for each in others]
    resets = [reset_clock(each, view.now, view.face) for each in others]
    label = max((cells(i + n) for i, n in zip(indent, names, strict=True)), default=0) + 2
    right = max((cells(each) for each in resets), default=0)
    made = []
    for state, name, pad, reset in zip(others, names, indent, resets, strict=True):
        known = used_figure(state) or f"{tokens(state.used_tokens)} used"
        tail = f"{known:>6}  {reset:>{right}}" if label + right + 16 <= width else f"{known:>6}"
        left = (f"{pad}{name}".ljust(label), MUTED)
        length = width - label - cells(tail) - 1
        if state.used_pct is None or length < SMALL_GAUGE:
            line = first_spread(width, [(row(left), row((tail, PLAIN))), (row(left), row((known, PLAIN)))])
        else:
            style = zone_style(window_zone(state))
            gauge = gauge_row(state.used_pct, state.projected_pct, length, style, view.face)
            line = row(left, *gauge, (f" {tail}", PLAIN))
        made.append((4 if state.model else 2, line))
    return made


def block(view: View, snapshot: Snapshot, state: WindowState, width: int) -> list[Rank]:
    """One window in full: number, gauge, amounts and reset, and how it is known."""
    ranked: list[Rank] = [(0, head_row(state, width))]
    if state.used_pct is not None:
        style = zone_style(window_zone(state))
        ranked.append((0, gauge_row(state.used_pct, state.projected_pct, width, style, view.face)))
        ranked.append((3, marks_row(width)))
    ranked += amount_rows(view, state, width)
    ranked.append((1, chain(width, styled(basis_words(state, view.now, snapshot.sources.data_at), MUTED))))
    if state.note:
        ranked += [(5, line) for line in wrap(clean(state.note, view.face), width, MUTED, view.face, most=2)]
    return ranked


def compact(view: View, snapshot: Snapshot, width: int) -> list[Rank]:
    """The window in view in full, the others as small gauges."""
    state = chosen_window(view, snapshot)
    others = [each for each in shown_windows(snapshot) if each is not state]
    ranked = block(view, snapshot, state, width)
    return [*ranked, (7, ()), *small_rows(view, others, width)] if others else ranked


def natural(view: View, snapshot: Snapshot, width: int) -> int:
    """The height of the compact form."""
    return len(compact(view, snapshot, width))


def rows(view: View, snapshot: Snapshot, width: int, height: int) -> list[Row]:
    """The pane's rows, at most `height`; every window in full where there is room."""
    state = chosen_window(view, snapshot)
    every = [state, *(each for each in shown_windows(snapshot) if each is not state)]
    full = [rank for each in every for rank in ((7, ()), *block(view, snapshot, each, width))][1:]
    ranked = compact(view, snapshot, width)
    return fit_height(full if len(ranked) + 1 < len(full) <= height else ranked, height)
