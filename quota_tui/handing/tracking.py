"""Begin to track a plan with its estimate, and end it with what was learned: for every face."""

from __future__ import annotations

from datetime import datetime

from quota_tui.core.estimating.model import Change
from quota_tui.core.snapshot import Snapshot
from quota_tui.core.tracking.report import ModelChange
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
    estimated = estimator.saved(path)
    if estimated is None:
        estimated = estimator.estimate(path, snapshot, tracker.project).tracked
    return tracker.start(path, now, estimated=estimated, claude_session=claude_session)


def finish(monitor: Monitor, tracker: Tracker, snapshot: Snapshot, now: datetime) -> Stopped:
    """End it, learn from it, and write the report. Raises as `Tracker.stop` does."""
    window_tokens = snapshot.five_hour.limit_tokens
    stopped = tracker.stop(now, window_tokens=window_tokens)
    estimator = Estimator(monitor, now)
    learned = [model_change(each) for each in estimator.changes_by(stopped.loaded.tracking.id)]
    estimator.keep_model()
    if learned:
        tracker.write_report(stopped.loaded.tracking, now, changes=learned, window_tokens=window_tokens)
    return stopped


def model_change(change: Change) -> ModelChange:
    """What moved, as the report writes it: tokens as whole numbers, factors with two places."""

    def number(value: float) -> str:
        return f"{value:,.0f}" if value >= 100 else f"×{value:.2f}"

    return ModelChange(change.what, number(change.before), number(change.after))
