from __future__ import annotations

from quota_tui.automation.environment import for_client, for_terminal, kept, lend_session

SHELL = {
    "PATH": "/home/dev/bin:/bin",
    "DISPLAY": ":1",
    "TMUX": "/tmp/tmux-1/default,42,0",
    "LC_TIME": "C",
    "LANG": "",
    "ANTHROPIC_API_KEY": "secret",
    "CLAUDE_CODE_OAUTH_TOKEN": "secret",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "HTTPS_PROXY": "http://me:secret@proxy",
    "HTTP_PROXY": "http://proxy:3128",
    "CLAUDECODE": "1",
    "LD_PRELOAD": "/x.so",
}


def test_what_is_kept_holds_no_secrets() -> None:
    assert kept(SHELL) == {
        "PATH": "/home/dev/bin:/bin",
        "DISPLAY": ":1",
        "TMUX": "/tmp/tmux-1/default,42,0",
        "LC_TIME": "C",
        "HTTP_PROXY": "http://proxy:3128",
    }
    assert kept({"PATH": "x" * 40_000}) == {}


def test_a_terminal_is_opened_as_from_the_jobs_shell() -> None:
    woken = {
        "PATH": "/bin",
        "TMUX": "/tmp/other,1,0",
        "KITTY_PID": "7",
        "DISPLAY": ":9",
        "CLAUDECODE": "1",
        "X": "y",
    }
    env = for_terminal(kept(SHELL), woken)
    assert env["PATH"] == "/home/dev/bin:/bin"
    assert env["TMUX"] == "/tmp/tmux-1/default,42,0"
    assert env["DISPLAY"] == ":9"  # the login of now, not the one of then
    assert env["X"] == "y"
    assert "KITTY_PID" not in env  # another terminal's
    assert "CLAUDECODE" not in env
    assert for_terminal(kept(SHELL), {})["DISPLAY"] == ":1"


def test_the_client_lives_in_its_terminal_with_the_shells_programs() -> None:
    inside = {
        "TERM": "tmux-256color",
        "TMUX": "new",
        "PATH": "/bin",
        "CLAUDE_CONFIG_DIR": "/x",
        "CLAUDECODE": "1",
    }
    env = for_client(kept(SHELL), inside, "/home/dev/api")
    assert env["PATH"] == "/home/dev/bin:/bin"
    assert env["TMUX"] == "new"
    assert env["TERM"] == "tmux-256color"
    assert env["PWD"] == "/home/dev/api"
    assert not {"CLAUDE_CONFIG_DIR", "CLAUDECODE"} & set(env)
    held = kept({**SHELL, "CLAUDE_CONFIG_DIR": "/mine"})
    assert for_client(held, inside, "/")["CLAUDE_CONFIG_DIR"] == "/mine"


def test_a_wake_up_without_a_desktop_borrows_the_jobs() -> None:
    env = {"DISPLAY": ":9"}
    lend_session({"DISPLAY": ":1", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/bus", "PATH": "/x"}, env)
    assert env == {"DISPLAY": ":9", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/bus"}
