"""Whether there is a screen to open a window on: the socket must be there and somebody must answer it."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Mapping
from urllib.parse import unquote

_TIMEOUT_S = 0.5
_X_DISPLAY = re.compile(r"(?P<host>(?:[^:/]+/)?[^:]*):(?P<number>[0-9]{1,5})(?:\.[0-9]+)?")
_HERE = ("localhost", "127.0.0.1", "::1")
_X_PORT = 6000
_INSIDE = ("TMUX", "TMUX_PANE", "STY", "WINDOW")
"""A new window is in no multiplexer, whatever the shell was in that the job was made in."""


def display_obstacle(env: Mapping[str, str], platform: str = sys.platform) -> str:
    """Why no window can be opened, in a sentence; empty when one can. Only X11 and Wayland can be asked."""
    if platform in {"darwin", "win32"} or _wayland(env) or _x11(env):
        return ""
    named = [name for name in ("WAYLAND_DISPLAY", "DISPLAY") if env.get(name)]
    if not named:
        return "there is no graphical session (neither DISPLAY nor WAYLAND_DISPLAY is set)"
    return f"nothing answers at the display that {' and '.join(named)} name{'s' * (len(named) == 1)}"


def for_window(env: Mapping[str, str], platform: str = sys.platform) -> dict[str, str]:
    """The environment for a new window: no display that is gone, which a terminal might try first."""
    found = {name: value for name, value in env.items() if name not in _INSIDE}
    if platform not in {"darwin", "win32"}:
        if not _wayland(env):
            found.pop("WAYLAND_DISPLAY", None)
        elif not _x11(env):
            found.pop("DISPLAY", None)
    return found


def answers(address: str) -> bool:
    """Whether a unix socket accepts connections; `@` begins an abstract one."""
    if sys.platform == "win32":
        return False
    return _connects(socket.AF_UNIX, "\0" + address[1:] if address.startswith("@") else address)


def session_bus_answers(env: Mapping[str, str]) -> bool:
    """Whether a desktop's D-Bus is there: the one named, else the one in systemd's usual place."""
    address = env.get("DBUS_SESSION_BUS_ADDRESS", "")
    if address:
        paths = re.findall(r"unix:(?:[^;]*,)?(path|abstract)=([^,;]+)", address)
        places = [("@" if kind == "abstract" else "") + unquote(place) for kind, place in paths]
        return any(answers(place) for place in places)
    runtime = env.get("XDG_RUNTIME_DIR", "")
    return os.path.isabs(runtime) and answers(os.path.join(runtime, "bus"))


def _wayland(env: Mapping[str, str]) -> bool:
    name = env.get("WAYLAND_DISPLAY", "")
    if not os.path.isabs(name):
        folder = env.get("XDG_RUNTIME_DIR", "")
        if not name or not os.path.isabs(folder):
            return False
        name = os.path.join(folder, name)
    return answers(name)


def _x11(env: Mapping[str, str]) -> bool:
    parts = _X_DISPLAY.fullmatch(env.get("DISPLAY", ""))
    if parts is None:
        return False
    host, number = parts["host"], int(parts["number"])
    if host in {"", "unix"}:
        path = f"/tmp/.X11-unix/X{number}"  # noqa: S108 - where X11 has it
        return answers(path) or (sys.platform.startswith("linux") and answers(f"@{path}"))
    if host in _HERE:  # forwarded by ssh
        family = socket.AF_INET6 if host == "::1" else socket.AF_INET
        return _X_PORT + number < 1 << 16 and _connects(family, (host, _X_PORT + number))
    return False  # another machine's: not asked, no network


def _connects(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as end:
            end.settimeout(_TIMEOUT_S)
            end.connect(address)
    except (OSError, ValueError):
        return False
    return True
