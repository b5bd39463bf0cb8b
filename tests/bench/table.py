"""One aligned table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

HEADS = ("case", "tree", "program", "wall ms", "cpu ms", "peak MB", "ratio", "goal", "met")


class Line(NamedTuple):
    """One row of the table. `ratio` is of the wall time, to what `case` and `program` say."""

    case: str
    tree: str
    program: str
    wall: str = ""
    cpu: str = ""
    memory: str = ""
    ratio: str = ""
    goal: str = ""
    met: str = ""


def judged(value: float | None, limit: float) -> str:
    """Whether a goal is met; "?" where it was not measured."""
    return "?" if value is None else "yes" if value <= limit else "NO"


def ms(seconds: float | None) -> str:
    """Milliseconds."""
    return "-" if seconds is None else f"{seconds * 1000:,.0f}"


def drawn(lines: Sequence[Line]) -> str:
    """The table; a line is drawn between cases."""
    widths = [max(len(row[column]) for row in (HEADS, *lines)) for column in range(len(HEADS))]
    rule = "-" * (sum(widths) + 2 * len(widths) - 2)
    shown = [_row(HEADS, widths)]
    previous = None
    for line in lines:
        if line.case != previous:
            shown.append(rule)
        shown.append(_row(line._replace(case="") if line.case == previous else line, widths))
        previous = line.case
    return "\n".join(shown)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        cell.rjust(width) if 3 <= column <= 6 else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()
