"""Every API call ever seen: the user's own history, which outlives Claude Code's transcripts.

`calls` holds the best line of each (call id, request id, side thread); `counted` marks those that are API
calls by `core.dedupe`. `bars` (five minutes) and `rollup` (15 minutes by model, session and project; all
time zones are multiples of 15 minutes) are sums over `calls`, renewed in the same transaction for the
spans that a merge touched: so a report costs what it shows, not what history holds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from quota_tui.core.usage import BAR_S, Bar, UsageRecord, UsageTotals
from quota_tui.store.database import BUSY_S, connect, prepare, write
from quota_tui.store.history_merge import PLACEHOLDER, READ_CALLS, Merge, record_of
from quota_tui.store.history_schema import INDEXES, ROLLUP_S, SCHEMA, SUMS, VERSION

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class History:
    """The history file. Instants are aware UTC datetimes; ranges are `start <= at < end`."""

    def __init__(self, path: Path | None, *, busy_s: float = BUSY_S, copy_of: Path | None = None) -> None:
        self.path = path
        self.db = connect(path, busy_s=busy_s, copy_of=copy_of)
        self.is_new = prepare(self.db, path, VERSION, SCHEMA + INDEXES)

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()

    def changes(self) -> int:
        """A number that changes when another process has written."""
        return int(self.db.execute("PRAGMA data_version").fetchone()[0])

    def meta(self, key: str) -> str:
        """A value of the `meta` table; empty when there is none."""
        row = self.db.execute("SELECT value FROM meta WHERE key=?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def set_meta(self, key: str, value: str) -> None:
        """Keep a value (inside or outside a write transaction)."""
        self.db.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (key, value))

    def prices(self) -> str:
        """Fingerprint of the price table behind the costs; empty when they are of several."""
        return self.meta("prices")

    # -- writing

    @contextmanager
    def merging(self) -> Iterator[Merge]:
        """One write transaction that takes lines of usage in any number of portions."""
        with write(self.db):
            merge = Merge(self.db)
            yield merge
            merge.finish()

    def merge(self, records: Iterable[UsageRecord]) -> int:
        """Take lines of usage, in any order, also ones already known; the number of rows that changed."""
        with self.merging() as merge:
            merge.add(records)
        return merge.changed

    # -- reading

    @staticmethod
    def read_calls(db: sqlite3.Connection, order: str = "ASC") -> Iterator[tuple[int, UsageRecord]]:
        """(row number, line) of everything in a history file, from its beginning or its end."""
        assert order in {"ASC", "DESC"}
        for row in db.execute(f"{READ_CALLS} ORDER BY calls.id {order}"):
            yield row[0], record_of(row)

    def totals(self, start: datetime, end: datetime, model_family: str = "") -> UsageTotals:
        """What the calls of a range add up to; of one model family when it is named."""
        first, last = first_ms(start), first_ms(end)
        span = ROLLUP_S * 1000 if model_family else BAR_S * 1000
        inner, outer = -(-first // span) * span, last // span * span
        if outer <= inner:
            return self._sum_calls(((first, last),), model_family)
        return self._sum_calls(((first, inner), (outer, last)), model_family) + self._sum_spans(
            inner // 1000, outer // 1000, model_family
        )

    def _sum_calls(self, ranges: Sequence[tuple[int, int]], family: str) -> UsageTotals:
        found = UsageTotals()
        for first, last in ranges:
            if first < last:
                sql = f"SELECT {SUMS} FROM calls WHERE counted AND at_ms>=? AND at_ms<?"
                found += _totals(self.db.execute(sql + _family(family), (first, last)).fetchone())
        return found

    def _sum_spans(self, start_s: int, end_s: int, family: str) -> UsageTotals:
        table = "rollup" if family else "bars"
        row = self.db.execute(
            "SELECT sum(input), sum(output), sum(write), sum(read), sum(cost), sum(calls)"
            f" FROM {table} WHERE start_s>=? AND start_s<?" + _family(family),
            (start_s, end_s),
        ).fetchone()
        return _totals(row)

    def first_call_at(self, at_or_after: datetime) -> datetime | None:
        """When the first call at or after an instant was made."""
        row = self.db.execute(
            "SELECT at_ms FROM calls WHERE counted AND at_ms>=? ORDER BY at_ms LIMIT 1",
            (first_ms(at_or_after),),
        ).fetchone()
        return _instant(row[0]) if row else None

    def last_call_at(self, before: datetime) -> datetime | None:
        """When the last call before an instant was made."""
        row = self.db.execute(
            "SELECT at_ms FROM calls WHERE counted AND at_ms<? ORDER BY at_ms DESC LIMIT 1",
            (first_ms(before),),
        ).fetchone()
        return _instant(row[0]) if row else None

    def bars(self, start: datetime, end: datetime) -> list[Bar]:
        """The five-minute bars that start in a range, oldest first; spans without calls are left out."""
        rows = self.db.execute(
            "SELECT start_s, input, output, write, read, cost, calls FROM bars WHERE start_s>=? AND start_s<?"
            " ORDER BY start_s",
            (int(start.timestamp()), int(end.timestamp())),
        )
        return [Bar(row[0], UsageTotals(*row[1:])) for row in rows]

    def recent(self, start: datetime, end: datetime) -> list[tuple[datetime, int, float]]:
        """(at, tokens, cost in $) of each call of a short range, oldest first."""
        rows = self.db.execute(
            "SELECT at_ms, input + output + write_5m + write_1h, cost FROM calls"
            " WHERE counted AND at_ms>=? AND at_ms<? ORDER BY at_ms",
            (first_ms(start), first_ms(end)),
        )
        return [(_instant(at_ms), tokens, cost) for at_ms, tokens, cost in rows]

    def placeholder_count(self) -> int:
        """How many calls have output that is known to be a placeholder."""
        sql = f"SELECT count(*) FROM calls WHERE counted AND flags & {PLACEHOLDER}"
        return int(self.db.execute(sql).fetchone()[0])

    def call_count(self) -> int:
        """How many API calls are known."""
        return int(self.db.execute("SELECT coalesce(sum(calls), 0) FROM bars").fetchone()[0])


def _totals(row: Sequence[float | None]) -> UsageTotals:
    tokens_in, tokens_out, written, read, cost, count = row
    return UsageTotals(
        int(tokens_in or 0),
        int(tokens_out or 0),
        int(written or 0),
        int(read or 0),
        cost or 0.0,
        int(count or 0),
    )


def _family(family: str) -> str:
    """A condition on the model; `family` is one of our own words (`core.pricing.FAMILIES`)."""
    if not family:
        return ""
    assert family.isalpha()
    return f" AND model IN (SELECT id FROM names WHERE name LIKE '%{family}%')"


def first_ms(at: datetime) -> int:
    """The first whole millisecond (Unix) at or after an instant: calls are timed in those."""
    return -(-((at - _EPOCH) // _MICROSECOND) // 1000)


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
