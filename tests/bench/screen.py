"""What is on the screen of a program in a terminal: as much of a terminal as it takes to read text."""

from __future__ import annotations

import codecs
import re

_TOKEN = re.compile(
    r"\x1b\[(?P<args>[0-9;:?<>=]*)[ -/]*(?P<final>[@-~])"
    r"|\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()*+#].|\x1b[^\[\]P_^X()*+#]"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f])|(?P<text>[^\x00-\x1f]+)"
)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-9;:?<>=]*[ -/]*|[\]P_^X][^\x07\x1b]*\x1b?|[()*+#])?$")


class Screen:
    """Rows of characters and a cursor. Colours are passed over; every character is one cell wide."""

    def __init__(self, columns: int, rows: int) -> None:
        self._columns, self._rows = columns, rows
        self._cells = [[" "] * columns for _ in range(rows)]
        self._x = self._y = 0
        self._rest = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @property
    def text(self) -> str:
        """All rows."""
        return "\n".join("".join(row).rstrip() for row in self._cells)

    def feed(self, data: bytes) -> None:
        """Take what the program wrote."""
        text = self._rest + self._decoder.decode(data)
        unfinished = _UNFINISHED.search(text)
        end = unfinished.start() if unfinished else len(text)
        self._rest = text[end:]
        for token in _TOKEN.finditer(text, 0, end):
            if token["text"]:
                self._write(token["text"])
            elif token["control"]:
                self._control(token["control"])
            elif token["final"]:
                self._sequence(token["final"], token["args"])

    def _write(self, text: str) -> None:
        for character in text:
            if self._x < self._columns:
                self._cells[self._y][self._x] = character
                self._x += 1

    def _control(self, character: str) -> None:
        if character == "\r":
            self._x = 0
        elif character == "\b":
            self._x = max(self._x - 1, 0)
        elif character == "\n":
            self._y += 1
            if self._y == self._rows:
                self._y -= 1
                self._cells = [*self._cells[1:], [" "] * self._columns]

    def _sequence(self, final: str, args: str) -> None:
        numbers = [int(part) if part.isdigit() else 0 for part in args.split(";")]
        steps = max(numbers[0], 1)
        if final in "Hf":
            column = numbers[1] if len(numbers) > 1 else 1
            self._go(max(column, 1) - 1, steps - 1)
        elif final == "G":
            self._go(steps - 1, self._y)
        elif final in "ABCD":
            over, down = {"A": (0, -1), "B": (0, 1), "C": (1, 0), "D": (-1, 0)}[final]
            self._go(self._x + over * steps, self._y + down * steps)
        elif final == "K":
            self._clear_row(self._y, self._x if numbers[0] == 0 else 0)
        elif final == "J":
            for y in range(self._y if numbers[0] == 0 else 0, self._rows):
                self._clear_row(y, self._x if y == self._y and numbers[0] == 0 else 0)

    def _go(self, x: int, y: int) -> None:
        self._x = min(max(x, 0), self._columns - 1)
        self._y = min(max(y, 0), self._rows - 1)

    def _clear_row(self, y: int, start: int) -> None:
        self._cells[y][start:] = [" "] * (self._columns - start)
