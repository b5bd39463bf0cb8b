"""GNOME Terminal: the program only passes the request on, over the session bus, to a server."""

from __future__ import annotations

from collections.abc import Mapping

from quota_tui.automation.terminals.base import OpenRequest
from quota_tui.automation.terminals.display import session_bus_answers
from quota_tui.automation.terminals.window import WindowTerminal


class GnomeTerminal(WindowTerminal):
    name = "gnome-terminal"
    program = "gnome-terminal"
    title = "GNOME Terminal"

    def available(self, env: Mapping[str, str]) -> str:
        """Empty when it can be opened from `env` now, else a sentence why not."""
        obstacle = super().available(env)
        if obstacle or session_bus_answers(env):
            return obstacle
        return "GNOME Terminal needs the D-Bus session of a desktop, and there is none"

    def arguments(self, request: OpenRequest) -> list[str]:
        """The arguments after the program's name."""
        place = f"--working-directory={request.folder}"
        return ["--window", place, f"--title={request.title}", "--", *request.argv]
