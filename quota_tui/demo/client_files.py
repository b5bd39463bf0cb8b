"""Status line input and session files as client 2.1.329 writes them. Instants are aware UTC datetimes."""

from __future__ import annotations

from datetime import datetime

import msgspec

from quota_tui.demo.account import Told
from quota_tui.demo.calls import Call
from quota_tui.demo.names import folder, session_id, transcript
from quota_tui.demo.scenario import Scenario

_NAMES = {"opus": "Opus 5.5", "sonnet": "Sonnet 5.5", "haiku": "Haiku 5.5", "fable": "Fable 5.2"}
_encode = msgspec.json.Encoder().encode


def status_line_input(
    scenario: Scenario, call: Call, told: Told, five_hour_resets: datetime, week_resets: datetime
) -> bytes:
    """What the client gives its status line command after `call`."""
    context = call.read_tokens + call.write_tokens + call.input_tokens
    cwd = folder(scenario, call.project)
    path = transcript(scenario, call.session, call.project)
    return _encode(
        {
            "session_id": session_id(call.session),
            "transcript_path": f"{scenario.home}/.claude/projects/{path}",
            "cwd": cwd,
            "session_name": call.session,
            "model": {"id": call.model, "display_name": _NAMES[call.model.split("-")[1]]},
            "workspace": {"current_dir": cwd, "project_dir": cwd, "added_dirs": []},
            "version": scenario.version,
            "context_window": {"context_window_size": 200_000, "used_percentage": round(context / 2_000)},
            "rate_limits": {
                "five_hour": {
                    "used_percentage": told.five_hour_pct,
                    "resets_at": int(five_hour_resets.timestamp()),
                },
                "seven_day": {"used_percentage": told.week_pct, "resets_at": int(week_resets.timestamp())},
            },
        }
    )


def session_file(scenario: Scenario, call: Call, started_at: datetime, at: datetime, status: str) -> bytes:
    """`sessions/<pid>.json` but for what names the process."""
    return _encode(
        {
            "sessionId": session_id(call.session),
            "cwd": folder(scenario, call.project),
            "startedAt": _ms(started_at),
            "version": scenario.version,
            "kind": "interactive",
            "entrypoint": "cli",
            "name": call.session,
            "nameSource": "user",
            "updatedAt": _ms(at),
            "status": status,
        }
    )


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
