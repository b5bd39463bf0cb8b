"""`quota-tui automation`: the next session starts itself."""

from __future__ import annotations

import click

from quota_tui.cli.lazy import LazyGroup

_COMMANDS = {
    "status": (
        "quota_tui.cli.automation_see:status",
        "What is arranged, and whether it is held.",
    ),
    "schedule": ("quota_tui.cli.automation_arrange:schedule", "Arrange the next session from a handoff."),
    "reschedule": ("quota_tui.cli.automation_arrange:reschedule", "Give it another time."),
    "cancel": ("quota_tui.cli.automation_arrange:cancel", "Call it off."),
    "preview": ("quota_tui.cli.automation_see:preview", "Exactly what would be executed, and whether now."),
    "run": ("quota_tui.cli.automation_run:run", "Do what is due about a job; --now starts it."),
    "test": ("quota_tui.cli.automation_see:test", "Open a terminal harmlessly and see whether it works."),
    "log": ("quota_tui.cli.automation_see:log", "Everything that happened."),
    # What a terminal runs: not for people, so not listed.
    "client": ("quota_tui.cli.automation_run:client", ""),
    "opened": ("quota_tui.cli.automation_opened:opened", ""),
}


@click.group(cls=LazyGroup, commands_at=_COMMANDS)
def automation() -> None:
    """The next session starts itself: arrange it, see it, call it off."""
