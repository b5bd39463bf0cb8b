"""Estimate a plan file with everything that is known: this user's history, the quota, the repository."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime

import msgspec

from quota_tui.core.digest import blake2b
from quota_tui.core.estimating.estimate import PlanEstimate, estimate
from quota_tui.core.estimating.fitting import Fit, chance_inside, fits
from quota_tui.core.estimating.learn import Learned, learn
from quota_tui.core.estimating.model import Change, EstimationModel, changes, model_of
from quota_tui.core.estimating.numbers import EstimateNumbers, numbers_of
from quota_tui.core.estimating.predict import likely_overruns
from quota_tui.core.estimating.ranges import Range
from quota_tui.core.estimating.subject import PastSession, PlanSubject, Quality
from quota_tui.core.snapshot import Snapshot, WindowState
from quota_tui.core.tracking.estimates import estimated_from
from quota_tui.core.tracking.state import Estimated
from quota_tui.handing.known import next_window
from quota_tui.handing.past import past, remember_subject
from quota_tui.handing.subjects import subject_of
from quota_tui.monitor.monitor import Monitor
from quota_tui.sources.plan_file import PlanFile, read_plan

MODEL = "estimation-model"
SINCE = "estimation-since"
SAVED = "estimate:"


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """An estimate of a plan, or of a session without one (`plan` is None then)."""

    plan: PlanFile | None
    subject: PlanSubject
    whole: PlanEstimate
    fit: Fit
    numbers: EstimateNumbers

    @property
    def tracked(self) -> Estimated:
        """As a tracking keeps it."""
        return Estimated() if self.plan is None else estimated_from(self.plan.plan, self.whole)

    def is_current(self) -> bool:
        """Whether the plan's file still says what was estimated. Raises PlanFileError."""
        return self.plan is None or read_plan(self.plan.path, self.plan).text == self.plan.text


class Estimator:
    """Estimates plans of one person. Learns when it is first asked; everything blocks.

    Raises PlanFileError for a plan that cannot be read, sqlite3 errors where the history cannot be.
    """

    def __init__(self, monitor: Monitor, now: datetime) -> None:
        self._monitor, self._now = monitor, now
        self._past: list[PastSession] | None = None
        self._learned: Learned | None = None

    @property
    def past(self) -> list[PastSession]:
        """The sessions that it learns from."""
        if self._past is None:
            self._past = self._monitor.attempt(self._look_back)
        return self._past

    def _look_back(self) -> list[PastSession]:
        stores = self._monitor.stores
        return past(stores.history, stores.journal, self._monitor.claude_dirs, self._now, self._since())

    @property
    def learned(self) -> Learned:
        """What they teach."""
        if self._learned is None:
            self._learned = learn(self.past, self._now)
        return self._learned

    @property
    def model(self) -> EstimationModel:
        """The learned state as a person sees it."""
        return model_of(self.learned)

    def estimate(
        self,
        path: str,
        snapshot: Snapshot,
        project: str,
        *,
        quality: Quality = Quality.UNKNOWN,
        model: str = "",
    ) -> Estimate:
        """What a plan will take, and where it fits."""
        found = read_plan(real(path))
        model = model or last_model(snapshot, self.past)
        subject = subject_of(found, project, self._monitor.claude_dirs, quality=quality, model=model)
        return self._estimated(found, subject, snapshot)

    def estimate_session(self, snapshot: Snapshot, project: str, *, model: str = "") -> Estimate:
        """What a session without a plan takes here."""
        model = model or last_model(snapshot, self.past)
        return self._estimated(None, PlanSubject(project=project, model=model), snapshot)

    def _estimated(self, found: PlanFile | None, subject: PlanSubject, snapshot: Snapshot) -> Estimate:
        whole = estimate(subject, self.learned)
        five = snapshot.five_hour
        room = room_of(five)
        fit = fits(whole, room, _room_of_next(five))
        left_h = None if five.resets_at is None else (five.resets_at - snapshot.now).total_seconds() / 3600
        return Estimate(
            plan=found,
            subject=subject,
            whole=whole,
            fit=fit,
            numbers=numbers_of(
                whole,
                fit,
                five_hour_pct_per_usd=self._pct_per_usd(five, whole),
                weekly_pct_per_usd=self._pct_per_usd(snapshot.weekly, whole),
                chance=chance_inside(whole, room, left_h),
                overruns=likely_overruns(whole, self.past),
                quota_basis=five.basis.value,
            ),
        )

    def _pct_per_usd(self, state: WindowState, whole: PlanEstimate) -> float | None:
        """What a dollar is worth of a window; where nothing was used yet, by its tokens."""
        known = self._monitor.pct_per_usd.get(state.kind)
        if known is not None or not state.limit_tokens or whole.cost_usd.median <= 0:
            return known
        return 100.0 * whole.tokens.median / whole.cost_usd.median / state.limit_tokens

    # -- what is kept

    def save(self, found: Estimate) -> None:
        """Keep a plan's estimate: what was shown beforehand is what it will be judged by."""
        if found.plan is not None:
            kept = Saved(digest_of(found.plan.text), found.tracked, found.subject)
            self._learn(SAVED + found.plan.path, _encode(kept))

    def saved(self, path: str) -> Saved | None:
        """The estimate that was kept of a plan file, if the file says what it said then."""
        found = read_plan(real(path))
        data = self._learned_value(SAVED + found.path)
        try:
            kept = _decode(data) if data else None
        except msgspec.MsgspecError:
            return None
        return kept if kept is not None and kept.digest == digest_of(found.text) else None

    def remember(self, tracking_id: str, subject: PlanSubject) -> None:
        """Keep a plan as it was when it was begun: what came of it is compared with that."""
        stores = self._monitor.stores
        self._monitor.attempt(lambda: remember_subject(stores.journal, tracking_id, subject, self._now))

    def keep_model(self) -> None:
        """Put the learned state into the journal."""
        self._learn(MODEL, msgspec.json.encode(self.model))

    def changes_by(self, session_id: str) -> tuple[Change, ...]:
        """What one past session changed: the learned state without it, and with it."""
        before = [each for each in self.past if each.id != session_id]
        if len(before) == len(self.past):
            return ()
        return changes(learn(before, self._now), self.learned)

    def reset(self) -> None:
        """Begin to learn anew: sessions that began until now count no more. They stay in the history."""
        self._begin_at(self._now.isoformat())

    def recompute(self) -> None:
        """Learn from the whole history again."""
        self._begin_at("")

    def _begin_at(self, since: str) -> None:
        self._learn(SINCE, since.encode())
        self._past = self._learned = None
        self.keep_model()

    def _since(self) -> datetime | None:
        """From when on sessions count; None: all. A value that makes no sense is none."""
        data = self._learned_value(SINCE)
        try:
            since = datetime.fromisoformat(data.decode()) if data else None
        except ValueError:
            return None
        return since if since is not None and since.tzinfo is not None else None

    def _learn(self, key: str, value: bytes) -> None:
        self._monitor.attempt(lambda: self._monitor.stores.journal.learn(key, value, self._now))

    def _learned_value(self, key: str) -> bytes | None:
        return self._monitor.attempt(lambda: self._monitor.stores.journal.learned(key))


class Saved(msgspec.Struct, frozen=True):
    """A plan's estimate as it was kept, the plan as it was estimated, and what its file said."""

    digest: str
    estimated: Estimated
    subject: PlanSubject


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Saved).decode


def real(path: str) -> str:
    """The one name of a plan file; of what can be no name, that itself."""
    try:
        return os.path.realpath(path)
    except ValueError:
        return path


def digest_of(text: str) -> str:
    """The same for two texts exactly when they are the same."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def room_of(state: WindowState) -> Range | None:
    """What is left of a window in tokens, an estimate; None when that is not known."""
    limit, used = state.limit_tokens, state.used_pct
    if limit is None or used is None:
        return None
    most = used if state.used_pct_high is None else max(state.used_pct_high, used)
    least = used if state.used_pct_low is None else min(state.used_pct_low, used)
    low, median, high = (max(0.0, limit * (100.0 - each) / 100.0) for each in (most, used, least))
    return Range(low, median, high)


def _room_of_next(five: WindowState) -> Range | None:
    window = next_window(five)
    if window.tokens is None:
        return None
    low = window.tokens if window.low is None else min(window.low, window.tokens)
    high = window.tokens if window.high is None else max(window.high, window.tokens)
    return Range(float(low), float(window.tokens), float(high))


def last_model(snapshot: Snapshot, sessions: Sequence[PastSession]) -> str:
    """The model in use: of the running or last session of today, else of the last one that is known."""
    for session in snapshot.sessions:
        if session.model:
            return session.model
    return next((each.model for each in reversed(sessions) if each.model), "")
