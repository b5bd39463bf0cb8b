"""Make the pictures in `screenshots/`: `python -m tests.screenshots`. Look at them before they are kept.

Needs Chromium and the font Fira Code: other converters from SVG break borders and spaces.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from quota_tui.core.snapshot import Snapshot
from tests.ui.arranging import FakeArranger, two_sessions
from tests.ui.following import FakeFollower
from tests.ui.invent import working
from tests.ui.planning import FakePlanner
from tests.ui.scenes import alarmed, free
from tests.ui.stage import dashboard

FOLDER = Path(__file__).parent.parent / "screenshots"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SCALE = 1.5
SETTLE_S = 0.2

PICTURES: dict[str, tuple[tuple[int, int], Callable[..., Snapshot], str, tuple[str, ...]]] = {
    "dashboard-100x30": ((100, 30), working, "dark", ()),
    "split-46x16": ((46, 16), working, "dark", ()),
    "light-100x30": ((100, 30), working, "light", ()),
    "wide-160x45": ((160, 45), working, "dark", ()),
    "history-100x30": ((100, 30), working, "dark", ("h",)),
    "plan-100x30": ((100, 30), working, "dark", ("p",)),
    "plan-46x16": ((46, 16), working, "dark", ("p",)),
    "automation-100x30": ((100, 30), two_sessions, "dark", ("a",)),
    "phases-100x30": ((100, 30), alarmed, "dark", ("4", "z")),
    "estimate-100x30": ((100, 30), free, "dark", ("e", "enter")),
    "report-100x30": ((100, 30), working, "dark", ("R",)),
}


async def svg_of(name: str) -> str:
    """The screen as Textual draws it."""
    size, scene, theme, keys = PICTURES[name]
    async with dashboard(scene, size=size, display={"theme": theme}) as (app, pilot, provider):
        provider.plans.append(FakePlanner())
        provider.follows = FakeFollower()
        provider.arranges = FakeArranger()
        for key in keys:
            await pilot.press(key)
            await pilot.pause(SETTLE_S)
        await pilot.pause(SETTLE_S)
        return app.export_screenshot(title="quota-tui")


def to_png(browser: str, svg: str, target: Path) -> None:
    """Let the browser draw it, as large as it says it is."""
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    assert size is not None
    width, height = (int(float(each)) + 1 for each in size.groups())
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "screen.svg"
        source.write_text(svg, encoding="utf-8")
        command = [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        command += [f"--force-device-scale-factor={SCALE}", f"--window-size={width},{height}"]
        subprocess.run(
            [*command, f"--screenshot={target}", source.as_uri()],
            check=True,
            capture_output=True,
            timeout=120,
        )


def main() -> int:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print(f"none of {', '.join(BROWSERS)} is installed", file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    for name in PICTURES:
        to_png(browser, asyncio.run(svg_of(name)), FOLDER / f"{name}.png")
        print(FOLDER / f"{name}.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
