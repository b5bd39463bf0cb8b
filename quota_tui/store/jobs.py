"""The jobs in the journal: every change is one version written over the one it was made from.

Tables of their own that are made when first needed, so that a journal of an earlier version needs no
migration. Log lines are only ever added.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import msgspec

from quota_tui.core.jobs import machine
from quota_tui.core.jobs.job import OPEN, Job, JobState, LogLine
from quota_tui.store.database import write

_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs(
  id TEXT PRIMARY KEY, project TEXT NOT NULL, is_open INTEGER NOT NULL, version INTEGER NOT NULL,
  lines INTEGER NOT NULL, record BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS jobs_open ON jobs(is_open, project);
CREATE TABLE IF NOT EXISTS job_log(
  number INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL, line BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS job_log_job ON job_log(job, number)
"""
_LATELY = 200
"""Log lines, a few for each job."""
_HAS = "SELECT 1 FROM sqlite_master WHERE type='table' AND name='jobs'"
_encode = msgspec.msgpack.Encoder().encode
_decode_job = msgspec.msgpack.Decoder(Job).decode
_decode_line = msgspec.msgpack.Decoder(LogLine).decode
_LOST_LINE = LogLine(datetime.fromtimestamp(0, UTC), JobState.SCHEDULED, "(a line that cannot be read)")


class JobRefusedError(Exception):
    """The job cannot be kept; the message says why, for a person."""


class ProjectBusyError(JobRefusedError):
    """Another job of this project is still open: `first`."""

    def __init__(self, first: Job, why: str = "") -> None:
        super().__init__(
            f"{first.project} already has a job: {first.id} ({first.state.value})"
            + (f"; {why}" if why else "; cancel it, or put this one in its place (--replace)")
        )
        self.first = first


class Jobs:
    """All jobs, on the journal's connection. Raises sqlite3 errors where the file cannot be read or written.

    `damaged` names the records that could not be read when jobs were last listed: never passed over silently.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.damaged: tuple[str, ...] = ()

    def add(self, job: Job, *, replacing: bool = False) -> Job | None:
        """Keep a new job. One open job per project: with `replacing` the first is cancelled and returned.

        Raises ProjectBusyError when there is one (with `replacing`: one whose session is already starting),
        JobRefusedError when the id is taken or a text cannot be kept.
        """
        with self._writing():
            if self.db.execute("SELECT 1 FROM jobs WHERE id=?", (job.id,)).fetchone():
                raise JobRefusedError(f"there is a job {job.id} already")
            first = self._other_open(job)
            gone = None
            if first is not None:
                if not replacing:
                    raise ProjectBusyError(first)
                gone = _cancelled_for(first, job)
                self._put(first, gone)
            self.db.execute(
                "INSERT INTO jobs VALUES(?, ?, ?, ?, ?, ?)",
                (job.id, _key(job), job.state in OPEN, job.version, 0, b""),
            )
            self._put(msgspec.structs.replace(job, log=()), job)
        return gone

    def get(self, job_id: str) -> Job | None:
        """The job with its log; None when there is none, or it cannot be read (see `damaged`)."""
        return next(iter(self._read("WHERE id=?", (job_id,))), None)

    def all(self) -> list[Job]:
        """Every job, the one made last first."""
        return sorted(self._read(), key=lambda job: (job.created_at, job.id), reverse=True)

    def open(self) -> list[Job]:
        """Jobs that are armed or at work, the next one first."""
        return sorted(self._read("WHERE is_open"), key=lambda job: (job.launch_at, job.id))

    def recent(self) -> list[Job]:
        """Open jobs, and those that something happened to lately; the cost does not grow with the history."""
        if not self._is_there():
            return []
        lately = "SELECT job FROM job_log WHERE number > (SELECT max(number) FROM job_log) - ?"
        return self._read(f"WHERE is_open OR id IN ({lately})", (_LATELY,))

    def replace(self, old: Job, new: Job) -> bool:
        """Write `new` if `old` is still what is kept; False when somebody was faster.

        Raises machine.ImpossibleError when `new` is no step from `old`, ProjectBusyError when a job that was
        over would be open again beside another one.
        """
        machine.check(old, new)
        with self._writing():
            return self._swap(old, new)

    def change(self, job_id: str, step: Callable[[Job], Job | None]) -> Job | None:
        """Read, apply, write, with nobody in between; `step` returning None leaves it as it is.

        Returns the new version; None when nothing was written, also for want of such a job. `step` must be
        quick: writers wait for it. What rests on facts about an earlier reading (is its holder dead?) belongs
        in `replace`. Raises what `step` raises, then nothing is written; and what `replace` raises.
        """
        with self._writing():
            old = self.get(job_id)
            new = None if old is None else step(old)
            if old is None or new is None or new == old:
                return None
            machine.check(old, new)
            self._swap(old, new)
        return new

    def log(self, job_id: str) -> list[LogLine]:
        """Everything that happened to a job, oldest first."""
        return list(self._lines((job_id,)).get(job_id, ())) if self._is_there() else []

    # -- inside

    def _swap(self, old: Job, new: Job) -> bool:
        kept = self.db.execute("SELECT version FROM jobs WHERE id=?", (old.id,)).fetchone()
        if kept is None or kept[0] != old.version:
            return False
        if new.state in OPEN and old.state not in OPEN:
            first = self._other_open(new)
            if first is not None:
                raise ProjectBusyError(first)
        self._put(old, new)
        return True

    def _put(self, old: Job, new: Job) -> None:
        """Write the record and the log lines that are new."""
        added = new.log[len(old.log) :]
        try:
            record = _encode(msgspec.structs.replace(new, log=()))
            lines = [(new.id, _encode(line)) for line in added]
        except UnicodeEncodeError as error:
            raise JobRefusedError(f"{new.id}: a text in it is not valid Unicode ({error.reason})") from error
        self.db.executemany("INSERT INTO job_log VALUES(NULL, ?, ?)", lines)
        self.db.execute(
            "UPDATE jobs SET is_open=?, version=?, lines=lines+?, record=? WHERE id=?",
            (new.state in OPEN, new.version, len(added), record, new.id),
        )

    def _other_open(self, job: Job) -> Job | None:
        """Another open job of the same project. One that cannot be read blocks nobody."""
        others = self._read("WHERE is_open AND project=?", (_key(job),))
        return next((each for each in others if each.id != job.id), None)

    def _is_there(self) -> bool:
        """Whether the tables were ever made."""
        return self.db.execute(_HAS).fetchone() is not None

    def _read(self, where: str = "", values: tuple[str | int, ...] = ()) -> list[Job]:
        if not self._is_there():
            return []
        rows = self.db.execute(f"SELECT id, lines, record FROM jobs {where}", values).fetchall()
        # Lines are only ever added: those of a version that was written meanwhile come last and are cut.
        logs, found, damaged = self._lines([row[0] for row in rows]), list[Job](), list[str]()
        for job_id, count, record in rows:
            try:
                job = _decode_job(record)
            except msgspec.MsgspecError as error:
                damaged.append(f"job {job_id} cannot be read: {error}")
                continue
            found.append(msgspec.structs.replace(job, log=tuple(logs.get(job_id, ())[:count])))
        self.damaged = tuple(damaged)
        return found

    def _lines(self, job_ids: Iterable[str]) -> dict[str, list[LogLine]]:
        found: dict[str, list[LogLine]] = {}
        for job_id in job_ids:
            rows = self.db.execute("SELECT line FROM job_log WHERE job=? ORDER BY number", (job_id,))
            found[job_id] = [_line(blob) for (blob,) in rows]
        return found

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A write that a power cut cannot undo: what was started must not be forgotten."""
        self.db.execute("PRAGMA synchronous=FULL")
        try:
            with write(self.db):
                for statement in _SCHEMA.split(";\n"):
                    self.db.execute(statement)
                yield
        finally:
            self.db.execute("PRAGMA synchronous=NORMAL")


def _key(job: Job) -> str:
    return os.path.normcase(job.project)


def _line(blob: bytes) -> LogLine:
    try:
        return _decode_line(blob)
    except msgspec.MsgspecError:
        return _LOST_LINE  # counted all the same: a record says how many lines are its own


def _cancelled_for(first: Job, job: Job) -> Job:
    try:
        gone = machine.cancelled(first, job.created_at, f"replaced by {job.id}")
    except machine.ImpossibleError as error:
        raise ProjectBusyError(first, "it is starting already") from error
    machine.check(first, gone)
    return gone
