from __future__ import annotations

import stat
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quota_tui.store import files
from quota_tui.store.faults import LONGEST, MAX_BYTES, Fault, fault_file, faults, note_fault
from quota_tui.store.paths import Paths

AT = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "cache", tmp_path / "data", tmp_path / "config")


def test_kept_in_order_and_bounded(paths: Paths) -> None:
    assert faults(paths) == []
    note_fault(paths, "session-start", "first\nline \ud800", AT)
    assert faults(paths) == [Fault(AT, "session-start", "first\nline ?")]
    if sys.platform != "win32":
        assert stat.S_IMODE(fault_file(paths).stat().st_mode) == 0o600
    for number in range(600):
        note_fault(paths, "session-end", f"{number} " + "x" * 2 * LONGEST, AT)
        assert fault_file(paths).stat().st_size <= MAX_BYTES
    kept = [int(each.text.split()[0]) for each in faults(paths)]
    assert kept == list(range(kept[0], 600))
    assert len(kept) > 30
    assert all(len(each.text) == LONGEST for each in faults(paths))


def test_lines_that_cannot_be_read_are_passed_over(paths: Paths) -> None:
    note_fault(paths, "a", "one", AT)
    with fault_file(paths).open("ab") as file:
        file.write(b'\xff\n{"at": 1}\n\n[\n')
    note_fault(paths, "a", "two", AT)
    assert [each.text for each in faults(paths)] == ["one", "two"]


def test_where_nothing_can_be_written_it_is_silent(paths: Paths, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"a file in the way")
    note_fault(paths, "a", "one", AT)
    assert faults(paths) == []
    assert files.read_if_there(tmp_path / "data") == b"a file in the way"
