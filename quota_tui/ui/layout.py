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

Band = tuple[str, ...]
"""Panes side by side in a column."""
Columns = tuple[tuple[float, tuple[Band, ...]], ...]
"""Columns from left to right: share of the width, and bands from top to bottom."""

_LEFT_SHARE = 0.58
"""Of two panes side by side the left one is the wider one: it holds the gauge."""
_LAYOUTS: dict[str, Columns] = {
    "column": ((1.0, (("quota",), ("burn",), ("zone",), ("phases",), ("automation",))),),
    "two": (
        (0.58, (("quota",), ("burn",))),
        (0.42, (("zone",), ("phases",), ("automation",), ("sessions",))),
    ),
    # A plan that is followed has a place where its bars fit.
    "two, with a plan": (
        (0.58, (("quota",), ("phases",), ("sessions",))),
        (0.42, (("zone",), ("burn",), ("automation",))),
    ),
    "three": (
        (0.68, (("quota", "zone"), ("burn",))),
        (0.32, (("phases",), ("automation",), ("sessions",), ("alerts",))),
    ),
    "strip": (
        (0.38, (("quota",),)),
        (0.33, (("burn",),)),
        (0.29, (("zone",), ("automation",), ("phases",))),
    ),
    "long strip": (
        (0.29, (("quota",),)),
        (0.25, (("burn",),)),
        (0.21, (("zone",), ("automation",))),
        (0.25, (("sessions",),)),
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


def _side_by_side(band: Band, x: int, width: int) -> dict[str, tuple[int, int]]:
    """Where each pane of a band begins, and its width."""
    if len(band) == 1:
        return {band[0]: (x, width)}
    left = round(width * _LEFT_SHARE)
    return {band[0]: (x, left), band[1]: (x + left, width - left)}


def _heights(bands: Sequence[Band], width: int, height: int, wanted: Wanted) -> dict[Band, int]:
    """Rows for each band of a column, borders included, filling `height`; the least needed ones go."""
    kept = sorted(bands, key=lambda band: min(map(_KEEP.index, band)))
    least = {band: max(PANES[name].least for name in band) + FRAME for band in kept}
    while len(kept) > 1 and sum(least[band] for band in kept) > height:
        kept.pop()
    rows = {band: least[band] for band in kept}
    spare = height - sum(rows.values())
    for band in kept:
        sizes = _side_by_side(band, 0, width)
        wants = max(wanted(name, sizes[name][1] - SIDES) for name in band) + FRAME
        more = min(spare, max(0, wants - rows[band]))
        rows[band] += more
        spare -= more
    growing = [band for band in kept if any(PANES[name].grows for name in band)] or kept[:1]
    for at, band in enumerate(growing):
        rows[band] += spare // len(growing) + (at < spare % len(growing))
    return {band: rows[band] for band in bands if band in rows}


def _shown(bands: Sequence[Band], hidden: frozenset[str]) -> list[Band]:
    """The bands without the hidden panes."""
    kept = (tuple(name for name in band if name not in hidden) for band in bands)
    return [band for band in kept if band]


def _widths(shares: Sequence[float], width: int) -> list[int]:
    whole = sum(shares)
    edges = [round(width * sum(shares[:at]) / whole) for at in range(len(shares) + 1)]
    return [b - a for a, b in pairwise(edges)]


def places(
    width: int,
    height: int,
    *,
    header: int,
    hidden: frozenset[str],
    zoomed: str,
    wanted: Wanted,
    has_plan: bool = False,
) -> dict[str, Place]:
    """A place for everything that is shown; `header` rows are taken by the header and its notice.

    `has_plan`: a plan is tracked, and its pane worth more room.
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
    if has_plan and form == "two":
        form = "two, with a plan"
    columns = [(share, bands) for share, names in _LAYOUTS.get(form, ()) if (bands := _shown(names, hidden))]
    if not columns:
        return out | {"card": Place(0, 0, width, height - keys)}
    out["header"] = Place(0, 0, width, header)
    x, room = 0, height - header - keys
    for size, (_, bands) in zip(_widths([share for share, _ in columns], width), columns, strict=True):
        y = header
        for band, rows in _heights(bands, size, room, wanted).items():
            for name, (left, across) in _side_by_side(band, x, size).items():
                out[name] = Place(left, y, across, rows)
            y += rows
        x += size
    return out
