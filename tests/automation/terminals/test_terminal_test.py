"""The test of a terminal that a person runs, and what runs inside the terminal meanwhile."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import quota_tui
from quota_tui.automation import terminal_test as module
from quota_tui.automation.terminal_test import Marker, marker_path, write_marker
from quota_tui.automation.terminals.tmux import Tmux
from quota_tui.cli.automation_opened import opened
from tests.automation.terminals.stage import settled, tmux, until

ROOT = str(Path(quota_tui.__file__).parent.parent)
CODE = "import sys; sys.path.insert(0, sys.argv.pop(1)); from quota_tui.cli.automation_opened import opened; opened()"
COMMAND = (sys.executable, "-P", "-c", CODE, ROOT)


class Clock:
    """Time that passes only while somebody waits."""

    now = 100.0

    def __call__(self):
        return self.now

    def wait(self, seconds):
        self.now += seconds


def test_a_terminal_that_opens_is_seen_and_nothing_is_left(tmux_env, tmp_path):
    folder = tmp_path / "it's #(touch pwned)"
    folder.mkdir()
    result = module.test_terminal("tmux", tmux_env | {"PYTHONPATH": ROOT}, str(folder))
    assert result.ok, result
    assert (result.terminal, result.problem, result.advice, result.note) == ("tmux", "", "", "")
    assert result.how.startswith("tmux window 0 of session quota-tui")
    assert result.attach == "tmux attach -t quota-tui:0"
    assert 0 < result.took_s < module.TIMEOUT_S
    shown = ("capture-pane", "-p", "-t", "quota-tui:0")
    until(lambda: "when you press a key" in tmux(*shown, env=tmux_env))
    assert "quota-tui opened this terminal to see that it can: it can." in tmux(*shown, env=tmux_env)
    tmux("send-keys", "-t", "quota-tui:0", "x", env=tmux_env)
    until(lambda: settled(tmux_env) and not Tmux().running(tmux_env))
    assert list(Path(tmux_env["HOME"]).rglob("*quota-tui*")) == []


def test_a_terminal_in_which_nothing_runs_is_told_of(programs_here, env, tmp_path):
    programs_here.add("konsole", "tmux")
    programs_here.says("tmux", "-u", out="@1 2 main\n")
    clock = Clock()
    quiet = {"clock": clock, "wait": clock.wait, "timeout_s": 5.0, "platform": "linux"}
    result = module.test_terminal("auto", env, str(tmp_path), **quiet)
    assert (result.ok, result.terminal, result.why) == (False, "konsole", "it can be opened here")
    assert result.took_s == pytest.approx(5.0, abs=0.1)
    assert "did not run in it within 5 s" in result.problem
    assert "new window" in result.advice
    result = module.test_terminal("tmux", env, str(tmp_path), **quiet)
    assert "look at it with `tmux attach -t main:2`" in result.advice
    assert not (tmp_path / "home" / ".local").joinpath("share", "quota-tui").exists()


def test_the_command_is_this_python_in_one_fixed_shape(programs_here, env, tmp_path):
    programs_here.add("konsole")
    clock = Clock()
    module.test_terminal("konsole", env, str(tmp_path), platform="linux", clock=clock, wait=clock.wait)
    argv = programs_here.calls[0]["argv"]
    own = argv[argv.index("-e") + 1 :]
    assert own[:-1] == [sys.executable, "-P", "-m", "quota_tui", "automation", "opened"]
    assert module.TOKEN_SHAPE.fullmatch(own[-1])


def test_what_cannot_be_opened_says_what_to_do(programs_here, env, tmp_path):
    result = module.test_terminal("konsole", env, str(tmp_path), platform="linux")
    assert (result.ok, result.problem) == (False, "Konsole is not installed (konsole was not found)")
    assert "another" in result.advice
    programs_here.add("osascript")
    (tmp_path / "home" / "Applications" / "iTerm.app").mkdir(parents=True)
    programs_here.says("osascript", "-e", code=1, err="execution error: Not authorized (-1743)")
    result = module.test_terminal("iterm2", env, str(tmp_path), platform="darwin")
    assert "-1743" in result.problem
    assert "System Settings" in result.advice
    assert not (tmp_path / "home" / "Library").joinpath("Application Support", "quota-tui").exists()


def test_where_it_runs_is_noted(programs_here, env, tmp_path):
    for marker, note in (
        (Marker(str(tmp_path), True, 1), ""),
        (Marker("/", True, 1), "starts in another folder"),
        (Marker(str(tmp_path), False, 1), "no terminal for its input"),
    ):
        programs_here.add("konsole")
        clock = Clock()

        def arrives(seconds, marker=marker, clock=clock):
            clock.wait(seconds)
            argv = programs_here.calls[-1]["argv"]
            path = marker_path(argv[-1], env)
            path.write_bytes(module.msgspec.json.encode(marker))

        result = module.test_terminal(
            "konsole", env, str(tmp_path), platform="linux", clock=clock, wait=arrives
        )
        assert result.ok
        assert note in result.note
        assert bool(note) == bool(result.note)


@pytest.mark.parametrize("token", ["", "../x", "A", "a b", "a--b", "-a", "a\n", "a/b", "x" * 49])
def test_only_a_token_names_a_marker(token, home):
    with pytest.raises(ValueError, match="is no token"):
        marker_path(token)
    result = CliRunner().invoke(opened, ["--", token])
    assert result.exit_code == 2
    assert "is no token" in result.output


def test_the_marker_is_written_only_while_somebody_waits(home):
    result = CliRunner().invoke(opened, ["tmux-0f"])
    assert result.exit_code == 0
    assert "has stopped waiting" in result.output
    assert not (home / ".local").exists()
    marker_path("tmux-0f").parent.mkdir(parents=True)
    result = CliRunner().invoke(opened, ["tmux-0f"])
    assert "it can" in result.output
    assert marker_path("tmux-0f").exists()
    assert not write_marker_where_nobody_waits()


def write_marker_where_nobody_waits():
    path = marker_path("tmux-0f")
    path.unlink()
    path.parent.rmdir()
    return write_marker("tmux-0f", Marker("/", True, 1))


def test_the_marker_is_found_without_our_variables(tmp_path):
    bare = {"HOME": str(tmp_path)}
    assert marker_path("a-1", bare | {"QUOTA_TUI_HOME": "/x", "XDG_DATA_HOME": "/y"}) == marker_path(
        "a-1", bare
    )


@pytest.mark.parametrize("key", [b"x", b" ", b"\n"])
def test_a_key_ends_it_and_is_not_shown(key, home):
    mine, theirs = pty.openpty()
    env = {**os.environ, "HOME": str(home)}
    said = b""

    def heard(words):
        nonlocal said
        said += os.read(mine, 4096)
        return words in said

    with subprocess.Popen(
        [*COMMAND, "tmux-1"], stdin=theirs, stdout=theirs, stderr=theirs, env=env
    ) as process:
        until(lambda: heard(b"press a key"))
        os.write(mine, key)
        assert process.wait(6) == 0  # before it ends by itself
    os.close(theirs)
    os.close(mine)
    assert said.rstrip().endswith(b"press a key.")
