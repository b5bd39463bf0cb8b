"""The world for a command about jobs, and one way to fail in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import click

from quota_tui.automation.open_world import open_world
from quota_tui.automation.prepare import ArrangeError
from quota_tui.automation.world import World
from quota_tui.cli.setup import EXIT_DATA, EXIT_NEGATIVE, fail, set_up, telling_failures, utc_now
from quota_tui.store.database import StoreCorruptError, StoreUnavailableError


@contextmanager
def the_world(flags: Mapping[str, object]) -> Iterator[World]:
    """This machine, with its journal; whatever cannot be used or arranged ends the program with one line."""
    setup = set_up(flags)
    try:
        with (
            telling_failures(setup),
            open_world(setup.settings, setup.paths, setup.claude_dirs, utc_now) as world,
        ):
            yield world
    except ArrangeError as error:
        fail(str(error), EXIT_NEGATIVE)
    except (StoreUnavailableError, StoreCorruptError) as error:
        fail(f"{error}: nothing can be arranged without the journal", EXIT_DATA)


def warn(sentences: tuple[str, ...]) -> None:
    """What the person should know besides, on standard error."""
    for sentence in sentences:
        click.echo(f"note: {sentence}", err=True)
