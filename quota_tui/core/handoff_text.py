"""How single texts stand in a handoff: as a person would write them where that is without loss, else quoted.

Every writer here tries the plainest form first and keeps it only if it reads back to the very same text.
A quoted text is a JSON string. Nothing here raises on any text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from quota_tui.core.handoff_lists import split_items

_ESCAPED = "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
_SPECIAL = re.compile(_ESCAPED)
"""Control characters, line separators, what turns the direction of text around it, marks, half characters:
editors eat or hide them, so they are written as JSON escapes."""

_SPAN = re.compile(r"`([^`\n]+)`")


def quote(text: str) -> str:
    """The text as a JSON string on one line, with everything unseen written as an escape."""
    body = json.dumps(text, ensure_ascii=False)
    return _SPECIAL.sub(lambda found: f"\\u{ord(found[0]):04x}", body)


def unquote(raw: str) -> str | None:
    """The text of a JSON string that is all of `raw`; None when it is anything else."""
    if len(raw) < 2 or raw[0] != '"' or raw[-1] != '"':
        return None
    try:
        text = json.loads(raw)
    except ValueError:
        return None
    return text if isinstance(text, str) else None


def unquote_first(raw: str) -> tuple[str, str] | None:
    """The JSON string that `raw` begins with, and what follows it; None when it begins otherwise."""
    if not raw.startswith('"'):
        return None
    try:
        text, end = json.JSONDecoder().raw_decode(raw)
    except ValueError:
        return None
    return (text, raw[end:]) if isinstance(text, str) else None


def is_plain(text: str) -> bool:
    """Whether the text has only characters that survive an editor."""
    return _SPECIAL.search(text.replace("\t", " ")) is None


def read_text(lines: Sequence[str]) -> str:
    """The text of an item's lines."""
    if len(lines) == 1:
        quoted = unquote(lines[0])
        return lines[0] if quoted is None else quoted
    return "\n".join(line.rstrip() for line in lines)


def read_code(lines: Sequence[str]) -> str:
    """The text of an item that is a command or a path: a code span around all of it falls away."""
    span = _SPAN.fullmatch(lines[0]) if len(lines) == 1 else None
    return span[1] if span else read_text(lines)


def text_lines(text: str, read: Callable[[Sequence[str]], str] = read_text, marker: str = "- ") -> list[str]:
    """The lines, without marker and indent, that an item with this text has."""
    if is_plain(text) and text == text.strip("\n"):
        plain = text.split("\n")
        forms = [plain]
        if read is read_code and len(plain) == 1:
            forms.insert(0, [f"`{text}`"])
        for lines in forms:
            if is_one_item(marked(lines, marker), lines) and read(lines) == text:
                return lines
    return [quote(text)]


def marked(lines: Sequence[str], marker: str = "- ") -> list[str]:
    """An item's lines with its marker, the others below its text."""
    indent = " " * len(marker)
    return [marker + lines[0], *(indent + line if line else "" for line in lines[1:])]


def is_one_item(written: Sequence[str], lines: Sequence[str]) -> bool:
    """Whether `written` is read as one item that has just these lines."""
    items = split_items(list(enumerate(written)))
    return len(items) == 1 and items[0].lines == list(lines)


def write_list(texts: Sequence[str], read: Callable[[Sequence[str]], str] = read_text) -> list[str]:
    """A bulleted list."""
    return [line for text in texts for line in marked(text_lines(text, read))]
