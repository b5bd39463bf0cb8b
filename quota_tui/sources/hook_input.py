"""What Claude Code tells a hook on stdin: a JSON object of which every part is believed on its own."""

from __future__ import annotations

from typing import Any

import msgspec

MOST_BYTES = 4 << 20
_LONGEST = 20_000


class HookInput(msgspec.Struct, frozen=True, kw_only=True):
    """The parts that hooks of ours use; empty where absent or no text.

    `source` is why a session starts, `reason` why it ends, `error` and `message` what stopped it.
    """

    session_id: str = ""
    transcript_path: str = ""
    cwd: str = ""
    source: str = ""
    model: str = ""
    reason: str = ""
    error: str = ""
    message: str = ""


def parse_hook(data: bytes) -> HookInput:
    """Read what a hook was given. Raises ValueError when it is no JSON object."""
    try:
        whole = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError):
        # The stricter reader refuses the whole for a lone surrogate in a message.
        import json

        try:
            whole = json.loads(data)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(whole, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - the text is wrong, not a type of ours
    return HookInput(
        session_id=_text(whole, "session_id"),
        transcript_path=_text(whole, "transcript_path"),
        cwd=_text(whole, "cwd"),
        source=_text(whole, "source"),
        model=_text(whole, "model"),
        reason=_text(whole, "reason"),
        error=_text(whole, "error"),
        message=_text(whole, "last_assistant_message"),
    )


def _text(whole: dict[str, Any], name: str) -> str:
    value = whole.get(name)
    if not isinstance(value, str):
        return ""
    # A lone surrogate could be neither stored nor printed.
    return value[:_LONGEST].encode("utf-8", "replace").decode()
