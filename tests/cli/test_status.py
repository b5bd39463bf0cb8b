"""`status`: the whole Snapshot as text, as JSON, as one line, and watched."""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from quota_tui.core.readings import WindowKind
from quota_tui.core.words import cells
from tests.conftest import NOW
from tests.lines import append, line, write_transcript
from tests.monitor.rig import WEEK_RESET, json_of, quota, run, settings_file, start, tell, work

TOP = [
    "schema",
    "now",
    "five_hour",
    "weekly",
    "model_windows",
    "zone",
    "burn",
    "forecast",
    "alerts",
    "sessions",
    "phases",
    "automation",
    "sources",
]
WINDOW = {
    "used_pct",
    "remaining_pct",
    "used_tokens",
    "remaining_tokens",
    "starts_at",
    "resets_at",
    "basis",
    "as_of",
    "used_elsewhere_pct",
}


def test_json_has_the_documented_fields(home: Path) -> None:
    work(home)
    tell(62.5)
    tell(30, kind=WindowKind.WEEKLY)
    tell(11, kind=WindowKind.WEEKLY_MODEL, model="opus")
    found = json_of("status")
    assert list(found) == TOP
    assert found["schema"] == 1
    assert found["now"] == "2026-11-20T16:00:00Z"
    windows = [found["five_hour"], found["weekly"], *found["model_windows"]]
    assert all(set(window) >= WINDOW for window in windows)
    assert [window["kind"] for window in windows] == ["five_hour", "weekly", "weekly_model"]
    five = found["five_hour"]
    assert (five["used_pct"], five["remaining_pct"], five["basis"]) == (62.5, 37.5, "official")
    assert five["resets_at"] == "2026-11-20T18:00:00Z"
    assert five["starts_at"] == "2026-11-20T13:00:00Z"
    assert five["as_of"] == "2026-11-20T16:00:00Z"
    assert five["used_tokens"] == 51 * 2040  # of 60 calls in 3.5 h those of the last 3 h
    assert five["remaining_tokens"] > 0
    assert found["weekly"]["resets_at"] == WEEK_RESET.isoformat().replace("+00:00", "Z")
    assert found["model_windows"][0]["model"] == "opus"


def test_json_of_a_home_where_nothing_is(home: Path) -> None:
    found = json_of("status")
    assert list(found) == TOP
    assert (found["five_hour"]["used_pct"], found["five_hour"]["basis"]) == (None, "none")
    assert found["zone"]["name"] == "unknown"
    assert found["sessions"] == found["alerts"] == []
    assert all(not root["exists"] for root in found["sources"]["roots"])
    assert str(home / ".claude" / "projects") in [root["path"] for root in found["sources"]["roots"]]
    assert found["sources"]["notices"] == []


def test_text_says_what_json_says(home: Path) -> None:
    work(home)
    tell(82)
    text = quota("status").stdout
    for part in ("82 %", "18 %", "18:00", "DANGER", "official", "No plan", "Nothing scheduled"):
        assert part.lower() in text.lower(), part


def test_text_of_an_empty_home_is_no_error(home: Path) -> None:
    result = quota("status")
    assert result.exit_code == 0
    assert "no limit known" in result.stdout


@pytest.mark.parametrize("width", [*range(10, 60), 80, 120, 200])
def test_the_line_keeps_its_width(home: Path, width: int) -> None:
    tell(82)
    result = quota("status", "--line", COLUMNS=str(width))
    assert result.stdout.count("\n") == 1
    assert 0 < cells(result.stdout.rstrip("\n")) <= width
    if width >= 12:
        assert "82" in result.stdout


@pytest.mark.parametrize("columns", ["", "0", "-5", "wide", "1e3", "²", "9" * 5000])
def test_a_width_that_is_none_is_no_error(home: Path, columns: str) -> None:
    tell(82)
    result = quota("status", "--line", COLUMNS=columns)
    assert result.exit_code == 0
    assert "82" in result.stdout


def test_the_line_in_ascii(home: Path) -> None:
    tell(82)
    result = quota("--ascii", "status", "--line")
    assert result.stdout.isascii()
    assert "82%" in result.stdout


def test_clocks_in_the_zone_that_was_asked_for(home: Path) -> None:
    tell(82)
    assert "18:00" in quota("status").stdout
    assert "23:30" in quota("--timezone", "Asia/Kolkata", "status").stdout
    settings_file('[display]\ntimezone = "Asia/Kathmandu"\nclock = "12h"\n')
    assert "11:45pm" in quota("status").stdout


def test_a_zone_that_is_none_is_a_usage_error(home: Path) -> None:
    result = quota("--timezone", "Europe/Atlantis", "status")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Europe/Atlantis" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [["status"], ["usage"], ["check"]])
def test_wrong_settings_are_named_by_file_line_and_key(home: Path, command: list[str]) -> None:
    file = settings_file('[display]\n\nclock = "25h"\n')
    result = quota(*command)
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == f'quota-tui: {file} line 3: display.clock must be 24h or 12h, not "25h"\n'
    file.write_text("[quota\n")
    assert quota(*command).exit_code == 3


def test_a_clock_that_was_set_wrong_is_a_usage_error(home: Path) -> None:
    result = quota("status", QUOTA_TUI_NOW="yesterday")
    assert result.exit_code == 2
    assert "yesterday" in result.stderr


def test_an_unknown_option_is_a_usage_error(home: Path) -> None:
    assert quota("status", "--colour").exit_code == 2
    assert quota("statsu").exit_code == 2


def test_status_fires_no_alert(home: Path) -> None:
    tell(96)
    assert json_of("status")["alerts"] == []


def test_status_sees_what_was_appended(home: Path) -> None:
    path = write_transcript(home, [line(at=NOW - timedelta(minutes=5))])
    assert json_of("status")["sources"]["calls"] == 1
    append(path, line("m2", "r2", at=NOW - timedelta(minutes=1)) + "\n")
    found = json_of("status")
    assert found["sources"]["calls"] == 2
    assert [session["session_id"] for session in found["sessions"]] == ["s1"]


def test_several_configuration_folders(home: Path) -> None:
    write_transcript(home / "one", [line("m1", "r1", session="a", at=NOW - timedelta(minutes=5))])
    write_transcript(home / "two", [line("m2", "r2", session="b", at=NOW - timedelta(minutes=5))])
    write_transcript(home, [line("m3", "r3", session="c", at=NOW - timedelta(minutes=5))])
    dirs = f" {home}/one/.claude , ,{home}/two/.claude,{home}/nowhere,{home}/one/.claude,~nobody-here/x"
    found = json_of("status", CLAUDE_CONFIG_DIR=dirs)
    assert {session["session_id"] for session in found["sessions"]} == {"a", "b", "c"}
    assert found["sources"]["transcripts"] == 3


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="file names there are always text")
def test_names_that_are_no_text(home: Path) -> None:
    odd = home / os.fsdecode(b"odd-\xff")
    write_transcript(
        odd, [line(cwd=None, at=NOW - timedelta(minutes=5))], os.fsdecode(b"-p-\xfe/s\xfd.jsonl")
    )  # type: ignore[arg-type]
    for _ in range(2):
        result = run("status", "--json", CLAUDE_CONFIG_DIR=str(odd / ".claude"))
        assert result.returncode == 0, result.stderr
        assert json.loads(result.stdout)["sources"]["calls"] == 1
    assert run("status", CLAUDE_CONFIG_DIR=str(odd / ".claude")).returncode == 0


def test_output_in_a_code_page_without_our_glyphs(home: Path) -> None:
    tell(82)
    result = run("status", "--line", PYTHONIOENCODING="ascii:strict", PYTHONUTF8="0")
    assert result.returncode == 0, result.stderr
    assert b"82%" in result.stdout


# -- watched


def test_watching_prints_what_changed_and_ends_on_ctrl_c(home: Path) -> None:
    path = write_transcript(home, [line(at=NOW - timedelta(minutes=5))])
    process = start("status", "--json", "--watch")
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["sources"]["calls"] == 1
    append(path, line("m2", "r2", at=NOW - timedelta(minutes=1)) + "\n")
    assert json.loads(process.stdout.readline())["sources"]["calls"] == 2
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, b"", b"")


def test_watching_ends_when_nobody_reads(home: Path) -> None:
    path = write_transcript(home, [line(at=NOW - timedelta(minutes=5))])
    process = start("status", "--line", "--watch")
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline()
    process.stdout.close()
    append(path, line("m2", "r2", at=NOW - timedelta(minutes=1), tokens=(1, 90_000, 0, 0)) + "\n")
    assert process.wait(timeout=30) == 0
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.stdin is not None
    process.stdin.close()


def test_watching_prints_nothing_while_nothing_changes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(82)
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            tell(83, at=NOW + timedelta(seconds=1))
        if len(waits) == 6:
            raise KeyboardInterrupt

    monkeypatch.setattr("quota_tui.cli.status.time.sleep", wait)
    result = quota("status", "--line", "--watch")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 2
    assert min(waits) >= 1
