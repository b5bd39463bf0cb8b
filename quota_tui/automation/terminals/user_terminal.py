"""The terminal that `$TERMINAL` names, and whatever terminal the desktop has where none is named."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence

from quota_tui.automation.terminals.base import Opened, OpenRequest, TerminalError
from quota_tui.automation.terminals.display import display_obstacle, for_window
from quota_tui.automation.terminals.programs import checked, environment, find, shown, start

_BEFORE_ARGV = {
    "foot": (),
    "footclient": (),
    "gnome-terminal": ("--",),
    "kgx": ("--",),
    "kitty": ("--",),
    "mate-terminal": ("-x",),
    "ptyxis": ("--",),
    "terminator": ("-x",),
    "wezterm": ("start", "--"),
    "xdg-terminal-exec": (),
    "xfce4-terminal": ("-x",),
}
"""What stands between a terminal and what it is to run, where that is not `-e` as in xterm and most."""

_OF_DESKTOPS = (
    *("xdg-terminal-exec", "x-terminal-emulator", "ptyxis", "kgx", "xfce4-terminal", "mate-terminal"),
    *("foot", "terminator", "urxvt", "st", "xterm"),
)
"""Best first: what the person or the system chose, then what desktops bring."""


class UserTerminal:
    name = "user-terminal"

    def __init__(self, platform: str = sys.platform) -> None:
        self.platform = platform

    def available(self, env: Mapping[str, str]) -> str:
        """Empty when it can be opened from `env` now, else a sentence why not."""
        try:
            _command(env)
        except TerminalError as error:
            return str(error)
        return display_obstacle(env, self.platform)

    def open(self, request: OpenRequest) -> Opened:
        """Open a window. Raises `TerminalError`."""
        return _open(_command(request.env), request, self.platform)


class DesktopTerminal:
    name = "desktop-terminal"

    def __init__(self, platform: str = sys.platform) -> None:
        self.platform = platform

    def available(self, env: Mapping[str, str]) -> str:
        """Empty when it can be opened from `env` now, else a sentence why not."""
        if not self._find(env):
            return f"no terminal of a desktop is installed ({', '.join(_OF_DESKTOPS)})"
        return display_obstacle(env, self.platform)

    def open(self, request: OpenRequest) -> Opened:
        """Open a window. Raises `TerminalError`."""
        problem = TerminalError(self.available(request.env))
        for program in self._find(request.env):
            try:
                return _open([program], request, self.platform)
            except TerminalError as error:  # as one of a desktop that does not run: the next may
                problem = error
        raise problem

    def _find(self, env: Mapping[str, str]) -> list[str]:
        return [place for name in _OF_DESKTOPS if (place := find(name, env))]


def _command(env: Mapping[str, str]) -> list[str]:
    """What `$TERMINAL` says, its program as an absolute path. Raises `TerminalError`."""
    value = env.get("TERMINAL", "")
    if not value.strip():
        raise TerminalError("$TERMINAL is not set; export TERMINAL=<your terminal's program>")
    if os.path.isabs(value) and os.access(value, os.X_OK):
        return [value]  # a path with blanks in it
    try:
        words = shlex.split(value)
    except ValueError:
        words = []
    program = find(words[0], env) if words else ""
    if not program:
        raise TerminalError(f"$TERMINAL names {shown(value)}, which was not found")
    return [program, *words[1:]]


def _open(command: Sequence[str], request: OpenRequest, platform: str) -> Opened:
    request = checked(request)
    name = os.path.basename(command[0])
    before = _BEFORE_ARGV.get(name, ("-e",))
    env = for_window(environment(request), platform)
    start([*command, *before, *request.argv], env, request.folder)
    return Opened(f"{shown(name)} window")
