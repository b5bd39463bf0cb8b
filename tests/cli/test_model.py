"""`quota-tui model`, as typed."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from quota_tui.core.words import Face, project_name
from quota_tui.handing.estimating import MODEL, SINCE
from quota_tui.store.journal import Journal
from quota_tui.store.paths import our_paths
from tests.conftest import NOW
from tests.handing.desk import Desk, at


@pytest.fixture
def desk(home: Path) -> Desk:
    made = Desk(home)
    made.past(6)
    return made


@contextmanager
def journal() -> Iterator[Journal]:
    made = Journal(our_paths().journal_db)
    try:
        yield made
    finally:
        made.close()


def shown(desk: Desk, minutes: float) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(desk.type(minutes, "model", "show", "--json").stdout)
    return found


def test_it_is_shown_in_words(desk: Desk) -> None:
    lines = desk.type(0, "model", "show").stdout.splitlines()
    assert lines[0] == "learned from 6 sessions, 0 with a plan"
    assert lines[1].startswith("on 6 past sessions the 80 % range held ")
    assert "an hour of work ≈" in lines[2]
    assert any(line.startswith("  sonnet: ≈$") for line in lines)
    where = project_name(str(desk.project.resolve()), Face(home=str(desk.home)))
    assert any(line.startswith(f"  {where}: ×") and line.endswith("6 sessions)") for line in lines)
    assert lines[-1].startswith("→ ")


def test_its_fields_are_there(desk: Desk) -> None:
    found = shown(desk, 0)
    assert set(found) == {
        "version",
        "sessions_analysed",
        "plan_sessions",
        "coverage_pct",
        "median_error_pct",
        "user_profile",
        "task_types",
        "phase_types",
        "projects",
        "libraries",
        "recommendations",
    }
    assert (found["version"], found["sessions_analysed"]) == (1, 6)
    (project,) = found["projects"].values()
    assert project["sessions"] == 6
    assert project["factor"] > 0 < project["spread"]


def test_of_no_history_the_shipped_one_is_shown(home: Path) -> None:
    empty = Desk(home)
    assert empty.type(0, "model", "show").stdout.startswith("learned from 0 sessions, 0 with a plan\n")
    found = shown(empty, 0)
    assert (found["sessions_analysed"], found["coverage_pct"], found["projects"]) == (0, None, {})


def test_it_is_exported(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk.project)
    path = Path(desk.type(0, "model", "export").stdout.strip())
    assert path == Path.cwd() / "estimation-model.json"
    assert json.loads(path.read_bytes()) == shown(desk, 0)
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    named = desk.home / "m.json"
    assert desk.type(0, "model", "export", str(named)).stdout == f"{named}\n"
    assert named.read_bytes() == path.read_bytes()


def test_where_it_cannot_be_written_one_line_says_so(desk: Desk) -> None:
    done = desk.type(0, "model", "export", str(desk.home / "no" / "such" / "m.json"), code=3)
    assert done.stderr.startswith("quota-tui: ")
    assert done.stderr.count("\n") == 1
    assert desk.type(0, "model", "export", str(desk.home), code=2).stderr


def test_it_is_forgotten_and_computed_again(desk: Desk) -> None:
    before = shown(desk, 0)
    assert "Forget what past sessions taught?" in desk.type(0, "model", "reset", code=1).stdout
    assert shown(desk, 0) == before
    told = desk.type(0, "model", "reset", "--yes").stdout
    assert told == "forgotten: only sessions from now on count; `quota-tui model recompute` undoes it\n"
    assert shown(desk, 1)["sessions_analysed"] == 0
    assert "no history yet" in " ".join(desk.estimate(1)["total"]["reasons"])
    desk.session(5, 90_000, "new")
    desk.call(5, 1_000, "old-5")
    assert shown(desk, 100)["sessions_analysed"] == 1, "the one that goes on began before"
    assert desk.type(100, "model", "recompute").stdout == "learned from 7 sessions\n"
    assert shown(desk, 100)["sessions_analysed"] == 7


def test_what_was_learned_is_in_the_journal(desk: Desk) -> None:
    desk.type(0, "model", "recompute")
    with journal() as kept:
        assert json.loads(kept.learned(MODEL) or b"") == shown(desk, 0)
    desk.type(0, "model", "reset", "--yes")
    with journal() as kept:
        assert json.loads(kept.learned(MODEL) or b"")["sessions_analysed"] == 0


@pytest.mark.parametrize("value", [b"\xff\xfe", b"yesterday", b"2026-11-20T16:00:00", b"\0" * 50])
def test_a_damaged_kept_value_is_no_trouble(desk: Desk, value: bytes) -> None:
    before = shown(desk, 0)
    with journal() as kept:
        kept.learn(SINCE, value, NOW)
        kept.learn(MODEL, value, NOW)
    assert shown(desk, 0) == before
    desk.type(0, "model", "recompute")
    with journal() as kept:
        assert json.loads(kept.learned(MODEL) or b"") == before


def test_a_damaged_journal_is_replaced_and_said(desk: Desk) -> None:
    before = shown(desk, 0)
    our_paths().journal_db.write_bytes(b"no database at all" * 500)
    done = desk.type(0, "model", "show", "--json")
    assert json.loads(done.stdout) == before
    assert done.stderr.startswith("quota-tui: ")


def test_the_part_of_the_day_in_which_quota_lasts_is_told(home: Path) -> None:
    """Windows of the morning were used up, those of the evening were not."""
    from quota_tui.core.readings import Reading, ReadingSource, WindowKind

    desk = Desk(home)
    desk.type(0, "status")
    for day in range(1, 13):
        for hour, is_full in ((8, True), (18, False)):
            begin = (hour - 16) * 60 - day * 24 * 60
            desk.session(begin + 5, 40_000, f"d{day}-{hour}")
            if is_full:
                hit = Reading(
                    at=at(begin + 60),
                    confirmed_at=at(begin + 60),
                    kind=WindowKind.FIVE_HOUR,
                    used_pct=100.0,
                    resets_at=at(begin + 300),
                    source=ReadingSource.LIMIT_LINE,
                    session_id=f"d{day}-{hour}",
                    model="",
                )
                with journal() as kept:
                    kept.add_readings([hit])
    text = desk.type(0, "model", "show").stdout
    assert (
        "windows that begin between 16:00 and 20:00 last most often: 100 % of 12, 0 % of the others" in text
    )
    half = desk.type(0, "model", "show", QUOTA_TUI_DISPLAY_CLOCK="12h").stdout
    assert "windows that begin between 4pm and 8pm last most often" in half
    assert (
        "between 08:00" not in desk.type(0, "model", "show", QUOTA_TUI_DISPLAY_TIMEZONE="Asia/Tokyo").stdout
    )
