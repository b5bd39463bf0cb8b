"""Pictures of a handful of screens; everything else is asserted as text.

Made with one version of Python only: another one draws the same screen as other SVG.
Renew them with `pytest tests/ui/test_snapshots.py --snapshot-update`, and look at them.
"""

from __future__ import annotations

import sys

import pytest

from quota_tui.ui.app import QuotaApp
from tests.ui.fakes import Clock, FakeProvider
from tests.ui.following import FakeFollower
from tests.ui.invent import working
from tests.ui.scenes import alarmed, free, fresh, week_binds
from tests.ui.stage import settings, until, until_shown

pytestmark = pytest.mark.skipif(
    sys.version_info[:2] != (3, 11), reason="pictures are compared on Python 3.11 only"
)

PICTURES = {
    "dark-100x30": ((100, 30), working, {}),
    "light-100x30": ((100, 30), working, {"theme": "light"}),
    "contrast-46x16": ((46, 16), working, {"theme": "contrast"}),
    "no-color-100x30": ((100, 30), week_binds, {}),
    "small-30x8": ((30, 8), working, {}),
    "wide-120x40": ((120, 40), fresh, {}),
    "ascii-100x30": ((100, 30), week_binds, {"ascii": True}),
}


PHASE_PICTURES = {
    "phases-100x30": ((100, 30), alarmed, ("4", "z"), "693 tokens a change"),
    "phases-46x16": ((46, 16), alarmed, (), "2 Dashboard"),
    "estimate-100x30": ((100, 30), free, ("e", "enter"), "testing phases of yours"),
    "estimate-46x16": ((46, 16), free, ("e", "enter"), "median error"),
    "report-100x30": ((100, 30), working, ("R",), "148,000 tokens"),
    "report-46x16": ((46, 16), working, ("R",), "148,000 tokens"),
}
"""Size, scene, keys, and what is there once all is read."""


@pytest.mark.parametrize("name", PHASE_PICTURES)
def test_phase_picture(name, snap_compare):
    size, scene, keys, there = PHASE_PICTURES[name]
    provider = FakeProvider(scene, settings())
    provider.follows = FakeFollower()
    app = QuotaApp(provider, Clock(), home="/home/ada")

    async def settled(pilot) -> None:
        await until(pilot, lambda: app.view is not None and app.view.snapshot is not None)
        for key in keys:
            await pilot.press(key)
            await pilot.app.workers.wait_for_complete()
            await pilot.pause()
        await until_shown(pilot, there)

    assert snap_compare(app, terminal_size=size, run_before=settled)


@pytest.mark.parametrize("name", PICTURES)
def test_picture(name, snap_compare, monkeypatch):
    if name.startswith("no-color"):
        monkeypatch.setenv("NO_COLOR", "1")
    size, scene, display = PICTURES[name]
    app = QuotaApp(FakeProvider(scene, settings(display=display)), Clock(), home="/home/ada")

    async def settled(pilot) -> None:
        await until(pilot, lambda: app.view is not None and app.view.snapshot is not None)
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=settled)
