"""Lists as people type them: any bullet or number, any indent, blank lines, paragraphs between."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

BULLET = re.compile(r"([ \t]*)((?:[-*+]|\d{1,9}[.)])(?:[ \t]+|$))")
_RULE = re.compile(r"(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}")


class Item(msgspec.Struct):
    """One item: its line number and its lines, the marker and the indent taken off."""

    line: int
    lines: list[str]


def split_items(numbered: Sequence[tuple[int, str]]) -> list[Item]:
    """The items of a list, in order; a paragraph that is no item is an item too. Empty ones are left out.

    Lines below an item that are indented, and lines that follow it without a blank line, belong to it;
    blank lines inside it stay. A rule (`---`) between items is a blank line.
    """
    taker = _Taker()
    for number, line in numbered:
        taker.take(number, line)
    for item in taker.items:
        item.lines[0] = item.lines[0].strip()
    return [item for item in taker.items if item.lines[0] or len(item.lines) > 1]


class _Taker:
    def __init__(self) -> None:
        self.items: list[Item] = []
        self._base = -1
        """The indent of the list's own bullets; deeper ones are inside an item."""
        self._width = 0
        """How far the text of the present item stands from the left."""
        self._blank = 0
        """Blank lines since the last line; they count only if the item goes on."""

    def take(self, number: int, line: str) -> None:
        is_rule = _RULE.fullmatch(line.strip()) is not None
        if not line.strip() or (is_rule and line[0] not in " \t"):
            self._blank += 1
            return
        bullet = None if is_rule else BULLET.match(line)
        indent = _indent(line)
        if bullet and (self._base < 0 or indent <= self._base + 1):
            self._base = indent if self._base < 0 else min(self._base, indent)
            self._width = indent + len(bullet[2].strip()) + 1
            self.items.append(Item(number, [line[bullet.end() :]]))
        elif not self.items or (self._blank and indent <= max(self._base, 0)):
            self._width = 0
            self.items.append(Item(number, [line.strip()]))
        else:
            self.items[-1].lines += [""] * self._blank
            self.items[-1].lines.append(line[_leading(line, self._width) :])
        self._blank = 0


def _indent(line: str) -> int:
    """Columns before the text; a tab is four, as editors show it in a list."""
    columns = 0
    for char in line:
        if char not in " \t":
            break
        columns += 4 if char == "\t" else 1
    return columns


def _leading(line: str, width: int) -> int:
    """How many characters of indent to take off: `width` columns, or all there are."""
    columns = taken = 0
    for char in line:
        if char not in " \t" or columns >= width:
            break
        columns += 4 if char == "\t" else 1
        taken += 1
    return taken
