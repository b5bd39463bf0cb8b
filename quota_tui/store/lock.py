"""A lock that says a program is running. The system lets go of it when the program ends, however it ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def hold(path: Path) -> int | None:
    """Hold the lock, beside other holders, until this process ends; None where that is not possible.

    Returns a file descriptor; closing it lets go.
    """
    try:
        os.makedirs(path.parent, mode=0o700, exist_ok=True)
        fd = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError:
        return None
    if _lock(fd, exclusive=False):
        return fd
    os.close(fd)
    return None


def is_held(path: Path) -> bool:
    """Whether any process holds the lock."""
    try:
        fd = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        return not _lock(fd, exclusive=True)
    finally:
        os.close(fd)


if sys.platform == "win32":
    import msvcrt

    def _lock(fd: int, *, exclusive: bool) -> bool:
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return not exclusive  # there is a holder: that is all the lock has to say
        return True

else:
    import fcntl

    def _lock(fd: int, *, exclusive: bool) -> bool:
        try:
            # Who looks (`is_held`) locks for an instant: who wants to hold waits that long.
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB if exclusive else fcntl.LOCK_SH)
        except OSError:
            return False
        return True
