"""`quota-tui statusline`: what Claude Code runs for its status line.

It must be quick (Claude Code cancels a slow one) and must never fail the session: whatever goes wrong, it
prints what it can and ends with 0. It never scans: it records what stdin says, reads the last bytes of this
session's transcript, and shows what index and journal hold.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from quota_tui.automation.installed import CHAIN_GUARD, chained_command
from quota_tui.cli.setup import Setup, face_of, utc_now
from quota_tui.config import load_settings_lenient
from quota_tui.core.readings import Reading, plausible
from quota_tui.core.snapshot import Snapshot
from quota_tui.core.text import one_line
from quota_tui.core.zones import ZONES
from quota_tui.monitor.monitor import Monitor
from quota_tui.sources.statusline import StatusInput, parse_status_line
from quota_tui.store.lock import is_held
from quota_tui.store.paths import claude_config_dirs, our_paths

if TYPE_CHECKING:
    import subprocess

BUSY_S = 0.05
TAIL_BYTES = 4 << 20
"""With more than that unread, this run leaves the transcript to a scan."""
_MAX_STDIN = 1 << 20
_COLOURS = {"success": "32", "primary": "36", "warning": "33", "error": "31", "muted": "2"}


def main() -> int:
    """Print the user's own status line, then ours. Always 0."""
    data = b"" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.buffer.read(_MAX_STDIN)
    paths = our_paths()
    settings, problems = load_settings_lenient(paths.config_file, os.environ)
    setup = Setup(paths, claude_config_dirs(), settings)
    theirs = _start_theirs(chained_command(paths), data)
    line = ""
    try:
        line = _ours(setup, data)
    except (OSError, sqlite3.Error, ValueError) as error:
        line = f"quota-tui: {error}"
    _print_theirs(theirs, data, settings.statusline.chain_timeout_s)
    print(line if not problems else f"{line} · settings: {problems[0]}")
    return 0


def _start_theirs(command: str | None, data: bytes) -> subprocess.Popen[bytes] | None:
    """The user's own status line, run as Claude Code would run it: their words, their shell, nothing of ours."""
    if command is None:
        return None
    import subprocess

    try:
        theirs = subprocess.Popen(  # noqa: S602 - the user's own command from their own settings
            command,
            shell=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, CHAIN_GUARD: "1"},
        )
    except OSError:
        return None
    assert theirs.stdin is not None
    if len(data) <= 4096:  # fits any pipe: they can work while we do
        try:
            theirs.stdin.write(data)
            theirs.stdin.close()
        except OSError:
            pass  # it does not read its input
        theirs.stdin = None
    return theirs


def _print_theirs(theirs: subprocess.Popen[bytes] | None, data: bytes, timeout_s: float) -> None:
    if theirs is None:
        return
    import subprocess

    try:
        output, _ = theirs.communicate(data if theirs.stdin is not None else None, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        theirs.kill()
        return
    except OSError:
        return
    text = output.decode("utf-8", "replace").rstrip("\n")
    if text:
        print(text)


def _ours(setup: Setup, data: bytes) -> str:
    now = utc_now()
    told = parse_status_line(data) if data else StatusInput()
    monitor = Monitor(setup.settings, setup.paths, setup.claude_dirs, now, busy_s=BUSY_S)
    try:
        _record(monitor, told, now)
        _read_tail(monitor, told.transcript_path)
        alone = not is_held(setup.paths.dashboard_lock)
        snapshot = monitor.collect(now, scan=False, alerts=alone)
    finally:
        monitor.close()
    if alone:
        _notify(setup, snapshot, now)
    return _coloured(_fitted(setup, snapshot, now), snapshot)


def _record(monitor: Monitor, told: StatusInput, now: datetime) -> None:
    """Keep what can be true; remember what cannot, for `doctor`."""
    kept: list[Reading] = []
    refused = list(told.notes)
    for reading in told.readings(now):
        judged = plausible(reading.kind, reading.used_pct, reading.resets_at, now)
        if isinstance(judged, str):
            refused.append(f"{reading.kind}: {judged}")
        else:
            kept.append(replace(reading, used_pct=judged))
    journal = monitor.stores.journal
    try:
        if kept:
            journal.add_readings(kept)
        journal.refuse(now, "status line", refused)
    except sqlite3.OperationalError:
        return  # another process writes for long: the next message, seconds away, tells it again


def _read_tail(monitor: Monitor, transcript: str) -> None:
    """Read what this session has just added, when that is little and nobody else is reading."""
    if not transcript or not os.path.isfile(transcript):
        return
    stores = monitor.stores
    known = stores.index.stamps_of(transcript)
    unread = os.path.getsize(transcript) - (known[1] if known else 0)
    if stores.index.is_new or unread > TAIL_BYTES:
        return
    monitor.changes.add([transcript])
    try:
        monitor.read_changed()
    except sqlite3.OperationalError:
        return  # a scan is under way: it brings the same


def _notify(setup: Setup, snapshot: Snapshot, now: datetime) -> None:
    """An alert that fired just now is shown on the desktop, by a process of its own: that takes long."""
    alerts = [alert for alert in snapshot.alerts if alert.at == now]
    wanted = setup.settings.alerts
    if not alerts or not wanted.desktop or alerts[-1].threshold_pct < wanted.desktop_from_pct:
        return
    from quota_tui.automation.notify_later import notify_later

    notify_later(alerts[-1].title, alerts[-1].text)


def _fitted(setup: Setup, snapshot: Snapshot, now: datetime) -> str:
    columns = os.environ.get("COLUMNS", "")
    width = max(int(columns) - 4, 12) if columns.isdigit() else 100
    return one_line(snapshot, now, face_of(setup), width)


def _coloured(line: str, snapshot: Snapshot) -> str:
    """The zone in its colour; word and glyph say the same without."""
    if os.environ.get("NO_COLOR"):
        return line
    role = next((zone.role for zone in ZONES if zone.name is snapshot.zone.name), "muted")
    head, dot, rest = line.partition(" · " if " · " in line else " - ")
    return f"\x1b[{_COLOURS.get(role, '0')}m{head}\x1b[0m{dot}{rest}"
