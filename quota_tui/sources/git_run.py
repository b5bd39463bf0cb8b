"""Run git: bounded in time and in output, in an environment that asks for nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence

MAX_OUTPUT = 4 << 20
_KEPT = (
    "GIT_CEILING_DIRECTORIES",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_EXEC_PATH",
)
"""Where git finds its own parts and the person's settings; every other GIT_ variable could redirect it."""

_QUIET = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
    "GIT_PAGER": "cat",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "LC_ALL": "C",
}


class GitError(Exception):
    """Git gave no answer. The text says why in one clause; `code` is its exit code, None when it has none."""

    def __init__(self, why: str, code: int | None = None) -> None:
        self.code = code
        super().__init__(why)


def run(args: Sequence[str], timeout_s: float, *, ceiling: str) -> tuple[bytes, bool]:
    """What `git ARGS` prints, at most `MAX_OUTPUT` bytes, and whether it was cut. Raises GitError.

    Git looks for the repository below `ceiling` only.
    """
    program = _program()
    if program is None:
        raise GitError("git is not installed")
    if any("\0" in arg for arg in args):
        raise GitError("a name with a NUL in it")
    try:
        process = subprocess.Popen(
            [program, *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**_environment(), "GIT_CEILING_DIRECTORIES": ceiling},
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        raise GitError(f"git does not start ({error.strerror or error})") from error
    return _output(process, timeout_s)


def _output(process: subprocess.Popen[bytes], timeout_s: float) -> tuple[bytes, bool]:
    late = threading.Event()

    def end() -> None:
        late.set()
        _kill(process)

    timer = threading.Timer(timeout_s, end)
    timer.daemon = True
    timer.start()
    assert process.stdout is not None
    try:
        with process.stdout as out:
            data = out.read(MAX_OUTPUT + 1)
            cut = len(data) > MAX_OUTPUT
            if cut:
                _kill(process)
        code = process.wait()
    finally:
        timer.cancel()
        if process.poll() is None:
            _kill(process)
            process.wait()
    if late.is_set():
        raise GitError(f"git took longer than {timeout_s:g} s")
    if code and not cut:
        raise GitError("git cannot read it; run `git status` there to see why", code)
    return data[:MAX_OUTPUT], cut


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End git and whatever it started: a child that holds the pipe would keep us waiting."""
    if process.returncode is not None:
        return
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _program() -> str | None:
    """Git from the search path, never from the folder we happen to be in."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    found = shutil.which("git", path=os.pathsep.join(folder for folder in folders if os.path.isabs(folder)))
    if found is None or not os.path.isabs(found):
        return None
    if sys.platform == "win32" and os.path.samefile(os.path.dirname(found), os.getcwd()):
        return None  # there the present folder is searched first, whatever the path says
    return found


def _environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_") or key in _KEPT}
    return {**kept, **_QUIET}
