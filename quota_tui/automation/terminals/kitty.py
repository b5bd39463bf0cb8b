"""kitty: a window of the running one where it takes requests on a socket, else a new one.

Remote control is off unless a person turns it on (`allow_remote_control`, `listen_on`):
https://sw.kovidgoyal.net/kitty/remote-control/

It replaces `$NAME` in the folder it is given, so it is run in the folder and given "." (kitty 0.26).
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from quota_tui.automation.terminals.base import Opened, OpenRequest, TerminalError
from quota_tui.automation.terminals.display import answers
from quota_tui.automation.terminals.programs import ask, checked, environment
from quota_tui.automation.terminals.window import WindowTerminal

_TIMEOUT_S = 5.0


class Kitty(WindowTerminal):
    name = "kitty"
    program = "kitty"
    bundled = "kitty.app/Contents/MacOS/kitty"
    title = "kitty"

    def arguments(self, request: OpenRequest) -> list[str]:
        """The arguments after the program's name."""
        return ["--directory", ".", "--title", request.title, "--", *request.argv]

    def available(self, env: Mapping[str, str]) -> str:
        """Empty when it can be opened from `env` now, else a sentence why not."""
        return "" if self.find(env) and _listens(env) else super().available(env)

    def open(self, request: OpenRequest) -> Opened:
        """Open a window. Raises `TerminalError`."""
        program, place = self.find(request.env), _listens(request.env)
        if program and place:
            good = checked(request)
            command = [program, "@", "--to", place, "launch", "--type", "os-window"]
            command += ["--cwd", good.folder, "--title", good.title, "--", *good.argv]
            with contextlib.suppress(TerminalError):
                if ask(command, environment(good), good.folder, _TIMEOUT_S).code == 0:
                    return Opened("kitty window, opened by the running kitty")
        return super().open(request)


def _listens(env: Mapping[str, str]) -> str:
    """Where the running kitty takes requests; empty when it does not."""
    place = env.get("KITTY_LISTEN_ON", "")
    return place if place.startswith("unix:") and answers(place.removeprefix("unix:")) else ""
