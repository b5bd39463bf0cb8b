"""Headings of a plan: their level, their label ("Phase 2", "3."), what they say of size and of being done."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from quota_tui.core.plans.lines import Line
from quota_tui.core.plans.plan import Size
from quota_tui.core.plans.sizes import whole_size

BOLD_LEVEL = 7
"""A bold line that reads `Phase 2: …` is a heading below all others."""
WORDS = ("phase", "stage", "milestone", "part", "step", "sprint", "iteration", "task", "workstream",
         "session", "pr", "day", "week", "fix", "change", "bug", "issue")  # fmt: skip
"""What numbered headings are called, the more surely a phase the earlier."""
_LONGEST = 400

_ATX = re.compile(r" {0,3}(#{1,6})(?=[ \t]|$)[ \t]*")
_SETEXT = re.compile(r" {0,3}(=+|-{2,})[ \t]*")
_NO_PARAGRAPH = re.compile(r"\s*(?:$|[#>|]|(?:[-*+]|\d{1,9}[.)])(?:\s|$)|(?:```|~~~))|\s*(?:-[ \t]*){3,}$")
_BOLD = re.compile(r"[ \t]{0,3}(?:\*\*|__)(.{1,300}?)(?:\*\*|__)(.{0,100})")
_LABEL = re.compile(
    rf"(?P<word>{'|'.join(WORDS)})(?:[ \t]*\#?"
    r"(?P<no>\d{1,3}(?:\.\d{1,3})*[a-z]?)(?=$|[^\w])"
    r"|[ \t]+(?P<odd>[A-Z]|[IVX]{1,5}|one|two|three|four|five|six|seven|eight|nine|ten)"
    r"(?=[ \t]*(?:$|[:.)\]–—-])))"
    r"[ \t]*(?:[:.)\]–—-]+[ \t]*)?",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\#?(?P<no>\d{1,3}(?:\.\d{1,3})*[a-z]?)"
    r"(?:[.):]+(?=[ \t]|$)|[ \t]+[-–—](?=[ \t])|(?:(?<=\.\d)|(?<=\.\d\d))(?=[ \t]))[ \t]*"
)
_SIGN = "✅✔☑✓"
_DONE_START = re.compile(rf"(?:[{_SIGN}]\ufe0f?|\[[xX✓✔]\])[ \t]*")
_OPEN_START = re.compile(r"\[ ?\][ \t]*")
_SAID = "(?:done|completed?|finished)"
_DONE_END = re.compile(
    rf"[ \t]*(?:[{_SIGN}]\ufe0f?|\[[xX✓✔]\]|[-–—:|][ \t]*{_SAID}|[\[(][ \t]*{_SAID}[ \t]*[\])]"
    r"|(?-i:\b(?:DONE|COMPLETED?|FINISHED)))$",
    re.IGNORECASE,
)
_STRUCK = re.compile(r"~~(.+)~~")
_GROUP = re.compile(r"[ \t]*[(\[]([^()\[\]]{1,160})[)\]]")
_TRAILING = re.compile(
    r"(?:[ \t]+[-–—|@][ \t]*|[ \t]*[:,][ \t]+|[ \t]+(?=[~≈]))([^-–—|@:,()\[\]]{1,40}(?:-[^()\[\]]{1,40})?)$"
)


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """A heading. `word` is "" for a number alone and None without any label; `mark_at` is its text's end."""

    at: int
    level: int
    text: str
    mark_at: int
    name: str = ""
    word: str | None = None
    label: str = ""
    size: Size = Size()
    is_done: bool = False
    last: int = 0
    """The last line of it (the underline, where it has one)."""


def headings_of(lines: Sequence[Line]) -> list[Heading]:
    """All headings in order."""
    found: list[Heading] = []
    for at, line in enumerate(lines):
        if line.is_code:
            continue
        heading = _atx(at, line) or _bold(at, line)
        if heading is None and at + 1 < len(lines) and not lines[at + 1].is_code:
            heading = _setext(at, line, lines[at + 1])
        if heading is not None:
            found.append(heading)
    return found


def read_label(text: str) -> tuple[str | None, str, str]:
    """(kind word, label, the rest) of a heading's text; the word is None without a label."""
    found = _LABEL.match(text)
    if found is not None:
        label = re.sub(r"[ \t]*[:.)\]–—-]*[ \t]*$", "", found[0])
        return found["word"].lower(), label, text[found.end() :]
    found = _NUMBER.match(text)
    if found is not None:
        return "", found["no"], text[found.end() :]
    return None, "", text


def read_name(text: str) -> tuple[str, str | None, str, Size, bool]:
    """(name, kind word, label, size, is it marked done) of a heading's or an entry's text."""
    text, is_done = _without_done(text[:_LONGEST].strip())
    word, label, rest = read_label(_plain(text))
    if not rest.strip():
        rest = ""
    name, size = _without_sizes(rest)
    name, also_done = _without_done(name)
    return (name or label or _plain(text)), word, label, size, is_done or also_done


def _without_done(text: str) -> tuple[str, bool]:
    struck = _STRUCK.fullmatch(text)
    is_done = struck is not None
    if struck is not None:
        text = struck[1]
    for pattern in (_DONE_START, _DONE_END, _DONE_END):
        found = pattern.match(text) if pattern is _DONE_START else pattern.search(text)
        if found is not None and found[0]:
            is_done = True
            text = text[found.end() :] if pattern is _DONE_START else text[: found.start()]
    opened = _OPEN_START.match(text)
    return (text[opened.end() :] if opened else text).strip(), is_done


def _without_sizes(text: str) -> tuple[str, Size]:
    size = Size()
    for group in _GROUP.finditer(text):
        found = whole_size(group[1].strip())
        if found is not None:
            size = size.or_else(found)
            text = text.replace(group[0], "", 1)
    trailing = _TRAILING.search(text)
    found = whole_size(trailing[1].strip()) if trailing else None
    # A kind of work alone is a word of the name: "Backend: tests".
    if trailing and found is not None and (found.hours_low is not None or found.tokens_low is not None):
        size = size.or_else(found)
        text = text[: trailing.start()]
    return text.strip(" \t:–—-").strip() or text.strip(), size


def _plain(text: str) -> str:
    """Without the emphasis around all of it, or around its label."""
    text = re.sub(r"^(\*\*|__)(.+?)\1", r"\2", text.strip())
    return re.sub(r"^[^\w\s`\"'(\[#<*_~$/.-]+\s+", "", text)


def _atx(at: int, line: Line) -> Heading | None:
    found = _ATX.match(line.text)
    if found is None:
        return None
    text = line.text[found.end() :].rstrip(" \t")
    closed = text.rstrip("#")
    if closed != text and closed[-1:] in {"", " ", "\t"}:
        text = closed.rstrip(" \t")
    return _heading(at, len(found[1]), text, line.start + found.end() + len(text), at)


def _setext(at: int, line: Line, below: Line) -> Heading | None:
    found = _SETEXT.fullmatch(below.text)
    if found is None or len(line.text) > _LONGEST or _NO_PARAGRAPH.match(line.text):
        return None
    level = 1 if found[1][0] == "=" else 2
    return _heading(at, level, line.text.strip(), line.start + len(line.text.rstrip()), at + 1)


def _bold(at: int, line: Line) -> Heading | None:
    found = _BOLD.fullmatch(line.text) if line.text[:5].lstrip().startswith(("**", "__")) else None
    if found is None or _LABEL.match(found[1]) is None:
        return None
    text = f"{found[1]}{found[2]}"
    heading = _heading(at, BOLD_LEVEL, text, line.start + len(line.text.rstrip()), at)
    return heading if heading.word in WORDS[:9] else None


def _heading(at: int, level: int, text: str, mark_at: int, last: int) -> Heading:
    name, word, label, size, is_done = read_name(text)
    return Heading(
        at=at,
        level=level,
        text=text,
        mark_at=mark_at,
        name=name,
        word=word,
        label=label,
        size=size,
        is_done=is_done,
        last=last,
    )
