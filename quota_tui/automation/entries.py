"""What of ours stands in Claude Code's `settings.json`, and how it is told from a person's own."""

from __future__ import annotations

import json
import shlex
import string
import sys
from pathlib import Path
from typing import Protocol

import msgspec

from quota_tui.automation.installed import STATUS_LINE, EntryRecord, calls_status_line
from quota_tui.store import jsonedit

_MODULE = "-m quota_tui"
_PLAIN = frozenset(string.ascii_letters + string.digits + "/:._-+~")
"""Characters that need no quotes in Git Bash, PowerShell and cmd alike."""


class NoInterpreter(Exception):  # noqa: N818 - a reason, told as it is
    """Python does not say where it is, so no command can be written that finds it again."""


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
    status_line = StatusLineEntry(own_command(STATUS_LINE, executable or sys.executable, platform))
    return {status_line.name: status_line}


def own_command(arguments: str, executable: str, platform: str = sys.platform) -> str:
    """A shell command that runs us by this very Python, wherever PATH leads.

    `-P`: Claude Code runs it in the project's folder, whose files must not stand in for our modules.
    """
    try:
        executable.encode()
    except UnicodeEncodeError:
        executable = ""
    if not executable:
        raise NoInterpreter("Python cannot name its own program file; install quota-tui with a usual Python")
    word = _windows_word(executable) if platform == "win32" else shlex.quote(str(Path(executable).absolute()))
    return f"{word} -P {_MODULE} {arguments}"


def is_own_command(command: str, arguments: str) -> bool:
    """Whether `own_command` wrote this, by whatever Python: one program, its options, us."""
    tail = f" {_MODULE} {arguments}"
    if not command.endswith(tail):
        return False
    try:
        program, *options = shlex.split(command.removesuffix(tail))
    except ValueError:
        return False
    return all(option == "-P" for option in options) and not program.startswith("-")


def _command_in(value: object) -> str | None:
    """The command of a `statusLine` value that runs one."""
    if not isinstance(value, dict) or value.get("type", "command") != "command":
        return None
    command = value.get("command")
    return command if isinstance(command, str) and command.strip() else None


def _windows_word(executable: str) -> str:
    """Claude Code uses Git Bash, where backslashes are escapes, or else PowerShell, where a quoted path is
    a text and not a program: slashes, and the short name where the long one has blanks.
    """
    for name in (executable, _short_name(executable)):
        word = name.replace("\\", "/")
        if word and _PLAIN.issuperset(word):
            return word
    return json.dumps(executable.replace("\\", "/"), ensure_ascii=False)


def _short_name(executable: str) -> str:
    if sys.platform == "win32":
        import ctypes

        buffer = ctypes.create_unicode_buffer(32_768)
        if ctypes.windll.kernel32.GetShortPathNameW(executable, buffer, len(buffer)):
            return buffer.value
    return ""
