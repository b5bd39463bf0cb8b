"""A planner that knows what it is told, and a dashboard with the plan screen on it."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot

from quota_tui.core.handoff import Handoff, Objective, Quota, State
from quota_tui.core.handoff_check import Problem
from quota_tui.core.handoff_markdown import render
from quota_tui.core.planstart import Window
from quota_tui.core.proposal import Proposed
from quota_tui.handing.form import Facts, LeftDraft, Written
from quota_tui.store.drafts import Draft as DraftFile
from quota_tui.store.handoffs import Handoffs
from quota_tui.ui import app as app_module
from quota_tui.ui.app import QuotaApp
from quota_tui.ui.plan.screen import PlanScreen
from tests.ui.fakes import Clock, FakeProvider
from tests.ui.invent import NOW, RESET
from tests.ui.stage import settings, text, until

PROJECT = "/home/ada/code/api"


def facts(**changes: object) -> Facts:
    known = Facts(
        used_pct=81.0,
        used_is_estimate=True,
        resets_at=RESET,
        next_window=Window(200_000, 181_000, 222_000),
        agents=("implementation-agent", "reviewer"),
    )
    return msgspec.structs.replace(known, **changes)


def proposed() -> Proposed:
    handoff = Handoff(
        title="Authentication for the API",
        project=PROJECT,
        agent="implementation-agent",
        start="reset+5m",
        created_at=NOW,
        quota=Quota(used_pct=81.0, basis="fused", resets_at=RESET, next_tokens=200_000),
        accomplished=("Add JWT authentication endpoints", "15 unit tests for auth"),
        state=State(
            branch="feature/auth-system",
            last_commit="4f2c1e0 Add JWT authentication endpoints",
            tests="15/15 (npm test, 17:20)",
            files_modified=("src/auth.py", "tests/test_auth.py"),
        ),
        objectives=(
            Objective(
                "Integrate auth with the user endpoints", 15_000, 9_000, 24_000,
                ("write the middleware", "a test for each endpoint"),
            ),
            Objective("Refresh tokens", 18_000, 11_000, 29_000),
        ),
        decisions=("JWT instead of sessions: stateless API",),
        files=("src/auth.py", "docs/auth.md"),
        commands=("npm test",),
    )  # fmt: skip
    sources = {
        "title": "the session's name",
        "accomplished[0]": "commit 4f2c1e0, 16:52",
        "accomplished[1]": "todo list",
        "state.branch": "git",
        "state.last_commit": "git, 16:52",
        "state.tests": "transcript",
        "state.files_modified[0]": "git",
        "state.files_modified[1]": "git",
        "objectives[1]": "todo list",
        "decisions[0]": "handoff of 2026-11-19",
        "files[0]": "edited 7 times",
        "commands[0]": "ran 17:20",
        "start": "recommended",
    }
    return Proposed(handoff, sources)


class FakePlanner:
    """Keeps drafts and handoffs in itself; raises what it is told to."""

    def __init__(self, handoff: Handoff | None = None) -> None:
        self.made = proposed() if handoff is None else Proposed(handoff, {})
        self.known = facts()
        self.kept: LeftDraft | None = None
        self.drafts: list[Handoff] = []
        self.discarded = 0
        self.saved: list[Handoff] = []
        self.problems: list[Problem] = []
        self.closed = 0
        self.errors: dict[str, Exception] = {}
        self.holds: dict[str, threading.Event] = {}

    def _meet(self, what: str) -> None:
        if what in self.holds:
            assert self.holds[what].wait(20)
        if what in self.errors:
            raise self.errors[what]

    def facts(self, now: datetime) -> Facts:
        self._meet("facts")
        return self.known

    def proposal(self, now: datetime) -> Proposed:
        self._meet("proposal")
        return self.made

    def draft(self) -> LeftDraft | None:
        self._meet("draft")
        return self.kept

    def save_draft(self, handoff: Handoff) -> None:
        self._meet("save_draft")
        self.drafts.append(handoff)
        self.kept = LeftDraft(handoff, NOW - timedelta(minutes=3))

    def discard_draft(self) -> None:
        self._meet("discard_draft")
        self.discarded += 1
        self.kept = None

    def check(self, handoff: Handoff) -> list[Problem]:
        self._meet("check")
        return self.problems

    def preview(self, handoff: Handoff) -> str:
        self._meet("preview")
        return render(handoff)

    def save(self, handoff: Handoff) -> Written:
        self._meet("save")
        self.saved.append(handoff)
        path = Path("/home/ada/.claude/session-handoffs/handoff-20261120-1731.md")
        return Written(path=path, command=f"claude 'Read {path} and begin with its first objective.'")

    def close(self) -> None:
        self._meet("close")
        self.closed += 1


class PlanningApp(QuotaApp):
    """The dashboard, with a planner for each time the plan's key is pressed."""

    CSS_PATH = Path(app_module.__file__).with_name("styles") / "quota.tcss"

    def __init__(self, planner: object, clock: Callable[[], datetime], **display: object) -> None:
        provider = FakeProvider(settings=settings(display=display))
        super().__init__(provider, clock, home="/home/ada")
        self.planner = planner
        self.outcome: list[Path | None] = []

    def push_screen(self, screen: object, callback: object = None, **options: object) -> object:
        if isinstance(screen, PlanScreen):
            callback = self.outcome.append
        return super().push_screen(screen, callback, **options)

    def plan(self) -> PlanScreen:
        """What the plan's key does."""
        self.provider.plans.append(self.planner)
        self.action_plan()
        return self.screen


@asynccontextmanager
async def planning(
    planner: object | None = None,
    size: tuple[int, int] = (100, 30),
    clock: Clock | None = None,
    *,
    ready: bool = True,
    **display: object,
) -> AsyncIterator[tuple[PlanningApp, Pilot, FakePlanner, PlanScreen]]:
    """A plan screen that is open and filled in."""
    known = FakePlanner() if planner is None else planner
    app = PlanningApp(known, clock or Clock(), **display)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: app.view is not None and app.view.snapshot is not None)
        app.provider.plans.append(known)
        await pilot.press("p")
        screen = next(each for each in app.screen_stack if isinstance(each, PlanScreen))
        if ready:
            await until(pilot, lambda: screen.ready and bool(screen.form.laid_out.areas))
            await pilot.pause()
        yield app, pilot, known, screen


def row_with(app: QuotaApp, said: str) -> str:
    """The first row of the screen that holds these words."""
    found = [line for line in text(app).splitlines() if said in line]
    assert found, text(app)
    return found[0]


async def write(pilot: Pilot, said: str) -> None:
    """Type as fast as keys can come, and let the app go on."""
    await burst(pilot, *("enter" if char == "\r" else char for char in said))


async def burst(pilot: Pilot, *keys: str) -> None:
    """Keys that are all there at once, as from a hand that is quicker than the screen."""
    for each in keys:
        single = len(each) == 1
        key = events.Key(_character_to_key(each) if single else each, each if single else None)
        key.set_sender(pilot.app)
        pilot.app._driver.send_message(key)
    await pilot.pause()


async def paste(pilot: Pilot, said: str) -> None:
    """As a terminal with bracketed paste sends it."""
    event = events.Paste(said)
    event.set_sender(pilot.app)
    pilot.app._driver.send_message(event)
    await pilot.pause()


class StorePlanner(FakePlanner):
    """Keeps drafts and handoffs on disk, as the program does."""

    def __init__(self, config_dir: Path, handoff: Handoff | None = None) -> None:
        super().__init__(handoff)
        self._drafts = DraftFile(config_dir, PROJECT)
        self._handoffs = Handoffs(config_dir)

    @property
    def path(self) -> Path:
        return self._drafts.path

    def draft(self) -> LeftDraft | None:
        handoff = self._drafts.load()
        if handoff is None:
            return None
        return LeftDraft(handoff, datetime.fromtimestamp(self._drafts.path.stat().st_mtime, UTC))

    def save_draft(self, handoff: Handoff) -> None:
        self._drafts.save(handoff)

    def discard_draft(self) -> None:
        self._drafts.discard()

    def save(self, handoff: Handoff) -> Written:
        saved = self._handoffs.save(handoff, NOW)
        masked = tuple(f"{each.field}: {', '.join(each.kinds)} masked" for each in saved.masked)
        return Written(path=saved.path, command=f"claude 'Read {saved.path}'", notes=masked)

    def close(self) -> None:
        self._drafts.close()
