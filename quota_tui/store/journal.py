"""What only we know and nobody can tell us again: readings, alerts that fired, learned figures.

Never deleted by this program: a damaged file is set aside and a new one begun; before a migration the file
is copied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from quota_tui.core.alerts import Due, Mark
from quota_tui.core.readings import Reading, ReadingSource, WindowKind
from quota_tui.core.snapshot import Alert
from quota_tui.store.database import BUSY_S, connect, prepare, write

VERSION = 1
_SCHEMA = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE readings(
  id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, confirmed_ms INTEGER NOT NULL, kind TEXT NOT NULL,
  model TEXT NOT NULL, used_pct REAL NOT NULL, resets_ms INTEGER NOT NULL, source TEXT NOT NULL,
  session TEXT NOT NULL);
CREATE INDEX readings_confirmed ON readings(confirmed_ms);
CREATE TABLE refused(id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, source TEXT NOT NULL, why TEXT NOT NULL);
CREATE TABLE alerts(id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, alert BLOB NOT NULL);
CREATE INDEX alerts_at ON alerts(at_ms);
CREATE TABLE marks(id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, mark BLOB NOT NULL);
CREATE INDEX marks_at ON marks(at_ms);
CREATE TABLE learned(key TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, value BLOB NOT NULL) WITHOUT ROWID;
"""

_SAME_RESET_MS = 120_000
"""Two reports of one reset can differ by seconds (epoch) or a minute (wording)."""

_KINDS, _SOURCES = frozenset(WindowKind), frozenset(ReadingSource)
_KEEP_REFUSED = 200
_encode = msgspec.msgpack.Encoder().encode
_decode_alert = msgspec.msgpack.Decoder(Alert).decode
_decode_mark = msgspec.msgpack.Decoder(Mark).decode
_T = TypeVar("_T")
_MARKS_MATTER = timedelta(days=15)
"""Longer than two weekly windows."""


class Journal:
    """The journal file. Instants are aware UTC datetimes."""

    def __init__(self, path: Path | None, *, busy_s: float = BUSY_S, copy_of: Path | None = None) -> None:
        self.path = path
        self.db = connect(path, busy_s=busy_s, copy_of=copy_of)
        self.is_new = prepare(self.db, path, VERSION, _SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()

    def changes(self) -> int:
        """A number that changes when another process has written."""
        return int(self.db.execute("PRAGMA data_version").fetchone()[0])

    # -- readings

    def add_readings(self, readings: Iterable[Reading]) -> int:
        """Keep readings; one that repeats its reporter's last word only confirms it. How many are new."""
        new = 0
        with write(self.db):
            for reading in readings:
                new += self._add(reading)
        return new

    def _add(self, reading: Reading) -> int:
        at_ms, resets_ms = _ms(reading.at), _ms(reading.resets_at)
        last = self.db.execute(
            "SELECT id, used_pct, resets_ms, at_ms, confirmed_ms FROM readings"
            " WHERE kind=? AND model=? AND source=? AND session=?"
            " ORDER BY id DESC LIMIT 1",
            (reading.kind, reading.model, reading.source, reading.session_id),
        ).fetchone()
        if last is not None:
            number, used_pct, known_resets_ms, first_ms, confirmed_ms = last
            if used_pct == reading.used_pct and abs(known_resets_ms - resets_ms) <= _SAME_RESET_MS:
                self.db.execute(
                    "UPDATE readings SET at_ms=?, confirmed_ms=? WHERE id=?",
                    (min(first_ms, at_ms), max(confirmed_ms, at_ms), number),
                )
                return 0
        known = self.db.execute(
            "SELECT 1 FROM readings"
            " WHERE kind=? AND model=? AND source=? AND session=? AND used_pct=?"
            " AND at_ms<=? AND confirmed_ms>=?",
            (
                reading.kind,
                reading.model,
                reading.source,
                reading.session_id,
                reading.used_pct,
                at_ms,
                at_ms,
            ),
        ).fetchone()
        if known is not None:
            return 0  # a transcript that is read again brings its limit lines again
        self.db.execute(
            "INSERT INTO readings VALUES(NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                at_ms,
                at_ms,
                reading.kind,
                reading.model,
                reading.used_pct,
                resets_ms,
                reading.source,
                reading.session_id,
            ),
        )
        return 1

    def readings(self, since: datetime) -> list[Reading]:
        """Readings last confirmed at or after an instant, oldest first."""
        rows = self.db.execute(
            "SELECT at_ms, confirmed_ms, kind, model, used_pct, resets_ms, source, session FROM readings"
            " WHERE confirmed_ms>=? ORDER BY at_ms, id",
            (_ms(since),),
        )
        return [_reading(row) for row in rows if row[2] in _KINDS and row[6] in _SOURCES]

    def refuse(self, at: datetime, source: str, reasons: Sequence[str]) -> None:
        """Remember values that cannot be true, for `doctor`."""
        if not reasons:
            return
        with write(self.db):
            self.db.executemany(
                "INSERT INTO refused VALUES(NULL, ?, ?, ?)", [(_ms(at), source, why) for why in reasons]
            )
            self.db.execute(
                "DELETE FROM refused WHERE id <= (SELECT max(id) FROM refused) - ?", (_KEEP_REFUSED,)
            )

    def refused(self) -> list[tuple[datetime, str, str]]:
        """(at, source, why) of values that were refused, newest first."""
        rows = self.db.execute("SELECT at_ms, source, why FROM refused ORDER BY id DESC")
        return [(_instant(at_ms), source, why) for at_ms, source, why in rows]

    def refused_count(self) -> int:
        """How many refused values are remembered."""
        return int(self.db.execute("SELECT count(*) FROM refused").fetchone()[0])

    # -- alerts

    def fire(self, now: datetime, due: Callable[[list[Mark]], Due]) -> tuple[Alert, ...]:
        """Ask `due` what fires, given what has fired, and remember it. An alert's one owner gets it here.

        Asking and remembering are one transaction, so of two programs that see a threshold crossed at once
        only one fires. When nothing is due nothing is written.
        """
        marks = self.marks(now - _MARKS_MATTER)
        if not due(marks).marks:
            return ()
        with write(self.db):
            found = due(self.marks(now - _MARKS_MATTER))
            self.db.executemany(
                "INSERT INTO marks VALUES(NULL, ?, ?)",
                [(_ms(mark.at), _encode(mark)) for mark in found.marks],
            )
            self.db.executemany(
                "INSERT INTO alerts VALUES(NULL, ?, ?)",
                [(_ms(each.at), _encode(each)) for each in found.alerts],
            )
        return found.alerts

    def marks(self, since: datetime) -> list[Mark]:
        """Thresholds that fired at or after an instant."""
        rows = self.db.execute("SELECT mark FROM marks WHERE at_ms>=? ORDER BY id", (_ms(since),))
        return list(_decoded(rows, _decode_mark))

    def alerts(self, since: datetime) -> list[Alert]:
        """Alerts that fired at or after an instant, oldest first."""
        rows = self.db.execute("SELECT alert FROM alerts WHERE at_ms>=? ORDER BY at_ms, id", (_ms(since),))
        return list(_decoded(rows, _decode_alert))

    # -- learned figures

    def learned(
        self, key: str, newer_than: timedelta | None = None, now: datetime | None = None
    ) -> bytes | None:
        """A learned figure; None when there is none, or none recent enough."""
        row = self.db.execute("SELECT at_ms, value FROM learned WHERE key=?", (key,)).fetchone()
        if row is None:
            return None
        if newer_than is not None and now is not None and not 0 <= _ms(now) - row[0] <= newer_than / _MS:
            return None
        return bytes(row[1])

    def learn(self, key: str, value: bytes, now: datetime) -> None:
        """Keep a learned figure."""
        self.db.execute("INSERT OR REPLACE INTO learned VALUES(?, ?, ?)", (key, _ms(now), value))


_MS = timedelta(milliseconds=1)


def _reading(row: tuple[Any, ...]) -> Reading:
    at_ms, confirmed_ms, kind, model, used_pct, resets_ms, source, session = row
    return Reading(
        at=_instant(at_ms),
        confirmed_at=_instant(confirmed_ms),
        kind=WindowKind(kind),
        model=model,
        used_pct=used_pct,
        resets_at=_instant(resets_ms),
        source=ReadingSource(source),
        session_id=session,
    )


def _decoded(rows: Iterable[tuple[bytes]], decode: Callable[[bytes], _T]) -> Iterator[_T]:
    """What can be decoded: a row of another version of this program must not hide the rest."""
    for (blob,) in rows:
        with suppress(msgspec.MsgspecError):
            yield decode(blob)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
