"""Terminals with windows, against stand-ins that record what they are given."""

from __future__ import annotations

import os

import pytest

from quota_tui.automation.terminals.alacritty import Alacritty
from quota_tui.automation.terminals.base import TerminalError
from quota_tui.automation.terminals.ghostty import Ghostty
from quota_tui.automation.terminals.gnome_terminal import GnomeTerminal
from quota_tui.automation.terminals.kitty import Kitty
from quota_tui.automation.terminals.konsole import Konsole
from quota_tui.automation.terminals.wezterm import WezTerm
from quota_tui.automation.terminals.windows_terminal import WindowsTerminal
from tests.automation.terminals.stage import ARGV

TITLE = "API id 0 x"
SHAPES = [
    (Alacritty("linux"), ["--working-directory", "FOLDER", "--title", TITLE, "-e", *ARGV]),
    (Ghostty("linux"), ["--working-directory=FOLDER", "-e", *ARGV]),
    (GnomeTerminal("linux"), ["--window", "--working-directory=FOLDER", f"--title={TITLE}", "--", *ARGV]),
    (Kitty("linux"), ["--directory", ".", "--title", TITLE, "--", *ARGV]),
    (Konsole("linux"), ["--separate", "--workdir", ".", "-p", f"tabtitle={TITLE}", "-e", *ARGV]),
    (WezTerm("linux"), ["start", "--cwd", "FOLDER", "--", *ARGV]),
]


@pytest.mark.parametrize(("terminal", "shape"), SHAPES, ids=[each.name for each, _ in SHAPES])
def test_everything_is_passed_as_whole_arguments(terminal, shape, programs_here, env, request_for, folder):
    programs_here.add(terminal.program)
    opened = terminal.open(request_for(env | {"TMUX": "/tmp/gone,1,0", "DISPLAY": ":gone"}))
    assert opened.how == f"{terminal.title} window"
    assert opened.attach == ""
    (call,) = programs_here.calls
    assert call["argv"] == [item.replace("FOLDER", folder) for item in shape]
    assert call["cwd"] == os.path.realpath(folder)
    assert call["env"]["PWD"] == folder
    assert call["env"]["WAYLAND_DISPLAY"] == env["WAYLAND_DISPLAY"]
    assert not {"CLAUDECODE", "TMUX", "DISPLAY"} & call["env"].keys()
    assert sorted(os.listdir(folder)) == []


@pytest.mark.parametrize("terminal", [each for each, _ in SHAPES], ids=[each.name for each, _ in SHAPES])
def test_what_is_missing_is_said(terminal, programs_here, env, request_for, listening):
    assert "is not installed" in terminal.available(env)
    with pytest.raises(TerminalError, match="is not installed"):
        terminal.open(request_for(env))
    programs_here.add(terminal.program)
    bus = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={listening('bus')}"}
    assert terminal.available(env | bus) == ""
    assert "graphical" in terminal.available({**env, **bus, "WAYLAND_DISPLAY": ""})
    programs_here.says(terminal.program, code=1, err="cannot open display\n")
    with pytest.raises(TerminalError, match="ended at once: cannot open display"):
        terminal.open(request_for(env))


def test_gnome_terminal_needs_the_session_bus(programs_here, env):
    programs_here.add("gnome-terminal")
    assert "D-Bus" in GnomeTerminal("linux").available(env)


def test_the_running_kitty_is_asked_where_it_listens(programs_here, env, request_for, folder, listening):
    programs_here.add("kitty")
    place = f"unix:{listening('kitty')}"
    screenless = {**env, "KITTY_LISTEN_ON": place, "WAYLAND_DISPLAY": ""}
    assert Kitty("linux").available(screenless) == ""
    assert "running kitty" in Kitty("linux").open(request_for(screenless)).how
    (call,) = programs_here.calls
    assert call["argv"] == [
        *("@", "--to", place, "launch", "--type", "os-window"),
        *("--cwd", folder, "--title", TITLE, "--", *ARGV),
    ]


def test_a_kitty_that_refuses_requests_gets_a_new_window(programs_here, env, request_for, listening):
    programs_here.add("kitty")
    programs_here.says("kitty", "@", code=1, err="Remote control is disabled")
    found = Kitty("linux").open(request_for(env | {"KITTY_LISTEN_ON": f"unix:{listening('kitty')}"}))
    assert found.how == "kitty window"
    assert [call["argv"][0] for call in programs_here.calls] == ["@", "--directory"]


@pytest.mark.parametrize("place", ["unix:/gone", "tcp:localhost:1", "fd:5", "nonsense"])
def test_a_kitty_that_is_gone_is_not_asked(place, programs_here, env, request_for):
    programs_here.add("kitty")
    Kitty("linux").open(request_for(env | {"KITTY_LISTEN_ON": place}))
    assert [call["argv"][0] for call in programs_here.calls] == ["--directory"]


def test_the_running_wezterm_is_asked_else_it_is_started(programs_here, env, request_for, folder, listening):
    programs_here.add("wezterm")
    running = env | {"WEZTERM_UNIX_SOCKET": listening("gui-sock-1")}
    assert "running WezTerm" in WezTerm("linux").open(request_for(running)).how
    spawn = ["cli", "--no-auto-start", "spawn", "--new-window", "--cwd", folder, "--", *ARGV]
    assert programs_here.calls[0]["argv"] == spawn
    programs_here.says("wezterm", "cli", code=1, err="failed to connect")
    assert WezTerm("linux").open(request_for(running)).how == "WezTerm window"
    assert [call["argv"][0] for call in programs_here.calls] == ["cli", "cli", "start"]


def test_ghostty_on_macos_is_opened_as_an_application(programs_here, env, request_for, folder, tmp_path):
    programs_here.add("open", "ghostty")
    assert "not installed" in Ghostty("darwin").available(env)
    application = tmp_path / "home" / "Applications" / "Ghostty.app"
    application.mkdir(parents=True)
    assert Ghostty("darwin").available(env) == ""
    Ghostty("darwin").open(request_for(env))
    (call,) = programs_here.calls
    own = [f"--working-directory={folder}", "-e", *ARGV]
    assert (call["name"], call["argv"]) == ("open", ["-n", "-a", str(application), "--args", *own])


def test_windows_terminal_reads_no_semicolon_as_a_command(programs_here, env, request_for, folder):
    programs_here.add("wt")
    WindowsTerminal("win32").open(request_for(env))
    (call,) = programs_here.calls
    assert call["argv"][:6] == ["-w", "new", "new-tab", "--title", TITLE, "-d"]
    assert call["argv"][6] == folder.replace(";", "\\;")
    assert call["argv"][7:] == list(ARGV)
