"""What is known of the quota when a job's time has come: from the monitor, spending nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from quota_tui.config import Settings
from quota_tui.core.snapshot import Snapshot
from quota_tui.store.activity import sessions_since
from quota_tui.store.files import StoreError
from quota_tui.store.paths import Paths


class QuotaFacts(msgspec.Struct, frozen=True):
    """The state at an instant; `used_tokens` is what each session (by uuid) has used in the present window.

    Without a snapshot `problem` says why nothing could be looked at.
    """

    snapshot: Snapshot | None = None
    used_tokens: dict[str, int] = {}
    problem: str = ""


def quota_facts(settings: Settings, paths: Paths, claude_dirs: Sequence[Path], now: datetime) -> QuotaFacts:
    """Look at it afresh. Never raises for what is wrong with files: then it is unknown, and why is told."""
    # Imported here: what runs in the opened terminal has no use for all this.
    from quota_tui.monitor.monitor import Monitor

    try:
        monitor = Monitor(settings, paths, claude_dirs, now)
        try:
            snapshot = monitor.collect(now, parallel=True, alerts=False)
            began = snapshot.five_hour.starts_at
            sessions = [] if began is None else sessions_since(monitor.stores.history, began)
        finally:
            monitor.close()
    except (sqlite3.Error, OSError, StoreError) as error:
        return QuotaFacts(problem=f"the quota could not be looked at ({error})")
    return QuotaFacts(snapshot, {each.session_id: each.used.total_tokens for each in sessions})
