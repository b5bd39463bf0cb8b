"""The trend over sessions: what each took beside what it was estimated to take, as bars."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from quota_tui.core.snapshot import ZoneName
from quota_tui.core.tracking.report_head import Head
from quota_tui.core.words import Face, tokens
from quota_tui.ui.rows import BOLD, MUTED, PLAIN, Row, Span, first_spread, row, zone_style

GUTTER = 6
MIN_WIDTH, MIN_HEIGHT = 28, 5
MOST_CELLS = 10
"""Of one session: a few bars need not fill a wide screen."""
_EIGHTHS = "▁▂▃▄▅▆▇█"
_ASCII_EIGHTHS = "..::==##"
_STYLES = {
    "excellent": zone_style(ZoneName.GOOD),
    "good": zone_style(ZoneName.GOOD),
    "fair": zone_style(ZoneName.MODERATE),
    "poor": zone_style(ZoneName.CRITICAL),
}


def day(at: datetime | None, face: Face) -> str:
    """`20 Nov`; empty when unknown."""
    if at is None:
        return ""
    local = at.astimezone(face.zone)
    return f"{local.day} {local:%b}"


def rating_style(rating: str) -> str:
    """The colour of how good an estimate was."""
    return _STYLES.get(rating, MUTED)


def _sizes(count: int, columns: int) -> tuple[int, int]:
    """Cells of each of the two bars of a session, and of the gap after them."""
    each = min(MOST_CELLS, columns // count)
    size = max(1, each // 3)
    return size, each - 2 * size


def shown_heads(heads: Sequence[Head], width: int) -> list[Head]:
    """As many sessions as fit, the newest; the oldest first."""
    known = [each for each in heads if each.tokens is not None]
    known.sort(key=lambda each: (each.start.timestamp() if each.start else 0.0, each.id))
    return known[-max(1, (width - GUTTER) // 3) :]


def trend_rows(heads: Sequence[Head], marked: str, width: int, height: int, face: Face) -> list[Row]:
    """Exactly `height` rows; nothing where it does not fit or fewer than two sessions can be compared."""
    shown = shown_heads(heads, width)
    if width < MIN_WIDTH or height < MIN_HEIGHT or len(shown) < 2:
        return []
    body = height - 2
    top = max(max(each.tokens or 0, each.estimated_tokens or 0) for each in shown)
    if top <= 0:
        return []
    sizes = _sizes(len(shown), width - GUTTER)
    estimate, actual = (":", "#") if face.ascii else ("░", "█")
    legend = row((f"{estimate} ", MUTED), ("estimated  ", MUTED), (f"{actual} ", PLAIN), ("took", MUTED))
    made = [first_spread(width, [(row(("Trend", BOLD)), legend), (row(("Trend", BOLD)), ())])]
    for line in range(body):
        label = {0: tokens(top), body // 2: tokens(top * (body - body // 2) / body)}.get(line, "")
        spans: list[Span] = [(f"{label:>{GUTTER - 2}}  ", MUTED)]
        for each in shown:
            spans += _session(each, each.id == marked, (body - 1 - line, top / body), sizes, face)
        made.append(row(*spans))
    return [*made, _axis(shown, marked, 2 * sizes[0] + sizes[1], width, face)]


def _session(
    head: Head, marked: bool, at: tuple[int, float], sizes: tuple[int, int], face: Face
) -> list[Span]:
    """The two bars of a session in one row: `at` is the row from below, and tokens per row."""
    (below, step), (size, gap) = at, sizes
    took = round(8 * ((head.tokens or 0) / step - below))
    if below == 0 and head.tokens:
        took = max(1, took)  # however little it took, it took something
    glyphs = _ASCII_EIGHTHS if face.ascii else _EIGHTHS
    actual = glyphs[min(took, 8) - 1] if took > 0 else " "
    planned = round((head.estimated_tokens or 0) / step) > below
    estimated = (":" if face.ascii else "░") if planned else " "
    style = "bold $accent" if marked else rating_style(head.rating)
    return [(estimated * size, MUTED), (actual * size, style), (" " * gap, PLAIN)]


def _axis(shown: Sequence[Head], marked: str, step: int, width: int, face: Face) -> Row:
    """The day of the first, the marked and the last session, each under its bars while there is room."""
    chosen = [at for at, each in enumerate(shown) if each.id == marked]
    line = " " * width
    for at in (*chosen, 0, len(shown) - 1):
        said = day(shown[at].start, face)
        start = min(GUTTER + at * step, width - len(said))
        if not line[max(0, start - 1) : start + len(said) + 1].strip():
            line = line[:start] + said + line[start + len(said) :]
    return row((line.rstrip(), MUTED))
