"""Token velocity: what a change to the code costs, and how much of the work is done again.

A change is one edit or write by a tool that went through. The target of 200-500 tokens a change is the one
of the issue that asked for it (tokens as everywhere: input + output + cache writes); most real sessions lie
above it, so it is a fact to compare with oneself, not a mark.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

TARGET_LOW, TARGET_HIGH = 200, 500
OPTIMIZE_ABOVE = 1_000
"""Tokens a change: up to the target's end it is efficient, up to twice that to be monitored."""
_MAX_MARKS = 200_000
"""Lines of one file that are remembered; a file that long is generated."""


class Change(msgspec.Struct, frozen=True, gc=False):
    """One edit or write. `removed` and `added` hold a number for each line that says something.

    Lines are told apart by their text: a line moved is the same line, a line of brackets none at all.
    """

    at: datetime
    file: str
    removed: tuple[int, ...] = ()
    added: tuple[int, ...] = ()
    call_id: str = ""
    """The tool call: a forked session repeats lines of the one it came from."""


class Velocity(msgspec.Struct, frozen=True, kw_only=True):
    """`rating` is efficient, monitor or optimize; empty without changes. `rework_pct` is `lines_again` as a
    share of the lines written: lines that were written in this time and changed or removed again later.
    """

    changes: int = 0
    files: int = 0
    tokens: int = 0
    tokens_per_change: float | None = None
    rating: str = ""
    lines_written: int = 0
    lines_again: int = 0
    rework_pct: float | None = None


def velocity(changes: Iterable[Change], tokens: int) -> Velocity:
    """The velocity of a span of work that used `tokens`."""
    ordered = sorted(changes, key=lambda change: change.at)
    written: dict[str, set[int]] = {}
    lines_written = lines_again = 0
    for change in ordered:
        known = written.setdefault(change.file, set())
        lines_again += sum(mark in known for mark in change.removed)
        known.difference_update(change.removed)
        if len(known) < _MAX_MARKS:
            known.update(change.added)
        lines_written += len(change.added)
    count = len(ordered)
    per_change = tokens / count if count else None
    return Velocity(
        changes=count,
        files=len(written),
        tokens=tokens,
        tokens_per_change=per_change,
        rating=rating(per_change) if per_change is not None else "",
        lines_written=lines_written,
        lines_again=lines_again,
        rework_pct=100.0 * lines_again / lines_written if lines_written else None,
    )


def rating(tokens_per_change: float) -> str:
    """`efficient` up to 500 tokens a change, `monitor` up to 1,000, else `optimize`."""
    if tokens_per_change <= TARGET_HIGH:
        return "efficient"
    return "monitor" if tokens_per_change <= OPTIMIZE_ABOVE else "optimize"
