from __future__ import annotations

import pytest

from quota_tui.automation.terminals.base import TerminalError
from quota_tui.automation.terminals.choose import NAMES, choices, choose, remembered, terminals
from tests.automation.terminals.stage import tmux, until


@pytest.mark.parametrize(
    ("env", "name"),
    [
        ({}, ""),
        ({"TERM": "xterm-256color"}, ""),
        ({"TMUX": "/tmp/tmux-0/default,1,0", "KITTY_PID": "1", "TERM": "xterm-kitty"}, "tmux"),
        ({"TERM_PROGRAM": "Apple_Terminal"}, "terminal-app"),
        ({"TERM_PROGRAM": "iTerm.app", "ITERM_SESSION_ID": "w0"}, "iterm2"),
        ({"TERM": "xterm-kitty", "TERM_PROGRAM": "WezTerm"}, "kitty"),  # kitty started from WezTerm
        ({"KITTY_PID": "7"}, "kitty"),
        ({"TERM_PROGRAM": "WezTerm", "WEZTERM_PANE": "0"}, "wezterm"),
        ({"TERM": "xterm-ghostty", "TERM_PROGRAM": "ghostty"}, "ghostty"),
        ({"ALACRITTY_SOCKET": "/run/x", "TERM": "alacritty"}, "alacritty"),
        ({"GNOME_TERMINAL_SCREEN": "/org/gnome/x", "TERM": "xterm-256color"}, "gnome-terminal"),
        ({"KONSOLE_VERSION": "221203"}, "konsole"),
        ({"WT_SESSION": "0-1"}, "windows-terminal"),
        ({"TERM_PROGRAM": "vscode", "KITTY_PID": "7"}, ""),
    ],
)
def test_the_terminal_in_which_a_shell_runs(env, name):
    assert remembered(env) == name
    assert not name or name in NAMES


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32", "freebsd14"])
def test_every_platform_has_its_terminals(platform):
    names = [each.name for each in terminals(platform)]
    assert len(set(names)) == len(names)
    assert set(names) <= set(NAMES)
    assert names[0] == "template"
    assert ("tmux" in names) == (platform != "win32")
    assert ("iterm2" in names) == (platform == "darwin")


def test_nothing_at_all_is_said_with_all_reasons(env):
    with pytest.raises(
        TerminalError, match=r"no terminal can be opened: .*kitty is not installed.*tmux is not"
    ):
        choose("auto", env, "linux")


def test_the_one_in_which_it_was_arranged_comes_first(programs_here, env):
    programs_here.add("kitty", "alacritty", "konsole", "tmux")
    found = choices("auto", env | {"TERM": "alacritty"}, "linux")
    assert [each.terminal.name for each in found] == ["alacritty", "kitty", "konsole", "tmux"]
    assert found[0].why == "it was arranged in one"
    assert choose("", env | {"TERM": "alacritty"}, "linux").name == "alacritty"


def test_one_that_is_gone_is_named_in_the_reason(programs_here, env):
    programs_here.add("konsole", "tmux")
    first = choices("auto", env | {"TERM": "xterm-kitty"}, "linux")[0]
    assert (first.terminal.name, first.why) == ("konsole", "kitty, where it was arranged, is gone")


def test_without_a_screen_tmux_is_what_remains(programs_here, env):
    programs_here.add("kitty", "xterm", "tmux")
    found = choices("auto", {**env, "WAYLAND_DISPLAY": "", "TERMINAL": "xterm"}, "linux")
    assert [each.terminal.name for each in found] == ["tmux"]


def test_a_tmux_without_a_server_comes_after_what_can_be_seen(programs_here, env):
    programs_here.add("konsole", "tmux")
    programs_here.says("tmux", "-u", code=1, err="no server running")
    inside = env | {"TMUX": "/tmp/gone,1,0"}
    assert [each.terminal.name for each in choices("auto", inside, "linux")] == ["konsole", "tmux"]
    programs_here.says("tmux", "-u", out="77 $0 1 1700000000 main\n")
    assert [each.terminal.name for each in choices("auto", inside, "linux")] == ["tmux", "konsole"]


def test_a_persons_own_command_is_before_all(programs_here, env):
    programs_here.add("kitty", "myterm")
    first = choices("auto", env | {"TERM": "xterm-kitty"}, "linux", ("myterm", "{command}"))[0]
    assert (first.terminal.name, first.why) == ("template", "it is the terminal command of your settings")


def test_the_named_one_or_none(programs_here, env):
    programs_here.add("kitty", "gnome-terminal")
    assert choose("Kitty", env, "linux").name == "kitty"
    for name, why in (
        ("konsole", "Konsole is not installed"),
        ("gnome_terminal", "D-Bus"),
        ("windows-terminal", "for another system"),
        ("xterm", "'xterm' is no terminal that is known here: auto, template"),
    ):
        with pytest.raises(TerminalError, match=why):
            choose(name, env, "linux")


def test_a_server_of_tmux_is_seen_for_real(tmux_env):
    from quota_tui.automation.terminals.tmux import Tmux

    assert not Tmux().running(tmux_env)
    tmux("new-session", "-d", env=tmux_env)
    assert Tmux().running(tmux_env)
    tmux("kill-server", env=tmux_env)
    until(lambda: not Tmux().running(tmux_env))
