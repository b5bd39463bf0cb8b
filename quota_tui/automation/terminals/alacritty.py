"""Alacritty: `-e` takes the rest of its arguments as they are."""

from __future__ import annotations

from quota_tui.automation.terminals.base import OpenRequest
from quota_tui.automation.terminals.window import WindowTerminal


class Alacritty(WindowTerminal):
    name = "alacritty"
    program = "alacritty"
    bundled = "Alacritty.app/Contents/MacOS/alacritty"
    title = "Alacritty"

    def arguments(self, request: OpenRequest) -> list[str]:
        """The arguments after the program's name."""
        return ["--working-directory", request.folder, "--title", request.title, "-e", *request.argv]
