"""Make transcript lines as Claude Code writes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def line(
    message: str | None = "msg_1",
    request: str | None = "req_1",
    *,
    at: datetime | float = 0,
    tokens: tuple[int, int, int, int] = (10, 20, 30, 40),
    session: str = "s1",
    model: str = "claude-sonnet-4-5-20250929",
    cwd: str = "/home/dev/api",
    side: bool = False,
    compact: bool = True,
    usage: dict[str, Any] | None = None,
    **more: Any,
) -> str:
    """One assistant line; `at` is an instant or minutes after START; tokens are (in, out, write, read)."""
    when = at if isinstance(at, datetime) else START + timedelta(minutes=at)
    body: dict[str, Any] = {
        "parentUuid": None,
        "isSidechain": side,
        "cwd": cwd,
        "sessionId": session,
        "version": "2.1.329",
        "type": "assistant",
        "message": {
            "model": model,
            "type": "message",
            "role": "assistant",
            "content": [{"type": "text", "text": "done — naïve 日本語"}],
            "stop_reason": "end_turn",
            "usage": usage
            or {
                "input_tokens": tokens[0],
                "output_tokens": tokens[1],
                "cache_creation_input_tokens": tokens[2],
                "cache_read_input_tokens": tokens[3],
            },
        },
        "timestamp": stamp(when),
        **more,
    }
    if message is not None:
        body["message"]["id"] = message
    if request is not None:
        body["requestId"] = request
    return json.dumps(body, ensure_ascii=False, separators=(",", ":") if compact else (", ", ": "))


def write_transcript(
    home: Path, lines: list[str], name: str = "-home-dev-api/s1.jsonl", newline: str = "\n"
) -> Path:
    """Write a transcript below `home`; the last line ends with `newline`."""
    path = home / ".claude" / "projects" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + (newline if lines else ""), encoding="utf-8")
    return path


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)
