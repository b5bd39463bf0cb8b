"""Where every pane goes, for any size: pure arithmetic, no terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import msgspec

from quota_tui.ui.panes.specs import PANES

LINE_WIDTH, LINE_HEIGHT = 24, 4
"""Below either, one line."""
COLUMN_WIDTH, COLUMN_HEIGHT = 40, 32
"""From these on, one column of bordered panes; smaller is the card."""
TWO_WIDTH, WIDE_WIDTH = 80, 110
TALL_HEIGHT = 18
KEYS_FROM = 7
"""Height from which the last row shows the keys."""
FRAME = 2
"""Rows of a pane's border."""
SIDES = 4
"""Cells of a pane's border and padding."""

_KEEP = ("quota", "zone", "burn", "automation", "phases", "sessions", "alerts")
"""Who stays when there is not enough height, the most needed first."""
_LAYOUTS: dict[str, tuple[tuple[float, tuple[str, ...]], ...]] = {
    "column": ((1.0, ("quota", "burn", "zone", "phases", "automation")),),
    "two": ((0.58, ("quota", "burn")), (0.42, ("zone", "phases", "automation"))),
    "three": (
        (0.42, ("quota", "burn")),
        (0.27, ("zone", "phases", "automation")),
        (0.31, ("sessions", "alerts")),
    ),
    "strip": ((0.38, ("quota",)), (0.33, ("burn",)), (0.29, ("zone", "automation", "phases"))),
    "long strip": (
        (0.29, ("quota",)),
        (0.25, ("burn",)),
        (0.21, ("zone", "automation")),
        (0.25, ("sessions",)),
    ),
}


class Place(msgspec.Struct, frozen=True):
    """A rectangle in cells."""

    x: int
    y: int
    width: int
    height: int


Wanted = Callable[[str, int], int]
"""Rows a pane wants at an inner width."""


def arrangement(width: int, height: int) -> str:
    """Which form fits the size: "line", "card", or one of the bordered forms."""
    if width < LINE_WIDTH or height < LINE_HEIGHT:
        return "line"
    if height >= TALL_HEIGHT and width >= TWO_WIDTH:
        return "three" if width >= WIDE_WIDTH else "two"
    if height >= COLUMN_HEIGHT and width >= COLUMN_WIDTH:
        return "column"
    if width >= WIDE_WIDTH and height >= 10:
        return "long strip" if width >= 150 else "strip"
    return "card"


def _heights(names: Sequence[str], inner: int, height: int, wanted: Wanted) -> dict[str, int]:
    """Rows for each pane of a column, borders included, filling `height`; the least needed go."""
    kept = sorted(names, key=_KEEP.index)
    while len(kept) > 1 and sum(PANES[each].least + FRAME for each in kept) > height:
        kept.pop()
    rows = {each: PANES[each].least + FRAME for each in kept}
    spare = height - sum(rows.values())
    wants = {each: wanted(each, inner) + FRAME for each in kept}
    for each in kept:
        more = min(spare, max(0, wants[each] - rows[each]))
        rows[each] += more
        spare -= more
    growing = [each for each in names if each in rows and PANES[each].grows] or kept[-1:]
    for at, each in enumerate(growing):
        rows[each] += spare // len(growing) + (at < spare % len(growing))
    return {each: rows[each] for each in names if each in rows}


def _widths(shares: Sequence[float], width: int) -> list[int]:
    whole = sum(shares)
    edges = [round(width * sum(shares[:at]) / whole) for at in range(len(shares) + 1)]
    return [b - a for a, b in pairwise(edges)]


def places(
    width: int, height: int, *, header: int, hidden: frozenset[str], zoomed: str, wanted: Wanted
) -> dict[str, Place]:
    """A place for everything that is shown; `header` rows are taken by the header and its notice.

    Names are those of the panes, and "header", "keys" and "card".
    """
    form = arrangement(width, height)
    if form == "line":
        return {"card": Place(0, 0, width, height)}
    keys = 1 if height >= KEYS_FROM else 0
    out = {"keys": Place(0, height - 1, width, 1)} if keys else {}
    if zoomed:
        top = header if height >= TALL_HEIGHT else 0
        if top:
            out["header"] = Place(0, 0, width, top)
        return out | {zoomed: Place(0, top, width, height - top - keys)}
    columns = [
        (share, shown)
        for share, names in _LAYOUTS.get(form, ())
        if (shown := [each for each in names if each not in hidden])
    ]
    if not columns:
        return out | {"card": Place(0, 0, width, height - keys)}
    out["header"] = Place(0, 0, width, header)
    x, room = 0, height - header - keys
    for size, (_, names) in zip(_widths([share for share, _ in columns], width), columns, strict=True):
        y = header
        for name, rows in _heights(names, size - SIDES, room, wanted).items():
            out[name] = Place(x, y, size, rows)
            y += rows
        x += size
    return out
