"""`quota-tui estimate PLAN.md`: what a plan will take, and where it fits."""

from __future__ import annotations

from contextlib import closing

import click
import msgspec

from quota_tui.cli.setup import EXIT_DATA, EXIT_USAGE, Setup, face_of, fail, set_up, telling_failures, utc_now
from quota_tui.core.estimating.subject import Quality
from quota_tui.core.estimating.words import estimate_lines
from quota_tui.handing.estimating import Estimate, Estimator
from quota_tui.handing.known import last_handoff
from quota_tui.handing.open_work import open_work
from quota_tui.monitor.monitor import Monitor
from quota_tui.sources.plan_candidates import plan_candidates
from quota_tui.sources.plan_file import PlanFileError
from quota_tui.store.projects import project_path

_QUALITIES = tuple(each.value for each in Quality if each.value)


@click.command()
@click.argument("plan", default="")
@click.option("--json", "as_json", is_flag=True, help="For programs; the fields are in the README.")
@click.option("--save", is_flag=True, help="Keep it: `track start` takes it while the plan is as it is.")
@click.option("--quality", type=click.Choice(_QUALITIES), default=None, help="Of the code that is worked on.")
@click.option("--model", default="", help="The model that will work; default: the last one in use.")
@click.option(
    "--project", type=click.Path(exists=True, file_okay=False), default=".", help="Default: this folder's."
)
@click.pass_obj
def estimate(
    flags: dict[str, object] | None,
    plan: str,
    as_json: bool,
    save: bool,
    quality: str | None,
    model: str,
    project: str,
) -> None:
    """Estimate PLAN, a markdown file; without PLAN, the plan that is tracked, or the project's newest.

    Where there is none, a session without a plan. Tokens are input + output + cache writes, subagents
    included; ranges hold 80 %.
    """
    setup, now = set_up(flags), utc_now()
    with (
        telling_failures(setup),
        closing(Monitor(setup.settings, setup.paths, setup.claude_dirs, now)) as monitor,
    ):
        snapshot = monitor.collect(now, parallel=True, alerts=False)
        for notice in monitor.stores.notices:
            click.echo(f"quota-tui: {notice}", err=True)
        where = project_path(project)
        estimator = Estimator(monitor, now)
        path = plan or _found(monitor, where)
        if save and not path:
            fail("there is no plan to keep an estimate of; name one: `estimate PLAN.md --save`", EXIT_USAGE)
        try:
            found = (
                estimator.estimate(path, snapshot, where, quality=Quality(quality or ""), model=model)
                if path
                else estimator.estimate_session(snapshot, where, model=model)
            )
        except PlanFileError as error:
            fail(str(error), EXIT_DATA)
        _show(found, setup, as_json=as_json)
        if save:
            estimator.save(found)
            click.echo("kept: `quota-tui track start` takes it while the plan is as it is", err=True)


def _show(found: Estimate, setup: Setup, *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found.numbers), indent=1).decode())
    else:
        click.echo("\n".join(estimate_lines(found.numbers, face_of(setup))))
    phases = found.subject.phases
    if phases and all(phase.done for phase in phases):
        click.echo("note: every phase is marked as done; this is what all of it would take", err=True)


def _found(monitor: Monitor, project: str) -> str:
    """The plan that is meant when none is named; empty when there is none."""
    config_dirs = monitor.claude_dirs
    _, tracked = open_work(config_dirs[0], project)
    last = last_handoff(config_dirs, project)
    found = plan_candidates(project, [tracked, last.plan_file if last is not None else ""])
    if not found:
        return ""
    if not tracked:
        click.echo(f"note: no plan was named, so it is {found[0]}", err=True)
    return found[0]
