"""Tracked plans as files in `<claude config>/session-tracking/<id>.json`, one each; a person may edit them.

Written whole or not at all, changed under a lock, so that two dashboards and a shell can work on one plan.
A file that cannot be read is renamed and kept when it would stand in the way; one with entries that must be
passed over is copied before it is written over. Both are said.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from quota_tui.core.tracking.state import OPEN_STATUSES, Tracking
from quota_tui.core.tracking.trackingfile import Damaged, TooNew, read, written
from quota_tui.store import files
from quota_tui.store.projects import project_key

FOLDER = "session-tracking"
MAX_BYTES = 32 << 20
LOCK_S = 5.0
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
_OPEN = frozenset(status.value for status in OPEN_STATUSES)


class TrackingError(Exception):
    """There is no such tracking, or it cannot be. The text is one sentence a person can act on."""


class Loaded(msgspec.Struct, frozen=True):
    """A tracking, the file's JSON, and sentences about what was not in order."""

    tracking: Tracking
    document: dict[str, Any]
    notes: tuple[str, ...] = ()


class Head(msgspec.Struct, frozen=True):
    """What the list of trackings is made of."""

    id: str
    status: str
    project: str
    start: str
    title: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it is in work, or paused."""
        return self.status in _OPEN


class _Front(msgspec.Struct, frozen=True):
    start: str
    status: str = ""
    project: str = ""
    title: str = ""


class Trackings:
    """The folder of one Claude Code configuration. Remembers the heads of files that did not change."""

    def __init__(self, config_dir: Path) -> None:
        self.folder = config_dir / FOLDER
        self._heads: dict[str, tuple[tuple[int, int, int], Head | None]] = {}

    def path(self, tracking_id: str) -> Path:
        """Where a tracking lies. Raises TrackingError when it is no id."""
        if not _ID.fullmatch(tracking_id):
            raise TrackingError(f"`{tracking_id}` is no id: small letters, digits and hyphens only")
        return self.folder / f"{tracking_id}.json"

    def heads(self) -> list[Head]:
        """All trackings that can be read, the newest first. Raises StoreError."""
        found = [head for _, (_, head) in self._scan().items() if head is not None]
        return sorted(found, key=lambda head: (head.start, head.id), reverse=True)

    def damaged(self) -> list[Path]:
        """Files that are no tracking. Raises StoreError."""
        return [self.folder / name for name, (_, head) in self._scan().items() if head is None]

    def active(self, project: str) -> Head | None:
        """The plan in work in a project, the newest where there are several. Raises StoreError."""
        wanted = project_key(project)
        return next(
            (h for h in self.heads() if h.is_open and h.project and project_key(h.project) == wanted), None
        )

    def load(self, tracking_id: str) -> Loaded:
        """One tracking. Raises TrackingError and StoreError; changes nothing."""
        path = self.path(tracking_id)
        try:
            return self._load(path)
        except Damaged as error:
            raise TrackingError(f"{path}: {error}; repair it, or start the plan anew") from error

    def stamp(self, tracking_id: str) -> tuple[int, int, int] | None:
        """A value that changes when the file does; None when it is gone."""
        return stamp_of(self.path(tracking_id))

    def begin(
        self, project: str, claude_session: str, now: datetime, make: Callable[[str], Tracking]
    ) -> Loaded:
        """Write a new tracking; `make` is given its id. Raises TrackingError when a plan is tracked already.

        Files that cannot be read are set aside first, and said. Raises StoreError too.
        """
        from quota_tui.store.handoffs import new_id

        files.ensure_private_dir(self.folder)
        with files.locked(self._lock, LOCK_S):
            notes = tuple(
                f"{path} is no tracking that can be read; it is kept as {_set_aside(path)}"
                for path in self.damaged()
            )
            other = self.active(project)
            if other is not None:
                title = f"“{other.title}” ({other.id})" if other.title else other.id
                raise TrackingError(
                    f"{title} is tracked in this project already; `quota-tui track stop` ends it first"
                )
            path = self._claim(new_id(claude_session, now))
            try:
                tracking = make(path.stem)
                files.write_atomic(path, written(tracking, {}))
            except BaseException:
                # An empty claim would stand in the way of nobody, but it is not ours to leave behind.
                with contextlib.suppress(OSError):
                    path.unlink()
                raise
        return Loaded(tracking, {}, notes)

    def change(self, tracking_id: str, change: Callable[[Tracking], Tracking]) -> Loaded:
        """Read, change and write one, alone; nothing is written when nothing changes.

        A damaged file is set aside. Raises TrackingError and StoreError, and what `change` raises.
        """
        path = self.path(tracking_id)
        files.ensure_private_dir(self.folder)
        with files.locked(self._lock, LOCK_S):
            try:
                loaded = self._load(path)
            except TooNew as error:
                raise TrackingError(f"{path}: {error}") from error
            except Damaged as error:
                aside = _set_aside(path)
                raise TrackingError(
                    f"{path}: {error}; it is kept as {aside}; `quota-tui track start PLAN.md` begins anew"
                ) from error
            changed = change(loaded.tracking)
            if changed == loaded.tracking:
                return loaded
            data = written(changed, loaded.document)
            if loaded.notes:  # entries of it are not in what is written
                copy = files.backup(path)
                loaded = msgspec.structs.replace(
                    loaded, notes=(*loaded.notes, f"the file as it was is kept as {copy}")
                )
            files.write_atomic(path, data)
        return msgspec.structs.replace(loaded, tracking=changed)

    @property
    def _lock(self) -> Path:
        return self.folder / "tracking.lock"

    def _load(self, path: Path) -> Loaded:
        with files.told_as("read", path):
            try:
                size = path.stat().st_size
            except FileNotFoundError:
                raise TrackingError(f"there is no tracking {path.stem}") from None
        if size > MAX_BYTES:
            raise Damaged(f"it is larger than {MAX_BYTES >> 20} MB")
        data = files.read_if_there(path)
        if not data:
            raise TrackingError(f"there is no tracking {path.stem}")
        found = read(data, path.stem)
        return Loaded(found.tracking, found.document, tuple(f"{path}: {note}" for note in found.notes))

    def _claim(self, wanted: str) -> Path:
        for copy in range(1, 1000):
            path = self.path(wanted if copy == 1 else f"{wanted}-{copy:02}")
            with files.told_as("write", path), contextlib.suppress(FileExistsError):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
                return path
        raise TrackingError(f"there are too many trackings of {wanted}; remove some")

    def _scan(self) -> dict[str, tuple[tuple[int, int, int], Head | None]]:
        """The head of each file by its name; None of one that is no tracking. Empty files are claims."""
        found = {}
        for name, stamp in self._listed():
            known = self._heads.get(name)
            found[name] = known if known is not None and known[0] == stamp else (stamp, self._head(name))
        self._heads = found
        return found

    def _listed(self) -> list[tuple[str, tuple[int, int, int]]]:
        listed = []
        with files.told_as("read the folder", self.folder):
            try:
                with os.scandir(self.folder) as entries:
                    for entry in entries:
                        stem, dot, end = entry.name.rpartition(".")
                        if not dot or end != "json" or not _ID.fullmatch(stem):
                            continue
                        with contextlib.suppress(FileNotFoundError):  # removed while we looked
                            status = entry.stat()
                            if status.st_size:
                                stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
                                listed.append((entry.name, stamp))
            except FileNotFoundError:
                return []
        return listed

    def _head(self, name: str) -> Head | None:
        path = self.folder / name
        try:
            data = files.read_if_there(path) or b""
            front = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=_Front)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, files.StoreError):
            return None
        return Head(path.stem, front.status, front.project, front.start, front.title)


def stamp_of(path: Path) -> tuple[int, int, int] | None:
    """(mtime in ns, size, inode) of a file; None when there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _set_aside(path: Path) -> Path:
    target = path.with_name(f"{path.name}.damaged")
    number = 1
    while target.exists():
        number += 1
        target = path.with_name(f"{path.name}.damaged-{number}")
    with files.told_as("rename", path):
        os.replace(path, target)
    return target
