"""Open SQLite files the one way this program does: private, WAL, patient with other processes."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BUSY_S = 10.0
"""How long a writer waits for another process's write before it gives up."""


class StoreUnavailableError(Exception):
    """The file cannot be opened or written: the message says which and why, for a person."""


class StoreCorruptError(Exception):
    """The file is not a usable database."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path


def connect(path: Path | None, *, busy_s: float = BUSY_S) -> sqlite3.Connection:
    """A connection in autocommit mode; transactions are explicit. `None`: in memory, kept nowhere.

    Raises StoreUnavailableError when the file cannot be made or opened.
    """
    if path is None:
        return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    try:
        if not path.exists():
            os.makedirs(path.parent, mode=0o700, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        db = sqlite3.connect(path, timeout=busy_s, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.OperationalError) as error:
        raise StoreUnavailableError(f"{path}: {error}") from error
    return db


def prepare(db: sqlite3.Connection, path: Path | None, version: int, schema: str) -> bool:
    """Make the tables when the file is new; True when it was.

    Raises StoreCorruptError for a damaged file or one of a newer version of this program, and
    StoreUnavailableError when it cannot be written.
    """
    where = path or Path(":memory:")
    try:
        found = db.execute("PRAGMA user_version").fetchone()[0]
        if found == version:
            db.execute("PRAGMA synchronous=NORMAL")
            return False
        if found > version:
            raise StoreCorruptError(
                where, f"made by a newer version (schema {found}, this one knows {version})"
            )
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        with write(db):
            if db.execute("PRAGMA user_version").fetchone()[0] == version:
                return False  # another process was faster
            for statement in schema.split(";\n"):
                if statement.strip():
                    db.execute(statement)
            db.execute(f"PRAGMA user_version={version:d}")
    except sqlite3.OperationalError as error:
        raise StoreUnavailableError(f"{where}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise StoreCorruptError(where, str(error)) from error
    return True


@contextmanager
def write(db: sqlite3.Connection) -> Iterator[None]:
    """One write transaction: all of it or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def set_aside(path: Path, stamp: str) -> Path:
    """Rename a damaged file (and its WAL) so that it is kept and out of the way; returns its new place."""
    target = path.with_name(f"{path.name}.damaged-{stamp}")
    number = 1
    while target.exists():
        number += 1
        target = path.with_name(f"{path.name}.damaged-{stamp}-{number}")
    os.replace(path, target)
    for suffix in ("-wal", "-shm"):
        side = path.with_name(path.name + suffix)
        if side.exists():
            os.replace(side, target.with_name(target.name + suffix))
    return target
