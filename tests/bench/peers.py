"""The programs this one is measured against, where they are installed."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

NATIVE, NPM, LIVE = "ccusage native", "ccusage npm", "claude-monitor"
INSTALL = {NPM: "npm install ccusage@20.0.24", LIVE: "pip install claude-monitor==4.0.0"}
INSTALL[NATIVE] = INSTALL[NPM]


def find_peers(places: Sequence[str]) -> dict[str, str]:
    """Path by name of each peer found: below `places` (folders or programs), else on PATH.

    The npm package starts a native program of its own; both are measured where both are there.
    """
    folders = [place if os.path.isdir(place) else os.path.dirname(place) for place in places]
    inner = [
        os.path.join(folder, *more)
        for folder in folders
        for more in ((".bin",), ("node_modules", ".bin"), ("bin",))
    ]
    search = os.pathsep.join([*folders, *inner, os.environ.get("PATH", os.defpath)])
    found = {}
    for name, command in ((NPM, "ccusage"), (LIVE, "claude-monitor")):
        path = shutil.which(command, path=search)
        if path:
            found[name] = os.path.abspath(path)
    native = _native(found[NPM]) if NPM in found else None
    if native:
        found[NATIVE] = native
    return found


def _native(command: str) -> str | None:
    """The native program of the npm package that a `ccusage` command belongs to."""
    machine = {"x86_64": "x64", "AMD64": "x64", "aarch64": "arm64"}.get(
        platform.machine(), platform.machine()
    )
    package = Path("@ccusage") / f"ccusage-{sys.platform}-{machine}" / "bin" / "ccusage"
    for folder in Path(os.path.realpath(command)).parents:
        for place in (folder / package, folder / "node_modules" / package):
            if place.is_file():
                return str(place)
    return None
