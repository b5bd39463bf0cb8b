"""`quota-tui statusline` as a command; the work is in `statusline_run`, which does without a parser."""

from __future__ import annotations

import sys

import click

from quota_tui.cli.statusline_run import main


@click.command()
def statusline() -> None:
    """The line for Claude Code's `statusLine` setting; reads its JSON on stdin.

    `quota-tui install statusline` sets it up and keeps your own status line in front.
    """
    sys.exit(main())
