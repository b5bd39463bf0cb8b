"""In which terminal a shell runs, from what terminals leave in its environment.

The innermost counts. Variables of a terminal are inherited by another that is started from it, so what
every terminal sets anew (TERM, TERM_PROGRAM) is asked before what only one of them sets.
"""

from __future__ import annotations

from collections.abc import Mapping

_BY_TERM = {
    "xterm-kitty": "kitty",
    "xterm-ghostty": "ghostty",
    "alacritty": "alacritty",
    "alacritty-direct": "alacritty",
    "wezterm": "wezterm",
}
_BY_PROGRAM = {
    "tmux": "tmux",
    "apple_terminal": "terminal-app",
    "iterm.app": "iterm2",
    "wezterm": "wezterm",
    "ghostty": "ghostty",
    "kitty": "kitty",
    "alacritty": "alacritty",
}
_BY_VARIABLE = (
    ("KITTY_PID", "kitty"),
    ("KITTY_WINDOW_ID", "kitty"),
    ("WEZTERM_PANE", "wezterm"),
    ("WEZTERM_UNIX_SOCKET", "wezterm"),
    ("GHOSTTY_RESOURCES_DIR", "ghostty"),
    ("ALACRITTY_WINDOW_ID", "alacritty"),
    ("ALACRITTY_SOCKET", "alacritty"),
    ("ITERM_SESSION_ID", "iterm2"),
    ("KONSOLE_VERSION", "konsole"),
    ("KONSOLE_DBUS_SERVICE", "konsole"),
    ("KONSOLE_DBUS_SESSION", "konsole"),
    ("GNOME_TERMINAL_SCREEN", "gnome-terminal"),
    ("GNOME_TERMINAL_SERVICE", "gnome-terminal"),
    ("WT_SESSION", "windows-terminal"),
)


def remembered(env: Mapping[str, str]) -> str:
    """The name of the terminal in which `env` was made; empty when it is not known."""
    if env.get("TMUX"):
        return "tmux"
    by_term = _BY_TERM.get(env.get("TERM", "").lower())
    if by_term:
        return by_term
    program = env.get("TERM_PROGRAM", "").lower()
    if program:
        # One that we cannot open, as an editor's, is not one of those it was started from.
        return _BY_PROGRAM.get(program, "")
    return next((name for variable, name in _BY_VARIABLE if env.get(variable)), "")
