"""The pieces a form is laid out from: columns, areas a cursor can stand on, rows that are being filled."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from quota_tui.core.planform import Spot
from quota_tui.core.words import Face, cells, clean, clip
from quota_tui.ui.rows import MUTED, PLAIN, Row, width_of, wrap

WIDE_FROM = 64
"""Cells from which the names of sections stand in a column of their own."""
RIGHT_FROM = 84
"""Cells from which sources and estimates do."""
RIGHT = 27
CURRENT, CURRENT_SOFT = "$foreground on $panel", "$text-soft on $panel"
MARKED = "bold $accent"
MOST_ROWS = 3
"""Rows of a text that is not being edited."""


class Area(msgspec.Struct, frozen=True):
    """Where a spot is drawn, in cells of the page. `edit_x`, `edit_width`: where its editor opens."""

    spot: Spot
    x: int
    y: int
    width: int
    height: int
    edit_x: int
    edit_width: int


class Columns(msgspec.Struct, frozen=True):
    """Where things begin in a form of this width; `right` is 0 where there is no right column."""

    width: int
    bullet: int
    text: int
    right: int

    @property
    def labels_beside(self) -> bool:
        """Whether names of sections stand beside their rows, not above them."""
        return self.bullet > 2

    @property
    def text_width(self) -> int:
        """Cells of a text."""
        return max(8, (self.right - 2 if self.right else self.width - 1) - self.text)


def columns_at(width: int) -> Columns:
    """The columns of a form this wide."""
    if width < WIDE_FROM:
        return Columns(width, 1, 3, 0)
    return Columns(width, 19, 21, width - RIGHT if width >= RIGHT_FROM else 0)


def put_at(parts: Sequence[tuple[int, Row]]) -> Row:
    """A row with each part at its column; one that is too long pushes the next."""
    made: list[tuple[str, str]] = []
    at = 0
    for x, part in parts:
        if not part:
            continue
        if x > at:
            made.append((" " * (x - at), PLAIN))
            at = x
        made += part
        at += width_of(part)
    return tuple(made)


def filled(line: Row, width: int) -> Row:
    """The row as that of the cursor, up to its full width."""
    room = " " * max(0, width - width_of(line))
    shown = ((text, CURRENT_SOFT if style == MUTED else CURRENT) for text, style in line)
    return (*shown, (room, CURRENT))


def text_rows(text: str, width: int, face: Face, *, most: int = MOST_ROWS) -> list[Row]:
    """A text of any length and content as a few rows that are safe to draw; at least one."""
    head = text[: 2 * width * most]
    rows = wrap(clean(head, face), width, PLAIN, face, most=most)
    if len(text) > len(head):
        size = f"… {len(text):,} characters"
        rows = [*rows[: most - 1], ((clip(size, width, face), MUTED),)]
    return rows or [((clip("(nothing to see)", width, face), MUTED),)]


def wrap_whole(text: str, width: int, style: str, face: Face, *, most: int) -> list[Row]:
    """As `wrap`, but a word that is too long for a row goes on on the next: paths must be readable."""
    parts = []
    for word in text.split():
        while cells(word) > width:
            at = max(1, len(clip(word, width, Face(ascii=False))) - 1)
            parts.append(word[:at])
            word = word[at:]  # noqa: PLW2901 - what is left of it
        parts.append(word)
    return wrap(" ".join(parts), width, style, face, most=most)


def beside(rows: list[Row], note: str, width: int, face: Face) -> list[Row]:
    """The rows with a note behind them, on a row of its own where there is no room."""
    said = clip(clean(note, face), width, face)
    if width_of(rows[-1]) + 2 + cells(said) <= width:
        return [*rows[:-1], (*rows[-1], ("  ", PLAIN), (said, MUTED))]
    return [*rows, ((said, MUTED),)]
