"""Real terminals on a real X server, where they are installed: `apt-get install xvfb xterm` for the least."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from quota_tui.automation import terminal_test as module
from tests.automation.terminals.stage import HOSTILE
from tests.automation.terminals.test_terminal_test import COMMAND

pytestmark = pytest.mark.slow


@pytest.fixture
def screen(tmp_path):
    """The environment of a desktop that has nothing but an X server."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed: no window was opened for real")
    given, said = os.pipe()
    command = ["Xvfb", "-displayfd", str(said), "-screen", "0", "1000x700x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=(said,), stderr=subprocess.DEVNULL) as server:
        os.close(said)
        try:
            with os.fdopen(given) as answer:
                number = answer.readline().strip()
            home = tmp_path / "home"
            home.mkdir(mode=0o700)
            yield {
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "HOME": str(home),
                "XDG_RUNTIME_DIR": str(home),
                "DISPLAY": f":{number}",
                "LIBGL_ALWAYS_SOFTWARE": "1",
            }
        finally:
            server.terminate()


@pytest.mark.parametrize(
    ("name", "program"), [("user-terminal", "xterm"), ("kitty", "kitty"), ("konsole", "konsole")]
)
def test_a_real_window_opens_in_a_hostile_folder(name, program, screen, tmp_path, monkeypatch):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed: no window of it was opened for real")
    folder = tmp_path / HOSTILE.replace("\n", " ")
    folder.mkdir()
    seen = []
    monkeypatch.setattr(module, "_note", lambda found, _: seen.append(found) or "")
    result = module.test_terminal(
        name, screen | {"TERMINAL": program}, str(folder), command=COMMAND, timeout_s=60.0
    )
    assert result.ok, result
    assert seen[0].is_terminal
    assert os.path.realpath(seen[0].folder) == os.path.realpath(folder)
    assert os.listdir(folder) == []
