"""The state of the project in a handoff: `- Branch: main` and so on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from quota_tui.core.handoff import State
from quota_tui.core.handoff_lists import Item, split_items
from quota_tui.core.handoff_text import (
    is_one_item,
    is_plain,
    marked,
    quote,
    read_code,
    read_text,
    text_lines,
    unquote,
    write_list,
)

_LABELS = {"branch": "Branch", "last_commit": "Last commit", "tests": "Tests"}
_FILES = "Files modified"
_KEYS = {label.casefold(): key for key, label in _LABELS.items()} | {
    _FILES.casefold(): "files_modified",
    "modified files": "files_modified",
}
_LABELLED = re.compile(
    r"[*_]{0,2}(Branch|Last commit|Tests|Files modified|Modified files)[*_]{0,2}:[*_]{0,2}(?: +(.*)|$)",
    re.IGNORECASE,
)


def read_state(numbered: Sequence[tuple[int, str]]) -> State:
    """The state from a section's lines. A line that names none of the parts is kept in `other`."""
    said: dict[str, str] = {}
    files: list[str] = []
    other: list[str] = []
    for item in split_items(numbered):
        key, value = _labelled(item)
        if key == "files_modified":
            files += [*_named(value), *_listed(item.lines[1:])]
        elif key and key not in said:
            said[key] = value
        else:
            other.append(read_text(item.lines))
    return State(**said, files_modified=tuple(files), other=tuple(other))


def write_state(state: State) -> list[str]:
    """The lines of the section."""
    lines: list[str] = []
    for key, label in _LABELS.items():
        if value := getattr(state, key):
            lines += _line(label, value, State(**{key: value}))
    if state.files_modified:
        lines += marked([f"{_FILES}:", *write_list(state.files_modified, read_code)])
    for text in state.other:
        plain = marked(text_lines(text))
        is_other = read_state(list(enumerate(plain))) == State(other=(text,))
        lines += plain if is_other else marked([quote(text)])
    return lines


def _line(label: str, value: str, wanted: State) -> list[str]:
    plain = [f"{label}: {value}"]
    written = marked(plain)
    safe = is_plain(value) and "\n" not in value and is_one_item(written, plain)
    return (
        written
        if safe and read_state(list(enumerate(written))) == wanted
        else marked([f"{label}: {quote(value)}"])
    )


def _labelled(item: Item) -> tuple[str, str]:
    """The part of the state that an item names, and what it says; both empty when it names none."""
    found = _LABELLED.fullmatch(item.lines[0])
    if found is None:
        return "", ""
    key = _KEYS[found[1].casefold()]
    first = found[2] or ""
    if key == "files_modified":
        return key, first
    quoted = unquote(first) if len(item.lines) == 1 else None
    return key, "\n".join([first, *item.lines[1:]]) if quoted is None else quoted


def _named(value: str) -> list[str]:
    """Files on the label's own line, as a person writes them."""
    return [name for name in (read_code([part.strip()]) for part in value.split(", ")) if name]


def _listed(lines: list[str]) -> list[str]:
    return [read_code(item.lines) for item in split_items(list(enumerate(lines)))]
