"""Tell the person of the desktop, or of the tmux they are in, what becomes of a job. Best effort, always."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from typing import Protocol

from quota_tui.automation.notify import plain, send_desktop

_TIMEOUT_S = 3.0
_SHOWN_MS = 15_000
_LONGEST = 300


class Notifier(Protocol):
    """Somebody who tells the person."""

    def __call__(self, title: str, text: str) -> str:
        """Show it; how it was shown ("desktop notification"), empty when it could not be. Never raises."""


class Told:
    """The desktop, else every window of a tmux server that the job's shell or this process is in."""

    def __init__(
        self,
        env: Mapping[str, str] | None = None,
        desktop: Callable[[str, str], bool] = send_desktop,
    ) -> None:
        self._env = os.environ if env is None else env
        self._desktop = desktop

    def __call__(self, title: str, text: str) -> str:
        if self._desktop(title, text):
            return "desktop notification"
        return "tmux message" if tmux_message(f"{title}: {text}", self._env) else ""


def tmux_message(text: str, env: Mapping[str, str]) -> bool:
    """Show a line to everyone who looks at the tmux server of `env`; whether somebody does.

    tmux reads formats in a message, and some run programs: the characters that begin one are taken out.
    """
    socket = env.get("TMUX", "").partition(",")[0]
    program = shutil.which("tmux", path=_absolute_only(env.get("PATH", os.defpath)))
    if not socket or program is None:
        return False
    tmux = [program, "-S", socket]
    line = plain(text, _LONGEST).replace("#", "").replace("%", "%%")
    shown = False
    for client in _output([*tmux, "list-clients", "-F", "#{client_name}"], env).splitlines():
        shown |= _runs([*tmux, "display-message", "-c", client, "-d", str(_SHOWN_MS), f" {line}"], env)
    return shown


def _absolute_only(path: str) -> str:
    return os.pathsep.join(entry for entry in path.split(os.pathsep) if os.path.isabs(entry))


def _output(argv: list[str], env: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(
            argv, env=dict(env), capture_output=True, stdin=subprocess.DEVNULL, timeout=_TIMEOUT_S, check=True
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace")


def _runs(argv: list[str], env: Mapping[str, str]) -> bool:
    try:
        done = subprocess.run(
            argv,
            env=dict(env),
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
