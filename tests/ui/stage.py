"""The dashboard on a stage: an app with an invented provider, and eyes for what it shows."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
from textual.pilot import Pilot

from quota_tui.config import Settings
from quota_tui.core.snapshot import Snapshot
from quota_tui.ui.app import QuotaApp
from tests.ui.fakes import Clock, FakeProvider
from tests.ui.invent import working

PATIENCE_S = 20.0


def settings(**sections: object) -> Settings:
    """Settings in UTC, as every invented snapshot is told."""
    display = sections.pop("display", {})
    assert isinstance(display, dict)
    return msgspec.convert({"display": {"timezone": "UTC", **display}, **sections}, Settings)


def lines(app: QuotaApp) -> list[str]:
    """The screen as text."""
    width, height = app.size
    return ["".join(segment.text for segment in strip).ljust(width) for strip in _strips(app)][:height]


def _strips(app: QuotaApp) -> list[list]:
    return [list(strip) for strip in app.screen._compositor.render_strips()]


def text(app: QuotaApp) -> str:
    return "\n".join(lines(app))


def toasts(app: QuotaApp) -> list[tuple[str, str, str]]:
    """Title, text and severity of the toasts in sight."""
    return [(each.title, each.message, each.severity) for each in app._notifications]


async def until(pilot: Pilot, condition: Callable[[], object]) -> None:
    """Let the app go on until it is so."""
    give_up = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up, "waited in vain for: " + text(pilot.app)
        await pilot.pause()


async def until_shown(pilot: Pilot, said: str) -> None:
    await until(pilot, lambda: said in text(pilot.app))


def make(
    scene: Callable[..., Snapshot] = working, clock: Clock | None = None, **sections: object
) -> tuple[QuotaApp, FakeProvider]:
    provider = FakeProvider(scene, settings(**sections))
    return QuotaApp(provider, clock or Clock(), home="/home/ada"), provider


@asynccontextmanager
async def dashboard(
    scene: Callable[..., Snapshot] = working,
    size: tuple[int, int] = (100, 30),
    clock: Clock | None = None,
    **sections: object,
) -> AsyncIterator[tuple[QuotaApp, Pilot, FakeProvider]]:
    """A running dashboard with its first snapshot on the screen."""
    app, provider = make(scene, clock, **sections)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: app.view is not None and app.view.snapshot is not None)
        await pilot.pause()
        yield app, pilot, provider
