"""Where things stand in a TOML text, and edits of single keys that keep every other byte.

The texts given here were accepted by `tomllib` before: this finds places, it does not judge. Whoever
edits reads the result again with `tomllib` and checks that only the one key changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from enum import Enum
from typing import Any

import msgspec

Key = tuple[str, ...]

_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_MOST_LINES = 500
"""Beyond this, a broken text is not tried line by line."""
_SIMPLE_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b", '"': '"', "\\": "\\"}


class What(Enum):
    """The kinds of statement."""

    ENTRY = "key = value"
    HEADER = "[table]"
    COMMENT = "# text"


class Statement(msgspec.Struct, frozen=True):
    """One statement. `path` is absolute; `start:end` is an entry's value, else the statement itself.

    `table` is the header it stands under, `line` counts from 1, `line_end` is behind its line break.
    """

    what: What
    path: Key
    table: Key
    line: int
    start: int
    end: int
    line_end: int


def statements(text: str) -> Iterator[Statement]:
    """Every statement of a TOML text, in order. Raises `ValueError` where it stops being TOML."""
    table: Key = ()
    at, line, counted = _skip(text, 1 if text.startswith("\ufeff") else 0, " \t\r\n"), 1, 0
    while at < len(text):
        line, counted = line + text.count("\n", counted, at), at
        if text[at] == "#":
            found = Statement(What.COMMENT, (), table, line, at, _line_end(text, at), _line_end(text, at))
        elif text[at] == "[":
            table, end = _read_key(text, at + (2 if text.startswith("[[", at) else 1))
            found = Statement(What.HEADER, table, table, line, at, end, _line_end(text, end))
        else:
            key, end = _read_key(text, at)
            start = _skip(text, _expect(text, end, "="), " \t")
            end = _value_end(text, start)
            found = Statement(What.ENTRY, table + key, table, line, start, end, _line_end(text, end))
        yield found
        at = _skip(text, found.line_end, " \t\r\n")


def line_of(text: str, path: Key) -> int | None:
    """The line of the entry or header that says `path`, or of the innermost one around it."""
    line, depth = None, 0
    with suppress(ValueError):  # the rest is not TOML; what was read before it stands above it
        for statement in statements(text):
            known = statement.path
            if len(known) > depth and known == path[: len(known)]:
                line, depth = statement.line, len(known)
    return line


def parse_key(text: str) -> Key:
    """A dotted key as a person types it, `prices."my.model".input`. Raises `ValueError`."""
    key, end = _read_key(text, 0)
    if text[end:].strip():
        raise ValueError(f"not a key: {text}")
    return key


def join_key(path: Key) -> str:
    """The dotted key of `path`, quoted where TOML needs it."""
    return ".".join(part if part and _BARE.issuperset(part) else quote(part) for part in path)


def quote(text: str) -> str:
    """`text` as a TOML basic string."""
    out = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in out) + '"'


def put(text: str, path: Key, value_text: str) -> str:
    """Set one key: in its place when it is there, else in its section, else in a new section at the end."""
    known = list(statements(text))
    for entry in known:
        if entry.what is What.ENTRY and entry.path == path:
            return text[: entry.start] + value_text + text[entry.end :]
    newline = "\r\n" if "\r\n" in text else "\n"
    section = path[:-1]
    place = _place(text, known, path)
    if place is not None:
        key = join_key(path[len(place.table) :])
        at = place.line_end
        gap = "" if text[:at].endswith("\n") else newline
        return f"{text[:at]}{gap}{_indent(text, place)}{key} = {value_text}{newline}{text[at:]}"
    if not section:
        head = 1 if text.startswith("\ufeff") else 0
        return f"{text[:head]}{join_key(path)} = {value_text}{newline}{text[head:]}"
    gap = "" if not text.strip("\ufeff") else newline if text.endswith("\n") else newline * 2
    return f"{text}{gap}[{join_key(section)}]{newline}{join_key(path[-1:])} = {value_text}{newline}"


def _place(text: str, known: list[Statement], path: Key) -> Statement | None:
    """The statement after which a new key reads best."""
    section, name = path[:-1], join_key(path[-1:])
    inside = [one for one in known if one.table == section]
    comments = [one for one in inside if one.what is What.COMMENT]
    for one in comments:
        if text[one.start : one.end].lstrip("# \t").partition("=")[0].strip() == name:
            return one  # its commented default
    entries = [one for one in known if one.what is What.ENTRY and one.path[:-1] == section]
    headers = [one for one in inside if one.what is What.HEADER]
    best = [one for one in entries if one.table == section] or headers or (entries if section else [])
    return best[-1] if best else None


def _indent(text: str, place: Statement) -> str:
    start = text.rfind("\n", 0, place.start) + 1
    line = text[start : place.start].removeprefix("\ufeff")
    return line[: len(line) - len(line.lstrip(" \t"))]


def _skip(text: str, at: int, space: str) -> int:
    while at < len(text) and text[at] in space:
        at += 1
    return at


def _expect(text: str, at: int, mark: str) -> int:
    at = _skip(text, at, " \t")
    if not text.startswith(mark, at):
        raise ValueError(f"expected {mark}")
    return at + len(mark)


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _read_key(text: str, at: int) -> tuple[Key, int]:
    parts: list[str] = []
    while True:
        at = _skip(text, at, " \t")
        if text[at : at + 1] in ('"', "'"):
            end = _string_end(text, at)
            parts.append(_unquote(text[at:end]))
        else:
            end = at
            while end < len(text) and text[end] in _BARE:
                end += 1
            if end == at:
                raise ValueError("expected a key")
            parts.append(text[at:end])
        dot = _skip(text, end, " \t")
        if text[dot : dot + 1] != ".":
            return tuple(parts), end
        at = dot + 1


def _unquote(raw: str) -> str:
    if raw[0] == "'" or "\\" not in raw:
        return raw[1:-1]
    out, rest = "", raw[1:-1]
    while rest:
        head, slash, rest = rest.partition("\\")
        out += head
        if slash:
            width = {"u": 4, "U": 8, "x": 2}.get(rest[:1], 0)
            out += chr(int(rest[1 : width + 1], 16)) if width else _SIMPLE_ESCAPES.get(rest[:1], "")
            rest = rest[width + 1 :]
    return out


def _string_end(text: str, at: int) -> int:
    mark = text[at]
    fence = mark * 3 if text.startswith(mark * 3, at) else mark
    here = at + len(fence)
    while here < len(text):
        if mark == '"' and text[here] == "\\":
            here += 2
        elif text.startswith(fence, here):
            here += len(fence)
            while len(fence) == 3 and text.startswith(mark, here):  # quotes that belong to the text
                here += 1
            return here
        else:
            here += 1
    raise ValueError("a string that is never closed")


def _value_end(text: str, at: int) -> int:
    if text[at : at + 1] in ('"', "'"):
        return _string_end(text, at)
    if text[at : at + 1] not in ("[", "{"):
        end = at
        while end < len(text) and text[end] not in "#\r\n":
            end += 1
        return at + len(text[at:end].rstrip())
    depth = 0
    while at < len(text):
        if text[at] in "\"'":
            at = _string_end(text, at)
            continue
        if text[at] == "#":
            at = _line_end(text, at)
            continue
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(text[at], 0)
        at += 1
        if depth == 0:
            return at
    raise ValueError("a list or table that is never closed")


def parse_as_far_as_good(text: str) -> tuple[dict[str, Any], str]:
    """The tables of `text`, and "" or what is wrong with it, beginning with its line.

    Of a text that is not TOML, the statements above the broken one are returned: all that stands below
    may belong to something else than it seems.
    """
    import tomllib

    try:
        return tomllib.loads(text), ""
    except RecursionError:
        return {}, "line 1: nested too deeply; none of it is used"
    except tomllib.TOMLDecodeError as error:
        said, _, place = str(error).rpartition(" (at ")
        number = place.removeprefix("line ").partition(",")[0]
    lines = [f"{line}\n" for line in text.split("\n")]
    for count in range(min(int(number) - 1 if number.isdigit() else len(lines), _MOST_LINES), 0, -1):
        try:
            good = tomllib.loads("".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            continue
        # Where the reader gave up can be far below the start of what it could not read.
        line = int(number) if number.isdigit() else count + 1
        return good, f"line {line}: {_plain(said)}; nothing from line {count + 1} on is used"
    return {}, f"line {number if number.isdigit() else 1}: {_plain(said)}; none of it is used"


def _plain(said: str) -> str:
    return f"not TOML ({said[:1].lower()}{said[1:]}); repair it"
