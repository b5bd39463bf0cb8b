"""`quota-tui statusline`: what Claude Code runs for its status line.

It must be quick (Claude Code cancels a slow one) and must never fail the session: whatever goes wrong, it
prints what it can and ends with 0. It never scans: it records what stdin says, reads the last bytes of this
session's transcript, and shows what index and journal hold.
"""

from __future__ import annotations

import io
import os
import sqlite3
import sys
from datetime import datetime
from typing import TYPE_CHECKING

from quota_tui.automation.installed import chained_command
from quota_tui.cli.setup import Setup, columns, face_of, utc_now
from quota_tui.config import load_settings_lenient
from quota_tui.core.snapshot import Snapshot
from quota_tui.core.text import one_line
from quota_tui.core.words import clip
from quota_tui.core.zones import ZONES
from quota_tui.monitor.monitor import Monitor
from quota_tui.monitor.record import keep_readings
from quota_tui.sources.statusline import StatusInput, parse_status_line
from quota_tui.store.lock import is_held
from quota_tui.store.paths import claude_config_dirs, our_paths

if TYPE_CHECKING:
    from quota_tui.cli.statusline_chain import TheirLine

BUSY_S = 0.05
TAIL_BYTES = 4 << 20
"""With more than that unread, this run leaves the transcript to a scan."""
_MAX_STDIN = 1 << 20
_COLOURS = {"success": "32", "primary": "36", "warning": "33", "error": "31", "muted": "2"}


def main() -> int:
    """Print the user's own status line, then ours. Always 0."""
    _speak_utf8()
    data = b"" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.buffer.read(_MAX_STDIN)
    try:
        text = _text(data)
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not fail the session that shows it
        text = _failure(error)
    try:
        print(text, flush=True)
    except OSError:
        # Claude Code cancels a run when a newer one begins: then nobody reads.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _speak_utf8() -> None:
    """Claude Code reads UTF-8, whatever this machine's console speaks."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")


def _text(data: bytes) -> str:
    paths = our_paths()
    settings, problems = load_settings_lenient(paths.config_file, os.environ)
    setup = Setup(paths, claude_config_dirs(), settings)
    theirs = _start_theirs(chained_command(paths), data)
    try:
        line, notices = _ours(setup, data)
    except Exception as error:  # noqa: BLE001 - the user's own line is still to come
        line, notices = _failure(error), []
    above = theirs.output(settings.statusline.chain_timeout_s) if theirs is not None else ""
    below = [clip(said, _width(), face_of(setup)) for said in [*notices, *problems][:1]]
    return "\n".join(part for part in (above, line, *below) if part)


def _failure(error: Exception) -> str:
    return f"quota-tui: {' '.join(str(error).split()) or type(error).__name__}"


def _start_theirs(command: str | None, data: bytes) -> TheirLine | None:
    if command is None:
        return None
    from quota_tui.cli.statusline_chain import TheirLine

    try:
        return TheirLine(command, data)
    except OSError:
        return None


def _ours(setup: Setup, data: bytes) -> tuple[str, list[str]]:
    """Our line, and what was not in order: that gets a line of its own, for it is rare."""
    now = utc_now()
    told = parse_status_line(data) if data else StatusInput()
    monitor = Monitor(setup.settings, setup.paths, setup.claude_dirs, now, busy_s=BUSY_S)
    # Where nothing can be kept an alert would fire again with every message.
    alone = monitor.stores.journal.path is not None and not is_held(setup.paths.dashboard_lock)

    def look() -> Snapshot:
        _record(monitor, told, now)
        _read_tail(monitor, told.transcript_path)
        return monitor.collect(now, scan=False, alerts=alone)

    try:
        snapshot = monitor.attempt(look)
    finally:
        monitor.close()
    if alone:
        _notify(setup, snapshot, now)
    return _coloured(_fitted(setup, snapshot, now), snapshot), list(monitor.stores.notices)


def _record(monitor: Monitor, told: StatusInput, now: datetime) -> None:
    """Keep what the client told us; whatever stands in the way, the next message tells it again."""
    try:
        keep_readings(monitor.stores.journal, told.readings(now), "status line", now, told.notes)
    except sqlite3.OperationalError:
        return  # another process writes for long


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
    return one_line(snapshot, now, face_of(setup), _width())


def _width() -> int:
    """Claude Code indents a status line and shows its own words beside it."""
    return max(columns(104) - 4, 12)


def _coloured(line: str, snapshot: Snapshot) -> str:
    """The zone in its colour; word and glyph say the same without."""
    if os.environ.get("NO_COLOR"):
        return line
    role = next((zone.role for zone in ZONES if zone.name is snapshot.zone.name), "muted")
    head, dot, rest = line.partition(" · " if " · " in line else " - ")
    return f"\x1b[{_COLOURS.get(role, '0')}m{head}\x1b[0m{dot}{rest}"
