"""`statusline`: quick, silent about its troubles, never failing the session that shows it."""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from quota_tui.core.words import cells
from quota_tui.store.index import Index
from quota_tui.store.journal import Journal
from quota_tui.store.lock import hold
from tests.conftest import NOW
from tests.lines import append, line, write_transcript
from tests.monitor.rig import (
    RESET_S,
    WEEK_S,
    history_calls,
    paths,
    quota,
    readings,
    settings_file,
    show,
    start,
    tell,
    told,
    work,
)

SAMPLES = Path(__file__).parent.parent / "data" / "statusline-stdin.jsonl"


def refused() -> list[str]:
    journal = Journal(paths().journal_db)
    try:
        return [why for _, _, why in journal.refused()]
    finally:
        journal.close()


def alerts() -> list[int]:
    journal = Journal(paths().journal_db)
    try:
        return [alert.threshold_pct for alert in journal.alerts(NOW - timedelta(days=9))]
    finally:
        journal.close()


# -- readings


def test_what_it_is_told_it_keeps_and_shows(home: Path) -> None:
    shown = show(told())
    assert shown.count("\n") == 1
    for part in ("MODERATE", "62%", "resets 2h00m"):
        assert part in shown
    kept = [(each.kind, each.used_pct, each.session_id, each.source) for each in readings()]
    assert kept == [("five_hour", 62.5, "s1", "status line"), ("weekly", 30.0, "s1", "status line")]


def test_the_same_word_again_is_one_reading(home: Path) -> None:
    for minute in range(3):
        show(told(), at=NOW + timedelta(minutes=minute))
    assert len(readings()) == 2
    assert readings()[0].confirmed_at == NOW + timedelta(minutes=2)


def test_every_real_sample_is_understood(home: Path) -> None:
    for sample in SAMPLES.read_bytes().splitlines():
        assert show(sample)
    assert all("is not" not in why for why in refused())


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        (
            {"five_hour": {"used_percentage": RESET_S, "resets_at": RESET_S}},
            "a time stands where the percentage belongs",
        ),
        ({"five_hour": {"used_percentage": 101.5, "resets_at": RESET_S}}, "above 100"),
        ({"five_hour": {"used_percentage": -1, "resets_at": RESET_S}}, "zero or more"),
        ({"five_hour": {"used_percentage": 40, "resets_at": RESET_S - 9000}}, "already past"),
        ({"five_hour": {"used_percentage": 40, "resets_at": RESET_S + 20_000}}, "further away"),
        ({"seven_day": {"used_percentage": 40, "resets_at": WEEK_S + 600_000}}, "further away"),
        ({"five_hour": {"used_percentage": "40", "resets_at": RESET_S}}, "not a number"),
        ({"five_hour": {"used_percentage": None, "resets_at": RESET_S}}, "not a number"),
        ({"five_hour": {"used_percentage": 40}}, "not a time"),
        ({"five_hour": {"used_percentage": 40, "resets_at": "18:00"}}, "not a time"),
        ({"five_hour": {"used_percentage": 40, "resets_at": RESET_S * 1000}}, "not a time"),
        ({"five_hour": []}, "not an object"),
        ([], "not an object"),
    ],
)
def test_values_that_cannot_be_true_are_refused_and_counted(home: Path, limits: Any, why: str) -> None:
    show(json.dumps({"session_id": "s1", "rate_limits": limits}).encode())
    assert readings() == []
    assert len(refused()) == 1
    assert why in refused()[0]
    found = json.loads(quota("status", "--json").stdout)
    assert found["sources"]["readings_set_aside"] == 1


def test_a_little_over_100_is_100(home: Path) -> None:
    show(told(100.7, None))
    assert [each.used_pct for each in readings()] == [100.0]


def test_a_bad_window_does_not_spoil_the_other(home: Path) -> None:
    show(told(RESET_S, 30))
    assert [(each.kind, each.used_pct) for each in readings()] == [("weekly", 30.0)]


@pytest.mark.parametrize("pct", [None, 0])
def test_before_the_first_reply_and_on_api_keys(home: Path, pct: float | None) -> None:
    assert show(told(pct, None))
    assert len(readings()) == (pct is not None)
    assert refused() == []


def test_a_stale_terminal_does_not_lower_what_is_shown(home: Path) -> None:
    show(told(70, None), at=NOW - timedelta(minutes=3))
    stale = json.loads(told(40, None))
    stale["session_id"] = "s2"
    assert "70%" in show(json.dumps(stale).encode())


@pytest.mark.parametrize(
    "stdin",
    [
        b"",
        b"\n",
        b"garbage",
        b"{",
        b"[]",
        b"null",
        b"\x00" * 100,
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"rate_limits": 5}',
        b'{"session_id": "\\ud800"}',
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_any_input_gives_a_line(home: Path, stdin: bytes) -> None:
    tell(82)
    assert "82%" in show(stdin)


def test_gigantic_input_is_not_read_to_its_end(home: Path) -> None:
    tell(82)
    assert "82%" in show(b'{"x": "' + b"y" * (3 << 20) + b'"}')


# -- what it reads


def test_it_never_scans(home: Path) -> None:
    for i in range(30):
        work(home, calls=20, name=f"s{i}")
    assert "0 used" in show(told(None, None))
    assert history_calls() == 0
    index = Index(paths().index_db)
    assert index.stamps() == {}
    index.close()


def test_a_fresh_index_is_left_to_a_scan_even_for_its_own_session(home: Path) -> None:
    path = work(home)
    show(told(transcript_path=str(path)))
    assert history_calls() == 0


def test_it_reads_the_tail_of_its_own_session_and_no_other(home: Path) -> None:
    mine, other = work(home, name="s1"), work(home, name="s2")
    quota("status")
    append(mine, line("new", "new", at=NOW - timedelta(seconds=5), tokens=(1, 70_000, 0, 0)) + "\n")
    append(other, line("new2", "new2", at=NOW - timedelta(seconds=5), session="s2") + "\n")
    show(told(transcript_path=str(mine)))
    assert history_calls() == 121
    quota("status")
    assert history_calls() == 122


def test_a_long_tail_is_left_to_a_scan(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = work(home)
    quota("status")
    monkeypatch.setattr("quota_tui.cli.statusline_run.TAIL_BYTES", 2000)
    append(path, "".join(line(f"n{i}", "n", at=NOW) + "\n" for i in range(20)))
    show(told(transcript_path=str(path)))
    assert history_calls() == 60


@pytest.mark.parametrize("path", ["/nowhere/x.jsonl", "", "/", "/etc/passwd", "a\x00b", "x" * 5000, 7])
def test_a_transcript_that_is_none(home: Path, path: Any) -> None:
    work(home)
    quota("status")
    assert "62%" in show(told(transcript_path=path))
    assert history_calls() == 60


def test_a_transcript_outside_of_all_folders_is_not_read(home: Path) -> None:
    quota("status")
    path = home / "elsewhere.jsonl"
    path.write_text(line() + "\n")
    show(told(transcript_path=str(path)))
    assert history_calls() == 0


# -- the line


@pytest.mark.parametrize("columns", [16, 20, 30, 46, 80, 120])
def test_its_width(home: Path, columns: int) -> None:
    shown = show(told(), COLUMNS=str(columns))
    assert 0 < cells(shown.rstrip("\n")) <= columns - 4
    assert "62" in shown


@pytest.mark.parametrize("columns", ["", "0", "-3", "²", "x"])
def test_a_width_that_is_none(home: Path, columns: str) -> None:
    assert "62%" in show(told(), COLUMNS=columns)


@pytest.mark.parametrize(("pct", "colour"), [(5, "32"), (60, "36"), (85, "33"), (97, "31")])
def test_colour_only_where_it_is_wanted(home: Path, pct: float, colour: str) -> None:
    assert show(told(pct, None), NO_COLOR="").startswith(f"\x1b[{colour}m")
    assert "\x1b" not in show(told(pct, None), NO_COLOR="1")


def test_ascii(home: Path) -> None:
    settings_file("[display]\nascii = true\n")
    assert show(told()).isascii()


def test_wrong_settings_are_told_and_the_rest_holds(home: Path) -> None:
    settings_file('[display]\nclock = "25h"\nascii = true\n')
    line_, said = show(told(), COLUMNS="200").splitlines()
    assert "62%" in line_
    assert "display.clock" in said
    assert line_.isascii()


# -- alerts


def test_an_alert_fires_once_over_restarts(home: Path) -> None:
    for minute, pct in enumerate([24, 25, 26, 25, 51, 52]):
        show(told(pct, None), at=NOW + timedelta(minutes=minute))
    assert alerts() == [25, 50]


def test_an_open_dashboard_owns_the_alerts(home: Path) -> None:
    fd = hold(paths().dashboard_lock)
    assert fd is not None
    show(told(82, None))
    assert alerts() == []
    os.close(fd)
    show(told(82, None), at=NOW + timedelta(seconds=5))
    show(told(83, None), at=NOW + timedelta(seconds=9))
    assert alerts() == [80]


def test_from_80_per_cent_on_the_desktop_is_told_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(
        "quota_tui.automation.notify_later.notify_later", lambda title, _: shown.append(title)
    )
    for minute, pct in enumerate([55, 81, 82, 91, 91]):
        show(told(pct, None), at=NOW + timedelta(minutes=minute))
    assert shown == ["plan the next session", "wrap up"]
    settings_file("[alerts]\ndesktop = false\n")
    show(told(96, None), at=NOW + timedelta(minutes=9))
    assert alerts() == [50, 80, 90, 95]
    assert len(shown) == 2


def test_where_nothing_can_be_kept_no_alert_fires(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would fire again with every message."""
    shown: list[str] = []
    monkeypatch.setattr(
        "quota_tui.automation.notify_later.notify_later", lambda title, _: shown.append(title)
    )
    paths().journal_db.mkdir(parents=True)
    for minute in range(3):
        assert "96%" in show(told(96, None), at=NOW + timedelta(minutes=minute))
    assert shown == []


def test_several_at_once_fire_one_alert(home: Path) -> None:
    quota("status")
    runs = [start("statusline", QUOTA_TUI_NOW=(NOW + timedelta(seconds=i)).isoformat()) for i in range(4)]
    for process in runs:
        out, err = process.communicate(told(82, None), timeout=60)
        assert (process.returncode, err) == (0, b"")
        assert b"82%" in out
    show(told(82, None), at=NOW + timedelta(seconds=9))
    assert alerts() == [80]


# -- true processes


def test_it_starts_without_a_parser_and_without_textual(home: Path) -> None:
    code = (
        "import sys; sys.argv = ['quota-tui', 'statusline']\n"
        "from quota_tui.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: print(end.code, sorted(m for m in ('click', 'textual', 'rich', 'subprocess') if m in sys.modules))"
    )
    import subprocess

    done = subprocess.run(
        [sys.executable, "-c", code],
        input=told(),
        capture_output=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).parent.parent.parent,
    )
    assert done.stderr == b""
    assert done.stdout.decode().splitlines()[-1] == "0 []"


def test_its_help(home: Path) -> None:
    result = quota("statusline", "--help")
    assert result.exit_code == 0
    assert "statusLine" in result.stdout
    assert quota("statusline", "--nonsense").exit_code == 2


def test_transcripts_of_its_own_session_make_no_reading_stale(home: Path) -> None:
    """A call at the instant of the reading came with it; one after it is use since."""
    path = write_transcript(home, [line(f"m{i}", "r", at=NOW - timedelta(minutes=i + 1)) for i in range(20)])
    quota("status")
    append(path, line("n", "n", at=NOW) + "\n")
    show(told(transcript_path=str(path)))
    found = json.loads(quota("status", "--json").stdout)
    assert found["five_hour"]["basis"] == "official"
    append(path, line("n2", "n2", at=NOW + timedelta(seconds=20)) + "\n")
    show(told(None, None, transcript_path=str(path)), at=NOW + timedelta(seconds=30))
    found = json.loads(
        quota("status", "--json", QUOTA_TUI_NOW=(NOW + timedelta(seconds=30)).isoformat()).stdout
    )
    assert found["five_hour"]["basis"] == "fused"
