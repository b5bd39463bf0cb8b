"""`statusline` among damaged, held and missing files: it shows what it can and ends with 0."""

from __future__ import annotations

import sqlite3
import time
from datetime import timedelta
from pathlib import Path

import pytest

from quota_tui.core.words import cells
from tests.conftest import NOW
from tests.monitor.rig import (
    paths,
    quota,
    readings,
    run,
    show,
    start,
    tell,
    told,
    work,
)

# -- troubles


@pytest.mark.parametrize("name", ["journal_db", "history_db", "index_db"])
def test_damaged_files_are_mended_on_the_way(home: Path, name: str) -> None:
    work(home)
    quota("status")
    file = getattr(paths(), name)
    file.write_bytes(b"no database at all " * 500)
    first, said = show(told(), COLUMNS="60").splitlines()
    assert "62%" in first
    assert cells(said) <= 56
    assert "index was damaged" in said or str(file)[:20] in said
    later = show(told(63, None), at=NOW + timedelta(minutes=1))
    assert "damaged" not in later
    assert "63%" in later


def test_damage_inside_the_journal_is_mended_on_the_way(home: Path) -> None:
    for minute in range(200):
        tell(
            minute / 10,
            at=NOW - timedelta(minutes=200 - minute),
            session=f"session {minute} with a long name" * 5,
        )
    with paths().journal_db.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xee" * (paths().journal_db.stat().st_size - 4096))
    assert "62%" in show(told())
    assert "62%" in show(told(62.5), at=NOW + timedelta(minutes=1))
    assert len(readings()) == 2


def test_a_long_write_of_another_program_costs_no_line(home: Path) -> None:
    tell(82)
    work(home)
    quota("status")
    holders = []
    for file in (paths().journal_db, paths().history_db, paths().index_db):
        db = sqlite3.connect(file, isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        holders.append(db)
    begun = time.monotonic()
    assert "82%" in show(told(90, None))
    assert time.monotonic() - begun < 2
    for db in holders:
        db.close()


def test_whatever_breaks_it_ends_with_0(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("this was\nnot foreseen")

    monkeypatch.setattr("quota_tui.cli.statusline_run.Monitor.collect", broken)
    assert show(told()) == "quota-tui: this was not foreseen\n"
    monkeypatch.setattr("quota_tui.cli.statusline_run.our_paths", broken)
    assert show(told()) == "quota-tui: this was not foreseen\n"


def test_no_home_at_all(home: Path) -> None:
    result = run("statusline", stdin=told(), HOME="/nonexistent/home", CLAUDE_CONFIG_DIR="~nobody-here")
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"62%" in result.stdout


def test_a_cancelled_run_ends_quietly(home: Path) -> None:
    process = start("statusline")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stdin is not None
    process.stdin.write(told())
    process.stdin.close()
    assert process.wait(timeout=30) == 0
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()


def test_what_it_says_is_utf8_on_any_console(home: Path) -> None:
    result = run("statusline", stdin=told(82, None), PYTHONIOENCODING="cp1252:strict", PYTHONUTF8="0")
    assert (result.returncode, result.stderr) == (0, b"")
    assert "▲ DANGER" in result.stdout.decode()
