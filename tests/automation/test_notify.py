from __future__ import annotations

import asyncio
import importlib.util
import logging
import subprocess
import sys
import threading
import time
import types
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.automation.notify import RungName, notification_rung, osc_sequence, plain, send_desktop

KITTY = {"TERM": "xterm-kitty", "KITTY_WINDOW_ID": "1"}
FOOT = {"TERM": "foot"}


@pytest.fixture
def bus(tmp_path):
    """A Linux desktop: a display and a session bus whose socket exists."""
    (tmp_path / "bus").touch()
    return {"DISPLAY": ":0", "DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/bus,guid=0f"}


@pytest.fixture
def library(monkeypatch):
    """A stand-in for desktop-notifier that keeps what it was sent and behaves as told."""
    module = types.ModuleType("desktop_notifier")
    module.sent = []
    module.capabilities = {"title"}
    module.dispatches = True
    module.fails_with = None
    module.wait_s = 0.0

    class DesktopNotifier:
        def __init__(self, app_name: str) -> None:
            self.app_name = app_name

        async def get_capabilities(self):
            return frozenset(module.capabilities)

        async def send(self, title, message, on_dispatched):
            if module.wait_s:
                await asyncio.sleep(module.wait_s)
            if module.fails_with is not None:
                raise module.fails_with
            logging.getLogger("desktop_notifier.backends").warning("as noisy as the real one")
            module.sent.append((self.app_name, title, message))
            if module.dispatches:
                on_dispatched()
            return "id"

    module.DesktopNotifier = DesktopNotifier
    monkeypatch.setitem(sys.modules, "desktop_notifier", module)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    return module


def rung(env, **kwargs):
    return notification_rung(env, **({"platform": "linux", "is_tty": True} | kwargs))


def test_a_desktop_is_the_best_rung(bus, library):
    assert rung(bus).name is RungName.DESKTOP
    assert rung(bus, is_tty=False).name is RungName.DESKTOP
    for platform in ("darwin", "win32"):
        assert rung({}, platform=platform).name is RungName.DESKTOP


def test_the_bus_of_the_runtime_folder_counts(tmp_path, library):
    env = {"WAYLAND_DISPLAY": "wayland-0", "XDG_RUNTIME_DIR": str(tmp_path)}
    assert rung(env).name is not RungName.DESKTOP
    (tmp_path / "bus").touch()
    assert rung(env).name is RungName.DESKTOP


def test_an_abstract_bus_is_taken_at_its_word(library):
    assert (
        rung({"DISPLAY": ":0", "DBUS_SESSION_BUS_ADDRESS": "unix:abstract=/tmp/x"}).name is RungName.DESKTOP
    )


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"DISPLAY": ""}, "no graphical session"),
        ({"DBUS_SESSION_BUS_ADDRESS": ""}, "no D-Bus session"),
        ({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere/bus"}, "no D-Bus session"),
        ({"SSH_CONNECTION": "1.2.3.4 5 6.7.8.9 22"}, "remote session"),
    ],
)
def test_without_a_desktop_the_terminal_is_next(bus, library, changed, why):
    found = rung(bus | changed | KITTY)
    assert found.name is RungName.OSC
    assert why in found.why


def test_without_the_library_the_reason_is_told(bus, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    found = rung(bus)
    assert found.name is RungName.BELL
    assert "not installed" in found.why


def test_the_lower_rungs(library):
    assert rung({"TERM": "xterm-256color"}).name is RungName.BELL
    assert rung({"TERM": "xterm-256color"}, is_tty=False).name is RungName.TOAST
    assert rung(KITTY, is_tty=False).name is RungName.TOAST
    assert "freebsd" in rung({}, platform="freebsd14").why


def test_a_lost_stdout_is_no_terminal(monkeypatch, library):
    monkeypatch.setattr(sys, "stdout", None)
    assert notification_rung({}, platform="linux").name is RungName.TOAST


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        (KITTY, "\x1b]9;Quota 81%: plan; now\a"),
        ({"TERM_PROGRAM": "iTerm.app", "TERM": "xterm-256color"}, "\x1b]9;Quota 81%: plan; now\a"),
        ({"TERM_PROGRAM": "WezTerm"}, "\x1b]9;Quota 81%: plan; now\a"),
        ({"TERM": "xterm-ghostty"}, "\x1b]9;Quota 81%: plan; now\a"),
        (FOOT, "\x1b]777;notify;Quota 81%;plan, now\a"),
        ({"TERM": "rxvt-unicode-256color"}, "\x1b]777;notify;Quota 81%;plan, now\a"),
        (
            KITTY | {"TMUX": "/tmp/tmux-0/default,1,0", "TERM": "tmux-256color"},
            "\x1bPtmux;\x1b\x1b]9;Quota 81%: plan; now\a\x1b\\",
        ),
        (FOOT | {"STY": "1.pts"}, "\x1bP\x1b]777;notify;Quota 81%;plan, now\a\x1b\\"),
        ({"TERM": "xterm-256color"}, ""),
        ({"TERM": "linux"}, ""),
        ({"TERM": "dumb", "TERM_PROGRAM": "vscode"}, ""),
        ({}, ""),
    ],
)
def test_each_terminal_gets_its_own_sequence(env, expected):
    assert osc_sequence("Quota 81%", "plan; now", env) == expected


def test_no_message_can_be_read_as_a_command():
    assert osc_sequence("", "4;3;50", KITTY) == "\x1b]9; 4;3;50\a"
    assert osc_sequence("9;x", "", KITTY) == "\x1b]9; 9;x\a"


@given(title=st.text(max_size=200), text=st.text(max_size=600), env=st.sampled_from([KITTY, FOOT]))
def test_no_text_ends_the_sequence_or_begins_another(title, text, env):
    sequence = osc_sequence(title, text, env)
    assert sequence.startswith("\x1b]")
    assert sequence.endswith("\a")
    inside = sequence[2:-1]
    assert not any(unicodedata.category(char).startswith("C") for char in inside)
    if env is FOOT:
        assert inside.count(";") == 3
    sequence.encode("utf-8")


@given(text=st.text(), length=st.integers(min_value=1, max_value=50))
def test_plain_text_is_one_short_line(text, length):
    line = plain(text, length)
    assert len(line) <= length
    assert line == line.strip()
    assert plain(line, length) == line


def test_plain_text_keeps_words_and_drops_tricks():
    assert (
        plain("90 % used\x1b]0;pwned\a\n\tproject \u202egnp.exe \x9b31m", 80)
        == "90 % used ]0;pwned project gnp.exe 31m"
    )
    assert plain("a" * 100, 10) == "a" * 9 + "…"


def test_a_notification_is_sent_and_said_so(bus, library):
    assert send_desktop("Quota <b>81%</b>", "plan & arrange\x07 it", env=bus) is True
    assert library.sent == [("quota-tui", "Quota ‹b›81%‹/b›", "plan and arrange it")]


def test_the_librarys_own_log_stays_off_the_screen(bus, library, caplog):
    with caplog.at_level(logging.WARNING):
        assert send_desktop("a", "b", env=bus)
    assert caplog.records == []


def test_success_without_a_dispatch_is_a_failure(bus, library):
    library.dispatches = False
    assert send_desktop("a", "b", env=bus) is False


def test_a_backend_that_can_do_nothing_is_a_failure(bus, library):
    library.capabilities = set()
    assert send_desktop("a", "b", env=bus) is False
    assert library.sent == []


@pytest.mark.parametrize(
    "error", [OSError("no bus"), RuntimeError("no app"), ImportError("no winrt"), KeyError("x")]
)
def test_any_failure_of_the_library_is_false(bus, library, error):
    library.fails_with = error
    assert send_desktop("a", "b", env=bus) is False


def test_a_stuck_library_does_not_hold_us(bus, library):
    library.wait_s = 60.0
    started = time.monotonic()
    assert send_desktop("a", "b", timeout_s=0.1, env=bus) is False
    assert time.monotonic() - started < 5
    for thread in threading.enumerate():
        if thread.name == "desktop notification":
            thread.join(10)  # it ends by itself: the wait inside has the same limit
            assert not thread.is_alive()


def test_without_a_desktop_nothing_is_tried(library):
    assert send_desktop("a", "b", env={"SSH_TTY": "/dev/pts/1"}) is False
    assert library.sent == []


def test_it_may_be_called_while_a_loop_runs(bus, library):
    async def main() -> bool:
        return await asyncio.to_thread(send_desktop, "a", "b", 3.0, bus) and send_desktop("c", "d", 3.0, bus)

    assert asyncio.run(main())
    assert [title for _, title, _ in library.sent] == ["a", "c"]


def test_importing_it_is_light():
    code = "import sys, quota_tui.automation.notify; print(*({'asyncio', 'desktop_notifier'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
