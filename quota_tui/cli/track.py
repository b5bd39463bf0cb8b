"""`quota-tui track`: follow a plan phase by phase."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime

import click
import msgspec

from quota_tui.cli.setup import (
    EXIT_DATA,
    EXIT_NEGATIVE,
    EXIT_UNKNOWN,
    Setup,
    face_of,
    fail,
    set_up,
    telling_failures,
    utc_now,
)
from quota_tui.core.snapshot import PhasesState
from quota_tui.core.tracking.state import CATEGORIES
from quota_tui.core.tracking.summary import end_words, status_lines
from quota_tui.core.words import Face, clean, in_face, tokens
from quota_tui.handing.tracker import NOTHING, Tracker
from quota_tui.handing.tracking import begin, finish
from quota_tui.monitor.monitor import Monitor
from quota_tui.sources.plan_file import PlanFileError
from quota_tui.store.files import StoreError
from quota_tui.store.tracking import Loaded, TrackingError

_project = click.option(
    "--project", type=click.Path(exists=True, file_okay=False), default=".", help="Default: this folder's."
)


@click.group()
def track() -> None:
    """Follow a plan phase by phase: what each took against its estimate."""


@track.command()
@click.argument("plan", type=click.Path())
@_project
@click.pass_obj
def start(flags: dict[str, object] | None, plan: str, project: str) -> None:
    """Begin with PLAN, a markdown file. The first phase that is not done is in work."""
    with _tracker(flags, project) as (tracker, now, face, monitor):
        session = os.environ.get("CLAUDE_CODE_SESSION_ID", "")
        snapshot = monitor.collect(now, scan=False, alerts=False)
        loaded = begin(monitor, tracker, plan, snapshot, now, claude_session=session)
        _tell_notes(loaded)
        tracking = loaded.tracking
        count = len(tracking.phases)
        estimate = f", ≈{tokens(tracking.estimated.total)} tokens" if tracking.estimated.total else ""
        title = clean(tracking.title or tracking.plan_file, face)
        click.echo(in_face(f"tracking {title}: {count} phase{'s' * (count != 1)}{estimate}", face))
        _tell_current(loaded, face)


@track.command()
@_project
@click.pass_obj
def stop(flags: dict[str, object] | None, project: str) -> None:
    """End it and write the report. The last line printed is the report's path."""
    with _tracker(flags, project) as (tracker, now, face, monitor):
        snapshot = monitor.collect(now, scan=False, alerts=False)
        stopped = finish(monitor, tracker, snapshot, now)
        _tell_notes(stopped.loaded)
        state = monitor.attempt(lambda: tracker.plans.state_of(stopped.loaded.tracking, now))
        click.echo("\n".join(status_lines(state, face)))
        click.echo(str(stopped.report))


@track.command()
@_project
@click.option(
    "--json", "as_json", is_flag=True, help="For programs; the fields are those of `status --json`."
)
@click.pass_obj
def status(flags: dict[str, object] | None, project: str, as_json: bool) -> None:
    """Phases, estimate against actual, projection. Exit 4 when no plan is tracked."""
    with _tracker(flags, project, quiet=as_json) as (tracker, now, face, monitor):
        left = monitor.collect(now, scan=False, alerts=False).five_hour.remaining_tokens
        try:
            state = tracker.state(now, left)
        except TrackingError as error:
            if not as_json:
                raise
            state = PhasesState(notices=(str(error),))
        for notice in () if as_json else state.notices:
            click.echo(f"quota-tui: {notice}", err=True)
        if as_json:
            click.echo(msgspec.json.format(msgspec.json.encode(state), indent=1).decode())
        else:
            click.echo("\n".join(status_lines(state, face)))
        if state.state == "none":
            raise SystemExit(EXIT_UNKNOWN)


@track.group()
def phase() -> None:
    """The phase in work is done, or another one is in work."""


@phase.command()
@_project
@click.option("--tick", is_flag=True, help="Mark it in the plan file too.")
@click.pass_obj
def done(flags: dict[str, object] | None, project: str, tick: bool) -> None:
    """The phase in work is done; the next one begins."""
    with _tracker(flags, project) as (tracker, now, face, monitor):
        left = monitor.collect(now, scan=False, alerts=False).five_hour.remaining_tokens
        loaded = tracker.phase_done(now, tick=tick)
        _tell_notes(loaded)
        ended = tracker.state(now, left).ended
        if ended is not None:
            click.echo(in_face(f"{clean(ended.name, face)}: {'; '.join(end_words(ended))}", face))
            if ended.asks_why:
                click.echo(f"why? `quota-tui track why CATEGORY` ({', '.join(CATEGORIES)})")
        _tell_current(loaded, face)


@phase.command("start")
@click.argument("number", type=click.IntRange(min=1))
@_project
@click.pass_obj
def phase_start(flags: dict[str, object] | None, number: int, project: str) -> None:
    """Go to phase NUMBER, also back to one that was done."""
    with _tracker(flags, project) as (tracker, now, face, _):
        loaded = tracker.phase_start(number, now)
        _tell_notes(loaded)
        _tell_current(loaded, face)


@track.command()
@click.argument("text")
@_project
@click.pass_obj
def note(flags: dict[str, object] | None, text: str, project: str) -> None:
    """Keep TEXT with the phase in work; the report shows it."""
    with _tracker(flags, project) as (tracker, now, _, _):
        _tell_notes(tracker.note(text, now))


@track.command(epilog="; ".join(f"{word}: {meaning}" for word, meaning in CATEGORIES.items()))
@click.argument("category", type=click.Choice(tuple(CATEGORIES)))
@click.option("--phase", "number", type=click.IntRange(min=1), help="Default: the one that deviated last.")
@click.option("--reason", default="", help="In your words.")
@click.option("--lesson", default="", help="What to do differently.")
@click.option("--preventable/--not-preventable", default=None, help="Could it have been prevented?")
@_project
@click.pass_obj
def why(
    flags: dict[str, object] | None,
    category: str,
    number: int | None,
    reason: str,
    lesson: str,
    preventable: bool | None,
    project: str,
) -> None:
    """Say why a phase took more, or less, than estimated."""
    with _tracker(flags, project) as (tracker, now, _, _):
        _tell_notes(
            tracker.why(category, now, number=number, reason=reason, preventable=preventable, lesson=lesson)
        )


@track.command()
@_project
@click.pass_obj
def pause(flags: dict[str, object] | None, project: str) -> None:
    """What is used from now on is not counted."""
    with _tracker(flags, project) as (tracker, now, _, _):
        _tell_notes(tracker.pause(now))


@track.command()
@_project
@click.pass_obj
def resume(flags: dict[str, object] | None, project: str) -> None:
    """Count again."""
    with _tracker(flags, project) as (tracker, now, face, _):
        loaded = tracker.resume(now)
        _tell_notes(loaded)
        _tell_current(loaded, face)


@contextmanager
def _tracker(
    flags: dict[str, object] | None, project: str, *, quiet: bool = False
) -> Iterator[tuple[Tracker, datetime, Face, Monitor]]:
    """The tracker, with the transcripts read; failures end the program with one line."""
    setup: Setup = set_up(flags)
    now = utc_now()
    with (
        telling_failures(setup),
        closing(Monitor(setup.settings, setup.paths, setup.claude_dirs, now)) as monitor,
    ):
        found = monitor.collect(now, alerts=False)
        for notice in () if quiet else monitor.stores.notices:
            click.echo(f"quota-tui: {notice}", err=True)
        del found
        try:
            yield Tracker(monitor, project), now, face_of(setup), monitor
        except TrackingError as error:
            fail(str(error), EXIT_UNKNOWN if str(error) == NOTHING else EXIT_NEGATIVE)
        except (StoreError, PlanFileError) as error:
            fail(str(error), EXIT_DATA)


def _tell_notes(loaded: Loaded) -> None:
    for each in loaded.notes:
        click.echo(f"quota-tui: {each}", err=True)


def _tell_current(loaded: Loaded, face: Face) -> None:
    phases = loaded.tracking.phases
    current = loaded.tracking.current
    if current is None:
        click.echo("every phase is done; `quota-tui track stop` ends it and writes the report")
        return
    number = phases.index(current) + 1
    estimate = f" (≈{tokens(current.estimate)} tokens)" if current.estimate is not None else ""
    click.echo(in_face(f"in work: phase {number}, {clean(current.name, face)}{estimate}", face))
