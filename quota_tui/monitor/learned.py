"""What history teaches, computed once and kept: cost follows new work, not history."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from quota_tui.core.habits import HISTORY_DAYS, Habits, learn_habits
from quota_tui.core.learning import MAX_AGE, PastWindow
from quota_tui.core.quota import summarize_window
from quota_tui.core.readings import WindowKind, set_aside
from quota_tui.core.usage import Bar
from quota_tui.core.windows import Window, five_hour_windows, weekly_windows
from quota_tui.core.zones import TaskSizes, task_sizes
from quota_tui.monitor.stores import Stores
from quota_tui.store.activity import median_call_tokens, session_sizes

KEEP = timedelta(minutes=30)
"""How long sizes stay as they are."""

HABITS_KEEP = timedelta(minutes=5)
"""How long habits do."""

_LONGEST = timedelta(days=8)
"""Readings of a window that ends after an instant are at most so much older."""

_TRY_AGAIN = timedelta(minutes=1)
PAST_VERSION = "past-windows-1"
_SIZES = "sizes-1"


class Sizes(msgspec.Struct, frozen=True):
    """What tasks and calls of this user take, in tokens."""

    tasks: TaskSizes
    median_call_tokens: float | None


class _Past(msgspec.Struct, frozen=True):
    """Completed windows that ended up to `until`, at the `prices` of this fingerprint."""

    until: datetime
    windows: tuple[PastWindow, ...]
    prices: str = ""


class Learned:
    """Learned figures of one history and journal. Kept in memory and in the journal."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._past: _Past | None = None
        self._habits: tuple[datetime, Habits] | None = None
        self._sizes: tuple[datetime, Sizes] | None = None
        self._kept_nothing_at: datetime | None = None

    def read_back(self) -> None:
        """Another program has written: what it learned is in the journal."""
        self._past = None

    def forget(self, since_ms: int | None) -> None:
        """Calls at or after `since_ms` (Unix ms) have changed: completed windows are summed up again."""
        past = self._load_past()
        if since_ms is not None and past is not None and since_ms < past.until.timestamp() * 1000:
            self._past = None
            self._keep(PAST_VERSION, b"", past.until)

    def past_windows(self, now: datetime) -> tuple[PastWindow, ...]:
        """Every completed window of the last 90 days; new ones are summed up once."""
        past, prices = self._load_past(), self._stores.history.prices()
        if past is not None and (past.until > now or past.prices != prices):
            past = None  # the clock went back; or costs were reckoned again
        start = past.until if past is not None else now - MAX_AGE
        new = self._completed(start, now)
        if past is None or new:
            kept = [window for window in (past.windows if past else ()) if window.resets_at > now - MAX_AGE]
            until = max((window.resets_at for window in new), default=start)
            past = _Past(until, (*kept, *new), prices)
            self._keep(PAST_VERSION, msgspec.msgpack.encode(past), now)
        self._past = past
        return past.windows

    def _keep(self, key: str, value: bytes, now: datetime) -> None:
        """Keep a figure in the journal if that can be; else it is learned again next time.

        After a failure it is not tried again at once: each try may wait for a lock.
        """
        failed = self._kept_nothing_at
        if failed is not None and timedelta(0) <= now - failed < _TRY_AGAIN:
            return
        try:
            self._stores.journal.learn(key, value, now)
        except sqlite3.OperationalError:
            self._kept_nothing_at = now

    def _load_past(self) -> _Past | None:
        if self._past is None:
            blob = self._stores.journal.learned(PAST_VERSION)
            if blob:
                try:
                    self._past = msgspec.msgpack.decode(blob, type=_Past)
                except msgspec.MsgspecError:
                    return None  # an older shape: it is learned again
        return self._past

    def _completed(self, start: datetime, now: datetime) -> list[PastWindow]:
        history = self._stores.history
        readings, _ = set_aside(self._stores.journal.readings(start - _LONGEST), now)
        resets = [r.resets_at for r in readings if r.kind is WindowKind.FIVE_HOUR]
        short = five_hour_windows(start, now, resets, history.first_call_at)
        found: list[tuple[WindowKind, str, Window]] = [(WindowKind.FIVE_HOUR, "", each) for each in short]
        long = {WindowKind.WEEKLY, WindowKind.WEEKLY_MODEL}
        weeks = {(r.kind, r.model) for r in readings if r.kind in long}
        for kind, model in sorted(weeks):
            resets = [r.resets_at for r in readings if r.kind is kind and r.model == model]
            found += [(kind, model, window) for window in weekly_windows(resets)]
        return [
            summarize_window(kind, window, readings, history, model)
            for kind, model, window in found
            if start < window.resets_at <= now
        ]

    def habits(self, now: datetime, history: Sequence[Bar]) -> Habits:
        """How this user spends, for the forecast. Quicker to learn than to read back: not in the journal."""
        if self._habits is None or not timedelta(0) <= now - self._habits[0] < HABITS_KEEP:
            self._habits = now, learn_habits(now, history)
        return self._habits[1]

    def sizes(self, now: datetime) -> Sizes:
        """What tasks and calls take."""
        if self._sizes is None or not timedelta(0) <= now - self._sizes[0] < KEEP:
            sizes = _decoded(self._stores.journal.learned(_SIZES, KEEP, now), Sizes)
            if sizes is None:
                history = self._stores.history
                tokens = session_sizes(history, now - timedelta(days=HISTORY_DAYS))
                sizes = Sizes(task_sizes(tokens), median_call_tokens(history))
                self._keep(_SIZES, msgspec.msgpack.encode(sizes), now)
            self._sizes = now, sizes
        return self._sizes[1]


_T = TypeVar("_T")


def _decoded(blob: bytes | None, kind: type[_T]) -> _T | None:
    if not blob:
        return None
    try:
        return msgspec.msgpack.decode(blob, type=kind)
    except msgspec.MsgspecError:
        return None  # an older shape: it is learned again
