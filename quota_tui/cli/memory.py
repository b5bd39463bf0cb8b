"""`quota-tui memory`: what is remembered of a project. Shown, edited by hand, forgotten."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import click
import msgspec

from quota_tui.cli.editor import NoEditor
from quota_tui.cli.editor import edit as open_editor
from quota_tui.cli.setup import EXIT_DATA, EXIT_NEGATIVE, Setup, face_of, fail, set_up
from quota_tui.core.context import session_line
from quota_tui.core.memory import Fact, ProjectMemory
from quota_tui.core.memoryfile import Damaged
from quota_tui.core.words import Face, clean, tokens
from quota_tui.store.files import StoreError
from quota_tui.store.memory import Loaded, forget_memory, load_memory, memory_file, update_memory
from quota_tui.store.projects import project_path

_project = click.option(
    "--project",
    type=click.Path(file_okay=False),
    default=".",
    help="The project's folder; default: this one.",
)


@click.group()
def memory() -> None:
    """What quota-tui remembers of a project: sessions, stack, decisions."""


@memory.command()
@_project
@click.option("--json", "as_json", is_flag=True, help="For programs: the file's own names.")
@click.pass_obj
def show(flags: dict[str, object] | None, project: str, as_json: bool) -> None:
    """Print the memory of a project. Exit 1 when there is none."""
    setup = set_up(flags)
    loaded = _load(setup, project)
    if loaded is None:
        fail(f"nothing is remembered of {project_path(project)} yet", EXIT_NEGATIVE)
    for note in loaded.notes:
        click.echo(f"quota-tui: {note}", err=True)
    if as_json:
        whole = {"path": str(_file(setup, project)), **msgspec.to_builtins(loaded.memory)}
        click.echo(msgspec.json.format(msgspec.json.encode(whole), indent=1).decode())
    else:
        click.echo("\n".join(_text(loaded.memory, face_of(setup))))


@memory.command()
@_project
@click.pass_obj
def edit(flags: dict[str, object] | None, project: str) -> None:
    """Open the file in your editor ($VISUAL, $EDITOR). What you write there yourself stays."""
    setup = set_up(flags)
    file = _file(setup, project)
    try:
        if _load(setup, project) is None:
            if not os.path.isdir(project):
                fail(f"{project} is no folder", EXIT_DATA)
            update_memory(setup.claude_dirs[0], project, lambda new: new)
        open_editor(file)
    except (StoreError, NoEditor) as error:
        fail(str(error), EXIT_DATA)
    loaded = _load(setup, project)
    for note in loaded.notes if loaded else ():
        click.echo(f"quota-tui: {note}", err=True)
    click.echo(str(file))


@memory.command()
@_project
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.pass_obj
def forget(flags: dict[str, object] | None, project: str, yes: bool) -> None:
    """Delete the memory of a project. Its handoffs stay."""
    setup = set_up(flags)
    file = _file(setup, project)
    if not file.exists():
        fail(f"nothing is remembered of {project_path(project)}", EXIT_NEGATIVE)
    if not yes and not click.confirm(f"Delete {file}?"):
        fail("nothing was deleted", EXIT_NEGATIVE)
    try:
        forget_memory(setup.claude_dirs[0], project)
    except StoreError as error:
        fail(str(error), EXIT_DATA)
    click.echo(f"Deleted {file}")


def _file(setup: Setup, project: str) -> Path:
    return memory_file(setup.claude_dirs[0], project)


def _load(setup: Setup, project: str) -> Loaded | None:
    try:
        return load_memory(setup.claude_dirs[0], project)
    except (Damaged, StoreError) as error:
        fail(f"{error}; repair it, or `quota-tui memory forget` deletes it", EXIT_DATA)


def _text(found: ProjectMemory, face: Face) -> list[str]:
    known = found.context
    lines = [clean(f"{found.name}  {found.project}".strip(), face)]
    for title, facts in (
        ("stack", known.stack),
        ("tests", [known.test_runner] if known.test_runner else []),
        ("architecture", [known.architecture] if known.architecture else []),
        ("decisions", known.decisions),
    ):
        if facts:
            lines += ["", title, *(f"  {_fact(fact, face)}" for fact in facts)]
    if found.sessions:
        lines += ["", "sessions, the latest first"]
        lines += [f"  {clean(session_line(note, face), face)}" for note in reversed(found.sessions)]
    if found.older.sessions:
        older = f"and {found.older.sessions} older, {tokens(found.older.tokens)} tokens"
        lines.append(f"  {older}{_since(found.older.first_at, face)}")
    return lines


def _fact(fact: Fact, face: Face) -> str:
    about = ", ".join(part for part in (fact.source or "yours", _day(fact.at, face)) if part)
    return clean(f"{fact.text}  ({about})", face)


def _since(at: datetime | None, face: Face) -> str:
    return f", since {_day(at, face)}" if at else ""


def _day(at: datetime | None, face: Face) -> str:
    return f"{at.astimezone(face.zone):%Y-%m-%d}" if at else ""
