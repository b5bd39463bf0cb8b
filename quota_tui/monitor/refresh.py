"""Bring the stores up to date: scan transcripts, turn limit lines into readings."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path

from quota_tui.config import Settings
from quota_tui.core.pricing import Pricer
from quota_tui.ingest.scan import ScanResult, scan
from quota_tui.monitor.stores import Stores
from quota_tui.sources.discover import transcript_roots
from quota_tui.sources.transcripts import ErrorLine
from quota_tui.sources.zone import local_zone
from quota_tui.store.history_prices import note_other_prices, reprice
from quota_tui.store.prices import load_prices


class Changes:
    """What a watcher has seen change and no scan has read yet. Shared between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._paths: set[str] = set()
        self._everything = False

    def add(self, paths: Collection[str], *, everything: bool = False) -> None:
        """Remember changed transcripts, or that anything may have changed."""
        with self._lock:
            self._paths.update(paths)
            self._everything |= everything

    def take(self) -> tuple[bool, set[str]]:
        """(anything may have changed, the changed paths); forgets them."""
        with self._lock:
            found = self._everything, self._paths
            self._everything, self._paths = False, set()
        return found


def roots_of(claude_dirs: Sequence[Path], settings: Settings) -> list[str]:
    """The folders that hold transcripts."""
    return transcript_roots(claude_dirs, settings.transcript_dirs)


def refresh(
    stores: Stores,
    roots: Sequence[str],
    settings: Settings,
    *,
    parallel: bool = False,
    only: Collection[str] | None = None,
    whole: bool = False,
) -> ScanResult:
    """One scan into the stores. Raises sqlite3 errors; nothing is lost by them."""
    pricer = Pricer(load_prices(settings.prices))
    found = scan(
        roots,
        stores.index,
        stores.history,
        pricer,
        parallel=parallel,
        only=only,
        whole=whole,
        on_errors=lambda errors: _keep_limits(stores, errors),
    )
    if found.calls:
        note_other_prices(stores.history, pricer)
    return found


def renew_costs(stores: Stores, settings: Settings) -> bool:
    """Once per program: costs of calls already known follow the prices in force; whether any changed.

    Only once, so that two programs that run with different prices do not undo each other's work for ever: the
    one that was started last has its way. Raises sqlite3 errors.
    """
    if stores.costs_are_renewed:
        return False
    changed = reprice(stores.history, Pricer(load_prices(settings.prices)))
    stores.costs_are_renewed = True
    return changed


def _keep_limits(stores: Stores, errors: Sequence[ErrorLine]) -> None:
    # Few scans find one: the others need not wait for all these patterns.
    from quota_tui.core.limit_lines import parse_limit_line

    zone = local_zone()
    readings = []
    for line in errors:
        hit = parse_limit_line(
            line.text,
            datetime.fromtimestamp(line.at_ms / 1000, UTC),
            error=line.error,
            quota_limits=line.quota_limits,
            api_error=line.api_error,
            local_zone=zone,
        )
        reading = hit.as_reading(line.session_id) if hit is not None else None
        if reading is not None:
            readings.append(reading)
    if readings:
        stores.journal.add_readings(readings)
