"""The window in five-minute bars, one row high."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from quota_tui.core.usage import Bar
from quota_tui.core.words import Face

_UNICODE = "▁▂▃▄▅▆▇█"
_ASCII = "_.:-=+*#"


def squeeze(values: Sequence[float], width: int) -> list[float]:
    """At most `width` values, each the mean of the span it stands for."""
    count = len(values)
    if width <= 0:
        return []
    if count <= width:
        return list(values)
    edges = [round(i * count / width) for i in range(width + 1)]
    return [sum(values[a:b]) / (b - a) for a, b in pairwise(edges)]


def levels(values: Sequence[float], steps: int) -> list[int]:
    """Each value as 0 to `steps`, 0 only for nothing at all, relative to the largest."""
    top = max(values, default=0.0)
    if top <= 0:
        return [0] * len(values)
    return [0 if value <= 0 else max(1, round(steps * value / top)) for value in values]


def sparkline(bars: Sequence[Bar], width: int, face: Face) -> str:
    """Tokens of the bars, oldest first, in at most `width` cells."""
    glyphs = _ASCII if face.ascii else _UNICODE
    values = squeeze([float(bar.totals.total_tokens) for bar in bars], width)
    return "".join(" " if level == 0 else glyphs[level - 1] for level in levels(values, len(glyphs)))
