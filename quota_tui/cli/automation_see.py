"""`quota-tui automation status|preview|log|test`: what is arranged, what would happen, what did."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click
import msgspec

from quota_tui.automation.arrange import find_job
from quota_tui.automation.preview import preview as preview_of
from quota_tui.automation.preview import try_terminal
from quota_tui.automation.preview_words import preview_lines
from quota_tui.automation.tend import Tender
from quota_tui.automation.terminals.choose import AUTO
from quota_tui.automation.terminals.choose import NAMES as TERMINALS
from quota_tui.automation.world import World
from quota_tui.cli.automation_world import say, shown, the_world, warn
from quota_tui.cli.setup import EXIT_NEGATIVE, EXIT_OK
from quota_tui.core.jobs.job import Job
from quota_tui.core.jobs.view import shown_jobs
from quota_tui.core.jobs.words import NOTHING, job_lines, log_words


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs; the fields are in the README.")
@click.pass_obj
def status(flags: dict[str, object], as_json: bool) -> None:
    """What is arranged. Asks the schedulers what they really hold, and mends what is amiss."""
    with the_world(flags) as world:
        now = world.clock()
        tended = Tender(world).tend(now)
        warn((*tended.done, *tended.problems), world)
        jobs = shown_jobs(world.jobs.recent(), now)
        if as_json:
            click.echo(msgspec.json.format(msgspec.json.encode({"jobs": _public(jobs, world)}), indent=1))
            return
        for job in jobs:
            first, *more = job_lines(job, now, shown(world), survives=job.survives)
            click.echo("\n".join([f"{first}  ({job.id})", *(f"  {line}" for line in more)]))
        if not jobs:
            click.echo(NOTHING)


def _public(jobs: Iterable[Job], world: World) -> list[dict[str, object]]:
    """Jobs as JSON, with everything that happened to them; the environment stays private."""
    found = []
    for job in jobs:
        fields = msgspec.to_builtins(msgspec.structs.replace(job, log=tuple(world.jobs.log(job.id))))
        fields.pop("environment")
        found.append(fields)
    return found


@click.command()
@click.argument("job", default="")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def preview(flags: dict[str, object], job: str, as_json: bool) -> None:
    """Exactly what would be executed for JOB, and why it would or would not start now. Changes nothing."""
    with the_world(flags) as world:
        now = world.clock()
        seen = preview_of(find_job(job, world), world, now)
        if as_json:
            fields = msgspec.to_builtins(seen)
            fields["job"].pop("environment")
            click.echo(msgspec.json.format(msgspec.json.encode(fields), indent=1))
        else:
            click.echo("\n".join(preview_lines(seen, now, shown(world))))


@click.command()
@click.argument("job", default="")
@click.pass_obj
def log(flags: dict[str, object], job: str) -> None:
    """Everything that happened to JOB; without JOB, to all of them lately."""
    with the_world(flags) as world:
        now = world.clock()
        found = (
            [find_job(job, world)] if job else sorted(world.jobs.recent(), key=lambda each: each.created_at)
        )
        for each in found:
            say(f"{each.id}  {each.project}", world)
            for line in world.jobs.log(each.id):
                click.echo(f"  {log_words(line, now, shown(world))}")
        if not found:
            click.echo("nothing was scheduled yet")


@click.command()
@click.option("--terminal", type=click.Choice((AUTO, *TERMINALS)), default=AUTO, show_default=True)
@click.pass_obj
def test(flags: dict[str, object], terminal: str) -> None:
    """Open a terminal harmlessly, as a launch would, and report. No session is started."""
    with the_world(flags) as world:
        result = try_terminal("" if terminal == AUTO else terminal, world)
    told = f"{result.terminal}: {result.how}" if result.how else result.terminal
    if result.ok:
        click.echo(f"it works: {told}, after {result.took_s:.1f} s ({result.why})")
    else:
        click.echo(f"it does not work: {told or 'no terminal'}: {result.problem}")
    for line in (result.note, result.advice, f"to see it: {result.attach}" if result.attach else ""):
        if line:
            click.echo(line)
    sys.exit(EXIT_OK if result.ok else EXIT_NEGATIVE)
