"""The plan screen as a person meets it: from the key to the file, and everything that can go wrong between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from quota_tui.core.handoff import Handoff, Objective, Quota
from quota_tui.core.handoff_check import Problem
from quota_tui.core.handoff_markdown import parse
from quota_tui.core.planform import Spot
from quota_tui.ui.app import QuotaApp
from quota_tui.ui.plan.asks import Ask
from quota_tui.ui.plan.reading import ReadScreen
from quota_tui.ui.plan.screen import PlanScreen
from tests.core.hostile import PIECES
from tests.ui.fakes import Clock
from tests.ui.invent import NOW, RESET
from tests.ui.planning import (
    FakePlanner,
    LeftDraft,
    StorePlanner,
    burst,
    facts,
    paste,
    planning,
    proposed,
    row_with,
    write,
)
from tests.ui.stage import lines, text, toasts, until, until_shown

HANDOFF = proposed().handoff


async def go_to(pilot, screen, spot: Spot) -> None:
    """Put the cursor there."""
    screen.sheet.point_to(spot)
    screen.draw()
    await pilot.pause()
    assert screen.form.laid_out.area_of(spot)


# -- the way through


async def test_from_the_proposal_to_the_file():
    async with planning() as (app, pilot, planner, screen):
        assert "(commit 4f2c1e0, 16:52)" in row_with(app, "Add JWT authentication endpoints")
        assert "≈33k (20–53k)" in row_with(app, "fits, 16 % of a window")
        assert "≈81 % used · resets 18:40 · next window ≈200k (181–222k)" in lines(app)[0]
        await pilot.press("tab")
        await write(pilot, "Password reset")
        await pilot.press("escape", "tab", "tab")
        assert screen.sheet.cursor == Spot("objectives", part="add")
        await write(pilot, "Rate limits")
        await pilot.press("enter")
        await write(pilot, "9-24k")
        await until_shown(pilot, "≈48k (29–77k)")
        await pilot.press("enter")
        await write(pilot, "Audit log ≈5k")
        await pilot.press("enter", "enter")
        assert not screen.sheet.editing
        await pilot.press("tab", "tab")
        await write(pilot, "Sessions in memory: lost at a restart")
        await pilot.press("tab")
        await pilot.press("ctrl+s")
        await until_shown(pilot, "The handoff is saved")
        assert "handoff-20261120-1731.md" in text(app)
        assert "Start: Fri 20 Nov 18:45 UTC, in 1h 10m" in text(app)
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.outcome)
        assert str(app.outcome[0]).endswith("handoff-20261120-1731.md")
        assert app.clipboard.startswith("claude 'Read /home/ada")
        assert toasts(app)[-1][1] == "The command is in the clipboard."
        (saved,) = planner.saved
        assert saved == msgspec.structs.replace(
            HANDOFF,
            accomplished=(*HANDOFF.accomplished, "Password reset"),
            objectives=(
                *HANDOFF.objectives,
                Objective("Rate limits", 14_700, 9_000, 24_000),
                Objective("Audit log", 5_000),
            ),
            failed=("Sessions in memory: lost at a restart",),
            scheduled_for=datetime(2026, 11, 20, 18, 45, tzinfo=UTC),
        )
        assert (planner.kept, planner.closed) == (None, 1)


async def test_before_it_is_read_it_says_so_and_can_be_left():
    planner = FakePlanner()
    planner.holds["proposal"] = threading.Event()
    async with planning(planner, ready=False) as (app, pilot, _, _screen):
        await until_shown(pilot, "reading git and the transcript")
        await pilot.press("x", "enter", "ctrl+s", "escape")
        await until(pilot, lambda: app.outcome == [None])
        planner.holds["proposal"].set()
        await pilot.pause()
        assert planner.drafts == []
        assert not isinstance(app.screen, (PlanScreen, Ask))
        assert planner.closed == 1


async def test_what_cannot_be_filled_in_is_told_and_the_form_is_there():
    planner = FakePlanner()
    planner.errors = {"proposal": OSError("git took too long"), "facts": ValueError("no index")}
    async with planning(planner) as (app, pilot, _, screen):
        assert "! " not in lines(app)[0]
        assert "nothing could be filled in: git took too long" in text(app)
        assert "the quota cannot be read: no index" in text(app)
        assert screen.sheet.handoff.start == "manual"
        await write(pilot, "By hand")
        await pilot.press("enter", "ctrl+s")
        await until_shown(pilot, "The handoff is saved")
        assert planner.saved[0].title == "By hand"


# -- what the check finds


async def test_problems_are_shown_first_and_going_back_goes_to_the_first():
    planner = FakePlanner()
    planner.problems = [
        Problem("files[1]", "the file to read docs/auth.md does not exist"),
        Problem("title", "it has no title"),
    ]
    async with planning(planner) as (app, pilot, _, screen):
        await pilot.press("ctrl+s")
        await until_shown(pilot, "2 things to look at")
        assert "docs/auth.md does not exist" in text(app)
        await pilot.press("enter")
        await until(pilot, lambda: screen.ready and app.screen is screen)
        assert screen.sheet.cursor == Spot("files", 1)
        assert "does not exist" in text(app)
        assert planner.saved == []
        await pilot.press("ctrl+s")
        await until_shown(pilot, "2 things to look at")
        await pilot.press("down", "enter")
        await until_shown(pilot, "The handoff is saved")
        assert len(planner.saved) == 1


async def test_a_check_that_fails_does_not_stand_in_the_way():
    planner = FakePlanner()
    planner.errors["check"] = OSError("git is gone")
    async with planning(planner) as (app, pilot, _, screen):
        await pilot.press("ctrl+s")
        await until_shown(pilot, "it could not be checked: git is gone")
        await pilot.press("escape")
        await until(pilot, lambda: screen.ready)
        assert app.screen is screen


async def test_what_cannot_be_saved_stays_in_the_form_and_in_the_draft():
    planner = FakePlanner()
    planner.errors["save"] = OSError("the disk is full")
    async with planning(planner) as (_app, pilot, _, screen):
        await pilot.press("tab")
        await write(pilot, "More")
        await pilot.press("ctrl+s")
        await until_shown(pilot, "not saved: the disk is full")
        await until(pilot, lambda: planner.drafts and "More" in planner.drafts[-1].accomplished)
        assert screen.ready
        assert planner.closed == 0
        planner.errors.clear()
        await pilot.press("ctrl+s")
        await until_shown(pilot, "The handoff is saved")


async def test_a_draft_that_cannot_be_removed_is_told_with_the_file():
    planner = FakePlanner()
    planner.errors["discard_draft"] = OSError("read-only")
    async with planning(planner) as (app, pilot, _, _screen):
        await pilot.press("ctrl+s")
        await until_shown(pilot, "! the draft could not be removed: read-only")
        await pilot.press("escape")
        await until(pilot, lambda: app.outcome and app.outcome[0])


# -- editing


async def test_lists_are_edited_moved_removed_and_taken_back():
    async with planning() as (app, pilot, _, screen):
        await go_to(pilot, screen, Spot("accomplished", 0))
        await pilot.press("enter")
        await write(pilot, ", with tests")
        await pilot.press("enter")
        assert screen.sheet.handoff.accomplished[0] == "Add JWT authentication endpoints, with tests"
        assert "commit 4f2c1e0" not in text(app)
        await pilot.press("ctrl+down")
        assert screen.sheet.handoff.accomplished[1].endswith("with tests")
        assert screen.sheet.cursor == Spot("accomplished", 1)
        await pilot.press("delete")
        assert screen.sheet.handoff.accomplished == ("15 unit tests for auth",)
        assert "removed; ^z takes it back" in text(app)
        await pilot.press("ctrl+z", "ctrl+z", "ctrl+z")
        assert screen.sheet.handoff == HANDOFF
        await until_shown(pilot, "(commit 4f2c1e0, 16:52)")
        await pilot.press("ctrl+z")
        assert "nothing to take back" in text(app)
        await pilot.press("ctrl+y")
        assert screen.sheet.handoff.accomplished[0].endswith("with tests")


async def test_steps_are_added_below_their_objective():
    async with planning() as (_app, pilot, _, screen):
        await go_to(pilot, screen, Spot("objectives", 1))
        await pilot.press("s")
        await write(pilot, "rotate")
        await pilot.press("enter")
        await write(pilot, "revoke")
        await pilot.press("enter", "enter")
        assert screen.sheet.handoff.objectives[1].steps == ("rotate", "revoke")
        await go_to(pilot, screen, Spot("objectives", 0, "step", 0))
        await pilot.press("s")
        await write(pilot, "between")
        await pilot.press("escape", "alt+up")
        assert screen.sheet.handoff.objectives[0].steps[:2] == ("between", "write the middleware")
        await pilot.press("backspace")
        assert screen.sheet.handoff.objectives[0].steps[0] == "write the middleware"


async def test_an_entry_that_is_emptied_goes_and_an_empty_one_never_comes():
    async with planning() as (_app, pilot, _planner, screen):
        await go_to(pilot, screen, Spot("decisions", 0))
        await pilot.press("enter", "ctrl+u", "escape")
        assert screen.sheet.handoff.decisions == ()
        await pilot.press("enter")
        await write(pilot, " ")
        await pilot.press("enter")
        assert screen.sheet.handoff.decisions == ()
        await go_to(pilot, screen, Spot("objectives", 0))
        await pilot.press("enter", "ctrl+u", "escape")
        assert screen.sheet.handoff.objectives[0].text == ""
        assert screen.sheet.handoff.objectives[0].steps == HANDOFF.objectives[0].steps


async def test_tokens_that_make_no_sense_are_told_and_not_lost():
    async with planning() as (app, pilot, _, screen):
        await go_to(pilot, screen, Spot("objectives", 1, "tokens"))
        await write(pilot, "15x")
        await pilot.press("enter")
        assert screen.sheet.editing
        assert "tokens are written as 15k, 15000 or 9-24k" in text(app)
        await pilot.press("escape")
        assert screen.sheet.handoff.objectives[1] == Objective("Refresh tokens [15x]", 18_000, 11_000, 29_000)
        await pilot.press("ctrl+z")
        await go_to(pilot, screen, Spot("objectives", 1, "tokens"))
        await write(pilot, "300k")
        assert "does not fit: a window holds" in text(app)
        await pilot.press("enter")
        assert screen.sheet.handoff.objectives[1] == Objective("Refresh tokens", 300_000)


async def test_the_start_is_chosen_or_typed_and_shown_as_understood():
    async with planning(timezone="Europe/Berlin") as (app, pilot, planner, screen):
        await go_to(pilot, screen, Spot("start", part="manual"))
        await pilot.press("space")
        assert screen.sheet.handoff.start == "manual"
        assert "(●) by myself" in text(app)
        assert "you start it" in text(app)
        await pilot.press("left")
        await write(pilot, "25:9")
        assert "not a time" in text(app)
        await pilot.press("enter")
        assert screen.sheet.editing
        await pilot.press("ctrl+u")
        await write(pilot, "tomorrow 9:15")
        assert "Sat 21 Nov 09:15 CET, in 14h 40m" in text(app)
        await pilot.press("enter")
        assert screen.sheet.handoff.start == "2026-11-21T09:15:00+01:00"
        assert "(●) at Sat 09:15" in text(app)
        await pilot.press("ctrl+s")
        await until_shown(pilot, "The handoff is saved")
        assert planner.saved[0].scheduled_for == datetime(2026, 11, 21, 8, 15, tzinfo=UTC)


async def test_a_time_that_is_none_stays_as_typed_and_an_empty_one_changes_nothing():
    async with planning() as (app, pilot, planner, screen):
        await go_to(pilot, screen, Spot("start", part="time"))
        await write(pilot, "whenever")
        await pilot.press("escape")
        assert screen.sheet.handoff.start == "whenever"
        assert "( ) 18:45, recommended" in text(app)
        assert "at whenever" in text(app)
        await until(pilot, lambda: planner.drafts and planner.drafts[-1].start == "whenever")
        await pilot.press("enter", "ctrl+u", "enter")
        assert not screen.sheet.editing
        assert screen.sheet.handoff.start == "whenever"
        await pilot.press("ctrl+z")
        assert screen.sheet.handoff.start == "reset+5m"


async def test_the_agent_is_chosen_or_typed():
    async with planning() as (app, pilot, _, screen):
        await go_to(pilot, screen, Spot("agent"))
        assert "agents here: implementation-agent, reviewer" in text(app)
        await pilot.press("space")
        assert screen.sheet.handoff.agent == "reviewer"
        await pilot.press("space")
        assert screen.sheet.handoff.agent == ""
        await write(pilot, "nobody")
        await pilot.press("enter")
        assert "(no such agent here)" in row_with(app, "nobody")


async def test_instructions_have_lines_and_items_may():
    async with planning() as (_app, pilot, _, screen):
        await go_to(pilot, screen, Spot("instructions"))
        await write(pilot, "First")
        await pilot.press("enter", "enter")
        await write(pilot, "then")
        await pilot.press("escape")
        assert screen.sheet.handoff.instructions == "First\n\nthen"
        await go_to(pilot, screen, Spot("blockers", part="add"))
        await write(pilot, "one")
        await pilot.press("ctrl+j")
        await write(pilot, "two")
        await pilot.press("enter", "escape")
        assert screen.sheet.handoff.blockers == ("one\ntwo",)


async def test_the_changed_files_are_one_text():
    async with planning() as (app, pilot, _, screen):
        await go_to(pilot, screen, Spot("files_modified"))
        await pilot.press("enter", "enter")
        await write(pilot, "new.py")
        await pilot.press("escape")
        assert screen.sheet.handoff.state.files_modified == ("src/auth.py", "tests/test_auth.py", "new.py")
        assert "3 files: src/auth.py" in text(app)


async def test_up_and_down_leave_an_editor_at_its_ends():
    async with planning() as (_app, pilot, _, screen):
        await go_to(pilot, screen, Spot("accomplished", 0))
        await pilot.press("enter")
        await write(pilot, "!")
        await pilot.press("down")
        assert not screen.sheet.editing
        assert screen.sheet.cursor == Spot("accomplished", 1)
        assert screen.sheet.handoff.accomplished[0].endswith("endpoints!")
        await pilot.press("enter", "up")
        assert screen.sheet.cursor == Spot("accomplished", 0)


async def test_keys_that_come_in_a_burst_are_taken_in_their_order():
    said = 'Hello "world" [red] $(id) é 日本語'
    async with planning() as (_app, pilot, _, screen):
        await pilot.press("tab")
        await write(pilot, f"{said}\rsecond\r\rx\r\r")
        await until(pilot, lambda: "x" in screen.sheet.handoff.accomplished[-1])
        assert screen.sheet.handoff.accomplished[2:] == (said, "second", "x")
        await go_to(pilot, screen, Spot("title"))
        await burst(
            pilot, "enter", "!", "escape", "tab", "a", "b", "enter", "c", "tab", "tab", "d", "enter", "5", "k"
        )
        await burst(pilot, "escape", "down", "down", "left", "enter", "e", "ctrl+s")
        await until_shown(pilot, "The handoff is saved")
        handoff = screen.sheet.handoff
        assert handoff.title == "Authentication for the API!"
        assert handoff.accomplished[-2:] == ("ab", "c")
        assert handoff.objectives[2:] == (Objective("d", 5_000),)
        assert handoff.decisions == ("JWT instead of sessions: stateless APIe",)


async def test_letters_on_an_entry_do_nothing():
    async with planning() as (app, pilot, _planner, screen):
        await go_to(pilot, screen, Spot("accomplished", 0))
        await write(pilot, "qtzhr?1")
        assert screen.sheet.handoff == HANDOFF
        assert not screen.sheet.editing
        assert app.is_running
        assert app.screen is screen


async def test_clicks():
    async with planning() as (_app, pilot, _, screen):
        area = screen.form.laid_out.area_of(Spot("decisions", 0))
        await pilot.click("#plan-form", offset=(area.x + 2, area.y))
        assert screen.sheet.cursor == Spot("decisions", 0)
        assert not screen.sheet.editing
        await pilot.click("#plan-form", offset=(area.x + 2, area.y))
        await until(pilot, lambda: screen.sheet.editing)
        manual = screen.form.laid_out.area_of(Spot("start", part="manual"))
        await pilot.click("#plan-form", offset=(manual.x + 3, manual.y))
        await until(pilot, lambda: screen.sheet.handoff.start == "manual")
        assert not screen.sheet.editing
        empty = len(screen.form.laid_out.rows)
        await pilot.click("#plan-form", offset=(5, empty))
        await write(pilot, "z")
        assert screen.sheet.cursor == Spot("start", part="manual")


# -- drafts


async def test_leaving_keeps_a_draft_and_coming_back_offers_it():
    planner = FakePlanner()
    async with planning(planner) as (app, pilot, _, _screen):
        await pilot.press("tab")
        await write(pilot, "Half a thou")
        await pilot.press("escape", "escape")
        await until(pilot, lambda: app.outcome == [None])
        assert "The draft is kept: p goes on with it." in toasts(app)[-1][1]
        assert planner.drafts[-1].accomplished[-1] == "Half a thou"
        assert planner.closed == 1
        again = app.plan()
        await until_shown(pilot, "There is a draft")
        assert "Kept 3 min ago: “Authentication for the API”, 2 objectives." in text(app)
        await pilot.press("enter")
        await until(pilot, lambda: again.ready)
        await until_shown(pilot, "Half a thou")
        assert "(commit 4f2c1e0, 16:52)" in text(app)
        await pilot.press("escape")
        await until(pilot, lambda: len(app.outcome) == 2)
        assert planner.kept is not None


async def test_a_draft_can_be_left_for_a_new_proposal_or_alone():
    planner = FakePlanner()
    planner.kept = LeftDraft(Handoff(title="old"), NOW - timedelta(days=3))
    async with planning(planner, ready=False) as (app, pilot, _, _screen):
        await until_shown(pilot, "Kept 3 d ago")
        await pilot.press("escape")
        await until(pilot, lambda: app.outcome == [None])
        assert planner.kept.handoff.title == "old"
        again = app.plan()
        await until_shown(pilot, "Kept 3 d ago")
        await pilot.press("down", "enter")
        await until(pilot, lambda: again.ready)
        assert again.sheet.handoff == HANDOFF
        assert planner.kept.handoff.title == "old"
        await pilot.press("escape")
        await until(pilot, lambda: len(app.outcome) == 2)
        assert planner.kept.handoff.title == "old"


async def test_an_old_draft_is_saved_with_the_quota_of_now():
    planner = FakePlanner()
    old = msgspec.structs.replace(
        HANDOFF, title="old", created_at=NOW - timedelta(days=3), quota=Quota(used_pct=12.0, resets_at=NOW)
    )
    planner.kept = LeftDraft(old, NOW - timedelta(days=3))
    async with planning(planner, ready=False) as (_app, pilot, _, screen):
        await until_shown(pilot, "There is a draft")
        await pilot.press("enter")
        await until(pilot, lambda: screen.ready)
        await pilot.press("ctrl+s")
        await until_shown(pilot, "The handoff is saved")
    (saved,) = planner.saved
    assert (saved.title, saved.created_at, saved.quota) == ("old", NOW, HANDOFF.quota)
    assert saved.scheduled_for == RESET + timedelta(minutes=5)


async def test_who_changes_nothing_leaves_nothing():
    async with planning() as (app, pilot, planner, _screen):
        await pilot.press("tab")
        await write(pilot, "x")
        await until(pilot, lambda: planner.drafts)
        await pilot.press("escape", "ctrl+z", "escape")
        await until(pilot, lambda: app.outcome == [None])
        assert planner.kept is None
        assert toasts(app) == []


async def test_a_draft_that_cannot_be_kept_is_told_before_anything_is_lost():
    planner = FakePlanner()
    planner.errors["save_draft"] = OSError("the disk is full")
    async with planning(planner) as (app, pilot, _, _screen):
        await pilot.press("tab")
        await write(pilot, "x")
        await until_shown(pilot, "the draft is not kept: the disk is full")
        await pilot.press("escape", "escape")
        await until_shown(pilot, "esc again leaves without it")
        assert app.outcome == []
        planner.errors.clear()
        await pilot.press("enter")
        await write(pilot, "y")
        await until_shown(pilot, "the draft is kept again")
        planner.errors["save_draft"] = OSError("the disk is full")
        await write(pilot, "z")
        await pilot.press("escape", "escape")
        await until_shown(pilot, "esc again leaves without it")
        await pilot.press("escape")
        await until(pilot, lambda: app.outcome == [None])
        assert planner.drafts[-1].accomplished[-1] == "xy"
        assert planner.closed == 1


async def test_a_draft_is_written_about_once_a_second_and_at_once_when_the_terminal_loses_the_focus():
    async with planning() as (app, pilot, planner, screen):
        await pilot.press("tab")
        begin = time.monotonic()
        for _ in range(30):
            await write(pilot, "x")
        took = time.monotonic() - begin
        await until(pilot, lambda: planner.drafts)
        assert len(planner.drafts) <= took + 2
        await write(pilot, "yz")
        app.app_focus = False
        wanted = screen.sheet.handoff.accomplished[-1]
        assert wanted.endswith("yz")
        await until(pilot, lambda: planner.drafts[-1].accomplished[-1] == wanted)
        assert screen.sheet.editing


async def test_quitting_the_program_keeps_the_draft():
    planner = FakePlanner()
    async with planning(planner) as (_app, pilot, _, _screen):
        await pilot.press("tab")
        await write(pilot, "Half a thought")
        await pilot.press("ctrl+q")
    assert planner.drafts[-1].accomplished[-1] == "Half a thought"
    assert planner.closed == 1


async def test_at_rest_nothing_ticks():
    async with planning() as (_app, pilot, planner, screen):
        await pilot.press("tab")
        await write(pilot, "x")
        await pilot.press("escape")
        await until(pilot, lambda: planner.drafts)
        running = [
            timer
            for node in (screen, *screen.walk_children())
            for timer in node._timers
            if timer._active.is_set()
        ]
        assert running == []


async def test_with_the_real_files(tmp_path):
    planner = StorePlanner(tmp_path)
    async with planning(planner) as (app, pilot, _, _screen):
        await pilot.press("tab")
        await write(pilot, "key AKIAIOSFODNN7EXAMPLE in it")
        await pilot.press("escape", "escape")
        await until(pilot, lambda: app.outcome == [None])
        assert "AKIAIOSFODNN7EXAMPLE" in parse(planner.path.read_text()).accomplished[-1]
        app.planner = again = StorePlanner(tmp_path)
        assert again.path == planner.path
        screen = app.plan()
        await until_shown(pilot, "There is a draft")
        await pilot.press("enter")
        await until(pilot, lambda: screen.ready)
        await pilot.press("ctrl+s")
        await until_shown(pilot, "The handoff is saved")
        assert "! accomplished[2]: AWS key masked" in text(app)
        await pilot.press("enter")
        await until(pilot, lambda: len(app.outcome) == 2)
        written = parse(app.outcome[1].read_text())
        assert written.objectives == HANDOFF.objectives
        assert written.scheduled_for == RESET + timedelta(minutes=5)
        assert "AKIA" not in app.outcome[1].read_text()
        assert not again.path.exists()


async def test_two_dashboards_that_plan_at_once_keep_two_drafts(tmp_path):
    mine, theirs = StorePlanner(tmp_path), StorePlanner(tmp_path)
    async with (
        planning(mine) as (app, pilot, _, _),
        planning(theirs) as (other, other_pilot, _, _),
    ):
        await pilot.press("tab")
        await write(pilot, "mine")
        await other_pilot.press("tab")
        await write(other_pilot, "theirs")
        await pilot.press("escape", "escape")
        await other_pilot.press("escape", "escape")
        await until(pilot, lambda: app.outcome and other.outcome)
    assert mine.path != theirs.path
    assert parse(mine.path.read_text()).accomplished[-1] == "mine"
    assert parse(theirs.path.read_text()).accomplished[-1] == "theirs"


TYPIST = """
import asyncio, sys
from pathlib import Path
from tests.ui.planning import StorePlanner, planning, write

async def main():
    async with planning(StorePlanner(Path(sys.argv[1]))) as (_, pilot, _, _):
        await pilot.press("tab")
        await write(pilot, sys.argv[2])
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="ends a process without a warning")
async def test_what_was_typed_outlives_a_crash(tmp_path):
    typist = subprocess.Popen(  # noqa: ASYNC220 - it is started once, before any screen is
        [sys.executable, "-c", TYPIST, str(tmp_path), "Half a thought"]
    )
    try:
        give_up = time.monotonic() + 60
        while not any("Half a thought" in path.read_text() for path in tmp_path.glob("*/draft-*.md")):
            assert typist.poll() is None
            assert time.monotonic() < give_up
    finally:
        os.kill(typist.pid, signal.SIGKILL)
        typist.wait(10)
    async with planning(StorePlanner(tmp_path), ready=False) as (_app, pilot, _, screen):
        await until_shown(pilot, "There is a draft")
        await pilot.press("enter")
        await until_shown(pilot, "Half a thought")
        assert screen.sheet.handoff.accomplished[-1] == "Half a thought"


# -- hostile text


def hostile() -> Handoff:
    """Every nasty piece, in every field."""
    nasty = tuple(f"a{piece}b" for piece in PIECES)
    everything = "".join(PIECES)
    return msgspec.structs.replace(
        HANDOFF,
        title=everything,
        agent=everything,
        plan_file=everything,
        instructions=everything,
        accomplished=nasty,
        decisions=nasty[:20],
        failed=nasty[20:40],
        blockers=nasty[40:],
        files=nasty,
        commands=nasty,
        state=msgspec.structs.replace(HANDOFF.state, branch=everything, tests=everything, other=nasty[:9]),
        objectives=tuple(Objective(each, 5, steps=(each, everything)) for each in nasty),
    )


@pytest.mark.parametrize("size", [(46, 16), (140, 40)])
async def test_hostile_text_is_drawn_safely_and_kept_exactly(size):
    planner = FakePlanner(hostile())
    async with planning(planner, size) as (app, pilot, _, _screen):
        for _ in range(30):
            shown = text(app).replace("\n", "")
            assert not any(char < " " or "\x7f" <= char <= "\x9f" for char in shown)
            assert not any(char in shown for char in "\u202e\u2066\u200f\ufeff\ud800\udcff")
            await pilot.press("pagedown")
        await pilot.press("ctrl+s")
        await until_shown(pilot, "The handoff is saved")
        assert msgspec.structs.replace(planner.saved[0], scheduled_for=None) == hostile()


async def test_a_letter_added_to_hostile_text_leaves_the_rest_as_it_is():
    own = ("[red]x[/red]", "[b", "$(id)", "\U000f0000", "\U00100000\U000f0001\x1b")
    nasty = tuple(f"a{piece}b" for piece in (*PIECES, *own))
    async with planning(FakePlanner(Handoff(blockers=nasty, start="manual"))) as (_app, pilot, _, screen):
        for at in range(len(nasty)):
            await go_to(pilot, screen, Spot("blockers", at))
            screen.action_edit()
            await write(pilot, "c")
            await until(pilot, lambda at=at: screen.sheet.handoff.blockers[at].endswith("c"))
            screen.close_editor()
        assert screen.sheet.handoff.blockers == tuple(each + "c" for each in nasty)


async def test_brackets_are_no_markup():
    said = "[red]not red[/red] [@click=app.quit]no link[/] [/]"
    planner = FakePlanner(Handoff(title=said, start="manual", accomplished=(said,)))
    planner.problems = [Problem("title", said)]
    async with planning(planner, (200, 60)) as (app, pilot, _, _screen):
        assert said in text(app)
        await until_shown(pilot, "title: ")
        await pilot.press("ctrl+s")
        await until_shown(pilot, "1 thing to look at")
        assert said in text(app)


async def test_what_is_pasted_is_kept_exactly():
    async with planning() as (_app, pilot, _, screen):
        await pilot.press("tab")
        await paste(pilot, "one\r\ntwo\rthree \x1b[31m \u202e \u2028 [red]")
        await pilot.press("escape")
        assert screen.sheet.handoff.accomplished[-1] == "one\ntwo\nthree \x1b[31m \u202e \u2028 [red]"


async def test_joiners_typed_one_by_one_make_one_emoji():
    async with planning() as (_app, pilot, _, screen):
        await pilot.press("tab")
        await write(pilot, "👩\u200d🚀")
        await pilot.press("escape")
        assert screen.sheet.handoff.accomplished[-1] == "👩\u200d🚀"


async def test_what_is_copied_inside_an_editor_is_what_is_meant():
    async with planning(FakePlanner(Handoff(title="a\x1b\u202eb\ud800", start="manual"))) as (
        app,
        pilot,
        _,
        screen,
    ):
        await pilot.press("enter", "f7", "ctrl+c")
        assert app.clipboard == "a\x1b\u202eb?"
        await pilot.press("f7", "ctrl+x", "ctrl+v", "escape")
        assert screen.sheet.handoff.title == "a\x1b\u202eb?"


async def test_a_megabyte_is_shown_in_part_kept_whole_and_does_not_stop_anybody():
    huge = "lorem ipsum \x1b[31m" * 60_000
    planner = FakePlanner(msgspec.structs.replace(HANDOFF, accomplished=(huge,), instructions=huge))
    async with planning(planner, (140, 40)) as (app, pilot, _, screen):
        assert f"… {len(huge):,} characters" in text(app)
        await go_to(pilot, screen, Spot("accomplished", 0))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ReadScreen))
        assert "too long to edit here, kept as it is" in lines(app)[0]
        await pilot.press("end", "home", "escape")
        await pilot.press("down")
        await paste(pilot, huge)
        await until_shown(pilot, "characters were pasted: kept as they are")
        assert screen.sheet.handoff.accomplished == (huge, huge)
        await pilot.press("down")
        await write(pilot, "and on")
        await pilot.press("escape", "ctrl+s")
        await until_shown(pilot, "The handoff is saved")
        assert planner.saved[0].accomplished == (huge, huge, "and on")
        assert planner.saved[0].instructions == huge


async def test_a_thousand_entries():
    many = tuple(f"entry {at}" for at in range(1000))
    planner = FakePlanner(msgspec.structs.replace(HANDOFF, accomplished=many, files=many))
    async with planning(planner) as (app, pilot, _, screen):
        await pilot.press("tab")
        assert screen.sheet.cursor == Spot("accomplished", part="add")
        await write(pilot, "one more")
        await pilot.press("escape")
        assert screen.sheet.handoff.accomplished[-1] == "one more"
        assert "one more" in text(app)


# -- sizes and faces

SIZES = [
    (46, 16),
    (100, 30),
    (140, 40),
    (200, 60),
    (110, 24),
    (109, 24),
    (80, 24),
    (64, 20),
    (30, 8),
    (24, 5),
    (12, 3),
]


@pytest.mark.parametrize("size", SIZES)
async def test_every_spot_is_reached_by_keys_seen_and_edited(size):
    async with planning(size=size) as (app, pilot, _, screen):
        reached = set()
        for _ in range(len({area.y for area in screen.form.laid_out.areas})):
            row = [each for each in screen.form.laid_out.areas if each.y == here(screen).y]
            screen.action_aside(-9)
            for _ in row:
                reached.add(screen.sheet.cursor)
                assert screen.form.top <= here(screen).y < screen.form.top + screen.form.size.height
                await pilot.pause()
                assert "▸" in text(app) or size[0] < 24
                screen.action_aside(1)
            screen.action_step(1)
        assert reached == {area.spot for area in screen.form.laid_out.areas}
        await go_to(pilot, screen, Spot("objectives", part="add"))
        await write(pilot, "Seen")
        assert screen.editor.region.height >= 1
        assert screen.form.region.contains_region(screen.editor.region)
        assert "Seen" in text(app) or size[1] < 5
        assert len(lines(app)) == size[1]


def here(screen):
    return screen.form.laid_out.area_of(screen.sheet.cursor)


async def test_resizing_while_an_editor_is_open():
    async with planning() as (_app, pilot, _, screen):
        await go_to(pilot, screen, Spot("objectives", 0))
        await pilot.press("enter")
        await write(pilot, " and all of this as well, on two rows at least")
        for width, height in SIZES:
            await pilot.resize_terminal(width, height)
            await until(pilot, lambda size=(width, height): screen.size == size)
            await pilot.pause()
            assert screen.form.region.contains_region(screen.editor.region)
        await pilot.press("escape")
        assert screen.sheet.handoff.objectives[0].text.endswith("on two rows at least")


async def test_the_document_stands_beside_the_form_where_there_is_room():
    async with planning(size=(140, 40)) as (app, pilot, _, _screen):
        await until_shown(pilot, "## What was accomplished")
        await pilot.press("tab")
        await write(pilot, "Seen at once")
        await until_shown(pilot, "- Seen at once")
        await pilot.resize_terminal(109, 40)
        await until(pilot, lambda: "## What was" not in text(app))


async def test_the_document_on_the_whole_screen():
    async with planning(size=(46, 16)) as (app, pilot, _, screen):
        await pilot.press("tab")
        await write(pilot, "not left yet")
        await pilot.press("ctrl+p")
        await until_shown(pilot, "The handoff as it will be written")
        assert "title: Authentication for the API" in text(app)
        await pilot.press("pagedown")
        await until_shown(pilot, "- not left yet")
        await pilot.press("ctrl+p")
        await until(pilot, lambda: app.screen is screen)
        assert not screen.sheet.editing


async def test_a_preview_that_fails_says_so():
    planner = FakePlanner()
    planner.errors["preview"] = ValueError("cannot render")
    async with planning(planner, (140, 40)) as (_app, pilot, _, _screen):
        await until_shown(pilot, "no preview: cannot render")


async def test_the_ascii_face_draws_only_ascii():
    planner = FakePlanner()
    planner.problems = [Problem("title", "no “title” ≈")]
    async with planning(planner, (140, 40), ascii=True) as (app, pilot, _, screen):
        for spot in [area.spot for area in screen.form.laid_out.areas]:
            await go_to(pilot, screen, spot)
            assert text(app).isascii()
        await pilot.press("ctrl+s")
        await until_shown(pilot, "1 thing to look at")
        assert text(app).isascii()


async def test_without_numbers_nothing_is_claimed():
    planner = FakePlanner(Handoff(start=""))
    planner.known = facts(used_pct=None, resets_at=None, next_window=type(facts().next_window)(), agents=())
    async with planning(planner) as (app, pilot, _, screen):
        shown = text(app)
        assert "%" not in shown
        assert "fits" not in shown
        assert "at the reset" in shown
        assert screen.sheet.handoff.start == "manual"
        await go_to(pilot, screen, Spot("objectives", part="add"))
        await write(pilot, "Something ≈5k")
        await pilot.press("enter", "enter")
        assert "a window's size is not known" in text(app)


async def test_the_palette_is_still_there_afterwards():
    async with planning() as (app, pilot, _, _screen):
        await pilot.press("escape")
        await until(pilot, lambda: app.outcome == [None])
        await pilot.press("ctrl+p")
        await until(pilot, lambda: type(app.screen).__name__ == "CommandPalette")


@pytest.mark.parametrize("theme", ["light", "contrast", "nord"])
async def test_other_themes(theme):
    async with planning(theme=theme) as (app, _pilot, _, _screen):
        assert "Authentication for the API" in text(app)


PICTURES = {
    "dark-100x30": ((100, 30), ("tab", "tab", "tab", "up", "up")),
    "dark-46x16": ((46, 16), ("tab", "tab", "tab", "up")),
}


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="pictures are compared on Python 3.11 only")
@pytest.mark.parametrize("name", PICTURES)
def test_picture(name, snap_compare):
    from tests.ui.planning import PlanningApp

    size, keys = PICTURES[name]
    app: QuotaApp = PlanningApp(FakePlanner(), Clock())

    async def settled(pilot) -> None:
        await until(pilot, lambda: app.view is not None and app.view.snapshot is not None)
        screen = app.plan()
        await until(pilot, lambda: screen.ready and bool(screen.form.laid_out.areas))
        await pilot.press(*keys)
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=settled)
