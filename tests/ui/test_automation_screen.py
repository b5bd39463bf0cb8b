"""The automation screen: what is told of each session, what is asked before anything is done, how it ends."""

from __future__ import annotations

import sys
import threading
from datetime import timedelta

import msgspec
import pytest

from quota_tui.core.jobs.job import JobState
from quota_tui.handing.form import Latest
from quota_tui.ui.app import QuotaApp
from quota_tui.ui.automation.ask_time import AskTime
from quota_tui.ui.automation.screen import AutomationScreen
from quota_tui.ui.plan.asks import Ask
from quota_tui.ui.plan.reading import ReadScreen
from quota_tui.ui.plan.screen import PlanScreen
from tests.ui.arranging import LATEST, FakeArranger, arranging
from tests.ui.fakes import Clock, FakeProvider
from tests.ui.invent import NOW, RESET, job
from tests.ui.planning import FakePlanner, write
from tests.ui.stage import dashboard, lines, make, settings, text, until, until_shown

SIZES = ((160, 45), (100, 30), (46, 16), (40, 12), (30, 8))
OTHER = job(
    id="web-1",
    project="/srv/web",
    agent="",
    title="The shop",
    launch_at=RESET + timedelta(minutes=6),
    handoff="/home/ada/.claude/session-handoffs/handoff-2.md",
)


def foot(app) -> str:
    return next(line for line in reversed(lines(app)) if line.strip()).strip()


def screen_of(app) -> AutomationScreen:
    return next(each for each in app.screen_stack if isinstance(each, AutomationScreen))


async def asked(pilot, kind: type) -> None:
    """Until a question of that kind is there, and drawn."""
    await until(pilot, lambda: isinstance(pilot.app.screen, kind))
    await pilot.pause()


async def settled(pilot) -> None:
    """Until what was asked is answered."""
    await until(pilot, lambda: not screen_of(pilot.app).busy)
    await pilot.pause()


async def yes(pilot) -> None:
    """Take the second answer: the first one is always "No"."""
    await asked(pilot, Ask)
    await pilot.press("down", "enter")
    await until(pilot, lambda: not isinstance(pilot.app.screen, Ask))
    await settled(pilot)


async def time_is(pilot, said: str) -> None:
    """Type a time in the place of what is offered."""
    await asked(pilot, AskTime)
    await write(pilot, said)
    await pilot.press("enter")


# -- what is told


async def test_the_session_is_told_in_full():
    async with arranging(FakeArranger(job())) as (app, _, _):
        shown = text(app)
        for said in (
            "Next sessions",
            "≈81 % used · resets 18:40",
            "● SCHEDULED",
            "18:45 · in 1h 10m",
            "api · implementation-agent",
            "≈45k (30k–62k)",
            "of a window",
            "systemd: survives logout and reboot; notice at 18:40",
            "title         Authentication for the API",
            "folder        ~/code/api",
            "handoff       ~/.claude/session-handoffs/handoff-20261120-1731-0748c499.md",
            "terminal      tmux",
            "model         the client's own choice",
            "permissions   the client's own default",
            "no later than 00:45",
            "What happened",
            "17:31 scheduled",
        ):
            assert said in shown, said
        assert foot(app) == "s start  t time  c cancel  v preview  l log  esc back"


@pytest.mark.parametrize(
    ("changes", "told", "keys"),
    [
        (
            {"state": JobState.WAITING, "reason": "19 % is left: waiting for more"},
            ("○ WAITING", "19 % is left: waiting for more", "in 1h 10m"),
            "s start  t time  c cancel",
        ),
        (
            {"state": JobState.LAUNCHING},
            ("▸ LAUNCHING",),
            "c cancel  v preview  l log",
        ),
        (
            {"state": JobState.FAILED, "reason": "no session within 60 s: look at tmux"},
            ("✗ FAILED", "no session within 60 s: look at tmux"),
            "s start  t time  c cancel  v preview  l log  n arrange",
        ),
        (
            {"state": JobState.MISSED, "reason": "the machine was off until 23:10"},
            ("▲ MISSED", "the machine was off until 23:10"),
            "s start  t time  c cancel",
        ),
        (
            {"state": JobState.STARTED, "started_at": NOW, "how": "tmux window 3"},
            ("✓ STARTED", "tmux window 3", "n arranges the last handoff: Authentication for the API"),
            "n arrange  p plan  v preview  l log",
        ),
        (
            {"state": JobState.CANCELLED, "reason": "called off by you"},
            ("× CANCELLED", "called off by you", "p plans the next session"),
            "n arrange  p plan",
        ),
        (
            {"mismatch": "systemd holds nothing for it"},
            ("● SCHEDULED", "systemd holds nothing for it"),
            "s start  t time",
        ),
    ],
)
async def test_every_state_says_what_it_is_and_what_can_be_done(changes, told, keys):
    async with arranging(FakeArranger(job(**changes))) as (app, _, _):
        for said in told:
            assert said in text(app), said
        assert foot(app).startswith(keys)


async def test_nothing_is_arranged():
    async with arranging(FakeArranger()) as (app, _, _):
        assert "Nothing scheduled." in text(app)
        assert "n arranges the last handoff: Authentication for the API" in text(app)
        assert "p plans the next session and says when it starts" in text(app)
        assert foot(app) == "n arrange  p plan  esc back"


async def test_nothing_is_arranged_and_there_is_no_handoff():
    async with arranging(FakeArranger(latest=None)) as (app, pilot, _):
        assert "arranges the last handoff" not in text(app)
        assert foot(app) == "p plan  esc back"
        await pilot.press("n")
        await until_shown(pilot, "there is no handoff yet")


async def test_before_the_first_numbers_nothing_is_claimed():
    held = threading.Event()
    arranger = FakeArranger(job())

    def late(now):
        assert held.wait(20)
        return arranger.scene(now)

    app, _ = make(late)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("a")
        await until_shown(pilot, "reading …")
        assert "Nothing scheduled" not in text(app)
        held.set()
        await until_shown(pilot, "● SCHEDULED")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_every_size_shows_the_state_and_fits(size, ascii_only):
    hostile = job(
        title="\x1b[31m[bold]プロジェクト[/] " + "long " * 40,
        project="/home/ada/" + "really-long-folder-name/" * 4 + "プロジェクト",
        state=JobState.FAILED,
        reason="[red]no[/red] " + "reason " * 30,
    )
    async with arranging(FakeArranger(hostile, OTHER), size, ascii=ascii_only) as (app, pilot, _):
        shown = lines(app)
        assert len(shown) == size[1]
        assert "FAILED" in text(app)
        assert "SCHEDULED" in text(app)
        assert "s start" in shown[-1]
        if ascii_only:
            assert text(app).isascii()
        for key, kind in (("s", Ask), ("t", AskTime), ("c", Ask)):
            await pilot.press(key)
            await asked(pilot, kind)
            if kind is Ask:  # both answers can be seen
                assert "No" in text(app)
                assert any(said in text(app) for said in ("Start it now ", "Call it off "))
            else:
                assert "18:45, in 1h 10m" in text(app)
            if ascii_only:
                assert text(app).isascii()
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, AutomationScreen))


@pytest.mark.parametrize("theme", ["light", "contrast"])
async def test_other_themes(theme):
    async with arranging(FakeArranger(job()), theme=theme) as (app, _, _):
        assert "● SCHEDULED" in text(app)


async def test_without_colour_the_marked_one_is_still_marked(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    async with arranging(FakeArranger(job(), OTHER)) as (app, _, _):
        assert "▸ ● SCHEDULED  18:45" in text(app)


# -- doing something


async def test_the_last_handoff_is_arranged():
    arranger = FakeArranger()
    async with arranging(arranger) as (app, pilot, _):
        await pilot.press("n")
        await asked(pilot, AskTime)
        assert "When does it start?" in text(app)
        assert "Authentication for the API" in text(app)
        assert "reset+5m" in text(app)
        assert "18:45, in 1h 10m" in text(app)
        assert "also: reset, reset+5m, +90s" in text(app)
        await pilot.press("enter")
        await until_shown(pilot, "starts 18:45 · handoff-20261120-1731-0748c499.md · safe to close")
        await until_shown(pilot, "● SCHEDULED")
        assert ("schedule", LATEST.path, "reset+5m") in arranger.asked
        assert "n arrange" not in foot(app)  # it is arranged


async def test_the_key_can_be_clicked():
    async with arranging(FakeArranger()) as (app, pilot, _):
        await pilot.click("#auto-foot", offset=(foot(app).index("n arrange") + 2, 0))
        await asked(pilot, AskTime)


async def test_another_handoff_can_be_arranged_beside_one():
    newer = Latest("/home/ada/.claude/session-handoffs/handoff-3.md", "Something else", "/srv/else")
    arranger = FakeArranger(job(), latest=newer)
    async with arranging(arranger) as (app, pilot, screen):
        assert "n arrange" in foot(app)
        await pilot.press("n")
        await asked(pilot, AskTime)
        assert "instead of" not in text(app)
        await pilot.press("enter")
        await until(pilot, lambda: screen.marked == "new-1")


async def test_what_gives_way_is_said_first():
    newer = Latest("/home/ada/.claude/session-handoffs/handoff-3.md", "Something else", job().project)
    async with arranging(FakeArranger(job(), latest=newer)) as (app, pilot, _):
        await pilot.press("n")
        await asked(pilot, AskTime)
        assert "Something else, instead of SCHEDULED  18:45" in text(app).replace(
            "SCHEDULED 1", "SCHEDULED  1"
        )


async def test_another_time():
    arranger = FakeArranger(job())
    async with arranging(arranger) as (_, pilot, _):
        await pilot.press("t")
        await time_is(pilot, "20:34")
        await until_shown(pilot, "starts 20:34 · handoff.md · safe to close")
        await until_shown(pilot, "20:34 · in 3h")
        assert ("reschedule", job().id, "20:34") in arranger.asked


async def test_a_time_that_is_none_is_told_while_it_is_typed_and_not_taken():
    arranger = FakeArranger(job())
    async with arranging(arranger) as (app, pilot, _):
        await pilot.press("t")
        await time_is(pilot, "sometime")
        await until_shown(pilot, "not a time; write reset")
        assert isinstance(app.screen, AskTime)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, AutomationScreen))
        assert all(each[0] == "latest" for each in arranger.asked)


async def test_without_a_known_reset_a_time_is_asked_for():
    arranger = FakeArranger(job())
    scene = arranger.scene

    def unknown(now):
        made = scene(now)
        return msgspec.structs.replace(
            made, five_hour=msgspec.structs.replace(made.five_hour, resets_at=None)
        )

    arranger.scene = unknown
    async with arranging(arranger) as (app, pilot, _):
        await pilot.press("t")
        await asked(pilot, AskTime)
        assert "a time: reset, reset+5m" in text(app)
        await write(pilot, "reset")
        await until_shown(pilot, "the reset is not known yet: give a time")


async def test_it_is_called_off_once_that_is_confirmed():
    arranger = FakeArranger(job())
    async with arranging(arranger) as (app, pilot, _):
        await pilot.press("c")
        await asked(pilot, Ask)
        assert "Call it off?" in text(app)
        assert "It is scheduled for 18:45. The handoff stays." in text(app)
        await pilot.press("enter")  # "No" comes first
        await until(pilot, lambda: isinstance(app.screen, AutomationScreen))
        assert arranger.jobs[0].state is JobState.SCHEDULED
        await pilot.press("c")
        await yes(pilot)
        assert ("cancel", job().id) in arranger.asked
        await until_shown(pilot, "× CANCELLED")


async def test_it_is_started_now_once_that_is_confirmed():
    arranger = FakeArranger(job())
    async with arranging(arranger) as (app, pilot, _):
        await pilot.press("s")
        await asked(pilot, Ask)
        assert "A terminal opens with the client at once. ≈19 % of the five-hour window is left." in text(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, AutomationScreen))
        assert ("run_now", job().id) not in arranger.asked
        await pilot.press("s")
        await yes(pilot)
        assert ("run_now", job().id) in arranger.asked
        await until_shown(pilot, "starts now")
        await until_shown(pilot, "▸ LAUNCHING")


async def test_the_preview_is_a_page_of_its_own():
    async with arranging(FakeArranger(job())) as (app, pilot, _):
        await pilot.press("v")
        await asked(pilot, ReadScreen)
        assert "Preview" in text(app)
        assert "claude --session-id 6f9b1c9e" in text(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, AutomationScreen))
        assert "looking" not in text(app)


async def test_the_log_is_a_page_that_scrolls():
    async with arranging(FakeArranger(job()), (46, 16)) as (app, pilot, _):
        await pilot.press("l")
        await asked(pilot, ReadScreen)
        assert "line 0" in text(app)
        await pilot.press("end")
        await until_shown(pilot, "line 59")


async def test_planning_is_one_key_away_and_what_was_planned_is_offered():
    arranger = FakeArranger(latest=None)
    async with arranging(arranger) as (app, pilot, _):
        planner = FakePlanner()
        app.provider.plans.append(planner)
        await pilot.press("p")
        form = next(each for each in app.screen_stack if isinstance(each, PlanScreen))
        await until(pilot, lambda: form.ready)
        await pilot.press("ctrl+s")
        await until_shown(pilot, "The handoff is saved")
        arranger.newest = LATEST
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, AutomationScreen))
        await until_shown(pilot, "n arranges the last handoff: Authentication for the API")


# -- several, and what changes meanwhile


async def test_several_sessions_are_a_row_each_and_the_marked_one_is_told():
    async with arranging(FakeArranger(job(), OTHER)) as (app, pilot, _):
        shown = text(app)
        assert "▸ ● SCHEDULED  18:45 · in 1h 10m · api" in shown
        assert "  ● SCHEDULED  18:46 · in 1h 11m · web" in shown
        assert "Authentication for the API" in shown
        await pilot.press("down")
        await until_shown(pilot, "▸ ● SCHEDULED  18:46")
        assert "The shop" in text(app)
        assert "Authentication for the API" not in text(app)
        await pilot.press("down")
        await until_shown(pilot, "▸ ● SCHEDULED  18:45")
        await pilot.press("up", "c")
        await asked(pilot, Ask)
        assert "web" in text(app)


async def test_on_a_small_screen_the_rest_is_scrolled_to():
    async with arranging(FakeArranger(job(), OTHER), (40, 12)) as (app, pilot, _):
        assert "What happened" not in text(app)
        for _ in range(6):
            await pilot.press("pagedown")
        await until_shown(pilot, "17:31 scheduled")
        await pilot.press("down")
        await until_shown(pilot, "▸ ● SCHEDULED  18:46")  # the other one from its beginning


async def test_with_one_session_the_arrows_scroll():
    async with arranging(FakeArranger(job()), (40, 12)) as (app, pilot, _):
        for _ in range(30):
            await pilot.press("down")
        await until_shown(pilot, "17:31 scheduled")
        assert "● SCHEDULED" not in text(app)


async def test_a_session_that_changes_meanwhile_is_shown_as_it_is():
    arranger = FakeArranger(job())
    async with arranging(arranger) as (app, pilot, _):
        arranger.become(job().id, "opening tmux", state=JobState.LAUNCHING)
        app.refresh_soon()
        await until_shown(pilot, "▸ LAUNCHING")
        assert "s start" not in foot(app)
        arranger.become(job().id, "its client runs", state=JobState.STARTED, started_at=NOW)
        app.refresh_soon()
        await until_shown(pilot, "✓ STARTED")
        assert "its client runs" in text(app)


async def test_what_was_told_goes_when_the_session_says_more():
    arranger = FakeArranger(job())
    async with arranging(arranger) as (app, pilot, _):
        await pilot.press("s")
        await yes(pilot)
        await until_shown(pilot, "starts now")
        arranger.become(job().id, "one", state=JobState.LAUNCHING)
        arranger.become(job().id, "its client runs", state=JobState.STARTED, started_at=NOW)
        app.refresh_soon()
        await until(pilot, lambda: "✓ STARTED" in text(app) and "starts now" not in text(app))


async def test_a_session_that_is_gone_while_it_was_asked_about():
    arranger = FakeArranger(job(), OTHER)
    arranger.errors["cancel"] = ValueError("it is starting already")
    async with arranging(arranger) as (app, pilot, _):
        await pilot.press("down", "c")
        await asked(pilot, Ask)
        del arranger.jobs[1]
        app.refresh_soon()
        await until(pilot, lambda: len(app.view.snapshot.automation.jobs) == 1)
        await yes(pilot)
        assert ("cancel", OTHER.id) in arranger.asked  # of that one, not of the one that took its place
        await until_shown(pilot, "it is starting already")
        assert "● SCHEDULED" in text(app)


# -- failures


@pytest.mark.parametrize(
    ("what", "keys"), [("preview", "v"), ("log", "l"), ("cancel", "c"), ("run_now", "s"), ("reschedule", "t")]
)
async def test_a_failure_is_one_line_and_the_screen_goes_on(what, keys):
    arranger = FakeArranger(job())
    arranger.errors[what] = OSError(28, "No space left on device\nsecond line \x1b[31m")
    async with arranging(arranger) as (app, pilot, _):
        await pilot.press(keys)
        if what == "reschedule":
            await asked(pilot, AskTime)
            await pilot.press("enter")
        elif keys in "cs":
            await yes(pilot)
        await until_shown(pilot, "No space left on device")
        assert "\x1b" not in text(app)
        assert "● SCHEDULED" in text(app)
        del arranger.errors[what]
        await settled(pilot)
        await pilot.press("l")
        await asked(pilot, ReadScreen)


async def test_handoffs_that_cannot_be_read_are_told():
    arranger = FakeArranger(job(), latest=None)
    arranger.errors["latest"] = PermissionError(13, "Permission denied", "/home/ada/.claude")
    async with arranging(arranger) as (_, pilot, _):
        await until_shown(pilot, "Permission denied")


async def test_one_thing_at_a_time():
    arranger = FakeArranger(job())
    arranger.holds["preview"] = threading.Event()
    async with arranging(arranger) as (app, pilot, _):
        await pilot.press("v")
        await until_shown(pilot, "looking …")
        await pilot.press("c", "l", "t")
        await pilot.pause()
        assert isinstance(app.screen, AutomationScreen)
        assert "looking …" in text(app)
        arranger.holds["preview"].set()
        await asked(pilot, ReadScreen)
    assert [each[0] for each in arranger.asked if each[0] != "latest"] == ["preview"]


async def test_an_answer_that_comes_after_leaving_disturbs_nobody():
    arranger = FakeArranger(job())
    arranger.holds["preview"] = threading.Event()
    async with arranging(arranger) as (app, pilot, _):
        await pilot.press("v")
        await until_shown(pilot, "looking …")
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, AutomationScreen))
        arranger.holds["preview"].set()
        await until(pilot, lambda: not app.workers)
        await pilot.pause()
        assert "1 Quota" in text(app)


async def test_warnings_are_told_with_it():
    arranger = FakeArranger(job())
    arranger.warnings = ("at: does not survive a reboot",)
    async with arranging(arranger) as (_, pilot, _):
        await pilot.press("t")
        await time_is(pilot, "20:34")
        await until_shown(pilot, "safe to close; at: does not survive a reboot")


# -- the demo


async def test_in_the_demo_it_is_looked_at_and_nothing_is_done():
    async with arranging(None, jobs=(job(),)) as (app, pilot, _):
        assert "● SCHEDULED" in text(app)
        for key in ("s", "t", "c", "v", "l"):
            await pilot.press(key)
            await until_shown(pilot, "nothing is arranged here: this is a demo")
            assert isinstance(app.screen, AutomationScreen)
            await pilot.press("escape", "a")
            await until(pilot, lambda: isinstance(app.screen, AutomationScreen))


async def test_in_an_empty_demo():
    async with arranging(None) as (app, pilot, _):
        assert "Nothing scheduled." in text(app)
        await pilot.press("n")
        await until_shown(pilot, "nothing is arranged here: this is a demo")


# -- coming and going


@pytest.mark.parametrize("key", ["escape", "a", "q"])
async def test_leaving(key):
    async with arranging(FakeArranger(job())) as (app, pilot, _):
        await pilot.press(key)
        await until_shown(pilot, "1 Quota")
        assert app.is_running


async def test_its_keys_can_be_rebound():
    arranger = FakeArranger(job())
    async with dashboard(arranger.scene, keys={"automation.cancel": "x"}) as (_, pilot, provider):
        provider.arranges = arranger
        await pilot.press("a")
        await until_shown(pilot, "x cancel")
        await pilot.press("x")
        await asked(pilot, Ask)


async def test_the_palette_opens_it():
    async with dashboard() as (_, pilot, _):
        await pilot.press("ctrl+p")
        await write(pilot, "automation")
        await until_shown(pilot, "The arranged sessions (a)")


async def test_at_rest_nothing_is_asked_or_drawn():
    arranger = FakeArranger(job())
    async with arranging(arranger) as (app, pilot, screen):
        await settled(pilot)
        before = list(arranger.asked)
        drawn: list[object] = []
        for widget in screen.walk_children():
            widget.refresh = lambda *args, **options: drawn.append(args)  # type: ignore[method-assign]
        app.tick()  # the clock stands
        await pilot.pause()
        assert arranger.asked == before
        assert drawn == []


# -- pictures


PICTURES = {
    "dark-100x30": ((100, 30), {}),
    "light-46x16": ((46, 16), {"theme": "light"}),
    "ascii-46x16": ((46, 16), {"ascii": True}),
}


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="pictures are compared on Python 3.11 only")
@pytest.mark.parametrize("name", PICTURES)
def test_picture(name, snap_compare):
    size, display = PICTURES[name]
    arranger = FakeArranger(job(), msgspec.structs.replace(OTHER, state=JobState.FAILED, reason="no client"))
    provider = FakeProvider(arranger.scene, settings(display=display))
    provider.arranges = arranger
    app = QuotaApp(provider, Clock(), home="/home/ada")

    async def settled(pilot) -> None:
        await until(pilot, lambda: app.view is not None and app.view.snapshot is not None)
        await pilot.press("a")
        await until(pilot, lambda: screen_of(app).latest is not None)
        await until_shown(pilot, "SCHEDULED")
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=settled)
