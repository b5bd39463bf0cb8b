"""The parts of a handoff's text: headings, code blocks, and free text that may hold anything."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from quota_tui.core.handoff import Note
from quota_tui.core.handoff_text import is_plain, quote, unquote

_HEADING = re.compile(r"(#{1,2})[ \t]+(\S.*)")
_FENCE = re.compile(r"(`{3,}|~{3,})(.*)")
AS_IS = "as-is"
"""The info word of a code block that stands for the text inside it."""

NAMES = {
    "accomplished": "What was accomplished",
    "state": "Current state",
    "objectives": "Next session objectives",
    "decisions": "Key decisions and context",
    "failed": "Failed approaches",
    "blockers": "Blockers and notes",
    "files": "Files to read first",
    "commands": "Commands to run on start",
    "instructions": "Agent instructions",
}
"""Our sections in the order they are written: field and heading."""

_ALSO = {
    "accomplished": ("accomplished", "accomplishments", "done", "what was done"),
    "state": ("state",),
    "objectives": ("objectives", "next objectives", "next steps"),
    "decisions": ("key decisions", "decisions", "decisions and context"),
    "failed": ("failed", "what did not work", "failed attempts"),
    "blockers": ("blockers", "blockers & notes", "notes and blockers"),
    "files": ("files to read", "files"),
    "commands": ("commands to run", "commands"),
    "instructions": ("instructions",),
}
_FIELDS = {name.casefold(): field for field, name in NAMES.items()} | {
    name: field for field, names in _ALSO.items() for name in names
}


class Part(msgspec.Struct):
    """A heading and the numbered lines below it. `field` is empty when the section is not ours."""

    field: str
    heading: str
    line: int
    lines: list[tuple[int, str]]


def split_parts(numbered: Sequence[tuple[int, str]], notes: list[Note]) -> list[Part]:
    """The parts in order; the first is what stands before all headings. Code blocks hide headings.

    A code block that is never closed is read as plain text, and noted.
    """
    texts = [line for _, line in numbered]
    closes = _Closers(texts)
    parts = [Part("", "", 0, [])]
    at = 0
    while at < len(texts):
        number, line = numbered[at]
        end = closes.of(at)
        if end == 0:
            notes.append(Note(number, "this code block is never closed; it is read as plain text"))
        if end:
            parts[-1].lines += numbered[at : end + 1]
            at = end
        elif (found := heading(line)) is not None:
            parts.append(Part(found[0], found[1], number, []))
        else:
            parts[-1].lines.append((number, line))
        at += 1
    return parts


def heading(line: str) -> tuple[str, str] | None:
    """The field and the heading if the line begins a section; the field is empty when it is not ours.

    Ours are known in any case, numbered, bold, with a colon. Others must be of the second level.
    """
    found = _HEADING.fullmatch(line.rstrip())
    if found is None:
        return None
    quoted = unquote(found[2])
    if quoted is not None:
        return ("", quoted) if found[1] == "##" else None
    name = re.sub(r"^\d{1,3}[.)] +", "", found[2].rstrip("# ")).strip("*_: ").casefold()
    field = _FIELDS.get(name, "")
    return (field, found[2]) if field or found[1] == "##" else None


def write_heading(text: str) -> str:
    """The line for a heading that is not ours."""
    line = f"## {text}"
    plain = is_plain(text) and "\n" not in text
    return line if plain and heading(line) == ("", text) else f"## {quote(text)}"


def write_free(text: str, *, trimmed: bool) -> list[str]:
    """The lines for free text: as it is, in a block marked `as-is`, or as a JSON string."""
    lines = text.split("\n")
    if not is_plain(text):
        return [quote(text)]
    if _is_whole(lines) and read_free(lines, trimmed=trimmed) == text:
        return lines
    longest = max((len(found[1]) for line in lines if (found := _FENCE.match(line))), default=2)
    fence = "~" * (longest + 1)
    return [f"{fence} {AS_IS}", *lines, fence]


def read_free(lines: Sequence[str], *, trimmed: bool) -> str:
    """The free text of a section's lines; `trimmed` when blank lines around it mean nothing."""
    inner = trim(lines)
    quoted = unquote(inner[0]) if len(inner) == 1 else None
    if quoted is not None:
        return quoted
    fence = _FENCE.fullmatch(inner[0]) if len(inner) > 1 else None
    if fence and fence[2].strip() == AS_IS and _Closers(inner).of(0) == len(inner) - 1:
        return "\n".join(inner[1:-1])
    return "\n".join(inner if trimmed else lines)


def trim(lines: Sequence[str]) -> list[str]:
    """Without the blank lines at both ends."""
    full = [at for at, line in enumerate(lines) if line.strip()]
    return list(lines[full[0] : full[-1] + 1]) if full else []


def code_lines(numbered: Sequence[tuple[int, str]]) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """Lines that are not in a code block, and those that are, without the fences."""
    closes = _Closers([line for _, line in numbered])
    outside: list[tuple[int, str]] = []
    inside: list[tuple[int, str]] = []
    at = 0
    while at < len(numbered):
        end = closes.of(at)
        if end:
            inside += [(number, line) for number, line in numbered[at + 1 : end] if line.strip()]
            at = end
        else:
            outside.append(numbered[at])
        at += 1
    return outside, inside


def _is_whole(lines: list[str]) -> bool:
    """Whether the text stays in its section and closes every code block it opens."""
    notes: list[Note] = []
    return len(split_parts(list(enumerate(lines)), notes)) == 1 and not notes


class _Closers:
    """Finds where code blocks end. Linear also in a text of a million fences that never close."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._longest_from: dict[str, list[int]] = {}

    def of(self, at: int) -> int | None:
        """The line that closes the block opened at `at`; 0 when none does; None when nothing opens there."""
        found = _FENCE.fullmatch(self._lines[at])
        if found is None or (found[1][0] == "`" and "`" in found[2]):
            return None
        char, length = found[1][0], len(found[1])
        if self._longest(char)[at + 1] < length:
            return 0
        for end in range(at + 1, len(self._lines)):
            if _closing(self._lines[end], char) >= length:
                return end
        return 0

    def _longest(self, char: str) -> list[int]:
        """For each line, the longest closing fence from there to the end."""
        known = self._longest_from.get(char)
        if known is None:
            known = [0] * (len(self._lines) + 1)
            for at in range(len(self._lines) - 1, -1, -1):
                known[at] = max(known[at + 1], _closing(self._lines[at], char))
            self._longest_from[char] = known
        return known


def _closing(line: str, char: str) -> int:
    run = line.rstrip()
    return len(run) if run and not run.strip(char) else 0
