"""How lines of usage get into the history: in bulk into an empty one, with look-ups into a known one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from quota_tui.core.dedupe import calls, variants
from quota_tui.core.usage import BAR_S, LINE_KEY_PREFIX, UsageRecord
from quota_tui.store.history_schema import INDEXES, INSERT, MINUTES, ROLLUP_S, SUMS

_SIDECHAIN, PLACEHOLDER, FAST, US_ONLY = 1, 2, 4, 8
"""Bits of a row's `flags`."""


class _Names(dict[str, int]):
    """Sessions, projects and models as small numbers; a new name gets one (inside a write transaction)."""

    def __init__(self, db: sqlite3.Connection) -> None:
        super().__init__()
        self._db = db

    def __missing__(self, name: str) -> int:
        row = self._db.execute("SELECT id FROM names WHERE name=?", (name,)).fetchone()
        if row is None:
            row = (self._db.execute("INSERT INTO names(name) VALUES(?)", (name,)).lastrowid,)
        number = self[name] = int(row[0])
        return number


class Merge:
    """Lines of usage on their way into the history, within one write transaction.

    Into an empty history rows go in bulk, without look-ups, and the indexes are made at the end.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self.changed = 0
        self.oldest_ms = 1 << 62
        """The earliest instant whose sums changed (Unix ms)."""
        self._db = db
        self._names = _Names(db)
        self._touched: set[int] = set()
        self._seen: set[str] = set()
        self._again: list[UsageRecord] = []
        self._bulk = bool(db.execute("SELECT NOT EXISTS(SELECT 1 FROM calls)").fetchone()[0])
        if self._bulk:
            for statement in INDEXES.split(";\n"):
                db.execute("DROP INDEX " + statement.split()[2])

    def add(self, records: Iterable[UsageRecord]) -> None:
        """Take a portion; lines of one call may come in several."""
        groups: dict[str, UsageRecord | list[UsageRecord]] = {}
        for record in records:
            name = record.message_id or record.line_key
            group = groups.get(name)
            if group is None:
                groups[name] = record
            elif type(group) is list:
                group.append(record)
            else:
                groups[name] = [group, record]  # type: ignore[list-item]
        if self._bulk:
            self._add_new(groups)
        else:
            self._add_known(groups)

    def finish(self) -> None:
        """Make the indexes and the sums true again."""
        if self._bulk:
            for statement in INDEXES.split(";\n"):
                self._db.execute(statement)
            renew_sums(self._db, None)
            self._bulk = False
            self.add(self._again)
        renew_sums(self._db, self._touched)

    def _add_new(self, groups: dict[str, UsageRecord | list[UsageRecord]]) -> None:
        for name in self._seen & groups.keys():
            group = groups.pop(name)
            self._again.extend(group if isinstance(group, list) else [group])
        self._seen.update(groups)
        self._insert(groups)

    def _add_known(self, groups: Mapping[str, UsageRecord | list[UsageRecord]]) -> None:
        changed: dict[str, UsageRecord | list[UsageRecord]] = {}
        for name, group in groups.items():
            new = group if isinstance(group, list) else [group]
            known = self._known(name)
            lines = variants([*known, *new])
            if lines == known:
                continue
            if known:
                self._db.execute("DELETE FROM calls WHERE call_id=?", (name,))
            instants = [record.at_ms for record in (*known, *lines)]
            self._touched.update(instants)
            self.oldest_ms = min(self.oldest_ms, *instants)
            changed[name] = lines
        self._insert(changed)

    def _insert(self, groups: Mapping[str, UsageRecord | list[UsageRecord]]) -> None:
        rows = list(self._rows(groups))
        self._db.executemany(INSERT, rows)
        self.changed += len(rows)
        self.oldest_ms = min(self.oldest_ms, min((row[2] for row in rows), default=self.oldest_ms))

    def _rows(self, groups: Mapping[str, UsageRecord | list[UsageRecord]]) -> Iterator[tuple[Any, ...]]:
        for name, group in groups.items():
            if type(group) is list:
                lines = variants(group)
                kept = calls(lines)
                for record in lines:
                    yield self._row(name, record, record in kept)
            else:
                yield self._row(name, group, True)  # type: ignore[arg-type]

    def _row(self, name: str, record: UsageRecord, counted: bool) -> tuple[Any, ...]:
        number = self._names
        flags = _SIDECHAIN if record.is_sidechain else 0
        if record.output_is_placeholder:
            flags |= PLACEHOLDER
        if record.is_fast:
            flags |= FAST
        if record.is_us_only:
            flags |= US_ONLY
        return (
            name,
            record.request_id,
            record.at_ms,
            number[record.session_id],
            number[record.project],
            number[record.model],
            record.input_tokens,
            record.output_tokens,
            record.cache_write_5m_tokens,
            record.cache_write_1h_tokens,
            record.cache_read_tokens,
            record.cost_usd,
            record.web_searches,
            flags,
            record.agent_id or None,
            counted,
        )

    def _known(self, name: str) -> list[UsageRecord]:
        rows = self._db.execute(READ_CALLS + "WHERE call_id=?", (name,))
        return [record_of(row) for row in rows]


def renew_sums(db: sqlite3.Connection, touched: set[int] | None) -> None:
    """Sum `calls` anew: everything, or the spans that hold the `touched` instants (Unix ms)."""
    bars = f"INSERT INTO bars SELECT at_ms/{BAR_S * 1000}*{BAR_S}, {SUMS}, {MINUTES} FROM calls WHERE counted"
    rollup = (
        f"INSERT INTO rollup SELECT at_ms/{ROLLUP_S * 1000}*{ROLLUP_S}, session, project, model, {SUMS},"
        f" {MINUTES}, min(at_ms), max(at_ms) FROM calls WHERE counted"
    )
    if touched is None:
        db.execute("DELETE FROM bars")
        db.execute("DELETE FROM rollup")
        db.execute(bars + " GROUP BY 1")
        db.execute(rollup + " GROUP BY 1, 2, 3, 4")
        return
    between = " AND at_ms>=? AND at_ms<? "
    for span, table, insert, group in (
        (BAR_S, "bars", bars, "GROUP BY 1"),
        (ROLLUP_S, "rollup", rollup, "GROUP BY 1, 2, 3, 4"),
    ):
        for start in {at_ms // 1000 // span * span for at_ms in touched}:
            db.execute(f"DELETE FROM {table} WHERE start_s=?", (start,))
            db.execute(insert + between + group, (start * 1000, (start + span) * 1000))


READ_CALLS = """
SELECT calls.id, call_id, request_id, at_ms, s.name, p.name, m.name, input, output, write_5m, write_1h, read,
  cost, searches, flags, agent
FROM calls JOIN names s ON s.id=session JOIN names p ON p.id=project JOIN names m ON m.id=model """


def record_of(row: Sequence[Any]) -> UsageRecord:
    """The record in a row of `READ_CALLS`."""
    name, request_id, at_ms, session, project, model, *counts, cost, searches, flags, agent = row[1:]
    is_line = name.startswith(LINE_KEY_PREFIX)
    return UsageRecord(
        message_id="" if is_line else name,
        line_key=name if is_line else "",
        request_id=request_id,
        at_ms=at_ms,
        session_id=session,
        project=project,
        model=model,
        input_tokens=counts[0],
        output_tokens=counts[1],
        cache_write_5m_tokens=counts[2],
        cache_write_1h_tokens=counts[3],
        cache_read_tokens=counts[4],
        cost_usd=cost,
        web_searches=searches,
        is_sidechain=bool(flags & _SIDECHAIN),
        output_is_placeholder=bool(flags & PLACEHOLDER),
        is_fast=bool(flags & FAST),
        is_us_only=bool(flags & US_ONLY),
        agent_id=agent or "",
    )
