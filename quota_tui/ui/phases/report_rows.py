"""A report as rows: its markdown without the marks, its tables aligned or, where narrow, row by row."""

from __future__ import annotations

import re
from collections.abc import Sequence

from quota_tui.core.tracking.report_head import Head
from quota_tui.core.words import Face, cells, clean, clip, in_face
from quota_tui.ui.phases.trend import day, rating_style
from quota_tui.ui.plan.page import filled, wrap_whole
from quota_tui.ui.rows import BOLD, FAINT, MUTED, PLAIN, Row, as_face, row, wrap

LEAST_CELL, LEAST_TITLE = 8, 22
_MOST_LINES, _MOST_CHARS = 4000, 4000
_MARKED = re.compile(r"\\([\\`*_\[\]<>|#~])|\*\*|`")
_SPLIT = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"\|?[\s:|-]+\|?")


def list_rows(heads: Sequence[Head], marked: str, width: int, face: Face) -> list[Row]:
    """A row for each report: the day, the plan, how far off the estimate was, its rating."""
    made = []
    days = [day(each.start, face) for each in heads]
    widest = max(map(len, days), default=0)
    for said, each in zip(days, heads, strict=True):
        off = "" if each.percent is None else f"{each.percent - 100:+.0f} %"
        tail = f"  {off:>6}"
        rated = each.rating if off and width >= LEAST_TITLE + widest + len(tail) + 14 else ""
        tail += f"  {rated:<9}" if rated else ""
        room = width - 2 - widest - 1 - len(tail)
        title = clip(clean(each.title or each.id, face), max(0, room), face)
        pad = " " * max(0, room - cells(title))
        here = each.id == marked
        line = row(
            ("▸ " if here else "  ", "bold $accent"),
            (f"{said:>{widest}} ", MUTED),
            (title + pad, PLAIN),
            (tail, rating_style(each.rating)),
        )
        made.append(filled(line, width) if here else line)
    return made


def report_rows(text: str, width: int, face: Face) -> list[Row]:
    """The report without its head, which the list tells; safe to draw."""
    lines = [line[:_MOST_CHARS] for line in _body(text)][:_MOST_LINES]
    made: list[Row] = []
    at = 0
    while at < len(lines):
        line = lines[at].rstrip()
        if line.lstrip().startswith("|"):
            end = next(
                (to for to in range(at, len(lines)) if not lines[to].lstrip().startswith("|")), len(lines)
            )
            made += _table(lines[at:end], width, face)
            at = end
            continue
        made += _line(line, width, face)
        at += 1
    while made and not made[0]:
        made.pop(0)
    return as_face(made, face)


def _body(text: str) -> list[str]:
    """The lines after the front matter."""
    lines = text.removeprefix("\ufeff").split("\n")
    if lines[0].rstrip() == "---":
        end = next((at for at, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), 0)
        lines = lines[end + 1 :] if end else lines
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _plain(text: str, face: Face) -> str:
    """Markdown's marks taken off, characters that were escaped given back."""
    return clean(in_face(_MARKED.sub(lambda found: found[1] or "", text), face), face)


def _line(line: str, width: int, face: Face) -> list[Row]:
    if not line:
        return [()]
    if line.startswith("#"):
        return wrap(_plain(line.lstrip("# "), face), width, BOLD, face, most=3) or [()]
    lead = "· " if line.startswith(("- ", "* ")) else ""
    rows = wrap_whole(_plain(line[2:] if lead else line, face), width - len(lead), PLAIN, face, most=40) or [
        ()
    ]
    return [row((lead if not at else " " * len(lead), MUTED), *each) for at, each in enumerate(rows)]


def _table(lines: Sequence[str], width: int, face: Face) -> list[Row]:
    """Aligned, the first column clipped; where that is too wide without its columns of words, from the right.

    Where the figures alone are too wide, a row of the table on rows of its own.
    """
    rule = next((line for line in lines if _RULE.fullmatch(line.strip())), "")
    table = [_cells(line, face) for line in lines if line is not rule]
    columns = max(map(len, table), default=0)
    table = [[*line, *[""] * (columns - len(line))] for line in table]
    if not columns:
        return []
    used = [at for at in range(columns) if not at or any(line[at] for line in table[1:])]
    rights = [mark.strip().endswith(":") for mark in _SPLIT.split(rule.strip().strip("|"))]
    sizes = [max(cells(line[at]) for line in table) for at in range(columns)]
    kept = list(used)
    while (room := width - sum(sizes[at] + 2 for at in kept[1:])) < min(sizes[0], LEAST_CELL):
        words = [at for at in kept[1:] if not _is_right(rights, at)]
        if not words:
            return _stacked([[line[at] for at in used] for line in table], width, face)
        kept.remove(words[-1])
    sizes[0] = min(sizes[0], room)
    made = []
    for number, line in enumerate(table):
        said = "  ".join(
            _padded(clip(line[at], sizes[at], face), sizes[at], _is_right(rights, at)) for at in kept
        )
        made.append(row((said.rstrip(), PLAIN if number else MUTED)))
    length = sum(sizes[at] + 2 for at in kept) - 2
    return [made[0], row((("-" if face.ascii else "─") * length, FAINT)), *made[1:]]


def _is_right(rights: Sequence[bool], at: int) -> bool:
    return at < len(rights) and rights[at]


def _padded(text: str, size: int, right: bool) -> str:
    pad = " " * (size - cells(text))
    return pad + text if right else text + pad


def _cells(line: str, face: Face) -> list[str]:
    inner = line.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return [_plain(cell.strip(), face) for cell in _SPLIT.split(inner)]


def _stacked(table: Sequence[Sequence[str]], width: int, face: Face) -> list[Row]:
    """The first cell, and below it the others with their titles."""
    titles, made = table[0], list[Row]()
    for line in table[1:]:
        made += wrap(line[0], width, PLAIN, face, most=2) or [()]
        said = " · ".join(f"{name} {cell}" for name, cell in zip(titles[1:], line[1:], strict=True) if cell)
        made += [row("  ", *each) for each in wrap(said, width - 2, MUTED, face, most=6)]
    return made
