"""`quota-tui automation run ID` and `automation client ID`: what schedulers and terminals execute."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import click
import msgspec

from quota_tui.automation.client_exec import EXIT_REFUSED, run_client
from quota_tui.automation.environment import lend_session
from quota_tui.automation.open_world import make_world
from quota_tui.automation.tell import Told
from quota_tui.automation.wake import wake
from quota_tui.automation.wakefile import apply
from quota_tui.automation.world import World
from quota_tui.cli.setup import EXIT_DATA, EXIT_NEGATIVE, EXIT_OK, fail, set_up, utc_now
from quota_tui.core.jobs.job import JobState, is_job_id
from quota_tui.store.database import StoreCorruptError, StoreUnavailableError
from quota_tui.store.jobs import Jobs
from quota_tui.store.journal import Journal


def _job_id(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not is_job_id(value):
        raise click.BadParameter("not the id of a job")
    return value


@click.command(hidden=True)
@click.argument("job_id", callback=_job_id)
@click.option("--now", is_flag=True, help="Do not wait for its time or for the quota.")
def run(job_id: str, now: bool) -> None:
    """Do what is to be done about a job now; a scheduler runs this. Safe at any time, any number of times."""
    apply(job_id, os.environ)
    with _world(job_id) as world:
        if now:
            _make_due(job_id, world)
        woken = wake(job_id, world)
    click.echo(woken.text)
    is_failed = woken.job is not None and woken.job.state in {JobState.FAILED, JobState.MISSED}
    if woken.outcome == "trouble":
        sys.exit(EXIT_DATA)
    sys.exit(EXIT_NEGATIVE if is_failed else EXIT_OK)


@click.command(hidden=True)
@click.argument("job_id", callback=_job_id)
def client(job_id: str) -> None:
    """Become the client of a job; the terminal that a wake opens runs this."""
    apply(job_id, os.environ)
    with _world(job_id) as world:
        sys.exit(run_client(job_id, world) or EXIT_REFUSED)


def _make_due(job_id: str, world: World) -> None:
    from quota_tui.automation.arrange import ArrangeError, make_due

    try:
        made = make_due(job_id, world, world.clock())
    except ArrangeError as error:
        fail(str(error), EXIT_NEGATIVE)
    for warning in made.warnings:
        click.echo(f"quota-tui: {warning}", err=True)


@contextmanager
def _world(job_id: str) -> Iterator[World]:
    """The world of the settings in force; a journal that cannot be opened is told to the person."""
    setup = set_up()
    try:
        with closing(Journal(setup.paths.journal_db)) as journal:
            job = Jobs(journal.db).get(job_id)
            if job is not None:  # before anything is asked that needs to know the person's login
                lend_session(job.environment)
            world = make_world(setup.settings, setup.paths, setup.claude_dirs, journal, utc_now)
            env = {**os.environ, **(job.environment if job is not None else {})}
            yield msgspec.structs.replace(world, tell=Told(env))
    except (StoreUnavailableError, StoreCorruptError) as error:
        from quota_tui.automation.joblog import note

        text = f"the journal cannot be used ({error}): nothing was started"
        note(setup.claude_dirs[0], job_id, text, utc_now())
        Told()("the next session is in trouble", f"{job_id}: {text}")
        fail(text, EXIT_DATA)
