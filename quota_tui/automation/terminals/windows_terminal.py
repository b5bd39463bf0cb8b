r"""Windows Terminal: `wt` reads `;` anywhere as the end of a command of its own; `\;` is a semicolon.

https://learn.microsoft.com/windows/terminal/command-line-arguments
"""

from __future__ import annotations

from quota_tui.automation.terminals.base import OpenRequest
from quota_tui.automation.terminals.window import WindowTerminal


class WindowsTerminal(WindowTerminal):
    name = "windows-terminal"
    program = "wt"
    title = "Windows Terminal"

    def arguments(self, request: OpenRequest) -> list[str]:
        """The arguments after the program's name."""
        own = ["-w", "new", "new-tab", "--title", request.title, "-d", request.folder, *request.argv]
        return [item.replace(";", "\\;") for item in own]
