"""`config`: read and write the settings, a person's own comments kept."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from quota_tui.cli.setup import EXIT_DATA, EXIT_NEGATIVE, EXIT_USAGE, fail
from quota_tui.config import (
    ENV_PREFIX,
    ConfigError,
    Settings,
    load_settings_lenient,
    read_value,
    schema,
    setting_path,
    value_at,
)
from quota_tui.core import tomltext
from quota_tui.store import files
from quota_tui.store.files import StoreError
from quota_tui.store.paths import our_paths

Key = tuple[str, ...]


@click.group()
def config() -> None:
    """Read and write the settings."""


@config.command()
def path() -> None:
    """Where the settings file is, whether or not it exists."""
    click.echo(our_paths().config_file)


@config.command()
def init() -> None:
    """Write a settings file with every setting, its meaning and its default, all commented out."""
    from quota_tui.cli.config_init import commented_file

    file = our_paths().config_file
    if os.path.lexists(file):
        fail(f"{file} exists already; nothing was changed", EXIT_NEGATIVE)
    try:
        files.ensure_private_dir(file.parent)
        files.write_atomic(file, commented_file().encode())
    except StoreError as error:
        fail(str(error), EXIT_DATA)
    click.echo(f"Written: {file}")


@config.command()
@click.argument("key", required=False)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def get(flags: Mapping[str, object] | None, key: str | None, as_json: bool) -> None:
    """Print the setting KEY (as display.clock), or all of them, and where they were set."""
    file = our_paths().config_file
    settings, problems = load_settings_lenient(file, os.environ, flags)
    try:
        wanted = [setting_path(key)] if key else _all_paths(settings)
    except ConfigError as error:
        fail(str(error), EXIT_USAGE)
    if as_json:
        shown = value_at(settings, wanted[0]) if key else settings
        click.echo(json.dumps(msgspec.to_builtins(shown), ensure_ascii=False))
    elif key:
        click.echo(_plain(value_at(settings, wanted[0])))
    else:
        _print_all(settings, wanted, file, flags)
    for problem in problems:
        click.echo(f"quota-tui: {problem}", err=True)
    if problems:
        raise SystemExit(EXIT_DATA)


@config.command("set")
@click.argument("key")
@click.argument("value")
def set_(key: str, value: str) -> None:
    """Set KEY (as display.clock) to VALUE in the settings file. Lists are comma separated.

    Everything else in the file stays as it is, comments included.
    """
    file = our_paths().config_file
    try:
        path, typed = read_value(key, value)
    except ConfigError as error:
        fail(str(error), EXIT_USAGE)
    try:
        files.ensure_private_dir(file.parent)
        with files.locked(file.parent / "config.lock"):
            old = files.read_if_there(file) or b""
            new = _with_key(file, old, path, typed)
            if new != old:
                files.write_atomic(file, new)
    except StoreError as error:
        fail(str(error), EXIT_DATA)
    line = f"{tomltext.join_key(path)} = {_toml(typed)}"
    click.echo(line if new != old else f"{line} already; nothing was changed")
    variable = ENV_PREFIX + "_".join(path).upper()
    if variable in os.environ:
        click.echo(f"Note: the environment variable {variable} comes before the file.", err=True)


def _with_key(file: Path, old: bytes, path: Key, value: object) -> bytes:
    """The file with one key set, proved by reading it again; leaves the process where that cannot be."""
    name = tomltext.join_key(path)
    by_hand = f"set {name} = {_toml(value)} by hand"
    try:
        text = old.decode()
        before = tomllib.loads(text.removeprefix("\ufeff"))
    except UnicodeDecodeError:
        fail(f"{file} is not UTF-8 text; save it as UTF-8 first; nothing was changed", EXIT_DATA)
    except tomllib.TOMLDecodeError as error:
        fail(f"{file} is not TOML: {error}; repair it first; nothing was changed", EXIT_DATA)
    try:
        new = tomltext.put(text, path, _toml(value))
        good = tomllib.loads(new.removeprefix("\ufeff")) == _with_value(before, path, value)
    except (ValueError, TypeError):  # a text that is no TOML any more; a value where a table should be
        good = False
    if not good:
        line = tomltext.line_of(text, path)
        where = f"{file} line {line}" if line else str(file)
        fail(f"{where} is written in a way that cannot be changed safely; {by_hand}", EXIT_DATA)
    return new.encode()


def _with_value(tables: dict[str, Any], path: Key, value: object) -> dict[str, Any]:
    """A copy with one value set. Raises where something else than a table is on the way."""
    if len(path) == 1:
        return {**tables, path[0]: list(value) if isinstance(value, tuple) else value}
    return {**tables, path[0]: _with_value(dict(tables.get(path[0], {})), path[1:], value)}


def _all_paths(settings: Settings) -> list[Key]:
    found: list[Key] = list(schema().fixed)
    found += [("keys", name) for name in settings.keys]
    found += [("prices", model, name) for model, prices in settings.prices.items() for name in prices]
    return found


def _print_all(settings: Settings, paths: list[Key], file: Path, flags: Mapping[str, object] | None) -> None:
    by_file, _ = load_settings_lenient(file, {})
    by_env, _ = load_settings_lenient(file, os.environ)
    for path in paths:
        value = value_at(settings, path)
        origin = ""
        if flags and value != value_at(by_env, path):
            origin = "  # command line"
        elif value != value_at(by_file, path):
            origin = f"  # {ENV_PREFIX}{'_'.join(path).upper()}"
        elif value != value_at(Settings(), path):
            origin = f"  # {file}"
        click.echo(f"{tomltext.join_key(path)} = {_toml(value)}{origin}")


def _plain(value: object) -> str:
    """One setting alone: text without its quotes, nothing for one that is not set."""
    if value is None:
        return ""
    return value if isinstance(value, str) else _toml(value)


def _toml(value: object) -> str:
    from quota_tui.cli.config_init import toml_value

    return toml_value(value)
