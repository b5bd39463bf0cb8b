"""The gauge: used, projected to the reset, free, with marks under it."""

from __future__ import annotations

from quota_tui.core.words import Face
from quota_tui.ui.rows import FAINT, MUTED, Row, row

MARKS = (80, 90, 95)
_UNICODE = ("█", "▒", "·")
_ASCII = ("#", "=", ".")


def _cells_of(pct: float, width: int) -> int:
    """Whole cells for a percentage: full only when it is full, empty only when it is nothing."""
    if pct <= 0:
        return 0
    if pct >= 100:
        return width
    return min(width - 1, max(1, round(width * pct / 100)))


def gauge_row(used_pct: float, projected_pct: float | None, width: int, style: str, face: Face) -> Row:
    """One row of exactly `width` cells."""
    used, projected, free = _ASCII if face.ascii else _UNICODE
    filled = _cells_of(used_pct, width)
    ahead = max(filled, _cells_of(projected_pct or 0.0, width))
    return row((used * filled, style), (projected * (ahead - filled), style), (free * (width - ahead), FAINT))


def marks_row(width: int) -> Row:
    """The thresholds' figures, each under its mark; the middle one goes when they would touch."""
    for marks in (MARKS, (80, 95), (80,)):
        line = ""
        for mark in marks:
            edge = round(width * mark / 100)
            start = max(edge - 1, len(line) + 1)
            if start > edge:
                break
            line += " " * (start - len(line)) + str(mark)
        else:
            if len(line) <= width:
                return row((line, MUTED))
    return ()
