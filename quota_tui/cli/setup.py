"""What every command starts from: settings, paths, clock, and one way to fail."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import NoReturn

import msgspec

from quota_tui.config import ConfigError, Settings, load_settings
from quota_tui.core.words import Face
from quota_tui.sources.zone import local_zone
from quota_tui.store.paths import Paths, claude_config_dirs, our_paths

EXIT_OK, EXIT_NEGATIVE, EXIT_USAGE, EXIT_DATA, EXIT_UNKNOWN = 0, 1, 2, 3, 4


class Setup(msgspec.Struct, frozen=True):
    """Where to look, where to keep, and how the person wants it."""

    paths: Paths
    claude_dirs: tuple[Path, ...]
    settings: Settings


def set_up(flags: Mapping[str, object] | None = None) -> Setup:
    """Read the settings; a wrong one ends the program with one line that says where."""
    paths = our_paths()
    try:
        settings = load_settings(paths.config_file, os.environ)
    except ConfigError as error:
        fail(str(error), EXIT_DATA)
    typed = {name: value for name, value in (flags or {}).items() if value is not None}
    try:
        settings = load_settings(paths.config_file, os.environ, typed) if typed else settings
    except ConfigError as error:
        fail(str(error), EXIT_USAGE)
    return Setup(paths, claude_config_dirs(), settings)


@contextmanager
def telling_failures(setup: Setup) -> Iterator[None]:
    """Files that cannot be used end the program with one line; damaged and read-only ones never come here."""
    try:
        yield
    except sqlite3.Error as error:
        fail(f"the files in {setup.paths.data_dir} cannot be used ({error})", EXIT_DATA)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        fail(str(error), EXIT_DATA)


def utc_now() -> datetime:
    """The clock. `QUOTA_TUI_NOW` (ISO 8601) sets it, for tests and for looking back."""
    fixed = os.environ.get("QUOTA_TUI_NOW")
    if not fixed:
        return datetime.now(UTC)
    try:
        at = datetime.fromisoformat(fixed)
    except ValueError:
        fail(f"QUOTA_TUI_NOW={fixed!r} is not an ISO 8601 instant", EXIT_USAGE)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def zone(settings: Settings, name: str | None = None) -> tzinfo:
    """The zone that dates and clocks are shown in: as named, as set, else this machine's own."""
    wanted = name or settings.display.timezone
    if not wanted:
        return local_zone()
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(wanted)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        fail(f"{wanted!r} is not a time zone; use a name like Europe/Berlin", EXIT_USAGE)


def face_of(setup: Setup) -> Face:
    """How this person wants times and glyphs written on the command line."""
    display = setup.settings.display
    return Face(
        zone=zone(setup.settings),
        clock_12h=display.clock == "12h",
        ascii=display.ascii,
        home=os.path.expanduser("~"),
    )


def columns(default: int) -> int:
    """The width a program that calls us has told, as Claude Code and tmux do."""
    told = os.environ.get("COLUMNS", "")
    return int(told) if told.isdecimal() and len(told) < 6 else default


def fail(message: str, code: int) -> NoReturn:
    """End with one line on standard error."""
    print(f"quota-tui: {message}", file=sys.stderr)
    sys.exit(code)
