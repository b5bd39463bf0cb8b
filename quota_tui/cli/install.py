"""`install` and `uninstall`: quota-tui in Claude Code, shown first and undone to the byte."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from quota_tui.cli.setup import EXIT_DATA, EXIT_NEGATIVE, fail

if TYPE_CHECKING:
    from pathlib import Path

    from quota_tui.automation.command_files import CommandsPlan
    from quota_tui.automation.settings_json import Plan
    from quota_tui.store.paths import Paths

STATUS_LINE, HOOKS, COMMANDS = "statusline", "hooks", "commands"
EVERYTHING = (STATUS_LINE, HOOKS, COMMANDS)
_TRIES = 5
"""With --yes: how often to plan anew when another program changes a file at the same moment."""

_yes = click.option("--yes", "-y", is_flag=True, help="Do not ask.")


@click.group()
def install() -> None:
    """Add quota-tui to Claude Code: shown first, backed up, undone by `uninstall`."""


@click.group()
def uninstall() -> None:
    """Take quota-tui out of Claude Code, to the byte."""


@install.command(STATUS_LINE)
@_yes
def _install_statusline(*, yes: bool) -> None:
    """Set the status line in Claude Code's settings.json.

    Your own status line, if you have one, stays: its output comes first.
    """
    _install((STATUS_LINE,), yes=yes)


@install.command(HOOKS)
@_yes
def _install_hooks(*, yes: bool) -> None:
    """Give new sessions what the last one left, and keep a handoff when a limit is hit.

    Adds hooks for SessionStart, StopFailure and SessionEnd to settings.json, beside those of other tools.
    """
    _install((HOOKS,), yes=yes)


@install.command(COMMANDS)
@_yes
def _install_commands(*, yes: bool) -> None:
    """Add /plan-next-session, /session-status and others to Claude Code.

    Files of your own with these names stay as they are.
    """
    _install((COMMANDS,), yes=yes)


@install.command("all")
@_yes
def _install_all(*, yes: bool) -> None:
    """Everything that can be installed: status line, hooks, commands."""
    _install(EVERYTHING, yes=yes)


@uninstall.command(STATUS_LINE)
@_yes
def _uninstall_statusline(*, yes: bool) -> None:
    """Take the status line out of settings.json; your own comes back."""
    _uninstall((STATUS_LINE,), yes=yes)


@uninstall.command(HOOKS)
@_yes
def _uninstall_hooks(*, yes: bool) -> None:
    """Take our hooks out of settings.json; those of other tools stay."""
    _uninstall((HOOKS,), yes=yes)


@uninstall.command(COMMANDS)
@_yes
def _uninstall_commands(*, yes: bool) -> None:
    """Remove our slash commands."""
    _uninstall((COMMANDS,), yes=yes)


@uninstall.command("all")
@_yes
def _uninstall_all(*, yes: bool) -> None:
    """Everything that was installed, and what is arranged. Your handoffs and memories are yours and stay."""
    from quota_tui.cli.uninstall_jobs import call_off_jobs

    call_off_jobs(yes=yes)
    _uninstall(EVERYTHING, yes=yes)


def _install(names: Sequence[str], *, yes: bool) -> None:
    if _carry_out(names, yes=yes, installing=True):
        click.echo(f"Installed. Undo it with: quota-tui uninstall {_noun(names)}")


def _uninstall(names: Sequence[str], *, yes: bool) -> None:
    if _carry_out(names, yes=yes, installing=False):
        click.echo("Uninstalled.")


def _noun(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else "all"


def _plans(paths: Paths, names: Sequence[str], *, installing: bool) -> list[Plan | CommandsPlan]:
    from quota_tui.automation.entries import entries
    from quota_tui.automation.settings_json import plan_install, plan_uninstall

    plans: list[Plan | CommandsPlan] = []
    in_settings = [name for name in names if name != COMMANDS]
    if in_settings:
        make = plan_install if installing else plan_uninstall
        plans.append(make(paths, in_settings, entries()))
    if COMMANDS in names:
        plans.append(_plan_of_commands(paths, installing=installing, alone=not in_settings))
    return plans


def _plan_of_commands(paths: Paths, *, installing: bool, alone: bool) -> CommandsPlan:
    from quota_tui.automation.command_files import plan_commands, plan_no_commands
    from quota_tui.automation.command_texts import command_texts
    from quota_tui.automation.own import NoInterpreter

    if not installing:
        return plan_no_commands()
    try:
        return plan_commands(command_texts(paths))
    except NoInterpreter as error:
        if alone:
            raise
        why = f"slash commands cannot be installed: {error}"
        return msgspec.structs.replace(plan_commands({}), notes=(why,))


def _carry_out(names: Sequence[str], *, yes: bool, installing: bool) -> bool:
    """Plan, show, ask, apply; whether anything changed. Ends the process with a code where it cannot."""
    from quota_tui.automation.entries import NoInterpreter
    from quota_tui.automation.settings_json import Changed, Refused
    from quota_tui.store.files import StoreError
    from quota_tui.store.paths import our_paths

    paths = our_paths()
    tries_left = _TRIES if yes else 1
    done = False
    try:
        while True:
            plans = _plans(paths, names, installing=installing)
            _show(plans, "Already installed" if installing else "Not installed", again=done)
            if any(plan.changes for plan in plans) and not yes:
                _ask(plans)
            tries_left -= 1
            try:
                for plan in plans:
                    for copy in _apply(paths, plan):
                        click.echo(f"Backup: {copy}")
                    done = done or plan.changes
            except Changed as error:
                if not tries_left:
                    fail(f"{error}; run it again", EXIT_NEGATIVE)
            else:
                return done
    except (Refused, StoreError, NoInterpreter) as error:
        fail(f"{error}; {'the rest is done' if done else 'nothing was changed'}", EXIT_DATA)


def _apply(paths: Paths, plan: Plan | CommandsPlan) -> list[Path]:
    """Make one change; the copies that were made of files as they were."""
    from quota_tui.automation import settings_json

    if not (plan.changes or plan.forgets):
        return []
    if isinstance(plan, settings_json.Plan):
        copy = settings_json.apply(paths, plan)
        return [copy] if copy else []
    from quota_tui.automation.command_files import apply_commands

    return apply_commands(paths, plan)


def _show(plans: Sequence[Plan | CommandsPlan], nothing_to_do: str, *, again: bool) -> None:
    """`again`: a part is done by now, so that nothing is left to do there is no news."""
    from quota_tui.automation.settings_json import Plan

    for plan in plans:
        click.echo(plan.diff(), nl=False)
        for note in plan.notes:
            click.echo(f"Note: {note}")
        line = plan.record.entry(STATUS_LINE) if isinstance(plan, Plan) and plan.record else None
        if plan.changes and line and line.path[-1] == "command":
            click.echo("Your own status line stays: its output comes first.")
        if not plan.changes and not plan.notes and not again:
            click.echo(f"{nothing_to_do} in {plan.place}; nothing was changed.")


def _ask(plans: Sequence[Plan | CommandsPlan]) -> None:
    if not sys.stdin.isatty():
        fail("nothing was changed: nobody here to ask; run it again with --yes", EXIT_NEGATIVE)
    parts = []
    for verb, files in (
        ("write", [file for plan in plans for file in plan.writes()]),
        ("remove", [file for plan in plans for file in plan.removes()]),
    ):
        if files:
            parts.append(f"{verb} {files[0] if len(files) == 1 else f'these {len(files)} files'}")
    question = " and ".join(parts)
    if not click.confirm(f"{question[0].upper()}{question[1:]}?"):
        fail("nothing was changed", EXIT_NEGATIVE)
