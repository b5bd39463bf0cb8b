"""collect(now) -> Snapshot: the one place where everything that is known meets.

Stores and sources are asked, `core` judges, and what comes out is frozen. No face asks anything else.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import TypeVar

from quota_tui.config import Settings
from quota_tui.core.alerts import Due, Mark, due_alerts
from quota_tui.core.burn import RECENT, burn_state
from quota_tui.core.forecast import forecast
from quota_tui.core.habits import HISTORY_DAYS
from quota_tui.core.jobs.view import shown_jobs
from quota_tui.core.learning import PastWindow
from quota_tui.core.quota import QuotaStates, quota_states
from quota_tui.core.readings import WindowKind
from quota_tui.core.report import UsageRow
from quota_tui.core.snapshot import (
    Alert,
    AutomationState,
    BurnState,
    Forecast,
    PhasesState,
    RootState,
    SessionState,
    Snapshot,
    SourcesState,
    WindowState,
    ZoneState,
)
from quota_tui.core.words import Face, clock
from quota_tui.core.zones import zone_state
from quota_tui.ingest.scan import ScanResult
from quota_tui.monitor.bars import RecentBars
from quota_tui.monitor.learned import Learned
from quota_tui.monitor.ledger import MonitorLedger
from quota_tui.monitor.plans import TrackedPlans
from quota_tui.monitor.refresh import Changes, refresh, renew_costs, roots_of
from quota_tui.monitor.rows import usage_rows
from quota_tui.monitor.sessions import today_and_running
from quota_tui.monitor.stores import Stores
from quota_tui.monitor.worth import pct_per_usd, projected, window_of, worth
from quota_tui.sources.zone import local_zone
from quota_tui.store.database import BUSY_S
from quota_tui.store.jobs import Jobs
from quota_tui.store.paths import Paths

ALERTS_SHOWN = timedelta(days=1)
READINGS_MATTER = timedelta(days=35)
"""Two weekly windows, and the two weeks after the last reset in which it still tells the next."""
SAFETY_RESCAN = timedelta(seconds=60)
"""The watcher can miss things (network folders, a full event queue): so often everything is looked at."""


_Result = TypeVar("_Result")


class Monitor:
    """Collects snapshots. Safe to call from several threads: one collects, the others wait."""

    def __init__(
        self,
        settings: Settings,
        paths: Paths,
        claude_dirs: Sequence[Path],
        now: datetime,
        *,
        notices: Sequence[str] = (),
        busy_s: float = BUSY_S,
    ) -> None:
        self.settings = settings
        self.paths = paths
        self.claude_dirs = tuple(claude_dirs)
        self.stores = Stores(paths, now, busy_s=busy_s)
        self.roots = roots_of(claude_dirs, settings)
        self.changes = Changes()
        self._client_query = "off" if not settings.readings.ask_client else "waiting"
        self._notices = tuple(notices)
        self._job_notices: tuple[str, ...] = ()
        self.pct_per_usd: dict[WindowKind, float] = {}
        """What a dollar was worth of a window, in percent, at the last look; of those where that is known."""
        self._zone = _zone_of(settings)
        self._lock = threading.RLock()
        self._found: ScanResult | None = None
        self._scan_trouble = self._alert_trouble = ""
        self._forget_everything()

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            self.stores.close()

    def _forget_everything(self) -> None:
        self._learned = Learned(self.stores)
        self._jobs = Jobs(self.stores.journal.db)
        self.plans = TrackedPlans(self.stores.history, self.claude_dirs[0]) if self.claude_dirs else None
        self._bars = RecentBars(self.stores.history, HISTORY_DAYS)
        self._calls: int | None = None
        self._written = -1
        self._scanned_at: datetime | None = None

    def _forget(self, since_ms: int) -> None:
        """Calls at or after `since_ms` (Unix ms) have changed."""
        self._learned.forget(since_ms)
        self._bars.forget(since_ms)
        if self.plans is not None:
            self.plans.forget(since_ms)
        self._calls = None

    def _notice_others(self) -> None:
        """Another program may have read transcripts: what is remembered of the history is asked for again."""
        written = self.stores.history.changes()
        if written != self._written:
            self._written = written
            self._learned.read_back()
            self._bars.forget(0)
            if self.plans is not None:
                self.plans.forget(0)
            self._calls = None

    # -- one snapshot

    def collect(
        self,
        now: datetime,
        *,
        rescan: bool = False,
        scan: bool = True,
        parallel: bool = False,
        alerts: bool = True,
    ) -> Snapshot:
        """The state at `now` (aware UTC).

        `scan=False` reads no transcripts; `alerts=False` fires none (another program may). A damaged file
        is replaced and the collection repeated once; the Snapshot's notices say so.
        """
        return self.attempt(lambda: self._collect(now, rescan, scan, parallel, alerts))

    def attempt(self, work: Callable[[], _Result]) -> _Result:
        """Do something with the stores; where a damaged file is in the way, replace that and do it again."""
        with self._lock:
            return self.stores.attempt(work, self._forget_everything)

    def _collect(self, now: datetime, rescan: bool, scan: bool, parallel: bool, alerts: bool) -> Snapshot:
        if scan:
            self._scan(now, rescan, parallel)
        self._notice_others()
        journal, history = self.stores.journal, self.stores.history
        readings = journal.readings(now - READINGS_MATTER)
        past = self._learned.past_windows(now)
        ledger = MonitorLedger(history, now)
        states = quota_states(now, readings, ledger, self.settings.quota, past)
        bars = self._bars.at(now)
        five = states.five_hour
        learned = states.learned.get((WindowKind.FIVE_HOUR, ""))
        per_usd = learned.value if learned else pct_per_usd(five)
        window = window_of(five)
        self.pct_per_usd = worth(states)
        burn = burn_state(now, window, bars, history.recent(now - RECENT, now + timedelta(hours=2)), per_usd)
        outlook = Forecast()
        if five.used_pct is not None and five.resets_at is not None:
            error = (
                (learned.high - learned.low) / (2 * 1.2816 * learned.value)
                if learned and learned.value
                else 0.0
            )
            outlook = forecast(
                now,
                min(five.used_pct, 100.0),
                five.resets_at,
                per_usd,
                bars,
                habits=self._learned.habits(now, bars),
                pct_per_usd_error=error,
            )
        five = projected(five, outlook)
        sizes = self._learned.sizes(now)
        zone = zone_state(five, states.weekly, states.model_windows, sizes.median_call_tokens, sizes.tasks)
        if alerts:
            self._fire(now, (five, states.weekly, *states.model_windows), burn, zone)
        sessions = self._sessions(now)
        plans = self.plans
        return Snapshot(
            now=now,
            five_hour=five,
            weekly=states.weekly,
            model_windows=states.model_windows,
            zone=zone,
            burn=burn,
            forecast=outlook,
            alerts=tuple(journal.alerts(now - ALERTS_SHOWN)),
            sessions=sessions,
            phases=plans.state(now, sessions, five.remaining_tokens) if plans else PhasesState(),
            automation=self._automation(now),
            sources=self._sources(now, states, len(readings)),
        )

    def read_changed(self) -> None:
        """Read the transcripts in `changes`, and nothing else. Raises sqlite3 errors, and repairs nothing."""
        with self._lock:
            _, paths = self.changes.take()
            found = refresh(self.stores, self.roots, self.settings, only=paths)
            if found.oldest_ms is not None:
                self._forget(found.oldest_ms)

    def _scan(self, now: datetime, rescan: bool, parallel: bool) -> None:
        everything, paths = self.changes.take()
        overdue = self._scanned_at is None or not timedelta(0) <= now - self._scanned_at < SAFETY_RESCAN
        if not (rescan or everything or overdue or paths):
            return
        whole = rescan or everything or overdue
        self._scan_trouble = ""
        try:
            if renew_costs(self.stores, self.settings):
                self._forget(0)
            found = refresh(
                self.stores,
                self.roots,
                self.settings,
                parallel=parallel,
                only=None if whole else paths,
                whole=rescan,
            )
        except sqlite3.OperationalError as error:
            # A full disk or a lock that does not come free: show what is known and try again.
            self.changes.add(paths, everything=whole)
            self._scan_trouble = f"transcripts are not read ({error}); what is shown may be old"
            return
        if found.oldest_ms is not None:
            self._forget(found.oldest_ms)
        if whole:
            self._found, self._scanned_at = found, now

    def _fire(
        self, now: datetime, states: Sequence[WindowState], burn: BurnState, zone: ZoneState
    ) -> tuple[Alert, ...]:
        face = Face(zone=self._zone, clock_12h=self.settings.display.clock == "12h")

        def due(marks: list[Mark]) -> Due:
            return due_alerts(
                now,
                states,
                marks,
                self.settings.alerts,
                lambda at: clock(at, face),
                burn.pct_per_hour_now,
                zone.fits_tokens,
            )

        self._alert_trouble = ""
        try:
            return self.stores.journal.fire(now, due)
        except sqlite3.OperationalError as error:
            self._alert_trouble = f"an alert could not be recorded ({error}); it comes again"
            return ()

    def _sessions(self, now: datetime) -> tuple[SessionState, ...]:
        midnight = datetime.combine(now.astimezone(self._zone).date(), time(), self._zone).astimezone(UTC)
        return today_and_running(self.stores.history, self.claude_dirs, midnight)

    def _automation(self, now: datetime) -> AutomationState:
        jobs = shown_jobs(self._jobs.recent(), now)
        return AutomationState(state=jobs[0].state.value if jobs else "none", jobs=jobs)

    def _sources(self, now: datetime, states: QuotaStates, readings: int) -> SourcesState:
        history = self.stores.history
        if self._calls is None:
            self._calls = history.call_count()
        roots = self._found.roots if self._found else ()
        times = [history.last_call_at(now + timedelta(hours=2)), *(r.known_at for r in states.readings)]
        problems = self._found.problems if self._found else ()
        troubles = (*problems[:3], self._scan_trouble, self._alert_trouble, *self._jobs.damaged[:1])
        if self.plans is not None:
            troubles = (*troubles, *self.plans.notices[:2])
        notices = [*self._notices, *self.stores.notices, *troubles, *self._job_notices]
        return SourcesState(
            roots=tuple(
                RootState(path=_text(r.path), exists=r.exists, transcripts=len(r.files)) for r in roots
            ),
            transcripts=sum(len(root.files) for root in roots),
            calls=self._calls,
            data_at=min(now, max((at for at in times if at is not None), default=now))
            if any(times)
            else None,
            lines_skipped=self.stores.index.notes_total(),
            readings=readings,
            readings_set_aside=len(states.set_aside) + self.stores.journal.refused_count(),
            client_query=self._client_query,
            plan=self._plan(),
            notices=tuple(_text(notice) for notice in notices if notice),
        )

    def _plan(self) -> str:
        return (self.stores.journal.learned("plan") or b"").decode("utf-8", "replace")

    def past_windows(self, now: datetime) -> tuple[PastWindow, ...]:
        """The completed windows of the last 90 days, and which of them were used up."""
        with self._lock:
            return self._learned.past_windows(now)

    # -- for the dashboard

    def tell_client_query(self, how: str) -> None:
        """What came of asking the client, in a few words; shown from the next snapshot on."""
        self._client_query = how

    def tell_jobs(self, sentences: tuple[str, ...]) -> None:
        """What is wrong with the arranged sessions; shown from the next snapshot on, until told otherwise."""
        self._job_notices = sentences

    def watch(self, stop: threading.Event) -> Iterator[None]:
        """Yield whenever transcripts, sessions or the journal changed on disk."""
        from quota_tui.monitor.watch import watch

        folders = [str(directory / "sessions") for directory in self.claude_dirs]
        if self.plans is not None:
            folders.append(str(self.plans.trackings.folder))
        journal = self.stores.journal.path
        yield from watch(self.roots, folders, str(journal) if journal else "", self.changes, stop)

    def usage_rows(
        self, by: str, since: datetime | None, until: datetime | None, zone: tzinfo
    ) -> list[UsageRow]:
        """Use grouped for the history screen."""
        return self.attempt(
            lambda: usage_rows(self.stores.history, self.stores.journal, by, since, until, zone)
        )


def _text(name: str) -> str:
    """A path may hold bytes that are no UTF-8: they could be neither printed nor put into JSON."""
    return name.encode("utf-8", "replace").decode()


def _zone_of(settings: Settings) -> tzinfo:
    if settings.display.timezone:
        from zoneinfo import ZoneInfo

        return ZoneInfo(settings.display.timezone)
    return local_zone()
