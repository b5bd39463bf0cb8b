"""macOS's own Terminal: its window's shell is replaced by the command.

Where AppleScript is not allowed, a `.command` file does: opening a file needs no permission.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import tempfile

from quota_tui.automation.terminals.base import Opened, OpenRequest, TerminalError
from quota_tui.automation.terminals.macos import NotAllowedError, ScriptedTerminal
from quota_tui.automation.terminals.programs import ask, checked, environment, find


class TerminalApp(ScriptedTerminal):
    name = "terminal-app"
    title = "Terminal"
    bundles = ("/System/Applications/Utilities/Terminal.app", "Utilities/Terminal.app")
    script = """\
on run argv
    set commandLine to " exec"
    repeat with i from 2 to count of argv
        set commandLine to commandLine & " " & quoted form of (item i of argv)
    end repeat
    tell application id "com.apple.Terminal"
        set newTab to do script commandLine
        set custom title of newTab to (item 1 of argv)
        activate
    end tell
end run
"""
    rehearsal = """\
on run argv
    tell application id "com.apple.Terminal" to count windows
end run
"""

    def open(self, request: OpenRequest) -> Opened:
        """Open a window. Raises `TerminalError`."""
        try:
            return super().open(request)
        except NotAllowedError as error:
            try:
                return _open_file(checked(request))
            except TerminalError as second:
                raise TerminalError(f"{error}; and as a file: {second}") from second


def _open_file(request: OpenRequest) -> Opened:
    """Let Terminal run a file that holds our fixed argv and removes itself."""
    program = find("open", request.env)
    if not program:
        raise TerminalError("`open` was not found")
    try:
        handle, path = tempfile.mkstemp(prefix="quota-tui-", suffix=".command")
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(f'#!/bin/sh\n/bin/rm -f -- "$0"\nexec {shlex.join(request.argv)}\n')
        os.chmod(path, 0o700)
    except OSError as error:
        raise TerminalError(f"no file can be written ({error.strerror})") from error
    try:
        answer = ask([program, "-a", "Terminal", path], environment(request))
        problem = (answer.said or f"`open` failed with exit code {answer.code}") if answer.code else ""
    except TerminalError as error:
        problem = str(error)
    if problem:
        with contextlib.suppress(OSError):
            os.unlink(path)
        raise TerminalError(problem)
    return Opened("Terminal window, opened as a file since AppleScript is not allowed")
