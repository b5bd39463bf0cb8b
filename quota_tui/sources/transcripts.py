"""Decode a transcript line: only lines that can matter, only the fields that count.

Line layout: Claude Code's own (see README, "What is read"). A line counts when it is an `assistant` line
of a real model with a `message.usage`. `agent_progress` lines repeat usage that stands in the
subagent's own file, so every other line type is passed over.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from quota_tui.core.pricing import Pricer, call_cost_usd
from quota_tui.core.usage import LATEST_MS, LINE_KEY_PREFIX, MAX_TOKENS, UsageRecord

NEEDLE = b'"usage"'
"""In JSON text this is a key or a whole string, never part of a longer string (its quotes are escaped)."""

_PLACEHOLDER_MAX = 3
_PLACEHOLDER_VERSIONS = ((2, 1, 12), (2, 1, 50))


class _CacheCreation(msgspec.Struct, gc=False):
    ephemeral_5m_input_tokens: int | None = None
    ephemeral_1h_input_tokens: int | None = None


class _ServerTools(msgspec.Struct, gc=False):
    web_search_requests: int | None = None


class _Usage(msgspec.Struct, gc=False):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation: _CacheCreation | None = None
    server_tool_use: _ServerTools | None = None
    speed: str | None = None
    inference_geo: str | None = None


class _Message(msgspec.Struct, gc=False):
    id: str | None = None
    model: str | None = None
    usage: _Usage | None = None
    stop_reason: str | None = None


class _Line(msgspec.Struct, gc=False):
    type: str = ""
    timestamp: datetime | None = None
    message: _Message | None = None
    requestId: str | None = None  # noqa: N815 - the client's own names
    sessionId: str | None = None  # noqa: N815
    requestSessionId: str | None = None  # noqa: N815 - on a fork's copies: whose call it was
    cwd: str | None = None
    version: str | None = None
    isSidechain: bool | None = None  # noqa: N815
    agentId: str | None = None  # noqa: N815
    isApiErrorMessage: bool | None = None  # noqa: N815
    apiError: str | None = None  # noqa: N815
    costUSD: float | None = None  # noqa: N815


class _Content(msgspec.Struct, frozen=True, gc=False):
    content: Any = None


class _ErrorParts(msgspec.Struct, gc=False):
    """What only lines of API errors are asked for: a second look at those few."""

    message: _Content = _Content()
    error: Any = None
    quotaLimits: Any = None  # noqa: N815


class _Kept(msgspec.Struct, frozen=True, gc=False):
    """The best line of a call so far. The record is made at the end, once."""

    total: int
    at_ms: int
    counts: tuple[int, int, int, int, int]
    line: _Line
    message: _Message
    usage: _Usage


class ErrorLine(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An API error that the client wrote into the transcript; it may say that a limit was hit."""

    at_ms: int
    text: str
    error: str
    api_error: str
    quota_limits: dict[str, Any] | None
    session_id: str


class BadLineError(Exception):
    """The line is one of usage but cannot be counted. The message says why, for a person."""


_decode = msgspec.json.Decoder(_Line).decode
_decode_error = msgspec.json.Decoder(_ErrorParts).decode
_decode_any = msgspec.json.Decoder().decode


class LineDecoder:
    """Decodes the lines of one transcript and keeps, of each call, the line with the largest total.

    `records` maps (message id or line key, request id, side thread) to that line; `errors` are the API
    errors in order.
    """

    def __init__(self, pricer: Pricer, session: str, project: str, file_key: str) -> None:
        self.errors: list[ErrorLine] = []
        self._best: dict[tuple[str, str, bool], _Kept] = {}
        self._pricer = pricer
        self._session = session
        self._project = project
        self._file_key = file_key

    @property
    def records(self) -> list[UsageRecord]:
        """The best line of each call so far, in order of first appearance."""
        return [self._record(key[0], kept) for key, kept in self._best.items()]

    def decode(self, raw: bytes, offset: int) -> None:
        """Take one line that starts at `offset` of its file. Raises BadLineError, and nothing else."""
        try:
            line = _decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
            lenient = _lenient(raw, error)
            if lenient is None:
                return
            line, raw = lenient
        message = line.message
        if message is None or line.type != "assistant":
            return
        if message.model == "<synthetic>" or line.isApiErrorMessage:
            self._add_error(line, raw)
        elif message.usage is not None:
            self._add_usage(line, message, message.usage, offset)

    def _add_usage(self, line: _Line, message: _Message, usage: _Usage, offset: int) -> None:
        counts = _counts(usage)
        total = sum(counts)
        if total > MAX_TOKENS:
            raise BadLineError("a token count is larger than any call can have")
        if line.timestamp is None:
            raise BadLineError("it has no timestamp, so it belongs to no window")
        name = message.id or f"{LINE_KEY_PREFIX}{self._file_key}:{offset}"
        key = (name, line.requestId or "", line.isSidechain or False)
        known = self._best.get(key)
        if known is None or known.total < total:
            self._best[key] = _Kept(total, _unix_ms(line.timestamp), counts, line, message, usage)

    def _record(self, name: str, kept: _Kept) -> UsageRecord:
        line, message, usage = kept.line, kept.message, kept.usage
        model, version, tools = message.model or "", line.version or "", usage.server_tool_use
        searches = (tools.web_search_requests or 0) if tools is not None else 0
        is_fast, is_us_only = usage.speed == "fast", usage.inference_geo == "us"
        price = self._pricer.price(model, kept.at_ms)
        tokens_in, tokens_out, write_5m, write_1h, read = kept.counts
        return UsageRecord(
            message_id=message.id or "",
            request_id=line.requestId or "",
            at_ms=kept.at_ms,
            session_id=line.requestSessionId or line.sessionId or self._session,
            project=line.cwd or self._project,
            model=model,
            input_tokens=tokens_in,
            output_tokens=tokens_out,
            cache_write_5m_tokens=write_5m,
            cache_write_1h_tokens=write_1h,
            cache_read_tokens=read,
            cost_usd=max(line.costUSD or 0.0, 0.0)
            if price is None
            else call_cost_usd(price, *kept.counts, web_searches=searches, fast=is_fast, us_only=is_us_only),
            is_sidechain=line.isSidechain or False,
            agent_id=line.agentId or "",
            version=version,
            output_is_placeholder=tokens_out <= _PLACEHOLDER_MAX
            and (message.stop_reason is None or _writes_placeholders(version)),
            line_key="" if message.id else name,
            web_searches=searches,
            is_fast=is_fast,
            is_us_only=is_us_only,
        )

    def _add_error(self, line: _Line, raw: bytes) -> None:
        if line.timestamp is None:
            return
        parts = _error_parts(raw)
        self.errors.append(
            ErrorLine(
                at_ms=_unix_ms(line.timestamp),
                text=_text_of(parts.message.content),
                error=parts.error if isinstance(parts.error, str) else "",
                api_error=line.apiError or "",
                quota_limits=parts.quotaLimits if isinstance(parts.quotaLimits, dict) else None,
                session_id=line.sessionId or self._session,
            )
        )


def _error_parts(raw: bytes) -> _ErrorParts:
    """The text and the structure of an API error; nothing for a line whose parts cannot be read."""
    for text in (raw, raw.decode("utf-8", "replace").encode()):
        try:
            return _decode_error(text)
        except (msgspec.MsgspecError, RecursionError, ValueError):
            continue
    return _ErrorParts()


def _counts(usage: _Usage) -> tuple[int, int, int, int, int]:
    """Input, output, cache writes of five minutes and of an hour, cache reads."""
    tokens_in, tokens_out = usage.input_tokens or 0, usage.output_tokens or 0
    read, write_5m = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    write_1h = 0
    split = usage.cache_creation
    if split is not None and split.ephemeral_1h_input_tokens:
        write_1h = split.ephemeral_1h_input_tokens
        write_5m = max(write_5m - write_1h, split.ephemeral_5m_input_tokens or 0)
    elif split is not None and split.ephemeral_5m_input_tokens:
        write_5m = max(write_5m, split.ephemeral_5m_input_tokens)
    if tokens_in < 0 or tokens_out < 0 or read < 0 or write_5m < 0 or write_1h < 0:
        raise BadLineError("a token count is negative")
    return tokens_in, tokens_out, write_5m, write_1h, read


def _unix_ms(at: datetime) -> int:
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)  # the client writes UTC
    ms = round(at.timestamp() * 1000)
    if ms <= 0:
        raise BadLineError("its timestamp is before 1970")
    if ms >= LATEST_MS:
        raise BadLineError("its timestamp is after 2099")
    return ms


def _writes_placeholders(version: str) -> bool:
    parts = version.split(".")
    if len(parts) < 3 or not all(part.isdigit() for part in parts[:3]):
        return False
    low, high = _PLACEHOLDER_VERSIONS
    return low <= (int(parts[0]), int(parts[1]), int(parts[2])) <= high


def _text_of(blocks: Any) -> str:
    """The text blocks of a message; limit lines have one."""
    if isinstance(blocks, str):
        return blocks
    if not isinstance(blocks, list):
        return ""
    texts = [block.get("text") for block in blocks if isinstance(block, dict)]
    return "\n".join(text for text in texts if isinstance(text, str))


_LINE_TYPES: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(
        ("requestId", "sessionId", "requestSessionId", "cwd", "version", "agentId", "apiError"), str
    ),
    **dict.fromkeys(("isSidechain", "isApiErrorMessage"), bool),
    "costUSD": (int, float),
}
_MESSAGE_TYPES: dict[str, type | tuple[type, ...]] = dict.fromkeys(("id", "model", "stop_reason"), str)
_USAGE_TYPES: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("cache_creation", "server_tool_use"), dict),
    **dict.fromkeys(("speed", "inference_geo"), str),
}


def _drop_odd(data: dict[str, Any], types: dict[str, type | tuple[type, ...]]) -> None:
    for name, kind in types.items():
        if not isinstance(data.get(name), kind):
            data.pop(name, None)


def _lenient(raw: bytes, why: Exception) -> tuple[_Line, bytes] | None:
    """A second, slow look at a line that the typed decoder refused.

    Damage in a field that does not count (an odd `cwd`, invalid UTF-8 in the text) loses nothing; damage in
    a count or in the time makes the line a bad line.
    """
    try:
        data = _decode_any(raw.decode("utf-8", "replace"))
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise BadLineError(f"it is not JSON ({error})") from error
    if not isinstance(data, dict) or data.get("type") != "assistant":
        return None
    message = data.get("message")
    if not isinstance(message, dict) or not isinstance(message.get("usage"), dict):
        return None
    _drop_odd(data, _LINE_TYPES)
    _drop_odd(message, _MESSAGE_TYPES)
    _drop_odd(message["usage"], _USAGE_TYPES)
    try:
        mended = msgspec.json.encode(data)
        return _decode(mended), mended
    except (msgspec.MsgspecError, RecursionError, ValueError, OverflowError):
        raise BadLineError(_short(why)) from why


def _short(error: Exception) -> str:
    text = str(error).replace("$.", "")
    return text if len(text) <= 160 else text[:157] + "..."
