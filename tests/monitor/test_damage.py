"""Damaged files: replaced where they can be had again, else set aside and said so; never destroyed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from quota_tui.core.readings import WindowKind
from quota_tui.store.database import connect
from quota_tui.store.history import History
from quota_tui.store.history_salvage import salvaged_calls
from tests.conftest import NOW
from tests.lines import line, write_transcript
from tests.monitor.rig import ALWAYS, REPO, history_calls, json_of, monitor, paths, quota, readings, tell, work


def garbage(file: Path) -> None:
    file.write_bytes(os.urandom(20_000))


def half(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2 // 4096 * 4096 + 700)


def zero(file: Path) -> None:
    file.write_bytes(b"")


def wrong_header(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.write(b"SQLite format 9\0")


def inside(file: Path) -> None:
    """The first page stays whole, so that the damage shows only on the way."""
    size = file.stat().st_size
    with file.open("r+b") as opened:
        opened.seek(4096)
        opened.write(b"\xee" * (size - 4096))


DAMAGES = [garbage, half, zero, wrong_header, inside]
Damage = Callable[[Path], None]


def settled(home: Path) -> None:
    """Enough of everything that each file has many pages."""
    for name in ("s1", "s2"):
        work(home, calls=400, name=name)
    write_transcript(home, [f'{{"usage": bad {i}' for i in range(40)], "-home-dev-bad/s9.jsonl")
    for i in range(60):
        tell(i / 2, at=NOW - timedelta(minutes=70 - i), session=f"{i}" * 60)
    tell(62.5)
    quota("status")


def aside(name: str) -> list[Path]:
    """The files that were set aside, their WALs left out."""
    found = paths().data_dir.glob(f"{name}.damaged-*")
    return sorted(file for file in found if not file.name.endswith(("-wal", "-shm")))


def harm(name: str, damage: Damage) -> None:
    """Damage a file that programs have open: all of it is written back first, and no page in memory counts."""
    file: Path = getattr(paths(), name)
    with closing(connect(file)) as db:
        db.execute("INSERT OR REPLACE INTO meta VALUES('test', 1)")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    damage(file)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_index_is_rebuilt_and_said_so(home: Path, damage: Damage) -> None:
    settled(home)
    damage(paths().index_db)
    found = json_of("status")
    assert any("index was" in notice and "rebuilt" in notice for notice in found["sources"]["notices"])
    assert (found["sources"]["calls"], found["sources"]["lines_skipped"]) == (800, 40)
    assert found["five_hour"]["used_pct"] == 62.5
    again = json_of("status")
    assert again["sources"]["notices"] == []
    assert again["sources"]["calls"] == 800
    assert [path.name for path in paths().cache_dir.iterdir()] == ["index.db"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_history_is_set_aside_and_said_so(home: Path, damage: Damage) -> None:
    settled(home)
    damage(paths().history_db)
    content = paths().history_db.read_bytes()
    found = json_of("status")
    assert any("history.db was" in notice for notice in found["sources"]["notices"])
    assert found["sources"]["calls"] == 800  # the transcripts still say them
    assert found["five_hour"]["used_pct"] == 62.5
    if content:
        (kept,) = aside("history.db")
        assert kept.read_bytes()[: len(content)] == content
    assert json_of("status")["sources"]["notices"] == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_journal_is_set_aside_and_said_so(home: Path, damage: Damage) -> None:
    settled(home)
    damage(paths().journal_db)
    content = paths().journal_db.read_bytes()
    found = json_of("status")
    assert any("journal.db was" in notice for notice in found["sources"]["notices"])
    assert found["sources"]["calls"] == 800
    assert found["five_hour"]["used_tokens"] > 0
    if content:
        (kept,) = aside("journal.db")
        assert kept.read_bytes()[: len(content)] == content
    tell(70)
    again = json_of("status")
    assert (again["sources"]["notices"], again["five_hour"]["used_pct"]) == ([], 70)


@pytest.mark.parametrize("command", [["usage"], ["usage", "--by", "model"], ["usage", "--by", "window"], ["check"], ["doctor"]])
@pytest.mark.parametrize("name", ["index_db", "history_db", "journal_db"])
def test_every_command_mends_damage_on_its_way(home: Path, command: list[str], name: str) -> None:
    settled(home)
    before = quota("usage", "--json").stdout
    inside(getattr(paths(), name))
    result = quota(*command)
    assert result.exit_code in {0, 1, 4}  # without its readings `check` may not know
    quota("status")  # what the command had no need of
    assert quota("usage", "--json").stdout == before


def test_all_three_at_once(home: Path) -> None:
    settled(home)
    for file in (paths().index_db, paths().history_db, paths().journal_db):
        garbage(file)
    found = json_of("status")
    assert found["sources"]["calls"] == 800
    assert len([n for n in found["sources"]["notices"] if "was damaged" in n]) == 3


def test_calls_of_deleted_transcripts_are_saved_where_they_can_be_read(home: Path) -> None:
    settled(home)
    for path in (home / ".claude").rglob("s1.jsonl"):
        path.unlink()
    quota("status")
    file = paths().history_db
    with file.open("r+b") as opened:  # one page in the midst of the calls
        opened.seek(file.stat().st_size // 2 // 4096 * 4096)
        opened.write(b"\xee" * 4096)
    with monitor() as running:
        running.collect(NOW)
        assert running.attempt(lambda: running.stores.history.placeholder_count()) == 0  # looks at every call
        found = running.collect(NOW + timedelta(seconds=1))
    assert any("calls were saved from it" in notice for notice in found.sources.notices)
    assert 700 < found.sources.calls <= 800
    session = {row["key"]: row["calls"] for row in json_of("usage", "--by", "session")["rows"]}
    assert session["s2"] == 400  # these came back from their transcript
    assert session["s1"] > 200


def test_what_is_saved_from_damage_is_only_what_can_be_true(tmp_path: Path) -> None:
    history = History(tmp_path / "h.db")
    good = '{"m": 1}'
    history.db.execute("INSERT INTO names VALUES(1, 's'), (2, 'm'), (3, 'p')")
    row = ["msg", "req", 1_795_176_000_000, 1, 3, 2, 1, 2, 3, 4, 5, 0.5, 0, 0, None, 1]
    odd = {0: [b"blob", ""], 1: [b"7"], 2: [-5, 1 << 60, "now"], 3: [99], 6: ["many", -1, 10**13], 11: ["free", -0.5, 1e300], 13: [b"x"], 14: [b"5"]}
    insert = f"INSERT INTO calls VALUES(NULL{', ?' * 16})"
    history.db.execute(insert, row)
    for column, values in odd.items():
        for value in values:
            history.db.execute(insert, [*row[:column], value, *row[column + 1 :]])
    history.close()
    (saved,) = salvaged_calls(tmp_path / "h.db")
    assert (saved.message_id, saved.session_id, saved.project, saved.model, saved.cache_read_tokens) == ("msg", "s", "p", "m", 5)
    assert salvaged_calls(tmp_path / "nowhere.db") == []
    (tmp_path / "x.db").write_text(good * 500)
    assert salvaged_calls(tmp_path / "x.db") == []


# -- while it runs


@pytest.mark.parametrize("damage", [garbage, inside, half])
@pytest.mark.parametrize("name", ["index_db", "history_db", "journal_db"])
def test_damage_while_it_runs_is_mended(home: Path, name: str, damage: Damage) -> None:
    settled(home)
    with monitor() as running:
        before = running.collect(NOW)
        assert before.sources.notices == ()
        harm(name, damage)
        write_transcript(home, [line("new", "new", at=NOW)], "-home-dev-new/s3.jsonl")
        after = running.collect(NOW + timedelta(seconds=1), rescan=True)
        assert any("damaged" in notice for notice in after.sources.notices)
        assert after.sources.calls == 801
        assert [row.totals.calls for row in running.usage_rows("month", None, None, NOW.tzinfo or UTC)] == [801]
        tell(71, at=NOW + timedelta(seconds=2))
        assert running.collect(NOW + timedelta(seconds=3)).five_hour.used_pct == 71
    assert history_calls() == 801


def test_an_error_that_is_no_damage_replaces_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settled(home)
    listing = sorted(os.listdir(paths().data_dir))
    with monitor() as running:

        def broken(*_: object) -> None:
            raise sqlite3.IntegrityError("a bug of ours")

        monkeypatch.setattr(running, "_collect", broken)
        with pytest.raises(sqlite3.IntegrityError):
            running.collect(NOW)
    assert sorted(os.listdir(paths().data_dir)) == listing


def test_damage_that_cannot_be_set_aside_is_said_and_left(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settled(home)
    garbage(paths().journal_db)
    content = paths().journal_db.read_bytes()

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("quota_tui.monitor.stores.set_aside", refuse)
    found = json_of("status")
    assert any("cannot be replaced" in notice and "nothing is kept there" in notice for notice in found["sources"]["notices"])
    assert found["sources"]["calls"] == 800
    assert paths().journal_db.read_bytes() == content


def test_a_copy_in_memory_that_fails_is_no_reason_to_move_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settled(home)
    files = {file: file.read_bytes() for file in (paths().index_db, paths().history_db, paths().journal_db)}
    listing = sorted(os.listdir(paths().data_dir))
    monkeypatch.setattr("quota_tui.store.database.os.access", lambda *_: False)
    with monitor() as running:
        assert running.stores.history.path is None
        monkeypatch.setattr("quota_tui.monitor.stores.is_sound", lambda _: False)
        assert running.stores.repair()
        assert running.stores.history.path is running.stores.journal.path is running.stores.index.path is None
    assert sorted(os.listdir(paths().data_dir)) == listing
    assert {file: file.read_bytes() for file in files} == files


def test_many_programs_mend_one_damage_once(home: Path) -> None:
    """Who comes second finds the new file and keeps it: what was told meanwhile is not set aside."""
    settled(home)
    garbage(paths().journal_db)
    code = """
import sys
from quota_tui.core.readings import WindowKind
from tests.monitor.rig import NOW, monitor, tell
sys.stdin.read(1)
with monitor(busy_s=10) as running:
    tell(70, session=sys.argv[1], kind=WindowKind.WEEKLY)
    running.collect(NOW)
"""
    env = {**os.environ, "PYTHONPATH": str(REPO)}
    workers = [
        subprocess.Popen([sys.executable, "-c", code, f"w{i}"], stdin=subprocess.PIPE, env=env, cwd=REPO) for i in range(4)
    ]
    for worker in workers:
        worker.communicate(b" ", timeout=60)
    assert [worker.returncode for worker in workers] == [0] * 4
    assert len(aside("journal.db")) == 1
    assert {each.session_id for each in readings() if each.kind is WindowKind.WEEKLY} == {"w0", "w1", "w2", "w3"}


def test_who_still_has_the_damaged_file_open_keeps_the_new_one(home: Path) -> None:
    settled(home)
    with monitor() as one, monitor() as two:
        one.collect(NOW)
        two.collect(NOW)
        harm("journal_db", inside)
        assert any("set aside" in notice for notice in one.collect(NOW + timedelta(seconds=1)).sources.notices)
        tell(77, at=NOW + timedelta(seconds=2))
        late = two.collect(NOW + timedelta(seconds=3))
        assert late.five_hour.used_pct == 77
        assert not any("set aside" in notice for notice in late.sources.notices)
    assert len(aside("journal.db")) == 1


def test_mending_and_collecting_in_threads(home: Path) -> None:
    settled(home)
    with monitor() as running:
        running.collect(NOW)
        harm("history_db", inside)
        failures: list[BaseException] = []

        def collect() -> None:
            try:
                for _ in range(3):
                    running.collect(NOW, rescan=True)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=collect) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert running.stores.history.totals(*ALWAYS).calls == 800
    assert len(aside("history.db")) == 1
