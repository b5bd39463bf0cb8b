"""`quota-tui check`: is enough quota left to start a session?"""

from __future__ import annotations

import sys

import click

from quota_tui.cli.setup import (
    EXIT_NEGATIVE,
    EXIT_OK,
    EXIT_UNKNOWN,
    face_of,
    set_up,
    telling_failures,
    utc_now,
)
from quota_tui.core.ready import readiness
from quota_tui.core.words import countdown, moment
from quota_tui.monitor.monitor import Monitor


@click.command()
@click.option(
    "--ready-pct", type=click.IntRange(0, 100), help="How much must be left; default: quota.ready_pct."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def check(flags: dict[str, object], ready_pct: int | None, as_json: bool) -> None:
    """Print READY (exit 0), WAITING with the reset (exit 1), or UNKNOWN (exit 4) and how that is known.

    Spends nothing: it looks at what is known of the five-hour and the weekly window.
    """
    setup = set_up({**flags, "quota.ready_pct": ready_pct})
    now = utc_now()
    monitor = Monitor(setup.settings, setup.paths, setup.claude_dirs, now)
    try:
        with telling_failures(setup):
            snapshot = monitor.collect(now, parallel=True, alerts=False)
    finally:
        monitor.close()
    found = readiness(snapshot, setup.settings.quota.ready_pct)
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode(found).decode())
    else:
        line = f"{found.word} {found.why} ({found.basis})"
        if found.resets_at is not None:
            at = moment(found.resets_at, now, face_of(setup))
            line += f"; resets {at}, in {countdown(found.resets_at, now)}"
        click.echo(line)
    for notice in snapshot.sources.notices:
        click.echo(f"quota-tui: {notice}", err=True)
    sys.exit({"READY": EXIT_OK, "WAITING": EXIT_NEGATIVE}.get(found.word, EXIT_UNKNOWN))
