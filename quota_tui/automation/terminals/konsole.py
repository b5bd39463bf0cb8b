"""Konsole: `-e` takes the rest of its arguments.

It replaces `$NAME` in the folder it is given, so it is run in the folder and given "." (Konsole 22.12).
"""

from __future__ import annotations

from quota_tui.automation.terminals.base import OpenRequest
from quota_tui.automation.terminals.window import WindowTerminal


class Konsole(WindowTerminal):
    name = "konsole"
    program = "konsole"
    title = "Konsole"

    def arguments(self, request: OpenRequest) -> list[str]:
        """The arguments after the program's name."""
        settings = ["--separate", "--workdir", ".", "-p", f"tabtitle={request.title}"]
        return [*settings, "-e", *request.argv]
