"""Which terminal it is: the one that was asked for, the one in which the job was made, or what there is."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import msgspec

from quota_tui.automation.terminals.alacritty import Alacritty
from quota_tui.automation.terminals.base import Terminal, TerminalError
from quota_tui.automation.terminals.ghostty import Ghostty
from quota_tui.automation.terminals.gnome_terminal import GnomeTerminal
from quota_tui.automation.terminals.iterm2 import ITerm2
from quota_tui.automation.terminals.kitty import Kitty
from quota_tui.automation.terminals.konsole import Konsole
from quota_tui.automation.terminals.macos import ScriptedTerminal
from quota_tui.automation.terminals.remembered import remembered
from quota_tui.automation.terminals.template import Template
from quota_tui.automation.terminals.terminal_app import TerminalApp
from quota_tui.automation.terminals.tmux import Tmux
from quota_tui.automation.terminals.user_terminal import DesktopTerminal, UserTerminal
from quota_tui.automation.terminals.wezterm import WezTerm
from quota_tui.automation.terminals.windows_terminal import WindowsTerminal

__all__ = ["AUTO", "NAMES", "Choice", "choices", "choose", "rehearse", "remembered", "terminals"]

AUTO = "auto"
NAMES = (
    *("tmux", "iterm2", "terminal-app", "kitty", "wezterm", "ghostty", "alacritty", "gnome-terminal"),
    *("konsole", "windows-terminal", "user-terminal", "desktop-terminal", "template"),
)
"""All of them, on whatever platform."""


class Choice(msgspec.Struct, frozen=True):
    """A terminal that can be opened now; `why` it is this one, as a clause."""

    terminal: Terminal
    why: str


def terminals(platform: str = sys.platform, template: Sequence[str] = ()) -> list[Terminal]:
    """What this platform can have, best first: a person's own, windows that show, tmux that does not."""
    own = Template(template, platform)
    windows: list[Terminal]
    if platform == "darwin":
        windows = [TerminalApp(platform), ITerm2(platform), Kitty(platform), WezTerm(platform)]
        windows += [Ghostty(platform), Alacritty(platform), UserTerminal(platform)]
        return [own, *windows, Tmux(platform)]
    if platform == "win32":
        return [own, WindowsTerminal(platform), WezTerm(platform), Alacritty(platform)]
    windows = [UserTerminal(platform), Kitty(platform), WezTerm(platform), Ghostty(platform)]
    windows += [Alacritty(platform), GnomeTerminal(platform), Konsole(platform), DesktopTerminal(platform)]
    return [own, *windows, Tmux(platform)]


def choose(
    name: str, env: Mapping[str, str], platform: str = sys.platform, template: Sequence[str] = ()
) -> Terminal:
    """The terminal of that name, for "auto" the best. Raises `TerminalError` when there is none."""
    return choices(name, env, platform, template)[0].terminal


def choices(
    name: str, env: Mapping[str, str], platform: str = sys.platform, template: Sequence[str] = ()
) -> list[Choice]:
    """What to try, in this order: one that is named, for "auto" all that can be opened; never empty.

    `template` is the person's own terminal command. Raises `TerminalError` with the reasons.
    """
    known = terminals(platform, template)
    wanted = name.strip().lower().replace("_", "-") or AUTO
    if wanted != AUTO:
        return [_named(wanted, name, known, env)]
    obstacles = {terminal.name: terminal.available(env) for terminal in known}
    found = [terminal for terminal in known if not obstacles[terminal.name]]
    if not found:
        raise TerminalError("no terminal can be opened: " + "; ".join(dict.fromkeys(obstacles.values())))
    made_in = remembered(env)
    ranks = {terminal.name: _rank(terminal, made_in, env) for terminal in found}
    found.sort(key=lambda terminal: ranks[terminal.name])  # what ranks alike stays in the platform's order
    gone = made_in if made_in and 1 not in ranks.values() else ""
    return [Choice(terminal, _why(terminal, made_in, gone)) for terminal in found]


def rehearse(terminal: Terminal, env: Mapping[str, str]) -> str:
    """Empty when the system lets us open it, else a sentence what to do; only macOS asks for permission."""
    return terminal.rehearse(env) if isinstance(terminal, ScriptedTerminal) else ""


def _named(wanted: str, name: str, known: Sequence[Terminal], env: Mapping[str, str]) -> Choice:
    for terminal in known:
        if terminal.name == wanted:
            obstacle = terminal.available(env)
            if obstacle:
                raise TerminalError(obstacle)
            return Choice(terminal, "it was asked for")
    if wanted in NAMES:
        raise TerminalError(f"{wanted} is for another system than this one")
    there = ", ".join((AUTO, *(each.name for each in known)))
    raise TerminalError(f"{name!r} is no terminal that is known here: {there}")


def _rank(terminal: Terminal, made_in: str, env: Mapping[str, str]) -> int:
    """0: a person's own, 1: where it was arranged, 2: any other."""
    if terminal.name == Template.name:
        return 0
    if terminal.name != made_in:
        return 2
    # Without a running server tmux opens something that nobody sees: a window is better.
    return 1 if not isinstance(terminal, Tmux) or terminal.running(env) else 2


def _why(terminal: Terminal, made_in: str, gone: str) -> str:
    if terminal.name == Template.name:
        return "it is the terminal command of your settings"
    if terminal.name == made_in:
        return "it was arranged in one" if not gone else "nothing better can be opened"
    return f"{gone}, where it was arranged, is gone" if gone else "it can be opened here"
