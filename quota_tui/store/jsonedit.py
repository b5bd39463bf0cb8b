"""Edits of a JSON text that keep every byte they do not own.

A person's indentation, line ends, key order, escapes and byte order mark stay; what is put in follows
them. `remove` takes a member out exactly as `put` put it in, except that an object or array made empty
becomes `{}` or `[]` whatever white space it held before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import msgspec

from quota_tui.store.jsonscan import BOM, WHITESPACE, JsonTextError, Node, scan

Path = tuple[str | int, ...]
"""Names of members and indices of items, from the root inwards."""


def get_text(text: str, path: Path) -> str | None:
    """The exact text of the value at `path`; None when there is none. Raises `JsonTextError`."""
    node = _find(scan(text), path)
    return None if node is None else text[node.start : node.end]


def get(text: str, path: Path) -> object:
    """The value at `path`; None when there is none (or it is null). Raises `JsonTextError`."""
    raw = get_text(text, path)
    return None if raw is None else json.loads(raw)


def put(text: str, path: Path, value: object) -> str:
    """Set the value at `path`, laid out like the rest; missing objects on the way are made.

    Raises `JsonTextError` when something on the way is not an object.
    """
    return _put(text, path, lambda style, indent: style.lay_out(value, indent))


def put_text(text: str, path: Path, value_text: str) -> str:
    """Set the value at `path` to this very JSON text: what `get_text` returned before."""
    scan(value_text)
    return _put(text, path, lambda _style, _indent: value_text)


def append(text: str, path: Path, value: object) -> str:
    """Add an item to the end of the array at `path`, which is made when missing."""
    array = _find(scan(text), path)
    if array is None:
        return put(text, path, [value])
    if array.kind != "array":
        raise JsonTextError(text, array.start, f"{_name(path)} is not a list; repair it by hand")
    return _insert(text, array, None, lambda style, indent: style.lay_out(value, indent))


def remove(text: str, path: Path) -> str:
    """Take the member or item at `path` out; nothing there: the text as it is."""
    parent = _find(scan(text), path[:-1])
    index = None if parent is None else _index(parent, path[-1])
    if parent is None or index is None:
        return text
    parts = parent.parts
    part = parts[index]
    if len(parts) == 1:
        return text[: parent.start + 1] + text[parent.end - 1 :]
    if index == len(parts) - 1:
        return text[: parts[index - 1].end] + text[part.end :]
    return text[: part.start] + text[parts[index + 1].start :]


class _Style(msgspec.Struct, frozen=True):
    """How a document is written: its line end, one step of indentation, the text between name and value."""

    newline: str
    step: str
    colon: str
    one_line: bool

    @classmethod
    def of(cls, text: str) -> _Style:
        root = scan(text)
        nodes = list(_walk(root))
        newline = next((end for end in ("\r\n", "\n", "\r") if end in text), "\n")
        step = next((step for node in nodes if (step := _step(text, node)) is not None), "  ")
        members = (part for node in nodes for part in node.parts if part.key is not None)
        colon = next((text[part.key_end : part.value.start] for part in members), ": ")
        one_line = bool(root.parts) and not _breaks(text[root.start : root.end])
        return cls(newline, step, ": " if _breaks(colon) else colon, one_line)

    def lay_out(self, value: object, indent: str | None) -> str:
        """`value` as JSON; `indent` is that of its line, None to keep it on one line."""
        if indent is None:
            separators = (f",{self.gap}", self.colon)
            return json.dumps(value, ensure_ascii=False, separators=separators)
        pretty = json.dumps(value, ensure_ascii=False, indent=self.step, separators=(",", self.colon))
        return pretty.replace("\n", self.newline + indent)

    @property
    def gap(self) -> str:
        """What follows a comma on one line."""
        return " " if self.colon.endswith(" ") else ""


_Layout = Callable[[_Style, str | None], str]
"""Gives the text of a value, in a style and at the indentation of its line."""


def _put(text: str, path: Path, layout: _Layout) -> str:
    node = scan(text)
    for depth, step in enumerate(path):
        index = _index(node, step)
        if index is None:
            if node.kind != "object" or not isinstance(step, str):
                where = _name(path[:depth])
                raise JsonTextError(text, node.start, f"{where} is not an object; repair it by hand")
            if depth == len(path) - 1:
                return _insert(text, node, step, layout)
            made = _insert(text, node, step, lambda style, indent: style.lay_out({}, indent))
            return _put(made, path, layout)
        node = node.parts[index].value
    style = _Style.of(text)
    indent = None if style.one_line else _line_indent(text, node.start)
    return text[: node.start] + layout(style, indent) + text[node.end :]


def _insert(text: str, node: Node, key: str | None, layout: _Layout) -> str:
    """Add a last part to an object (`key`) or an array."""
    style = _Style.of(text)
    name = "" if key is None else json.dumps(key, ensure_ascii=False) + style.colon
    if node.parts:
        end = node.parts[-1].end
        lead = _lead(text, node, len(node.parts) - 1)
        if _breaks(lead):
            indent = _after_break(lead)
            return text[:end] + f",{style.newline}{indent}{name}{layout(style, indent)}" + text[end:]
        gap = lead if len(node.parts) > 1 else style.gap
        return text[:end] + f",{gap}{name}{layout(style, None)}" + text[end:]
    start, end = node.start + 1, node.end - 1
    inside = text[start:end]
    if style.one_line:
        pad = " " if inside else ""
        return text[:start] + pad + name + layout(style, None) + pad + text[end:]
    base = _after_break(inside) if _breaks(inside) else _line_indent(text, node.start)
    indent = base + style.step
    value = layout(style, indent)
    return text[:start] + f"{style.newline}{indent}{name}{value}{style.newline}{base}" + text[end:]


def _find(root: Node, path: Path) -> Node | None:
    node = root
    for step in path:
        index = _index(node, step)
        if index is None:
            return None
        node = node.parts[index].value
    return node


def _index(node: Node, step: str | int) -> int | None:
    if isinstance(step, int):
        return step if node.kind == "array" and 0 <= step < len(node.parts) else None
    return next((index for index, part in enumerate(node.parts) if part.key == step), None)


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for part in node.parts:
        yield from _walk(part.value)


def _step(text: str, node: Node) -> str | None:
    """By how much the parts of `node` are indented; None when they do not stand on lines of their own."""
    leads = (_lead(text, node, index) for index in range(len(node.parts)))
    indent = next((_after_break(lead) for lead in leads if _breaks(lead)), None)
    return None if indent is None else indent.removeprefix(_line_indent(text, node.start))


def _lead(text: str, node: Node, index: int) -> str:
    """The white space before a part, back to the comma or the opening bracket."""
    start = text.index(",", node.parts[index - 1].end) if index else node.start
    return text[start + 1 : node.parts[index].start]


def _breaks(space: str) -> bool:
    return "\n" in space or "\r" in space


def _after_break(space: str) -> str:
    return space[max(space.rfind("\n"), space.rfind("\r")) + 1 :]


def _line_indent(text: str, at: int) -> str:
    line = _after_break(text[:at]).removeprefix(BOM)
    return line[: len(line) - len(line.lstrip(WHITESPACE))]


def _name(path: Path) -> str:
    return ".".join(str(step) for step in path) or "the document"
