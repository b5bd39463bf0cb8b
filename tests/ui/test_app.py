"""The dashboard as a person meets it: keys, changes, errors, alerts."""

from __future__ import annotations

import threading
from datetime import timedelta

import msgspec

from quota_tui.core.readings import WindowKind
from quota_tui.ui.app import QuotaApp
from quota_tui.ui.collector import CollectFailed, SnapshotReady
from tests.ui.fakes import Clock, FakeProvider
from tests.ui.invent import NOW, RESET, working
from tests.ui.scenes import fresh, nothing, week_binds
from tests.ui.stage import dashboard, lines, make, settings, text, until, until_shown


async def test_the_first_screen_tells_everything():
    async with dashboard() as (app, _, provider):
        shown = text(app)
        for said in (
            "Max 5x · sonnet-5-5 · ~/code/api · 2 running",
            "≈81 %",
            "≈97 % at reset (91–100) · 3 % elsewhere",
            "162k used · ≈38k left",
            "resets 18:40 · in 1h 05m",
            "fused: status line 10 s ago + 1.2k tokens since",
            "620 tok/min · 19 %/h",
            "90 % at 18:02 (17:55–18:20)",
            "100 % before the reset: 35 %",
            "▲ DANGER",
            "fits: a small task ≈20k · ≈8 calls",
            "17:31 80 %  plan the next session",
            "4 Phases · SESSION_3_PLAN.md",
            "total 42k → ≈118k (104–139k) · after the reset",
            "● SCHEDULED",
            "? help  q quit",
        ):
            assert said in shown
        assert provider.calls[0] == (NOW, False)


async def test_before_the_first_numbers_it_says_so():
    held = threading.Event()

    class Slow(FakeProvider):
        def collect(self, now, *, rescan=False):
            held.wait(10)
            return super().collect(now, rescan=rescan)

    app = QuotaApp(Slow(settings=settings()), Clock(), home="/home/ada")
    async with app.run_test(size=(100, 30)) as pilot:
        await until_shown(pilot, "Reading transcripts")
        held.set()
        await until_shown(pilot, "▲ DANGER")
        assert "Reading" not in text(app)


async def test_the_first_run_offers_what_to_do_until_a_transcript_appears():
    async with dashboard(nothing) as (app, pilot, provider):
        await until_shown(pilot, "~/.config/claude  does not exist")
        assert "quota-tui --demo" in text(app)
        provider.scene = working
        provider.changed()
        await until_shown(pilot, "▲ DANGER")
        assert "--demo" not in text(app)


async def test_a_change_on_disk_is_on_the_screen():
    async with dashboard() as (app, pilot, provider):
        provider.scene = week_binds
        provider.changed()
        await until_shown(pilot, "■ CRITICAL  week 92 %")
        assert not any(rescan for _, rescan in provider.calls)
        assert "▲ DANGER" not in text(app)


async def test_rescan_looks_everywhere():
    async with dashboard() as (_, pilot, provider):
        await pilot.press("r")
        await until(pilot, lambda: (NOW, True) in provider.calls)


# -- errors


async def test_an_error_keeps_the_last_good_numbers_under_a_notice():
    async with dashboard() as (app, pilot, provider):
        provider.error = OSError("disk full\nTraceback (most recent call last)")
        provider.changed()
        await until_shown(pilot, "! cannot refresh: disk full; numbers of 17:34")
        assert "≈81 %" in text(app)
        assert "Traceback" not in text(app)
        provider.error = None
        provider.changed()
        await until(pilot, lambda: "cannot refresh" not in text(app))


async def test_an_error_from_the_start_is_told_and_tried_again_each_minute():
    clock = Clock()
    app, provider = make(clock=clock)
    provider.error = RuntimeError("no such folder")
    async with app.run_test(size=(46, 16)) as pilot:
        await until_shown(pilot, "cannot refresh: no such folder")
        provider.error = None
        clock.forward(seconds=20)
        app.tick()
        await pilot.pause()
        assert len(provider.calls) == 1
        clock.forward(minutes=1)
        app.tick()
        await until_shown(pilot, "▲ DANGER")


async def test_when_changes_are_not_noticed_it_reads_at_intervals_and_says_so():
    clock = Clock()
    async with dashboard(clock=clock) as (app, pilot, provider):
        provider.watch_error = OSError("inotify limit reached")
        provider.changed()
        await until_shown(pilot, "! changes are read every 10 s: inotify limit reached")
        before = len(provider.calls)
        clock.forward(seconds=10)
        app.tick()
        await until(pilot, lambda: len(provider.calls) > before)


async def test_notices_of_the_sources_are_shown():
    def noted(now):
        made = working(now)
        return msgspec.structs.replace(
            made, sources=msgspec.structs.replace(made.sources, notices=("the index was rebuilt",))
        )

    async with dashboard(noted) as (app, _, _):
        assert lines(app)[1].startswith(" ! the index was rebuilt")


# -- the clock


async def test_the_countdown_goes_on_without_new_data():
    clock = Clock(RESET - timedelta(minutes=42, seconds=10))
    async with dashboard(clock=clock) as (app, pilot, provider):
        assert "in 42m 10s" in text(app)
        before = len(provider.calls)
        clock.forward(seconds=1)
        app.tick()
        await until_shown(pilot, "in 42m 09s")
        assert len(provider.calls) == before


async def test_it_reads_again_each_minute_and_when_the_window_resets():
    clock = Clock()
    async with dashboard(clock=clock) as (app, pilot, provider):
        clock.forward(seconds=30)
        app.tick()
        await pilot.pause()
        assert len(provider.calls) == 1
        clock.forward(minutes=1)
        app.tick()
        await until(pilot, lambda: len(provider.calls) == 2)
        provider.scene = fresh
        clock.now = RESET + timedelta(seconds=1)
        app.tick()
        await until_shown(pilot, "5-hour  4 %")


async def test_a_still_screen_draws_nothing():
    async with dashboard() as (app, pilot, _):
        drawn = []
        for widget in app.screen.query("RowsWidget"):
            widget.refresh = lambda *args, name=widget.id, **kwargs: drawn.append(name)
        app.tick()
        await pilot.pause()
        assert drawn == []
        app.clock.forward(seconds=7)
        app.tick()
        assert "quota" in drawn
        assert not {"zone", "phases", "automation", "keys", "burn"} & set(drawn)


# -- panes


async def test_a_pane_is_marked_then_hidden_then_shown_again():
    async with dashboard() as (app, pilot, _):
        await pilot.press("3")
        assert app.screen.query_one("#zone").has_class("-marked")
        await pilot.press("3")
        await until(pilot, lambda: "3 Zone" not in text(app))
        await pilot.press("3")
        await until_shown(pilot, "3 Zone")


async def test_hidden_panes_of_the_settings_stay_away():
    async with dashboard(display={"hidden_panes": ["phases", "automation"]}) as (app, _, _):
        assert "4 Phases" not in text(app)
        assert "5 Automation" not in text(app)
        assert "3 Zone" in text(app)


async def test_zoom_fills_the_screen_and_goes_back():
    async with dashboard(size=(80, 24)) as (app, pilot, _):
        assert " 80 ┄" not in text(app)
        await pilot.press("2", "z")
        await until(pilot, lambda: "1 Quota" not in text(app))
        assert " 80 ┄" in text(app)
        await pilot.press("z")
        await until_shown(pilot, "1 Quota")
        await pilot.press("1", "z")
        await until(pilot, lambda: "2 Burn" not in text(app))
        await pilot.press("escape")
        await until_shown(pilot, "2 Burn")


async def test_on_a_small_screen_the_number_of_a_pane_opens_it():
    async with dashboard(size=(46, 16)) as (app, pilot, _):
        await pilot.press("3")
        await until_shown(pilot, "3 Zone")
        await pilot.press("1")
        await until_shown(pilot, "1 Quota")
        await pilot.press("1")
        await until(pilot, lambda: "1 Quota" not in text(app))


async def test_tab_goes_through_the_panes_and_a_click_marks_one():
    async with dashboard() as (app, pilot, _):
        await pilot.press("tab", "tab")
        assert app.screen.marked == "burn"
        await pilot.press("shift+tab")
        assert app.screen.marked == "quota"
        await pilot.click("#phases")
        assert app.screen.marked == "phases"
        await pilot.press("escape")
        assert app.screen.marked == ""


async def test_the_window_key_goes_through_the_windows():
    async with dashboard() as (app, pilot, _):
        await pilot.press("w")
        await until_shown(pilot, "week  41 % used")
        await pilot.press("w")
        await until_shown(pilot, "week Opus  11 % used")
        await pilot.press("w")
        await until(pilot, lambda: "5-hour  ≈81 %  ≈97" in text(app))
        assert app.view.chosen == (WindowKind.FIVE_HOUR, "")


async def test_the_arranged_sessions_open():
    async with dashboard() as (_, pilot, _provider):
        await pilot.press("a")
        await until_shown(pilot, "Next sessions")


async def test_keys_at_the_bottom_can_be_clicked():
    async with dashboard() as (app, pilot, _):
        shown = next(line for line in text(app).splitlines() if "? help" in line)
        await pilot.click("#keys", offset=(shown.index("? help"), 0))
        await until_shown(pilot, "Help")


async def test_the_palette_knows_every_action():
    async with dashboard() as (app, pilot, _):
        found = {command.title for command in app.get_system_commands(app.screen)}
        assert {"History", "Zoom", "Theme", "Quit", "Rescan", "Pane Quota"} <= found
        commands = {each.title: each for each in app.get_system_commands(app.screen)}
        await commands["Window"].callback()
        await until_shown(pilot, "week  41 % used")
        await commands["Theme"].callback()
        assert app.theme == "light"
        await pilot.press("ctrl+p")
        await until_shown(pilot, "Search")


async def test_the_palette_runs_what_it_names():
    async with dashboard() as (app, pilot, _):
        await pilot.press("ctrl+p")
        await until_shown(pilot, "Search")
        await pilot.press(*"zoom")
        await until_shown(pilot, "The marked pane on the whole screen")
        await pilot.press("enter", "enter")
        await until(pilot, lambda: app.screen.query("#board") and "2 Burn" not in text(app))


def test_only_the_newest_of_waiting_snapshots_is_drawn():
    first, second = SnapshotReady(working()), SnapshotReady(fresh())
    assert first.can_replace(second)
    assert not first.can_replace(CollectFailed("x"))
