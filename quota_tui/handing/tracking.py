"""Begin to track a plan with its estimate, and end it with what was learned: for every face."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from quota_tui.core.estimating.model import Change
from quota_tui.core.snapshot import Snapshot
from quota_tui.core.tracking.report import ModelChange
from quota_tui.core.tracking.state import Tracking
from quota_tui.handing.estimating import Estimator
from quota_tui.handing.tracker import Stopped, Tracker
from quota_tui.monitor.monitor import Monitor
from quota_tui.store.tracking import Loaded


def begin(
    monitor: Monitor,
    tracker: Tracker,
    path: str,
    snapshot: Snapshot,
    now: datetime,
    *,
    claude_session: str = "",
) -> Loaded:
    """Track a plan with the estimate that was kept of it, else with one made now.

    Raises as `Tracker.start` does.
    """
    estimator = Estimator(monitor, now)
    kept = estimator.saved(path)
    if kept is not None:
        estimated, subject = kept.estimated, kept.subject
    else:
        found = estimator.estimate(path, snapshot, tracker.project)
        estimated, subject = found.tracked, found.subject
    loaded = tracker.start(path, now, estimated=estimated, claude_session=claude_session)
    with suppress(sqlite3.OperationalError):  # it is tracked; what it teaches is only a little less
        estimator.remember(loaded.tracking.id, subject)
    return loaded


def finish(monitor: Monitor, tracker: Tracker, snapshot: Snapshot, now: datetime) -> Stopped:
    """End it, learn from it, and write the report. Raises as `Tracker.stop` does."""
    window_tokens = snapshot.five_hour.limit_tokens
    stopped = tracker.stop(now, window_tokens=window_tokens)
    _learn(monitor, tracker, stopped.loaded.tracking, now, window_tokens)
    return stopped


def session_ended(monitor: Monitor, tracker: Tracker, claude_session: str, now: datetime) -> Path | None:
    """As `Tracker.session_ended`; what a plan that ends with the session teaches is in its report too."""
    head = tracker.trackings.active(tracker.project)
    report = tracker.session_ended(claude_session, now)
    if report is not None and head is not None:
        tracking = tracker.trackings.load(head.id).tracking
        if not tracking.is_open:
            _learn(monitor, tracker, tracking, now, None)
    return report


def _learn(
    monitor: Monitor, tracker: Tracker, tracking: Tracking, now: datetime, window_tokens: int | None
) -> None:
    """Learn from a plan that has ended. It has, and its report is there, whatever becomes of this."""
    estimator = Estimator(monitor, now)
    with suppress(sqlite3.OperationalError):
        learned = [model_change(each) for each in estimator.changes_by(tracking.id)]
        if learned:
            tracker.write_report(tracking, now, changes=learned, window_tokens=window_tokens)
        estimator.keep_model()


def model_change(change: Change) -> ModelChange:
    """What moved, as the report writes it: tokens as whole numbers, factors with two places."""
    is_amount = change.what.startswith("tokens")

    def number(value: float) -> str:
        return f"{value:,.0f}" if is_amount else f"×{value:.2f}"

    return ModelChange(change.what, number(change.before), number(change.after))
