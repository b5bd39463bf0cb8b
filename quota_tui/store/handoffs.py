"""Handoffs as files in `<claude config>/session-handoffs`: one markdown file each, a person may edit them.

Names are claimed before they are written (an empty file, made only if there is none), so two programs that
save in the same minute never meet; contents are replaced in one step, so a crash leaves the old file, the
new one, or an empty claim, which counts as nothing and is swept away later.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import msgspec

from quota_tui.core.handoff import Handoff, Note
from quota_tui.core.handoff_markdown import parse_noting, render
from quota_tui.core.secrets import Masked, mask_handoff
from quota_tui.store.files import (
    StoreError,
    ensure_private_dir,
    read_if_there,
    remove_file,
    told_as,
    write_atomic,
)

FOLDER = "session-handoffs"
MAX_BYTES = 32 << 20
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
_FILE = re.compile(r"handoff-([a-z0-9][a-z0-9-]{0,99})\.md")
_MINUTE = len("20261120-1731")
_STALE_CLAIM_S = 600.0
"""A claim is filled within milliseconds: one this old is of a program that was killed."""


class Entry(msgspec.Struct, frozen=True):
    """A handoff in the folder. `notes` tell what in it could not be read as meant."""

    id: str
    path: Path
    handoff: Handoff
    notes: tuple[Note, ...] = ()


class Saved(msgspec.Struct, frozen=True):
    """A handoff as it was written, and the secrets that were masked in it."""

    id: str
    path: Path
    handoff: Handoff
    masked: tuple[Masked, ...] = ()


class HandoffError(Exception):
    """There is no such handoff. The text is one sentence a person can act on."""


class Handoffs:
    """The folder of one Claude Code configuration."""

    def __init__(self, config_dir: Path) -> None:
        self.folder = config_dir / FOLDER

    def path(self, handoff_id: str) -> Path:
        """Where a handoff lies. Raises HandoffError when it is no id."""
        if not _ID.fullmatch(handoff_id):
            raise HandoffError(
                f"`{handoff_id}` is no id of a handoff: small letters, digits and hyphens only"
            )
        return self.folder / f"handoff-{handoff_id}.md"

    def ids(self) -> list[str]:
        """All ids, the oldest first. Raises StoreError."""
        found = []
        with told_as("read the folder", self.folder):
            for entry in self._scan():
                name = _FILE.fullmatch(entry.name)
                with contextlib.suppress(FileNotFoundError):  # removed while we looked
                    if name and entry.is_file() and (status := entry.stat()).st_size:
                        found.append((_minute(name[1], status.st_mtime), name[1]))
        return [name for _, name in sorted(found)]

    def load(self, handoff_id: str) -> Entry:
        """One handoff; its file's name says its id. Raises HandoffError or StoreError."""
        path = self.path(handoff_id)
        data = self._read(path)
        if not data:
            raise HandoffError(f"there is no handoff {handoff_id}; `quota-tui handoff list` shows them all")
        odd: tuple[Note, ...] = ()
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            text = data.decode("utf-8", "replace")
            line = data.count(b"\n", 0, error.start) + 1
            odd = (Note(line, "this is not UTF-8; what could not be read is shown as \ufffd"),)
        handoff, notes = parse_noting(text, None)
        return Entry(handoff_id, path, msgspec.structs.replace(handoff, id=handoff_id), (*odd, *notes))

    def find(self, word: str) -> Entry:
        """The handoff with this id, or the only one whose id begins or ends so. Raises as `load` does."""
        ids = self.ids()
        if word in ids:
            return self.load(word)
        like = [known for known in ids if word and (known.startswith(word) or known.endswith(f"-{word}"))]
        if len(like) != 1:
            which = f"{len(like)} handoffs are like" if like else "there is no handoff"
            raise HandoffError(f"{which} `{word}`; `quota-tui handoff list` shows them all")
        return self.load(like[0])

    def entries(self) -> Iterator[Entry]:
        """All handoffs that can be read, the newest first."""
        # Ids tell minutes apart, not what was made within one.
        for _, of_a_minute in groupby(reversed(self.ids()), lambda name: name[:_MINUTE]):
            found = []
            for handoff_id in of_a_minute:
                with contextlib.suppress(HandoffError, StoreError):  # removed or closed to us meanwhile
                    found.append(self.load(handoff_id))
            yield from sorted(found, key=_made, reverse=True)

    def latest(self, project: str | None = None) -> Entry | None:
        """The newest handoff, of one project where that is given."""
        wanted = same_path(project) if project else None
        for entry in self.entries():
            its = entry.handoff.project
            if wanted is None or (its and same_path(its) == wanted):
                return entry
        return None

    def save(self, handoff: Handoff, now: datetime) -> Saved:
        """Write a new handoff under an id of its own, its secrets masked. Raises StoreError.

        `created_at` is `now` where the handoff has none.
        """
        ensure_private_dir(self.folder)
        self._sweep()
        handoff, masked = mask_handoff(handoff)
        handoff_id = self._claim(new_id(handoff.from_session, now))
        handoff = msgspec.structs.replace(handoff, id=handoff_id, created_at=handoff.created_at or now)
        path = self.path(handoff_id)
        try:
            write_atomic(path, _encoded(handoff))
        except BaseException:
            # An empty claim would stand in the way of nobody, but it is not ours to leave behind.
            _remove_if_empty(path)
            raise
        return Saved(handoff_id, path, handoff, masked)

    def replace(self, handoff: Handoff) -> Saved:
        """Write a handoff that has an id over its file. Raises HandoffError or StoreError."""
        path = self.path(handoff.id)
        ensure_private_dir(self.folder)
        handoff, masked = mask_handoff(handoff)
        write_atomic(path, _encoded(handoff))
        return Saved(handoff.id, path, handoff, masked)

    def remove(self, handoff_id: str) -> Path:
        """Remove a handoff; its path. Raises HandoffError when there is none, or StoreError."""
        path = self.load(handoff_id).path
        remove_file(path)
        return path

    def _read(self, path: Path) -> bytes | None:
        with told_as("read", path):
            try:
                size = path.stat().st_size
            except FileNotFoundError:
                return None
        if size > MAX_BYTES:
            raise HandoffError(f"{path} is larger than {MAX_BYTES >> 20} MB: it is no handoff")
        return read_if_there(path)

    def _claim(self, wanted: str) -> str:
        """Make the empty file of the first free id; nobody else has it then."""
        for copy in range(1, 10_000):
            handoff_id = wanted if copy == 1 else f"{wanted}-{copy:02}"
            path = self.path(handoff_id)
            with told_as("write", path):
                try:
                    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
                except FileExistsError:
                    continue
            return handoff_id
        raise HandoffError(f"there are too many handoffs of {wanted}; remove some")

    def _sweep(self) -> None:
        """Remove claims that were never filled."""
        before = time.time() - _STALE_CLAIM_S
        with told_as("read the folder", self.folder):
            for entry in self._scan():
                with contextlib.suppress(OSError):  # gone, or not ours: an empty file is ignored anyway
                    if _FILE.fullmatch(entry.name) and entry.stat(follow_symlinks=False).st_mtime <= before:
                        _remove_if_empty(Path(entry.path))

    def _scan(self) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.folder) as entries:
                return list(entries)
        except FileNotFoundError:
            return []


def new_id(from_session: str, now: datetime) -> str:
    """`20261120-1731-0748c499`: UTC, so that ids sort by time, and the session that ends."""
    session = re.sub("[^a-z0-9]", "", from_session.lower())[:8] or os.urandom(4).hex()
    return f"{now.astimezone(UTC):%Y%m%d-%H%M}-{session}"


def same_path(path: str) -> str:
    """A form of a path that is the same however it was written."""
    return os.path.normcase(os.path.realpath(os.path.expanduser(path)))


def _encoded(handoff: Handoff) -> bytes:
    return render(handoff).encode("utf-8")


def _remove_if_empty(path: Path) -> None:
    with contextlib.suppress(OSError):  # gone, or not ours: an empty file is ignored anyway
        if path.is_file() and not path.stat().st_size:
            path.unlink()


def _minute(handoff_id: str, modified_s: float) -> str:
    """When a handoff was made, as ids say it; of one that a person named, when it was last written."""
    if re.match(r"\d{8}-\d{4}-", handoff_id):
        return handoff_id[:_MINUTE]
    return f"{datetime.fromtimestamp(modified_s, UTC):%Y%m%d-%H%M}"


def _made(entry: Entry) -> tuple[datetime, str]:
    return entry.handoff.created_at or datetime.min.replace(tzinfo=UTC), entry.id
