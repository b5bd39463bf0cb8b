"""`$TERMINAL`, the desktop's terminal, and a person's own command."""

from __future__ import annotations

import pytest

from quota_tui.automation.terminals.base import TerminalError
from quota_tui.automation.terminals.template import Template
from quota_tui.automation.terminals.user_terminal import DesktopTerminal, UserTerminal
from tests.automation.terminals.stage import ARGV


@pytest.mark.parametrize(
    ("value", "given"),
    [
        ("xterm", ["-e"]),
        ("xterm -fa 'Fira Code'", ["-fa", "Fira Code", "-e"]),
        ("foot", []),
        ("gnome-terminal", ["--"]),
        ("xfce4-terminal", ["-x"]),
        ("wezterm", ["start", "--"]),
        ("BIN/my term", ["-e"]),
    ],
)
def test_the_terminal_of_the_environment(value, given, programs_here, env, request_for):
    programs_here.add("xterm", "foot", "gnome-terminal", "xfce4-terminal", "wezterm", "my term")
    env["TERMINAL"] = value.replace("BIN", str(programs_here.folder))
    assert UserTerminal("linux").available(env) == ""
    assert "window" in UserTerminal("linux").open(request_for(env)).how
    (call,) = programs_here.calls
    assert call["argv"] == [*given, *ARGV]


@pytest.mark.parametrize(
    ("value", "why"),
    [("", "not set"), (" ", "not set"), ("gone -e", "was not found"), ("'", "was not found")],
)
def test_a_terminal_that_is_not_there(value, why, env, request_for):
    env["TERMINAL"] = value
    assert why in UserTerminal("linux").available(env)
    with pytest.raises(TerminalError, match=why):
        UserTerminal("linux").open(request_for(env))


def test_no_window_without_a_screen(programs_here, env):
    programs_here.add("xterm")
    for terminal in (UserTerminal("linux"), DesktopTerminal("linux")):
        assert "graphical" in terminal.available({**env, "TERMINAL": "xterm", "WAYLAND_DISPLAY": ""})


def test_the_desktops_terminal_is_the_first_that_opens(programs_here, env, request_for):
    assert "no terminal of a desktop" in DesktopTerminal("linux").available(env)
    with pytest.raises(TerminalError, match="no terminal of a desktop"):
        DesktopTerminal("linux").open(request_for(env))
    programs_here.add("xterm", "x-terminal-emulator")
    programs_here.says("x-terminal-emulator", code=1, err="no bus")
    assert DesktopTerminal("linux").available(env) == ""
    assert DesktopTerminal("linux").open(request_for(env)).how == "xterm window"
    assert [call["name"] for call in programs_here.calls] == ["x-terminal-emulator", "xterm"]
    programs_here.says("xterm", code=1, err="no screen")
    with pytest.raises(TerminalError, match="xterm ended at once: no screen"):
        DesktopTerminal("linux").open(request_for(env))


@pytest.mark.parametrize("placeholder", ["{command}", "{argv}"])
def test_a_persons_own_command(placeholder, programs_here, env, request_for, folder):
    programs_here.add("myterm")
    own = Template(["myterm", "--in", "{folder}", "--name", "{title}", "-x", placeholder, "$HOME"], "linux")
    screenless = {**env, "WAYLAND_DISPLAY": ""}
    assert own.available(screenless) == ""
    assert "myterm" in own.open(request_for(screenless)).how
    (call,) = programs_here.calls
    assert call["argv"] == ["--in", folder, "--name", "API id 0 x", "-x", *ARGV, "$HOME"]


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ([], "no terminal command is set"),
        (["myterm"], "must have one item"),
        (["myterm", "{argv}", "{command}"], "must have one item"),
        (["{command}"], "must have one item"),
        (["myterm", "-c", "cd {folder} && run", "{command}"], "must stand alone"),
        (["gone", "{command}"], "was not found"),
    ],
)
def test_a_command_that_cannot_be_used_says_why(template, why, programs_here, env, request_for):
    programs_here.add("myterm")
    assert why in Template(template, "linux").available(env)
    with pytest.raises(TerminalError, match=why):
        Template(template, "linux").open(request_for(env))
    assert programs_here.calls == []
