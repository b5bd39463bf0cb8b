"""The world for a command about jobs, and one way to fail in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import click
import msgspec

from quota_tui.automation.open_world import open_world
from quota_tui.automation.prepare import ArrangeError
from quota_tui.automation.world import World
from quota_tui.cli.setup import EXIT_DATA, EXIT_NEGATIVE, face_of, fail, set_up, telling_failures, utc_now
from quota_tui.core.words import Face, clean, in_face
from quota_tui.store.database import StoreCorruptError, StoreUnavailableError


@contextmanager
def the_world(flags: Mapping[str, object]) -> Iterator[World]:
    """This machine, with its journal; whatever cannot be used or arranged ends the program with one line."""
    setup = set_up(flags)
    face = face_of(setup)  # a zone that is none is told before anything is opened
    try:
        with (
            telling_failures(setup),
            open_world(setup.settings, setup.paths, setup.claude_dirs, utc_now) as world,
        ):
            yield world
    except ArrangeError as error:
        fail(clean(str(error), face), EXIT_NEGATIVE)
    except (StoreUnavailableError, StoreCorruptError) as error:
        fail(f"{error}: nothing can be arranged without the journal", EXIT_DATA)


def shown(world: World) -> Face:
    """How this person wants times and glyphs written."""
    return msgspec.structs.replace(world.face, ascii=world.settings.display.ascii)


def say(text: str, world: World) -> None:
    """One line, whatever is in it."""
    face = shown(world)
    click.echo(clean(in_face(text, face), face))


def warn(sentences: Iterable[str], world: World) -> None:
    """What the person should know besides, on standard error."""
    face = shown(world)
    for sentence in sentences:
        click.echo(f"note: {clean(in_face(sentence, face), face)}", err=True)
