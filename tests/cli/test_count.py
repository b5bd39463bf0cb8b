from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from quota_tui.cli.count import _texts, count
from quota_tui.core.pricing import Pricer
from quota_tui.ingest.scan import scan
from quota_tui.monitor.stores import Stores
from quota_tui.sources.tokenizer import FACTORS_KEY, raw_count
from quota_tui.store.paths import our_paths
from quota_tui.store.prices import load_prices
from tests.conftest import NOW
from tests.lines import line, write_transcript
from tests.sources.test_tokenizer import transcripts

WORDS = "The parser reads one line at a time, and keeps the best one of each call.\n" * 200
MODEL = "claude-sonnet-5-5"


@pytest.fixture
def folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(home)
    (home / "notes.md").write_text(WORDS, encoding="utf-8")
    (home / "short.md").write_text("hello world!", encoding="utf-8")
    return home


def run(*arguments: str, given: bytes | None = None, flags: dict[str, object] | None = None) -> Result:
    return CliRunner().invoke(count, arguments, input=given, obj=flags or {})


def run_json(*arguments: str, given: bytes | None = None) -> dict[str, Any]:
    done = run("--json", *arguments, given=given)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def used(home: Path, *lines: str) -> None:
    """Calls that are in the history; their transcript is gone."""
    path = write_transcript(home, list(lines), "-gone/s.jsonl")
    stores = Stores(our_paths(), NOW)
    scan([str(home / ".claude" / "projects")], stores.index, stores.history, Pricer(load_prices()))
    stores.close()
    path.unlink()


def test_one_file_without_any_history_is_marked_as_assumed(folder: Path) -> None:
    done = run("notes.md")
    assert done.exit_code == 0
    assert done.stderr == ""
    raw = raw_count(WORDS).tokens
    assert done.stdout == (
        f"≈{raw * 1.47 / 1000:.1f}k tokens ({raw * 1.35 / 1000:.1f}–{raw * 1.6 / 1000:.1f}k)"
        " current Claude models, factor 1.47 assumed: too few of your replies have told it yet\n"
    )


def test_the_factor_is_the_users_own(folder: Path) -> None:
    transcripts(folder, 1.3)
    found = run_json("notes.md")
    raw = raw_count(WORDS).tokens
    assert (found["model"], found["factor_source"], found["factor_replies"]) == (MODEL, "replies", 30)
    assert found["factor"] == pytest.approx(1.3, rel=0.01)
    assert found["files"] == [{"path": "notes.md", **found["total"]}]
    assert found["total"]["raw_tokens"] == raw
    assert found["total"]["low"] <= found["total"]["tokens"] <= found["total"]["high"]
    assert found["total"]["tokens"] == pytest.approx(1.3 * raw, rel=0.01)
    assert run("notes.md").stdout.endswith(f" {MODEL}, factor 1.30 from 30 of your replies\n")


def test_several_files_have_a_total(folder: Path) -> None:
    lines = run("notes.md", "short.md", "notes.md").stdout.splitlines()
    assert [each.split()[-1] for each in lines[:4]] == ["notes.md", "short.md", "notes.md", "total"]
    assert lines[1].startswith("≈4 tokens (4–5) ")
    assert lines[4].startswith("current Claude models, factor 1.47 assumed")
    found = run_json("notes.md", "short.md")
    for name, value in found["total"].items():
        assert value == sum(each[name] for each in found["files"])


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_standard_input(home: Path, arguments: tuple[str, ...]) -> None:
    found = run_json(*arguments, given=WORDS.encode())
    assert found["files"][0]["path"] == "-"
    assert found["total"]["raw_tokens"] == raw_count(WORDS).tokens


def test_nothing_at_all(home: Path) -> None:
    found = run_json("-", given=b"")
    assert found["total"] == {"tokens": 0, "low": 0, "high": 0, "raw_tokens": 0}


def test_what_cannot_be_counted_is_told_and_the_rest_is_counted(folder: Path) -> None:
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    done = run("picture.png", "no such.md", ".", "short.md")
    assert done.exit_code == 3
    assert done.stdout.startswith("≈4 tokens (4–5) ")
    assert done.stderr.splitlines() == [
        "quota-tui: picture.png: is not text (it has zero bytes); not counted",
        "quota-tui: no such.md: cannot be read (No such file or directory); not counted",
        "quota-tui: .: is a folder; name the files in it",
    ]
    alone = run("picture.png")
    assert (alone.exit_code, alone.stdout) == (3, "")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read(folder: Path) -> None:
    (folder / "short.md").chmod(0)
    done = run("short.md")
    assert (done.exit_code, done.stderr) == (
        3,
        "quota-tui: short.md: cannot be read (Permission denied); not counted\n",
    )


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_other_encodings_with_a_mark(folder: Path, encoding: str) -> None:
    (folder / "windows.txt").write_bytes(WORDS.encode(encoding))
    found = run_json("windows.txt")["total"]["raw_tokens"]
    assert 0 <= found - raw_count(WORDS).tokens <= 3


def test_bytes_that_are_no_text_still_count(folder: Path) -> None:
    broken = WORDS.encode().replace(b"line", b"l\xefne") + b"\xe2\x82"
    found = run_json("-", given=broken)["total"]["raw_tokens"]
    assert found == raw_count(broken.decode("utf-8", "replace")).tokens


def test_a_character_over_the_border_of_two_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quota_tui.cli.count._BLOCK", 7)
    words = "日本語のテキスト" * 3
    assert "".join(_texts(io.BytesIO(words.encode()))) == words
    assert "".join(_texts(io.BytesIO(words.encode("utf-16")))) == words
    assert "".join(_texts(io.BytesIO(words.encode()[:-1]))) == words[:-1] + "�"


@pytest.mark.skipif(sys.platform == "win32", reason="a posix terminal")
def test_a_terminal_is_not_waited_for(home: Path) -> None:
    import pty

    master, terminal = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", "from quota_tui.cli.count import count; count([], obj={})"],
        stdin=terminal,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    os.close(master)
    os.close(terminal)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "quota-tui: name a file, or - for what you type up to ctrl+d\n"


def test_a_name_full_of_controls_draws_nothing(folder: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("no such names there")
    name = "evil\x1b[31m\u202egpj.\n"
    (folder / name).write_text("x", encoding="utf-8")
    (folder / os.fsdecode(b"caf\xe9")).write_text("y", encoding="utf-8")
    done = run(name, os.fsdecode(b"caf\xe9"))
    assert done.exit_code == 0
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert len(done.stdout.splitlines()) == 4
    assert run_json(os.fsdecode(b"caf\xe9"))["files"][0]["path"] == "caf�"


def test_ascii_only(folder: Path) -> None:
    done = run("notes.md", "short.md", flags={"display.ascii": True})
    assert done.stdout.isascii()
    assert done.stdout.startswith("~")


# -- which model


def test_the_model_used_most_lately_is_the_default(folder: Path) -> None:
    used(
        folder,
        line("a", "a", at=NOW - timedelta(days=2), model="claude-opus-5-5", tokens=(10, 500, 0, 0)),
        line("b", "b", at=NOW - timedelta(days=1), model="claude-haiku-4-5-20251001", tokens=(10, 50, 0, 0)),
        line(
            "c", "c", at=NOW - timedelta(days=40), model="claude-opus-4-5-20251101", tokens=(10, 90_000, 0, 0)
        ),
    )
    assert run_json("short.md")["model"] == "claude-opus-5-5"
    assert run_json("short.md", "--model", "haiku")["model"] == "claude-haiku-4-5"
    assert run_json("short.md", "--model", "claude-opus-4-5-20251101")["factor"] == 1.12
    assert run_json("short.md", "--model", "sonnet")["model"] == "sonnet"


def test_old_use_is_better_than_none(folder: Path) -> None:
    used(folder, line("c", "c", at=NOW - timedelta(days=40), model="claude-opus-4-5-20251101"))
    assert run_json("short.md")["model"] == "claude-opus-4-5"


def test_a_family_lends_its_factor(folder: Path) -> None:
    transcripts(folder, 1.3)
    found = run_json("notes.md", "--model", "claude-sonnet-5")
    assert (found["model"], found["factor_model"], found["factor_replies"]) == ("claude-sonnet-5", MODEL, 30)


# -- what it costs


def test_a_broken_journal_stops_no_count(folder: Path) -> None:
    journal = our_paths().journal_db
    journal.parent.mkdir(parents=True)
    journal.write_bytes(b"not a database at all" * 100)
    done = run("short.md")
    assert done.exit_code == 0
    assert done.stdout.startswith("≈4 tokens (4–5) ")
    assert "damaged" in done.stderr


def test_an_unusable_table_stops_no_count(folder: Path) -> None:
    stores = Stores(our_paths(), NOW)
    stores.journal.db.execute("DROP TABLE learned")
    stores.close()
    done = run("short.md", "--model", "claude-opus-5")
    assert done.exit_code == 0
    assert done.stdout.startswith("≈4 tokens (4–5) claude-opus-5, factor 1.47 assumed")
    assert "nothing learned could be read" in done.stderr


def test_what_was_learned_is_kept_for_the_next_count(folder: Path) -> None:
    transcripts(folder, 1.3)
    run("short.md")
    stores = Stores(our_paths(), NOW)
    assert stores.journal.learned(FACTORS_KEY, timedelta(hours=1), NOW)
    stores.close()


def test_as_a_program_it_needs_neither_textual_nor_the_network(folder: Path) -> None:
    program = """
import socket, sys
def refused(*_, **__): raise AssertionError("network")
socket.socket = socket.create_connection = socket.getaddrinfo = refused
from quota_tui.cli.count import count
try: count(["short.md"], obj={})
finally: print(sorted({"textual", "rich", "requests"} & sys.modules.keys()))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONIOENCODING": "utf-8"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "[]"
