"""Learning from past sessions, in their order: what was expected of each before it began, and what came.

Every session is first predicted from those that had ended by its start, and only then learned from. The
residuals of these predictions calibrate the ranges (split conformal: a range is as wide as it had to be to
hold 80 % of them), and their record is what is shown as the error of past estimates.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from quota_tui.core.estimating.effects import Effect, may_differ
from quota_tui.core.estimating.prior import PHASE_NOISE, SHIPPED, Prior
from quota_tui.core.estimating.ranges import Range
from quota_tui.core.estimating.scan import MOST_HOURS, PRIOR_RESIDUALS, Scan
from quota_tui.core.estimating.subject import PastSession
from quota_tui.core.usage import MAX_TOKENS


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A past session and what was expected of it before it began.

    `was_shown`: the person saw that range; otherwise it is what would have been said, from earlier sessions
    only.
    """

    id: str
    at: datetime
    has_plan: bool
    expected: Range
    tokens: int
    was_shown: bool = False


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """What history teaches.

    `effects` by key (see `effects`); `spreads` by has_plan; `residuals` are sorted and in units of the
    spread that was expected; `last_log` is the last session's deviation; `record` is chronological.
    """

    prior: Prior = SHIPPED
    sessions: int = 0
    plan_sessions: int = 0
    effects: dict[str, Effect] = {}
    spreads: dict[bool, float] = {}
    residuals: tuple[float, ...] = PRIOR_RESIDUALS
    last_log: float = 0.0
    phase_noise: float = PHASE_NOISE
    most_files: int = 0
    record: tuple[Judged, ...] = ()

    def effect(self, key: str) -> Effect:
        """An effect; one of which nothing is known has no shift and all the variance it may have."""
        return self.effects.get(key) or Effect(variance=may_differ(key))

    def spread(self, *, has_plan: bool) -> float:
        """How far sessions of a kind lie from what their effects say."""
        return self.spreads.get(has_plan, self.prior.plan_spread if has_plan else self.prior.spread)


def learn(history: Iterable[PastSession], now: datetime | None = None, prior: Prior = SHIPPED) -> Learned:
    """Learn from the sessions that had ended by `now` (None: all). Sessions without tokens teach nothing."""
    past = [
        each for each in history if 0 < each.tokens <= MAX_TOKENS and (now is None or ended_at(each) <= now)
    ]
    past.sort(key=lambda each: (each.at, each.id))
    ends = [ended_at(each) for each in past]
    by_end = deque(sorted(range(len(past)), key=lambda place: (ends[place], place)))
    scan = Scan(prior)
    for place, session in enumerate(past):
        while ends[by_end[0]] <= session.at and by_end[0] < place:
            ended = by_end.popleft()
            scan.add(past[ended], ended)
        scan.predict(session)
    for ended in by_end:
        scan.add(past[ended], ended)
    return _learned(scan, past)


def ended_at(session: PastSession) -> datetime:
    """When a session ended: as told, else its start and its working time; never before its start."""
    end = session.ended_at or session.at + timedelta(hours=min(max(session.hours, 0.0), MOST_HOURS))
    return max(end, session.at)


def _learned(scan: Scan, past: list[PastSession]) -> Learned:
    record = [
        Judged(
            id=session.id,
            at=session.at,
            has_plan=expected.features.has_plan,
            expected=session.estimated or expected.range,
            tokens=session.tokens,
            was_shown=session.estimated is not None,
        )
        for session, expected in zip(past, scan.expected, strict=True)
    ]
    return Learned(
        prior=scan.prior,
        sessions=len(past),
        plan_sessions=sum(each.has_plan for each in record),
        effects={key: effect.frozen() for key, effect in scan.effects.items()},
        spreads={kind: scan.spread(has_plan=kind) for kind in (True, False)},
        residuals=tuple(scan.residuals),
        last_log=scan.last_log,
        phase_noise=scan.phase_noise,
        most_files=max((each.features.files for each in scan.expected), default=0),
        record=tuple(record),
    )
