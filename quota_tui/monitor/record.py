"""Keep what Anthropic is reported to have said: the one step from a source into the journal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace

from quota_tui.core.readings import Reading, plausible
from quota_tui.store.journal import Journal


def keep_readings(
    journal: Journal, readings: Iterable[Reading], source: str, at: datetime, notes: Sequence[str] = ()
) -> None:
    """Keep what can be true; remember what cannot, and the source's own `notes`, for `doctor`.

    Raises sqlite3.OperationalError when another process writes for long.
    """
    kept: list[Reading] = []
    refused = list(notes)
    for reading in readings:
        judged = plausible(reading.kind, reading.used_pct, reading.resets_at, reading.at)
        if isinstance(judged, str):
            refused.append(f"{reading.kind}: {judged}")
        else:
            kept.append(replace(reading, used_pct=judged))
    if kept:
        journal.add_readings(kept)
    journal.refuse(at, source, refused)
