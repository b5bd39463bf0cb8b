"""Damaged files: replaced where they can be had again, else set aside and said so; never destroyed."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from quota_tui.store.database import connect
from quota_tui.store.history import History
from quota_tui.store.history_salvage import salvaged_calls
from tests.conftest import NOW
from tests.lines import write_transcript
from tests.monitor.rig import (
    json_of,
    monitor,
    paths,
    quota,
    tell,
    work,
)


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
        work(home, calls=250, name=name)
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
    assert (found["sources"]["calls"], found["sources"]["lines_skipped"]) == (500, 40)
    assert found["five_hour"]["used_pct"] == 62.5
    again = json_of("status")
    assert again["sources"]["notices"] == []
    assert again["sources"]["calls"] == 500
    assert [path.name for path in paths().cache_dir.iterdir()] == ["index.db"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_history_is_set_aside_and_said_so(home: Path, damage: Damage) -> None:
    settled(home)
    damage(paths().history_db)
    content = paths().history_db.read_bytes()
    found = json_of("status")
    assert any("history.db was" in notice for notice in found["sources"]["notices"])
    assert found["sources"]["calls"] == 500  # the transcripts still say them
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
    assert found["sources"]["calls"] == 500
    assert found["five_hour"]["used_tokens"] > 0
    if content:
        (kept,) = aside("journal.db")
        assert kept.read_bytes()[: len(content)] == content
    tell(70)
    again = json_of("status")
    assert (again["sources"]["notices"], again["five_hour"]["used_pct"]) == ([], 70)


@pytest.mark.parametrize(
    "command", [["usage"], ["usage", "--by", "model"], ["usage", "--by", "window"], ["check"], ["doctor"]]
)
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
    assert found["sources"]["calls"] == 500
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

        def look_at_every_call() -> int:
            return running.stores.history.placeholder_count()

        assert running.attempt(look_at_every_call) == 0
        found = running.collect(NOW + timedelta(seconds=1))
    assert any("calls were saved from it" in notice for notice in found.sources.notices)
    assert 400 < found.sources.calls <= 500
    session = {row["key"]: row["calls"] for row in json_of("usage", "--by", "session")["rows"]}
    assert session["s2"] == 250  # these came back from their transcript
    assert session["s1"] > 120


def test_what_is_saved_from_damage_is_only_what_can_be_true(tmp_path: Path) -> None:
    history = History(tmp_path / "h.db")
    good = '{"m": 1}'
    history.db.execute("INSERT INTO names VALUES(1, 's'), (2, 'm'), (3, 'p')")
    row = ["msg", "req", 1_795_176_000_000, 1, 3, 2, 1, 2, 3, 4, 5, 0.5, 0, 0, None, 1]
    odd = {
        0: [b"blob", ""],
        1: [b"7"],
        2: [-5, 1 << 60, "now"],
        3: [99],
        6: ["many", -1, 10**13],
        11: ["free", -0.5, 1e300],
        13: [b"x"],
        14: [b"5"],
    }
    insert = f"INSERT INTO calls VALUES(NULL{', ?' * 16})"
    history.db.execute(insert, row)
    for column, values in odd.items():
        for value in values:
            history.db.execute(insert, [*row[:column], value, *row[column + 1 :]])
    history.close()
    (saved,) = salvaged_calls(tmp_path / "h.db")
    assert (saved.message_id, saved.session_id, saved.project, saved.model, saved.cache_read_tokens) == (
        "msg",
        "s",
        "p",
        "m",
        5,
    )
    assert salvaged_calls(tmp_path / "nowhere.db") == []
    (tmp_path / "x.db").write_text(good * 500)
    assert salvaged_calls(tmp_path / "x.db") == []
