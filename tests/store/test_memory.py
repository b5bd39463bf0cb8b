from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quota_tui.core.memory import ProjectMemory, SessionNote, with_decisions, with_session
from quota_tui.core.memoryfile import Damaged, TooNew
from quota_tui.store import files
from quota_tui.store.files import StoreError
from quota_tui.store.memory import (
    Loaded,
    forget_memory,
    load_memory,
    memory_file,
    update_memory,
)
from quota_tui.store.projects import project_path, same_project

AT = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and links")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "api"
    folder.mkdir()
    return folder


@pytest.fixture
def claude(tmp_path: Path) -> Path:
    return tmp_path / "claude"


def add(claude: Path, project: Path, session: str) -> Loaded:
    return update_memory(claude, project, lambda old: with_session(old, SessionNote(id=session, tokens=1)))


def test_it_is_begun_kept_and_forgotten(claude: Path, project: Path) -> None:
    assert load_memory(claude, project) is None
    add(claude, project, "s1")
    loaded = load_memory(claude, project)
    assert loaded is not None
    assert (loaded.memory.project, loaded.memory.name) == (str(project), "api")
    assert [note.id for note in loaded.memory.sessions] == ["s1"]
    file = memory_file(claude, project)
    assert sorted(path.name for path in file.parent.iterdir()) == [file.name]
    assert forget_memory(claude, project)
    assert not forget_memory(claude, project)
    assert not file.parent.exists()


@posix
def test_nobody_else_can_read_it(claude: Path, project: Path) -> None:
    add(claude, project, "s1")
    file = memory_file(claude, project)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_no_change_writes_nothing(claude: Path, project: Path) -> None:
    add(claude, project, "s1")
    file = memory_file(claude, project)
    before = file.stat()
    add(claude, project, "s1")
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


@posix
def test_a_link_is_the_project_it_leads_to_and_a_worktree_is_its_own(claude: Path, project: Path) -> None:
    link = project.parent / "link"
    link.symlink_to(project)
    worktree = project.parent / "api-worktree"
    worktree.mkdir()
    assert memory_file(claude, link) == memory_file(claude, project)
    assert memory_file(claude, f"{project}/") == memory_file(claude, project)
    assert memory_file(claude, worktree) != memory_file(claude, project)
    assert same_project(link, project)
    assert not same_project(worktree, project)


def test_folders_of_a_working_copy_are_one_project(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "src" / "deep").mkdir(parents=True)
    assert project_path(project / "src" / "deep") == str(project / "src" / "deep")
    (project / ".git").mkdir()
    assert project_path(project / "src" / "deep") == str(project)
    assert project_path(project / "src" / "gone") == str(project)
    (project / "src" / ".git").write_text("gitdir: elsewhere")
    assert not same_project(project / "src" / "deep", project)
    home = project.parent
    monkeypatch.setenv("HOME", str(home))
    (home / ".git").mkdir()
    (home / "notes").mkdir()
    assert project_path(home / "notes") == str(home / "notes")
    assert project_path("~") == str(home)


@pytest.mark.parametrize("data", [b"", b"{]", b"[1]", b"\xff\xfe\x00"])
def test_a_damaged_file_is_set_aside_and_said(claude: Path, project: Path, data: bytes) -> None:
    file = memory_file(claude, project)
    file.parent.mkdir(parents=True)
    for number in ("", "-2", "-3"):
        file.write_bytes(data)
        with pytest.raises(Damaged, match=file.name):
            load_memory(claude, project)
        loaded = add(claude, project, "s1")
        assert f"kept as {file}.damaged{number}, and a new one begun" in loaded.notes[0]
        assert Path(f"{file}.damaged{number}").read_bytes() == data
        again = load_memory(claude, project)
        assert again is not None
        assert again.memory == loaded.memory


def test_a_newer_programs_file_is_not_touched(claude: Path, project: Path) -> None:
    file = memory_file(claude, project)
    file.parent.mkdir(parents=True)
    file.write_bytes(b'{"version": 9, "new": []}')
    with pytest.raises(TooNew, match="update this one"):
        add(claude, project, "s1")
    assert [path.read_bytes() for path in file.parent.iterdir()] == [b'{"version": 9, "new": []}']


def test_an_edit_that_cannot_be_used_is_copied_first(claude: Path, project: Path) -> None:
    add(claude, project, "s1")
    file = memory_file(claude, project)
    whole = json.loads(file.read_bytes())
    whole["sessions"].append({"note": "my own session"})
    file.write_text(json.dumps(whole))
    edited = file.read_bytes()
    loaded = add(claude, project, "s2")
    assert "an entry without an id is passed over" in loaded.notes[0]
    copy = Path(loaded.notes[-1].rpartition(" ")[2])
    assert copy.read_bytes() == edited
    assert [note.id for note in loaded.memory.sessions] == ["s1", "s2"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_disk_that_refuses_changes_nothing(
    claude: Path, project: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    add(claude, project, "s1")
    before = memory_file(claude, project).read_bytes()

    def refuse(path: Path, *_: object) -> None:
        raise StoreError("write", path, OSError(number, os.strerror(number)))

    monkeypatch.setattr(files, "write_atomic", refuse)
    with pytest.raises(StoreError, match="cannot write"):
        add(claude, project, "s2")
    assert memory_file(claude, project).read_bytes() == before


KILLED = """
import os, sys
from pathlib import Path
from quota_tui.core.memory import SessionNote, with_session
from quota_tui.store.memory import update_memory
count, claude, project = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
calls = 0
def counted(name):
    real = getattr(os, name)
    def call(*args, **kwargs):
        global calls
        calls += 1
        if calls == count:
            os._exit(9)
        return real(*args, **kwargs)
    setattr(os, name, call)
for name in ("open", "write", "fsync", "replace", "unlink", "mkdir"):
    counted(name)
update_memory(claude, project, lambda old: with_session(old, SessionNote(id="s2", tokens=2)))
"""


@pytest.mark.parametrize("damaged", [False, True])
def test_killed_anywhere_the_file_is_the_old_or_the_new(tmp_path: Path, project: Path, damaged: bool) -> None:
    for count in range(1, 60):
        claude = tmp_path / str(count)
        add(claude, project, "s1")
        file = memory_file(claude, project)
        if damaged:
            file.write_bytes(b"{")
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(count), str(claude), str(project)],
            capture_output=True,
            check=False,
        )
        assert done.returncode in (0, 9), done.stderr
        if damaged:
            kept = [path.read_bytes() for path in file.parent.iterdir() if path.suffix != ".tmp"]
            assert b"{" in kept, "what was damaged is kept"
        else:
            assert (loaded := load_memory(claude, project)) is not None
            assert [note.id for note in loaded.memory.sessions] in (["s1"], ["s1", "s2"])
        after = add(claude, project, "s3").memory
        assert "s3" in [note.id for note in after.sessions]
        if done.returncode == 0:
            break
    else:
        pytest.fail("never came to its end")
    assert count > 5


WRITER = """
import sys
from pathlib import Path
from quota_tui.core.memory import SessionNote, with_session
from quota_tui.store.memory import update_memory
claude, project, name = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
print("ready", flush=True)
sys.stdin.readline()
for number in range(8):
    note = SessionNote(id=f"{name}{number}", tokens=1)
    update_memory(claude, project, lambda old: with_session(old, note))
"""


def test_sessions_that_end_at_once_are_all_kept(claude: Path, project: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(claude), str(project), name], stdin=-1, stdout=-1, text=True
        )
        for name in "abc"
    ]
    for one in writers:
        assert one.stdout
        assert one.stdout.readline() == "ready\n"
    for one in writers:
        assert one.stdin
        one.stdin.write("go\n")
        one.stdin.flush()
    assert [one.communicate()[0] for one in writers] == ["", "", ""]
    assert [one.returncode for one in writers] == [0, 0, 0]
    loaded = load_memory(claude, project)
    assert loaded is not None
    assert len(loaded.memory.sessions) == 24


def test_what_a_person_wrote_is_still_there_after_many_sessions(claude: Path, project: Path) -> None:
    add(claude, project, "s0")
    file = memory_file(claude, project)
    whole = json.loads(file.read_bytes())
    whole["context"]["architecture"] = "x" * 5_000
    whole["context"]["decisions"] = ["mine"]
    whole["remember"] = {"the": "milk"}
    file.write_text(json.dumps(whole))
    for number in range(60):

        def change(old: ProjectMemory, number: int = number) -> ProjectMemory:
            return with_decisions(
                with_session(old, SessionNote(id=f"s{number}", tokens=1)), [f"d{number}"], AT, "handoff"
            )

        update_memory(claude, project, change)
    after = json.loads(file.read_bytes())
    assert after["context"]["architecture"]["text"] == "x" * 5_000
    assert after["context"]["decisions"][0]["text"] == "mine"
    assert after["remember"] == {"the": "milk"}
