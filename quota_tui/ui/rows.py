"""Rows of styled text, built without a terminal.

A span is (text, style); a style is in Textual's words ("bold $zone-danger"). Rows are built to fit a
width: what does not fit is said shorter or left out, never cut through a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from quota_tui.core.snapshot import ZoneName
from quota_tui.core.words import Face, cells, clip, ellipsis, in_face

Span = tuple[str, str]
Row = tuple[Span, ...]
Rank = tuple[int, Row]
"""A row and how readily it goes when the height is short: 0 never, 9 first."""

PLAIN = ""
BOLD = "bold"
MUTED = "$text-soft"
FAINT = "$rule"
ALARM = "bold $zone-danger"


def zone_style(name: ZoneName, *, strong: bool = False) -> str:
    """The colour of a zone; `strong` for its word."""
    colour = f"$zone-{name.value}"
    if not strong:
        return colour
    return f"bold reverse {colour}" if name is ZoneName.EMERGENCY else f"bold {colour}"


def row(*spans: Span | str) -> Row:
    """Spans without the empty ones."""
    made = ((each, PLAIN) if isinstance(each, str) else each for each in spans)
    return tuple(span for span in made if span[0])


def plain(line: Row) -> str:
    """The row's text."""
    return "".join(text for text, _ in line)


def width_of(line: Row) -> int:
    """Cells the row takes."""
    return sum(cells(text) for text, _ in line)


def spread(left: Row, right: Row, width: int, *, gap: int = 2) -> Row | None:
    """`left` and `right` at the two ends; None when they do not fit with `gap` cells between."""
    if not right:
        return left if width_of(left) <= width else None
    free = width - width_of(left) - width_of(right)
    if free < gap:
        return None
    return (*left, (" " * free, PLAIN), *right)


def first_spread(width: int, pairs: Iterable[tuple[Row, Row]]) -> Row:
    """The first pair of ends that fits; an empty row when none does."""
    for left, right in pairs:
        made = spread(left, right, width)
        if made is not None:
            return made
    return ()


def chain(width: int, *items: Sequence[Row], between: str = " · ") -> Row:
    """Items joined while they fit. Each item is a list of alternatives, longest first.

    Later items are left out first; earlier ones are said shorter only when they alone do not fit.
    """
    made: Row = ()
    for alternatives in items:
        joint = ((between, MUTED),) if made else ()
        for each in alternatives:
            if each and width_of(made) + width_of(joint) + width_of(each) <= width:
                made = (*made, *joint, *each)
                break
    return made


def styled(texts: Iterable[str], style: str) -> list[Row]:
    """Alternatives in one style."""
    return [row((text, style)) for text in texts]


def wrap(text: str, width: int, style: str, face: Face, *, most: int = 9) -> list[Row]:
    """A sentence on as many rows as it takes, at most `most`; cut only between words, and marked then."""
    if width <= 0:
        return []
    lines, line = list[str](), ""
    for word in (clip(each, width, face) for each in text.split()):
        joined = f"{line} {word}" if line else word
        if cells(joined) <= width:
            line = joined
        else:
            lines, line = [*lines, line], word
    lines += [line] if line else []
    if len(lines) > most:
        lines = lines[:most]
        end = f" {ellipsis(face)}"
        while lines and cells(lines[-1] + end) > width:
            lines[-1] = lines[-1].rpartition(" ")[0]
            end = end if lines[-1] else end.strip()[:width]
        if lines:
            lines[-1] += end
    return [row((each, style)) for each in lines if each]


def fit_height(ranked: Sequence[Rank], height: int) -> list[Row]:
    """As many rows as fit, in order; those of the highest rank go first."""
    kept = [(rank, at, line) for at, (rank, line) in enumerate(ranked)]
    while len(kept) > max(0, height):
        kept.remove(max(kept, key=lambda each: each[:2]))
    rows = [line for _, _, line in kept]
    # A gap at an end separates nothing.
    while rows and not rows[-1]:
        rows.pop()
    while rows and not rows[0]:
        rows.pop(0)
    return rows


def as_face(rows: Iterable[Row], face: Face) -> list[Row]:
    """The same rows in the person's glyph set."""
    if not face.ascii:
        return list(rows)
    return [tuple((in_face(text, face), style) for text, style in line) for line in rows]
