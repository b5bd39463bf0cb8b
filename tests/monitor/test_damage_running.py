"""Damage while programs run: mended once, by whoever comes first."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from quota_tui.core.readings import WindowKind
from tests.conftest import NOW
from tests.lines import line, write_transcript
from tests.monitor.rig import (
    ALWAYS,
    REPO,
    history_calls,
    json_of,
    monitor,
    paths,
    readings,
    tell,
)
from tests.monitor.test_damage import Damage, aside, garbage, half, harm, inside, settled


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
        assert after.sources.calls == 501
        assert [row.totals.calls for row in running.usage_rows("month", None, None, NOW.tzinfo or UTC)] == [
            501
        ]
        tell(71, at=NOW + timedelta(seconds=2))
        assert running.collect(NOW + timedelta(seconds=3)).five_hour.used_pct == 71
    assert history_calls() == 501


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


def test_damage_that_cannot_be_set_aside_is_said_and_left(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(home)
    garbage(paths().journal_db)
    content = paths().journal_db.read_bytes()

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("quota_tui.monitor.stores.set_aside", refuse)
    found = json_of("status")
    assert any(
        "cannot be replaced" in notice and "nothing is kept there" in notice
        for notice in found["sources"]["notices"]
    )
    assert found["sources"]["calls"] == 500
    assert paths().journal_db.read_bytes() == content


def test_a_copy_in_memory_that_fails_is_no_reason_to_move_the_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
        subprocess.Popen([sys.executable, "-c", code, f"w{i}"], stdin=subprocess.PIPE, env=env, cwd=REPO)
        for i in range(4)
    ]
    for worker in workers:
        worker.communicate(b" ", timeout=60)
    assert [worker.returncode for worker in workers] == [0] * 4
    assert len(aside("journal.db")) == 1
    assert {each.session_id for each in readings() if each.kind is WindowKind.WEEKLY} == {
        "w0",
        "w1",
        "w2",
        "w3",
    }


def test_who_still_has_the_damaged_file_open_keeps_the_new_one(home: Path) -> None:
    settled(home)
    with monitor() as one, monitor() as two:
        one.collect(NOW)
        two.collect(NOW)
        harm("journal_db", inside)
        assert any(
            "set aside" in notice for notice in one.collect(NOW + timedelta(seconds=1)).sources.notices
        )
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
            except Exception as error:  # noqa: BLE001 - the test tells it
                failures.append(error)

        threads = [threading.Thread(target=collect) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert running.stores.history.totals(*ALWAYS).calls == 500
    assert len(aside("history.db")) == 1
