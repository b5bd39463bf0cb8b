"""Ask the client for its usage now and then: when that is allowed, and while the dashboard is open."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from datetime import datetime

from quota_tui.config import Readings
from quota_tui.monitor.record import keep_readings
from quota_tui.sources.client import ClientUsage, ask_usage, find_client
from quota_tui.store.database import StoreCorruptError, StoreUnavailableError
from quota_tui.store.journal import Journal
from quota_tui.store.paths import Paths

TIMEOUT_S = 20.0
LEAST_S = 300
"""The endpoint behind it answers long refusals to who asks more often (seen in the wild)."""


class ClientPoll:
    """A thread that asks. What it learns goes into the journal, where every face finds it."""

    def __init__(
        self, settings: Readings, paths: Paths, clock: Callable[[], datetime], tell: Callable[[str], None]
    ) -> None:
        self._settings = settings
        self._paths = paths
        self._clock = clock
        self._tell = tell
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ask-client", daemon=True)

    def start(self) -> None:
        """Ask now, and again at intervals."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more; a question under way ends by itself."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._tell(self._ask())
            except (sqlite3.Error, StoreUnavailableError, StoreCorruptError) as error:
                self._tell(f"the answer could not be kept ({error})")
            self._stop.wait(max(self._settings.ask_every_s, LEAST_S))

    def _ask(self) -> str:
        client = find_client(self._settings.client)
        if client is None:
            return "no client found; set readings.client to its absolute path"
        answer = ask_usage(client, TIMEOUT_S, clock=self._clock)
        plan = answer.subscription_type
        journal = Journal(self._paths.journal_db)
        try:
            if plan:
                journal.learn("plan", plan.encode(), self._clock())
            if not isinstance(answer, ClientUsage):
                return answer.text
            keep_readings(journal, answer.readings, "client query", answer.at)
        finally:
            journal.close()
        return "old numbers" if answer.is_stale else "answers"
