"""AppleScript: a constant script, its data as arguments, and what macOS says when it does not allow it."""

from __future__ import annotations

import os
import re
import sys
from abc import ABC
from collections.abc import Mapping
from typing import ClassVar

from quota_tui.automation.terminals.base import Opened, OpenRequest, TerminalError
from quota_tui.automation.terminals.programs import (
    NoAnswerError,
    applications,
    ask,
    checked,
    environment,
    find,
)

_TIMEOUT_S = 20.0
_NUMBER = re.compile(r"\((-\d+)\)")
_NOT_ALLOWED = "-1743"
_NOT_FOUND = frozenset({"-43", "-1728", "-10814", "-10827"})
_NO_SESSION = frozenset({"-600", "-609", "-10810"})
_SETTINGS = "System Settings > Privacy & Security > Automation"


class NotAllowedError(TerminalError):
    """macOS did not let us control the application, or asks the person and got no answer."""


class ScriptedTerminal(ABC):
    """A terminal application that is asked by AppleScript.

    Both applications take the command as one text, which is put together in the script from our own fixed
    argv, each item in the quotes that AppleScript gives it. The folder is not in it: nothing that a person
    wrote may reach a shell, and what runs inside goes to its folder by itself.
    """

    name: str
    title: str
    bundles: ClassVar[tuple[str, ...]]
    """Where the application can be, absolute or below an Applications folder."""
    script: ClassVar[str]
    """Arguments: the title, then the argv."""
    rehearsal: ClassVar[str]
    """Controls the application without doing anything."""

    def __init__(self, platform: str = sys.platform) -> None:
        self.platform = platform

    def available(self, env: Mapping[str, str]) -> str:
        """Empty when it is installed, else a sentence why not. Permission is not asked for."""
        if self.platform != "darwin":
            return f"{self.title} is for macOS"
        places = [os.path.join(folder, bundle) for bundle in self.bundles for folder in applications(env)]
        if not any(os.path.isdir(place) for place in places):
            return f"{self.title} is not installed"
        return "" if find("osascript", env) else "osascript was not found"

    def rehearse(self, env: Mapping[str, str]) -> str:
        """Empty when macOS lets the program that runs us control it now, else a sentence what to do.

        macOS may ask the person. The permission is given to whoever asks: what a scheduler starts may be
        asked again.
        """
        try:
            run_script(self.title, self.rehearsal, (), env)
        except TerminalError as error:
            return str(error)
        return ""

    def open(self, request: OpenRequest) -> Opened:
        """Open a window. Raises `TerminalError`."""
        request = checked(request)
        run_script(self.title, self.script, (request.title, *request.argv), environment(request))
        return Opened(f"{self.title} window")


def run_script(title: str, script: str, arguments: tuple[str, ...], env: Mapping[str, str]) -> str:
    """What the script returns. Raises `TerminalError`, `NotAllowedError` when the permission is missing."""
    program = find("osascript", env)
    if not program:
        raise TerminalError("osascript was not found")
    try:
        answer = ask([program, "-e", script, *arguments], env, timeout_s=_TIMEOUT_S)
    except NoAnswerError as error:
        why = (
            f"{title} did not answer; macOS may be asking whether we may control it: allow it in {_SETTINGS}"
        )
        raise NotAllowedError(why) from error
    if answer.code:
        raise _refusal(title, answer.said)
    return answer.out.strip()


def _refusal(title: str, said: str) -> TerminalError:
    numbers = _NUMBER.findall(said)
    number = numbers[-1] if numbers else ""
    if number == _NOT_ALLOWED:
        return NotAllowedError(
            f"macOS does not allow {title} to be controlled ({number}): allow it in {_SETTINGS}"
        )
    if number in _NOT_FOUND:
        return TerminalError(f"{title} was not found by macOS ({number})")
    if number in _NO_SESSION:
        return TerminalError(f"{title} cannot be opened ({number}): nobody is logged in at the screen")
    return TerminalError(f"{title} cannot be opened: {said or 'osascript failed and did not say why'}")
