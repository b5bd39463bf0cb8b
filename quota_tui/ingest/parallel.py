"""Read with two processes where that pays: a first scan of hundreds of megabytes.

The first process also merges what both read, so it reads less. Only on Linux and only from a process
without other threads: there a fork costs a millisecond, elsewhere it is slow or unsafe, and one process
is fast enough.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress

import msgspec

from quota_tui.core.pricing import Pricer
from quota_tui.ingest.reader import FileTask, TaskRead, read_task

WORTH_A_SECOND_PROCESS = 24 << 20
"""Bytes; below that the second process costs more than it saves."""

_FIRST_SHARE = 0.36
"""Of the bytes: with it both processes end at about the same time (measured)."""

_LENGTH = 4
_decode = msgspec.msgpack.Decoder(TaskRead).decode
_encode = msgspec.msgpack.Encoder().encode


def read_here(tasks: Sequence[FileTask], pricer: Pricer) -> Iterator[TaskRead]:
    """Read all tasks in this process."""
    for task in tasks:
        yield read_task(task, pricer)


def read_with_two(tasks: Sequence[FileTask], pricer: Pricer) -> Iterator[TaskRead]:
    """Read all tasks, in any order. Falls back to this process where a second one cannot be had."""
    if not sys.platform.startswith("linux") or threading.active_count() > 1 or (os.cpu_count() or 1) < 2:
        yield from read_here(tasks, pricer)
        return
    mine, theirs = _shares(tasks)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _serve(theirs, pricer, reader, writer)
    os.close(writer)
    try:
        yield from read_here(mine, pricer)
        missing = {task.path: task for task in theirs}
        for read in _receive(reader):
            del missing[read.path]
            yield read
    finally:
        os.close(reader)
        os.waitpid(child, 0)
    # Where the second process was killed, its share is read here.
    yield from read_here(list(missing.values()), pricer)


def _shares(tasks: Sequence[FileTask]) -> tuple[list[FileTask], list[FileTask]]:
    mine: list[FileTask] = []
    theirs: list[FileTask] = []
    left = _FIRST_SHARE * sum(task.new_bytes for task in tasks)
    for task in tasks:
        if left > 0:
            mine.append(task)
            left -= task.new_bytes
        else:
            theirs.append(task)
    return mine, theirs


def _serve(tasks: Sequence[FileTask], pricer: Pricer, reader: int, writer: int) -> None:
    """The second process: read, answer, end. Nothing of the parent's may run here, hence `os._exit`."""
    status = 1
    try:
        os.close(reader)
        os.set_blocking(writer, False)
        waiting = bytearray()
        for read in read_here(tasks, pricer):
            answer = _encode(read)
            waiting += len(answer).to_bytes(_LENGTH, "little") + answer
            with suppress(BlockingIOError):  # the first process is busy: it gets this later
                del waiting[: os.write(writer, waiting)]
        os.set_blocking(writer, True)
        while waiting:
            del waiting[: os.write(writer, waiting)]
        status = 0
    finally:
        os._exit(status)


def _receive(reader: int) -> Iterator[TaskRead]:
    """Answers as they come, up to the end or to where the second process was killed."""
    waiting = bytearray()
    while chunk := os.read(reader, 1 << 20):
        waiting += chunk
        at = 0
        while len(waiting) >= at + _LENGTH:
            end = at + _LENGTH + int.from_bytes(waiting[at : at + _LENGTH], "little")
            if len(waiting) < end:
                break
            yield _decode(waiting[at + _LENGTH : end])
            at = end
        del waiting[:at]
