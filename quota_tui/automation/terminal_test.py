"""Open a terminal harmlessly and see whether anything comes of it, before a session depends on it.

In the terminal our own program writes a marker file and says a friendly line. Seeing the marker proves all
of it: that the terminal opens, runs what it is told, and as this user.
"""

# ruff: noqa: PT028 - the names are of a person's test of a terminal, nothing here is run by pytest

from __future__ import annotations

import os
import re
import secrets
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from quota_tui.automation.terminals.base import Opened, OpenRequest, TerminalError
from quota_tui.automation.terminals.choose import choices
from quota_tui.automation.wakefile import wakes_dir
from quota_tui.store import files

TOKEN_SHAPE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
TIMEOUT_S = 20.0
_LOOK_EVERY_S = 0.05
_MAX_TOKEN = 48


class Marker(msgspec.Struct, frozen=True):
    """What our program tells from inside the terminal."""

    folder: str
    is_terminal: bool
    pid: int


class TestResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. `ok`: our program ran in it. `took_s` is until its marker came, or until we gave up.

    `terminal` is its name, `why` it was this one, `how` what was opened, `attach` a command to see it.
    `problem` and `advice` are sentences, empty when all is well; `note` is worth knowing and no problem.
    """

    __test__ = False  # pytest: not a class of tests

    ok: bool
    terminal: str
    why: str = ""
    how: str = ""
    attach: str = ""
    took_s: float = 0.0
    problem: str = ""
    advice: str = ""
    note: str = ""


def test_terminal(
    name: str,
    env: Mapping[str, str],
    folder: str,
    *,
    template: Sequence[str] = (),
    platform: str = sys.platform,
    command: Sequence[str] = (),
    timeout_s: float = TIMEOUT_S,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> TestResult:
    """Open the terminal `name` ("auto": the best) in `folder` and wait for our program in it.

    Blocks for up to `timeout_s`. Never raises for anything a terminal does. `command` is what runs us,
    given the token; without it, this very Python.
    """
    try:
        choice = choices(name, env, platform, template)[0]
    except TerminalError as error:
        return TestResult(ok=False, terminal=name, problem=str(error), advice=_OTHERS)
    terminal, why = choice.terminal, choice.why
    token = f"{terminal.name}-{secrets.token_hex(8)}"
    marker = marker_path(token, env)
    argv = (*(command or (sys.executable, "-P", "-m", "quota_tui", "automation", "opened")), token)
    began = clock()
    try:
        files.ensure_private_dir(marker.parent)
        opened = terminal.open(OpenRequest(argv, folder, "quota-tui test", env))
        found = _wait_for(marker, began + timeout_s, clock, wait)
    except (TerminalError, files.StoreError) as error:
        advice = _ALLOW if "Automation" in str(error) else _OTHERS
        return TestResult(ok=False, terminal=terminal.name, why=why, problem=str(error), advice=advice)
    finally:
        _forget(marker)
    took_s = clock() - began
    result = TestResult(
        ok=found is not None,
        terminal=terminal.name,
        why=why,
        how=opened.how,
        attach=opened.attach,
        took_s=took_s,
    )
    if found is None:
        return _nothing_came(result, opened, timeout_s)
    return msgspec.structs.replace(result, note=_note(found, folder))


test_terminal.__test__ = False  # type: ignore[attr-defined]  # pytest: not a test


def marker_path(token: str, env: Mapping[str, str] | None = None) -> Path:
    """Where the marker of a test is: found from the home folder alone, since a terminal's server may have
    another environment than we. Raises ValueError for what is no token.
    """
    if len(token) > _MAX_TOKEN or TOKEN_SHAPE.fullmatch(token) is None:
        raise ValueError(f"{token!r} is no token of a terminal's test")
    return wakes_dir(env).parent / "opened" / f"{token}.json"


def write_marker(token: str, marker: Marker) -> bool:
    """Tell that the terminal is open. False when nobody waits for it any more. Raises `StoreError`."""
    path = marker_path(token)
    if not path.parent.is_dir():
        return False
    files.write_atomic(path, msgspec.json.encode(marker))
    return True


def _wait_for(
    marker: Path, until: float, clock: Callable[[], float], wait: Callable[[float], None]
) -> Marker | None:
    while True:
        data = files.read_if_there(marker)
        if data is not None:
            return msgspec.json.decode(data, type=Marker)
        if clock() >= until:
            return None
        wait(_LOOK_EVERY_S)


def _forget(marker: Path) -> None:
    """Leave nothing; a program that comes later finds no folder and writes nothing."""
    for remove in (marker.unlink, marker.parent.rmdir, marker.parent.parent.rmdir):
        try:
            remove()
        except OSError:  # not there, or something else is in the folder
            continue


_OTHERS = "try another one (`quota-tui automation test --terminal NAME`), or tmux, which needs no screen"
_ALLOW = (
    "allow it in System Settings > Privacy & Security > Automation and try again, or use another terminal"
)


def _nothing_came(result: TestResult, opened: Opened, timeout_s: float) -> TestResult:
    problem = f"{opened.how} was asked for, but our program did not run in it within {timeout_s:g} s"
    if opened.attach:
        advice = f"look at it with `{opened.attach}`: it shows what went wrong"
    else:
        advice = f"look for a new window that shows an error or asks something; else {_OTHERS}"
    return msgspec.structs.replace(result, problem=problem, advice=advice)


def _note(found: Marker, folder: str) -> str:
    if not found.is_terminal:
        return "what ran in it had no terminal for its input: the client could not talk to you there"
    if os.path.realpath(found.folder) != os.path.realpath(folder):
        return "it starts in another folder; a session goes to its project's folder by itself"
    return ""
