"""From the estimate to the report, with transcripts that are written while it goes on."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from quota_tui.core.words import tokens
from quota_tui.handing.tracker import Tracker
from quota_tui.handing.tracking import begin, finish
from quota_tui.monitor.monitor import Monitor
from tests.conftest import NOW
from tests.handing.desk import Desk, at
from tests.monitor.rig import json_of, monitor, run, start, tell


@pytest.fixture
def desk(home: Path) -> Desk:
    return Desk(home)


def tracking(desk: Desk) -> dict[str, Any]:
    """The file as it is kept."""
    (path,) = (desk.home / ".claude" / "session-tracking").glob("*.json")
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def report(desk: Desk) -> str:
    (path,) = (desk.home / ".claude" / "session-reports").glob("*.md")
    return path.read_text(encoding="utf-8")


def head(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z_]+): (.*)$", text.split("---")[1], re.MULTILINE))


def actual(state: dict[str, Any]) -> list[int]:
    return [phase["actual_tokens"] for phase in state["phases"]]


def width(state: dict[str, Any]) -> int:
    low, high = state["projected_low_tokens"], state["projected_high_tokens"]
    assert low <= state["projected_tokens"] <= high
    return int(high - low)


def test_three_phases_from_estimate_to_report(desk: Desk) -> None:
    desk.past(6)
    estimate = desk.estimate(0, "--save")
    desk.track(0, "start", str(desk.plan))
    first = desk.state(0)
    assert first["estimated_tokens"] == estimate["total"]["median_tokens"]
    assert [phase["estimate_tokens"] for phase in first["phases"]] == [
        each["median_tokens"] for each in estimate["phases"]
    ]
    widths = [width(first)]
    assert first["projected_low_tokens"] == pytest.approx(estimate["total"]["low_tokens"], rel=0.01)
    assert first["projected_high_tokens"] == pytest.approx(estimate["total"]["high_tokens"], rel=0.01)
    for number, phase in enumerate(estimate["phases"]):
        begin_at = 1 + 40 * number
        for step in range(4):
            desk.call(begin_at + 5 * step, phase["median_tokens"] // 5, agent="a" if step % 2 else "")
        desk.track(begin_at + 30, "phase", "done")
        widths.append(width(desk.state(begin_at + 30)))
    assert widths == sorted(widths, reverse=True)
    assert widths[1] < 0.9 * widths[0]
    assert widths[-1] == 0

    total = desk.between(0, 200)
    text = desk.track(120, "stop").stdout
    assert f"{tokens(total)} tokens of ≈{tokens(estimate['total']['median_tokens'])}" in text
    kept = tracking(desk)
    assert kept["status"] == "completed"
    assert kept["actual"]["total"] == total
    assert [phase["actual"] for phase in kept["actual"]["phases"]] == [
        desk.between(0, 31),
        desk.between(31, 71),
        desk.between(71, 111),
    ]
    written = report(desk)
    assert int(head(written)["tokens"]) == total
    assert f"- Tokens: {total:,} tokens; estimated ≈{estimate['total']['median_tokens']:,}" in written
    rows = re.findall(r"^\| (?:Server|Client|Tests) \|.*$", written, re.MULTILINE)
    assert sum(int(row.split("|")[5].replace(",", "")) for row in rows) == total
    learned = written.split("## What the model learned")[1].split("\n## ")[0]
    assert re.search(r"tokens, with a plan.*[\d,]+.*→.*[\d,]+", learned)

    again = desk.estimate(300)
    assert again["total"]["reasons"][0] == "learned from 7 sessions, 1 with a plan"
    assert again["history"]["sessions"] == 7
    assert again["history"]["shown"] == 1
    model = json_of("model", "show", QUOTA_TUI_NOW=at(300).isoformat())
    assert (model["sessions_analysed"], model["plan_sessions"]) == (7, 1)
    assert model["phase_types"]["implementation"]["sessions"] == 2


def test_what_the_report_says_was_learned_is_what_the_model_shows(desk: Desk) -> None:
    desk.past(6)
    before = json_of("model", "show", QUOTA_TUI_NOW=at(0).isoformat())["user_profile"]
    desk.track(0, "start", str(desk.plan))
    desk.call(5, 900_000)
    for minutes in (10, 11, 12):
        desk.track(minutes, "phase", "done")
    desk.track(13, "stop")
    after = json_of("model", "show", QUOTA_TUI_NOW=at(13).isoformat())["user_profile"]
    assert after["tokens_with_plan"] > before["tokens_with_plan"]
    (line,) = (each for each in report(desk).splitlines() if "tokens, with a plan" in each)
    assert f"{before['tokens_with_plan']:,}" in line
    assert f"{after['tokens_with_plan']:,}" in line
    assert line.index(f"{before['tokens_with_plan']:,}") < line.index(f"{after['tokens_with_plan']:,}")


def test_a_session_that_spans_two_windows(desk: Desk) -> None:
    """The window ends after two hours; the plan goes on in the next one, with the same session."""
    desk.call(-30, 50_000)
    tell(20.0, at(-1))
    desk.track(0, "start", str(desk.plan))
    for minutes in (30, 60, 119.999, 120, 150, 200):
        desk.call(minutes, 10_000)
    state = desk.state(210)
    assert actual(state) == [60_000, 0, 0]
    window = json_of("status", QUOTA_TUI_NOW=at(210).isoformat())["five_hour"]
    used = {key: value for key, value in window["used"].items() if key.endswith("_tokens")}
    assert sum(used.values()) - used["cache_read_tokens"] - used.get("total_tokens", 0) == 30_000
    desk.track(215, "phase", "done")
    desk.call(7 * 60, 5_000)
    for minutes in (425, 426):
        desk.track(minutes, "phase", "done")
    desk.track(427, "stop")
    assert int(head(report(desk))["tokens"]) == 65_000 == desk.between(0, 430)


def test_killed_and_started_again_in_the_middle(desk: Desk) -> None:
    """Nothing that counts is in the memory of a program: killed at once, after its answer, and in a step."""
    desk.track(0, "start", str(desk.plan))
    where = ("--project", str(desk.project))

    def killed(minutes: float, *args: str, wait: bool) -> None:
        process = start("track", *args, *where, QUOTA_TUI_NOW=at(minutes).isoformat())
        assert process.stdout is not None
        if wait:
            assert process.stdout.read(1)
        process.kill()
        process.communicate(timeout=60)

    desk.call(1, 1_000)
    killed(2, "status", wait=False)
    desk.call(3, 2_000, agent="a")
    killed(4, "status", wait=True)
    desk.call(5, 4_000)
    assert actual(desk.state(6)) == [7_000, 0, 0]
    killed(7, "phase", "done", wait=True)
    assert desk.state(8)["current"] == 1, "it had answered, so it was kept"
    killed(9, "phase", "done", wait=False)
    place = desk.state(10)["current"]
    assert place in {1, 2}, "the step was done or it was not"
    desk.call(11, 8_000)
    state = desk.state(12)
    assert sum(actual(state)) == 15_000
    assert actual(state)[place] == 8_000
    killed(13, "stop", wait=False)
    if tracking(desk)["status"] == "active":
        desk.track(13, "stop")
    assert tracking(desk)["actual"]["total"] == 15_000
    assert int(head(report(desk))["tokens"]) == 15_000


def test_a_plan_that_is_edited_while_it_is_tracked(desk: Desk) -> None:
    desk.track(0, "start", str(desk.plan))
    desk.call(1, 10_000)
    text = desk.plan.read_text()
    text = text.replace("## Phase 2: Client (1h)", "## Phase 2: Browser client (1h)")
    desk.plan.write_text(text + "\n## Phase 4: Handbook (30min)\n- [ ] write\n")
    state = desk.state(2)
    assert [phase["name"] for phase in state["phases"]] == ["Server", "Browser client", "Tests", "Handbook"]
    desk.track(3, "phase", "done")
    desk.call(4, 7_000)
    without = re.sub(
        r"## Phase 2: Browser client.*?(?=## Phase 3)", "", desk.plan.read_text(), flags=re.DOTALL
    )
    desk.plan.write_text(without)
    assert sum(actual(desk.state(5))) == 17_000, "what a removed phase took stays"
    desk.track(6, "phase", "start", "3")
    desk.call(7, 3_000)
    desk.track(8, "phase", "done")
    desk.call(9, 2_000)
    desk.track(10, "phase", "done")
    desk.track(11, "stop")
    kept = tracking(desk)
    assert kept["actual"]["total"] == 22_000 == desk.between(0, 20)
    assert int(head(report(desk))["tokens"]) == 22_000
    assert desk.plan.read_text() == without, "the plan file is the person's"


def test_a_second_plan_is_refused_with_one_clear_line(desk: Desk) -> None:
    desk.track(0, "start", str(desk.plan))
    other = desk.project / "OTHER.md"
    other.write_text("# Other\n## Phase 1: a\n")
    refused = desk.track(1, "start", str(other), code=1)
    assert refused.stderr.count("\n") == 1
    assert "“Live view”" in refused.stderr
    assert "track stop" in refused.stderr
    with monitor(at(2)) as one:
        snapshot = one.collect(at(2), alerts=False)
        assert snapshot.phases.title == "Live view"
    web = Desk(desk.home, "web")
    web.track(3, "start", str(web.plan))
    assert web.state(4)["title"] == "Live view"


def test_subagents_count_and_other_projects_do_not(desk: Desk) -> None:
    web = Desk(desk.home, "web")
    desk.track(0, "start", str(desk.plan))
    desk.call(1, 10_000)
    desk.call(2, 20_000, agent="explore", model="claude-haiku-4-5")
    web.call(2, 400_000, "w1")
    web.call(2.5, 400_000, "w1", agent="explore")
    desk.call(3, 1_000, "s2")
    assert actual(desk.state(4)) == [31_000, 0, 0]
    desk.track(5, "stop")
    assert int(head(report(desk))["tokens"]) == 31_000


def test_what_is_used_in_a_pause_is_not_the_plan_s(desk: Desk) -> None:
    desk.track(0, "start", str(desk.plan))
    desk.call(1, 10_000)
    desk.track(2, "pause")
    desk.call(3, 70_000)
    assert actual(desk.state(4)) == [10_000, 0, 0]
    assert desk.state(4)["state"] == "paused"
    desk.track(5, "resume")
    desk.call(6, 4_000)
    desk.track(7, "stop")
    assert int(head(report(desk))["tokens"]) == 14_000


def test_a_phase_that_took_more_moves_what_is_expected(desk: Desk) -> None:
    desk.past(6)
    desk.track(0, "start", str(desk.plan))
    before = desk.state(0)
    desk.call(5, 3 * before["phases"][0]["estimate_tokens"])
    desk.track(10, "phase", "done")
    after = desk.state(10)
    assert after["projected_tokens"] > before["projected_tokens"]
    assert after["projected_low_tokens"] > before["projected_low_tokens"]
    assert width(after) / after["projected_tokens"] < width(before) / before["projected_tokens"]
    assert after["phases"][0]["alert"] == "red"


def test_the_session_s_end_ends_a_plan_that_is_done_and_teaches(desk: Desk, home: Path) -> None:
    desk.past(6)
    desk.track(0, "start", str(desk.plan), CLAUDE_CODE_SESSION_ID="s1")
    desk.call(1, 10_000)
    transcript = home / ".claude" / "projects" / "-api" / "s1.jsonl"

    def end(minutes: float) -> None:
        told = {
            "session_id": "s1",
            "transcript_path": str(transcript),
            "cwd": str(desk.project),
            "hook_event_name": "SessionEnd",
            "reason": "exit",
        }
        moment = at(minutes).isoformat()
        done = run("hook", "session-end", stdin=json.dumps(told).encode(), QUOTA_TUI_NOW=moment)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")

    end(2)
    assert int(head(report(desk))["tokens"]) == 10_000
    assert "not ended" in report(desk)
    for minutes in (3, 4, 5):
        desk.track(minutes, "phase", "done")
    desk.call(6, 2_000, agent="late")
    end(7)
    written = report(desk)
    assert int(head(written)["tokens"]) == 12_000
    assert tracking(desk)["status"] == "completed"
    assert "## What the model learned" in written


def test_a_report_stands_whatever_becomes_of_learning(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    from quota_tui.handing import estimating

    def locked(*_: object) -> None:
        raise sqlite3.OperationalError("database is locked")

    with monitor() as one:
        one.collect(NOW, alerts=False)
        tracker = Tracker(one, str(desk.project))
        snapshot = one.collect(at(0), alerts=False)
        begin(one, tracker, str(desk.plan), snapshot, at(0))
        desk.call(1, 5_000)
        monkeypatch.setattr(estimating.Estimator, "changes_by", locked)
        stopped = finish(one, tracker, one.collect(at(2), rescan=True, alerts=False), at(2))
        assert stopped.report.exists()
        assert stopped.loaded.tracking.total == 5_000


def test_two_dashboards_and_a_shell_on_one_plan(desk: Desk) -> None:
    desk.track(0, "start", str(desk.plan))
    desk.call(1, 5_000)

    def seen(one: Monitor, minutes: float) -> list[int]:
        found = one.collect(at(minutes), rescan=True, alerts=False).phases
        return [phase.actual_tokens for phase in found.phases]

    with monitor() as one, monitor() as other:
        assert seen(one, 2) == seen(other, 2) == [5_000, 0, 0]
        desk.track(3, "phase", "done")
        desk.call(4, 700)
        assert seen(one, 5) == seen(other, 5) == [5_000, 700, 0]


def test_the_quota_is_looked_at_beside_the_plan(desk: Desk) -> None:
    """What is left of the window decides whether the rest still fits."""
    desk.past(6)
    desk.call(-30, 4_000_000)
    tell(50.0, at(-1))
    desk.track(0, "start", str(desk.plan))
    assert desk.state(1)["fits_quota"] is True
    tell(99.9, at(2))
    assert desk.state(3)["fits_quota"] is False
    assert desk.state(121)["fits_quota"] is True, "the window was reset"
