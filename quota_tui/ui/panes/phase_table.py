"""The phases of a plan as aligned rows: number and name, amounts, a bar against the estimate, the share."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from quota_tui.core.snapshot import PhasesState, PhaseState
from quota_tui.core.words import Face, cells, clean, clip, tokens
from quota_tui.ui.panes.phase_words import (
    alert_style,
    amount_words,
    bar_style,
    boxes_words,
    mark_of,
    phase_style,
    share_words,
    span_words,
)
from quota_tui.ui.rows import MUTED, PLAIN, Row, Span, chain, row, styled, width_of
from quota_tui.ui.widgets.gauge import gauge_row

LEAST_NAME = 9
BAR, WIDE_BAR = 8, 12
BAR_FROM, AMOUNT_FROM, WIDE_FROM = 34, 50, 72
"""Widths from which there are bars, amounts, and hours and the rate beside them."""


class Columns(msgspec.Struct, frozen=True):
    """Cells of each column; 0 for one there is no room for."""

    name: int
    amount: int
    bar: int
    share: int
    work: int

    @property
    def tail(self) -> int:
        """Cells after the amount: where the range of a phase to come stands."""
        return sum(each + 2 for each in (self.bar, self.share) if each)


def work_words(phase: PhaseState) -> str:
    """`0.4 h  420/min`: working time and the burn of the phase; empty before it has begun."""
    if phase.hours <= 0:
        return ""
    rate = phase.actual_tokens / (phase.hours * 60)
    return f"{phase.hours:.1f} h  {tokens(rate):>4}/min"


def columns_for(phases: Sequence[PhaseState], width: int) -> Columns:
    """Columns that fit the width; names give way first, then the columns that matter less."""
    number = len(str(len(phases)))
    share = max((cells(share_words(each)) for each in phases), default=0)
    amount = max((cells(amount_words(each)) for each in phases), default=0)
    spans = max(
        (cells(span_words(each.low_tokens, each.high_tokens)) for each in phases if each.state == "open"),
        default=0,
    )
    work = max((cells(work_words(each)) for each in phases), default=0)
    for least, columns in (
        (WIDE_FROM, Columns(0, amount, WIDE_BAR, share, work)),
        (AMOUNT_FROM, Columns(0, amount, BAR, share, 0)),
        (BAR_FROM, Columns(0, 0, BAR, share, 0)),
        (0, Columns(0, 0, 0, share, 0)),
    ):
        tail = max(columns.tail, spans + 2 if columns.amount and spans else 0)
        taken = 3 + number + tail + sum(each + 2 for each in (columns.amount, columns.work) if each)
        if width >= least and width - taken >= LEAST_NAME:
            wider = tail - columns.tail
            bar = columns.bar + wider if columns.bar else 0
            return msgspec.structs.replace(columns, name=width - taken, bar=bar)
    return Columns(max(0, width - 3 - number), 0, 0, 0, 0)


def phase_row(phase: PhaseState, number: int, size: tuple[int, int], columns: Columns, face: Face) -> Row:
    """One phase in a row. `size`: cells of the row, and of the widest number."""
    width, digits = size
    style = phase_style(phase)
    mark: Span = (f"{mark_of(phase)} ", alert_style(phase.alert, style))
    named = clip(clean(phase.name, face), columns.name, face)
    left = row(mark, (f"{number:>{digits}} ", style), (named, style))
    left = (*left, (" " * max(0, columns.name - cells(named)), PLAIN))
    if phase.state == "open" and not phase.actual_tokens:
        return _to_come(phase, left, width, columns)
    made = left
    if columns.amount:
        made = (*made, (f"  {amount_words(phase):>{columns.amount}}", style))
    if columns.bar:
        made = (*made, ("  ", PLAIN), *_bar(phase, columns.bar, face))
    if columns.share:
        share = share_words(phase)
        pad = " " * (columns.share - cells(share) + 2)
        made = (*made, (pad, PLAIN), (share, alert_style(phase.alert, style)))
    if columns.work:
        made = (*made, (f"  {work_words(phase):>{columns.work}}", MUTED))
    return tuple(span for span in made if span[0]) if width_of(made) <= width else row(mark)


def _bar(phase: PhaseState, length: int, face: Face) -> Row:
    if phase.percent is None:
        return row((" " * length, PLAIN))
    return gauge_row(phase.percent, None, length, bar_style(phase), face)


def _to_come(phase: PhaseState, left: Row, width: int, columns: Columns) -> Row:
    """What it is estimated to take, with its range: aligned with the amounts, or at the right edge."""
    estimate, span = amount_words(phase), span_words(phase.low_tokens, phase.high_tokens)
    if columns.amount:
        tail = row((f"  {estimate:>{columns.amount}}", PLAIN), (f"  {span}" if estimate else "", MUTED))
        return (*left, *tail) if width_of(left) + width_of(tail) <= width else left
    trimmed = tuple(span for span in left if span[0].strip())
    for said in (f"{estimate} {span}" if span else estimate, estimate):
        free = width - width_of(trimmed) - cells(said)
        if said and free >= 2:
            return (*trimmed, (" " * free, PLAIN), (said, MUTED))
    return trimmed


def under_row(phase: PhaseState, columns: Columns, width: int, face: Face) -> Row:
    """Below the phase in work: what its row has no room for, and where it is heading."""
    heading = "" if phase.projected_tokens is None else f"→ ≈{tokens(phase.projected_tokens)}"
    amount = "" if columns.amount else amount_words(phase)
    first = " ".join(each for each in (amount, heading) if each)
    said = chain(width - 4, styled((first, heading), PLAIN), styled((boxes_words(phase),), MUTED))
    if not columns.bar and phase.percent is not None:
        room = width - 4 - width_of(said) - (2 if said else 0)
        if room >= 4:
            said = (*gauge_row(phase.percent, None, min(BAR, room), bar_style(phase), face), *(
                (("  ", PLAIN), *said) if said else ()
            ))  # fmt: skip
    return (("    ", PLAIN), *said) if said else ()


def phase_rows(state: PhasesState, width: int, face: Face) -> list[tuple[Row, Row]]:
    """For each phase its row, and the row below it (empty for all but the one in work)."""
    columns = columns_for(state.phases, width)
    size = (width, len(str(len(state.phases))))
    made = []
    for number, phase in enumerate(state.phases, 1):
        line = phase_row(phase, number, size, columns, face)
        below = under_row(phase, columns, width, face) if phase.state == "current" else ()
        made.append((line, below))
    return made
