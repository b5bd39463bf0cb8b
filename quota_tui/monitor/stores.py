"""Open the three files; set a damaged one aside, do without one that cannot be written, and say so."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from quota_tui.store.database import (
    BUSY_S,
    StoreCorruptError,
    StoreUnavailableError,
    discard,
    is_damage,
    is_sound,
    set_aside,
)
from quota_tui.store.files import StoreError, locked
from quota_tui.store.history import History
from quota_tui.store.history_salvage import salvaged_calls
from quota_tui.store.index import Index
from quota_tui.store.journal import Journal
from quota_tui.store.paths import Paths

_Store = TypeVar("_Store", Index, History, Journal)
_Result = TypeVar("_Result")

_REPAIR_WAIT_S = 10.0


class Stores:
    """Index, history and journal, open. `notices` are sentences about what was not in order.

    An index goes with one history. So where the history is in memory only, the index is too: nothing that is
    not kept is remembered as read.
    """

    def __init__(self, paths: Paths, now: datetime, *, busy_s: float = BUSY_S) -> None:
        self.notices: list[str] = []
        self.costs_are_renewed = False
        self._paths = paths
        self._busy_s = busy_s
        self._stamp = now.strftime("%Y%m%dT%H%M%SZ")
        emptied = [path for path in (paths.index_db, paths.history_db, paths.journal_db) if _is_empty(path)]
        self.history = self._open(History, paths.history_db)
        if self.history.path is not None:
            self.index = self._open(Index, paths.index_db)
        else:
            self.index = Index(None, copy_of=paths.index_db)
        self.journal = self._open(Journal, paths.journal_db)
        self._tell_what_is_gone(emptied)

    def close(self) -> None:
        """Let go of all three."""
        for store in (self.index, self.history, self.journal):
            store.close()

    def attempt(self, work: Callable[[], _Result], on_repair: Callable[[], None] | None = None) -> _Result:
        """Do `work`; where a damaged file is in the way, replace that and do it again.

        `on_repair` is called in between. Errors of another kind are raised.
        """
        try:
            return work()
        except (sqlite3.Error, TypeError, ValueError, OverflowError, msgspec.MsgspecError) as error:
            # A torn page can also read as rows full of nothing, which no code of ours expects.
            if (isinstance(error, sqlite3.Error) and not is_damage(error)) or not self.repair():
                raise
        if on_repair is not None:
            on_repair()
        return work()

    def repair(self) -> bool:
        """After a database error: find the damaged files, replace them; False when all are sound."""
        damaged = [store for store in (self.history, self.index, self.journal) if not is_sound(store.db)]
        for store in damaged:
            store.close()
            if store is self.index:
                self.index = self._replaced(Index, self._paths.index_db, store.path)
            elif store is self.history:
                self.history = self._replaced(History, self._paths.history_db, store.path)
            else:
                self.journal = self._replaced(Journal, self._paths.journal_db, store.path)
        if self.history.path is None and self.index.path is not None:
            self.index.close()
            self.index = Index(None)
        return bool(damaged)

    def _open(self, kind: type[_Store], path: Path) -> _Store:
        try:
            return kind(path, busy_s=self._busy_s)
        except StoreCorruptError as error:
            self.notices.append(str(error))
            return self._replaced(kind, path, path)
        except StoreUnavailableError as error:
            self.notices.append(f"{error}: nothing is kept there until that is mended")
            if error.is_readable:
                try:
                    return kind(None, copy_of=path)
                except (StoreCorruptError, StoreUnavailableError):
                    pass  # what could be read of it is no use
            return kind(None)

    def _replaced(self, kind: type[_Store], path: Path, opened: Path | None) -> _Store:
        """A sound store in place of a damaged one that was opened from `opened` (None: a copy in memory)."""
        if opened is None:
            return kind(None)
        try:
            # Two programs may find the damage at once: who comes second finds the new file, and keeps it.
            with locked(path.with_name(f"{path.name}.repair"), _REPAIR_WAIT_S):
                mended = self._reopened(kind, path)
                if mended is not None:
                    return mended
                aside = set_aside(path, self._stamp)
                store = kind(path, busy_s=self._busy_s)
        except (OSError, StoreError, StoreUnavailableError, StoreCorruptError) as error:
            self.notices.append(f"{path} is damaged and cannot be replaced ({error}): nothing is kept there")
            return kind(None)
        if isinstance(store, Index):
            discard(aside)  # nothing in it that the transcripts do not say again
            self.notices.append("the index was damaged: rebuilt from the transcripts")
            return store
        saved = _salvaged(store, aside) if isinstance(store, History) else ""
        self.notices.append(f"{path.name} was damaged: set aside as {aside.name}{saved}")
        return store

    def _reopened(self, kind: type[_Store], path: Path) -> _Store | None:
        try:
            store = kind(path, busy_s=self._busy_s)
        except (StoreCorruptError, StoreUnavailableError):
            return None
        if is_sound(store.db):
            return store
        store.close()
        return None

    def _tell_what_is_gone(self, emptied: list[Path]) -> None:
        """A file of no bytes opens as a new one; where the others know better, that is said."""
        paths = self._paths
        if paths.index_db in emptied and self.index.is_new and not self.history.is_new:
            self.notices.append("the index was empty: rebuilt from the transcripts")
        if self.history.is_new and self.history.path is not None and self.index.history_id():
            self.notices.append(
                f"{paths.history_db.name} was gone or empty: begun again from the transcripts that are left"
            )
        if paths.journal_db in emptied and self.journal.is_new and not self.history.is_new:
            self.notices.append(f"{paths.journal_db.name} was empty: readings and alerts begin again")


def _salvaged(history: History, aside: Path) -> str:
    try:
        saved = history.merge(salvaged_calls(aside))
    except sqlite3.OperationalError as error:
        return f"; no calls could be saved from it ({error})"
    return f"; {saved:,} calls were saved from it" if saved else ""


def _is_empty(path: Path) -> bool:
    try:
        return path.stat().st_size == 0
    except OSError:
        return False
