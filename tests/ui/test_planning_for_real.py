"""Planning on a real home: transcript, repository, monitor, drafts and handoffs, from the key to the file."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from textual.pilot import Pilot

from quota_tui.cli.dashboard import LiveMonitor
from quota_tui.core.handoff import Handoff
from quota_tui.core.planform import Spot
from quota_tui.store.claims import claim, claims
from quota_tui.store.handoffs import Handoffs
from quota_tui.store.journal import Journal
from quota_tui.store.paths import claude_config_dirs, our_paths
from quota_tui.ui.app import QuotaApp
from quota_tui.ui.plan.screen import PlanScreen
from tests.conftest import NOW
from tests.lines import line, write_transcript
from tests.ui.planning import write
from tests.ui.stage import settings, text, until, until_shown


@asynccontextmanager
async def on_this_machine(size: tuple[int, int] = (100, 40)) -> AsyncIterator[tuple[QuotaApp, Pilot]]:
    """A dashboard as the command opens it."""
    with closing(LiveMonitor(settings(), our_paths(), claude_config_dirs(), NOW)) as monitor:
        app = QuotaApp(monitor, lambda: NOW)
        async with app.run_test(size=size, notifications=True) as pilot:
            await until(pilot, lambda: app.view is not None and app.view.snapshot is not None)
            yield app, pilot


async def opened(app: QuotaApp, pilot: Pilot) -> PlanScreen:
    """The form, once it is filled in."""
    await pilot.press("p")
    screen = next(each for each in app.screen_stack if isinstance(each, PlanScreen))
    await until(pilot, lambda: screen.ready or app.screen is not screen)
    return screen


async def add_objective(pilot: Pilot, said: str) -> None:
    screen = pilot.app.screen
    assert isinstance(screen, PlanScreen)
    screen.sheet.point_to(Spot("objectives", part="add"))
    screen.draw()
    await write(pilot, said)
    await pilot.press("escape")
    await until(pilot, lambda: not screen.sheet.editing)


def handoffs(home: Path) -> list[Handoff]:
    return [entry.handoff for entry in Handoffs(home / ".claude").entries()]


def drafts(home: Path) -> list[Path]:
    return sorted((home / ".claude" / "session-handoffs").glob("draft-*.md"))


async def test_from_the_key_to_a_handoff_that_the_next_session_can_use(project: Path, home: Path) -> None:
    async with on_this_machine() as (app, pilot):
        await opened(app, pilot)
        assert "Add JWT endpoints" in text(app)
        assert "main" in text(app)
        await add_objective(pilot, "Refresh tokens in `auth.py`")
        await pilot.press("ctrl+s")
        await until_shown(pilot, "handoff-20261120-1600-11111111.md")
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, PlanScreen))
    (written,) = handoffs(home)
    assert "Refresh tokens in `auth.py`" in [each.text for each in written.objectives]
    assert written.accomplished == ("Add JWT endpoints",)
    assert written.project == str(project)
    assert written.from_session == "11111111-2222"
    assert drafts(home) == []
    (memory,) = (home / ".claude" / "project-memory").glob("*.json")
    assert "Refresh tokens in `auth.py`" in json.dumps(json.loads(memory.read_text()), ensure_ascii=False)


async def test_what_was_typed_is_offered_by_the_next_dashboard(project: Path, home: Path) -> None:
    async with on_this_machine() as (app, pilot):
        screen = await opened(app, pilot)
        await add_objective(pilot, "half a thought")
        await pilot.press("escape")
        await until(pilot, lambda: screen not in app.screen_stack)
    assert handoffs(home) == []
    assert "half a thought" in drafts(home)[0].read_text()
    async with on_this_machine() as (app, pilot):
        await pilot.press("p")
        await until_shown(pilot, "There is a draft")
        await pilot.press("enter")
        await until_shown(pilot, "half a thought")


async def test_two_dashboards_that_plan_at_once_lose_nothing(project: Path, home: Path) -> None:
    said = ("of the first", "of the second")
    typed, go_on = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with on_this_machine() as (app, pilot):
            await opened(app, pilot)
            await add_objective(pilot, said[0])
            await until(pilot, lambda: drafts(home))
            typed.set()
            while not go_on.is_set():
                await pilot.pause()
            await save(app, pilot)

    async def second() -> None:
        await typed.wait()
        async with on_this_machine() as (app, pilot):
            await opened(app, pilot)
            assert "There is a draft" not in text(app), "the first one's draft is being worked on"
            await add_objective(pilot, said[1])
            await until(pilot, lambda: len(drafts(home)) == 2)
            go_on.set()
            await save(app, pilot)

    await asyncio.gather(asyncio.create_task(first()), asyncio.create_task(second()))
    found = [[each.text for each in handoff.objectives] for handoff in handoffs(home)]
    assert sorted(words for texts in found for words in texts if words in said) == list(said)
    assert len(found) == 2
    assert drafts(home) == []


async def save(app: QuotaApp, pilot: Pilot) -> None:
    """Write the handoff, and go back to the dashboard."""
    await pilot.press("ctrl+s")
    await until_shown(pilot, "The handoff is saved")
    await pilot.press("enter")
    await until(pilot, lambda: not any(isinstance(each, PlanScreen) for each in app.screen_stack))


async def test_a_full_disk_is_told_and_the_form_stays(
    project: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = home / ".claude" / "session-handoffs"
    folder.write_text("a file where the folder should be")
    async with on_this_machine() as (app, pilot):
        await opened(app, pilot)
        await add_objective(pilot, "not to be lost")
        await until_shown(pilot, "the draft is not kept")
        folder.unlink()
        await add_objective(pilot, "and this")
        await until_shown(pilot, "the draft is kept again")
        await save(app, pilot)
    assert {"not to be lost", "and this"} <= {each.text for each in handoffs(home)[0].objectives}


def test_a_removed_handoff_is_not_given_to_anybody(project: Path, home: Path) -> None:
    run = [sys.executable, "-m", "quota_tui"]
    path = subprocess.run([*run, "plan", "--yes"], check=True, capture_output=True, text=True).stdout.strip()
    handoff_id = Path(path).stem.removeprefix("handoff-")
    with closing(Journal(our_paths().journal_db)) as journal:
        assert claim(journal.db, handoff_id, "s1", datetime.now(UTC))
    subprocess.run([*run, "handoff", "rm", handoff_id, "--yes"], check=True, capture_output=True)
    with closing(Journal(our_paths().journal_db)) as journal:
        assert claims(journal.db) == {}


async def test_what_is_typed_without_a_number_is_estimated_in_the_handoff(project: Path, home: Path) -> None:
    """Once there is a history of one's own; the form still shows that nobody gave a number."""
    for day in range(1, 8):
        lines = [
            line(f"m{day}{call}", at=-1_440 * day + call, session=f"old-{day}", cwd=str(project))
            for call in range(3)
        ]
        write_transcript(home, lines, f"-code-api/old-{day}.jsonl")
    async with on_this_machine() as (app, pilot):
        await opened(app, pilot)
        await add_objective(pilot, "Refresh tokens")
        await add_objective(pilot, "Rate limits ≈0.1k")
        await save(app, pilot)
    (written,) = handoffs(home)
    typed = {each.text: each for each in written.objectives}
    guessed = typed["Refresh tokens"]
    assert guessed.tokens_low < guessed.tokens < guessed.tokens_high
    given = [each for text, each in typed.items() if text.startswith("Rate limits")]
    assert [(each.tokens, each.tokens_low) for each in given] == [(100, None)]
