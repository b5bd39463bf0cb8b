"""Past sessions as the estimator learns from them: tracked plans with their phases, and all others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import msgspec

from quota_tui.core.estimating.subject import PastSession, PlanSubject
from quota_tui.core.plans.subject import plan_subject
from quota_tui.core.tracking.estimates import past_session
from quota_tui.core.tracking.state import Tracking
from quota_tui.sources.plan_file import PlanFileError, read_plan
from quota_tui.store.files import StoreError
from quota_tui.store.history import History
from quota_tui.store.past_sessions import SessionRow, past_sessions
from quota_tui.store.projects import project_key
from quota_tui.store.tracking import TrackingError, Trackings

LOOKS_BACK = timedelta(days=400)
"""Older sessions teach little: models and habits have changed."""
MOST = 2_000
STILL_GOES_ON = timedelta(minutes=30)
"""A session with a call that lately may not have ended."""


def past(
    history: History, config_dirs: Sequence[Path], now: datetime, since: datetime | None = None
) -> list[PastSession]:
    """Sessions that began after `since` and have ended by `now`, the oldest first. Raises sqlite3 errors.

    The sessions in which a plan was tracked count once, as that plan.
    """
    begin = max(filter(None, (since, now - LOOKS_BACK)))
    plans = [each for each in _ended_plans(config_dirs) if each.start >= begin]
    key: Callable[[str], str] = cache(project_key)
    found = [each for plan in plans if (each := past_session(plan, _subject(plan))) is not None]
    for row in past_sessions(history, begin):
        has_ended = row.last_at <= now - STILL_GOES_ON
        if has_ended and row.tokens > 0 and not any(_was_part(row, plan, key) for plan in plans):
            found.append(_of_row(row))
    return sorted(found, key=lambda each: (each.at, each.id))[-MOST:]


def _ended_plans(config_dirs: Sequence[Path]) -> list[Tracking]:
    found = []
    for folder in config_dirs:
        trackings = Trackings(folder)
        with suppress(StoreError):
            for head in trackings.heads():
                if not head.is_open:
                    with suppress(StoreError, TrackingError):
                        found.append(trackings.load(head.id).tracking)
    return found


def _was_part(row: SessionRow, plan: Tracking, key: Callable[[str], str]) -> bool:
    """Whether a session was work on a tracked plan: it began while that was in work, in its project."""
    in_time = any(
        span.start - STILL_GOES_ON <= row.first_at < (span.end or row.first_at + STILL_GOES_ON)
        for span in plan.spans
    )
    return in_time and bool(row.project) and key(row.project) == key(plan.project)


def _of_row(row: SessionRow) -> PastSession:
    return PastSession(
        id=row.id,
        at=row.first_at,
        ended_at=row.last_at,
        project=row.project,
        tokens=row.tokens,
        hours=row.hours,
        cost_usd=row.cost_usd,
        model=row.model,
    )


def _subject(tracking: Tracking) -> PlanSubject | None:
    """The plan as its file still says it; None when that is gone."""
    try:
        found = read_plan(tracking.plan_file)
    except PlanFileError:
        return None
    subject = plan_subject(found.text, found.plan, project=tracking.project)
    # It was estimated when nothing of it was done yet.
    phases = tuple(msgspec.structs.replace(phase, done=False) for phase in subject.phases)
    return msgspec.structs.replace(subject, phases=phases)
