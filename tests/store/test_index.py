"""How far each transcript was read."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from quota_tui.store.database import write
from quota_tui.store.index import Index, IndexedFile


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    made = Index(tmp_path / "cache" / "index.db")
    yield made
    made.close()


def test_what_is_put_comes_back(index: Index) -> None:
    files = [
        IndexedFile("/a/s1.jsonl", 7, 100, 123456789012345678, b"cursor", b"notes", 3),
        IndexedFile("/a/日本.jsonl", 8, 0, 0, b""),
    ]
    with write(index.db):
        index.put(files)
    assert [index.get(file.path) for file in files] == files
    assert index.stamps() == {"/a/s1.jsonl": (7, 100, 123456789012345678), "/a/日本.jsonl": (8, 0, 0)}
    assert index.stamps_of("/a/s1.jsonl") == (7, 100, 123456789012345678)
    assert index.with_notes() == files[:1]
    assert index.notes_total() == 3
    index.put([IndexedFile("/a/s1.jsonl", 7, 200, 1, b"later")])
    assert index.notes_total() == 0
    index.forget(["/a/s1.jsonl", "/never/there"])
    assert (index.get("/a/s1.jsonl"), index.stamps_of("/a/s1.jsonl")) == (None, None)


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="file names there are always text")
def test_a_name_that_is_no_text_is_a_name(index: Index) -> None:
    path = os.fsdecode(b"/a/\xff\xfe.jsonl")
    file = IndexedFile(path, 1, 2, 3, b"c", b"n", 1)
    index.put([file])
    assert index.get(path) == file
    assert index.with_notes() == [file]
    assert index.stamps_of(path) == index.stamps()[path] == (1, 2, 3)
    index.forget([path])
    assert index.stamps() == {}


def test_starting_over_forgets_cursors_and_knows_the_history(index: Index) -> None:
    index.put([IndexedFile("/a", 1, 2, 3, b"")])
    assert index.history_id() == ""
    index.start_over("h1")
    assert (index.stamps(), index.history_id()) == ({}, "h1")
    index.start_over("h2")
    assert index.history_id() == "h2"


def test_it_is_private_and_new_only_once(tmp_path: Path, index: Index) -> None:
    path = tmp_path / "cache" / "index.db"
    assert index.is_new
    again = Index(path)
    assert not again.is_new
    again.close()
    assert path.stat().st_mode & 0o777 == 0o600
