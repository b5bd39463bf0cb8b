"""What graphical terminals have in common: a program, a screen, and arguments that begin with our own."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping

from quota_tui.automation.terminals.base import Opened, OpenRequest, TerminalError
from quota_tui.automation.terminals.display import display_obstacle, for_window
from quota_tui.automation.terminals.programs import checked, environment, find, start


class WindowTerminal(ABC):
    """A terminal program that opens a window of its own."""

    name: str
    program: str
    bundled: str = ""
    """The program inside its macOS application."""
    title: str
    """How it calls itself."""

    def __init__(self, platform: str = sys.platform) -> None:
        self.platform = platform

    @abstractmethod
    def arguments(self, request: OpenRequest) -> list[str]:
        """The arguments after the program's name."""

    def find(self, env: Mapping[str, str]) -> str:
        """The program's absolute path; empty when it is not installed."""
        return find(self.program, env, self.bundled, self.platform)

    def available(self, env: Mapping[str, str]) -> str:
        """Empty when it can be opened from `env` now, else a sentence why not."""
        if not self.find(env):
            return f"{self.title} is not installed ({self.program} was not found)"
        return display_obstacle(env, self.platform)

    def open(self, request: OpenRequest) -> Opened:
        """Open a window. Raises `TerminalError`."""
        request = checked(request)
        program = self.find(request.env)
        if not program:
            raise TerminalError(self.available(request.env))
        env = for_window(environment(request), self.platform)
        start([program, *self.arguments(request)], env, request.folder)
        return Opened(f"{self.title} window")
