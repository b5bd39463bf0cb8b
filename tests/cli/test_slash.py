"""`slash`: what our slash commands run. Facts for Claude to pass on, and plain words about what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from quota_tui import __version__
from quota_tui.automation.command_texts import command_texts
from quota_tui.cli import root
from quota_tui.store.paths import our_paths
from tests.monitor.rig import run, tell, work

RUNS = ("session-status", "automation-status", "cancel-next-session", "estimate-session")


def said(name: str, **env: str) -> str:
    done = run("slash", name, **env)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode()


def test_every_slash_command_has_its_answer(home: Path) -> None:
    for name, data in command_texts(our_paths()).items():
        if name != "plan-next-session":
            assert f" slash {name} " in data.decode()
            assert name in RUNS
            assert said(name)


def test_the_status_of_this_session(home: Path) -> None:
    work(home, name="s1")
    tell(62.5)
    text = said("session-status", CLAUDE_CODE_SESSION_ID="s1")
    assert text.startswith("5-hour: 62 % used")
    assert "official" in text or "fused" in text
    assert "this session: 122k tokens in 60 calls since 12:31" in text
    assert "this session" not in said("session-status", CLAUDE_CODE_SESSION_ID="another")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("automation-status", "starts no session by itself yet: nothing is arranged"),
        ("cancel-next-session", "There is nothing to cancel"),
        ("estimate-session", "does not estimate work yet"),
    ],
)
def test_what_is_missing_is_said(home: Path, name: str, words: str) -> None:
    command = {"estimate-session": "estimate"}.get(name, "automation")
    if command in root.cli.list_commands(None):  # type: ignore[arg-type]
        pytest.skip("it exists by now")
    text = said(name)
    assert words in text
    assert f"quota-tui {__version__}" in text


def test_an_unknown_one_is_one_line(home: Path) -> None:
    for arguments in (["slash"], ["slash", "rm -rf $HOME\n"]):
        done = run(*arguments)
        assert done.returncode == 2
        assert done.stderr.count(b"\n") == 1


def test_settings_that_are_wrong_are_one_line(home: Path) -> None:
    done = run("slash", "session-status", QUOTA_TUI_QUOTA_READY_PCT="much")
    assert done.returncode == 3
    assert b"QUOTA_TUI_QUOTA_READY_PCT" in done.stderr
