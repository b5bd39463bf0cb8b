"""The journal: readings once, alerts once, learned figures; rows it cannot read do not hide the rest."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quota_tui.core.alerts import Due, Mark
from quota_tui.core.readings import Reading, ReadingSource, WindowKind
from quota_tui.core.snapshot import Alert
from quota_tui.store.journal import Journal

NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
RESET = NOW + timedelta(hours=3)


def reading(pct: float = 40.0, at: float = 0, reset: datetime = RESET, **fields: Any) -> Reading:
    """`at` is minutes after NOW."""
    named = {"kind": WindowKind.FIVE_HOUR, "source": ReadingSource.STATUS_LINE, "session_id": "s1", **fields}
    return Reading(at=NOW + timedelta(minutes=at), used_pct=pct, resets_at=reset, **named)


def mark(threshold: int, at: datetime = NOW) -> Mark:
    return Mark(kind=WindowKind.FIVE_HOUR, threshold_pct=threshold, resets_at=RESET, is_reported=True, at=at)


def alert(threshold: int, at: datetime = NOW) -> Alert:
    return Alert(at=at, window=WindowKind.FIVE_HOUR, threshold_pct=threshold, title="t", text="x")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path / "journal.db", busy_s=5)
    yield made
    made.close()


def kept(journal: Journal) -> list[Reading]:
    return journal.readings(NOW - timedelta(days=400))


def test_a_reading_comes_back_whole(journal: Journal) -> None:
    one = reading(12.5, model="opus", kind=WindowKind.WEEKLY_MODEL, source=ReadingSource.CLIENT)
    assert journal.add_readings([one]) == 1
    (found,) = kept(journal)
    assert (found.used_pct, found.model, found.kind, found.source, found.session_id) == (
        12.5,
        "opus",
        one.kind,
        one.source,
        "s1",
    )
    assert (found.at, found.resets_at, found.confirmed_at) == (NOW, RESET, NOW)


def test_a_repeated_word_only_confirms_the_first(journal: Journal) -> None:
    assert (
        journal.add_readings([reading(), reading(at=1), reading(at=2, reset=RESET + timedelta(seconds=59))])
        == 1
    )
    (found,) = kept(journal)
    assert (found.at, found.confirmed_at) == (NOW, NOW + timedelta(minutes=2))
    assert journal.readings(NOW + timedelta(minutes=2)) == [found]
    assert journal.readings(NOW + timedelta(minutes=2, milliseconds=1)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"pct": 41.0},
        {"reset": RESET + timedelta(hours=5)},
        {"session_id": "s2"},
        {"source": ReadingSource.CLIENT},
        {"kind": WindowKind.WEEKLY},
        {"model": "opus"},
    ],
)
def test_another_word_is_a_reading_of_its_own(journal: Journal, change: dict[str, Any]) -> None:
    journal.add_readings([reading()])
    assert journal.add_readings([reading(at=1, **change)]) == 1
    assert len(kept(journal)) == 2


def test_a_fall_and_a_rise_are_three_readings(journal: Journal) -> None:
    journal.add_readings([reading(40, 0), reading(10, 1), reading(40, 2)])
    assert [each.used_pct for each in kept(journal)] == [40, 10, 40]


def test_a_transcript_read_again_brings_nothing_new(journal: Journal) -> None:
    lines = [
        reading(100, at, source=ReadingSource.LIMIT_LINE, reset=RESET + timedelta(hours=at))
        for at in (0, 5, 10)
    ]
    assert journal.add_readings(lines) == 3
    assert journal.add_readings(lines) == 0
    assert journal.add_readings(reversed(lines)) == 0
    twice = [
        reading(
            100, at, source=ReadingSource.LIMIT_LINE, reset=RESET + timedelta(hours=at > 4), session_id="s2"
        )
        for at in (0, 1, 2, 5, 6)
    ]
    journal.add_readings(twice)
    before = kept(journal)
    assert journal.add_readings(twice) == 0
    assert kept(journal) == before


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9), st.sampled_from(["a", "b"])), max_size=12))
def test_no_word_is_lost_and_none_is_doubled(words: list[tuple[int, int, str]]) -> None:
    journal = Journal(None)
    ats = accumulate(gap for _, gap, _ in words)
    told = [reading(pct, at, session_id=session) for at, (pct, _, session) in zip(ats, words, strict=True)]
    journal.add_readings(told)
    found = kept(journal)
    for each in told:
        spans = [one for one in found if one.session_id == each.session_id and one.used_pct == each.used_pct]
        assert any(one.at <= each.at <= one.known_at for one in spans)
    for session in ("a", "b"):
        own = [one.used_pct for one in found if one.session_id == session]
        heard = [each.used_pct for each in told if each.session_id == session]
        assert own == [pct for at, pct in enumerate(heard) if at == 0 or heard[at - 1] != pct]
    journal.close()


def test_a_clock_that_went_back_loses_no_reading(journal: Journal) -> None:
    journal.add_readings([reading(40, 0)])
    journal.add_readings([reading(45, -60)])
    journal.add_readings([reading(45, -59)])
    assert sorted(each.used_pct for each in kept(journal)) == [40, 45]


def test_refused_values_are_remembered_up_to_a_number(journal: Journal) -> None:
    journal.refuse(NOW, "status line", [])
    for at in range(30):
        journal.refuse(NOW + timedelta(minutes=at), "status line", [f"reason {at}-{i}" for i in range(10)])
    assert journal.refused_count() == 200
    newest = journal.refused()[0]
    assert newest == (NOW + timedelta(minutes=29), "status line", "reason 29-9")


# -- alerts


def test_an_alert_fires_once_and_is_remembered(journal: Journal) -> None:
    def due(marks: list[Mark]) -> Due:
        new = [t for t in (50, 80) if t not in {m.threshold_pct for m in marks}]
        return Due(alerts=(alert(max(new)),) if new else (), marks=tuple(mark(t) for t in new))

    assert [each.threshold_pct for each in journal.fire(NOW, due)] == [80]
    assert journal.fire(NOW, due) == ()
    assert [each.threshold_pct for each in journal.marks(NOW)] == [50, 80]
    assert journal.alerts(NOW) == [alert(80)]
    assert journal.alerts(NOW + timedelta(seconds=1)) == []


def test_nothing_due_writes_nothing(journal: Journal) -> None:
    other = Journal(journal.path, busy_s=0.05)
    other.db.execute("BEGIN IMMEDIATE")  # whoever writes now would fail
    assert journal.fire(NOW, lambda _: Due()) == ()
    other.close()


def test_of_many_processes_one_gets_the_alert(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from quota_tui.core.alerts import Due
from quota_tui.store.journal import Journal
from tests.store.test_journal import NOW, alert, mark
journal = Journal(Path(sys.argv[1]))
def due(marks):
    new = [t for t in range(1, 31) if t not in {m.threshold_pct for m in marks}][:1]
    return Due(alerts=tuple(alert(t) for t in new), marks=tuple(mark(t) for t in new))
sys.stdin.read(1)
print(*[each.threshold_pct for _ in range(40) for each in journal.fire(NOW, due)])
journal.close()
"""
    path = tmp_path / "journal.db"
    Journal(path).close()
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    fired = [int(word) for worker in workers for word in worker.communicate(" ", timeout=60)[0].split()]
    assert sorted(fired) == list(range(1, 31))


# -- learned figures


def test_learned_figures_age(journal: Journal) -> None:
    journal.learn("k", b"v1", NOW)
    journal.learn("k", b"v2", NOW)
    half = timedelta(minutes=30)
    assert journal.learned("k") == b"v2"
    assert journal.learned("k", half, NOW + half) == b"v2"
    assert journal.learned("k", half, NOW + half + timedelta(milliseconds=1)) is None
    assert (
        journal.learned("k", half, NOW - timedelta(seconds=1)) is None
    )  # from the future: the clock went back
    assert journal.learned("other") is None


# -- rows that cannot be read


def test_rows_of_another_version_do_not_hide_the_rest(journal: Journal) -> None:
    journal.add_readings([reading()])
    journal.fire(NOW, lambda _: Due(alerts=(alert(50),), marks=(mark(50),)))
    journal.db.execute(
        "INSERT INTO readings SELECT NULL, at_ms, confirmed_ms, 'monthly', model, used_pct, resets_ms, source, session FROM readings"
    )
    journal.db.execute(
        "INSERT INTO readings SELECT NULL, at_ms, confirmed_ms, kind, model, used_pct, resets_ms, 'telepathy', session FROM readings"
    )
    for table in ("marks", "alerts"):
        journal.db.execute(
            f"INSERT INTO {table} VALUES(NULL, ?, ?)", (int(NOW.timestamp() * 1000), b"\xc1 not ours")
        )
    assert len(kept(journal)) == 1
    assert journal.marks(NOW) == [mark(50)]
    assert journal.alerts(NOW) == [alert(50)]


def test_another_connection_is_noticed(journal: Journal) -> None:
    before = journal.changes()
    journal.add_readings([reading()])
    assert journal.changes() == before  # our own
    other = Journal(journal.path)
    other.add_readings([reading(77)])
    other.close()
    assert journal.changes() != before
