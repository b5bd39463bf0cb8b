"""JSON read for its positions: where every member, item and value of a document stands.

Strict RFC 8259, as Claude Code reads its settings: no comments, no trailing commas. Beyond it, keys
that appear twice are refused, since nobody can say which of the two a person meant.
"""

from __future__ import annotations

import json
from typing import NoReturn

import msgspec

WHITESPACE = " \t\n\r"
BOM = "\ufeff"
_MAX_DEPTH = 200
_DIGITS = "0123456789"
_ESCAPES = '"\\/bfnrt'
_HEX = "0123456789abcdefABCDEF"
_WORDS = ("true", "false", "null")


class JsonTextError(ValueError):
    """Broken JSON. `line` and `column` count from 1; `problem` says what is wrong and what to do."""

    def __init__(self, text: str, at: int, problem: str) -> None:
        before = text[:at].replace("\r\n", "\n").replace("\r", "\n")
        self.line = before.count("\n") + 1
        self.column = len(before) - (before.rfind("\n") + 1) + 1
        self.problem = problem
        super().__init__(f"line {self.line}, column {self.column}: {problem}")


class Node(msgspec.Struct, frozen=True):
    """One value: `text[start:end]`. `kind` is "object", "array", "string", "number" or "word"."""

    kind: str
    start: int
    end: int
    parts: tuple[Part, ...] = ()


class Part(msgspec.Struct, frozen=True):
    """A member of an object (`key`) or an item of an array (`key` is None), beginning at `start`."""

    start: int
    key: str | None
    key_end: int
    value: Node

    @property
    def end(self) -> int:
        """Where its value ends."""
        return self.value.end


def scan(text: str) -> Node:
    """The document's value. Raises `JsonTextError`."""
    return _Scanner(text).document()


def decode(data: bytes) -> str:
    """The text of a UTF-8 file, a byte order mark kept as its first character. Raises `JsonTextError`."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8")
        problem = "not UTF-8 text; save the file as UTF-8"
        raise JsonTextError(good, len(good), problem) from error


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def document(self) -> Node:
        self.at = len(BOM) if self.text.startswith(BOM) else 0
        self.skip()
        if self.at == len(self.text):
            self.fail("the file is empty; it must hold a JSON object, {} at the least")
        value = self.value()
        self.skip()
        if self.at < len(self.text):
            self.fail("there is text after the end of the document; remove it")
        return value

    def fail(self, problem: str, at: int | None = None) -> NoReturn:
        raise JsonTextError(self.text, self.at if at is None else at, problem)

    def peek(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def skip(self) -> None:
        """Pass whitespace; a comment after it is named as such."""
        while self.peek() and self.peek() in WHITESPACE:
            self.at += 1
        if self.text.startswith(("//", "/*", "#"), self.at):
            self.fail("comments are not JSON; remove the comment and run it again")

    def value(self) -> Node:
        start, first = self.at, self.peek()
        if first in ("{", "["):
            return self.container(first)
        if first == '"':
            self.string()
            return Node("string", start, self.at)
        if first and first in "-0123456789":
            self.number()
            return Node("number", start, self.at)
        for word in _WORDS:
            if self.text.startswith(word, start):
                self.at += len(word)
                return Node("word", start, self.at)
        known = {"'": "strings need double quotes", "": "the file ends in the middle of the document"}
        return self.fail(known.get(first, "expected a value"))

    def container(self, opening: str) -> Node:
        start, closing = self.at, "}" if opening == "{" else "]"
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            self.fail(f"nested deeper than {_MAX_DEPTH} levels")
        self.at += 1
        parts: list[Part] = []
        keys: set[str] = set()
        self.skip()
        while self.peek() != closing:
            parts.append(self.member(keys) if opening == "{" else self.item())
            self.skip()
            if self.peek() == ",":
                comma = self.at
                self.at += 1
                self.skip()
                if self.peek() == closing:
                    self.fail(f"a comma before {closing}; remove it", comma)
            elif self.peek() != closing:
                self.fail(f"expected , or {closing}" if self.peek() else f"the file ends before {closing}")
        self.at += 1
        self.depth -= 1
        return Node("object" if opening == "{" else "array", start, self.at, tuple(parts))

    def item(self) -> Part:
        start = self.at
        return Part(start, None, start, self.value())

    def member(self, keys: set[str]) -> Part:
        start = self.at
        if self.peek() != '"':
            self.fail("expected a name in double quotes" if self.peek() else "the file ends before }")
        self.string()
        key_end = self.at
        key = json.loads(self.text[start:key_end])
        if key in keys:
            self.fail(
                f"the name {self.text[start:key_end]} appears twice in one object; keep one of them", start
            )
        keys.add(key)
        self.skip()
        if self.peek() != ":":
            self.fail("expected : after the name")
        self.at += 1
        self.skip()
        return Part(start, key, key_end, self.value())

    def string(self) -> None:
        opened = self.at
        self.at += 1
        while (char := self.text[self.at : self.at + 1]) != '"':
            if char == "":
                self.fail("a string that is never closed", opened)
            if char < " ":
                self.fail("a line break or control character inside a string; write it as an escape")
            self.at += 1
            if char == "\\":
                self.escape()
        self.at += 1

    def escape(self) -> None:
        kind = self.peek()
        if kind == "u":
            digits = self.text[self.at + 1 : self.at + 5]
            if len(digits) < 4 or any(digit not in _HEX for digit in digits):
                self.fail(r"\u needs four hexadecimal digits")
            self.at += 5
        elif kind and kind in _ESCAPES:
            self.at += 1
        else:
            self.fail(r"unknown escape; a backslash itself is written \\")

    def number(self) -> None:
        if self.peek() == "-":
            self.at += 1
        if self.peek() == "0":
            self.at += 1
        else:
            self.digits()
        if self.peek() == ".":
            self.at += 1
            self.digits()
        if self.peek() in ("e", "E"):
            self.at += 1
            if self.peek() in ("+", "-"):
                self.at += 1
            self.digits()

    def digits(self) -> None:
        begun = self.at
        while self.peek() and self.peek() in _DIGITS:
            self.at += 1
        if self.at == begun:
            self.fail("a number needs a digit here")
