"""The user's own status line in front of ours: whatever it does, ours comes out."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from quota_tui.automation.installed import (
    STATUS_LINE,
    EntryRecord,
    FileRecord,
    InstallRecord,
    file_key,
    record_file,
)
from quota_tui.automation.installed import (
    settings_file as claude_settings,
)
from tests.monitor.rig import (
    paths,
    settings_file,
    show,
    told,
)

# -- the user's own status line


@pytest.fixture
def chained(home: Path) -> Any:
    """Set the user's own status line command, as `install` would have recorded it."""

    def chain(command: str) -> None:
        file = claude_settings()
        file.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"statusLine": {"type": "command", "command": command}})
        entry = EntryRecord(STATUS_LINE, (STATUS_LINE, "command"), json.dumps(command))
        record = FileRecord(
            path=file_key(file), baseline=text, before_sha256="", after_sha256="", entries=(entry,)
        )
        place = record_file(paths())
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(msgspec.json.encode(InstallRecord(files=(record,))))

    return chain


needs_sh = pytest.mark.skipif(sys.platform == "win32", reason="the commands are for sh")


@needs_sh
def test_theirs_comes_first(home: Path, chained: Any) -> None:
    chained("echo mine: $(cat | tr -d '\\n' | wc -c)")
    shown = show(told()).splitlines()
    assert shown[0] == f"mine: {len(told())}"
    assert "62%" in shown[1]


@needs_sh
def test_all_lines_of_theirs_are_shown(home: Path, chained: Any) -> None:
    chained("printf 'one\\n\\033[31mtwo\\033[0m\\nthree'")
    shown = show(told()).splitlines()
    assert shown[:3] == ["one", "\x1b[31mtwo\x1b[0m", "three"]
    assert len(shown) == 4


@needs_sh
@pytest.mark.parametrize(
    ("command", "first"),
    [
        ("exit 3", None),
        ("echo partly; exit 1", "partly"),
        ("no-such-command-anywhere", None),
        ("echo to nobody >&2", None),
        ("kill -9 $$", None),
        ("true", None),
        ("printf '\\377\\376'", "\ufffd\ufffd"),
        ("exec 0<&-; echo deaf", "deaf"),
        ("sleep 300 & echo quick", "quick"),
    ],
)
def test_their_failures_are_not_ours(home: Path, chained: Any, command: str, first: str | None) -> None:
    settings_file("[statusline]\nchain_timeout_s = 5.0\n")
    chained(command)
    begun = time.monotonic()
    shown = show(told()).splitlines()
    assert time.monotonic() - begun < 3
    assert "62%" in shown[-1]
    assert shown[:-1] == ([first] if first is not None else [])


@needs_sh
def test_one_that_hangs_is_ended_with_all_it_started(home: Path, chained: Any, tmp_path: Path) -> None:
    settings_file("[statusline]\nchain_timeout_s = 0.3\n")
    chained(f"echo before; sleep 300 & echo $! > {tmp_path}/pid; wait; echo after")
    begun = time.monotonic()
    shown = show(told())
    assert time.monotonic() - begun < 3
    assert "62%" in shown
    assert "before" not in shown
    pid = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 5
    while _runs(pid) and time.monotonic() < deadline:
        pass
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()  # nobody may have asked for its end yet
    except OSError:
        return sys.platform != "linux"


@needs_sh
def test_one_without_end_is_cut_short(home: Path, chained: Any) -> None:
    settings_file("[statusline]\nchain_timeout_s = 30.0\n")
    chained("yes I go on for ever")
    begun = time.monotonic()
    shown = show(told())
    assert time.monotonic() - begun < 10
    assert 60_000 < len(shown) < 70_000
    assert "62%" in shown.splitlines()[-1]


@needs_sh
@pytest.mark.parametrize("command", ["echo deaf", "sleep 0.2; echo deaf"])
def test_one_that_reads_nothing_of_much_input(home: Path, chained: Any, command: str) -> None:
    chained(command)
    shown = show(told(padding="x" * 500_000)).splitlines()
    assert shown[0] == "deaf"
    assert "62%" in shown[1]


@needs_sh
def test_ours_inside_theirs_is_not_chained_again(home: Path, chained: Any) -> None:
    chained(f"echo outer; {sys.executable} -c 'import os; print(os.environ[\"QUOTA_TUI_CHAINED\"])'")
    assert show(told()).splitlines()[:2] == ["outer", "1"]
    assert len(show(told(), QUOTA_TUI_CHAINED="1").splitlines()) == 1


@pytest.mark.parametrize(
    "command", ["quota-tui statusline", "/opt/venv/bin/python -m quota_tui statusline", "  "]
)
def test_ours_is_never_theirs(home: Path, chained: Any, command: str) -> None:
    chained(command)
    assert len(show(told()).splitlines()) == 1


def test_a_damaged_record_is_no_chain(home: Path, chained: Any) -> None:
    chained("echo mine")
    record_file(paths()).write_bytes(b"{broken")
    assert len(show(told()).splitlines()) == 1
