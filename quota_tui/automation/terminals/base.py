"""What every terminal can do: be asked whether it can be opened, and open one that runs our own command.

What runs inside is one fixed shape, an absolute argv of ours without a person's text; folder and title are
passed on as whole arguments. No shell reads any of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec


class TerminalError(Exception):
    """No terminal was opened. The text is one sentence a person can act on."""


class OpenRequest(msgspec.Struct, frozen=True):
    """What is asked of a terminal.

    `argv` is absolute and ours alone, `folder` an absolute path and `title` the window's name, both a
    person's text. `env` is the environment to run the terminal program with: that of the shell in which the
    job was made. A terminal that is reached through a server or a shell may start elsewhere and with another
    environment: what runs inside must go to its folder by itself.
    """

    argv: tuple[str, ...]
    folder: str
    title: str
    env: Mapping[str, str]


class Opened(msgspec.Struct, frozen=True):
    """What was opened: "tmux window 3 of session main". `attach` is a command to see it; empty: it shows."""

    how: str
    attach: str = ""


class Terminal(Protocol):
    """One way of opening a terminal."""

    name: str
    """What a job's record, a setting and a flag say: "tmux", "kitty", …"""

    def available(self, env: Mapping[str, str]) -> str:
        """Empty when it can be opened from `env` now, else a sentence why not. Fast; never raises."""

    def open(self, request: OpenRequest) -> Opened:
        """Open one and return at once, without waiting for what runs inside. Raises `TerminalError`."""
