"""`quota-tui handoff`: the handoffs that were written."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import click

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
from quota_tui.core.handoff_check import check as problems_of
from quota_tui.core.handoff_json import to_json
from quota_tui.core.handoff_markdown import render
from quota_tui.core.handoff_objectives import total_words
from quota_tui.core.words import clean, moment
from quota_tui.handing.known import next_window
from quota_tui.monitor.monitor import Monitor
from quota_tui.sources.handoff_facts import check_facts
from quota_tui.store.claims import release
from quota_tui.store.files import StoreError
from quota_tui.store.handoffs import Entry, HandoffError, Handoffs, same_path
from quota_tui.store.journal import Journal


@click.group()
def handoff() -> None:
    """List, show, edit, check and remove handoffs."""


@handoff.command("list")
@click.option("--project", help="Only those of this folder.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(flags: dict[str, object], project: str | None, as_json: bool) -> None:
    """All handoffs, the newest first."""
    setup = set_up(flags)
    face, now = face_of(setup), utc_now()
    with _telling():
        found = [entry for entry in _folder(setup).entries() if _is_of(entry, project)]
    if as_json:
        click.echo(json.dumps([to_json(entry.handoff, str(entry.path)) for entry in found], indent=1))
    elif not found:
        click.echo("no handoff yet; `quota-tui plan` writes one")
    else:
        for entry in found:
            made = moment(entry.handoff.created_at, now, face) if entry.handoff.created_at else ""
            title = clean(entry.handoff.title, face) or "(no title)"
            click.echo(f"{entry.id}  {made:<12}  {clean(entry.handoff.project, face)}  {title}")


@handoff.command()
@click.argument("which", default="latest")
@click.option("--json", "as_json", is_flag=True, help="For programs; the keys are in the README.")
@click.pass_obj
def show(flags: dict[str, object], which: str, as_json: bool) -> None:
    """Print one handoff: its id, the end of it, or `latest`."""
    setup = set_up(flags)
    entry = _find(setup, which)
    _tell_notes(entry)
    if as_json:
        click.echo(json.dumps(to_json(entry.handoff, str(entry.path)), indent=1, ensure_ascii=False))
    else:
        click.echo(render(entry.handoff), nl=False)


@handoff.command()
@click.option("--project", help="Only of this folder.")
@click.pass_obj
def latest(flags: dict[str, object], project: str | None) -> None:
    """Print the path of the newest handoff; exit 4 when there is none."""
    setup = set_up(flags)
    with _telling():
        entry = _folder(setup).latest(project)
    if entry is None:
        fail("there is no handoff yet; `quota-tui plan` writes one", EXIT_UNKNOWN)
    click.echo(str(entry.path))


@handoff.command()
@click.argument("which", default="latest")
@click.pass_obj
def edit(flags: dict[str, object], which: str) -> None:
    """Open one in $VISUAL or $EDITOR, then say what in it could not be read as meant."""
    from quota_tui.cli.editor import NoEditor
    from quota_tui.cli.editor import edit as open_editor

    setup = set_up(flags)
    entry = _find(setup, which)
    try:
        open_editor(entry.path)
    except NoEditor as error:
        fail(str(error), EXIT_DATA)
    with _telling():
        _tell_notes(_folder(setup).load(entry.id))
    click.echo(str(entry.path))


@handoff.command()
@click.argument("which", default="latest")
@click.pass_obj
def check(flags: dict[str, object], which: str) -> None:
    """Say what is missing or contradictory; exit 1 when something is."""
    setup = set_up(flags)
    now = utc_now()
    entry = _find(setup, which)
    monitor = Monitor(setup.settings, setup.paths, setup.claude_dirs, now)
    with telling_failures(setup):
        try:
            snapshot = monitor.collect(now, alerts=False)
        finally:
            monitor.close()
    facts = check_facts(
        entry.handoff,
        now,
        available_tokens=next_window(snapshot.five_hour).tokens,
        config_dirs=setup.claude_dirs,
    )
    _tell_notes(entry)
    found = problems_of(entry.handoff, facts, face_of(setup))
    for problem in found:
        click.echo(f"{problem.field}: {problem.text}" if problem.field else problem.text)
    if not found:
        said = total_words(entry.handoff.objectives, facts.available_tokens)
        click.echo(f"nothing is missing{f'; {said}' if said else ''}")
    sys.exit(EXIT_NEGATIVE if found or entry.notes else 0)


@handoff.command()
@click.argument("which")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def rm(flags: dict[str, object], which: str, yes: bool) -> None:
    """Remove one."""
    setup = set_up(flags)
    entry = _find(setup, which)
    if not yes and not click.confirm(f"Remove {entry.path}?", default=False):
        sys.exit(EXIT_NEGATIVE)
    with _telling():
        removed = _folder(setup).remove(entry.id)
    with telling_failures(setup), closing(Journal(setup.paths.journal_db)) as journal:
        release(journal.db, entry.id)
    click.echo(f"removed {removed}")


def _folder(setup: Setup) -> Handoffs:
    return Handoffs(setup.claude_dirs[0])


def _find(setup: Setup, which: str) -> Entry:
    with _telling():
        if which != "latest":
            return _folder(setup).find(which)
        entry = _folder(setup).latest()
    if entry is None:
        fail("there is no handoff yet; `quota-tui plan` writes one", EXIT_UNKNOWN)
    return entry


def _is_of(entry: Entry, project: str | None) -> bool:
    return project is None or same_path(entry.handoff.project or ".") == same_path(project)


def _tell_notes(entry: Entry) -> None:
    for note in entry.notes:
        click.echo(f"quota-tui: {entry.path}, line {note.line}: {note.text}", err=True)


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except (HandoffError, StoreError) as error:
        fail(str(error), EXIT_DATA)
