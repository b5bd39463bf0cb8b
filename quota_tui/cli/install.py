"""`install` and `uninstall`: quota-tui in Claude Code's settings, shown first and undone to the byte."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from quota_tui.cli.setup import EXIT_DATA, EXIT_NEGATIVE, fail

if TYPE_CHECKING:
    from quota_tui.automation.settings_json import Plan
    from quota_tui.store.paths import Paths

_TRIES = 5
"""With --yes: how often to plan anew when another program changes the settings at the same moment."""

_yes = click.option("--yes", "-y", is_flag=True, help="Do not ask.")


@click.group()
def install() -> None:
    """Add quota-tui to Claude Code: shown first, backed up, undone by `uninstall`."""


@click.group()
def uninstall() -> None:
    """Take quota-tui out of Claude Code, to the byte."""


@install.command("statusline")
@_yes
def _install_statusline(*, yes: bool) -> None:
    """Set the status line in Claude Code's settings.json.

    Your own status line, if you have one, stays: its output comes first.
    """
    _install(["statusline"], yes=yes)


@install.command("all")
@_yes
def _install_all(*, yes: bool) -> None:
    """Everything that can be installed."""
    _install(None, yes=yes)


@uninstall.command("statusline")
@_yes
def _uninstall_statusline(*, yes: bool) -> None:
    """Take the status line out of settings.json; your own comes back."""
    _uninstall(["statusline"], yes=yes)


@uninstall.command("all")
@_yes
def _uninstall_all(*, yes: bool) -> None:
    """Everything that was installed."""
    _uninstall(None, yes=yes)


def _install(names: list[str] | None, *, yes: bool) -> None:
    from quota_tui.automation.entries import entries
    from quota_tui.automation.settings_json import plan_install

    def make(paths: Paths) -> Plan:
        known = entries()
        return plan_install(paths, names or list(known), known)

    plan = _carry_out(make, "Already installed", yes=yes)
    if plan.changes:
        click.echo(f"Installed. Undo it with: quota-tui uninstall {_noun(names)}")


def _uninstall(names: list[str] | None, *, yes: bool) -> None:
    from quota_tui.automation.entries import entries
    from quota_tui.automation.settings_json import plan_uninstall

    def make(paths: Paths) -> Plan:
        known = entries()
        return plan_uninstall(paths, names or list(known), known)

    plan = _carry_out(make, "Not installed", yes=yes)
    if plan.changes:
        click.echo("Uninstalled.")


def _noun(names: list[str] | None) -> str:
    return names[0] if names else "all"


def _carry_out(make: Callable[[Paths], Plan], nothing_to_do: str, *, yes: bool) -> Plan:
    """Plan, show, ask, apply. Leaves the process with an exit code when it ends otherwise."""
    from quota_tui.automation.entries import NoInterpreter
    from quota_tui.automation.settings_json import Changed, Refused, apply
    from quota_tui.store.files import StoreError
    from quota_tui.store.paths import our_paths

    paths = our_paths()
    tries_left = _TRIES if yes else 1
    try:
        while True:
            plan = make(paths)
            _show(plan, nothing_to_do)
            if plan.changes and not yes:
                _ask(plan)
            tries_left -= 1
            try:
                backup = apply(paths, plan) if plan.changes or plan.forgets else None
                break
            except Changed as error:
                if not tries_left:
                    fail(f"{error}; run it again", EXIT_NEGATIVE)
    except (Refused, StoreError, NoInterpreter) as error:
        fail(f"{error}; nothing was changed", EXIT_DATA)
    if backup:
        click.echo(f"Backup: {backup}")
    return plan


def _show(plan: Plan, nothing_to_do: str) -> None:
    click.echo(plan.diff(), nl=False)
    for note in plan.notes:
        click.echo(f"Note: {note}")
    line = plan.record.entry("statusline") if plan.changes and plan.record else None
    if line and line.path[-1] == "command":
        click.echo("Your own status line stays: its output comes first.")
    if not plan.changes:
        click.echo(f"{nothing_to_do} in {plan.file}; nothing was changed.")


def _ask(plan: Plan) -> None:
    if not sys.stdin.isatty():
        fail("nothing was changed: nobody here to ask; run it again with --yes", EXIT_NEGATIVE)
    what = "Write" if plan.after is not None else "Remove"
    if not click.confirm(f"{what} {plan.file}?"):
        fail("nothing was changed", EXIT_NEGATIVE)
