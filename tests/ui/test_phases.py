"""From an estimate to a report, by keys: the estimate screen, the tracked plan, the next phase, the reports."""

from __future__ import annotations

import threading
from contextlib import asynccontextmanager

import msgspec
import pytest

from quota_tui.core.estimating.trackrecord import History
from quota_tui.core.snapshot import PhaseProposal, PhasesState
from quota_tui.core.tracking.state import CATEGORIES
from tests.ui.following import PLAN, PLANS, FakeFollower, ended, estimate, tracking
from tests.ui.invent import NOW, phases, working
from tests.ui.stage import dashboard, lines, text, toasts, until, until_shown
from tests.ui.test_phase_panes import STATES, changed, proposed

SIZES = [(100, 30), (46, 16), (40, 12), (30, 8)]


def scene_of(state: PhasesState):
    def scene(now=NOW):
        return msgspec.structs.replace(working(now), phases=state)

    return scene


@asynccontextmanager
async def following(state: PhasesState | None = None, **how: object):
    """A dashboard with a follower; without a state the plan of the sketches is tracked."""
    follower = FakeFollower()
    async with dashboard(scene_of(phases() if state is None else state), **how) as (app, pilot, provider):
        provider.follows = follower
        yield app, pilot, provider, follower


def free(**how: object):
    """Without a tracked plan."""
    return following(PhasesState(), **how)


def asked(follower: FakeFollower, name: str) -> list[tuple[str, ...]]:
    return [each for each in follower.asked if each[0] == name]


# -- the estimate


async def test_a_plan_is_chosen_estimated_saved_and_tracked():
    async with free() as (app, pilot, provider, follower):
        await pilot.press("e")
        await until_shown(pilot, "▸ ~/code/api/SESSION_3_PLAN.md")
        assert "~/code/api/TODO.md" in text(app)
        await pilot.press("enter")
        await until_shown(pilot, "≈112k tokens (72–178k)   ≈4.8 h (2.8–8.0)   ≈$2.92 ($1.91–4.61)")
        shown = text(app)
        for expected in (
            "past estimates: 24 sessions, range held 79 %, median error 31 %",
            "≈56 % of a five-hour window · ≈5 % of the week",
            "split: break after phase 2: 61k ± 20k fits a full window",
            "6 % to finish inside this window · 91 % inside a full one",
            "2 Dashboard           ≈35k  (22–55k)    ≈1.5 h  ≈$0.91   ≈18 %  ≈2 %  medium",
            "── break here, go on after the reset ───",
            "24 past sessions of yours, 9 of them with a plan",
            "Visualisation: few sessions of this kind, its range is wide",
            "4 History: testing phases of yours take 1.2 times what the plan says",
        ):
            assert expected in shown, shown
        assert "accura" not in shown
        await pilot.press("s")
        await until_shown(pilot, "kept: the plan will be judged by it")
        before = len(provider.calls)
        await pilot.press("t")
        await until_shown(pilot, "2 Burn rate")
        await until(pilot, lambda: len(provider.calls) > before)
        assert any("tracking 4 phases, ≈112k tokens" in each[1] for each in toasts(app))
        assert follower.asked == [("plans",), ("estimate", PLAN), ("save", PLAN), ("start", PLAN)]


async def test_another_plan_of_the_list_and_back_to_it():
    async with free() as (_app, pilot, _, follower):
        await pilot.press("e")
        await until_shown(pilot, "TODO.md")
        await pilot.press("down", "enter")
        await until_shown(pilot, "≈112k tokens")
        assert asked(follower, "estimate") == [("estimate", PLANS[1])]
        await pilot.press("c")
        await until_shown(pilot, "▸ ~/code/api/docs/ROADMAP.md")
        await pilot.press("up", "up")
        await until_shown(pilot, "▸ ~/code/api/TODO.md")
        await pilot.press("escape")
        await until_shown(pilot, "2 Burn rate")


async def test_the_only_plan_is_estimated_at_once():
    async with free() as (_, pilot, _provider, follower):
        follower.found_plans = (PLAN,)
        await pilot.press("e")
        await until_shown(pilot, "≈112k tokens")
        assert follower.asked == [("plans",), ("estimate", PLAN)]


async def test_a_path_can_be_typed_and_left():
    async with free() as (app, pilot, _, follower):
        follower.found_plans = ()
        await pilot.press("e")
        await until_shown(pilot, "No plan file was found")
        assert "f takes the path of one" in text(app)
        await pilot.press("f")
        await until_shown(pilot, "The path of a plan")
        await pilot.press("escape")
        await until_shown(pilot, "No plan file was found")
        await pilot.press("f")
        await until_shown(pilot, "The path of a plan")
        await pilot.press("enter", *"~/x.md", "enter")
        await until_shown(pilot, "≈112k tokens")
        assert asked(follower, "estimate") == [("estimate", "~/x.md")]


@pytest.mark.parametrize("name", ["plans", "estimate", "save", "start"])
async def test_what_fails_in_estimating_is_one_line_and_nothing_is_lost(name):
    async with free() as (app, pilot, _, follower):
        follower.errors[name] = OSError("the plan cannot be read: [bold]no\nTraceback")
        await pilot.press("e")
        if name != "plans":
            await until_shown(pilot, "TODO.md")
            await pilot.press("enter")
        if name in {"save", "start"}:
            await until_shown(pilot, "≈112k tokens")
            await pilot.press({"save": "s", "start": "t"}[name])
        await until_shown(pilot, "the plan cannot be read: [bold]no")
        assert "Traceback" not in text(app)
        expected = {"plans": "No plan file", "estimate": "▸ ~/code/api/SESSION"}.get(name, "≈112k tokens")
        assert expected in text(app)
        follower.errors.clear()
        if name == "estimate":
            await pilot.press("enter")
            await until_shown(pilot, "≈112k tokens")


async def test_leaving_while_it_is_estimated_harms_nothing():
    async with free() as (app, pilot, _, follower):
        follower.holds["estimate"] = threading.Event()
        await pilot.press("e")
        await until_shown(pilot, "TODO.md")
        await pilot.press("enter")
        await until_shown(pilot, "estimating")
        await pilot.press("enter", "t", "s", "c", "escape")
        await until_shown(pilot, "2 Burn rate")
        follower.holds["estimate"].set()
        await pilot.pause()
        assert app.is_running
        assert follower.asked == [("plans",), ("estimate", PLAN)]


async def test_the_history_line_is_there_without_a_history_too():
    async with free() as (_, pilot, _provider, follower):
        follower.estimated = msgspec.structs.replace(estimate(), history=History())
        follower.found_plans = (PLAN,)
        await pilot.press("e")
        await until_shown(pilot, "past estimates: none yet to judge this one by")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_the_estimate_at_every_size(size, ascii_only):
    async with free(size=size, display={"ascii": ascii_only}) as (app, pilot, _, follower):
        follower.found_plans = (PLAN,)
        await pilot.press("e")
        await until_shown(pilot, "112k")
        shown = " ".join(text(app).split())
        assert "24 sessions" in shown
        assert "median error 31 %" in shown.replace("▐", "").replace("|", "").replace("  ", " ")
        assert "back" in lines(app)[-1]
        assert not ascii_only or text(app).isascii()


# -- the next phase


async def test_n_confirms_what_looks_done_and_asks_why():
    async with following(proposed()) as (app, pilot, provider, follower):
        assert "2 Dashboard looks done: n confirms" in text(app)
        before = len(provider.calls)
        await pilot.press("n")
        await until_shown(pilot, "Why? (esc skips)")
        assert asked(follower, "phase_done") == [("phase_done", "p2")]
        assert not toasts(app)  # it would cover the question, which tells it all
        for said in (
            "Dashboard took 51k tokens, estimated ≈35k: +16k (146 % of it)",
            "changes the whole by +14 %; ≈131k in all",
            "the rest no longer fits what is left of the five-hour window",
            "420 tokens a minute of work, planned 390",
        ):
            assert said in text(app)
        assert "Easier than it looked" not in text(app)
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: asked(follower, "why") == [("why", "complexity")])
        await until(pilot, lambda: len(provider.calls) > before + 1)


async def test_why_can_be_skipped():
    async with following(proposed()) as (_, pilot, _provider, follower):
        await pilot.press("n")
        await until_shown(pilot, "Why?")
        await pilot.press("escape")
        await until_shown(pilot, "2 Burn rate")
        assert not asked(follower, "why")


async def test_nobody_is_asked_why_of_a_phase_that_kept_to_its_estimate():
    async with following(proposed()) as (app, pilot, _, follower):
        follower.end = ended(percent=101.0, variance_tokens=300, asks_why=False)
        await pilot.press("n")
        await until(pilot, lambda: toasts(app))
        assert "Why?" not in text(app)
        assert toasts(app)[-1][2] == "information"


async def test_without_a_proposal_it_asks_first():
    async with following() as (app, pilot, _, follower):
        await pilot.press("n")
        await until_shown(pilot, "Phase 2 is done?")
        assert "10k of ≈35k · 2/7 boxes" in text(app)
        assert "▸ Done, go on with 3 Visualisation" in text(app)
        await pilot.press("escape")
        await until_shown(pilot, "2 Burn rate")
        assert follower.asked == []
        await pilot.press("n")
        await until_shown(pilot, "Phase 2 is done?")
        await pilot.press("down", "enter")
        await until(pilot, lambda: follower.asked == [("dismiss",)])
        await pilot.press("n")
        await until_shown(pilot, "Phase 2 is done?")
        await pilot.press("enter")
        await until_shown(pilot, "Why?")
        assert asked(follower, "phase_done") == [("phase_done", "p2")]


async def test_between_phases_n_begins_the_next_one():
    made = phases()
    waiting = msgspec.structs.replace(
        made,
        current=None,
        phases=(made.phases[0], msgspec.structs.replace(made.phases[1], state="open"), *made.phases[2:]),
    )
    async with following(waiting) as (_, pilot, _provider, follower):
        await pilot.press("n")
        await until_shown(pilot, "Work on phase 2?")
        await pilot.press("enter")
        await until(pilot, lambda: follower.asked == [("phase_start", "2")])


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("none", "no plan is tracked: e estimates one and follows it"),
        ("paused", "the plan is paused: e and p go on"),
        ("all done", "every phase is done: e ends the tracking and writes the report"),
    ],
)
async def test_n_says_what_to_press_where_there_is_no_phase(state, told):
    async with following(STATES[state]()) as (app, pilot, _, follower):
        await pilot.press("n")
        await until(pilot, lambda: any(told in each[1] for each in toasts(app)))
        assert follower.asked == []


@pytest.mark.parametrize("name", ["phase_done", "why", "dismiss"])
async def test_what_fails_in_a_step_is_one_line(name):
    async with following(proposed() if name != "dismiss" else None) as (app, pilot, provider, follower):
        follower.errors[name] = RuntimeError("3 Visualisation is in work by now; nothing was changed\nat x")
        before = len(provider.calls)
        await pilot.press("n")
        if name == "why":
            await until_shown(pilot, "Why?")
            await pilot.press("enter")
        if name == "dismiss":
            await until_shown(pilot, "Phase 2 is done?")
            await pilot.press("down", "enter")
        told = "3 Visualisation is in work by now; nothing was changed"
        await until(pilot, lambda: any(each[1] == told for each in toasts(app)))
        await until(pilot, lambda: len(provider.calls) > before)
        assert app.is_running


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_every_reason_can_be_chosen_at_every_size(size, ascii_only):
    async with following(proposed(), size=size, display={"ascii": ascii_only}) as (_app, pilot, _, follower):
        await pilot.press("n")
        await until_shown(pilot, "Why?")
        words = [word for word in CATEGORIES if word != "easier"]
        for at, word in enumerate(words):
            if at:
                await pilot.press("down")
            mark = ">" if ascii_only else "▸"
            await until_shown(pilot, f"{mark} {CATEGORIES[word].capitalize()[:18]}")
        await pilot.press("enter")
        await until(pilot, lambda: asked(follower, "why") == [("why", words[-1])])


async def test_a_small_screen_gets_the_summary_in_a_line():
    async with following(proposed(), size=(46, 10)) as (app, pilot, _, follower):
        follower.end = ended(asks_why=False)
        await pilot.press("n")
        await until(pilot, lambda: toasts(app))
        assert toasts(app)[-1][:2] == ("", "took 51k tokens, estimated ≈35k: +16k (146 % of it)")


# -- what comes from elsewhere


async def test_a_phase_that_ended_in_a_shell_is_told_once():
    async with following() as (app, pilot, provider, _follower):
        provider.scene = scene_of(changed(ended=ended(key="p1", name="WebSocket server")))
        provider.changed()
        await until(pilot, lambda: toasts(app))
        assert toasts(app)[-1][0] == "Phase 1 is done: WebSocket server"
        provider.changed()
        before = len(provider.calls)
        await until(pilot, lambda: len(provider.calls) > before)
        assert len(toasts(app)) == 1


async def test_what_was_so_at_the_start_is_not_told():
    async with following(STATES["crowd"]()) as (app, pilot, provider, _follower):
        before = len(provider.calls)
        provider.changed()
        await until(pilot, lambda: len(provider.calls) > before)
        await pilot.pause()
        assert toasts(app) == []


async def test_an_alert_and_a_proposal_are_told_when_they_come():
    async with following() as (app, pilot, provider, _follower):
        provider.scene = scene_of(STATES["yellow"]())
        provider.changed()
        await until(pilot, lambda: toasts(app))
        assert toasts(app)[-1] == ("▲ Phase 2", "Dashboard is at 129 % of its estimate", "warning")
        assert "▲ 129 %" in text(app)
        provider.scene = scene_of(STATES["red"]())
        provider.changed()
        await until(pilot, lambda: toasts(app)[-1][0] == "▲▲ Phase 2")
        provider.scene = scene_of(proposed())
        provider.changed()
        await until(pilot, lambda: toasts(app)[-1][1] == "2 Dashboard looks done: n confirms")


# -- velocity


async def test_velocity_is_read_only_while_the_pane_is_zoomed():
    async with following() as (app, pilot, _provider, follower):
        follower.holds["velocity"] = threading.Event()
        assert follower.asked == []
        await pilot.press("4", "z")
        await until_shown(pilot, "velocity     counting")
        follower.holds["velocity"].set()
        await until_shown(pilot, "693 tokens a change, monitor (target 200–500): 61 in 14 files")
        assert "11 % of 1,180 lines written were changed again" in text(app)
        await pilot.press("z")
        await until_shown(pilot, "2 Burn rate")
        await pilot.press("z")
        await until_shown(pilot, "693 tokens a change")
        assert len(asked(follower, "velocity")) == 1


async def test_velocity_is_read_again_when_work_went_on():
    from tests.ui.fakes import Clock

    clock = Clock()
    async with following(clock=clock) as (_, pilot, provider, follower):
        await pilot.press("4", "z")
        await until(pilot, lambda: len(asked(follower, "velocity")) == 1)
        await until_shown(pilot, "693 tokens a change")
        provider.scene = scene_of(changed(actual_tokens=45_000))
        before = len(provider.calls)
        provider.changed()
        await until(pilot, lambda: len(provider.calls) > before)
        await until_shown(pilot, "total 45k")
        assert len(asked(follower, "velocity")) == 1
        clock.forward(seconds=90)
        provider.changed()
        await until(pilot, lambda: len(asked(follower, "velocity")) == 2)


async def test_a_velocity_that_cannot_be_read_says_so():
    async with following() as (_, pilot, _provider, follower):
        follower.errors["velocity"] = OSError("the transcripts are gone")
        await pilot.press("4", "z")
        await until_shown(pilot, "velocity     the transcripts are gone")


# -- the tracked plan


async def test_the_tracked_plan_and_its_keys():
    async with following(proposed()) as (app, pilot, _, follower):
        await pilot.press("e")
        await until_shown(pilot, "x not done")
        shown = text(app)
        for expected in (
            "SESSION_3_PLAN.md  active  1.5 h of work",
            "▸ ● 2 Dashboard",
            "32k of ≈28k",
            "total 42k → ≈118k (104–139k) · after the reset",
            "≈112k tokens (84–151k), confidence medium",
            "note         Dashboard: the reconnect is part of phase 3",
        ):
            assert expected in shown, shown
        await pilot.press("x")
        await until(pilot, lambda: follower.asked == [("dismiss",)])
        await pilot.press("m")
        await until_shown(pilot, "A note on the phase in work")
        await pilot.press(*"slow", "enter")
        await until_shown(pilot, "noted")
        await pilot.press("p")
        await until_shown(pilot, "paused: what is used now is not counted")
        await pilot.press("down", "enter")
        await until_shown(pilot, "Work on phase 3?")
        assert "2 Dashboard stays open." in text(app)
        await pilot.press("enter")
        await until(pilot, lambda: asked(follower, "phase_start") == [("phase_start", "3")])
        await pilot.press("n")
        await until_shown(pilot, "Why?")
        await pilot.press("escape", "escape")
        await until_shown(pilot, "2 Burn rate")
        assert [each[0] for each in follower.asked] == [
            "dismiss",
            "note",
            "pause",
            "phase_start",
            "phase_done",
        ]
        assert asked(follower, "note") == [("note", "slow")]


async def test_a_paused_plan_goes_on():
    async with following(STATES["paused"]()) as (app, pilot, _, follower):
        await pilot.press("e")
        await until_shown(pilot, "SESSION_3_PLAN.md  paused")
        assert "next phase" not in lines(app)[-1]
        await pilot.press("p")
        await until_shown(pilot, "counting again")
        assert follower.asked == [("resume",)]


async def test_why_can_be_said_later():
    async with following(changed(ended=ended(key="p1", name="WebSocket server"))) as (_, pilot, _p, follower):
        await pilot.press("e")
        await until_shown(pilot, "w why")
        await pilot.press("w")
        await until_shown(pilot, "Why?")
        await pilot.press("enter")
        await until(pilot, lambda: follower.asked == [("why", "scope")])


async def test_stopping_is_confirmed_and_opens_the_report():
    async with following() as (_app, pilot, provider, follower):
        await pilot.press("e")
        await until_shown(pilot, "s stop")
        await pilot.press("s")
        await until_shown(pilot, "3 phases not done.")
        await pilot.press("enter")
        await until_shown(pilot, "s stop")
        assert follower.asked == []
        await pilot.press("s")
        await until_shown(pilot, "End it")
        provider.scene = scene_of(PhasesState())
        await pilot.press("down", "enter")
        await until_shown(pilot, "Report: Session 3: a live dashboard")
        assert [each[0] for each in follower.asked] == ["stop", "reports", "report"]
        await pilot.press("escape")
        await until_shown(pilot, "No plan loaded")


@pytest.mark.parametrize(("key", "name"), [("p", "pause"), ("s", "stop"), ("m", "note")])
async def test_what_fails_on_the_tracked_plan_is_one_line(key, name):
    async with following() as (app, pilot, _, follower):
        follower.errors[name] = OSError("the disk is full\nTraceback")
        await pilot.press("e")
        await until_shown(pilot, "s stop")
        await pilot.press(key)
        if name == "stop":
            await until_shown(pilot, "End it")
            await pilot.press("down", "enter")
        if name == "note":
            await until_shown(pilot, "A note")
            await pilot.press("x", "enter")
        await until_shown(pilot, "the disk is full")
        assert "Traceback" not in text(app)
        assert "● 2 Dashboard" in text(app)


async def test_a_plan_that_ends_elsewhere_leaves_the_screen_standing():
    async with following() as (app, pilot, provider, _follower):
        await pilot.press("e")
        await until_shown(pilot, "s stop")
        provider.scene = scene_of(PhasesState())
        provider.changed()
        await until_shown(pilot, "No plan is tracked any more.")
        await pilot.press("down", "enter", "n", "s", "p", "m", "w", "x", "pagedown")
        await pilot.pause()
        assert "esc back" in lines(app)[-1]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_the_tracked_plan_at_every_size(size, ascii_only):
    async with following(size=size, display={"ascii": ascii_only}) as (app, pilot, _, _follower):
        await pilot.press("e")
        await until_shown(pilot, "SESSION_3_PLAN.md")
        assert "2 Dashboard" in text(app)
        assert "29 %" in text(app)
        assert "back" in lines(app)[-1]
        await pilot.press("down", "down")
        await until_shown(pilot, "> o 4 History" if ascii_only else "▸ ○ 4 History")
        assert not ascii_only or text(app).isascii()


# -- the reports


async def test_reports_are_listed_with_the_trend_and_the_marked_one_is_read():
    async with following() as (app, pilot, _, follower):
        await pilot.press("R")
        await until_shown(pilot, "Tokens: 148,000 tokens")
        shown = text(app)
        assert "Reports  11" in shown
        assert "░ estimated  █ took" in shown
        assert "▸ 20 Nov Session 3: a live d…   +32 %" in shown
        assert "31 Oct" in shown
        assert "---" not in shown
        await pilot.press("down")
        await until_shown(pilot, "Report: Rate limits")
        assert "▸ 18 Nov Rate limits" in text(app)
        await pilot.press("up")
        await until_shown(pilot, "Tokens: 148,000 tokens")
        assert asked(follower, "report") == [("report", tracking().id), ("report", "before-01")]
        await pilot.press("enter")
        await until_shown(pilot, "implementation  done")
        assert "Reports  11" not in text(app)
        await pilot.press("pagedown", "pagedown", "down")
        await until_shown(pilot, "Recommendations for similar work")
        await pilot.press("escape")
        await until_shown(pilot, "Reports  11")
        await pilot.press("escape")
        await until_shown(pilot, "2 Burn rate")


async def test_no_report_yet():
    async with following() as (_, pilot, _provider, follower):
        follower.heads = ()
        await pilot.press("R")
        await until_shown(pilot, "No report yet")
        await pilot.press("down", "enter", "pagedown")
        await until_shown(pilot, "No report yet")


@pytest.mark.parametrize("name", ["reports", "report"])
async def test_reports_that_cannot_be_read_are_one_line(name):
    async with following() as (app, pilot, _, follower):
        follower.errors[name] = OSError("reports: permission denied\nTraceback")
        await pilot.press("R")
        await until_shown(pilot, "reports: permission denied")
        assert "Traceback" not in text(app)
        follower.errors.clear()
        if name == "report":
            await pilot.press("down")
            await until_shown(pilot, "Report: Rate limits")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_the_reports_at_every_size(size, ascii_only):
    async with following(size=size, display={"ascii": ascii_only}) as (app, pilot, _, _follower):
        await pilot.press("R")
        await until_shown(pilot, "Report: Session 3")
        assert "+32 %" in text(app)
        assert "back" in lines(app)[-1]
        assert not ascii_only or text(app).isascii()
        await pilot.press("down", "down", "enter")
        await until_shown(pilot, "Report: Search")


# -- everywhere


@pytest.mark.parametrize(("key", "state"), [("e", PhasesState()), ("e", None), ("R", None), ("n", None)])
async def test_the_demo_says_that_nothing_is_followed(key, state):
    async with following(state) as (app, pilot, provider, _follower):
        provider.follows = None
        await pilot.press(key)
        said_so = "no plan is followed here: this is a demo"
        await until(pilot, lambda: said_so in text(app) or any(said_so in each[1] for each in toasts(app)))
        for press in ("enter", "t", "s", "f", "c", "m", "w", "x", "down", "pagedown"):
            await pilot.press(press)
        await pilot.pause()
        assert app.is_running


async def test_without_colour_everything_is_still_told(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    async with following(STATES["red"]()) as (app, pilot, _, _follower):
        assert "▲▲ 163 %" in text(app)
        await pilot.press("e")
        await until_shown(pilot, "▲▲ 163 %")
        await pilot.press("escape", "R")
        await until_shown(pilot, "+32 %")


async def test_the_footer_names_n_while_a_plan_is_tracked():
    async with following() as (app, pilot, provider, _follower):
        assert "n next phase" in lines(app)[-1]
        provider.scene = scene_of(PhasesState())
        provider.changed()
        await until(pilot, lambda: "n next phase" not in lines(app)[-1])


async def test_the_help_lists_the_keys():
    async with following(size=(100, 60)) as (_app, pilot, _, _follower):
        await pilot.press("question_mark")
        await until_shown(pilot, "Estimate a plan, or see how it goes")
        await pilot.press("pagedown")
        await until_shown(pilot, "End the tracking, write the report")


async def test_two_questions_at_once_are_one():
    async with following(proposed()) as (_app, pilot, _, follower):
        follower.holds["phase_done"] = threading.Event()
        await pilot.press("n")
        await until(pilot, lambda: asked(follower, "phase_done"))
        await pilot.press("n", "n")
        await pilot.pause()
        follower.holds["phase_done"].set()
        await until_shown(pilot, "Why?")
        assert len(asked(follower, "phase_done")) == 1


async def test_a_proposal_of_another_phase_is_not_taken_for_the_one_in_work():
    other = changed(proposal=PhaseProposal(key="p1", name="WebSocket server", why="it was", seen="s"))
    async with following(other) as (_, pilot, _provider, follower):
        await pilot.press("n")
        await until_shown(pilot, "Phase 2 is done?")
        assert follower.asked == []
