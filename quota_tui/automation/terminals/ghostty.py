"""Ghostty: a program on Linux; on macOS its own program opens no window, `open` must.

https://ghostty.org/docs/config/reference: `-e` takes the rest as they are, without a shell.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from quota_tui.automation.terminals.base import OpenRequest
from quota_tui.automation.terminals.programs import applications, find
from quota_tui.automation.terminals.window import WindowTerminal


class Ghostty(WindowTerminal):
    name = "ghostty"
    program = "ghostty"
    title = "Ghostty"

    def find(self, env: Mapping[str, str]) -> str:
        """The program's absolute path, on macOS that of `open`; empty when it is not installed."""
        if self.platform != "darwin":
            return super().find(env)
        return find("open", env) if self._application(env) else ""

    def arguments(self, request: OpenRequest) -> list[str]:
        """The arguments after the program's name."""
        own = [f"--working-directory={request.folder}", "-e", *request.argv]
        if self.platform != "darwin":
            return own
        return ["-n", "-a", self._application(request.env), "--args", *own]

    def _application(self, env: Mapping[str, str]) -> str:
        places = [os.path.join(folder, "Ghostty.app") for folder in applications(env)]
        return next((place for place in places if os.path.isdir(place)), "")
