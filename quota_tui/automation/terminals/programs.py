"""Terminal programs: where they are, and how they are run without a shell and without waiting for them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import msgspec

from quota_tui.automation.environment import SESSION_MARKS
from quota_tui.automation.notify import plain
from quota_tui.automation.terminals.base import OpenRequest, TerminalError

GRACE_S = 1.0
"""A terminal that cannot open says so and ends within this time; one that can stays, or ends well."""
ANSWER_S = 10.0
"""How long a program that only passes a request on may take."""

_USUAL = ("/usr/local/bin", "/usr/bin", "/bin", "/opt/homebrew/bin", "/opt/local/bin", "/snap/bin")
_SAID_BYTES = 4096
_SAID_LENGTH = 200
_TITLE_LENGTH = 40


class Answer(msgspec.Struct, frozen=True):
    """How a program ended, and what it said."""

    code: int
    out: str
    said: str


def find(program: str, env: Mapping[str, str], bundled: str = "", platform: str = sys.platform) -> str:
    """The program's absolute path; empty when it is not there.

    PATH first, then the usual places, since a wake-up's PATH can be bare; on macOS also `bundled`, a path
    below an Applications folder.
    """
    folders = [entry for entry in env.get("PATH", "").split(os.pathsep) if os.path.isabs(entry)]
    if os.name != "nt":
        folders += [*_USUAL, os.path.join(env.get("HOME") or str(Path.home()), ".local", "bin")]
    found = shutil.which(program, path=os.pathsep.join(folders)) if folders else None
    if found is not None and os.path.isabs(found):
        return found
    if bundled and platform == "darwin":
        places = [os.path.join(folder, bundled) for folder in applications(env)]
        return next((place for place in places if os.access(place, os.X_OK)), "")
    return ""


def applications(env: Mapping[str, str]) -> tuple[str, ...]:
    """Where macOS keeps applications."""
    return ("/Applications", os.path.join(env.get("HOME") or str(Path.home()), "Applications"))


def checked(request: OpenRequest) -> OpenRequest:
    """The request, its title reduced to what no terminal reads as anything else. Raises `TerminalError`."""
    if len(request.argv) < 2 or not os.path.isabs(request.argv[0]):
        raise TerminalError("what is to run in the terminal has no absolute path")
    if any(ord(char) < 32 for item in request.argv for char in item):
        raise TerminalError("what is to run in the terminal has a control character in it")
    if not os.path.isabs(request.folder) or not os.path.isdir(request.folder):
        raise TerminalError(f"the folder {shown(request.folder)} does not exist")
    return msgspec.structs.replace(request, title=plain_title(request.title))


def plain_title(title: str) -> str:
    """Letters, digits, blanks and `._-`: no escape sequence, no format, no separator of any terminal's."""
    kept = "".join(char if char.isalnum() or char in "._-" else " " for char in title[:400])
    return " ".join(kept.split())[:_TITLE_LENGTH].strip(" .-") or "quota-tui"


def shown(text: str) -> str:
    """A person's text in a sentence of ours: one line, no control characters."""
    return plain(text, _SAID_LENGTH)


def environment(request: OpenRequest) -> dict[str, str]:
    """What the terminal program is run with; PWD agrees with the folder."""
    env = {name: value for name, value in request.env.items() if name not in SESSION_MARKS}
    env["PWD"] = request.folder
    return env


def ask(
    command: Sequence[str], env: Mapping[str, str], folder: str | None = None, timeout_s: float = ANSWER_S
) -> Answer:
    """Run a program that answers and ends. Raises `TerminalError` when it does not."""
    name = os.path.basename(command[0])
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=dict(env),
            cwd=folder,
            timeout=timeout_s,
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except subprocess.TimeoutExpired as error:
        raise NoAnswerError(f"{name} did not answer within {timeout_s:g} s") from error
    except (OSError, ValueError) as error:
        raise TerminalError(f"{name} does not start ({_reason(error)})") from error
    return Answer(done.returncode, done.stdout.decode("utf-8", "replace"), last_line(done.stderr))


class NoAnswerError(TerminalError):
    """It did not answer; whether it will still do what was asked is not known."""


def start(command: Sequence[str], env: Mapping[str, str], folder: str) -> None:
    """Start a program that stays, apart from us. Raises `TerminalError` when it ends at once in failure."""
    name = os.path.basename(command[0])
    # A file and not a pipe: it outlives us, and must not be ended by writing to nobody.
    with tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=dict(env),
                cwd=folder,
                start_new_session=sys.platform != "win32",
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        except (OSError, ValueError) as error:
            raise TerminalError(f"{name} does not start ({_reason(error)})") from error
        try:
            code = process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            # Nobody waits for it, but a dashboard that stays open must not collect dead children.
            threading.Thread(target=process.wait, name=f"{name} ends", daemon=True).start()
            return
        if code:
            raise TerminalError(f"{name} ended at once: {_told(said) or f'exit code {code}'}")


def last_line(said: bytes) -> str:
    """The last thing it said, fit for a sentence."""
    lines = said[-_SAID_BYTES:].decode("utf-8", "replace").splitlines()
    return next((text for line in reversed(lines) if (text := shown(line))), "")


def _told(said: IO[bytes]) -> str:
    end = said.seek(0, os.SEEK_END)
    said.seek(max(0, end - _SAID_BYTES))
    return last_line(said.read())


def _reason(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)
