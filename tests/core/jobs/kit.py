"""Jobs, facts and processes for the tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from quota_tui.core.jobs.decide import WakeFacts
from quota_tui.core.jobs.job import Holder, Job, LogLine
from quota_tui.core.jobs.timing import deadline_of
from quota_tui.core.ready import Readiness
from quota_tui.core.snapshot import Basis

NOW = datetime(2026, 11, 20, 17, 34, tzinfo=UTC)
DUE = datetime(2026, 11, 20, 18, 45, tzinfo=UTC)
ME = Holder(100, 1000.0, "here")
OTHER = Holder(200, 2000.0, "here")
CLIENT = Holder(300, 3000.0, "here")
S, M, H = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
READY = Readiness(word="READY", why="98 % of the five-hour window is left", basis=Basis.OFFICIAL)
UNKNOWN = Readiness(word="UNKNOWN", why="no limit is known for the five-hour window", basis=Basis.NONE)


def session(number: int = 1) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def waiting(resets_at: datetime | None = None) -> Readiness:
    why = "≈12 % of the five-hour window is left"
    return Readiness(word="WAITING", why=why, basis=Basis.FUSED, remaining_pct=12, resets_at=resets_at)


def a_job(**changes: Any) -> Job:
    at = changes.get("launch_at", DUE)
    values: dict[str, Any] = {
        "id": "api-1",
        "project": "/home/ada/api",
        "handoff": "/home/ada/.claude/session-handoffs/handoff-20261120-1731.md",
        "session_id": session(),
        "launch_at": at,
        "chosen_at": at,
        "deadline": deadline_of(at),
        "created_at": NOW,
        "log": (LogLine(NOW, changes.get("state", Job.__struct_defaults__[1]), "scheduled"),),
    }
    return Job(**{**values, **changes})


def facts(**changes: Any) -> WakeFacts:
    return msgspec.structs.replace(WakeFacts(readiness=READY, client="/usr/bin/claude"), **changes)
