"""What is known about a session's work before anybody says a word: from its transcript and from git."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Commit(msgspec.Struct, frozen=True):
    """A commit. `hash` is the short form."""

    hash: str
    subject: str
    at: datetime


class GitState(msgspec.Struct, frozen=True, kw_only=True):
    """A working copy. Paths are relative to `root`, with `/`.

    `branch` is empty when the head is detached. `commits` are this person's since the instant asked for,
    the oldest first; `commits_of_others` counts the rest (pulled in meanwhile). `ahead` and `behind` are
    None without an upstream. `cut` when there was more than is listed. `problem` says in one clause why
    there is nothing, or not everything.
    """

    root: str = ""
    branch: str = ""
    head: Commit | None = None
    commits: tuple[Commit, ...] = ()
    commits_of_others: int = 0
    staged: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()
    untracked: tuple[str, ...] = ()
    ahead: int | None = None
    behind: int | None = None
    cut: bool = False
    problem: str = ""


class Touched(msgspec.Struct, frozen=True):
    """A file that a session's tools read or wrote: an absolute path, how often, and when it last wrote it."""

    path: str
    edits: int
    reads: int
    edited_at: datetime | None = None
    exists: bool = True


class Ran(msgspec.Struct, frozen=True):
    """A command that a session ran, how often, and when last."""

    command: str
    count: int
    last_at: datetime | None


class Todo(msgspec.Struct, frozen=True):
    """An entry of a session's todo list. `status` is `pending`, `in_progress` or `completed`."""

    text: str
    status: str


class TestRun(msgspec.Struct, frozen=True):
    """The last line in which a test runner summed up, the command that ran it, and when."""

    __test__ = False

    summary: str
    passed: bool
    command: str
    at: datetime | None


class SessionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a session did. Times are None, texts empty, where the transcript says nothing.

    `project` is the folder it was started in, `branch` the last one seen. `files` by edits, then reads;
    `commands` the latest first. `started_at` leaves out lines copied from another session.
    """

    session_id: str = ""
    title: str = ""
    project: str = ""
    branch: str = ""
    started_at: datetime | None = None
    last_at: datetime | None = None
    files: tuple[Touched, ...] = ()
    commands: tuple[Ran, ...] = ()
    todos: tuple[Todo, ...] = ()
    tests: TestRun | None = None
    lines_skipped: int = 0


class OpenPhase(msgspec.Struct, frozen=True):
    """A phase of a plan that is not done, with its estimate in tokens where there is one."""

    name: str
    tokens: int | None = None
    low: int | None = None
    high: int | None = None
