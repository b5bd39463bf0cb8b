"""All commands. Each is imported when it is called: `status` must not pay for the dashboard."""

from __future__ import annotations

from typing import Any

import click

from quota_tui import __version__
from quota_tui.cli.lazy import LazyGroup

_COMMANDS = {
    "status": (
        "quota_tui.cli.status:status",
        "Everything known now; --line for prompts, --json for programs.",
    ),
    "usage": (
        "quota_tui.cli.usage:usage",
        "Tokens and cost by day, week, month, model, project, session, window.",
    ),
    "check": ("quota_tui.cli.check:check", "READY or WAITING: is enough quota left to start a session?"),
    "statusline": ("quota_tui.cli.statusline:statusline", "The line for Claude Code's statusLine setting."),
    "install": (
        "quota_tui.cli.install:install",
        "Connect to Claude Code: shown first, backed up, undone to the byte.",
    ),
    "uninstall": ("quota_tui.cli.install:uninstall", "Undo an install, to the byte."),
    "plan": ("quota_tui.cli.plan:plan", "Write the handoff for the next session."),
    "estimate": (
        "quota_tui.cli.estimate:estimate",
        "What a plan will take, and where it fits.",
    ),
    "track": ("quota_tui.cli.track:track", "Follow a plan phase by phase: actual against estimate."),
    "report": ("quota_tui.cli.report:report", "What came of the plans that were tracked."),
    "model": ("quota_tui.cli.model:model", "What estimating has learned: show, export, reset, recompute."),
    "handoff": ("quota_tui.cli.handoff:handoff", "List, show, edit, check and remove handoffs."),
    "automation": (
        "quota_tui.cli.automation:automation",
        "The next session starts itself: arrange it, see it, call it off.",
    ),
    "memory": ("quota_tui.cli.memory:memory", "What is remembered of a project."),
    "count": ("quota_tui.cli.count:count", "Tokens of files or standard input, about, offline."),
    "doctor": ("quota_tui.cli.doctor:doctor", "Paths, what was skipped and why, clock, terminal, versions."),
    "config": ("quota_tui.cli.config:config", "Read and write the settings."),
}


@click.group(
    cls=LazyGroup,
    commands_at=_COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="quota-tui")
@click.option(
    "--demo", is_flag=True, help="Play an invented day in a temporary home; touches nothing of yours."
)
@click.option(
    "--speed", type=click.FloatRange(min=0.1), default=None, help="Demo: minutes of the day per second."
)
@click.option("--ascii", "ascii_", is_flag=True, default=None, help="Draw with ASCII only.")
@click.option("--theme", default=None, help="dark, light, contrast, or any Textual theme.")
@click.option("--timezone", default=None, help="IANA name of the zone for clocks on the screen.")
@click.pass_context
def cli(context: click.Context, /, demo: bool, speed: float | None, **flags: Any) -> None:
    """Claude Code quota: what is left, when it runs out at this pace, when it resets.

    Without a command: the dashboard.
    """
    context.obj = {f"display.{name.rstrip('_')}": value for name, value in flags.items() if value is not None}
    if context.invoked_subcommand is None:
        from quota_tui.cli.dashboard import run

        context.exit(run(context.obj, demo=demo, speed=speed))
