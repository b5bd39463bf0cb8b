"""`quota-tui estimate`, as typed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from quota_tui.core.readings import WindowKind
from tests.conftest import NOW
from tests.handing.desk import Desk, at
from tests.monitor.rig import quota, tell

LINE = {
    "name": str,
    "median_tokens": int,
    "low_tokens": int,
    "high_tokens": int,
    "median_hours": float,
    "cost_usd": float,
    "share_five_hour_pct": float,
    "confidence": str,
    "reasons": list,
}


@pytest.fixture
def desk(home: Path) -> Desk:
    return Desk(home)


def told(desk: Desk, used_pct: float = 40.0, tokens: int = 200_000) -> None:
    """Work in the window that goes on, by a session that goes on, and what Anthropic said of it."""
    desk.session(-60, tokens, "today", calls=10)
    tell(used_pct, at(-1))


def test_every_field_is_there(desk: Desk) -> None:
    desk.past(8)
    told(desk)
    tell(12.0, at(-1), kind=WindowKind.WEEKLY)
    found = desk.estimate(0)
    for line in (found["total"], *found["phases"]):
        for field, kind in LINE.items():
            assert isinstance(line[field], kind), field
        assert 0 < line["low_tokens"] <= line["median_tokens"] <= line["high_tokens"]
        assert line["confidence"] in {"low", "medium", "high"}
        assert all(isinstance(each, str) and each for each in line["reasons"])
    total, phases = found["total"], found["phases"]
    assert total["name"] == "Live view"
    assert [(each["name"], each["task_type"]) for each in phases] == [
        ("Server", "implementation"),
        ("Client", "implementation"),
        ("Tests", "testing"),
    ]
    for field in ("median_tokens", "cost_usd", "share_five_hour_pct", "median_hours"):
        rounding = {"median_tokens": 2, "cost_usd": 0.02, "share_five_hour_pct": 0.2, "median_hours": 0.02}
        assert sum(each[field] for each in phases) == pytest.approx(total[field], abs=rounding[field]), field
    assert found["fits"] in {"now", "after-reset", "split"}
    assert found["history"]["sessions"] == 8, "the session of today has not ended"
    assert 0 <= found["history"]["coverage_pct"] <= 100
    assert found["history"]["median_error_pct"] >= 0
    assert 0 <= found["chance_to_finish"] <= found["chance_now"] <= 1


def test_shares_are_dollars_times_what_a_dollar_was_worth(desk: Desk) -> None:
    told(desk, 40.0)
    tell(10.0, at(-1), kind=WindowKind.WEEKLY)
    found = desk.estimate(0)
    spent = json.loads(quota("status", "--json").stdout)["five_hour"]["used"]["cost_usd"]
    for line in (found["total"], *found["phases"]):
        share = line["cost_usd"] * 40.0 / spent
        assert line["share_five_hour_pct"] == pytest.approx(share, rel=0.15, abs=0.3)
        assert line["share_weekly_pct"] == pytest.approx(line["share_five_hour_pct"] / 4, rel=0.1, abs=0.2)


def test_an_empty_history_knows_less_and_says_so(desk: Desk) -> None:
    found = desk.estimate(0)
    assert found["fits"] == "unknown"
    assert found["total"]["share_five_hour_pct"] is None
    assert found["chance_to_finish"] is None
    assert found["history"] == {"sessions": 0, "coverage_pct": None, "median_error_pct": None, "shown": 0}
    text = desk.type(0, "estimate", str(desk.plan), "--project", str(desk.project)).stdout
    assert "whether it fits is not known" in text
    assert "its share of the quota is not known" in text
    assert "no past session to judge it by" in text
    assert "no history yet" in text


def test_a_limit_that_is_guessed_is_said_to_be(desk: Desk) -> None:
    desk.past(12, 90_000)
    desk.call(-5, 1_000, "today")
    text = desk.type(0, "estimate", str(desk.plan), "--project", str(desk.project)).stdout
    assert text.splitlines()[1].endswith("(the limit is a guess)")
    assert desk.estimate(0)["quota_basis"] == "guess"


def test_where_it_fits_follows_the_window(desk: Desk) -> None:
    desk.past(8, 40_000)
    told(desk, 30.0, 3_000_000)
    assert desk.estimate(0)["fits"] == "now"
    tell(99.9, at(1))
    full = desk.estimate(2)
    assert full["fits"] == "after-reset"
    assert full["chance_now"] < 0.2 < 0.8 < full["chance_after_reset"]
    later = desk.estimate(181)
    assert later["fits"] == "now", "the window was reset"
    assert later["chance_now"] > 0.8


def test_a_plan_that_is_too_large_is_cut_after_a_phase(desk: Desk) -> None:
    desk.past(8, 40_000)
    lines = "".join(f"## Phase {number}: Part {number} (1h)\n- [ ] x\n" for number in range(1, 9))
    desk.plan.write_text(f"# Large\n{lines}")
    told(desk, 2.0)
    found = desk.estimate(0)
    whole = found["total"]["median_tokens"]
    desk.call(3, 10_000, "today")
    used = desk.between(-100, 4)
    tell(round(100 * used / (used + whole)), at(4))
    cut = desk.estimate(5)
    assert cut["fits"] == "split"
    assert 0 < cut["break_after"] < 8
    assert f"break after phase {cut['break_after']}: " in cut["fits_text"]
    text = desk.type(5, "estimate", str(desk.plan), "--project", str(desk.project)).stdout
    assert f"  → {cut['fits_text']}\n" in text


def test_the_text_is_for_a_glance(desk: Desk) -> None:
    desk.past(8)
    told(desk)
    lines = desk.type(0, "estimate", str(desk.plan), "--project", str(desk.project)).stdout.splitlines()
    assert lines[0].startswith("Live view: ≈")
    assert " tokens (" in lines[0]
    assert "%" in lines[1]
    assert "of a five-hour window" in lines[1]
    assert lines[1].endswith("(fused)") or lines[1].endswith("(official)")
    assert lines[2].startswith("  → ")
    assert any(line.startswith("  on 8 past sessions the 80 % range held") for line in lines)
    assert [line[:3] for line in lines if line[:1].isdigit()] == ["1. ", "2. ", "3. "]
    assert "Why" in lines
    assert "  learned from 8 sessions, 0 with a plan" in lines
    assert "accura" not in " ".join(lines)
    ascii_only = desk.type(
        0, "estimate", str(desk.plan), "--project", str(desk.project), QUOTA_TUI_DISPLAY_ASCII="1"
    )
    assert ascii_only.stdout.isascii()


def test_factors_that_the_person_gives_count(desk: Desk) -> None:
    desk.past(8)
    legacy, clean = (desk.estimate(0, "--quality", each)["total"] for each in ("legacy", "clean"))
    assert legacy["median_tokens"] > clean["median_tokens"]
    assert any("code quality legacy" in each for each in legacy["reasons"])
    dear, cheap = (
        desk.estimate(0, "--model", each)["total"] for each in ("claude-opus-4-6", "claude-haiku-4-5")
    )
    assert dear["median_tokens"] == cheap["median_tokens"]
    assert dear["cost_usd"] > cheap["cost_usd"]
    assert "is not one of" in desk.type(0, "estimate", "--quality", "awful", code=2).stderr


def test_a_kept_estimate_is_what_the_plan_is_judged_by(desk: Desk) -> None:
    desk.past(3, 20_000)
    kept = desk.estimate(0, "--save")["total"]
    for day in range(6):
        desk.session(10 + 60 * day, 2_000_000, f"huge-{day}")
    fresh = desk.estimate(600)["total"]
    assert fresh["median_tokens"] > 1.3 * kept["median_tokens"]
    desk.track(600, "start", str(desk.plan))
    assert desk.state(601)["estimated_tokens"] == kept["median_tokens"]


@pytest.mark.parametrize("how", ["changed", "longer", "same again"])
def test_it_holds_while_the_file_says_the_same(desk: Desk, how: str) -> None:
    desk.past(3, 20_000)
    kept = desk.estimate(0, "--save")["total"]["median_tokens"]
    text = desk.plan.read_text()
    new = {"changed": text.replace("speak", "listn"), "longer": text + "- [ ] more\n", "same again": text}[
        how
    ]
    desk.plan.unlink()
    desk.plan.write_text(new)
    for day in range(6):
        desk.session(10 + 60 * day, 2_000_000, f"huge-{day}")
    desk.track(600, "start", str(desk.plan))
    is_kept = desk.state(601)["estimated_tokens"] == kept
    assert is_kept == (how == "same again")


def test_a_damaged_kept_estimate_is_none(desk: Desk) -> None:
    from quota_tui.handing.estimating import SAVED
    from quota_tui.store.journal import Journal
    from quota_tui.store.paths import our_paths

    kept = desk.estimate(0, "--save")["total"]["median_tokens"]
    journal = Journal(our_paths().journal_db)
    for value in (b"", b"\xc1", b"\x93\x01\x02\x03"):
        journal.learn(SAVED + str(desk.plan.resolve()), value, NOW)
    journal.close()
    desk.track(1, "start", str(desk.plan))
    assert desk.state(2)["estimated_tokens"] == kept, "reckoned anew, from the same history"


def test_without_a_name_it_is_the_plan_that_is_meant(desk: Desk) -> None:
    where = ("--project", str(desk.project))
    done = desk.type(0, "estimate", *where)
    assert done.stdout.startswith("Live view: ≈")
    assert done.stderr == f"note: no plan was named, so it is {desk.plan.resolve()}\n"
    other = desk.project / "other.md"
    other.write_text("# Other\n## Phase 1: a\n")
    desk.track(0, "start", str(other))
    done = desk.type(1, "estimate", *where)
    assert done.stdout.startswith("Other: ≈")
    assert done.stderr == ""


def test_without_any_plan_it_is_a_session(desk: Desk) -> None:
    desk.plan.unlink()
    desk.past(6)
    where = ("--project", str(desk.project))
    done = desk.type(0, "estimate", *where)
    assert done.stdout.startswith("This session: ≈")
    assert json.loads(desk.type(0, "estimate", "--json", *where).stdout)["phases"] == []
    refused = desk.type(0, "estimate", "--save", *where, code=2)
    assert refused.stdout == ""
    assert refused.stderr == (
        "quota-tui: there is no plan to keep an estimate of; name one: `estimate PLAN.md --save`\n"
    )


def test_a_plan_that_is_done_is_told_to_be(desk: Desk) -> None:
    desk.plan.write_text("# Old\n## Phase 1: a ✅\n## Phase 2: b ✅\n")
    done = desk.type(0, "estimate", str(desk.plan), "--project", str(desk.project))
    assert done.stderr == "note: every phase is marked as done; this is what all of it would take\n"


def test_errors_are_one_line(desk: Desk) -> None:
    loop = desk.home / "loop.md"
    if sys.platform != "win32":
        loop.symlink_to(loop)
    for name, words in (
        ("none.md", "cannot be read"),
        (str(desk.project), "is no file"),
        (str(loop), "cannot be read"),
    ):
        done = desk.type(0, "estimate", name, code=3)
        assert words in done.stderr
        assert done.stderr.count("\n") == 1
        assert done.stdout == ""
        assert words in desk.track(0, "start", name, code=3).stderr
    large = desk.project / "large.md"
    large.write_bytes(b"x" * (5 << 20))
    assert "larger than 4 MB" in desk.type(0, "estimate", str(large), code=3).stderr


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe# \xffplan\n## Phase 1: \x1b[31m\xfe\n", b"\r\n\r\n", b"#" * 9_999]
)
def test_odd_files_have_an_estimate_too(desk: Desk, data: bytes) -> None:
    desk.plan.write_bytes(data)
    where = ("--project", str(desk.project))
    text = desk.type(0, "estimate", str(desk.plan), "--save", *where).stdout
    assert "\x1b" not in text
    assert desk.estimate(0)["total"]["median_tokens"] > 0
    desk.track(1, "start", str(desk.plan))
    assert desk.state(2)["estimated_tokens"] == desk.estimate(1)["total"]["median_tokens"]
