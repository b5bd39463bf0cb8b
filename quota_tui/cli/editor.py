"""Open a file in the person's editor, by argv: a file's name is never part of a shell's text."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

_USUAL = ("sensible-editor", "nano", "vim", "vi") if sys.platform != "win32" else ("notepad",)


class NoEditor(Exception):  # noqa: N818 - a reason, told as it is
    """No editor could be run. The text says what to do."""


def edit(file: Path) -> None:
    """Wait until the editor is closed: `$VISUAL`, `$EDITOR` (with its options), or a usual one.

    Raises `NoEditor`.
    """
    words = _editor()
    try:
        done = subprocess.run([*words, str(file)], check=False)
    except OSError as error:
        raise NoEditor(f"the editor {words[0]} cannot be run ({error.strerror}); set $EDITOR") from error
    if done.returncode:
        raise NoEditor(f"the editor {words[0]} ended with {done.returncode}")


def _editor() -> list[str]:
    for name in ("VISUAL", "EDITOR"):
        told = os.environ.get(name, "").strip()
        if told:
            try:
                # Windows paths have backslashes, which are escapes elsewhere.
                return shlex.split(told, posix=sys.platform != "win32")
            except ValueError as error:
                raise NoEditor(f"${name} is not a command ({error}): {told}") from error
    usual = next((name for name in _USUAL if shutil.which(name)), None)
    if usual is None:
        raise NoEditor("there is no editor; set $EDITOR")
    return [usual]
