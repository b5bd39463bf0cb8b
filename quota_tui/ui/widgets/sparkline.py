"""Tokens over time in one row: the whole window from start to reset, so that nothing shifts as it goes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from quota_tui.core.snapshot import WindowState
from quota_tui.core.usage import BAR_S, Bar
from quota_tui.core.words import Face
from quota_tui.ui.rows import FAINT, MUTED, Row, row

# Never a full cell: rows above stay apart from it.
_UNICODE = "▁▂▃▄▅▆▇"
_ASCII = "_.:-=+*"
LEAST_SHARE = 0.25
"""Share of its span that the last cell must cover to be drawn: less would look like a pause."""


def at_index(points: Sequence[float], position: float) -> float:
    """The value at a fractional index, straight between its points, level beyond its ends."""
    at = min(max(position, 0.0), len(points) - 1.0)
    low = int(at)
    high = min(low + 1, len(points) - 1)
    return points[low] + (points[high] - points[low]) * (at - low)


def amounts(bars: Sequence[Bar], start_s: float, end_s: float, columns: int) -> list[float]:
    """Tokens in each of `columns` equal spans from `start_s` to `end_s`, up to the last bar."""
    running = [0.0, *accumulate(float(bar.totals.total_tokens) for bar in bars)]
    step = (end_s - start_s) / columns
    edges = [(start_s + step * column - bars[0].start_s) / BAR_S for column in range(columns + 1)]
    past = [edge for edge in edges if edge < len(bars)]
    values = [at_index(running, b) - at_index(running, a) for a, b in pairwise(past)]
    share = (len(bars) - past[-1]) / (edges[1] - edges[0]) if past else 0.0
    if len(past) <= columns and share >= LEAST_SHARE:
        values.append((running[-1] - at_index(running, past[-1])) / min(share, 1.0))
    return values


def levels(values: Sequence[float], steps: int) -> list[int]:
    """Each value as 0 to `steps`, 0 only for nothing at all, relative to the largest."""
    top = max(values, default=0.0)
    if top <= 0:
        return [0] * len(values)
    return [0 if value <= 0 else max(1, round(steps * value / top)) for value in values]


def sparkline(state: WindowState, bars: Sequence[Bar], width: int, face: Face) -> Row:
    """The window's bars in `width` cells, what is still to come as dots; empty without any use."""
    if width <= 0 or not any(bar.totals.total_tokens for bar in bars):
        return ()
    start_s, end_s = float(bars[0].start_s), float(bars[-1].start_s + BAR_S)
    if state.starts_at and state.resets_at:
        start_s, end_s = state.starts_at.timestamp(), state.resets_at.timestamp()
    values = amounts(bars, start_s, end_s, width)[:width]
    glyphs = _ASCII if face.ascii else _UNICODE
    drawn = "".join(" " if level == 0 else glyphs[level - 1] for level in levels(values, len(glyphs)))
    return row((drawn, MUTED), (("." if face.ascii else "·") * (width - len(drawn)), FAINT))
