"""Handoffs on disk: private, whole, never one over another, and drafts that outlive a crash."""

from __future__ import annotations

import os
import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from quota_tui.core.handoff import Handoff, Objective
from quota_tui.core.handoff_markdown import parse, render
from quota_tui.store.drafts import Draft
from quota_tui.store.files import StoreError
from quota_tui.store.handoffs import MAX_BYTES, HandoffError, Handoffs, new_id

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes, links and kills of posix")
NOW = datetime(2026, 11, 20, 17, 31, 12, tzinfo=UTC)
SESSION = "0748c499-0eb6-45f2-ab18-2e548b2d1d30"
WORK = Handoff(title="Auth", from_session=SESSION, objectives=(Objective("Refresh tokens", 18_000),))


@pytest.fixture
def store(tmp_path: Path) -> Handoffs:
    return Handoffs(tmp_path / "claude")


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def of(project: Path | str, **more: object) -> Handoff:
    return Handoff(**{"title": "t", "project": str(project), "from_session": SESSION, **more})


def test_saved_and_loaded(store: Handoffs) -> None:
    saved = store.save(WORK, NOW)
    assert saved.id == "20261120-1731-0748c499"
    assert saved.path == store.folder / "handoff-20261120-1731-0748c499.md"
    entry = store.load(saved.id)
    assert entry.handoff == saved.handoff
    assert (entry.handoff.id, entry.handoff.created_at, entry.notes) == (saved.id, NOW, ())
    assert entry.handoff.objectives == WORK.objectives
    assert parse(saved.path.read_text(encoding="utf-8")) == saved.handoff
    assert names(store.folder) == [saved.path.name]


@posix
def test_only_this_user_may_read(store: Handoffs) -> None:
    old = os.umask(0)
    try:
        saved = store.save(WORK, NOW)
        with Draft(store.folder.parent, "/p") as draft:
            draft.save(WORK)
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in store.folder.iterdir()}
    finally:
        os.umask(old)
    assert set(modes.values()) == {0o600}
    assert len(modes) == 3, "the handoff, the draft, its lock"
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(saved.path.stat().st_mode) == 0o600


def test_secrets_are_masked_and_said(store: Handoffs) -> None:
    key = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cD1fG3hJ5"
    saved = store.save(Handoff(instructions=f"use {key}"), NOW)
    assert key not in saved.path.read_text()
    assert [(item.field, item.kinds) for item in saved.masked] == [("instructions", ("GitHub token",))]
    again = store.replace(Handoff(id=saved.id, title=key))
    assert key not in again.path.read_text()
    assert len(again.masked) == 1


def test_ids() -> None:
    assert new_id(SESSION, NOW) == "20261120-1731-0748c499"
    assert new_id("Ab/..\\é!12", NOW.astimezone()) == "20261120-1731-ab12"
    assert new_id("", NOW) != new_id("", NOW)
    assert len(new_id("", NOW)) == len("20261120-1731-0748c499")


def test_the_same_session_twice_in_a_minute(store: Handoffs) -> None:
    ids = [store.save(WORK, NOW + timedelta(seconds=at)).id for at in range(12)]
    assert ids[:3] == ["20261120-1731-0748c499", "20261120-1731-0748c499-02", "20261120-1731-0748c499-03"]
    assert store.ids() == ids, "in the order they were saved"
    assert store.latest().id == ids[-1]


def test_listed_by_time_the_newest_first(store: Handoffs) -> None:
    for minute, session in ((5, "a"), (1, "z"), (3, "m")):
        store.save(Handoff(from_session=session * 8), NOW + timedelta(minutes=minute))
    assert [entry.id[-1] for entry in store.entries()] == ["a", "m", "z"]
    (store.folder / "handoff-my-own.md").write_text("# Mine\n")
    os.utime(store.folder / "handoff-my-own.md", (NOW.timestamp() + 240, NOW.timestamp() + 240))
    assert [entry.handoff.title for entry in store.entries()] == ["", "Mine", "", ""], (
        "by when it was written"
    )


def test_the_latest_of_a_project(store: Handoffs, tmp_path: Path) -> None:
    api, web = tmp_path / "api", tmp_path / "web"
    api.mkdir()
    assert store.latest(str(api)) is None
    first = store.save(of(api), NOW)
    store.save(of(web), NOW + timedelta(minutes=1))
    assert store.latest(str(api) + os.sep).id == first.id
    assert store.latest(str(tmp_path / "web" / ".." / "api")).id == first.id
    assert store.latest(str(tmp_path)) is None
    assert store.latest().handoff.project == str(web)
    later = store.save(of(api, from_session="00000000"), NOW + timedelta(seconds=20))
    assert later.id < first.id
    assert store.latest(str(api)).id == later.id, "within a minute the time inside decides"


@posix
def test_a_linked_project_is_the_same_project(store: Handoffs, tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "link").symlink_to("api")
    saved = store.save(of(tmp_path / "link"), NOW)
    assert store.latest(str(tmp_path / "api")).id == saved.id


def test_found_by_a_part_of_the_id(store: Handoffs) -> None:
    one = store.save(WORK, NOW)
    two = store.save(Handoff(from_session="ffffffff"), NOW + timedelta(minutes=1))
    assert store.find("0748c499").id == one.id
    assert store.find("20261120-1732").id == two.id
    assert store.find(two.id).id == two.id
    for word in ("2026", "", "nope", "../../etc/passwd", "0748"):
        with pytest.raises(HandoffError, match="handoff list"):
            store.find(word)


def test_removed(store: Handoffs) -> None:
    saved = store.save(WORK, NOW)
    assert store.remove(saved.id) == saved.path
    assert store.ids() == []
    with pytest.raises(HandoffError, match="there is no handoff"):
        store.remove(saved.id)


@pytest.mark.parametrize("bad", ["", "../x", "a/b", "A", "é", "-a", "a" * 200, "a\n", "a.md", "\0"])
def test_what_is_no_id_touches_nothing(store: Handoffs, bad: str) -> None:
    with pytest.raises(HandoffError, match="no id"):
        store.load(bad)
    with pytest.raises(HandoffError, match="no id"):
        store.replace(Handoff(id=bad))
    assert not store.folder.exists()


def test_no_folder_is_no_handoff(store: Handoffs) -> None:
    assert (store.ids(), store.latest(), list(store.entries())) == ([], None, [])
    with pytest.raises(HandoffError):
        store.load("x")


def test_a_folder_in_the_way_is_named(store: Handoffs) -> None:
    store.folder.parent.mkdir()
    store.folder.write_text("")
    with pytest.raises(StoreError, match="session-handoffs"):
        store.save(WORK, NOW)
    with pytest.raises(StoreError, match="session-handoffs"):
        store.ids()


def test_what_a_person_did_to_a_file(store: Handoffs) -> None:
    saved = store.save(WORK, NOW)
    saved.path.write_bytes(b"\xef\xbb\xbf" + render(saved.handoff).replace("\n", "\r\n").encode())
    assert store.load(saved.id).handoff == saved.handoff, "an editor on Windows"
    saved.path.write_bytes(b"---\ntitle: caf\xe9\nid: other\n---\n")
    entry = store.load(saved.id)
    assert (entry.handoff.title, entry.handoff.id) == ("caf\ufffd", saved.id)
    assert [note.line for note in entry.notes] == [2]
    copy = store.folder / "handoff-copy-of-it.md"
    copy.write_bytes(saved.path.read_bytes())
    assert store.load("copy-of-it").handoff.id == "copy-of-it"
    (store.folder / "notes.md").write_text("not ours")
    (store.folder / "handoff-a-folder.md").mkdir()
    assert set(store.ids()) == {saved.id, "copy-of-it"}


def test_a_file_without_bounds_is_refused(store: Handoffs) -> None:
    saved = store.save(WORK, NOW)
    with saved.path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(HandoffError, match="32 MB"):
        store.load(saved.id)
    assert list(store.entries()) == []


def test_a_failed_save_leaves_no_claim(store: Handoffs, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match="the disk is full"):
            store.save(WORK, NOW)
    assert names(store.folder) == []
    assert store.save(WORK, NOW).id == "20261120-1731-0748c499"


def test_claims_that_were_never_filled_are_swept_away(store: Handoffs) -> None:
    store.folder.mkdir(parents=True)
    stale, fresh = store.folder / "handoff-stale.md", store.folder / "handoff-fresh.md"
    for path in (stale, fresh):
        path.write_bytes(b"")
    os.utime(stale, (1, 1))
    assert store.ids() == []
    assert list(store.entries()) == []
    saved = store.save(WORK, NOW)
    assert names(store.folder) == sorted([saved.path.name, fresh.name])
    with pytest.raises(HandoffError, match="there is no handoff fresh"):
        store.load("fresh")
