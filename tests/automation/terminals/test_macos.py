"""AppleScript against a stand-in for osascript: the real one is on macOS only."""

from __future__ import annotations

import glob
import os
import re
import subprocess
import tempfile

import pytest

from quota_tui.automation.terminals import macos
from quota_tui.automation.terminals.base import TerminalError
from quota_tui.automation.terminals.choose import rehearse
from quota_tui.automation.terminals.iterm2 import ITerm2
from quota_tui.automation.terminals.kitty import Kitty
from quota_tui.automation.terminals.terminal_app import TerminalApp
from tests.automation.terminals.stage import ARGV

BOTH = [ITerm2("darwin"), TerminalApp("darwin")]
IDS = [each.name for each in BOTH]
DENIED = "36:71: execution error: Not authorized to send Apple events to Terminal. (-1743)\n"


@pytest.fixture
def mac(programs_here, env, tmp_path):
    programs_here.add("osascript", "open")
    for bundle in ("iTerm.app", "Utilities/Terminal.app"):
        (tmp_path / "home" / "Applications" / bundle).mkdir(parents=True)
    return env


@pytest.mark.parametrize("terminal", BOTH, ids=IDS)
def test_the_script_is_constant_and_data_are_arguments(terminal, programs_here, mac, request_for, folder):
    assert terminal.available(mac) == ""
    assert terminal.open(request_for(mac)).how == f"{terminal.title} window"
    (call,) = programs_here.calls
    assert call["argv"] == ["-e", type(terminal).script, "API id 0 x", *ARGV]
    # Nothing that a person wrote can reach the shell in the window: the folder is told to nobody.
    assert not any("touch" in item for item in call["argv"])


@pytest.mark.parametrize("terminal", BOTH, ids=IDS)
@pytest.mark.parametrize("kind", ["script", "rehearsal"])
def test_the_scripts_are_whole(terminal, kind):
    script = getattr(terminal, kind)
    assert script.startswith("on run argv\n")
    assert script.endswith("end run\n")
    blocks = re.findall(r"^ *(repeat|tell)\b(?! application .* to )(?! current .* to )", script, re.MULTILINE)
    ends = re.findall(r"^ *end (repeat|tell)$", script, re.MULTILINE)
    assert sorted(blocks) == sorted(ends)
    for line in script.splitlines():
        if "do script" in line or " command " in line:
            assert "commandLine" in line
    if kind == "script":
        assert script.count("quoted form of (item i of argv)") == 1
        assert "{" not in script


@pytest.mark.parametrize("terminal", BOTH, ids=IDS)
def test_what_is_missing_is_said(terminal, programs_here, env, mac, tmp_path):
    assert "is for macOS" in type(terminal)("linux").available(mac)
    assert "not installed" in terminal.available({**mac, "HOME": str(tmp_path / "other")})
    (programs_here.folder / "osascript").unlink()
    assert "osascript was not found" in terminal.available(mac)
    assert "osascript was not found" in terminal.rehearse(mac)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (DENIED, r"does not allow iTerm2 to be controlled \(-1743\).*Automation"),
        ("execution error: iTerm got an error: Application isn’t running. (-600)", "nobody is logged in"),
        ("execution error: Can’t get application. (-1728)", "was not found by macOS"),
        ("execution error: something (else) (-99)", "something"),
        ("", "did not say why"),
    ],
)
def test_a_refusal_is_understood(said, why, programs_here, mac, request_for):
    programs_here.says("osascript", "-e", code=1, err=said)
    with pytest.raises(TerminalError, match=why):
        ITerm2("darwin").open(request_for(mac))


def test_a_question_that_nobody_answers_is_told(programs_here, mac, request_for, monkeypatch):
    monkeypatch.setattr(macos, "_TIMEOUT_S", 0.2)
    osascript = programs_here.folder / "osascript"
    osascript.write_text(
        "#!/bin/sh\nexec 3<>/dev/null; while :; do read -r line <&3 || exec sleep 30; done\n"
    )
    with pytest.raises(TerminalError, match="macOS may be asking"):
        ITerm2("darwin").open(request_for(mac | {"PATH": f"{mac['PATH']}:/usr/bin:/bin"}))


def test_terminal_falls_back_on_a_file_which_needs_no_permission(
    programs_here, mac, request_for, tmp_path, monkeypatch
):
    files = tmp_path / "tmp"
    files.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(files))
    programs_here.says("osascript", "-e", code=1, err=DENIED)
    out = tmp_path / "out"
    argv = ("/bin/sh", "-c", f'printf "%s|" "$@" > "{out}"', "sh", "it's", "$HOME", "a b")
    assert "opened as a file" in TerminalApp("darwin").open(request_for(mac, argv)).how
    call = programs_here.calls[-1]
    assert (call["name"], call["argv"][:2]) == ("open", ["-a", "Terminal"])
    (path,) = glob.glob(f"{files}/*")
    assert call["argv"][2:] == [path]
    assert os.stat(path).st_mode & 0o777 == 0o700
    subprocess.run([path], check=True, timeout=10)  # what Terminal does with it
    assert out.read_text() == "it's|$HOME|a b|"
    assert os.listdir(files) == []


def test_a_file_that_cannot_be_opened_is_removed(programs_here, mac, request_for, tmp_path, monkeypatch):
    files = tmp_path / "tmp"
    files.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(files))
    programs_here.says("osascript", "-e", code=1, err=DENIED)
    programs_here.says("open", "-a", code=1, err="Unable to find application")
    with pytest.raises(TerminalError, match=r"-1743.*as a file: Unable to find application"):
        TerminalApp("darwin").open(request_for(mac))
    assert os.listdir(files) == []


def test_the_permission_is_tried_without_opening_anything(programs_here, mac):
    assert rehearse(TerminalApp("darwin"), mac) == ""
    assert programs_here.calls[-1]["argv"] == ["-e", TerminalApp.rehearsal]
    programs_here.says("osascript", "-e", code=1, err=DENIED)
    assert "System Settings" in rehearse(TerminalApp("darwin"), mac)
    assert rehearse(Kitty("darwin"), mac) == ""
