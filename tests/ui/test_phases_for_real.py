"""From the estimate to the report by keys, on a real home: transcripts written live, a restart in the middle."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import datetime
from pathlib import Path

import pytest
from textual.pilot import Pilot

from quota_tui.cli.dashboard import LiveMonitor
from quota_tui.core.words import tokens
from quota_tui.handing.following import Following
from quota_tui.store.paths import claude_config_dirs, our_paths
from quota_tui.ui.app import QuotaApp
from tests.handing.desk import Desk, at
from tests.ui.stage import settings, text, toasts, until, until_shown


class Clock:
    """Minutes after the start."""

    def __init__(self) -> None:
        self.minutes = 0.0

    def __call__(self) -> datetime:
        return at(self.minutes)


class Followed(LiveMonitor):
    """A dashboard's monitor that follows plans and arranges no session."""

    def follower(self, clock):
        return Following(self, clock)


@pytest.fixture
def desk(home: Path) -> Desk:
    made = Desk(home)
    made.past(6)
    made.call(-10, 1_000, "today")
    return made


@asynccontextmanager
async def on_this_machine(clock: Clock) -> AsyncIterator[tuple[QuotaApp, Pilot]]:
    with closing(Followed(settings(), our_paths(), claude_config_dirs(), clock())) as monitor:
        app = QuotaApp(monitor, clock)
        async with app.run_test(size=(100, 40), notifications=True) as pilot:
            await until(pilot, lambda: app.view is not None and app.view.snapshot is not None)
            await pilot.pause()
            yield app, pilot


def spent(app: QuotaApp) -> list[int]:
    assert app.view is not None
    assert app.view.snapshot is not None
    return [phase.actual_tokens for phase in app.view.snapshot.phases.phases]


async def until_spent(app: QuotaApp, pilot: Pilot, *expected: int) -> None:
    app.refresh_soon()
    await until(pilot, lambda: spent(app) == list(expected))


async def test_a_plan_from_the_estimate_to_the_report(desk: Desk) -> None:
    clock = Clock()
    async with on_this_machine(clock) as (app, pilot):
        await until_shown(pilot, "No plan loaded")
        await pilot.press("e")
        await until_shown(pilot, "past estimates: 6 sessions")
        assert "1 Server" in text(app)
        await pilot.press("t")
        await until_shown(pilot, "4 Phases · PLAN.md")
        assert "● 1 Server" in text(app)
        desk.call(3, 30_000)
        clock.minutes = 5
        await until_spent(app, pilot, 30_000, 0, 0)
        # Ticked in the plan file: it looks done, and one key confirms it.
        desk.plan.write_text(
            desk.plan.read_text().replace("- [ ] open", "- [x] open").replace("- [ ] speak", "- [x] speak")
        )
        app.refresh_soon()
        await until_shown(pilot, "1 Server looks done: n confirms")
        await pilot.press("n")
        await until(pilot, lambda: any("is done: Server" in title for title, _, _ in toasts(app)))
        await until_shown(pilot, "● 2 Client")
        await pilot.press("escape")
        desk.call(8, 7_000)
        clock.minutes = 10
        await until_spent(app, pilot, 30_000, 7_000, 0)
    # Another dashboard knows it all.
    async with on_this_machine(clock) as (app, pilot):
        await until_spent(app, pilot, 30_000, 7_000, 0)
        desk.call(12, 2_000)
        clock.minutes = 15
        await until_spent(app, pilot, 30_000, 9_000, 0)
        await pilot.press("4", "z")
        await until_shown(pilot, "no change to a file yet")
        await pilot.press("z", "e")
        await until_shown(pilot, "s stop")
        await pilot.press("m")
        await until_shown(pilot, "A note")
        await pilot.press(*"slow", "enter")
        await until_shown(pilot, "note         Client: slow")
        await pilot.press("s")
        await until_shown(pilot, "End it")
        await pilot.press("down", "enter")
        await until_shown(pilot, "Report: Live view")
        assert "Tokens: 39,000 tokens" in text(app)
        await pilot.press("escape")
        await until_shown(pilot, "No plan loaded")
    (report,) = (desk.home / ".claude" / "session-reports").glob("*-report.md")
    assert f"tokens: {desk.between(0, 20)}" in report.read_text()
    assert tokens(desk.between(0, 20)) == "39k"


async def test_a_plan_that_is_gone_is_one_line(desk: Desk) -> None:
    async with on_this_machine(Clock()) as (app, pilot):
        await pilot.press("e")
        await until_shown(pilot, "past estimates: 6 sessions")
        await pilot.press("f")
        await until_shown(pilot, "The path of a plan")
        await pilot.press(*"/nowhere/PLAN.md", "enter")
        await until_shown(pilot, "/nowhere/PLAN.md")
        await until(pilot, lambda: "estimating" not in text(app))
        assert "Traceback" not in text(app)
        assert not list((desk.home / ".claude" / "session-tracking").glob("*.json"))
