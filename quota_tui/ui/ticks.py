"""When the screen has to be looked at again: as seldom as what it shows allows."""

from __future__ import annotations

from datetime import datetime, timedelta

from quota_tui.core.snapshot import Snapshot
from quota_tui.core.words import AGE_STEP_S
from quota_tui.ui.view import shown_windows

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
MINUTE_S = 60.0
SLACK_S = 0.02
"""A hair after the full second, so that a timer that fires early does not show the old one."""


def _counts_down(snapshot: Snapshot, now: datetime) -> bool:
    ends = [each.resets_at for each in shown_windows(snapshot)]
    ends += [job.launch_at for job in snapshot.automation.jobs]
    return any(timedelta() < at - now <= HOUR for at in ends if at)


def _is_new(snapshot: Snapshot, now: datetime) -> bool:
    times = [snapshot.sources.data_at]
    times += [at for each in shown_windows(snapshot) for at in (each.as_of, each.reading_at)]
    return any(now - at < MINUTE for at in times if at)


def seconds_to_next(snapshot: Snapshot | None, now: datetime) -> float:
    """Until something on the screen may change.

    The next full second while a countdown shows seconds, the next step of an age while one is under a
    minute, else the next full minute.
    """
    step = MINUTE_S
    if snapshot is not None:
        if _counts_down(snapshot, now):
            step = 1.0
        elif _is_new(snapshot, now):
            step = float(AGE_STEP_S)
    return step - now.timestamp() % step + SLACK_S


def is_due(tried_at: datetime, snapshot: Snapshot | None, now: datetime, poll_s: float | None) -> bool:
    """Whether to read again though nothing was noticed.

    Once a minute, because rates and forecast move on; when a window has reset since; after `poll_s`
    seconds where changes are not noticed at all.
    """
    if tried_at.replace(second=0, microsecond=0) != now.replace(second=0, microsecond=0):
        return True
    if poll_s is not None and (now - tried_at).total_seconds() >= poll_s:
        return True
    return snapshot is not None and any(
        each.resets_at and tried_at < each.resets_at <= now for each in shown_windows(snapshot)
    )
