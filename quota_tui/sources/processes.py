"""Which Claude Code sessions run now, from the files the client keeps beside them.

`<config>/sessions/<pid>.json` is written at start, kept up to date, and removed at exit, but not after a
crash. So the process must live and must be the one that wrote the file: `procStart` is the kernel's start
mark (Linux: ticks since boot; macOS: `ps` in UTC; Windows: `procStartFt`, a FILETIME), `startedAt` the
session's start. The cost follows the number of these files; the process table is not walked.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import msgspec

from quota_tui.sources.process_facts import ProcessFacts, command_of, process_facts, same_machine, same_start

_MAX_FILE_BYTES = 2**20
_MAX_EPOCH_MS = 4 * 10**12
_NOT_KEPT = "--no-session-persistence"
_RUNTIMES = frozenset({"node", "bun", "deno", "node.exe", "bun.exe"})
_DESKTOP = ("claude.app/", "claude-desktop", "anthropicclaude/", "windowsapps/claude")


class LiveSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session whose process runs. `project` is its working folder, `status` the client's own word.

    `session_id` is the present one: `/clear` gives a running client a new one. `started_at` is the client's
    start. `agent` is empty for a session without one.
    """

    session_id: str
    pid: int
    project: str
    name: str = ""
    status: str = ""
    started_at: datetime | None = None
    version: str = ""
    agent: str = ""


class SessionScan(msgspec.Struct, frozen=True):
    """`notes` are one-line sentences about files that could not be used. Orphans are normal: no note."""

    sessions: tuple[LiveSession, ...] = ()
    notes: tuple[str, ...] = ()


class _File(msgspec.Struct):
    """What is read of a session file. Only what identifies the process must be well-formed."""

    pid: int
    sessionId: str  # noqa: N815 - the client's own names, here and below
    startedAt: float | None = None  # noqa: N815
    procStart: str | int | None = None  # noqa: N815
    procStartFt: str | int | None = None  # noqa: N815
    pidDomain: str | None = None  # noqa: N815
    entrypoint: Any = None
    cwd: Any = None
    name: Any = None
    status: Any = None
    version: Any = None
    agent: Any = None


class ClaudeProcess(msgspec.Struct, frozen=True):
    """A process that looks like the client, whether or not it has a session file."""

    pid: int
    command: str
    started_at: datetime


def live_sessions(config_dirs: Iterable[Path]) -> tuple[LiveSession, ...]:
    """The sessions that run now, oldest first; see `scan_sessions`."""
    return scan_sessions(config_dirs).sessions


def scan_sessions(
    config_dirs: Iterable[Path],
    *,
    facts: Callable[[int], ProcessFacts | None] = process_facts,
    command: Callable[[int], tuple[str, ...]] = command_of,
) -> SessionScan:
    """Read the session files of `config_dirs` (which need not exist) and check each against its process.

    Torn, unreadable and foreign files are passed over with a note. Never raises for what a file holds. A
    client that keeps no session (`--no-session-persistence`, as our own question) is none.
    """
    found: dict[int, LiveSession] = {}
    notes: list[str] = []
    for folder in config_dirs:
        for path in _session_files(folder / "sessions", notes):
            file = _read(path, notes)
            if file is None or file.pid in found:
                continue
            if not same_machine(file.pidDomain):
                notes.append(f"{path}: its process is in another container or on another machine")
                continue
            now = facts(file.pid)
            if now is None or not same_start(now, file.procStart, file.procStartFt, _seconds(file.startedAt)):
                continue
            if file.entrypoint != "cli" and _NOT_KEPT in command(file.pid):
                continue
            found[file.pid] = _session(file)
    oldest = datetime.min.replace(tzinfo=UTC)
    return SessionScan(
        tuple(sorted(found.values(), key=lambda one: (one.started_at or oldest, one.pid))), tuple(notes)
    )


def _session_files(folder: Path, notes: list[str]) -> list[Path]:
    """`<pid>.json` files only: the keys beside them are never opened."""
    try:
        with os.scandir(folder) as entries:
            return sorted(
                Path(entry.path)
                for entry in entries
                if entry.name.endswith(".json") and entry.name[:-5].isdecimal() and entry.is_file()
            )
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        notes.append(f"{folder}: {error.strerror}")
        return []


def _read(path: Path, notes: list[str]) -> _File | None:
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_FILE_BYTES)
        file = msgspec.json.decode(data, type=_File)
    except FileNotFoundError:  # the session ended between listing and reading
        return None
    except OSError as error:
        notes.append(f"{path}: {error.strerror}")
        return None
    except (ValueError, RecursionError):
        notes.append(f"{path}: not a session file that can be read (being written, or damaged)")
        return None
    if file.pid != int(path.stem) or not 0 < file.pid < 2**31 or not file.sessionId:
        notes.append(f"{path}: what it says does not belong to its name")
        return None
    return file


def _session(file: _File) -> LiveSession:
    started_s = _seconds(file.startedAt)
    return LiveSession(
        session_id=file.sessionId,
        pid=file.pid,
        project=_text(file.cwd),
        name=_text(file.name),
        status=_text(file.status),
        started_at=None if started_s is None else datetime.fromtimestamp(started_s, UTC),
        version=_text(file.version),
        agent=_text(file.agent),
    )


def _seconds(epoch_ms: float | None) -> float | None:
    return epoch_ms / 1000 if epoch_ms is not None and 0 < epoch_ms < _MAX_EPOCH_MS else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def is_claude(argv: Sequence[str]) -> bool:
    """Whether an argument vector is the client's: by argv[0], or a JavaScript runtime with its script.

    Claude Desktop and its helper processes are not.
    """
    if not argv or not argv[0] or any(part.startswith("--type=") for part in argv):
        return False
    program = argv[0].replace("\\", "/")
    if any(mark in f"{program.lower()}/" for mark in _DESKTOP):
        return False
    name = _base(program)
    if name in {"claude", "claude.exe"}:
        return True
    if "/claude/versions/" in program:  # the native installer's: the file's name is the version
        return True
    return name in _RUNTIMES and any(_is_script(part) for part in argv[1:4] if not part.startswith("-"))


def claude_processes() -> tuple[ClaudeProcess, ...]:
    """Every process that looks like the client. Walks the process table: for `doctor`, not for a refresh."""
    import psutil

    found = []
    for process in psutil.process_iter(["pid", "cmdline", "create_time"]):
        argv = process.info["cmdline"] or []  # None where we may not look
        if is_claude(argv) and process.info["create_time"] is not None:
            started_at = datetime.fromtimestamp(process.info["create_time"], UTC)
            found.append(ClaudeProcess(process.info["pid"], _base(argv[0]), started_at))
    return tuple(found)


def _is_script(argument: str) -> bool:
    path = argument.replace("\\", "/")
    return "@anthropic-ai/claude-code/" in path or path.endswith("/bin/claude")


def _base(program: str) -> str:
    name = PureWindowsPath(program).name if "\\" in program else PurePosixPath(program).name
    return name.removeprefix("-")
