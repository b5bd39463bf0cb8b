"""What of ours stands in Claude Code's `settings.json`, and how it is told from a person's own."""

from __future__ import annotations

import sys
from typing import Protocol

import msgspec

from quota_tui.automation.hooks import HooksEntry
from quota_tui.automation.installed import STATUS_LINE, EntryRecord, calls_status_line
from quota_tui.automation.own import NoInterpreter, is_own_command, own_command
from quota_tui.store import jsonedit

__all__ = ["Entry", "NoInterpreter", "StatusLineEntry", "entries", "is_own_command", "own_command"]


class Entry(Protocol):
    """Something of ours in a settings file. `name` is what a person installs."""

    @property
    def name(self) -> str: ...

    def put(self, text: str, kept: EntryRecord | None) -> tuple[str, EntryRecord | None]:
        """The text with the entry in it, and what to remember; the text as it is when it is there already.

        `kept` is what was remembered at the last time. None to remember: the entry is not ours to manage.
        """
        ...

    def take(self, text: str, kept: EntryRecord | None) -> str:
        """The text without the entry, a person's own value back in its place; edits of theirs stay."""
        ...


class StatusLineEntry(msgspec.Struct, frozen=True):
    """`statusLine`: Claude Code has one, so ours takes the place of a person's own and chains it.

    Of a status line command only `command` is replaced: padding and refresh interval are theirs. Ours
    asks for no `refreshInterval`: what it shows changes with messages, and a process a second is dear.
    """

    command: str
    name: str = STATUS_LINE

    def put(self, text: str, kept: EntryRecord | None) -> tuple[str, EntryRecord | None]:
        """See `Entry`."""
        whole, inner = ("statusLine",), ("statusLine", "command")
        theirs = _command_in(jsonedit.get(text, whole))
        if theirs is None:
            value = {"type": "command", "command": self.command, "padding": 0}
            original = jsonedit.get_text(text, whole)
            return jsonedit.put(text, whole, value), EntryRecord(self.name, whole, original)
        if is_own_command(theirs, self.name):
            same = theirs == self.command
            return text if same else jsonedit.put(text, inner, self.command), kept or EntryRecord(
                self.name, whole
            )
        if calls_status_line(theirs):
            return text, None
        original = jsonedit.get_text(text, inner)
        return jsonedit.put(text, inner, self.command), EntryRecord(self.name, inner, original)

    def take(self, text: str, kept: EntryRecord | None) -> str:
        """See `Entry`."""
        path = kept.path if kept else ("statusLine",)
        if not is_own_command(_command_in(jsonedit.get(text, ("statusLine",))) or "", self.name):
            return text  # changed or removed by hand since: theirs
        if kept is None or kept.original_text is None:
            return jsonedit.remove(text, path)
        return jsonedit.put_text(text, path, kept.original_text)


def entries(executable: str = "", platform: str = sys.platform) -> dict[str, Entry]:
    """Everything that can be installed into `settings.json`, by name. Raises `NoInterpreter`."""
    executable = executable or sys.executable
    status_line = StatusLineEntry(own_command(STATUS_LINE, executable, platform))
    hooks = HooksEntry(executable, platform)
    return {status_line.name: status_line, hooks.name: hooks}


def _command_in(value: object) -> str | None:
    """The command of a `statusLine` value that runs one."""
    if not isinstance(value, dict) or value.get("type", "command") != "command":
        return None
    command = value.get("command")
    return command if isinstance(command, str) and command.strip() else None
