"""What `uninstall all` does about arranged sessions: shown, then called off, and their entries removed."""

from __future__ import annotations

import sys

import click

from quota_tui.cli.setup import EXIT_NEGATIVE, fail
from quota_tui.store.paths import our_paths


def call_off_jobs(*, yes: bool) -> None:
    """Call off what is arranged, once that is confirmed; entries of ours without a job go too."""
    if not our_paths().journal_db.exists():
        return
    from quota_tui.automation.arrange import cancel
    from quota_tui.automation.tend import Tender
    from quota_tui.cli.automation_world import the_world, warn
    from quota_tui.core.jobs.words import head_words

    with the_world({}) as world:
        now = world.clock()
        jobs = world.jobs.open()
        for job in jobs:
            click.echo(f"Arranged: {head_words(job, now, world.face)[0]}  ({job.id})")
        if jobs and not yes:
            if not sys.stdin.isatty():
                fail("nothing was changed: nobody here to ask; run it again with --yes", EXIT_NEGATIVE)
            if not click.confirm("Call off what is arranged?"):
                fail("nothing was changed", EXIT_NEGATIVE)
        for job in jobs:
            arranged = cancel(job.id, world, now, "called off: quota-tui was uninstalled")
            click.echo(arranged.sentence)
            warn(arranged.warnings, world)
        tended = Tender(world).tend(now)
        warn((*tended.done, *tended.problems), world)
