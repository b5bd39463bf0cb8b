from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from quota_tui.store import files
from quota_tui.store.files import StoreError

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes, owners and links of posix")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


@posix
def test_a_new_file_is_private_and_an_old_one_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    files.write_atomic(path, b"one")
    assert (path.read_bytes(), mode_of(path)) == (b"one", 0o600)
    path.chmod(0o644)
    files.write_atomic(path, b"two")
    assert (path.read_bytes(), mode_of(path)) == (b"two", 0o644)
    files.write_atomic(tmp_path / "open", b"", mode=0o640)
    assert mode_of(tmp_path / "open") == 0o640
    assert names(tmp_path) == ["open", "settings.json"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away")
def test_root_leaves_a_file_with_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(b"one")
    os.chown(path, 12345, 23456)
    files.write_atomic(path, b"two")
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 23456)


@posix
@pytest.mark.parametrize("exists", [True, False])
def test_a_link_stays_and_its_target_is_written(tmp_path: Path, exists: bool) -> None:
    dotfiles = tmp_path / "dotfiles"
    dotfiles.mkdir()
    if exists:
        (dotfiles / "claude.json").write_bytes(b"old")
    (tmp_path / "between").symlink_to("dotfiles/claude.json")
    path = tmp_path / "settings.json"
    path.symlink_to("between")
    files.write_atomic(path, b"new")
    assert path.readlink() == Path("between")
    assert (dotfiles / "claude.json").read_bytes() == b"new"
    files.remove_file(path)
    assert path.is_symlink()
    assert names(dotfiles) == []
    files.remove_file(path)


@posix
def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(StoreError, match="circle"):
        files.write_atomic(tmp_path / "a", b"x")


@pytest.mark.parametrize("step", ["open", "fsync", "replace"])
@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "the disk is full; free some space"),
        (errno.EROFS, "the file system is read-only; make it writable"),
        (errno.EACCES, "permission denied; check who owns it"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_a_failed_write_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int, advice: str
) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(b"old")

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(os, step, fail)
        with pytest.raises(StoreError) as caught:
            files.write_atomic(path, b"new")
    assert str(caught.value).startswith(f"cannot write {path}: {advice}")
    assert (caught.value.path, caught.value.errno) == (path, number)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["settings.json"]


def test_an_interrupt_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_handle: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            files.write_atomic(tmp_path / "a", b"x")
    assert names(tmp_path) == []


def test_what_is_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    with pytest.raises(StoreError, match="create the folder first"):
        files.write_atomic(tmp_path / "missing" / "a", b"x")
    with pytest.raises(StoreError, match="a part of its path is a file"):
        files.write_atomic(tmp_path / "file" / "a", b"x")
    with pytest.raises(StoreError, match="it is a folder"):
        files.write_atomic(tmp_path / "folder", b"x")
    with pytest.raises(StoreError, match="it is a folder"):
        files.read_if_there(tmp_path / "folder")
    with pytest.raises(StoreError, match="a part of its path is a file"):
        files.ensure_private_dir(tmp_path / "file" / "inner")
    with pytest.raises(StoreError, match="in its place"):
        files.ensure_private_dir(tmp_path / "file")
    assert files.read_if_there(tmp_path / "none") is None


@pytest.fixture
def full_disk(tmp_path: Path):
    """A tiny file system with 8 KB left."""
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if not mount or not umount or os.geteuid() != 0:
        pytest.skip("no right to mount a small file system here")
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=64k", "none", disk], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"cannot mount a small file system: {done.stderr.decode().strip()}")
    try:
        yield disk
    finally:
        subprocess.run([umount, disk], check=True)


def test_a_really_full_disk(full_disk: Path) -> None:
    path = full_disk / "settings.json"
    path.write_bytes(b"old")
    with pytest.raises(StoreError, match="the disk is full; free some space"):
        files.write_atomic(path, b"x" * 100_000)
    (full_disk / "filler").write_bytes(b"x" * 50_000)
    (full_disk / "big.json").write_bytes(b"y" * 6_000)
    with pytest.raises(StoreError, match="the disk is full"):
        files.backup(full_disk / "big.json")
    assert path.read_bytes() == b"old"
    assert names(full_disk) == ["big.json", "filler", "settings.json"]


KILLED = """
import os, sys
from pathlib import Path
from quota_tui.store import files
step, path = sys.argv[1], Path(sys.argv[2])
calls = {"count": 0}
def die_before(name):
    def dead(*args, **kwargs):
        os._exit(9)
    setattr(os, name, dead)
def die_after(name):
    real = getattr(os, name)
    def dead(*args, **kwargs):
        real(*args, **kwargs)
        os._exit(9)
    setattr(os, name, dead)
when, name = step.split()
{"before": die_before, "after": die_after}[when](name)
files.write_atomic(path, b"new" * 10_000)
"""


@posix
@pytest.mark.parametrize(
    ("step", "expected", "left"),
    [
        ("before open", b"old", 0),
        ("after open", b"old", 1),
        ("before fchmod", b"old", 1),
        ("before fsync", b"old", 1),
        ("before replace", b"old", 1),
        ("after replace", b"new" * 10_000, 0),
    ],
)
def test_killed_at_any_step_the_file_is_the_old_or_the_new(
    tmp_path: Path, step: str, expected: bytes, left: int
) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", KILLED, step, path], capture_output=True, check=False)
    assert done.returncode == 9, done.stderr
    assert path.read_bytes() == expected
    leftovers = [name for name in names(tmp_path) if name != "settings.json"]
    assert len(leftovers) == left
    files.write_atomic(path, b"newer")
    assert [name for name in names(tmp_path) if name != "settings.json"] == leftovers, (
        "may belong to a live one"
    )
    for name in leftovers:
        os.utime(tmp_path / name, (0, 0))
    files.write_atomic(path, b"newest")
    assert names(tmp_path) == ["settings.json"]
    assert path.read_bytes() == b"newest"


WRITER = """
import sys
from pathlib import Path
from quota_tui.store import files
print("ready", flush=True)
sys.stdin.readline()
for _ in range(40):
    files.write_atomic(Path(sys.argv[1]), sys.argv[2].encode() * 50_000)
"""


def test_two_writers_and_a_reader_never_meet_a_mixture(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_bytes(b"a" * 50_000)
    command = [sys.executable, "-c", WRITER, str(path)]
    writers = [subprocess.Popen([*command, letter], stdin=-1, stdout=-1, text=True) for letter in "ab"]
    for writer in writers:
        assert writer.stdout
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("go\n")
        writer.stdin.flush()
    reads = 0
    while any(writer.poll() is None for writer in writers):
        data = path.read_bytes()
        assert data in (b"a" * 50_000, b"b" * 50_000)
        reads += 1
    assert reads > 0
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    assert names(tmp_path) == ["state"]


@posix
def test_private_folders(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        files.ensure_private_dir(tmp_path / "a" / "b" / "c")
    finally:
        os.umask(old)
    assert [mode_of(tmp_path / part) for part in ("a", "a/b", "a/b/c")] == [0o700] * 3
    loose = tmp_path / "loose"
    loose.mkdir(0o755)
    files.ensure_private_dir(loose)
    assert mode_of(loose) == 0o700
    files.ensure_private_dir(loose)


@posix
def test_a_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as patched:
        patched.setattr(os, "mkdir", read_only)
        with pytest.raises(StoreError, match=r"cannot create the folder .*new: the file system is read-only"):
            files.ensure_private_dir(tmp_path / "new")


def test_backups_never_overwrite_each_other(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(b"\xff one")
    path.chmod(0o644)
    first = files.backup(path)
    path.write_bytes(b"two")
    second = files.backup(path)
    elsewhere = files.backup(path, tmp_path)
    assert len({first, second, elsewhere, path}) == 4
    assert (first.read_bytes(), second.read_bytes()) == (b"\xff one", b"two")
    assert first.name.startswith("settings.json.")
    if sys.platform != "win32":
        assert mode_of(first) == 0o600
    with pytest.raises(StoreError, match="cannot back up"):
        files.backup(tmp_path / "none")


HOLDER = """
import sys
from pathlib import Path
from quota_tui.store import files
with files.locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
print("freed", flush=True)
"""


@pytest.mark.parametrize("ending", ["released", "killed"])
def test_one_holder_at_a_time_and_a_dead_one_frees_it(tmp_path: Path, ending: str) -> None:
    lock = tmp_path / "install.lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, lock], stdin=-1, stdout=-1, text=True)
    assert holder.stdout
    assert holder.stdin
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(StoreError, match="another quota-tui"), files.locked(lock, timeout_s=0.0):
        pytest.fail("two holders")
    if ending == "killed":
        holder.kill()
        holder.wait()
    else:
        holder.stdin.write("\n")
        holder.stdin.flush()
        assert holder.stdout.readline() == "freed\n"
    holder.communicate()
    with files.locked(lock, timeout_s=0.0):
        assert lock.exists()
    assert names(tmp_path) == []


@posix
def test_a_lock_file_removed_while_waiting_is_not_mistaken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    lock = tmp_path / "lock"
    real = fcntl.flock
    inodes: list[int] = []

    def flock(handle: int, how: int) -> None:
        real(handle, how)
        inodes.append(os.fstat(handle).st_ino)
        if len(inodes) == 1:  # the last holder removes its file between our open and our lock
            (tmp_path / "kept").hardlink_to(lock)
            lock.unlink()

    monkeypatch.setattr(fcntl, "flock", flock)
    with files.locked(lock):
        assert lock.stat().st_ino == inodes[1] != inodes[0]


@posix
def test_without_locks_the_work_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    def no_locks(_handle: int, _how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with files.locked(tmp_path / "lock", timeout_s=0.0):
        pass


def test_windows_waits_while_the_file_is_held_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.replace
    tries: list[int] = []

    def held_twice(source: Path, target: Path) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise PermissionError(errno.EACCES, "in use")
        real(source, target)

    waits: list[float] = []
    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", held_twice)
        patched.setattr(files.time, "sleep", waits.append)
        patched.setattr(files.sys, "platform", "win32")
        files.write_atomic(tmp_path / "a", b"x")
    assert (len(tries), len(waits)) == (3, 2)
    assert (tmp_path / "a").read_bytes() == b"x"
