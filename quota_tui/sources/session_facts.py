"""What a session did, from its transcript: files, commands, todos, the last test run.

A call counts when its result says that it ran: refused and failed calls changed nothing. The todo list is the
one that `TodoWrite` set last, or the tasks of `TaskCreate`, `TaskUpdate` and `TaskList`. Subagents' own
transcripts lie beside the session's; their files, commands and tests are the session's too.
"""

from __future__ import annotations

import glob
import os
import re
from datetime import datetime

import msgspec

from quota_tui.core.facts import Ran, SessionFacts, TestRun, Todo, Touched
from quota_tui.core.testlines import summary
from quota_tui.sources.session_lines import Block, Input, Line, lines, plain, result_text, tool_input

_EDITS = frozenset({"Edit", "Write", "MultiEdit", "NotebookEdit"})
_TOOLS = _EDITS | {"Read", "Bash", "TodoWrite", "TaskCreate", "TaskUpdate", "TaskList"}
_MAX_PENDING = 1000
_MAX_FILES = 5000
_MAX_COMMANDS = 500
_MAX_COMMAND = 2000
_MAX_TODOS = 500
_MAX_SUBAGENTS = 500
_LOOKED_FOR = 100
"""So many of the files are looked for on disk: more are not shown anywhere."""

_NOT_RUN = re.compile(
    r"<tool_use_error>|The user doesn't want|Permission to use|\[Request interrupted|Error: No such"
)
_CREATED = re.compile(r"Task #(\S+) created")


def read_session(path: str) -> SessionFacts:
    """What the session of this transcript did. Raises OSError when the transcript cannot be read."""
    facts = _Collector()
    for line in lines(path):
        facts.take(line, own=True)
    beside = os.path.join(glob.escape(path.removesuffix(".jsonl")), "subagents", "*.jsonl")
    for other in sorted(glob.glob(beside))[:_MAX_SUBAGENTS]:
        try:
            for line in lines(other):
                facts.take(line, own=False)
        except OSError:
            continue  # it is gone already: what the session itself says is enough
    return facts.result()


class _Collector:
    """Takes line after line; keeps only what is asked for, within bounds."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}
        self._started_at: datetime | None = None
        self._last_at: datetime | None = None
        self._copied_until: datetime | None = None
        self._pending: dict[str, tuple[str, Input]] = {}
        self._files: dict[str, Touched] = {}
        self._commands: dict[str, Ran] = {}
        self._todos: list[Todo] = []
        self._tasks: dict[str, Todo] = {}
        self._tests: TestRun | None = None
        self._skipped = 0

    def take(self, line: Line | None, *, own: bool) -> None:
        """The next line; `own` when it is from the session's own transcript."""
        if line is None:
            self._skipped += 1
            return
        if own:
            self._take_session(line)
        try:
            blocks = line.blocks()
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self._skipped += 1
            return
        results = [block for block in blocks if block.type == "tool_result"]
        for block in blocks:
            if block.type == "tool_use" and block.name in _TOOLS and block.id:
                self._call(block.id, block.name, block)
        for block in results:
            call = self._pending.pop(block.tool_use_id or "", None)
            if call is not None:
                alone = len(results) == 1
                self._done(line, call, block, alone=alone, own=own and not line.isSidechain)

    def result(self) -> SessionFacts:
        """All of it."""
        files = sorted(self._files.values(), key=lambda file: (-file.edits, -file.reads, file.path))
        looked_for = [
            msgspec.structs.replace(file, exists=os.path.lexists(file.path)) for file in files[:_LOOKED_FOR]
        ]
        return SessionFacts(
            **self._said,
            started_at=self._started_at,
            last_at=self._last_at,
            files=(*looked_for, *files[_LOOKED_FOR:]),
            commands=tuple(reversed(self._commands.values())),
            todos=tuple(self._tasks.values() or self._todos),
            tests=self._tests,
            lines_skipped=self._skipped,
        )

    def _take_session(self, line: Line) -> None:
        for name, value in (
            ("session_id", line.sessionId),
            ("title", line.customTitle),
            ("branch", line.gitBranch),
        ):
            if value:
                self._said[name] = value
        if line.cwd:
            self._said.setdefault("project", line.cwd)
        at = line.at
        if at is None:
            return
        if line.requestSessionId and line.sessionId and line.requestSessionId != line.sessionId:
            # A fork begins with copies of another session's lines: its own work begins after them.
            self._copied_until, self._started_at = at, None
        elif self._started_at is None and (self._copied_until is None or at > self._copied_until):
            self._started_at = at
        self._last_at = at if self._last_at is None else max(at, self._last_at)

    def _call(self, call_id: str, name: str, block: Block) -> None:
        known = tool_input(block)
        if known is None:
            return
        if len(self._pending) >= _MAX_PENDING:
            self._pending.pop(next(iter(self._pending)))
        self._pending[call_id] = (name, known)

    def _done(self, line: Line, call: tuple[str, Input], block: Block, *, alone: bool, own: bool) -> None:
        name, given = call
        if name == "Bash":
            self._ran(line, given, result_text(block), failed=bool(block.is_error))
        elif block.is_error:
            return
        elif name in _EDITS or name == "Read":
            self._touched(line, given.file_path or given.notebook_path or "", edit=name != "Read")
        elif own and name == "TodoWrite":
            self._todos = [todo for _, todo in _listed(plain(given.todos), "content")]
        elif own:
            self._task(name, given, plain(line.toolUseResult) if alone else None, result_text(block))

    def _touched(self, line: Line, path: str, *, edit: bool) -> None:
        if not path:
            return
        path = os.path.join(line.cwd or "", path)
        old = self._files.get(path)
        if old is None and len(self._files) >= _MAX_FILES:
            return
        edits, reads, edited_at = (old.edits, old.reads, old.edited_at) if old else (0, 0, None)
        self._files[path] = Touched(path, edits + edit, reads + (not edit), line.at if edit else edited_at)

    def _ran(self, line: Line, given: Input, output: str, *, failed: bool) -> None:
        command = given.command or ""
        if not command.strip() or (failed and _NOT_RUN.match(output)):
            return
        found = summary(command, output)
        is_later = self._tests is None or _later(line.at, self._tests.at)
        if found is not None and is_later:
            self._tests = TestRun(found.text, found.passed, command[:_MAX_COMMAND], line.at)
        if len(command) > _MAX_COMMAND:
            return
        old = self._commands.pop(command, None)
        if len(self._commands) >= _MAX_COMMANDS:
            self._commands.pop(next(iter(self._commands)))
        self._commands[command] = Ran(command, old.count + 1 if old else 1, line.at)

    def _task(self, name: str, given: Input, told: object, text: str) -> None:
        if name == "TaskCreate":
            created = told.get("task") if isinstance(told, dict) else None
            found = _CREATED.search(text)
            task_id = str(created.get("id")) if isinstance(created, dict) else found[1] if found else ""
            if task_id and given.subject and len(self._tasks) < _MAX_TODOS:
                self._tasks[task_id] = Todo(given.subject, "pending")
        elif name == "TaskUpdate":
            self._update(str(given.taskId), given)
        elif isinstance(told, dict) and isinstance(told.get("tasks"), list):
            self._tasks = dict(_listed(told["tasks"], "subject"))

    def _update(self, task_id: str, given: Input) -> None:
        old = self._tasks.get(task_id)
        if old is None:
            return
        if given.status == "deleted":
            del self._tasks[task_id]
        else:
            self._tasks[task_id] = Todo(given.subject or old.text, given.status or old.status)


def _listed(data: object, name: str) -> list[tuple[str, Todo]]:
    """The entries of a list with their ids; those without text or status are left out."""
    listed: list[tuple[str, Todo]] = []
    for entry in data[:_MAX_TODOS] if isinstance(data, list) else []:
        if isinstance(entry, dict):
            text, status = entry.get(name), entry.get("status")
            if isinstance(text, str) and isinstance(status, str):
                listed.append((str(entry.get("id")), Todo(text, status)))
    return listed


def _later(at: datetime | None, than: datetime | None) -> bool:
    return than is None or (at is not None and at >= than)
