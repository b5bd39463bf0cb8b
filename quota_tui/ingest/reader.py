"""Read one transcript: what both this process and a second one do."""

from __future__ import annotations

import os

import msgspec

from quota_tui.core.digest import blake2b
from quota_tui.core.pricing import Pricer
from quota_tui.core.usage import UsageRecord
from quota_tui.sources.discover import FoundFile
from quota_tui.sources.reading import Cursor, read_new
from quota_tui.sources.transcripts import ErrorLine, LineDecoder


class FileTask(msgspec.Struct, frozen=True, gc=False):
    """A transcript to read from `cursor` on. `relative` is its path below its root."""

    file: FoundFile
    relative: str
    cursor: Cursor

    @property
    def path(self) -> str:
        """Where it is."""
        return self.file.path

    @property
    def new_bytes(self) -> int:
        """About how much there is to read."""
        return max(self.file.size - self.cursor.offset, 0)


class TaskRead(msgspec.Struct, gc=False, array_like=True):
    """What a task brought; `problem` is a sentence when the file could not be read."""

    path: str
    cursor: Cursor = Cursor()
    records: list[UsageRecord] = []
    errors: list[ErrorLine] = []
    notes: list[tuple[int, str]] = []
    notes_total: int = 0
    restarted: bool = False
    problem: str = ""


def read_task(task: FileTask, pricer: Pricer) -> TaskRead:
    """Read what is new in one transcript."""
    parts = task.relative.replace(os.sep, "/").split("/")
    named = [part.encode("utf-8", "replace").decode() for part in parts]  # what is stored must be UTF-8
    session = named[1] if len(named) > 2 else named[-1].removesuffix(".jsonl")
    # The key outlives a rebuilt index and a moved configuration folder.
    key = blake2b("/".join(parts).encode("utf-8", "surrogateescape"), digest_size=6).hexdigest()
    decoder = LineDecoder(pricer, session, named[0] if len(named) > 1 else "", key)
    try:
        read = read_new(task.path, task.cursor, decoder)
    except OSError as error:
        return TaskRead(
            task.path, problem=f"{task.path}: cannot be read ({error.strerror}); check its permissions"
        )
    notes = [(note.line, note.why) for note in read.notes]
    return TaskRead(
        task.path, read.cursor, read.records, read.errors, notes, read.notes_total, read.restarted
    )
