"""What went wrong in a hook: hooks say nothing, so it is kept here and told by `doctor`.

A small file of JSON lines; the older half is dropped when it grows. Writing never raises.
"""

from __future__ import annotations

import contextlib
import os
from datetime import datetime
from pathlib import Path

import msgspec

from quota_tui.store import files
from quota_tui.store.paths import Paths

MAX_BYTES = 64 << 10
LONGEST = 500
_encode = msgspec.json.Encoder().encode


class Fault(msgspec.Struct, frozen=True):
    """One thing that went wrong. `where` is the hook's name."""

    at: datetime
    where: str
    text: str


def fault_file(paths: Paths) -> Path:
    """Where faults are kept."""
    return paths.data_dir / "hooks.log"


def note_fault(paths: Paths, where: str, text: str, now: datetime) -> None:
    """Keep one. What cannot be kept is lost: a hook never fails a session."""
    file = fault_file(paths)
    line = _encode(Fault(now, where, text.encode("utf-8", "replace").decode()[:LONGEST])) + b"\n"
    with contextlib.suppress(OSError, files.StoreError):
        files.ensure_private_dir(paths.data_dir)
        # One write to the end, so that hooks at the same moment keep their lines apart.
        handle = os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        try:
            os.write(handle, line)
            size = os.fstat(handle).st_size
        finally:
            os.close(handle)
        if size > MAX_BYTES:
            kept = file.read_bytes()[-MAX_BYTES // 2 :]
            files.write_atomic(file, kept[kept.find(b"\n") + 1 :])


def faults(paths: Paths) -> list[Fault]:
    """What is kept, oldest first; a line that cannot be read is passed over."""
    try:
        data = fault_file(paths).read_bytes()
    except OSError:
        return []
    found = []
    for line in data.split(b"\n"):
        with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):
            found.append(msgspec.json.decode(line, type=Fault))
    return found
