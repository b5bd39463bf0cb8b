"""The lines of an invented transcript, laid out as Claude Code writes them."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import Any, NamedTuple

MODELS = (
    ("claude-sonnet-4-5-20250929",) * 6 + ("claude-opus-4-5-20251101",) * 3 + ("claude-haiku-4-5-20251001",)
)
_WORDS = [
    "quota ",
    "window ",
    "reset ",
    "import ",
    "session ",
    "path ",
    "token ",
    "naïve ",
    "日本語 ",
    "✓ ",
    "— ",
    "λ ",
]
_TEXT = 1 << 20
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz"


class Counts(NamedTuple):
    """The counts of one line of usage."""

    input: int
    output: int
    cache_create: int
    cache_read: int


class Writer:
    """Makes lines; the same seed makes the same lines."""

    def __init__(self, seed: int | str) -> None:
        self.random = random.Random(seed)
        self._text = "".join(self.random.choices(_WORDS, k=_TEXT // 6))

    def name(self, prefix: str, length: int = 22) -> str:
        """An id that does not come twice."""
        return prefix + "".join(self.random.choices(_ALPHABET, k=length))

    def text(self, length: int) -> str:
        """Some text; 400,000 characters at most."""
        length = min(length, 400_000)
        start = self.random.randrange(len(self._text) - length)
        return self._text[start : start + length]

    def tail(self, median: float, spread: float) -> int:
        """A number from a distribution with a heavy tail."""
        return int(self.random.lognormvariate(0, spread) * median) + 1

    def counts(self) -> Counts:
        """What a finished call reports."""
        pick = self.random
        written = pick.randint(200, 30_000) if pick.random() < 0.5 else 0
        return Counts(pick.randint(1, 12), self.tail(240, 1.2), written, pick.randint(10_000, 160_000))


class Place(NamedTuple):
    """Where lines belong."""

    session: str
    folder: str
    is_side: bool = False


def stamp(at: datetime) -> str:
    """An instant as the client writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def as_line(data: dict[str, Any]) -> str:
    """JSON as the client writes it, with its newline."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"


def entry(writer: Writer, place: Place, kind: str, at: datetime, **more: Any) -> dict[str, Any]:
    """What every line of a conversation has, and `more`."""
    return {
        "parentUuid": writer.name("", 8),
        "isSidechain": place.is_side,
        "userType": "external",
        "cwd": place.folder,
        "sessionId": place.session,
        "version": "2.0.76",
        "gitBranch": "main",
        "type": kind,
        **more,
        "uuid": writer.name("", 30),
        "timestamp": stamp(at),
    }


def usage_line(
    writer: Writer,
    place: Place,
    at: datetime,
    message: str,
    request: str | None,
    counts: Counts,
    block: dict[str, Any],
    model: str = MODELS[0],
    stop_reason: str | None = "tool_use",
) -> str:
    """One line of an assistant's message: one content block and the usage so far."""
    usage = {
        "input_tokens": counts.input,
        "cache_creation_input_tokens": counts.cache_create,
        "cache_read_input_tokens": counts.cache_read,
        "cache_creation": {"ephemeral_5m_input_tokens": counts.cache_create, "ephemeral_1h_input_tokens": 0},
        "output_tokens": counts.output,
        "service_tier": "standard",
    }
    body = {
        "model": model,
        "id": message,
        "type": "message",
        "role": "assistant",
        "content": [block],
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": usage,
    }
    return as_line(entry(writer, place, "assistant", at, message=body, requestId=request))


def error_line(writer: Writer, place: Place, at: datetime) -> str:
    """An API error: usage of nothing by no model."""
    usage = {
        "input_tokens": 0,
        "output_tokens": 0,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
    }
    body = {
        "id": writer.name("", 30),
        "model": "<synthetic>",
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": "API Error: 529 overloaded"}],
        "usage": usage,
    }
    return as_line(entry(writer, place, "assistant", at, message=body, isApiErrorMessage=True))


def prompt_line(writer: Writer, place: Place, at: datetime) -> str:
    """What the person typed."""
    message = {"role": "user", "content": writer.text(writer.random.randint(20, 900))}
    return as_line(entry(writer, place, "user", at, message=message))


def result_line(writer: Writer, place: Place, at: datetime) -> str:
    """What a tool gave back: most of a transcript's bytes."""
    text = writer.text(writer.tail(2000, 1.6))
    block = {
        "tool_use_id": writer.name("toolu_01"),
        "type": "tool_result",
        "content": text,
        "is_error": False,
    }
    result = {"stdout": text[: len(text) // 2], "stderr": "", "interrupted": False}
    message = {"role": "user", "content": [block]}
    return as_line(entry(writer, place, "user", at, message=message, toolUseResult=result))


def progress_line(writer: Writer, place: Place, at: datetime) -> str:
    """A line of a kind that says nothing about use."""
    data = {"type": "bash_progress", "output": writer.text(120), "elapsedTimeSeconds": 3}
    return as_line(entry(writer, place, "progress", at, data=data))


def summary_line(writer: Writer) -> str:
    """A line without session or time."""
    return as_line({"type": "summary", "summary": writer.text(60), "leafUuid": writer.name("", 30)})


def block_of(writer: Writer, kind: str, length: int) -> dict[str, Any]:
    """A content block of about `length` characters."""
    if kind == "tool_use":
        given = {"command": writer.text(writer.random.randint(20, 600))}
        return {"type": kind, "id": writer.name("toolu_01"), "name": "Bash", "input": given}
    if kind == "thinking":
        return {"type": kind, kind: writer.text(length), "signature": writer.name("", 300)}
    return {"type": "text", "text": writer.text(length)}
