"""`quota-tui automation schedule|reschedule|cancel`: arrange the next session, or call it off."""

from __future__ import annotations

import sys
from datetime import datetime

import click

from quota_tui.automation.arrange import Prepared, Request, find_job, prepare, schedule_prepared
from quota_tui.automation.arrange import cancel as call_off
from quota_tui.automation.arrange import reschedule as move
from quota_tui.automation.schedulers.choose import NAMES as SCHEDULERS
from quota_tui.automation.terminals.choose import AUTO
from quota_tui.automation.terminals.choose import NAMES as TERMINALS
from quota_tui.automation.world import World
from quota_tui.cli.automation_world import say, shown, the_world, warn
from quota_tui.cli.setup import EXIT_NEGATIVE, EXIT_USAGE, fail
from quota_tui.core.jobs.timing import AT_EXAMPLES
from quota_tui.core.jobs.words import handoff_words, main_job, what_words
from quota_tui.core.words import countdown, moment

_PROJECT = click.Path(exists=True, file_okay=False)


@click.command()
@click.option("--handoff", default="latest", show_default=True, help="latest, an id, or a file.")
@click.option("--at", default="", help=f"{AT_EXAMPLES}. Default: as the handoff says.")
@click.option("--project", type=_PROJECT, help="Where it starts; default: as the handoff says.")
@click.option("--agent", default="", help="Default: as the handoff says.")
@click.option("--model", default="", help="Default: as in the settings.")
@click.option("--permission-mode", default="", help="Default: as in the settings.")
@click.option("--ready-pct", type=click.IntRange(0, 100), help="How much must be left.")
@click.option("--scheduler", type=click.Choice(SCHEDULERS), help="auto: what survives a reboot.")
@click.option("--terminal", type=click.Choice((AUTO, *TERMINALS)), help="auto: where you are now.")
@click.option("--replace", is_flag=True, help="Instead of what is arranged there.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def schedule(
    flags: dict[str, object],
    handoff: str,
    at: str,
    project: str | None,
    agent: str,
    model: str,
    permission_mode: str,
    ready_pct: int | None,
    scheduler: str | None,
    terminal: str | None,
    replace: bool,
    yes: bool,
) -> None:
    """Arrange the next session from a handoff: shown first, then armed with a scheduler of this machine."""
    request = Request(
        handoff=handoff,
        at=at,
        project=project or "",
        agent=agent,
        model=model,
        permission_mode=permission_mode,
        ready_pct=ready_pct,
        scheduler=scheduler or "",
        terminal=terminal or "",
        replace=replace,
    )
    with the_world(flags) as world:
        now = world.clock()
        prepared = prepare(request, world, now)
        if not yes:
            _ask(prepared, world, now)
        arranged = schedule_prepared(prepared, world, now)
        warn(arranged.warnings, world)
        say(arranged.sentence, world)
        click.echo(arranged.job.id)


def _ask(prepared: Prepared, world: World, now: datetime) -> None:
    """Show what would be arranged; without a yes nothing is."""
    job, face = prepared.job, shown(world)
    when = f"{moment(job.launch_at, now, face)}, in {countdown(job.launch_at, now)}"
    say(f"{when}: {what_words(job, face)[0]}", world)
    click.echo(f"  {handoff_words(job, face)[0]}")
    warn(prepared.warnings, world)
    if not sys.stdin.isatty():
        fail("there is nobody to ask; use --yes", EXIT_USAGE)
    if not click.confirm("Arrange it?", default=True):
        fail("nothing was arranged", EXIT_NEGATIVE)


@click.command()
@click.argument("job", default="")
@click.option("--at", required=True, help=f"{AT_EXAMPLES}.")
@click.pass_obj
def reschedule(flags: dict[str, object], job: str, at: str) -> None:
    """Give JOB another time; without JOB, the one that is arranged."""
    with the_world(flags) as world:
        arranged = move(find_job(job, world).id, at, world, world.clock())
        warn(arranged.warnings, world)
        say(arranged.sentence, world)


@click.command()
@click.argument("job", default="")
@click.option("--all", "every", is_flag=True, help="All that are arranged.")
@click.pass_obj
def cancel(flags: dict[str, object], job: str, every: bool) -> None:
    """Call JOB off; without JOB, the one that is arranged, or that asks what is to become of it."""
    if job and every:
        raise click.UsageError("give JOB or --all, not both")
    with the_world(flags) as world:
        is_none = not job and main_job(world.jobs.all()) is None
        found = world.jobs.open() if every or is_none else [find_job(job, world)]
        for each in found:
            arranged = call_off(each.id, world, world.clock())
            warn(arranged.warnings, world)
            say(arranged.sentence, world)
        if not found:
            click.echo("nothing is scheduled")
