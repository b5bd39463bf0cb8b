"""What the shell that made a job had and a bare wake-up lacks; only what is named here is kept."""

from __future__ import annotations

import os
from collections.abc import Mapping

CLIENT = (
    *("PATH", "SHELL", "LANG", "LANGUAGE", "EDITOR", "VISUAL", "CLAUDE_CONFIG_DIR"),
    *(
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "no_proxy",
    ),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "ANTHROPIC_BASE_URL"),
    *("CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_GIT_BASH_PATH"),
    *("AWS_PROFILE", "AWS_REGION", "CLOUD_ML_REGION", "ANTHROPIC_VERTEX_PROJECT_ID"),
)
"""What the client is given as it was: programs and places, the same as in that shell."""

TERMINAL = (
    *("TMUX", "TMUX_PANE", "TMUX_TMPDIR", "TERMINAL", "TERM_PROGRAM", "TERM", "COLORTERM"),
    *("KITTY_WINDOW_ID", "KITTY_LISTEN_ON", "KITTY_PID", "KITTY_PUBLIC_KEY"),
    *("WEZTERM_PANE", "WEZTERM_UNIX_SOCKET", "WEZTERM_EXECUTABLE", "GHOSTTY_RESOURCES_DIR"),
    *("ALACRITTY_SOCKET", "ALACRITTY_WINDOW_ID", "ITERM_SESSION_ID", "KONSOLE_VERSION"),
    *("KONSOLE_DBUS_SERVICE", "KONSOLE_DBUS_SESSION"),
    *("GNOME_TERMINAL_SCREEN", "GNOME_TERMINAL_SERVICE", "VTE_VERSION", "WT_SESSION", "WT_PROFILE_ID"),
)
"""Which terminal it was, and how it is reached."""

SESSION = (
    *("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"),
    *("XDG_SESSION_TYPE", "XDG_CURRENT_DESKTOP", "SSH_AUTH_SOCK"),
)
"""The person's login: after another login the present one's are right, where there are any."""

SESSION_MARKS = ("CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SSE_PORT", "CLAUDE_CODE_SESSION_ID")
"""Set inside a session of the client: a client that sees them takes itself for a part of it."""

_LONGEST = 32_000


def kept(env: Mapping[str, str]) -> dict[str, str]:
    """What of a shell's environment a job keeps. An address with a user's name in it may hold a password."""
    names = (*CLIENT, *TERMINAL, *SESSION, *(name for name in env if name.startswith("LC_")))
    return {
        name: env[name]
        for name in names
        if env.get(name) and len(env[name]) <= _LONGEST and not ("://" in env[name] and "@" in env[name])
    }


def for_terminal(held: Mapping[str, str], env: Mapping[str, str]) -> dict[str, str]:
    """The environment to open a terminal with: the job's, upon the one we were woken with."""
    found = {name: value for name, value in env.items() if name not in TERMINAL}
    found |= {name: value for name, value in held.items() if name not in SESSION}
    for name in SESSION:
        if name in held:
            found.setdefault(name, held[name])
    return _without_marks(found)


def for_client(held: Mapping[str, str], env: Mapping[str, str], folder: str) -> dict[str, str]:
    """The environment of the client: the terminal's own, with programs and places as the job's shell had."""
    found = dict(env)
    # A terminal's server may know another configuration folder: the session would start where nobody looks.
    found.pop("CLAUDE_CONFIG_DIR", None)
    found |= {name: held[name] for name in held if name in CLIENT or name.startswith("LC_")}
    for name in SESSION:
        if name in held:
            found.setdefault(name, held[name])
    found["PWD"] = folder
    return _without_marks(found)


def lend_session(held: Mapping[str, str], env: dict[str, str] | None = None) -> None:
    """Let this process find the person's desktop, where it was started without one."""
    environ = os.environ if env is None else env
    for name in SESSION:
        if name in held and not environ.get(name):
            environ[name] = held[name]


def _without_marks(env: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name not in SESSION_MARKS}
