"""How far each transcript was read. Deleted or damaged, it is rebuilt by reading the transcripts again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from quota_tui.store.database import BUSY_S, connect, prepare

VERSION = 1
_SCHEMA = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE files(
  path TEXT PRIMARY KEY, inode INTEGER NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
  cursor BLOB NOT NULL, notes BLOB, notes_total INTEGER NOT NULL) WITHOUT ROWID;
"""


class IndexedFile(msgspec.Struct, frozen=True, gc=False):
    """A transcript as it was when it was last read. `cursor` and `notes` are the reader's own bytes."""

    path: str
    inode: int
    size: int
    mtime_ns: int
    cursor: bytes
    notes: bytes | None = None
    notes_total: int = 0


class Index:
    """The index file."""

    def __init__(self, path: Path | None, *, busy_s: float = BUSY_S, copy_of: Path | None = None) -> None:
        self.path = path
        self.db = connect(path, busy_s=busy_s, copy_of=copy_of)
        self.is_new = prepare(self.db, path, VERSION, _SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()

    def stamps(self) -> dict[str, tuple[int, int, int]]:
        """(inode, size, mtime_ns) of every known transcript, by path."""
        rows = self.db.execute("SELECT path, inode, size, mtime_ns FROM files")
        return {
            path if type(path) is str else os.fsdecode(path): (inode, size, mtime_ns)
            for path, inode, size, mtime_ns in rows
        }

    def changes(self) -> int:
        """A number that changes when another process has written."""
        return int(self.db.execute("PRAGMA data_version").fetchone()[0])

    def last_look(self) -> bytes:
        """What the last whole look at the folders saw, as `remember_look` was told."""
        row = self.db.execute("SELECT value FROM meta WHERE key='look'").fetchone()
        return row[0] if row else b""

    def remember_look(self, look: bytes, whole_at_ns: int | None = None) -> None:
        """Keep a fingerprint of what the folders show; all of it has been read (inside a transaction).

        `whole_at_ns` (Unix ns) when every folder was entered.
        """
        self.db.execute("INSERT OR REPLACE INTO meta VALUES('look', ?)", (look,))
        if whole_at_ns is not None:
            self.db.execute("INSERT OR REPLACE INTO meta VALUES('whole_look_ns', ?)", (whole_at_ns,))

    def last_whole_look_ns(self) -> int:
        """When every folder was last entered (Unix ns)."""
        row = self.db.execute("SELECT value FROM meta WHERE key='whole_look_ns'").fetchone()
        return int(row[0]) if row else 0

    def stamps_of(self, path: str) -> tuple[int, int, int] | None:
        """(inode, size, mtime_ns) of one transcript."""
        row = self.db.execute(
            "SELECT inode, size, mtime_ns FROM files WHERE path=?", (_key(path),)
        ).fetchone()
        return (row[0], row[1], row[2]) if row else None

    def get(self, path: str) -> IndexedFile | None:
        """What is known of one transcript."""
        row = self.db.execute(
            "SELECT path, inode, size, mtime_ns, cursor, notes, notes_total FROM files WHERE path=?",
            (_key(path),),
        ).fetchone()
        return _file(row) if row else None

    def put(self, files: Iterable[IndexedFile]) -> None:
        """Keep what was read (inside a write transaction)."""
        self.db.executemany(
            "INSERT OR REPLACE INTO files VALUES(?, ?, ?, ?, ?, ?, ?)",
            [(_key(f.path), f.inode, f.size, f.mtime_ns, f.cursor, f.notes, f.notes_total) for f in files],
        )

    def forget(self, paths: Iterable[str]) -> None:
        """Drop transcripts that are gone (inside a write transaction); their calls stay in the history."""
        self.db.executemany("DELETE FROM files WHERE path=?", [(_key(path),) for path in paths])

    def with_notes(self) -> list[IndexedFile]:
        """Transcripts with lines that were not counted."""
        rows = self.db.execute(
            "SELECT path, inode, size, mtime_ns, cursor, notes, notes_total FROM files WHERE notes_total>0"
            " ORDER BY path"
        )
        return [_file(row) for row in rows]

    def notes_total(self) -> int:
        """How many lines were not counted."""
        return int(self.db.execute("SELECT coalesce(sum(notes_total), 0) FROM files").fetchone()[0])

    def history_id(self) -> str:
        """Which history file the cursors belong to."""
        row = self.db.execute("SELECT value FROM meta WHERE key='history'").fetchone()
        return str(row[0]) if row else ""

    def start_over(self, history_id: str) -> None:
        """Forget every cursor: the next scan reads everything into the history of this id."""
        self.db.execute("DELETE FROM files")
        self.db.execute("DELETE FROM meta WHERE key='look'")
        self.db.execute("INSERT OR REPLACE INTO meta VALUES('history', ?)", (history_id,))


def _key(path: str) -> str | bytes:
    """A path as SQLite takes it: names that are not UTF-8 go in as their bytes."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return os.fsencode(path)
    return path


def _file(row: Sequence[Any]) -> IndexedFile:
    return IndexedFile(os.fsdecode(row[0]), *row[1:])
