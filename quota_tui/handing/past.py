"""Past sessions as the estimator learns from them: tracked plans with their phases, and all others."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from quota_tui.core.estimating.subject import PastSession, PlanSubject
from quota_tui.core.tracking.estimates import past_session, subject_from
from quota_tui.core.tracking.state import Tracking
from quota_tui.store.files import StoreError
from quota_tui.store.history import History, first_ms
from quota_tui.store.journal import Journal
from quota_tui.store.past_sessions import SessionRow, past_sessions
from quota_tui.store.project_use import ProjectUse
from quota_tui.store.tracking import TrackingError, Trackings

LOOKS_BACK = timedelta(days=400)
"""Older sessions teach little: models and habits have changed."""
MOST = 2_000
STILL_GOES_ON = timedelta(minutes=30)
"""A session with a call that lately may not have ended."""
SUBJECT = "plan-subject:"
_FOREVER = 1 << 62


def past(
    history: History,
    journal: Journal,
    config_dirs: Sequence[Path],
    now: datetime,
    since: datetime | None = None,
) -> list[PastSession]:
    """Sessions that began after `since` and have ended by `now`, the oldest first. Raises sqlite3 errors.

    What was used while a plan was tracked, in its project, counts once: as that plan, when it has ended.
    """
    begin = max(filter(None, (since, now - LOOKS_BACK)))
    plans = [
        (plan, taught)
        for plan in _plans(config_dirs)
        if (taught := past_session(plan, _subject(plan, journal))) is not None or plan.is_open
    ]
    use = past_sessions(history, begin, _Owners(history, [plan for plan, _ in plans]).of)
    found = [
        _with_model(taught, use.models.get(plan.id, taught.model))
        for plan, taught in plans
        if taught is not None and plan.start >= begin
    ]
    ended = [row for row in use.sessions if row.last_at <= now - STILL_GOES_ON and row.tokens > 0]
    return sorted([*found, *map(_of_row, ended)], key=lambda each: (each.at, each.id))[-MOST:]


def remember_subject(journal: Journal, tracking_id: str, subject: PlanSubject, now: datetime) -> None:
    """Keep a plan as it was estimated: its file may say something else by the time it has ended."""
    journal.learn(SUBJECT + tracking_id, _encode(subject), now)


def _subject(plan: Tracking, journal: Journal) -> PlanSubject:
    """The plan as it was estimated; where that was not kept, what its tracking says of it."""
    data = journal.learned(SUBJECT + plan.id)
    with suppress(msgspec.MsgspecError):
        if data:
            return subject_from(plan, _decode(data))
    return subject_from(plan)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(PlanSubject).decode


def _plans(config_dirs: Sequence[Path]) -> list[Tracking]:
    """All tracked plans, also the one in work; those that cannot be read are left out."""
    found = []
    for folder in config_dirs:
        trackings = Trackings(folder)
        with suppress(StoreError):
            for head in trackings.heads():
                with suppress(StoreError, TrackingError):
                    found.append(trackings.load(head.id).tracking)
    return found


class _Owners:
    """Which plan was in work in a folder at an instant."""

    def __init__(self, history: History, plans: Sequence[Tracking]) -> None:
        spans: dict[str, list[tuple[int, int, str]]] = {}
        for plan in plans:
            times = spans.setdefault(plan.project, []) if plan.project else []
            for span in plan.spans:
                end = _FOREVER if span.end is None else first_ms(span.end)
                times.append((first_ms(span.start), end, plan.id))
        self._spans = {project: sorted(times) for project, times in spans.items()}
        self._uses = {project: ProjectUse(history, project) for project in spans}
        self._projects: dict[str, tuple[str, ...]] = {}

    def of(self, folder: str, at_ms: int) -> str:
        """The plan's id; empty when there was none."""
        for project in self._projects_of(folder):
            times = self._spans[project]
            place = bisect_right(times, (at_ms, _FOREVER + 1, ""))
            if place and at_ms < times[place - 1][1]:
                return times[place - 1][2]
        return ""

    def _projects_of(self, folder: str) -> tuple[str, ...]:
        """The projects with plans that a folder is in: hardly ever more than one."""
        if folder not in self._projects:
            is_path = os.path.isabs(folder)
            self._projects[folder] = tuple(
                project for project, use in self._uses.items() if is_path and use.is_in(folder)
            )
        return self._projects[folder]


def _with_model(session: PastSession, model: str) -> PastSession:
    """Without a known model its cost says nothing of any model's price."""
    return msgspec.structs.replace(session, model=model, cost_usd=session.cost_usd if model else 0.0)


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
