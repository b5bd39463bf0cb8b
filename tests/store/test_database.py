"""SQLite files: opened privately, never destroyed, and every failure told apart."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from quota_tui.store.database import (
    StoreCorruptError,
    StoreUnavailableError,
    connect,
    discard,
    is_busy,
    is_damage,
    is_sound,
    prepare,
    set_aside,
    write,
)

SCHEMA = "CREATE TABLE t(a);\nCREATE INDEX t_a ON t(a);\n"


def opened(path: Path, version: int = 1, busy_s: float = 0.1) -> sqlite3.Connection:
    db = connect(path, busy_s=busy_s)
    prepare(db, path, version, SCHEMA)
    return db


def filled(path: Path, rows: int = 500) -> None:
    db = opened(path)
    with write(db):
        db.executemany("INSERT INTO t VALUES(?)", [(f"{i:0100d}",) for i in range(rows)])
    db.close()


def count(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT count(*) FROM t").fetchone()[0])


def test_a_new_file_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.db"
    db = connect(path)
    assert prepare(db, path, 1, SCHEMA)
    again = connect(path)
    assert not prepare(again, path, 1, SCHEMA)
    assert again.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    db.close()
    again.close()


@pytest.mark.parametrize(
    "content", [b"garbage " * 2000, b"x" * 100, b"SQLite format 3\0" + b"\xff" * 2000, b"{}\n"]
)
def test_a_file_that_is_no_database_is_told_as_damaged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(content)
    with pytest.raises(StoreCorruptError, match=r"x\.db"):
        opened(path)
    assert path.read_bytes() == content


def test_a_file_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    filled(path)
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version=7")
    db.close()
    before = path.read_bytes()
    with pytest.raises(
        StoreUnavailableError, match=r"newer quota-tui \(schema 7, this one knows 1\); update"
    ) as caught:
        opened(path)
    assert not caught.value.is_readable  # what it holds cannot be understood
    assert path.read_bytes() == before


def test_somebody_elses_database_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE t(mine)")
    db.execute("INSERT INTO t VALUES('precious')")
    db.commit()
    db.close()
    with pytest.raises(StoreUnavailableError):
        opened(path)
    db = sqlite3.connect(path)
    assert db.execute("SELECT * FROM t").fetchall() == [("precious",)]
    db.close()


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "x.db").mkdir()
    with pytest.raises(StoreUnavailableError):
        opened(tmp_path / "x.db")


def test_a_file_in_the_place_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StoreUnavailableError, match="something else is in its place; move that away"):
        opened(tmp_path / "data" / "x.db")


def test_a_file_that_may_not_be_written_is_copied_into_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.db"
    filled(path)
    monkeypatch.setattr("quota_tui.store.database.os.access", lambda *_: False)  # root may write everything
    with pytest.raises(StoreUnavailableError, match="read-only") as caught:
        opened(path)
    assert caught.value.is_readable
    before = path.read_bytes(), sorted(os.listdir(tmp_path))
    copy = connect(None, copy_of=path)
    assert not prepare(copy, None, 1, SCHEMA)
    copy.execute("INSERT INTO t VALUES('new')")
    assert count(copy) == 501
    copy.close()
    assert (path.read_bytes(), sorted(os.listdir(tmp_path))) == before


@pytest.mark.parametrize("content", [None, b"", b"garbage" * 900])
def test_a_copy_of_what_cannot_be_read_is_empty(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.db"
    if content is not None:
        path.write_bytes(content)
    copy = connect(None, copy_of=path)
    assert prepare(copy, None, 1, SCHEMA)
    assert count(copy) == 0
    copy.close()


def test_a_writer_waits_and_then_gives_up(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    one, two = opened(path), opened(path)
    one.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError) as caught, write(two):
        pass
    assert is_busy(caught.value)
    assert not is_damage(caught.value)
    assert count(two) == 0  # reading never waits
    one.execute("ROLLBACK")
    with write(two):
        two.execute("INSERT INTO t VALUES(1)")
    one.close()
    two.close()


def test_a_file_held_for_itself_is_busy_and_not_damaged(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    filled(path)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreUnavailableError) as caught:
        opened(path)
    assert not caught.value.is_readable  # it changes while we would copy it
    holder.close()


def test_a_held_file_is_sound_as_far_as_anyone_can_say(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    db = opened(path)
    db.close()
    db = connect(path, busy_s=0.05)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    assert is_sound(db)
    holder.close()
    db.close()


def test_damage_inside_is_found(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    filled(path)
    with path.open("r+b") as file:
        file.seek(3 * 4096)
        file.write(b"\xee" * 4096 * 4)
    db = opened(path)  # the first page is whole
    assert not is_sound(db)
    with pytest.raises(sqlite3.DatabaseError) as caught:
        db.execute("SELECT * FROM t").fetchall()
    assert is_damage(caught.value)
    db.close()


def test_a_failure_inside_a_transaction_undoes_it(tmp_path: Path) -> None:
    db = opened(tmp_path / "x.db")
    with pytest.raises(sqlite3.IntegrityError), write(db):
        db.executemany("INSERT INTO t(rowid) VALUES(?)", [(1,), (1,)])
    assert count(db) == 0
    with write(db):  # and the connection is of use
        db.execute("INSERT INTO t VALUES(2)")
    assert count(db) == 1
    db.close()


def test_a_disk_that_is_full_at_the_commit_undoes_the_transaction(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    filled(path, 10)
    db = opened(path)
    db.execute("PRAGMA max_page_count=8")
    with pytest.raises(sqlite3.OperationalError, match="full"), write(db):
        db.executemany("INSERT INTO t VALUES(?)", [("x" * 3000,) for _ in range(50)])
    db.execute("PRAGMA max_page_count=4294967294")
    assert count(db) == 10
    with write(db):
        db.execute("INSERT INTO t VALUES(2)")
    db.close()


def test_setting_aside_takes_the_wal_along_and_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    places = []
    for content in (b"one", b"two", b"three"):
        path.write_bytes(content)
        (tmp_path / "x.db-wal").write_bytes(content + b" wal")
        places.append(set_aside(path, "20261120T160000Z"))
    assert [place.name for place in places] == [
        "x.db.damaged-20261120T160000Z",
        "x.db.damaged-20261120T160000Z-2",
        "x.db.damaged-20261120T160000Z-3",
    ]
    assert [place.read_bytes() for place in places] == [b"one", b"two", b"three"]
    assert places[1].with_name(places[1].name + "-wal").read_bytes() == b"two wal"
    assert not path.exists()
    discard(places[0])
    assert len(os.listdir(tmp_path)) == 4


def test_closing_a_file_that_was_set_aside_leaves_the_new_one_whole(tmp_path: Path) -> None:
    """Another process may have the damaged file open; its WAL must not be taken for the new file's."""
    path = tmp_path / "x.db"
    old = opened(path)
    old.execute("INSERT INTO t VALUES('old')")
    set_aside(path, "now")
    new = opened(path)
    new.execute("INSERT INTO t VALUES('new')")
    old.execute("INSERT INTO t VALUES('late')")
    old.close()
    other = opened(path)
    assert other.execute("SELECT a FROM t").fetchall() == [("new",)]
    other.execute("INSERT INTO t VALUES('newer')")
    new.close()
    other.close()
    last = opened(path)
    assert count(last) == 2
    assert is_sound(last)
    last.close()


def test_many_processes_make_one_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "x.db"
    code = (
        "import sys; from pathlib import Path; from quota_tui.store.database import *; p = Path(sys.argv[1]);"
        f"db = connect(p); prepare(db, p, 1, {SCHEMA!r});"
        "[db.execute('INSERT INTO t VALUES(1)') for _ in range(20)]; db.close()"
    )
    workers = [subprocess.Popen([sys.executable, "-c", code, str(path)]) for _ in range(4)]
    assert [worker.wait(timeout=60) for worker in workers] == [0] * 4
    db = opened(path)
    assert count(db) == 80
    db.close()
