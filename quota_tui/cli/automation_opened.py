"""`quota-tui automation opened TOKEN`: what the test of a terminal runs inside it. Hidden: not for people."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator

import click

STAYS_S = 8.0
_LOOK_EVERY_S = 0.05


@click.command(hidden=True)
@click.argument("token")
def opened(token: str) -> None:
    """Tell that this terminal is open, say so, and wait a few seconds for a key."""
    from quota_tui.automation.terminal_test import Marker, write_marker
    from quota_tui.store.files import StoreError

    is_terminal = _is_terminal()
    try:
        awaited = write_marker(token, Marker(_folder(), is_terminal, os.getpid()))
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    except StoreError as error:
        raise click.ClickException(str(error)) from error
    if awaited:
        click.echo("quota-tui opened this terminal to see that it can: it can.")
    else:
        click.echo("quota-tui opened this terminal, but has stopped waiting for it: it took long.")
    if is_terminal:
        with _keys_at_once():  # before a person is told of them
            click.echo(
                f"Nothing else happens here. It closes in {STAYS_S:g} seconds, or when you press a key."
            )
            _wait_for_key(STAYS_S)


def _wait_for_key(seconds: float) -> None:
    if sys.platform == "win32":
        import msvcrt

        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if msvcrt.kbhit():
                msvcrt.getwch()
                return
            time.sleep(_LOOK_EVERY_S)
        return
    import select

    select.select([sys.stdin], [], [], seconds)


@contextlib.contextmanager
def _keys_at_once() -> Iterator[None]:
    """Keys are read without a line break, and not shown."""
    if sys.platform == "win32":
        yield
        return
    import termios
    import tty

    handle = sys.stdin.fileno()
    try:
        before = termios.tcgetattr(handle)
        tty.setcbreak(handle, termios.TCSADRAIN)
    except termios.error:  # not a terminal after all: a line then ends the wait
        yield
        return
    try:
        yield
    finally:
        termios.tcsetattr(handle, termios.TCSAFLUSH, before)


def _is_terminal() -> bool:
    try:
        return sys.stdin.isatty()
    except (AttributeError, ValueError):  # no stdin, or closed
        return False


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return ""
