"""`quota-tui plan`: write the handoff for the next session, from a shell."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path

import click
import msgspec

from quota_tui.cli.setup import EXIT_DATA, EXIT_USAGE, Setup, face_of, fail, set_up, telling_failures, utc_now
from quota_tui.core.handoff import START_MANUAL, Handoff
from quota_tui.core.handoff_json import HandoffInputError, apply_json, looks_like_json
from quota_tui.core.handoff_markdown import parse_noting, render
from quota_tui.core.words import Face
from quota_tui.handing.form import Facts, Written
from quota_tui.handing.planner import Planner
from quota_tui.monitor.monitor import Monitor
from quota_tui.sources.git import find_root
from quota_tui.store.files import StoreError

MAX_INPUT = 32 << 20


@click.command()
@click.option(
    "--project", type=click.Path(exists=True, file_okay=False), help="Default: this folder's repository."
)
@click.option(
    "--from", "source", type=click.Path(allow_dash=True), help="A handoff as markdown or JSON; - is stdin."
)
@click.option("--yes", is_flag=True, help="Accept the proposal as it is.")
@click.option("--arrange", is_flag=True, help="Let it start by itself at its time, without asking.")
@click.option("--print-proposal", is_flag=True, help="Print what would be proposed, and write nothing.")
@click.pass_obj
def plan(
    flags: dict[str, object],
    project: str | None,
    source: str | None,
    yes: bool,
    arrange: bool,
    print_proposal: bool,
) -> None:
    """Write the handoff for the next session: asks line by line, with what is known as defaults.

    The last line printed is the file's path. Costs no tokens.
    """
    setup = set_up(flags)
    now, face = utc_now(), face_of(setup)
    with (
        telling_failures(setup),
        closing(Monitor(setup.settings, setup.paths, setup.claude_dirs, now)) as monitor,
    ):
        # Claude Code tells the session to every command that it runs.
        session = os.environ.get("CLAUDE_CODE_SESSION_ID", "")
        named = str(Path(project).resolve()) if project else ""
        here = find_root(os.getcwd()) or ""
        planner = Planner(monitor, face, lambda: now, project=named, session_id=session, here=here)
        facts = planner.facts(now)
        proposed = planner.proposal(now)
        if print_proposal:
            click.echo(render(proposed.handoff), nl=False)
            return
        if source is not None:
            handoff = _given(source, proposed.handoff, facts, face)
        elif yes:
            handoff = proposed.handoff
        else:
            if not sys.stdin.isatty():
                fail("there is nobody to ask; use --yes, or --from FILE", EXIT_USAGE)
            from quota_tui.cli.plan_questions import ask

            with closing(planner):
                handoff = ask(proposed, facts, planner, now, face)
                _save(planner, handoff, setup, arrange=arrange or _wants_it(handoff))
            return
        _save(planner, handoff, setup, arrange=arrange)


def _wants_it(handoff: Handoff) -> bool:
    """Whether the person wants it to start by itself, where they chose a time."""
    if handoff.start in {"", START_MANUAL}:
        return False
    return click.confirm("Arrange it, so that it starts by itself then?", default=True)


def _given(source: str, base: Handoff, facts: Facts, face: Face) -> Handoff:
    """A handoff from a file: JSON changes the proposal, markdown is the whole document."""
    name = "standard input" if source == "-" else source
    try:
        data = sys.stdin.buffer.read(MAX_INPUT + 1) if source == "-" else Path(source).read_bytes()
    except OSError as error:
        fail(f"{name}: {error.strerror}", EXIT_DATA)
    if len(data) > MAX_INPUT:
        fail(f"{name} is larger than {MAX_INPUT >> 20} MB: it is no handoff", EXIT_DATA)
    text = data.decode("utf-8", "replace")
    where = face.zone
    if looks_like_json(text):
        try:
            return apply_json(text, base, resets_at=facts.resets_at, zone=where)
        except HandoffInputError as error:
            for problem in error.problems:
                click.echo(f"quota-tui: {name}: {problem}", err=True)
            sys.exit(EXIT_DATA)
    handoff, notes = parse_noting(text, where)
    for note in notes:
        click.echo(f"quota-tui: {name}, line {note.line}: {note.text}", err=True)
    return msgspec.structs.replace(
        handoff,
        id="",
        created_at=None,
        project=handoff.project or base.project,
        from_session=handoff.from_session or base.from_session,
        quota=base.quota,
    )


def _save(planner: Planner, handoff: Handoff, setup: Setup, *, arrange: bool) -> None:
    for problem in planner.check(handoff):
        click.echo(f"note: {problem.text}", err=True)
    try:
        written = planner.save(handoff)
    except StoreError as error:
        fail(str(error), EXIT_DATA)
    for note in written.notes:
        click.echo(f"note: {note}", err=True)
    if arrange:
        _arrange(written, setup)
    click.echo(str(written.path))


def _arrange(written: Written, setup: Setup) -> None:
    """Arm it; where that fails the handoff is there all the same."""
    from quota_tui.automation.prepare import ArrangeError
    from quota_tui.handing.arranger import Arranger
    from quota_tui.store.database import StoreCorruptError, StoreUnavailableError

    try:
        arranger = Arranger(setup.settings, setup.paths, setup.claude_dirs, utc_now)
        done = arranger.schedule(str(written.path))
    except (ArrangeError, StoreUnavailableError, StoreCorruptError) as error:
        click.echo(f"note: it does not start by itself: {error}", err=True)
        return
    for warning in done.warnings:
        click.echo(f"note: {warning}", err=True)
    click.echo(done.sentence)
