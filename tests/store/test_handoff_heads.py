from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from quota_tui.core.automatic import is_automatic, marked_automatic
from quota_tui.core.handoff import Handoff
from quota_tui.core.handoff_markdown import parse, render
from quota_tui.store.handoff_heads import MOST_BYTES, MOST_FILES, latest_of_project, latest_of_session
from quota_tui.store.handoffs import Handoffs

AT = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


def save(claude: Path, project: str, at: datetime = AT, session: str = "s1", **more: object) -> str:
    values: dict[str, object] = {"title": "t", "project": project, "from_session": session, **more}
    return Handoffs(claude).save(Handoff(**values), at).id  # type: ignore[arg-type]


def test_the_latest_of_a_project_and_of_a_session(tmp_path: Path) -> None:
    assert latest_of_project(tmp_path, "/p") is None
    old = save(tmp_path, "/p", AT - timedelta(days=1))
    new = save(tmp_path, "/p", session="s2", title='it\'s: "x"')
    save(tmp_path, "/q", AT + timedelta(days=1))
    head = latest_of_project(tmp_path, "/p/")
    assert head is not None
    assert (head.id, head.title, head.from_session, head.created_at) == (new, 'it\'s: "x"', "s2", AT)
    assert head.text == head.path.read_text(encoding="utf-8")
    assert not head.is_cut
    found = latest_of_session(tmp_path, "s1")
    assert found is not None
    assert found.project == "/q"
    assert latest_of_session(tmp_path, "nobody") is None
    head.path.unlink()
    head = latest_of_project(tmp_path, "/p")
    assert head is not None
    assert head.id == old


@pytest.mark.parametrize("first", ["aaaa", "zzzz"])
def test_of_one_minute_the_later_one(tmp_path: Path, first: str) -> None:
    """Ids tell the minute and the session; the front tells the time."""
    second = {"aaaa": "zzzz", "zzzz": "aaaa"}[first]
    save(tmp_path, "/p", AT + timedelta(seconds=1), session=first)
    later = save(tmp_path, "/p", AT + timedelta(seconds=2), session=second)
    head = latest_of_project(tmp_path, "/p")
    assert head is not None
    assert head.id == later


def test_whatever_lies_in_the_folder(tmp_path: Path) -> None:
    good = save(tmp_path, "/p")
    folder = tmp_path / "session-handoffs"
    (folder / "handoff-20991231-2359-dir.md").mkdir()
    (folder / "handoff-20991231-2359-claimed.md").write_bytes(b"")
    (folder / "handoff-20991231-2359-binary.md").write_bytes(b"\xff\x00" * 100)
    (folder / "handoff-20991231-2359-nofront.md").write_text("# by hand\nproject: /p\n")
    (folder / "handoff-20991231-2359-open.md").write_text("---\nproject: /other\ntitle")
    (folder / "HANDOFF.md").write_text("---\nproject: /p\n---\n")
    if sys.platform != "win32":
        os.mkfifo(folder / "handoff-20991231-2359-fifo.md")
    head = latest_of_project(tmp_path, "/p")
    assert head is not None
    assert head.id == good


def test_a_huge_one_is_read_in_part(tmp_path: Path) -> None:
    save(tmp_path, "/p", instructions="x" * 300_000)
    head = latest_of_project(tmp_path, "/p")
    assert head is not None
    assert head.is_cut
    assert len(head.text) == MOST_BYTES


def test_among_very_many_only_the_newest_are_looked_at(tmp_path: Path) -> None:
    save(tmp_path, "/p", AT - timedelta(days=1))
    folder = tmp_path / "session-handoffs"
    for number in range(MOST_FILES):
        (folder / f"handoff-20261120-1600-{number:03}.md").write_text("---\nproject: /q\n---\n")
    assert latest_of_project(tmp_path, "/p") is None


def test_the_mark_of_an_automatic_one_survives_the_file(tmp_path: Path) -> None:
    handoff = marked_automatic(marked_automatic(Handoff(extra_front=(("x", "y"),))))
    assert len(handoff.extra_front) == 2
    again = parse(render(handoff))
    assert is_automatic(again)
    assert not is_automatic(Handoff())
    Handoffs(tmp_path).save(marked_automatic(Handoff(project="/p", from_session="s")), AT)
    head = latest_of_session(tmp_path, "s")
    assert head is not None
    assert head.is_automatic
