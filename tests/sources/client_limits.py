"""What a client answered to `get_usage`, and what that means."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from quota_tui.core.readings import WindowKind

NOW = datetime(2026, 11, 20, 17, 30, tzinfo=UTC)
FIVE, WEEK, MODEL = WindowKind.FIVE_HOUR, WindowKind.WEEKLY, WindowKind.WEEKLY_MODEL
SESSION_END = datetime(2026, 11, 20, 19, 29, 13, tzinfo=UTC)
WEEK_END = datetime(2026, 11, 24, 4, 49, 13, tzinfo=UTC)

# As client 2.1.329 answered (numbers invented).
LIMITS = {
    "five_hour": {"utilization": 37, "resets_at": "2026-11-20T19:29:13+00:00"},
    "seven_day": {"utilization": 26, "resets_at": "2026-11-24T04:49:13+00:00"},
    "seven_day_oauth_apps": None,
    "seven_day_opus": None,
    "seven_day_sonnet": {"utilization": 1, "resets_at": "2026-11-24T04:49:13+00:00"},
    "extra_usage": {"is_enabled": False, "monthly_limit": None, "used_credits": None, "utilization": None},
    "limits": [
        {
            "kind": "session",
            "group": "session",
            "percent": 37,
            "resets_at": "2026-11-20T19:29:13+00:00",
            "scope": None,
        },
        {
            "kind": "weekly_all",
            "group": "weekly",
            "percent": 26,
            "resets_at": "2026-11-24T04:49:13+00:00",
            "scope": None,
        },
        {
            "kind": "weekly_scoped",
            "group": "weekly",
            "percent": 11,
            "resets_at": "2026-11-24T04:49:13+00:00",
            "scope": {"model": {"display_name": "Fable", "id": None}, "surface": None},
        },
    ],
    "model_scoped": [{"display_name": "Fable", "utilization": 11, "resets_at": "2026-11-24T04:49:13+00:00"}],
}
WINDOWS = {
    (FIVE, ""): (37.0, SESSION_END),
    (WEEK, ""): (26.0, WEEK_END),
    (MODEL, "sonnet"): (1.0, WEEK_END),
    (MODEL, "fable"): (11.0, WEEK_END),
}


def remember(folder: Path, limits: object, fetched_at: datetime) -> None:
    cached = {"fetchedAtMs": int(fetched_at.timestamp() * 1000), "utilization": limits}
    text = json.dumps({"oauthAccount": {"x": 1}, "cachedUsageUtilization": cached, "projects": {}})
    (folder / ".claude.json").write_text(text, encoding="utf-8")
