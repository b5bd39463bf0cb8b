"""Files that are whole or not there: atomic writes, private folders, backups, one lock.

Every failure is a `StoreError`: one sentence that names the file and says what to do.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

_TEMP_PREFIX = ".quota-tui-"
_TEMP_SUFFIX = ".tmp"
_STALE_AFTER_S = 600.0
"""A write takes milliseconds: a temporary file this old was left by a process that was killed."""
_LOCK_POLL_S = 0.02
_BUSY_RETRIES = 25
"""Windows refuses to replace a file while a scanner or an editor holds it open, usually for an instant."""

_NOT_LOCKABLE = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP})
_ADVICE = {
    errno.ENOSPC: "the disk is full; free some space and run it again",
    errno.EROFS: "the file system is read-only; make it writable (QUOTA_TUI_HOME can move our own files)",
    errno.EACCES: "permission denied; check who owns it and its folder",
    errno.EPERM: "permission denied; check who owns it and its folder",
    errno.ENOENT: "it or its folder does not exist; create the folder first",
    errno.ENOTDIR: "a part of its path is a file, not a folder; move that file away",
    errno.EISDIR: "it is a folder, not a file; move that folder away",
    errno.EEXIST: "something else is in its place; move that away",
    errno.ELOOP: "its symbolic links go round in a circle; repair the link",
    errno.ENAMETOOLONG: "the name is too long for this file system; use a shorter path",
}
if hasattr(errno, "EDQUOT"):
    _ADVICE[errno.EDQUOT] = "your disk quota is used up; free some space and run it again"


class StoreError(Exception):
    """A file could not be read or written. The text is one sentence a person can act on."""

    def __init__(self, doing: str, path: Path, error: OSError) -> None:
        self.path = path
        self.errno = error.errno
        advice = _ADVICE.get(error.errno or 0) or error.strerror or str(error)
        super().__init__(f"cannot {doing} {path}: {advice}")


@contextlib.contextmanager
def told_as(doing: str, path: Path) -> Iterator[None]:
    """Turn any `OSError` inside into a `StoreError` about `path`."""
    try:
        yield
    except OSError as error:
        raise StoreError(doing, path, error) from error


def read_if_there(path: Path) -> bytes | None:
    """The whole file, or None when there is none. Raises `StoreError` when it cannot be read."""
    with told_as("read", path):
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None


def write_atomic(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace the content of `path` in one step: readers and crashes see the old bytes or the new.

    `mode` is for a new file; an existing one keeps its own mode and owner. A symbolic link stays: the
    file it names is written (dotfile managers link settings). The folder must exist.
    """
    with told_as("write", path):
        target = link_target(path)
        remove_leftovers(target.parent)
        # In the same folder, since a rename does not cross file systems; random, since writers may meet.
        temp = target.parent / f"{_TEMP_PREFIX}{os.urandom(8).hex()}{_TEMP_SUFFIX}"
        try:
            with open(temp, "xb", opener=_open_private) as file:
                file.write(data)
                file.flush()
                _keep_mode_and_owner(file.fileno(), target, mode)
                os.fsync(file.fileno())
            _replace(temp, target)
        except BaseException:
            # The old content must stay and nothing of ours may lie about, also on ctrl+c.
            with contextlib.suppress(OSError):
                temp.unlink()
            raise
        _sync_folder(target.parent)


def remove_file(path: Path) -> None:
    """Remove `path`; of a symbolic link, the file it names. Nothing there is fine."""
    with told_as("remove", path):
        target = link_target(path)
        target.unlink(missing_ok=True)
        if target.parent.is_dir():
            _sync_folder(target.parent)


def ensure_private_dir(path: Path) -> None:
    """Make the folder, and those above it that are missing, readable by this user only (0700).

    One that exists is closed to others if it is this user's own. Raises `StoreError`.
    """
    with told_as("create the folder", path):
        missing = []
        here = path
        while not here.is_dir():
            missing.append(here)
            if here == here.parent:
                break
            here = here.parent
        for folder in reversed(missing):
            with contextlib.suppress(FileExistsError):  # another process was faster
                folder.mkdir(0o700)
        found = path.stat()
        if not stat.S_ISDIR(found.st_mode):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        if sys.platform != "win32" and found.st_mode & 0o077 and found.st_uid == os.geteuid():
            with contextlib.suppress(PermissionError):  # some mounts fix the mode of everything
                path.chmod(0o700)


def backup(path: Path, folder: Path | None = None) -> Path:
    """Copy `path` to `<name>.<UTC time>.bak` in `folder` (default: beside it), 0600; never over another."""
    data = read_if_there(path)
    if data is None:
        raise StoreError("back up", path, FileNotFoundError(errno.ENOENT, "it does not exist"))
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    copies = 0
    while True:
        extra = f"-{copies}" if copies else ""
        copy = (folder or path.parent) / f"{path.name}.{stamp}{extra}.bak"
        with told_as("write", copy):
            try:
                # Reserves the name: an empty file for an instant, then the whole copy.
                os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
                break
            except FileExistsError:
                copies += 1
    try:
        write_atomic(copy, data)
    except StoreError:
        with contextlib.suppress(OSError):
            copy.unlink()
        raise
    return copy


@contextlib.contextmanager
def locked(path: Path, timeout_s: float = 10.0) -> Iterator[None]:
    """Hold the lock file `path` alone; it is removed afterwards. A killed holder frees it by dying.

    On file systems without locks the caller goes on unlocked: it must still check what it replaces.
    """
    deadline = time.monotonic() + timeout_s
    while (handle := _try_lock(path)) is None:
        if time.monotonic() >= deadline:
            busy = OSError(errno.EBUSY, "another quota-tui is changing it; run it again when that is done")
            raise StoreError("lock", path, busy)
        time.sleep(_LOCK_POLL_S)
    try:
        yield
    finally:
        _unlock(path, handle)


def remove_leftovers(folder: Path, older_than_s: float = _STALE_AFTER_S) -> None:
    """Remove temporary files that a killed process left in `folder`."""
    before = time.time() - older_than_s
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(_TEMP_PREFIX) and entry.name.endswith(_TEMP_SUFFIX):
                with contextlib.suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_mtime <= before:
                        Path(entry.path).unlink()


def link_target(path: Path) -> Path:
    """The file that `path` names after all symbolic links; it need not exist. Raises `OSError` on a loop."""
    if not path.is_symlink():
        return path
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return target


def _open_private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _keep_mode_and_owner(handle: int, target: Path, mode: int) -> None:
    if sys.platform != "win32":
        try:
            old = target.stat()
        except FileNotFoundError:
            os.fchmod(handle, mode)
            return
        new = os.fstat(handle)
        if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
            with contextlib.suppress(PermissionError):  # only root may give a file away
                os.fchown(handle, old.st_uid, old.st_gid)
        os.fchmod(handle, stat.S_IMODE(old.st_mode))


def _replace(source: Path, target: Path) -> None:
    for _ in range(_BUSY_RETRIES if sys.platform == "win32" else 0):
        try:
            source.replace(target)
        except PermissionError:
            time.sleep(_LOCK_POLL_S)
        else:
            return
    source.replace(target)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable, where folders can be synced."""
    if sys.platform != "win32":
        with contextlib.suppress(OSError):  # the new content is in place; some file systems refuse this
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def _try_lock(path: Path) -> int | None:
    with told_as("lock", path):
        handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            if _lock_now(handle) and _is_still(path, handle):
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)
        return None


def _lock_now(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _NOT_LOCKABLE:
            return True
        if isinstance(error, (BlockingIOError, PermissionError)) or error.errno == errno.EDEADLK:
            return False
        raise
    return True


def _is_still(path: Path, handle: int) -> bool:
    """Whether the lock file was not removed by its last holder between our open and our lock."""
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _unlock(path: Path, handle: int) -> None:
    # Posix: removed while held, so that a waiter finds its own copy gone and opens the new one.
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            path.unlink()
    os.close(handle)
    if sys.platform == "win32":
        with contextlib.suppress(OSError):  # a waiter has it open: the last one removes it
            path.unlink()
