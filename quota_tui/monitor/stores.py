"""Open the three files; set a damaged one aside, do without one that cannot be written, and say so."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from quota_tui.core.usage import UsageRecord
from quota_tui.store.database import BUSY_S, StoreCorruptError, StoreUnavailableError, set_aside
from quota_tui.store.history import History
from quota_tui.store.index import Index
from quota_tui.store.journal import Journal
from quota_tui.store.paths import Paths

_Store = TypeVar("_Store", Index, History, Journal)


class Stores:
    """Index, history and journal, open. `notices` are sentences about what was not in order."""

    def __init__(self, paths: Paths, now: datetime, *, busy_s: float = BUSY_S) -> None:
        self.notices: list[str] = []
        self._paths = paths
        self._busy_s = busy_s
        self._stamp = now.strftime("%Y%m%dT%H%M%SZ")
        self.index = self._open(paths.index_db, lambda path: Index(path, busy_s=busy_s))
        self.history = self._open(paths.history_db, lambda path: History(path, busy_s=busy_s))
        self.journal = self._open(paths.journal_db, lambda path: Journal(path, busy_s=busy_s))

    def close(self) -> None:
        """Let go of all three."""
        for store in (self.index, self.history, self.journal):
            store.close()

    def repair(self) -> bool:
        """After a database error: find the damaged files, replace them; False when all are sound."""
        damaged = [store for store in (self.index, self.history, self.journal) if not _is_sound(store.db)]
        for store in damaged:
            store.close()
            if store is self.index:
                self.index = self._replaced(
                    self._paths.index_db, lambda path: Index(path, busy_s=self._busy_s)
                )
            elif store is self.history:
                self.history = self._replaced(
                    self._paths.history_db, lambda path: History(path, busy_s=self._busy_s)
                )
            else:
                self.journal = self._replaced(
                    self._paths.journal_db, lambda path: Journal(path, busy_s=self._busy_s)
                )
        return bool(damaged)

    def _open(self, path: Path, make: Callable[[Path | None], _Store]) -> _Store:
        try:
            return make(path)
        except StoreCorruptError as error:
            self.notices.append(str(error))
            return self._replaced(path, make)
        except StoreUnavailableError as error:
            self.notices.append(f"{error}: nothing is kept there until that is mended")
            return make(None)

    def _replaced(self, path: Path, make: Callable[[Path | None], _Store]) -> _Store:
        try:
            aside = set_aside(path, self._stamp)
            store = make(path)
        except (OSError, StoreUnavailableError, StoreCorruptError) as error:
            self.notices.append(f"{path} is damaged and cannot be replaced ({error}): nothing is kept there")
            return make(None)
        if isinstance(store, Index):
            aside.unlink(missing_ok=True)  # nothing in it that the transcripts do not say again
            self.notices.append("the index was damaged: rebuilt from the transcripts")
            return store
        saved = store.merge(salvaged_calls(aside)) if isinstance(store, History) else 0
        rest = f"; {saved:,} calls were saved from it" if saved else ""
        self.notices.append(f"{path.name} was damaged: set aside as {aside.name}{rest}")
        return store


def _is_sound(db: sqlite3.Connection) -> bool:
    try:
        return bool(db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except sqlite3.DatabaseError:
        return False


def salvaged_calls(path: Path) -> list[UsageRecord]:
    """The calls that can still be read from a damaged history: from its beginning and from its end."""
    saved: dict[int, UsageRecord] = {}
    try:
        db = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    except sqlite3.Error:
        return []
    try:
        for order in ("ASC", "DESC"):
            try:
                saved.update(History.read_calls(db, order))
            except sqlite3.DatabaseError:
                continue
    finally:
        db.close()
    return list(saved.values())
