"""Read what was appended to a transcript, in bounded memory, whatever is in it."""

from __future__ import annotations

import os

import msgspec

from quota_tui.core.digest import blake2b
from quota_tui.core.usage import UsageRecord
from quota_tui.sources.transcripts import NEEDLE, BadLineError, ErrorLine, LineDecoder

BLOCK = 1 << 17
"""Bytes; larger ones are slower: the allocator asks the system for their memory anew each time (measured)."""
MAX_LINE = 32 << 20
"""A longer line is passed over and said so: real lines of usage are a few kilobytes, rarely megabytes."""
MAX_NOTES = 50
_TYPE = b'"type":"'
_OURS = (b'"type":"assistant"', b'"type":"message"')
"""What lines of usage name first, by version: a search for the usage in them would only cost."""
_TYPE_WITHIN = 600
_HEAD = 1024
_TAIL = 64


class Cursor(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """How far a transcript was read, and how to notice that it is no longer the same file.

    `head` is a fingerprint of the first `head_len` bytes, `tail` of the bytes just before `offset`.
    `skipping` when `offset` lies inside a line that is too long to read.
    """

    offset: int = 0
    head_len: int = 0
    head: bytes = b""
    tail: bytes = b""
    skipping: bool = False


class Note(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A line that was not counted, and why. `line` counts from 1; 0 means the whole file."""

    line: int
    why: str


class FileRead(msgspec.Struct, gc=False, array_like=True):
    """What one read of one transcript brought. `restarted`: it was not the file we knew, so read anew."""

    cursor: Cursor
    records: list[UsageRecord]
    errors: list[ErrorLine]
    notes: list[Note]
    notes_total: int = 0
    restarted: bool = False


def fingerprint(data: bytes) -> bytes:
    """Eight bytes that tell two contents apart."""
    return blake2b(data, digest_size=8).digest()


def read_new(path: str, cursor: Cursor, decoder: LineDecoder) -> FileRead:
    """Everything after `cursor` in complete lines, and a complete last line without its newline.

    Raises OSError when the file cannot be opened or read.
    """
    with open(path, "rb", buffering=0) as file:
        fd = file.fileno()
        restarted = cursor.offset > 0 and not _same(fd, cursor)
        start = Cursor() if restarted else cursor
        reader = _Reader(decoder, start)
        os.lseek(fd, start.offset, os.SEEK_SET)
        while block := os.read(fd, reader.wants):
            reader.feed(block)
        reader.finish()
        return FileRead(
            cursor=_cursor_at(fd, reader.offset, skipping=reader.skipping),
            records=decoder.records,
            errors=decoder.errors,
            notes=_with_line_numbers(fd, reader.notes),
            notes_total=reader.notes_total,
            restarted=restarted,
        )


class _Reader:
    """Splits blocks into lines and hands on those that can matter."""

    def __init__(self, decoder: LineDecoder, start: Cursor) -> None:
        self.offset = start.offset
        self.skipping = start.skipping
        self.notes: list[tuple[int, str]] = []
        self.notes_total = 0
        self._decode = decoder.decode
        self._rest = b""

    @property
    def wants(self) -> int:
        """How much to read next: in a long line more and more, so that joining it costs its length once."""
        return max(BLOCK, len(self._rest))

    def feed(self, block: bytes) -> None:
        """Take the next block of the file; `offset` moves to the end of its last complete line."""
        if self.skipping:
            block = self._after_long_line(block)
        data = self._rest + block if self._rest else block
        find, starts_with, base = data.find, data.startswith, self.offset
        start = 0
        while (end := find(b"\n", start)) >= 0:
            # Most bytes of a transcript are in lines that name another type before anything nested:
            # those are passed over without a look at their content.
            kind = find(_TYPE, start, start + _TYPE_WITHIN)
            if kind >= 0 and starts_with(_OURS, kind):
                may_matter = True
            else:
                may_matter = kind < 0 or find(b"{", start + 1, kind) >= 0
                may_matter = may_matter and find(NEEDLE, start, end) >= 0
            if may_matter:
                self._line(data[start:end], base + start)
            start = end + 1
        self._rest = data[start:] if start else data
        self.offset = base + start
        if len(self._rest) > MAX_LINE:
            self._note(self.offset, f"it is longer than {MAX_LINE >> 20} MB, so it was passed over")
            self.offset += len(self._rest)
            self._rest = b""
            self.skipping = True

    def finish(self) -> None:
        """Look at what follows the last newline: a whole line counts now, a torn one when it completes."""
        if NEEDLE in self._rest:
            try:
                self._decode(self._rest, self.offset)
            except BadLineError:
                return  # still being written; it is read again, and judged, with its newline

    def _after_long_line(self, block: bytes) -> bytes:
        end = block.find(b"\n") + 1
        self.skipping = end == 0
        self.offset += end or len(block)
        return block[end:] if end else b""

    def _line(self, raw: bytes, offset: int) -> None:
        try:
            self._decode(raw, offset)
        except BadLineError as error:
            if NEEDLE in raw:
                self._note(offset, str(error))

    def _note(self, offset: int, why: str) -> None:
        self.notes_total += 1
        if len(self.notes) < MAX_NOTES:
            self.notes.append((offset, why))


def _same(fd: int, cursor: Cursor) -> bool:
    """Whether the file still begins, and goes up to the offset, as it did when it was read."""
    if os.fstat(fd).st_size < cursor.offset:
        return False
    if fingerprint(_read_at(fd, 0, cursor.head_len)) != cursor.head:
        return False
    tail_at = max(cursor.offset - _TAIL, 0)
    return fingerprint(_read_at(fd, tail_at, cursor.offset - tail_at)) == cursor.tail


def _cursor_at(fd: int, offset: int, *, skipping: bool) -> Cursor:
    head_len = min(_HEAD, offset)
    tail_at = max(offset - _TAIL, 0)
    return Cursor(
        offset=offset,
        head_len=head_len,
        head=fingerprint(_read_at(fd, 0, head_len)),
        tail=fingerprint(_read_at(fd, tail_at, offset - tail_at)),
        skipping=skipping,
    )


def _read_at(fd: int, at: int, length: int) -> bytes:
    os.lseek(fd, at, os.SEEK_SET)  # os.pread is not on every platform
    return os.read(fd, length) if length else b""


def _with_line_numbers(fd: int, notes: list[tuple[int, str]]) -> list[Note]:
    """Count the newlines before each bad line: only files with bad lines pay for line numbers."""
    numbered: list[Note] = []
    at, line = 0, 1
    os.lseek(fd, 0, os.SEEK_SET)
    for offset, why in notes:
        while at < offset:
            block = os.read(fd, min(BLOCK, offset - at))
            if not block:
                break
            line += block.count(b"\n")
            at += len(block)
        numbered.append(Note(line, why))
    return numbered
