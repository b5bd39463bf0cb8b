"""`quota-tui doctor`: what is read and kept where, what was skipped and why, what this place can do."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import click
import msgspec

from quota_tui import __version__
from quota_tui.automation.installed import calls_status_line, settings_file
from quota_tui.automation.notify import notification_rung
from quota_tui.cli.setup import EXIT_NEGATIVE, Setup, face_of, utc_now
from quota_tui.config import load_settings_lenient
from quota_tui.core.pricing import PriceMatch
from quota_tui.core.readings import Aside
from quota_tui.core.readings import set_aside as judge
from quota_tui.core.words import clock
from quota_tui.monitor.monitor import Monitor
from quota_tui.sources.client import find_client
from quota_tui.store.database import StoreCorruptError, StoreUnavailableError
from quota_tui.store.faults import faults
from quota_tui.store.paths import claude_config_dirs, our_paths
from quota_tui.store.prices import load_prices
from quota_tui.store.reports import grouped

SHOWN = 20


class Finding(msgspec.Struct, frozen=True):
    """One line: what it is about, what was found, and whether something should be done."""

    topic: str
    text: str
    is_problem: bool = False


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs: topic, text, is_problem.")
@click.pass_obj
def doctor(flags: dict[str, object], as_json: bool) -> None:
    """Where things are, what was skipped and why, what this terminal and machine can do.

    Exit 1 when something should be done.
    """
    findings = list(_examine(flags))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(findings), indent=1).decode())
    else:
        width = max(len(finding.topic) for finding in findings)
        for finding in findings:
            click.echo(f"{'!' if finding.is_problem else ' '} {finding.topic:<{width}}  {finding.text}")
    sys.exit(EXIT_NEGATIVE if any(finding.is_problem for finding in findings) else 0)


def _examine(flags: dict[str, object]) -> Iterator[Finding]:
    paths = our_paths()
    settings, problems = load_settings_lenient(paths.config_file, os.environ, flags)
    setup = Setup(paths, claude_config_dirs(), settings)
    now = utc_now()
    yield Finding(
        "version",
        f"quota-tui {__version__}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}",
    )
    yield Finding(
        "settings", str(paths.config_file) + ("" if paths.config_file.exists() else " (none: defaults)")
    )
    yield from (Finding("settings", problem, True) for problem in problems)
    monitor = Monitor(settings, paths, setup.claude_dirs, now)
    try:
        snapshot = monitor.collect(now, parallel=True, alerts=False)
        yield from _kept(monitor)
        yield from _transcripts(monitor, any(root.exists for root in snapshot.sources.roots))
        yield from _readings(monitor, setup, now)
        yield from _prices(monitor)
        yield from (Finding("notice", notice, True) for notice in snapshot.sources.notices)
    finally:
        monitor.close()
    for fault in faults(paths)[-SHOWN:]:
        yield Finding("hooks", f"{clock(fault.at, face_of(setup))} {fault.where}: {fault.text}", True)
    yield from _surroundings(setup, now)


def _kept(monitor: Monitor) -> Iterator[Finding]:
    for name in ("history", "journal", "index"):
        store = getattr(monitor.stores, name)
        if store.path is not None:
            for aside in sorted(store.path.parent.glob(f"{store.path.name}.damaged-*")):
                if not aside.name.endswith(("-wal", "-shm")):
                    yield Finding(name, f"{aside} was set aside, damaged; delete it when nothing is missing")
        if store.path is None:
            yield Finding(name, "in memory only: nothing is kept (see the notice)", True)
        else:
            yield Finding(name, f"{store.path} ({_size(store.path)})")


def _transcripts(monitor: Monitor, present: bool) -> Iterator[Finding]:
    for root in monitor.roots:
        exists = Path(root).is_dir()
        yield Finding("transcripts", root if exists else f"{root} (not there)")
    if not present:
        yield Finding(
            "transcripts", "none of these folders exists: run Claude Code once, or set transcript_dirs", True
        )
    shown = 0
    for file in monitor.stores.index.with_notes():
        for line, why in msgspec.msgpack.decode(file.notes or b"\x90"):
            if shown < SHOWN:
                yield Finding("skipped", f"{file.path}:{line}: {why}")
            shown += 1
    total = monitor.stores.index.notes_total()
    if total > SHOWN:
        yield Finding("skipped", f"{total - SHOWN} more lines")
    marked = monitor.stores.history.placeholder_count()
    if marked:
        yield Finding(
            "output",
            f"{marked:,} calls carry a placeholder for their output; the true figure is in no transcript",
        )


def _readings(monitor: Monitor, setup: Setup, now: datetime) -> Iterator[Finding]:
    face = face_of(setup)
    journal = monitor.stores.journal
    readings = journal.readings(now - timedelta(days=8))
    aside: list[Aside] = judge(readings, now)[1]
    yield Finding("readings", f"{len(readings)} in the last 8 days, {len(aside)} set aside")
    for reading, reason in aside[-SHOWN:]:
        yield Finding(
            "set aside",
            f"{clock(reading.at, face)} {reading.source}: {reading.kind} {reading.used_pct:g} %: {reason}",
        )
    for at, source, why in journal.refused()[:SHOWN]:
        yield Finding("refused", f"{clock(at, face)} {source}: {why}")
    file = settings_file()
    command = ""
    try:
        document = msgspec.json.decode(file.read_bytes())
        entry = document.get("statusLine") if isinstance(document, dict) else None
        command = str(entry.get("command", "")) if isinstance(entry, dict) else ""
    except FileNotFoundError:
        pass
    except (OSError, msgspec.MsgspecError) as error:
        yield Finding("status line", f"{file} cannot be read ({error})", True)
        return
    if calls_status_line(command):
        yield Finding("status line", f"installed in {file}")
    else:
        yield Finding(
            "status line", "not installed: `quota-tui install statusline` brings official percentages"
        )


def _prices(monitor: Monitor) -> Iterator[Finding]:
    table = load_prices(monitor.settings.prices)
    for row in grouped(monitor.stores.history, "model", None, None):
        match = table.find(row.key)[1]
        if match is PriceMatch.FAMILY:
            yield Finding("prices", f"{row.key} is not in the table: priced as its nearest relative")
        elif match is PriceMatch.UNKNOWN:
            yield Finding(
                "prices",
                f"{row.key or '(no model named)'} has no price: it costs 0 here; set it under [prices]",
                True,
            )


def _surroundings(setup: Setup, now: datetime) -> Iterator[Finding]:
    face = face_of(setup)
    yield Finding("clock", f"{now.isoformat(timespec='seconds')}, shown as {clock(now, face)} ({face.zone})")
    rung = notification_rung()
    yield Finding("alerts", f"{rung.name}: {rung.why}")
    client = find_client(setup.settings.readings.client)
    asked = "is asked" if setup.settings.readings.ask_client else "is not asked (readings.ask_client)"
    yield Finding("client", f"{client} {asked}" if client else "Claude Code was not found on PATH")
    terminal = " ".join(
        f"{name}={os.environ[name]}"
        for name in ("TERM", "TERM_PROGRAM", "COLORTERM", "NO_COLOR")
        if name in os.environ
    )
    yield Finding("terminal", terminal or "no TERM set")
    yield from _arranging(setup, now)


def _arranging(setup: Setup, now: datetime) -> Iterator[Finding]:
    """What could wake and open the next session, and what is wrong with those that are arranged."""
    from quota_tui.automation.open_world import open_world
    from quota_tui.automation.schedulers.choose import schedulers
    from quota_tui.automation.tend import Tender
    from quota_tui.automation.terminals.base import TerminalError
    from quota_tui.automation.terminals.choose import choices

    for scheduler in schedulers():
        trouble = scheduler.available()
        yield Finding("scheduler", f"{scheduler.name}: {trouble or scheduler.survives().words}")
    automation = setup.settings.automation
    try:
        found = choices(automation.terminal, os.environ, template=automation.terminal_command)
        yield Finding("terminals", ", ".join(each.terminal.name for each in found))
    except TerminalError as error:
        yield Finding("terminals", str(error), True)
    try:
        with open_world(setup.settings, setup.paths, setup.claude_dirs, utc_now) as world:
            tended = Tender(world).tend(now)
    except (StoreUnavailableError, StoreCorruptError, sqlite3.Error) as error:
        yield Finding("jobs", f"cannot be read: {error}", True)
        return
    yield from (Finding("jobs", done) for done in tended.done)
    yield from (Finding("jobs", problem, True) for problem in tended.problems)


def _size(path: Path) -> str:
    size = path.stat().st_size if path.exists() else 0
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.0f} kB"
