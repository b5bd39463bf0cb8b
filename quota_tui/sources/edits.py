"""Edits and writes in a transcript: which lines of which file went out and came in. Reads what was appended.

A call counts when its result says that it went through. Where the result holds the patch (`structuredPatch`),
that is what is read; else the texts that the tool was given.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from quota_tui.core.velocity import Change
from quota_tui.sources.reading import BLOCK, MAX_LINE, fingerprint

EDITS = frozenset({"Edit", "Write", "MultiEdit", "NotebookEdit"})
_CALL, _RESULT = b'"tool_use"', b'"tool_result"'
_HEAD = 1024
_MAX_PENDING = 1000
_MAX_LINES = 20_000
"""Lines of one change that are looked at."""
_SAYS_NOTHING = re.compile(r"[\W_]*\w{0,2}[\W_]*")
"""Brackets, `fi`, `do`: lines that every file has many of."""


class _Edit(msgspec.Struct, gc=False):
    old_string: str = ""
    new_string: str = ""


class _Input(_Edit, gc=False):
    file_path: str = ""
    notebook_path: str = ""
    content: str = ""
    new_source: str = ""
    edits: list[_Edit] = []


class _Block(msgspec.Struct, gc=False):
    type: str = ""
    id: str = ""
    name: str = ""
    input: msgspec.Raw = msgspec.Raw(b"")
    tool_use_id: str = ""
    is_error: bool | None = None


class _Message(msgspec.Struct, gc=False):
    content: list[_Block] = []


class _Line(msgspec.Struct, gc=False):
    timestamp: datetime
    cwd: str = ""
    message: _Message | None = None
    toolUseResult: msgspec.Raw = msgspec.Raw(b"")  # noqa: N815 - the client's own name


class _Hunk(msgspec.Struct, gc=False):
    lines: list[str] = []


class _Result(msgspec.Struct, gc=False):
    structuredPatch: list[_Hunk] = []  # noqa: N815 - the client's own name


_ERRORS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_decode_line = msgspec.json.Decoder(_Line).decode
_decode_input = msgspec.json.Decoder(_Input).decode
_decode_result = msgspec.json.Decoder(_Result).decode


class EditReader:
    """Reads one transcript again and again. `is_wanted` is asked with the folder a line was written in."""

    def __init__(self, path: str, is_wanted: Callable[[str], bool]) -> None:
        self.path = path
        self._is_wanted = is_wanted
        self._start_over()

    def _start_over(self) -> None:
        self._offset = 0
        self._head = b""
        self._pending: dict[str, _Input] = {}
        self.changes: list[Change] = []
        """All that was found so far, in the order of the file."""

    def read(self) -> None:
        """Take what was appended since the last time; a rewritten file is read anew. Raises OSError."""
        with open(self.path, "rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            head = file.read(min(_HEAD, self._offset)) if self._offset else b""
            if size < self._offset or fingerprint(head or b"") != (self._head or fingerprint(b"")):
                self._start_over()
            file.seek(self._offset)
            for raw in self._lines(file.fileno()):
                self._take(raw)
            file.seek(0)
            self._head = fingerprint(file.read(min(_HEAD, self._offset)) or b"")

    def _lines(self, fd: int) -> Iterator[bytes]:
        """Complete lines from the offset on, which moves along."""
        rest, skipping = b"", False
        while block := os.read(fd, max(BLOCK, len(rest))):
            *whole, rest = (rest + block).split(b"\n")
            for raw in whole:
                self._offset += len(raw) + 1
                if not skipping:
                    yield raw
                skipping = False
            if len(rest) > MAX_LINE:
                self._offset += len(rest)
                rest, skipping = b"", True

    def _take(self, raw: bytes) -> None:
        if _CALL not in raw and _RESULT not in raw:
            return
        try:
            line = _decode_line(raw)
        except _ERRORS:
            return  # of another shape: text instead of blocks, or damaged; the index tells of damage
        if line.message is None or not self._is_wanted(line.cwd):
            return
        blocks = line.message.content
        results = [block for block in blocks if block.type == "tool_result"]
        for block in blocks:
            if block.type == "tool_use" and block.name in EDITS and block.id:
                self._call(block)
        for block in results:
            call = self._pending.pop(block.tool_use_id, None)
            if call is not None and not block.is_error:
                patch = _patch(line.toolUseResult) if len(results) == 1 else []
                self._done(line, call, patch, block.tool_use_id)

    def _call(self, block: _Block) -> None:
        try:
            given = _decode_input(block.input)
        except _ERRORS:
            return
        if len(self._pending) >= _MAX_PENDING:
            self._pending.pop(next(iter(self._pending)))
        self._pending[block.id] = given

    def _done(self, line: _Line, given: _Input, patch: Sequence[str], call_id: str) -> None:
        at = line.timestamp if line.timestamp.tzinfo else line.timestamp.replace(tzinfo=UTC)
        path = given.file_path or given.notebook_path
        if not path:
            return
        if patch:
            removed = [text[1:] for text in patch if text.startswith("-")]
            added = [text[1:] for text in patch if text.startswith("+")]
        else:
            removed, added = _differing(given)
        file = os.path.normpath(os.path.join(line.cwd, path))
        self.changes.append(Change(at, file, _marks(removed), _marks(added), call_id))


def _patch(raw: msgspec.Raw) -> list[str]:
    """The lines of a result's patch, with their signs; none where there is no patch."""
    try:
        found = _decode_result(raw) if bytes(raw).startswith(b"{") else _Result()
    except _ERRORS:
        return []
    return [line for hunk in found.structuredPatch for line in hunk.lines][:_MAX_LINES]


def _differing(given: _Input) -> tuple[list[str], list[str]]:
    """(lines that went out, lines that came in) by the texts that a tool was given."""
    pairs = [(each.old_string, each.new_string) for each in (given, *given.edits)]
    pairs.append(("", given.content or given.new_source))
    removed: list[str] = []
    added: list[str] = []
    for old, new in pairs:
        before, after = Counter(old.splitlines()[:_MAX_LINES]), Counter(new.splitlines()[:_MAX_LINES])
        removed += (before - after).elements()
        added += (after - before).elements()
    return removed, added


def _marks(lines: Sequence[str]) -> tuple[int, ...]:
    texts = (line.strip() for line in lines)
    return tuple(hash(text) for text in texts if not (len(text) < 40 and _SAYS_NOTHING.fullmatch(text)))
