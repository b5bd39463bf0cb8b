"""Transcript lines as client 2.1.329 writes them.

Only what identifies a line and what it counts is varied; texts are a few stock phrases.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from quota_tui.demo.calls import Call
from quota_tui.demo.names import agent_id, folder, session_id
from quota_tui.demo.scenario import Scenario, token, unit, uuid4

_TOOLS = (
    ("Read", {"file_path": "src/{word}.ts"}, "export function {word}() {{ … }}"),
    (
        "Edit",
        {"file_path": "src/{word}.ts", "old_string": "…", "new_string": "…"},
        "The file has been updated.",
    ),
    ("Grep", {"pattern": "{word}", "path": "src"}, "Found 7 files"),
    ("Bash", {"command": "npm test -- {word}", "description": "Run the tests"}, "12 passed"),
)
_WORDS = ("session", "basket", "token", "cache", "export", "address", "retry", "price")
_SAID = (
    "Done: the tests pass, and the change is small enough to review in one go.",
    "Found it: the state is kept in two places. I made one of them follow the other.",
    "That works now. I left a note where the old behaviour was relied upon.",
)
_encode = msgspec.json.Encoder().encode


class Author:
    """Writes for one scenario, each transcript's lines in order. Instants are aware UTC datetimes."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._last_line: dict[str, str] = {}

    def prompt(self, call: Call, at: datetime) -> bytes:
        """What was asked before `call`."""
        asked = self._scenario.prompts[call.project]
        text = asked[int(unit("prompt", call.thread, call.number) * len(asked))]
        return self._line(
            call, at, "user", message={"role": "user", "content": text}, promptId=_id("prompt", call)
        )

    def reply(self, call: Call, at: datetime) -> bytes:
        """The reply with its usage; the last one of a turn is text, the others call a tool."""
        short, long = (call.write_tokens, 0) if call.agent else (0, call.write_tokens)
        message = {
            "id": f"msg_01{token(22, 'msg', call.thread, call.number)}",
            "type": "message",
            "role": "assistant",
            "model": call.model,
            "content": [_said(call) if call.last else _tool_use(call)],
            "stop_reason": "end_turn" if call.last else "tool_use",
            "stop_sequence": None,
            "usage": {
                "input_tokens": call.input_tokens,
                "cache_creation_input_tokens": call.write_tokens,
                "cache_read_input_tokens": call.read_tokens,
                "output_tokens": call.output_tokens,
                "server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 0},
                "service_tier": "standard",
                "cache_creation": {"ephemeral_1h_input_tokens": long, "ephemeral_5m_input_tokens": short},
                "inference_geo": "not_available",
                "speed": "standard",
            },
        }
        return self._line(call, at, "assistant", message=message, requestId=_request_id(call))

    def tool_result(self, call: Call, at: datetime) -> bytes:
        """What the tool of `call` gave back."""
        _, _, result = _TOOLS[_tool(call)]
        block = {
            "tool_use_id": _tool_id(call),
            "type": "tool_result",
            "content": result.format(word=_word(call)),
            "is_error": False,
        }
        message = {"role": "user", "content": [block]}
        return self._line(call, at, "user", message=message, toolUseResult={"stdout": "", "stderr": ""})

    def refusal(self, call: Call, at: datetime, resets_at: datetime) -> bytes:
        """The limit line that stands where the reply to `call` would."""
        limits = {
            "status": "rejected",
            "resetsAt": int(resets_at.timestamp()),
            "unifiedRateLimitFallbackAvailable": False,
            "rateLimitType": "five_hour",
            "overageStatus": "rejected",
            "isUsingOverage": False,
        }
        reset = resets_at.astimezone(UTC)
        when = f"{reset.hour % 12 or 12}:{reset.minute:02d}{'pm' if reset.hour >= 12 else 'am'}"
        message = {
            "id": _id("refused", call),
            "model": "<synthetic>",
            "role": "assistant",
            "stop_reason": "stop_sequence",
            "stop_sequence": "",
            "type": "message",
            "usage": {"input_tokens": 0, "output_tokens": 0},
            "content": [{"type": "text", "text": f"You've hit your 5-hour limit · resets {when} (UTC)"}],
        }
        return self._line(
            call,
            at,
            "assistant",
            message=message,
            requestId=_request_id(call),
            apiError="usage_limit_reached",
            quotaLimits=limits,
            error="rate_limit",
            isApiErrorMessage=True,
            apiErrorStatus=429,
        )

    def _line(self, call: Call, at: datetime, kind: str, **more: Any) -> bytes:
        own = uuid4(kind, at, call.thread)
        line: dict[str, Any] = {
            "parentUuid": self._last_line.get(call.thread),
            "isSidechain": bool(call.agent),
        }
        self._last_line[call.thread] = own
        if call.agent:
            line["agentId"] = agent_id(call.session, call.agent)
        line.update(more)
        line.update(
            type=kind,
            uuid=own,
            timestamp=f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z",
            userType="external",
            entrypoint="cli",
            cwd=folder(self._scenario, call.project),
            sessionId=session_id(call.session),
            version=self._scenario.version,
            gitBranch="main",
        )
        return _encode(line) + b"\n"


def _id(kind: str, call: Call) -> str:
    return uuid4(kind, call.thread, call.number)


def _request_id(call: Call) -> str:
    return f"req_011{token(21, 'req', call.thread, call.number)}"


def _tool_id(call: Call) -> str:
    return f"toolu_01{token(22, 'tool', call.thread, call.number)}"


def _tool(call: Call) -> int:
    return int(unit("which tool", call.thread, call.number) * len(_TOOLS))


def _word(call: Call) -> str:
    return _WORDS[int(unit("word", call.thread, call.number) * len(_WORDS))]


def _tool_use(call: Call) -> dict[str, Any]:
    name, inputs, _ = _TOOLS[_tool(call)]
    word = _word(call)
    return {
        "type": "tool_use",
        "id": _tool_id(call),
        "name": name,
        "input": {key: text.format(word=word) for key, text in inputs.items()},
    }


def _said(call: Call) -> dict[str, Any]:
    return {"type": "text", "text": _SAID[int(unit("said", call.thread, call.number) * len(_SAID))]}
