"""WezTerm: a window of the running one where its socket answers, else `start`.

https://wezterm.org/cli/cli/spawn.html, https://wezterm.org/cli/start.html
"""

from __future__ import annotations

import contextlib

from quota_tui.automation.terminals.base import Opened, OpenRequest, TerminalError
from quota_tui.automation.terminals.display import answers
from quota_tui.automation.terminals.programs import ask, checked, environment
from quota_tui.automation.terminals.window import WindowTerminal

_TIMEOUT_S = 5.0


class WezTerm(WindowTerminal):
    name = "wezterm"
    program = "wezterm"
    bundled = "WezTerm.app/Contents/MacOS/wezterm"
    title = "WezTerm"

    def arguments(self, request: OpenRequest) -> list[str]:
        """The arguments after the program's name."""
        return ["start", "--cwd", request.folder, "--", *request.argv]

    def open(self, request: OpenRequest) -> Opened:
        """Open a window. Raises `TerminalError`."""
        program = self.find(request.env)
        if program and answers(request.env.get("WEZTERM_UNIX_SOCKET", "")):
            good = checked(request)
            command = [program, "cli", "--no-auto-start", "spawn", "--new-window", "--cwd", good.folder]
            with contextlib.suppress(TerminalError):
                if ask([*command, "--", *good.argv], environment(good), good.folder, _TIMEOUT_S).code == 0:
                    return Opened("WezTerm window, opened by the running WezTerm")
        return super().open(request)
