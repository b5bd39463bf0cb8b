"""The history as a table: which columns fit a width, and what stands in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from quota_tui.core.report import UsageRow
from quota_tui.core.usage import UsageTotals
from quota_tui.core.words import (
    Face,
    cells,
    clean,
    clip,
    clip_path,
    clock,
    model_name,
    pct,
    project_name,
    tokens,
    usd,
)

BAR_WIDTH = 16
KEY_WIDTH = 30
LEAST_KEY, LEAST_FIGURE = 8, 10
GAP = 2
"""Cells between columns."""
BY_TIME = ("day", "window")
"""Groupings whose keys are times; the others are ordered by size."""


class Column(msgspec.Struct, frozen=True):
    """`keep` says who stays in a narrow table: the lowest."""

    title: str
    value: Callable[[UsageRow], str]
    keep: int


def _known(value: float | None, shown: Callable[[float], str]) -> str:
    return "-" if value is None else shown(value)


def _cents(value: float) -> str:
    return f"${value:.3f}"


COLUMNS = (
    Column("tokens", lambda each: tokens(each.totals.total_tokens), 0),
    Column("cost", lambda each: usd(each.totals.cost_usd), 1),
    Column("calls", lambda each: f"{each.totals.calls:,}", 6),
    Column("tok/min", lambda each: _known(each.tokens_per_active_minute, tokens), 2),
    Column("cache hits", lambda each: _known(each.cache_hit_share, lambda share: pct(100 * share)), 3),
    Column("$/call", lambda each: _known(each.cost_per_call_usd, _cents), 4),
    Column("active", lambda each: f"{each.active_minutes // 60}h {each.active_minutes % 60:02d}m", 7),
)


def in_order(rows: Sequence[UsageRow], by: str) -> list[UsageRow]:
    """The latest first, or the largest."""
    if by in BY_TIME:
        return sorted(rows, key=lambda each: each.key, reverse=True)
    return sorted(rows, key=lambda each: each.totals.total_tokens, reverse=True)


def key_of(row: UsageRow, by: str, face: Face, width: int = KEY_WIDTH) -> str:
    """The row's name, short enough for a column."""
    if by == "model":
        return clip(model_name(row.key, face), width, face)
    if by == "project":
        return clip_path(project_name(row.key, face), width, face)
    return clip(_local(row.key, face) if by == "window" else clean(row.key, face), width, face)


def _local(key: str, face: Face) -> str:
    """A window is named by the instant it began: shown in the person's zone."""
    try:
        began = datetime.fromisoformat(key).astimezone(face.zone)
    except ValueError:
        return clean(key, face)
    return f"{began:%Y-%m-%d} {clock(began, face)}"


def bar(share: float, width: int, face: Face) -> str:
    """A bar for a share (0-1) of the largest row."""
    filled = max(1, round(width * share)) if share > 0 else 0
    return ("#" if face.ascii else "█") * min(width, filled)


def table(rows: Sequence[UsageRow], by: str, width: int, face: Face) -> tuple[list[str], list[list[str]]]:
    """Titles and cells that fit `width`: the key, a bar of the tokens, and as many figures as fit."""
    widest = max(LEAST_KEY, min(KEY_WIDTH, width - LEAST_FIGURE))
    keys = [key_of(each, by, face, widest) for each in rows]
    figures = {column.title: [column.value(each) for each in rows] for column in COLUMNS}
    room = width - max(map(cells, (*keys, by))) - GAP
    chosen: list[Column] = []
    for column in sorted(COLUMNS, key=lambda each: each.keep):
        size = max(map(cells, (*figures[column.title], column.title))) + GAP
        if size > room:
            break
        room -= size
        chosen.append(column)
    shown = [column for column in COLUMNS if column in chosen]
    length = min(BAR_WIDTH, room - GAP)
    top = max((each.totals.total_tokens for each in rows), default=0) or 1
    made = []
    for at, each in enumerate(rows):
        line = [keys[at], *(figures[column.title][at] for column in shown)]
        if length >= 4:
            line.append(bar(each.totals.total_tokens / top, length, face))
        made.append(line)
    titles = [by, *(column.title for column in shown), *([""] if length >= 4 else [])]
    return titles, made


def totals_words(rows: Sequence[UsageRow]) -> str:
    """The sum of the rows."""
    whole = sum((each.totals for each in rows), UsageTotals())
    return f"{tokens(whole.total_tokens)} tokens · {usd(whole.cost_usd)} · {whole.calls:,} calls"
