"""The notification ladder: toast, bell, OSC 9/777, desktop notification.

A toast is always possible inside the dashboard. A desktop notification is the best rung, but "sent" is only
believable where something can show it: the desktop library reports success even without a session bus.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import re
import sys
import threading
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

APP_NAME = "quota-tui"
_TITLE_LENGTH = 80
_TEXT_LENGTH = 240
_BEL = "\a"
_ESC = "\x1b"

# TERM_PROGRAM (lower case) or the start of TERM, and the notification sequence that terminal documents.
_OSC_9 = frozenset({"iterm.app", "wezterm", "ghostty", "warpterminal", "xterm-kitty", "xterm-ghostty"})
_OSC_777 = ("foot", "rxvt-unicode", "contour")


class RungName(StrEnum):
    """The ladder, lowest first."""

    TOAST = "toast"
    BELL = "bell"
    OSC = "terminal notification"
    DESKTOP = "desktop notification"


class Rung(msgspec.Struct, frozen=True):
    """The best way to be noticed here; `why` is a sentence for `doctor`."""

    name: RungName
    why: str


def notification_rung(
    env: Mapping[str, str] | None = None,
    *,
    platform: str = sys.platform,
    is_tty: bool | None = None,
) -> Rung:
    """The highest rung that can be shown here."""
    environ = os.environ if env is None else env
    obstacle = _desktop_obstacle(environ, platform)
    if not obstacle:
        return Rung(RungName.DESKTOP, "this session has a desktop that shows notifications")
    tty = _stdout_is_tty() if is_tty is None else is_tty
    if not tty:
        return Rung(RungName.TOAST, f"no desktop notification: {obstacle}; the output is not a terminal")
    if osc_sequence("title", "text", environ):
        return Rung(RungName.OSC, f"no desktop notification: {obstacle}; this terminal shows its own")
    return Rung(RungName.BELL, f"no desktop notification: {obstacle}; this terminal is not known to show any")


def osc_sequence(title: str, text: str, term_env: Mapping[str, str]) -> str:
    """The characters that make this terminal show a notification; empty for one not known to.

    OSC 9 or OSC 777, wrapped for tmux and screen where they say that they are in between. Nothing in
    `title` or `text` can end the sequence or begin another: control and format characters are dropped.
    """
    head, body = plain(title, _TITLE_LENGTH), plain(text, _TEXT_LENGTH)
    kind = _osc_kind(term_env)
    if kind == 777:
        sequence = f"{_ESC}]777;notify;{head.replace(';', ',')};{body.replace(';', ',')}{_BEL}"
    elif kind == 9:
        message = f"{head}: {body}" if head and body else head or body
        # "9;4;…" and its like are commands of some terminals: no message may begin as one.
        message = f" {message}" if message[:1].isdigit() else message
        sequence = f"{_ESC}]9;{message}{_BEL}"
    else:
        return ""
    if term_env.get("TMUX"):
        return f"{_ESC}Ptmux;{sequence.replace(_ESC, _ESC + _ESC)}{_ESC}\\"
    if term_env.get("STY"):
        return f"{_ESC}P{sequence}{_ESC}\\"
    return sequence


def send_desktop(title: str, text: str, timeout_s: float = 3.0, env: Mapping[str, str] | None = None) -> bool:
    """Show a desktop notification. True only when it was handed over to something that shows it.

    Blocks for up to `timeout_s`; the work is done in a thread of its own, so it may be called from a
    running event loop's worker. Never raises, and no text passes a shell.
    """
    if notification_rung(env, is_tty=False).name is not RungName.DESKTOP:
        return False
    outcome: list[bool] = []
    head, body = plain(title, _TITLE_LENGTH), plain(text, _TEXT_LENGTH)

    def work() -> None:
        import asyncio

        # The library reaches into D-Bus, Objective-C and WinRT, each with errors of its own kind: whatever
        # fails there, the answer is that nothing was shown.
        with contextlib.suppress(Exception):
            outcome.append(asyncio.run(asyncio.wait_for(_send(_unmarked(head), _unmarked(body)), timeout_s)))

    worker = threading.Thread(target=work, name="desktop notification", daemon=True)
    worker.start()
    worker.join(timeout_s)
    return outcome == [True]


def plain(text: str, length: int) -> str:
    """One line without control, format, private or unpaired characters, at most `length` long."""
    kept = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text[: length * 4])
    line = " ".join(kept.split())
    return line if len(line) <= length else line[: length - 1] + "…"


async def _send(title: str, message: str) -> bool:
    """Hand over; True when the backend says that it went out."""
    import desktop_notifier

    # Its warnings would be written across the dashboard; the result says as much.
    log = logging.getLogger("desktop_notifier")
    log.addHandler(logging.NullHandler())
    log.propagate = False
    notifier: Any = desktop_notifier.DesktopNotifier(app_name=APP_NAME)
    if not await notifier.get_capabilities():  # the stand-in for "no way to show any" has none
        return False
    sent: list[bool] = []
    await notifier.send(title=title, message=message, on_dispatched=lambda: sent.append(True))
    return bool(sent)


def _unmarked(text: str) -> str:
    """Without what notification servers read as markup."""
    return text.replace("&", "and").replace("<", "‹").replace(">", "›")


def _desktop_obstacle(environ: Mapping[str, str], platform: str) -> str:
    """Why no desktop notification can be shown; empty when one can."""
    if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
        return "this is a remote session, its desktop is elsewhere"
    if platform.startswith("linux"):
        if not (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")):
            return "there is no graphical session"
        if not _session_bus_exists(environ):
            return "there is no D-Bus session"
    elif platform not in {"darwin", "win32"}:
        return f"not known how on {platform}"
    if importlib.util.find_spec("desktop_notifier") is None:
        return "desktop-notifier is not installed (the extra `notify`)"
    return ""


def _session_bus_exists(environ: Mapping[str, str]) -> bool:
    """Whether the session bus's socket is there: the one named, else systemd's usual place."""
    address = environ.get("DBUS_SESSION_BUS_ADDRESS", "")
    if address:
        paths = re.findall(r"unix:(?:[^;]*,)?path=([^,;]+)", address)
        # An abstract socket or TCP has no file to look for; it was set by whoever started the bus.
        return any(Path(path).exists() for path in paths) if paths else True
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    return bool(runtime) and (Path(runtime) / "bus").exists()


def _osc_kind(term_env: Mapping[str, str]) -> int | None:
    program = term_env.get("TERM_PROGRAM", "").lower()
    # Inside tmux TERM_PROGRAM is "tmux"; the outer terminal is told by what it set beside it.
    term = term_env.get("TERM", "").lower()
    if (
        program in _OSC_9
        or term in _OSC_9
        or term_env.get("KITTY_WINDOW_ID")
        or term_env.get("ITERM_SESSION_ID")
    ):
        return 9
    if term_env.get("WEZTERM_PANE") or term_env.get("GHOSTTY_RESOURCES_DIR"):
        return 9
    if term.startswith(_OSC_777):
        return 777
    return None


def _stdout_is_tty() -> bool:
    try:
        return sys.stdout.isatty()
    except (AttributeError, ValueError):  # no stdout (pythonw), or closed
        return False
