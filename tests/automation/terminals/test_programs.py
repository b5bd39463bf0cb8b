from __future__ import annotations

import os
import sys
import threading

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.automation.terminals import programs
from quota_tui.automation.terminals.base import TerminalError
from quota_tui.automation.terminals.programs import NoAnswerError, ask, checked, find, plain_title, start
from tests.automation.terminals.stage import until


@given(st.text())
def test_a_title_has_nothing_that_a_terminal_reads(title):
    found = plain_title(title)
    assert 0 < len(found) <= 40
    assert all(char.isalnum() or char in " ._-" for char in found)
    assert not found.startswith(("-", " ", "."))


def test_a_title_stays_readable():
    assert plain_title("Überblick: JWT-endpoints_v1.2") == "Überblick JWT-endpoints_v1.2"
    assert plain_title("-rf #(x);\x1b]0;") == "rf x 0"
    assert plain_title(";;") == "quota-tui"


def test_what_cannot_be_opened_is_refused_in_a_sentence(request_for, tmp_path):
    good = request_for({})
    assert checked(good).folder == good.folder
    for change, why in (
        ({"argv": ("python", "-P")}, "no absolute path"),
        ({"argv": ("/bin/python",)}, "no absolute path"),
        ({"argv": ("/bin/python", "a\nb")}, "control character"),
        ({"folder": str(tmp_path / "gone\nnow")}, "gone now does not exist"),
        ({"folder": "relative"}, "relative does not exist"),
        ({"folder": "/a\0b"}, "does not exist"),
    ):
        with pytest.raises(TerminalError, match=why):
            checked(msgspec.structs.replace(good, **change))


def test_programs_are_found_by_absolute_path_only(programs_here, tmp_path, monkeypatch):
    programs_here.add("kitty")
    monkeypatch.chdir(tmp_path)
    home = {"HOME": str(tmp_path)}
    assert find("kitty", {"PATH": f"bin:{programs_here.folder}", **home}) == str(
        programs_here.folder / "kitty"
    )
    assert find("kitty", {"PATH": "bin:.:", **home}) == ""
    monkeypatch.setattr(programs, "_USUAL", (str(programs_here.folder),))
    assert find("kitty", home) == str(programs_here.folder / "kitty")  # a wake-up's PATH can be bare


def test_a_macos_application_brings_its_program(programs_here, tmp_path):
    home = {"HOME": str(tmp_path), "PATH": ""}
    inside = tmp_path / "Applications" / "kitty.app" / "Contents" / "MacOS"
    inside.mkdir(parents=True)
    (inside / "kitty").touch(0o755)
    bundled = "kitty.app/Contents/MacOS/kitty"
    assert find("kitty", home, bundled, "darwin") == str(inside / "kitty")
    assert find("kitty", home, bundled, "linux") == ""


def test_a_terminal_that_fails_at_once_says_why(tmp_path):
    code = "import sys; print('first', file=sys.stderr); print('no\\x1b[31m screen\\n', file=sys.stderr); sys.exit(3)"
    with pytest.raises(TerminalError, match=r"ended at once: no \[31m screen$"):
        start([sys.executable, "-ISc", code], {}, str(tmp_path))
    with pytest.raises(TerminalError, match="exit code 4"):
        start([sys.executable, "-ISc", "raise SystemExit(4)"], {}, str(tmp_path))
    with pytest.raises(TerminalError, match="none does not start"):
        start([str(tmp_path / "none")], {}, str(tmp_path))


def test_a_terminal_that_stays_is_left_alone_and_buried_when_it_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(programs, "GRACE_S", 0.05)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    before = threading.active_count()
    start([sys.executable, "-ISc", f"open({str(fifo)!r}).read()"], {}, str(tmp_path))
    assert threading.active_count() == before + 1
    with open(fifo, "w") as file:
        file.write("end")
    until(lambda: threading.active_count() == before)


def test_a_program_that_does_not_answer_is_ended(tmp_path):
    with pytest.raises(NoAnswerError, match=r"within 0\.1 s"):
        ask([sys.executable, "-ISc", "import threading; threading.Event().wait(60)"], {}, timeout_s=0.1)
