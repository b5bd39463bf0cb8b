"""Open SQLite files the one way this program does: private, WAL, patient with other processes."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from quota_tui.store.files import StoreError, ensure_private_dir

BUSY_S = 10.0
"""How long a writer waits for another process's write before it gives up."""

_LOOK_AGAIN_S = 0.01
_SIDES = ("-wal", "-shm")


class StoreUnavailableError(Exception):
    """The file cannot be opened or written: the message says which and why, for a person.

    `is_readable`: it may still be read (a full disk, a read-only home): a copy in memory can go on from it.
    """

    def __init__(self, path: Path, why: object, *, is_readable: bool = False) -> None:
        super().__init__(f"{path}: {why}")
        self.is_readable = is_readable


class StoreCorruptError(Exception):
    """The file is not a usable database."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path


def connect(path: Path | None, *, busy_s: float = BUSY_S, copy_of: Path | None = None) -> sqlite3.Connection:
    """A connection in autocommit mode; transactions are explicit.

    Without a path the database is in memory, kept nowhere; it begins as a copy of the file `copy_of` as far
    as that can be read. Raises StoreUnavailableError when the file cannot be made or opened.
    """
    if path is None:
        db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        if copy_of is not None:
            _copy(copy_of, db)
        return db
    try:
        if not path.exists():
            ensure_private_dir(path.parent)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        elif not os.access(path, os.W_OK):
            raise StoreUnavailableError(path, "it is read-only", is_readable=True)
        db = sqlite3.connect(path, timeout=busy_s, isolation_level=None, check_same_thread=False)
    except StoreError as error:
        raise StoreUnavailableError(path, error, is_readable=True) from error
    except OSError as error:
        raise StoreUnavailableError(path, error.strerror or error, is_readable=True) from error
    except sqlite3.OperationalError as error:
        raise StoreUnavailableError(path, error, is_readable=True) from error
    return db


def _copy(path: Path, db: sqlite3.Connection) -> None:
    """Copy a file that nobody can write into `db`. What only its WAL holds is not seen."""
    if not path.is_file():
        return
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as source:
        if is_sound(source):
            with suppress(sqlite3.OperationalError):  # it cannot be opened: an empty one has to do
                source.backup(db)


def prepare(db: sqlite3.Connection, path: Path | None, version: int, schema: str) -> bool:
    """Make the tables when the file is new; True when it was.

    Raises StoreCorruptError for a damaged file, and StoreUnavailableError when it cannot be written or was
    made by a newer version of this program. The connection is closed then.
    """
    where = path or Path(":memory:")
    try:
        found = db.execute("PRAGMA user_version").fetchone()[0]
        db.execute("PRAGMA synchronous=NORMAL")
        if found <= version:
            return found != version and _create(db, version, schema)
        error: Exception = StoreUnavailableError(
            where, f"made by a newer quota-tui (schema {found}, this one knows {version}); update this one"
        )
    except sqlite3.OperationalError as failed:
        error = StoreUnavailableError(where, failed, is_readable=not is_busy(failed))
    except sqlite3.DatabaseError as failed:
        error = StoreCorruptError(where, str(failed))
    db.close()
    raise error


def _create(db: sqlite3.Connection, version: int, schema: str) -> bool:
    _switch_to_wal(db)
    with write(db):
        if db.execute("PRAGMA user_version").fetchone()[0] == version:
            return False  # another process was faster
        for statement in schema.split(";\n"):
            if statement.strip():
                db.execute(statement)
        db.execute(f"PRAGMA user_version={version:d}")
    return True


def _switch_to_wal(db: sqlite3.Connection) -> None:
    """Several programs may make the file at once. For this SQLite does not always wait by itself."""
    deadline = time.monotonic() + db.execute("PRAGMA busy_timeout").fetchone()[0] / 1000
    while True:
        try:
            db.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() >= deadline:
                raise
            time.sleep(_LOOK_AGAIN_S)
        else:
            return


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another process holds the file: a matter of waiting."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the error may come from a damaged file, and not from what goes on around it."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)


def is_sound(db: sqlite3.Connection) -> bool:
    """Whether SQLite finds nothing wrong with the file. One that cannot be looked at now is not damaged."""
    try:
        return bool(db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except sqlite3.DatabaseError as error:
        return not is_damage(error)


@contextmanager
def write(db: sqlite3.Connection) -> Iterator[None]:
    """One write transaction: all of it or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # SQLite may have rolled back by itself, on a full disk
            db.execute("ROLLBACK")
        raise


def set_aside(path: Path, stamp: str) -> Path:
    """Rename a damaged file (and its WAL) so that it is kept and out of the way; returns its new place."""
    target = path.with_name(f"{path.name}.damaged-{stamp}")
    number = 1
    while target.exists():
        number += 1
        target = path.with_name(f"{path.name}.damaged-{stamp}-{number}")
    os.replace(path, target)
    for suffix in _SIDES:
        side = path.with_name(path.name + suffix)
        if side.exists():
            os.replace(side, target.with_name(target.name + suffix))
    return target


def discard(path: Path) -> None:
    """Delete a database file whose content can be had again, and its WAL."""
    for suffix in ("", *_SIDES):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
