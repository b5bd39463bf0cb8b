from __future__ import annotations

import json
import os
import sys

import pytest

from quota_tui.automation import wakefile
from quota_tui.store.files import StoreError


def test_a_shell_that_says_nothing_means_just_that(home) -> None:
    """A terminal's server may have been started with other places."""
    environ = {"HOME": str(home), "QUOTA_TUI_HOME": "/elsewhere", "TZ": "UTC"}
    assert not wakefile.apply("api-1", environ)
    assert environ["QUOTA_TUI_HOME"] == "/elsewhere"
    wakefile.write("api-1", {"HOME": str(home), "PATH": "/bin"})
    assert wakefile.apply("api-1", environ)
    assert environ == {"HOME": str(home), "TZ": "UTC"}
    wakefile.remove("api-1")
    assert not wakefile.wakes_dir().parent.exists()


def test_places_are_found_again_from_a_bare_environment(home, monkeypatch) -> None:
    monkeypatch.chdir(home)
    shell = {
        "HOME": str(home),
        "QUOTA_TUI_HOME": "ours",
        "CLAUDE_CONFIG_DIR": "~/a, b ",
        "TZ": "Asia/Tokyo",
        "QUOTA_TUI_QUOTA_READY_PCT": "70",
        "QUOTA_TUI_NOW": "2026-01-01",
        "ANTHROPIC_API_KEY": "secret",
    }
    path = wakefile.write("api-1", shell)
    assert path == home / ".local/share/quota-tui/wakes/api-1.json" or sys.platform != "linux"
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
    bare = {"HOME": str(home), "XDG_DATA_HOME": "/of/another/login"}
    assert wakefile.apply("api-1", bare)
    assert bare == {
        "HOME": str(home),
        "QUOTA_TUI_HOME": str(home / "ours"),
        "CLAUDE_CONFIG_DIR": f"{home / 'a'},{home / 'b'}",
        "TZ": "Asia/Tokyo",
        "QUOTA_TUI_QUOTA_READY_PCT": "70",
    }
    wakefile.remove("api-1")
    wakefile.remove("api-1")
    assert not path.exists()


def test_folders_with_something_else_in_them_stay(home) -> None:
    wakefile.write("api-1", {"HOME": str(home)})
    other = wakefile.write("api-2", {"HOME": str(home)})
    wakefile.remove("api-1")
    assert other.exists()
    other.with_name("mine.txt").touch()
    wakefile.remove("api-2")
    assert other.with_name("mine.txt").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"QUOTA_TUI_HOME": 3}',
        b'{"QUOTA_TUI_HOME": "a\\u0000b"}',
        b'{"PATH": "/evil", "LD_PRELOAD": "/evil.so", "QUOTA_TUI_NOW": "2020-01-01"}',
        b"\xff\xfe",
        b'{"QUOTA_TUI_HOME": "' + b"x" * 70_000 + b'"}',
    ],
)
def test_what_is_not_ours_to_say_is_not_believed(home, content) -> None:
    path = wakefile.wake_path("api-1")
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    before = {"HOME": str(home)}
    environ = dict(before)
    wakefile.apply("api-1", environ)
    assert environ == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_folder_in_its_place(home) -> None:
    wakefile.wake_path("api-1").mkdir(parents=True)
    environ = {"HOME": str(home)}
    assert not wakefile.apply("api-1", environ)
    with pytest.raises(StoreError):
        wakefile.write("api-1", {"HOME": str(home), "QUOTA_TUI_HOME": "/x"})
    wakefile.remove("api-1")


@pytest.mark.parametrize("job_id", ["", "../x", "a/b", "A", "a b", "x" * 49, "a\n"])
def test_only_ids_of_jobs_name_files(home, job_id) -> None:
    with pytest.raises(ValueError, match="no id"):
        wakefile.wake_path(job_id)


def test_the_file_lies_where_each_system_keeps_data() -> None:
    env = {"HOME": "/home/dev", "XDG_DATA_HOME": "/x", "QUOTA_TUI_HOME": "/y", "LOCALAPPDATA": "/l"}
    assert wakefile.wakes_dir(env, "linux").as_posix() == "/home/dev/.local/share/quota-tui/wakes"
    mac = "/home/dev/Library/Application Support/quota-tui/wakes"
    assert wakefile.wakes_dir(env, "darwin").as_posix() == mac
    assert wakefile.wakes_dir(env, "win32").as_posix() == "/l/quota-tui/wakes"


def test_it_is_plain_json(home) -> None:
    path = wakefile.write("api-1", {"HOME": str(home), "QUOTA_TUI_HOME": "/x"})
    assert json.loads(path.read_text()) == {
        "QUOTA_TUI_HOME": "/x",
        "XDG_CONFIG_HOME": None,
        "XDG_DATA_HOME": None,
        "XDG_CACHE_HOME": None,
        "CLAUDE_CONFIG_DIR": None,
    }
