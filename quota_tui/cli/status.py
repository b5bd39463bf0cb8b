"""`quota-tui status`: the whole Snapshot, for people, prompts and programs."""

from __future__ import annotations

import os
import sys
import time
from datetime import datetime

import click
import msgspec

from quota_tui.cli.setup import Setup, columns, face_of, set_up, telling_failures, utc_now
from quota_tui.core.snapshot import Snapshot
from quota_tui.core.text import (
    automation_text,
    burn_text,
    one_line,
    phases_text,
    quota_text,
    sessions_text,
    zone_text,
)
from quota_tui.monitor.monitor import Monitor

WATCH_S = 2.0


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs; the fields are in the README.")
@click.option("--line", is_flag=True, help="One line, for tmux and prompts; as wide as $COLUMNS at the most.")
@click.option("--watch", is_flag=True, help="Print again whenever something changed, until ctrl+c.")
@click.pass_obj
def status(flags: dict[str, object], as_json: bool, line: bool, watch: bool) -> None:
    """Everything known now: windows, zone, burn rate, forecast, alerts, sessions."""
    setup = set_up(flags)
    monitor = Monitor(setup.settings, setup.paths, setup.claude_dirs, utc_now())
    shape = "json" if as_json else "line" if line else "text"
    try:
        with telling_failures(setup):
            shown = _show(monitor, setup, shape, watch=watch)
            while watch:
                time.sleep(WATCH_S)
                shown = _show(monitor, setup, shape, watch=True, shown=shown)
    except KeyboardInterrupt:
        if not watch:  # there it is the way to end
            raise
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has gone: nothing to say
    finally:
        monitor.close()


def _show(monitor: Monitor, setup: Setup, shape: str, *, watch: bool, shown: str = "") -> str:
    """Print the state if that is news after what was `shown`; returns what is on the screen now."""
    now = utc_now()
    snapshot = monitor.collect(now, parallel=not shown, rescan=bool(shown), alerts=False)
    text = _render(snapshot, now, setup, shape, watch=watch)
    if text == shown:
        return shown
    if shown and shape == "text" and sys.stdout.isatty():
        click.clear()
    click.echo(text)
    sys.stdout.flush()
    return text


def _render(snapshot: Snapshot, now: datetime, setup: Setup, shape: str, *, watch: bool) -> str:
    if shape == "json":
        encoded = msgspec.json.encode(snapshot)
        # Watched, one line is one state: a program can read them one by one.
        return encoded.decode() if watch else msgspec.json.format(encoded, indent=1).decode()
    face = face_of(setup)
    if shape == "line":
        return one_line(snapshot, now, face, max(columns(200), 10))
    parts = [
        quota_text(snapshot, now, face),
        burn_text(snapshot, now, face),
        zone_text(snapshot, now, face),
        phases_text(snapshot, now, face),
        automation_text(snapshot, now, face),
        sessions_text(snapshot, now, face),
        [f"note: {notice}" for notice in snapshot.sources.notices],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)
