"""One scan: find transcripts, read what is new, merge it into the history.

A line travels: file -> `sources.reading` (bytes to records) -> `store.history` (records to calls) -> and only
then does `store.index` remember the new offset. A process killed in between reads the line again, and
merging it again changes nothing. The index is the lock: one scan at a time, others wait and then find
nothing left to do.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress

import msgspec

from quota_tui.core.pricing import Pricer
from quota_tui.ingest.look import Look, completed, look
from quota_tui.ingest.parallel import WORTH_A_SECOND_PROCESS, read_here, read_with_two
from quota_tui.ingest.reader import FileTask, TaskRead
from quota_tui.sources.discover import FoundFile, FoundRoot, look_at
from quota_tui.sources.reading import Cursor
from quota_tui.sources.transcripts import ErrorLine
from quota_tui.store.database import write
from quota_tui.store.history import History
from quota_tui.store.index import Index, IndexedFile

_pack = msgspec.msgpack.Encoder().encode
_unpack_cursor = msgspec.msgpack.Decoder(Cursor).decode


class ScanResult(msgspec.Struct, frozen=True):
    """What a scan found.

    `calls` counts rows of the history that changed, the earliest of them at `oldest_ms` (Unix ms); `errors`
    are API errors that may say a limit was hit.
    """

    roots: tuple[FoundRoot, ...]
    files_read: int = 0
    bytes_read: int = 0
    calls: int = 0
    oldest_ms: int | None = None
    errors: tuple[ErrorLine, ...] = ()
    problems: tuple[str, ...] = ()


def pending_bytes(roots: Sequence[FoundRoot], index: Index) -> int:
    """How many bytes a scan would have to read."""
    known = index.stamps()
    changed = _changed(roots, known)
    return sum(max(file.size - (known[file.path][1] if file.path in known else 0), 0) for file in changed)


def scan(
    roots: Iterable[str],
    index: Index,
    history: History,
    pricer: Pricer,
    *,
    parallel: bool = False,
    only: Collection[str] | None = None,
    whole: bool = False,
    on_errors: Callable[[Sequence[ErrorLine]], None] | None = None,
) -> ScanResult:
    """Bring index and history up to date with the transcripts below `roots`.

    `only` looks at these paths alone (a watcher knows what changed; it cannot see what vanished).
    `parallel` allows a second process (only for a process without threads). `on_errors` is called with API
    errors before the offsets are remembered, so that none is lost.
    """
    now_ns = time.time_ns()
    if index.history_id() != history.meta("id"):
        with write(index.db):
            index.start_over(history.meta("id"))
    seen = look(roots, index, now_ns, whole=whole) if only is None else _look_at(roots, only)
    if seen.fingerprint and seen.fingerprint == index.last_look():
        return ScanResult(seen.roots, problems=_problems(seen.roots))
    version = index.changes()
    known = _known(seen.roots, index, only)
    found = completed(seen.roots, known)
    problems = list(_problems(found))
    gone = _gone(found, known) if only is None else []
    if not _changed(found, known) and not gone:
        if seen.fingerprint:
            # Only a short cut for the next scan: on a full disk nothing is lost without it.
            with suppress(sqlite3.OperationalError), write(index.db):
                fingerprint = seen.fingerprint if index.changes() == version else b""
                index.remember_look(fingerprint, now_ns if seen.is_whole else None)
        return ScanResult(found, problems=tuple(problems))
    with write(index.db):
        if index.changes() != version:  # another process has read meanwhile
            known = _known(seen.roots, index, only)
            found = completed(seen.roots, known)
            gone = _gone(found, known) if only is None else []
        tasks = _tasks(found, known, gone, index)
        size = sum(task.new_bytes for task in tasks)
        two = parallel and size > WORTH_A_SECOND_PROCESS
        by_path = {task.path: task for task in tasks}
        errors: list[ErrorLine] = []
        indexed: list[IndexedFile] = []
        with history.merging() as merge:
            for read in read_with_two(tasks, pricer) if two else read_here(tasks, pricer):
                merge.add(read.records)
                errors += read.errors
                if read.problem:
                    problems.append(read.problem)
                else:
                    indexed.append(_indexed(by_path[read.path], read, index))
        if errors and on_errors is not None:
            on_errors(errors)
        index.forget(path for path in gone if path not in by_path)
        index.put(indexed)
        if seen.fingerprint and len(indexed) == len(tasks):
            index.remember_look(seen.fingerprint, now_ns if seen.is_whole else None)
    return ScanResult(
        found,
        len(tasks),
        size,
        merge.changed,
        merge.oldest_ms if merge.changed else None,
        tuple(errors),
        tuple(problems),
    )


def _look_at(roots: Iterable[str], paths: Collection[str]) -> Look:
    return Look(tuple(look_at(root, paths) for root in roots), b"", is_whole=False)


def _problems(found: Sequence[FoundRoot]) -> tuple[str, ...]:
    return tuple(problem for root in found for problem in root.problems)


def _known(
    found: Sequence[FoundRoot], index: Index, only: Collection[str] | None
) -> dict[str, tuple[int, int, int]]:
    """What the index says of everything, or of the few files that are looked at."""
    if only is None:
        return index.stamps()
    stamps = ((file.path, index.stamps_of(file.path)) for root in found for file in root.files)
    return {path: stamp for path, stamp in stamps if stamp is not None}


def _changed(roots: Sequence[FoundRoot], known: dict[str, tuple[int, int, int]]) -> list[FoundFile]:
    return [
        file
        for root in roots
        for file in root.files
        if known.get(file.path) != (file.inode, file.size, file.mtime_ns)
    ]


def _gone(roots: Sequence[FoundRoot], known: dict[str, tuple[int, int, int]]) -> list[str]:
    present = {file.path for root in roots for file in root.files}
    return [path for path in known if path not in present]


def _tasks(
    roots: Sequence[FoundRoot], known: dict[str, tuple[int, int, int]], gone: Sequence[str], index: Index
) -> list[FileTask]:
    """What to read and from where. A file that moved is known by its inode and goes on where it was."""
    moved = {known[path][0]: path for path in gone if known[path][0]}
    tasks = []
    for root in roots:
        for file in root.files:
            stamp = known.get(file.path)
            if stamp == (file.inode, file.size, file.mtime_ns):
                continue
            before = index.get(file.path if stamp else moved.get(file.inode, "")) if stamp or moved else None
            same = before is not None and before.inode == file.inode
            cursor = _unpack_cursor(before.cursor) if before is not None and same else Cursor()
            tasks.append(FileTask(file, os.path.relpath(file.path, root.path), cursor))
    # Oldest first: of a session and its copies the original keeps the call.
    tasks.sort(key=lambda task: task.file.mtime_ns)
    return tasks


def _indexed(task: FileTask, read: TaskRead, index: Index) -> IndexedFile:
    file = task.file
    notes, total = list(read.notes), read.notes_total
    before = index.get(file.path) if task.cursor.offset and not read.restarted else None
    if before is not None and before.notes_total:
        earlier = msgspec.msgpack.decode(before.notes or b"\x90", type=list[tuple[int, str]])
        notes = [*earlier, *notes][-50:]
        total += before.notes_total
    return IndexedFile(
        file.path,
        file.inode,
        file.size,
        file.mtime_ns,
        _pack(read.cursor),
        _pack(notes) if notes else None,
        total,
    )
