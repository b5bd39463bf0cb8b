"""`quota-tui model`: what estimating has learned, and forgetting it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click
import msgspec

from quota_tui.cli.setup import EXIT_DATA, face_of, fail, set_up, telling_failures, utc_now
from quota_tui.core.estimating.model_words import model_lines
from quota_tui.handing.estimating import Estimator
from quota_tui.handing.outlook import lasting_words
from quota_tui.monitor.monitor import Monitor
from quota_tui.store.files import StoreError, write_atomic

EXPORT = "estimation-model.json"


@click.group()
def model() -> None:
    """What past sessions teach about the next one: shown, exported, forgotten, computed again."""


@model.command()
@click.option("--json", "as_json", is_flag=True, help=f"For programs: what {EXPORT} holds.")
@click.pass_obj
def show(flags: dict[str, object] | None, as_json: bool) -> None:
    """What is learned: levels, factors with how often they were seen, and how good estimates were."""
    with _estimator(flags) as (estimator, monitor):
        if as_json:
            click.echo(_json(estimator))
            return
        face = face_of(set_up(flags))
        lines = model_lines(estimator.model, face)
        lasting = lasting_words(monitor, utc_now(), face)
        click.echo("\n".join([*lines, *([lasting] if lasting else [])]))


@model.command()
@click.argument("file", default=EXPORT, type=click.Path(dir_okay=False, writable=True))
@click.pass_obj
def export(flags: dict[str, object] | None, file: str) -> None:
    """Write it to FILE; the last line printed is its path."""
    with _estimator(flags) as (estimator, _):
        path = Path(file).absolute()
        try:
            write_atomic(path, _json(estimator).encode() + b"\n")
        except StoreError as error:
            fail(str(error), EXIT_DATA)
        click.echo(str(path))


@model.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def reset(flags: dict[str, object] | None, yes: bool) -> None:
    """Learn anew from now on. The sessions stay in the history; `model recompute` counts them again."""
    if not yes:
        click.confirm("Forget what past sessions taught?", abort=True)
    with _estimator(flags) as (estimator, _):
        estimator.reset()
        click.echo("forgotten: only sessions from now on count; `quota-tui model recompute` undoes it")


@model.command()
@click.pass_obj
def recompute(flags: dict[str, object] | None) -> None:
    """Learn from the whole history again."""
    with _estimator(flags) as (estimator, _):
        estimator.recompute()
        count = estimator.model.sessions_analysed
        click.echo(f"learned from {count} session{'s' * (count != 1)}")


def _json(estimator: Estimator) -> str:
    return msgspec.json.format(msgspec.json.encode(estimator.model), indent=1).decode()


@contextmanager
def _estimator(flags: dict[str, object] | None) -> Iterator[tuple[Estimator, Monitor]]:
    setup, now = set_up(flags), utc_now()
    with (
        telling_failures(setup),
        closing(Monitor(setup.settings, setup.paths, setup.claude_dirs, now)) as monitor,
    ):
        monitor.collect(now, parallel=True, alerts=False)
        for notice in monitor.stores.notices:
            click.echo(f"quota-tui: {notice}", err=True)
        yield Estimator(monitor, now), monitor
