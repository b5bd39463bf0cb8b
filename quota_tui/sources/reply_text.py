"""The visible text of replies in transcripts, with the tokens they took: what a token factor is learned from.

A transcript has a line per content block, all with one `message.id` and `requestId`; only together are
they what `output_tokens` counts. Only replies whose text and count are both whole are handed on.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from quota_tui.sources.discover import FoundFile, find

MAX_BYTES = 8 << 20
"""Of all transcripts together: what keeps a count quick in front of any history."""
MAX_FILE_BYTES = 1 << 20
"""Of one transcript, its end: so that several sessions and models are seen."""
MAX_REPLIES = 200
"""Of one model. The error of a median of so many is far below the spread of the replies."""
MAX_CHARS = 1_000_000
"""Of text, together: it is counted too."""

_FINISHED = frozenset({"end_turn", "tool_use", "max_tokens", "stop_sequence"})
"""A reply that was interrupted has no stop reason, and a placeholder for its count; before 2.1.51 that also
holds for most replies that were not."""
_NO_COUNTS = ((2, 1, 12), (2, 1, 50))
"""These versions wrote placeholders throughout."""
_VISIBLE = frozenset({"text", "tool_use"})
_HIDDEN = frozenset({"thinking", "redacted_thinking"})


class Reply(msgspec.Struct, frozen=True):
    """A finished reply: its text, tool calls as the model writes them, and its output less thinking."""

    model: str
    text: str
    tool_calls: int
    output_tokens: int


class Replies(msgspec.Struct, frozen=True):
    """The newest usable replies, and the model of most replies that were seen (usable or not)."""

    replies: tuple[Reply, ...]
    usual_model: str = ""


class _Details(msgspec.Struct, gc=False):
    thinking_tokens: int | None = None


class _Usage(msgspec.Struct, gc=False):
    output_tokens: int | None = None
    output_tokens_details: _Details | None = None


class _Block(msgspec.Struct, frozen=True, gc=False):
    type: str = ""
    id: str | None = None
    name: str | None = None
    text: str | None = None
    input: Any = None


class _Message(msgspec.Struct, gc=False):
    id: str | None = None
    model: str | None = None
    usage: _Usage | None = None
    stop_reason: str | None = None
    content: list[_Block] | str = ""


class _Line(msgspec.Struct, gc=False):
    type: str = ""
    message: _Message | None = None
    requestId: str | None = None  # noqa: N815 - the client's own names
    version: str | None = None
    isApiErrorMessage: bool | None = None  # noqa: N815


_decode = msgspec.json.Decoder(_Line).decode
_encode = msgspec.json.Encoder().encode
_Key = tuple[str, str]


class _Draft:
    """A reply as its lines come in."""

    def __init__(self, model: str, version: str) -> None:
        self.model = model
        self.version = version
        self.finished = False
        self.output_tokens = 0
        self.thinking_tokens: int | None = None
        self.blocks: list[_Block] = []

    def add(self, message: _Message, usage: _Usage) -> None:
        """Take one line; a block that a copied line repeats is one block."""
        self.finished |= message.stop_reason in _FINISHED
        self.output_tokens = max(self.output_tokens, usage.output_tokens or 0)
        if usage.output_tokens_details is not None:
            self.thinking_tokens = usage.output_tokens_details.thinking_tokens
        content = message.content
        for block in [_Block("text", text=content)] if isinstance(content, str) else content:
            if block not in self.blocks:
                self.blocks.append(block)

    def reply(self) -> Reply | None:
        """The reply, or None when its text or its count is not whole."""
        kinds = {block.type for block in self.blocks}
        thinking = self.thinking_tokens
        if not self.finished or _has_no_counts(self.version):
            return None
        if not kinds & _VISIBLE or kinds - _VISIBLE - _HIDDEN:
            return None
        if kinds & _HIDDEN and not thinking:
            return None  # thinking that nobody counted
        output = self.output_tokens - (thinking or 0)
        if output <= 0:
            return None
        text = "\n".join(_as_written(block) for block in self.blocks if block.type in _VISIBLE)
        return Reply(self.model, text, sum(block.type == "tool_use" for block in self.blocks), output)


def read_replies(roots: Iterable[str], max_bytes: int = MAX_BYTES) -> Replies:
    """The newest replies below `roots`, newest transcript first; what cannot be read is passed over."""
    files = [file for root in roots for file in find(root).files]
    files.sort(key=lambda file: (file.mtime_ns, file.path), reverse=True)
    found: list[Reply] = []
    seen: set[_Key] = set()
    models, per_model = Counter[str](), Counter[str]()
    chars = 0
    for data, is_whole in _ends(files, max_bytes):
        for key, draft in reversed(_drafts(data, is_whole)):
            if key in seen:
                continue  # a fork or a resumed session copies old lines
            seen.add(key)
            models[draft.model] += 1
            reply = draft.reply() if per_model[draft.model] < MAX_REPLIES else None
            if reply is not None and chars < MAX_CHARS:
                per_model[draft.model] += 1
                chars += len(reply.text)
                found.append(reply)
    return Replies(tuple(found), models.most_common(1)[0][0] if models else "")


def _ends(files: Iterable[FoundFile], left: int) -> Iterator[tuple[bytes, bool]]:
    """The end of each file, and whether that is all of it, `left` bytes in all."""
    for file in files:
        if left <= 0:
            return
        try:
            with open(file.path, "rb", buffering=0) as stream:
                size = os.fstat(stream.fileno()).st_size
                start = max(size - min(MAX_FILE_BYTES, left), 0)
                stream.seek(start)
                data = stream.read(size - start) or b""
        except OSError:
            continue
        left -= len(data)
        yield (data[data.find(b"\n") + 1 :], False) if start else (data, True)


def _drafts(data: bytes, is_whole: bool) -> list[tuple[_Key, _Draft]]:
    """The replies in a piece of a transcript, without those whose lines it may not hold all of."""
    drafts: dict[_Key, _Draft] = {}
    last: _Key | None = None
    for raw in data.split(b"\n"):
        if raw:
            last = None
        if b'"assistant"' not in raw or b'"output_tokens"' not in raw:
            continue
        line = _line(raw)
        message = line.message if line is not None and line.type == "assistant" else None
        if line is None or message is None or message.usage is None or line.isApiErrorMessage:
            continue
        if not message.id or not message.model or message.model == "<synthetic>":
            continue
        last = (message.id, line.requestId or "")
        if last not in drafts:
            drafts[last] = _Draft(message.model, line.version or "")
        drafts[last].add(message, message.usage)
    whole = list(drafts.items())
    if whole and whole[-1][0] == last:
        whole.pop()  # nothing follows it: it may still be being written
    return whole if is_whole else whole[1:]


def _line(raw: bytes) -> _Line | None:
    try:
        return _decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        return None


def _as_written(block: _Block) -> str:
    """A block as the model writes it.

    Tool calls are written in a markup of this kind; of the forms tried on real replies (also JSON, and names
    with values alone) it left the least spread between text and count.
    """
    if block.type == "text":
        return block.text or ""
    given = block.input if isinstance(block.input, dict) else {}
    lines = [f'<parameter name="{name}">{_plain(value)}</parameter>' for name, value in given.items()]
    return "\n".join([f'<invoke name="{block.name or ""}">', *lines, "</invoke>\n"])


def _plain(value: object) -> str:
    return value if isinstance(value, str) else _encode(value).decode()


def _has_no_counts(version: str) -> bool:
    parts = version.split(".")
    if len(parts) < 3 or not all(part.isdecimal() for part in parts[:3]):
        return False
    first, last = _NO_COUNTS
    return first <= (int(parts[0]), int(parts[1]), int(parts[2])) <= last
