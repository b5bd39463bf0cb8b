"""The lines of a transcript that say what a session did, decoded only as far as that needs.

Line layout: Claude Code's own. Tool calls stand in `assistant` lines, their results in `user` lines; most
bytes of a transcript are in lines of other types, which are passed over without a look inside.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from quota_tui.sources.reading import BLOCK, MAX_LINE

_TYPE = b'"type":"'
_WANTED = (b'"type":"assistant"', b'"type":"user"', b'"type":"custom-title"')
_TYPE_WITHIN = 600


class Input(msgspec.Struct, gc=False):
    """What a tool was called with: the fields of all tools of interest together."""

    file_path: str | None = None
    notebook_path: str | None = None
    command: str | None = None
    subject: str | None = None
    status: str | None = None
    taskId: str | int | None = None  # noqa: N815 - the client's own name
    todos: msgspec.Raw = msgspec.Raw(b"")


class Block(msgspec.Struct, gc=False):
    """A tool call (`id`, `name`, `input`) or a result (`tool_use_id`, `content`, `is_error`)."""

    type: str = ""
    id: str | None = None
    name: str | None = None
    input: msgspec.Raw = msgspec.Raw(b"")
    tool_use_id: str | None = None
    content: msgspec.Raw = msgspec.Raw(b"")
    is_error: bool | None = None
    text: str | None = None


class _Message(msgspec.Struct, gc=False):
    content: msgspec.Raw = msgspec.Raw(b"")


class Line(msgspec.Struct, gc=False):
    """A line of a session."""

    type: str = ""
    timestamp: datetime | None = None
    sessionId: str | None = None  # noqa: N815 - the client's own names
    requestSessionId: str | None = None  # noqa: N815 - on a fork's copies: whose call it was
    cwd: str | None = None
    gitBranch: str | None = None  # noqa: N815
    isSidechain: bool | None = None  # noqa: N815
    customTitle: str | None = None  # noqa: N815
    message: _Message | None = None
    toolUseResult: msgspec.Raw = msgspec.Raw(b"")  # noqa: N815

    @property
    def at(self) -> datetime | None:
        """When it was written; the client writes UTC."""
        at = self.timestamp
        return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at

    def blocks(self) -> list[Block]:
        """The tool calls and results in it. Raises msgspec's error when they are damaged."""
        content = bytes(self.message.content) if self.message is not None else b""
        if not content.startswith(b"[") or b'"tool_' not in content:
            return []
        return _decode_blocks(content)


_decode = msgspec.json.Decoder(Line).decode
_decode_blocks = msgspec.json.Decoder(list[Block]).decode
_decode_input = msgspec.json.Decoder(Input).decode
_decode_any = msgspec.json.Decoder().decode


def lines(path: str) -> Iterator[Line | None]:
    """The lines of interest in order; None for each that is damaged. Raises OSError.

    A last line without its newline counts when it is whole, else it is still being written.
    """
    with open(path, "rb", buffering=0) as file:
        rest, skipping = b"", False
        while block := os.read(file.fileno(), BLOCK):
            *whole, rest = (rest + block).split(b"\n")
            for raw in whole:
                if not skipping and _is_wanted(raw):
                    yield _line(raw)
                skipping = False
            if skipping or len(rest) > MAX_LINE:
                rest, skipping = b"", True
        if rest and not skipping and _is_wanted(rest) and (last := _line(rest)) is not None:
            yield last


def tool_input(block: Block) -> Input | None:
    """The input of a tool call; None when it is not of the shape we know."""
    try:
        return _decode_input(block.input)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def plain(raw: msgspec.Raw) -> object:
    """Any JSON; None when there is none or it is damaged."""
    try:
        return _decode_any(raw) if bytes(raw) else None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def result_text(block: Block) -> str:
    """The text of a result, of which long ones come in several blocks."""
    content = plain(block.content)
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = [part.get("text") for part in content if isinstance(part, dict)]
    return "\n".join(text for text in texts if isinstance(text, str))


def _is_wanted(raw: bytes) -> bool:
    """Whether the line may be of a type of interest: judged by the first type named in it."""
    kind = raw.find(_TYPE, 0, _TYPE_WITHIN)
    if kind < 0:
        return b'"type"' in raw
    return raw.startswith(_WANTED, kind) or raw.find(b"{", 1, kind) >= 0


def _line(raw: bytes) -> Line | None:
    try:
        return _decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
