"""Save calls from a damaged history file: whatever can still be read is kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from quota_tui.core.usage import LATEST_MS, MAX_TOKENS, UsageRecord
from quota_tui.store.history_merge import record_of

_CALLS = (
    "SELECT id, call_id, request_id, at_ms, session, project, model, input, output, write_5m, write_1h, read,"
    " cost, searches, flags, agent FROM calls"
)
_NAMED = slice(4, 7)


def salvaged_calls(path: Path) -> list[UsageRecord]:
    """The calls that can still be read, from the file's beginning and from its end up to the damage.

    Rows whose session, project or model cannot be read are left: what transcripts still say comes from them.
    """
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error:
        return []
    with closing(db):
        names = {row[0]: row[1] for row in _rows(db, "SELECT id, name FROM names")}
        saved = [_record(row, names) for row in _rows(db, _CALLS)]
    return [record for record in saved if record is not None]


def _rows(db: sqlite3.Connection, query: str) -> list[tuple[Any, ...]]:
    found: dict[int, tuple[Any, ...]] = {}
    for order in ("ASC", "DESC"):
        try:
            # dict.update keeps what came before the damage.
            found.update(_by_number(db, f"{query} ORDER BY id {order}"))
        except sqlite3.DatabaseError:
            continue
    return list(found.values())


def _by_number(db: sqlite3.Connection, query: str) -> Iterator[tuple[int, tuple[Any, ...]]]:
    for row in db.execute(query):
        yield row[0], row


def _record(row: tuple[Any, ...], names: dict[int, str]) -> UsageRecord | None:
    """The call in a row; None when something in it cannot be true."""
    _, call_id, request_id, at_ms, *_ = row
    named = [names.get(number) for number in row[_NAMED]]
    counts, cost, searches, flags, agent = row[7:12], row[12], row[13], row[14], row[15]
    texts = (call_id, request_id, agent or "", *named)
    numbers = (at_ms, *counts, searches, flags)
    if not all(isinstance(text, str) for text in texts) or not call_id:
        return None
    if not all(isinstance(number, int) and number >= 0 for number in numbers):
        return None
    if not isinstance(cost, float) or not 0 <= cost < MAX_TOKENS:
        return None
    if not 0 < at_ms < LATEST_MS or sum(counts) > MAX_TOKENS:
        return None
    return record_of((*row[:4], *named, *row[7:]))
