"""The lines of a markdown text with their places, and which of them are only shown, not meant.

Places are offsets into the text, so that an edit can leave every other character as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

_ENDS = re.compile(r"\r\n|\n|\r")
_FENCE = re.compile(r"[ \t]*(?:(`{3,})[^`]*|(~{3,}).*)")
_FRONT_LIMIT = 200
"""Front matter is short: a rule at the top with no partner so near is a rule."""


class Line(msgspec.Struct, frozen=True, gc=False):
    """One line: `text` without its line end, at `start`; `end` is where its line end begins."""

    text: str
    start: int
    end: int
    is_code: bool = False
    """In a code block, in a comment, or in the front matter: no heading, no list, no checkbox."""
    is_front: bool = False


def split_lines(text: str) -> list[Line]:
    """All lines, marked. Lines end with CR LF, LF or CR, as editors have it; nothing else ends one."""
    raw = [(text[start:end], start, end) for start, end in _spans(text)]
    texts = [line for line, _, _ in raw]
    if texts and texts[0].startswith("\ufeff"):
        texts[0] = texts[0][1:]
        raw[0] = (texts[0], 1, raw[0][2])
    front = _front(texts)
    hidden = _hidden(texts, front)
    return [Line(line, start, end, at in hidden, at < front) for at, (line, start, end) in enumerate(raw)]


def _spans(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for found in _ENDS.finditer(text):
        yield start, found.start()
        start = found.end()
    if start < len(text):
        yield start, len(text)


def _front(texts: Sequence[str]) -> int:
    """How many lines the front matter has, its marks included; 0 without one."""
    if not texts or texts[0].rstrip() != "---":
        return 0
    for at in range(1, min(len(texts), _FRONT_LIMIT)):
        if texts[at].rstrip() in {"---", "..."}:
            return at + 1
    return 0


def _hidden(texts: Sequence[str], front: int) -> set[int]:
    """The lines of front matter, code blocks and comments. What is never closed hides nothing."""
    hidden = set(range(front))
    closers = _Closers(texts)
    at = front
    while at < len(texts):
        end = closers.end_of(at)
        if end is not None:
            hidden.update(range(at, end + 1))
            at = end
        at += 1
    return hidden


class _Closers:
    """Finds where blocks end, in time that does not grow with the square of the text."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._never: dict[str, int] = {}
        """Fences of this length or more are closed by nothing that follows."""

    def end_of(self, at: int) -> int | None:
        """The last line of the block that opens at a line; None when none does."""
        text = self._texts[at]
        fence = _FENCE.fullmatch(text)
        if fence is not None:
            mark = fence[1] or fence[2]
            return self._find(at, mark[0], len(mark))
        if text.lstrip().startswith("<!--"):
            if "-->" in text:
                return None
            return self._find(at, "-->", 1)
        return None

    def _find(self, at: int, mark: str, length: int) -> int | None:
        if length >= self._never.get(mark, 1 << 62):
            return None
        for end in range(at + 1, len(self._texts)):
            text = self._texts[end]
            if mark == "-->":
                closes = mark in text
            else:
                run = text.strip()
                closes = len(run) >= length and not run.strip(mark)
            if closes:
                return end
        self._never[mark] = length
        return None
