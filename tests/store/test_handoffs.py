"""Handoffs on disk: private, whole, never one over another, and drafts that outlive a crash."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from quota_tui.core.handoff import Handoff, Objective
from quota_tui.core.handoff_markdown import parse, render
from quota_tui.store import drafts
from quota_tui.store.drafts import Draft
from quota_tui.store.files import StoreError
from quota_tui.store.handoffs import MAX_BYTES, HandoffError, Handoffs, Saved, new_id

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


KILLED = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from quota_tui.core.handoff import Handoff
from quota_tui.store.drafts import Draft
from quota_tui.store.handoffs import Handoffs
what, when, name, count, config = sys.argv[1:]
real, left = getattr(os, name), [int(count)]
def dead(*args, **kwargs):
    left[0] -= 1
    if left[0] == 0 and when == "before":
        os._exit(9)
    result = real(*args, **kwargs)
    if left[0] == 0:
        os._exit(9)
    return result
now = datetime(2026, 11, 20, 17, 31, tzinfo=UTC)
new = Handoff(title="new", from_session="0748c499", project="/p", instructions="x" * 50_000)
if what == "save":
    setattr(os, name, dead)
    Handoffs(Path(config)).save(new, now)
else:
    draft = Draft(Path(config), "/p")
    draft.load()
    setattr(os, name, dead)
    draft.save(new) if what == "draft" else draft.publish(new, now)
"""
STEPS = [(when, name) for name in ("open", "fsync", "replace", "unlink") for when in ("before", "after")]


def killed(what: str, when: str, name: str, count: int, config: Path) -> bool:
    """Run until the step and die there; whether it came to it."""
    command = [sys.executable, "-c", KILLED, what, when, name, str(count), str(config)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode in (0, 9), done.stderr
    return done.returncode == 9


def until_the_end(what: str, tmp_path: Path) -> list[Path]:
    """A folder for each step at which the program was killed: all there are."""
    found = []
    for when, name in STEPS:
        for count in range(1, 20):
            config = tmp_path / f"{when}-{name}-{count}"
            config.mkdir()
            old = Handoff(title="old", from_session="old", project="/p")
            Handoffs(config).save(old, NOW - timedelta(hours=1))
            with Draft(config, "/p") as draft:
                draft.save(Handoff(title="draft"))
            if not killed(what, when, name, count, config):
                break
            found.append(config)
    return found


@posix
@pytest.mark.slow
def test_killed_at_every_write_a_handoff_is_whole_or_not_there(tmp_path: Path) -> None:
    survivors = until_the_end("save", tmp_path)
    assert len(survivors) >= 8
    seen = set()
    for config in survivors:
        store = Handoffs(config)
        found = list(store.entries())
        seen.add(len(found))
        assert found[-1].handoff.title == "old"
        for entry in found[:-1]:
            assert (entry.handoff.title, len(entry.handoff.instructions), entry.notes) == ("new", 50_000, ())
        saved = store.save(WORK, NOW)
        assert store.load(saved.id).handoff == saved.handoff, "the next program is not in anybody's way"
        with Draft(config, "/p") as draft:
            assert draft.load() == Handoff(title="draft")
    assert seen == {1, 2}


@posix
@pytest.mark.slow
def test_killed_at_every_write_a_draft_is_the_old_or_the_new(tmp_path: Path) -> None:
    survivors = until_the_end("draft", tmp_path)
    assert len(survivors) >= 6
    seen = set()
    for config in survivors:
        with Draft(config, "/p") as draft:
            typed = draft.load()
            assert typed is not None
            assert typed.title == "draft" or len(typed.instructions) == 50_000
            seen.add(typed.title)
            draft.save(WORK)
            assert draft.load() == WORK
    assert seen == {"draft", "new"}


@posix
@pytest.mark.slow
def test_killed_at_every_step_of_publishing_nothing_is_lost_or_there_twice(tmp_path: Path) -> None:
    survivors = until_the_end("publish", tmp_path)
    assert len(survivors) >= 12
    seen = set()
    for config in survivors:
        saved = [entry for entry in Handoffs(config).entries() if entry.handoff.title == "new"]
        with Draft(config, "/p") as draft:
            typed = draft.load()
        left = typed.title if typed else ""
        assert (len(saved), left) in {(0, "draft"), (0, "new"), (1, "")}
        seen.add((len(saved), left))
    assert len(seen) == 3


SAVER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from quota_tui.core.handoff import Handoff
from quota_tui.store.drafts import Draft
from quota_tui.store.handoffs import Handoffs
store, who = Handoffs(Path(sys.argv[1])), sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
with Draft(Path(sys.argv[1]), "/p") as draft:
    for at in range(25):
        handoff = Handoff(title=f"{who}{at}", from_session="0748c499", project="/p", instructions=who * 20_000)
        draft.save(handoff)
        assert draft.load().title == handoff.title
        store.save(handoff, datetime(2026, 11, 20, 17, 31, tzinfo=UTC))
    print("done", flush=True)
    sys.stdin.readline()
"""


def test_two_dashboards_save_and_draft_at_once(store: Handoffs) -> None:
    config = store.folder.parent
    command = [sys.executable, "-c", SAVER, str(config)]
    both = [subprocess.Popen([*command, who], stdin=-1, stdout=-1, text=True) for who in "ab"]
    for word in ("ready", "done"):
        for program in both:
            assert program.stdout
            assert program.stdin
            assert program.stdout.readline().strip() == word
        if word == "ready":
            for program in both:
                program.stdin.write("go\n")
                program.stdin.flush()
    with Draft(config, "/p") as third:
        assert third.load() is None, "both others still hold theirs"
    for program in both:
        program.communicate("end\n")
        assert program.returncode == 0
    found = list(store.entries())
    assert len(found) == 50
    assert {entry.handoff.title for entry in found} == {f"{who}{at}" for who in "ab" for at in range(25)}
    assert all(set(entry.handoff.instructions) == {entry.handoff.title[0]} for entry in found)
    assert not [name for name in names(store.folder) if "quota-tui" in name or name.endswith(".lock")]


def test_a_draft_comes_back(tmp_path: Path) -> None:
    with Draft(tmp_path, "/p") as draft:
        assert draft.load() is None
        draft.save(Handoff(title="half a ti"))
        draft.save(WORK)
    with Draft(tmp_path, "/q") as other:
        assert other.load() is None, "of another project"
    with Draft(tmp_path, "/p/") as draft:
        assert draft.load() == WORK
        draft.discard()
        assert draft.load() is None
        draft.discard()
    assert names(tmp_path / "session-handoffs") == []


def test_a_draft_is_no_handoff(tmp_path: Path) -> None:
    with Draft(tmp_path, "/p") as draft:
        draft.save(WORK)
        assert Handoffs(tmp_path).ids() == []


def test_drafts_keep_what_was_typed_as_it_was(tmp_path: Path) -> None:
    typed = Handoff(
        title=" \u202ex",
        instructions="---\n\r\n```\n",
        extra_front=(("a", "b"),),
        commands=("PASSWORD=hunter22",),
    )
    with Draft(tmp_path, "/p") as draft:
        draft.save(typed)
        assert draft.load() == typed, "also secrets: they are masked when it is saved"


def test_a_second_form_takes_another_slot(tmp_path: Path) -> None:
    first, second = Draft(tmp_path, "/p"), Draft(tmp_path, "/p")
    assert first.path != second.path
    first.save(Handoff(title="first"))
    second.save(Handoff(title="second"))
    assert (first.load(), second.load()) == (Handoff(title="first"), Handoff(title="second"))
    second.close()
    with Draft(tmp_path, "/p") as third:
        assert third.load() == Handoff(title="second"), "the draft nobody works on"
        third.discard()
    first.close()
    with Draft(tmp_path, "/p") as fourth:
        assert fourth.load() == Handoff(title="first")


def test_without_locks_nobody_writes_over_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import contextlib

    monkeypatch.setattr(drafts, "locked", lambda *_: contextlib.nullcontext())
    one, two = Draft(tmp_path, "/p"), Draft(tmp_path, "/p")
    one.save(Handoff(title="one"))
    two.save(Handoff(title="two"))
    one.save(Handoff(title="one, more"))
    assert (one.load(), two.load()) == (Handoff(title="one, more"), Handoff(title="two"))


def test_too_many_forms_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "_SLOTS", 2)
    with (
        Draft(tmp_path, "/p"),
        Draft(tmp_path, "/p"),
        pytest.raises(StoreError, match="forms are open already"),
    ):
        Draft(tmp_path, "/p")


def test_published(tmp_path: Path) -> None:
    with Draft(tmp_path, "/p") as draft:
        draft.save(Handoff(title="half"))
        saved = draft.publish(of("/p", title="whole"), NOW)
        assert isinstance(saved, Saved)
        assert draft.load() is None
    assert Handoffs(tmp_path).load(saved.id).handoff.title == "whole"
    assert names(tmp_path / "session-handoffs") == [saved.path.name]


def test_a_failed_publish_keeps_the_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise StoreError("write", tmp_path, OSError(28, "full"))

    with Draft(tmp_path, "/p") as draft:
        with monkeypatch.context() as patched:
            patched.setattr(Handoffs, "save", fail)
            with pytest.raises(StoreError):
                draft.publish(WORK, NOW)
        assert draft.load() == WORK


def test_an_old_handoff_with_the_same_words_does_not_hide_a_new_draft(tmp_path: Path) -> None:
    with Draft(tmp_path, "/p") as draft:
        draft.publish(of("/p", title="same"), NOW)
        draft.save(of("/p", title="same", decisions=("one more",)))
        assert draft.load() == of("/p", title="same", decisions=("one more",))
