"""Shell commands that run this program, as other programs' settings hold them."""

from __future__ import annotations

import json
import shlex
import string
import sys
from pathlib import Path

_MODULE = "-m quota_tui"
_PLAIN = frozenset(string.ascii_letters + string.digits + "/:._-+~")
"""Characters that need no quotes in Git Bash, PowerShell and cmd alike."""


class NoInterpreter(Exception):  # noqa: N818 - a reason, told as it is
    """Python does not say where it is, so no command can be written that finds it again."""


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
