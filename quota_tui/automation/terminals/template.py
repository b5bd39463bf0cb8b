"""A person's own terminal: an argv from the settings in which whole items stand for what is to run.

A placeholder inside a longer item stays as it is: a folder's name never becomes part of another text.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from quota_tui.automation.terminals.base import Opened, OpenRequest, TerminalError
from quota_tui.automation.terminals.programs import checked, environment, find, shown, start

COMMANDS = ("{command}", "{argv}")
"""Either stands for the arguments to run, as that many items."""
FOLDER = "{folder}"
TITLE = "{title}"


class Template:
    name = "template"

    def __init__(self, template: Sequence[str] = (), platform: str = sys.platform) -> None:
        self.template = tuple(template)
        self.platform = platform

    def available(self, env: Mapping[str, str]) -> str:
        """Empty when it can be opened from `env` now, else a sentence why not.

        Whether it needs a screen is not known: it may be a multiplexer.
        """
        if not self.template:
            return "no terminal command is set (automation.terminal_command in the settings)"
        if sum(self.template.count(name) for name in COMMANDS) != 1 or self.template[0] in COMMANDS:
            return f"the terminal command in the settings must have one item {COMMANDS[0]}, after its program"
        inside = (*COMMANDS, FOLDER, TITLE)
        for item in self.template:
            if item not in inside and any(name in item for name in inside):
                return (
                    f"the terminal command in the settings has {shown(item)}: a placeholder must stand alone"
                )
        if not self._find(env):
            return (
                f"the terminal command in the settings names {shown(self.template[0])}, which was not found"
            )
        return ""

    def open(self, request: OpenRequest) -> Opened:
        """Run the command. Raises `TerminalError`."""
        obstacle = self.available(request.env)
        if obstacle:
            raise TerminalError(obstacle)
        request = checked(request)
        stands_for = dict.fromkeys(COMMANDS, request.argv) | {
            FOLDER: (request.folder,),
            TITLE: (request.title,),
        }
        items = [word for item in self.template[1:] for word in stands_for.get(item, (item,))]
        start([self._find(request.env), *items], environment(request), request.folder)
        return Opened(f"your own terminal command ({shown(os.path.basename(self.template[0]))})")

    def _find(self, env: Mapping[str, str]) -> str:
        return find(os.path.expanduser(self.template[0]), env, platform=self.platform)
