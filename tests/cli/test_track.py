"""`quota-tui track` and `quota-tui report`, as typed."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from quota_tui.core.words import tokens
from tests.conftest import NOW
from tests.lines import append, line, write_transcript
from tests.monitor.rig import quota

PLAN = "# My plan\r\n\r\n## Phase 1: Server (1h, 20k)\r\n- [ ] a\r\n## Phase 2: Client (1h, 10k)\r\n"


@pytest.fixture
def project(home: Path) -> Path:
    folder = home / "api"
    (folder / ".git").mkdir(parents=True)
    (folder / "PLAN.md").write_bytes(PLAN.encode())
    return folder


class Desk:
    """One project, its transcript, and the commands typed there."""

    def __init__(self, home: Path, project: Path) -> None:
        self.project = project
        self.path = write_transcript(home, [], "-home-api/s1.jsonl")

    def call(self, minutes: float, tokens: int) -> None:
        when: datetime = NOW + timedelta(minutes=minutes)
        name = f"m{minutes}"
        append(self.path, line(name, name, at=when, tokens=(tokens, 0, 0, 0), cwd=str(self.project)) + "\n")

    def track(self, minutes: float, *args: str, code: int = 0) -> Result:
        now = (NOW + timedelta(minutes=minutes)).isoformat()
        done = quota("track", *args, "--project", str(self.project), QUOTA_TUI_NOW=now)
        assert done.exit_code == code, done.output
        return done


@pytest.fixture
def desk(home: Path, project: Path) -> Desk:
    return Desk(home, project)


def test_the_whole_way(home: Path, desk: Desk) -> None:
    plan = desk.project / "PLAN.md"
    estimate = json.loads(quota("estimate", str(plan), "--json", "--project", str(desk.project)).stdout)
    first, second = (phase["median_tokens"] for phase in estimate["phases"])
    told = desk.track(0, "start", str(plan)).stdout.splitlines()
    assert told == [
        f"tracking My plan: 2 phases, ≈{tokens(estimate['total']['median_tokens'])} tokens",
        f"in work: phase 1, Server (≈{tokens(first)} tokens)",
    ]
    took = round(1.3 * first)
    desk.call(1, took)
    shown = desk.track(5, "status").stdout.splitlines()
    assert shown[1].startswith(f"{tokens(took)} tokens of ≈")
    assert f"▸ 1. Server  {tokens(took)} of ≈{tokens(first)}, 130 %  →" in shown[3]
    assert shown[3].endswith("▲ yellow")
    desk.track(5, "note", "it's `hard`")
    told = desk.track(10, "phase", "done", "--tick").stdout.splitlines()
    assert told[0].startswith(f"Server: took {tokens(took)} tokens, estimated ≈{tokens(first)}: +")
    assert "(130 % of it)" in told[0]
    assert told[1].startswith("why? `quota-tui track why CATEGORY`")
    assert told[2] == f"in work: phase 2, Client (≈{tokens(second)} tokens)"
    assert plan.read_bytes() == PLAN.replace("20k)", "20k) ✅").encode()
    desk.track(
        11, "why", "complexity", "--reason", "reconnects", "--lesson", "spike first", "--not-preventable"
    )
    desk.call(12, 4_000)
    state = json.loads(desk.track(13, "status", "--json").stdout)
    assert [phase["actual_tokens"] for phase in state["phases"]] == [took, 4_000]
    again = f"in work: phase 1, Server (≈{tokens(first)} tokens)\n"
    assert desk.track(14, "phase", "start", "1").stdout == again
    desk.track(14, "phase", "done")
    assert "every phase is done" in desk.track(15, "phase", "done").stdout
    stopped = desk.track(20, "stop").stdout.splitlines()
    assert stopped[0] == "My plan: completed, 0.3 h of work"
    report = Path(stopped[-1])
    assert report.parent == home / ".claude" / "session-reports"
    text = report.read_text()
    assert f"tokens: {took + 4_000}" in text
    assert "harder than it looked: reconnects; could not have been prevented" in text
    (kept,) = (home / ".claude" / "session-tracking").glob("*.json")
    assert kept.stem == report.name.removesuffix("-report.md")
    assert sum(phase["actual"] for phase in json.loads(kept.read_text())["actual"]["phases"]) == took + 4_000

    assert quota("report").stdout == text
    assert quota("report", kept.stem[-8:]).stdout == text
    assert f"% of ≈{tokens(estimate['total']['median_tokens'])}" in quota("report", "--list").stdout
    assert json.loads(quota("report", "--list", "--json").stdout)[0]["rating"] == "excellent"
    assert json.loads(quota("report", "--json").stdout)["tokens"] == took + 4_000


def test_a_stop_that_was_killed_before_its_report_can_be_repeated(home: Path, desk: Desk) -> None:
    desk.track(0, "start", str(desk.project / "PLAN.md"))
    desk.call(1, 5_000)
    report = Path(desk.track(5, "stop").stdout.splitlines()[-1])
    report.unlink()  # as if it had never been written
    again = Path(desk.track(9, "stop").stdout.splitlines()[-1])
    assert again == report
    assert "tokens: 5000" in again.read_text()
    desk.track(9, "stop", code=4)


def test_without_a_plan_it_says_so(desk: Desk) -> None:
    for args in (
        ["stop"],
        ["status"],
        ["phase", "done"],
        ["phase", "start", "1"],
        ["note", "x"],
        ["pause"],
        ["resume"],
    ):
        done = desk.track(0, *args, code=4)
        assert (
            done.stderr
            == "quota-tui: no plan is tracked in this project; `quota-tui track start PLAN.md` begins one\n"
        )
    assert json.loads(desk.track(0, "status", "--json", code=4).stdout)["state"] == "none"
    assert quota("report").exit_code == 4
    assert quota("report", "--list").stdout == "there is no report yet; `quota-tui track stop` writes one\n"
    assert quota("report", "x").exit_code == 4


def test_refusals_are_one_line(desk: Desk, home: Path) -> None:
    plan = str(desk.project / "PLAN.md")
    assert "none.md cannot be read" in desk.track(0, "start", str(home / "none.md"), code=3).stderr
    assert "is no file" in desk.track(0, "start", str(home), code=3).stderr
    done = desk.project / "done.md"
    done.write_text("## Phase 1: a ✅\n")
    assert "every phase of this plan is marked as done" in desk.track(0, "start", str(done), code=1).stderr
    desk.track(0, "start", plan)
    again = desk.track(1, "start", plan, code=1)
    assert "“My plan”" in again.stderr
    assert again.stderr.count("\n") == 1
    assert "there is no phase 7" in desk.track(1, "phase", "start", "7", code=1).stderr
    assert "is not one of" in desk.track(1, "why", "weather", code=2).stderr
    assert "not paused" in desk.track(1, "resume", code=1).stderr
    assert "the note is empty" in desk.track(1, "note", " ", code=1).stderr
    desk.track(2, "pause")
    assert "it is paused" in desk.track(3, "phase", "done", code=1).stderr
    assert "paused" in desk.track(3, "status").stdout


def test_a_damaged_file_is_kept_and_said(desk: Desk, home: Path) -> None:
    desk.track(0, "start", str(desk.project / "PLAN.md"))
    (path,) = (home / ".claude" / "session-tracking").glob("*.json")
    path.write_bytes(b"{")
    assert "no plan is tracked" in desk.track(1, "phase", "done", code=4).stderr
    again = desk.track(2, "start", str(desk.project / "PLAN.md"))
    assert f"{path} is no tracking that can be read; it is kept as" in again.stderr
    assert path.with_name(f"{path.name}.damaged").read_bytes() == b"{"


def test_hostile_words_are_drawn_safely(desk: Desk) -> None:
    plan = desk.project / "PLAN.md"
    plan.write_text("# \x1b[31mred `rm` $(id)\n## Phase 1: a | b \u202e\x07 \"c'\n", encoding="utf-8")
    told = desk.track(0, "start", str(plan)).stdout
    desk.track(0, "note", "\x1b[2J|`$(id)`")
    for text in (told, desk.track(1, "status").stdout, quota("status").stdout, desk.track(2, "stop").stdout):
        assert not any(char in text for char in "\x1b\x07\u202e")
    text = quota("report").stdout
    assert "\x1b" not in text.replace("\\u001b", "")
    assert "$(id)" in text


def test_the_report_opens_in_the_editor(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.track(0, "start", str(desk.project / "PLAN.md"))
    path = desk.track(1, "stop").stdout.splitlines()[-1]
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "true" if os.name != "nt" else "cmd /c rem")
    assert quota("report", "--open").stdout.strip() == path
    monkeypatch.setenv("EDITOR", "/no/such/editor")
    assert quota("report", "--open").exit_code == 3


def test_help_is_in_the_usual_style() -> None:
    for args in (["track"], ["track", "phase"], ["track", "start"], ["track", "why"], ["report"]):
        text = quota(*args, "--help").stdout
        assert text.startswith(f"Usage: quota-tui {' '.join(args)} ")
        assert all(len(each) <= 100 for each in text.splitlines())
