"""Places that do not let us: full disks, read-only homes, files that others hold or that are not for us."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.conftest import NOW
from tests.lines import append, line, write_transcript
from tests.monitor.rig import (
    history_calls,
    json_of,
    monitor,
    paths,
    quota,
    readings,
    run,
    tell,
    work,
)

ROOT = sys.platform == "linux" and os.geteuid() == 0


def _mount(*args: str) -> bool:
    return subprocess.run(["mount", *args], capture_output=True, check=False).returncode == 0


@contextmanager
def mounted(where: Path, *args: str) -> Iterator[None]:
    """A file system of its own at `where`; skips, and says why, where that is not allowed."""
    if not ROOT:
        pytest.skip("mounting takes root on Linux")
    if not _mount(*args, str(where)):
        pytest.skip("this system does not let even root mount")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(where)], check=True)


@pytest.fixture
def small_disk(home: Path) -> Iterator[Path]:
    """Our own files on a disk of 600 kB."""
    ours = home / "ours"
    ours.mkdir()
    with mounted(ours, "-t", "tmpfs", "-o", "size=600k", "tmpfs"):
        os.environ["QUOTA_TUI_HOME"] = str(ours)
        try:
            yield ours
        finally:
            del os.environ["QUOTA_TUI_HOME"]


def fill(disk: Path) -> None:
    with (disk / "ballast").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 512)


@pytest.fixture
def read_only(home: Path) -> Iterator[None]:
    """The whole home can be read and not written, after some use."""
    work(home)
    tell(62.5)
    quota("status")
    append(work(home, name="s2", calls=3), line("late", "late", at=NOW) + "\n")
    with mounted(home, "--bind", str(home)):
        assert _mount("-o", "remount,ro,bind", str(home))
        yield


# -- a full disk


def test_a_full_disk_shows_what_is_known(home: Path, small_disk: Path) -> None:
    path = work(home)
    tell(62.5)
    quota("status")
    fill(small_disk)
    append(path, line("new", "new", at=NOW) + "\n")
    for command in (["status"], ["usage"], ["check"], ["usage", "--by", "model"]):
        result = quota(*command)
        assert result.exit_code in {0, 1}, result.output
    result = run("statusline", stdin=b"{}")
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"62%" in result.stdout
    (small_disk / "ballast").unlink()
    assert json_of("status")["sources"]["calls"] == 61
    assert json_of("status")["five_hour"]["used_pct"] >= 62.5


def test_a_disk_that_fills_up_while_it_runs(home: Path, small_disk: Path) -> None:
    path = work(home)
    with monitor() as running:
        assert running.collect(NOW).sources.calls == 60
        fill(small_disk)
        append(path, "".join(line(f"n{i}", "n", at=NOW) + "\n" for i in range(200)))
        full = running.collect(NOW, rescan=True)
        assert full.sources.calls == 60
        assert any("not read" in notice and "full" in notice for notice in full.sources.notices)
        assert running.collect(NOW + timedelta(seconds=1)).sources.calls == 60
        (small_disk / "ballast").unlink()
        again = running.collect(NOW + timedelta(seconds=2))
        assert again.sources.calls == 260
        assert again.sources.notices == ()


def test_a_full_disk_is_no_trouble_while_nothing_happens(home: Path, small_disk: Path) -> None:
    work(home)
    with monitor() as running:
        running.collect(NOW)
        running.stores.index.remember_look(b"")
        fill(small_disk)
        again = running.collect(NOW + timedelta(seconds=1), rescan=True)
        assert (again.sources.calls, again.sources.notices) == (60, ())


def test_a_disk_that_was_full_from_the_start(home: Path, small_disk: Path) -> None:
    work(home)
    fill(small_disk)
    found = json_of("status")
    assert found["sources"]["calls"] == 60  # in memory
    assert any("nothing is kept" in notice for notice in found["sources"]["notices"])
    (small_disk / "ballast").unlink()
    assert json_of("status")["sources"]["notices"] == []
    assert history_calls() == 60


@pytest.mark.parametrize("name", ["index", "history", "journal"])
def test_any_file_may_be_the_one_that_is_full(home: Path, name: str) -> None:
    """The same without a mount: SQLite is told that this file may not grow."""
    path = write_transcript(home, [line(at=NOW)])
    tell(96)
    with monitor() as running:
        running.collect(NOW)
        db = getattr(running.stores, name).db
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count={pages}")
        names = ["x" * 1000 + str(i) for i in range(400)]
        append(
            path,
            "".join(line(each, each, at=NOW + timedelta(seconds=1), session=each) + "\n" for each in names),
        )
        write_transcript(home, [line(model="<synthetic>", isApiErrorMessage=True, error="rate_limit")] * 3)
        for i in range(400):
            write_transcript(home, [line(f"o{i}", f"{i}", at=NOW)], f"-p{i}-{'y' * 180}/s.jsonl")
        shown = running.collect(NOW + timedelta(seconds=2), rescan=True)
        assert shown.five_hour.used_pct is not None
        db.execute("PRAGMA max_page_count=4294967294")
        running.collect(NOW + timedelta(seconds=3), rescan=True)
        assert running.stores.history.call_count() > 400
    assert all(getattr(paths(), f"{each}_db").exists() for each in ("index", "history", "journal"))


# -- a read-only home


@pytest.mark.usefixtures("read_only")
def test_a_read_only_home_shows_what_is_known_and_what_is_new(home: Path) -> None:
    listing = sorted(str(path) for path in home.rglob("*"))
    found = json_of("status")
    assert found["sources"]["calls"] == 64  # the new ones were read, into memory
    assert found["five_hour"]["used_pct"] >= 62.5
    assert all("nothing is kept there" in notice for notice in found["sources"]["notices"])
    assert len(found["sources"]["notices"]) == 2
    for command in (["usage"], ["check"], ["status", "--line"], ["usage", "--by", "window"]):
        assert quota(*command).exit_code in {0, 1}
    assert sorted(str(path) for path in home.rglob("*")) == listing


@pytest.mark.usefixtures("read_only")
def test_the_status_line_in_a_read_only_home(home: Path) -> None:
    result = run(
        "statusline",
        stdin=b'{"rate_limits": {"five_hour": {"used_percentage": 96, "resets_at": 1795197600}}}',
    )
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"96%" in result.stdout
    assert len(result.stdout.splitlines()) == 2


@pytest.mark.usefixtures("read_only")
def test_a_monitor_in_a_read_only_home_follows_what_happens(home: Path) -> None:
    with monitor() as running:
        first = running.collect(NOW)
        assert first.sources.calls == 64
        again = running.collect(NOW + timedelta(seconds=1), rescan=True)
        assert again.sources.calls == 64


def test_a_home_that_was_never_there(home: Path) -> None:
    result = run("status", "--json", HOME="/nonexistent/home")
    assert result.returncode == 0, result.stderr
    result = run("statusline", stdin=b"", HOME="/proc/nothing")
    assert (result.returncode, result.stderr) == (0, b"")


def test_our_folders_are_files(home: Path) -> None:
    work(home)
    (home / "ours").mkdir()
    for name in ("data", "cache"):
        (home / "ours" / name).write_text("a file")
    found = json_of("status", QUOTA_TUI_HOME=str(home / "ours"))
    assert found["sources"]["calls"] == 60
    assert all("move that" in notice for notice in found["sources"]["notices"])
    assert (home / "ours" / "data").read_text() == "a file"


def test_files_that_may_not_be_written(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user's files, as seen by one who is not root."""
    work(home)
    tell(62.5)
    quota("status")
    before = {file: file.read_bytes() for file in (paths().index_db, paths().history_db, paths().journal_db)}
    real = os.access
    monkeypatch.setattr(
        "quota_tui.store.database.os.access", lambda path, mode: real(path, mode) and Path(path) not in before
    )
    found = json_of("status")
    assert found["sources"]["calls"] == 60
    assert found["five_hour"]["used_pct"] == 62.5
    assert all("read-only" in notice for notice in found["sources"]["notices"])
    assert {file: file.read_bytes() for file in before} == before


# -- files of a newer version


@pytest.mark.parametrize("name", ["index_db", "history_db", "journal_db"])
@pytest.mark.parametrize("command", [["status"], ["usage"], ["check"]])
def test_a_file_of_a_newer_version_is_left_alone_and_said_so(
    home: Path, name: str, command: list[str]
) -> None:
    work(home)
    tell(4)
    quota("status")
    file = getattr(paths(), name)
    with closing(sqlite3.connect(file)) as db:
        db.execute("PRAGMA user_version=99")
        db.execute("CREATE TABLE news(a)")
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = file.read_bytes()
    others = sorted(os.listdir(paths().data_dir))
    result = quota(*command)
    assert result.exit_code in {0, 4}  # without the journal no limit is known
    said = result.stdout if command == ["status"] else result.stderr
    (notice,) = [each for each in said.splitlines() if "newer quota-tui" in each]
    assert f"{file}: made by a newer quota-tui (schema 99, this one knows 1); update this one" in notice
    assert run("statusline", stdin=b"{}").returncode == 0
    assert file.read_bytes() == before
    assert sorted(os.listdir(paths().data_dir)) == others
    if name == "history_db":  # in memory all of it is read again, and the index on disk does not forget
        assert "60" in quota("usage").stdout.splitlines()[-1]
    with closing(sqlite3.connect(file)) as db:
        db.execute("PRAGMA user_version=1")
    assert quota("usage").stderr == ""
    assert history_calls() == 60


# -- files that others hold


@contextmanager
def writing(*names: str) -> Iterator[None]:
    holders = []
    for name in names:
        db = sqlite3.connect(getattr(paths(), name), isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        holders.append(db)
    try:
        yield
    finally:
        for db in holders:
            db.close()


@pytest.mark.parametrize(
    "names", [["index_db"], ["history_db"], ["journal_db"], ["index_db", "history_db", "journal_db"]]
)
def test_another_program_that_writes_for_long(
    home: Path, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quota_tui.monitor.monitor.BUSY_S", 0.2)
    path = work(home)
    tell(62.5)
    quota("status")
    append(path, line("new", "new", at=NOW) + "\n")
    with writing(*names):
        with monitor() as running:
            begun = time.monotonic()
            found = running.collect(NOW)
            assert time.monotonic() - begun < 3
        assert found.five_hour.used_pct is not None
        assert found.sources.calls == (61 if names == ["journal_db"] else 60)
        waits = [notice for notice in found.sources.notices if "transcripts are not read" in notice]
        assert len(waits) == (0 if names == ["journal_db"] else 1)
        assert all("locked" in notice for notice in waits)
    assert json_of("status")["sources"]["calls"] == 61


def test_one_that_holds_the_files_for_itself(home: Path) -> None:
    """Then they cannot be read either: what transcripts say is shown, from memory."""
    work(home)
    tell(62.5)
    quota("status")
    with closing(sqlite3.connect(paths().history_db, isolation_level=None)) as holder:
        holder.execute("PRAGMA locking_mode=EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")
        with monitor(busy_s=0.1) as running:
            found = running.collect(NOW)
    assert found.sources.calls == 60
    assert found.five_hour.used_pct == 62.5
    assert any("locked" in notice for notice in found.sources.notices)
    assert history_calls() == 60
    assert len(readings()) == 1


def test_files_held_while_it_runs_end_a_command_with_one_line(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database is locked")

    for command, place in [
        ("status", "quota_tui.cli.status.Monitor.collect"),
        ("check", "quota_tui.cli.check.Monitor.collect"),
        ("usage", "quota_tui.cli.usage.usage_rows"),
    ]:
        monkeypatch.setattr(place, locked)
        result = quota(command)
        assert (result.exit_code, result.stdout) == (3, "")
        assert (
            result.stderr
            == f"quota-tui: the files in {paths().data_dir} cannot be used (database is locked)\n"
        )
        monkeypatch.undo()
        monkeypatch.setenv("HOME", str(home))
