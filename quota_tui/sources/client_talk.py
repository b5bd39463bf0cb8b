"""One exchange with a started client: ask, wait, and leave nothing of it running."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from enum import StrEnum
from pathlib import Path
from typing import IO

import msgspec

from quota_tui.sources.client_reply import Answer, answer_in

ARGUMENTS = (
    *("--safe-mode", "-p", "--input-format", "stream-json", "--output-format", "stream-json"),
    *("--verbose", "--no-session-persistence"),
)
MAX_OUTPUT_BYTES = 8 * 2**20
GRACE_S = 2.0
"""How long a client that has answered may take to end by itself."""

_REQUESTS = (
    b'{"type":"control_request","request_id":"r1","request":{"subtype":"initialize"}}\n'
    b'{"type":"control_request","request_id":"r2","request":{"subtype":"get_usage","skip_behaviors":true}}\n'
)
_ANSWER_TO = "r2"
_CHUNK = 65536
_TEXT_SHOWN = 200


class FailureReason(StrEnum):
    """Why there are no numbers."""

    NOT_STARTED = "not started"
    TIMEOUT = "time-out"
    DIED = "ended without an answer"
    UNSUPPORTED = "client too old"
    REFUSED = "refused"
    TOO_MUCH_OUTPUT = "too much output"
    NO_NUMBERS = "no numbers"


class ClientFailure(msgspec.Struct, frozen=True, kw_only=True):
    """No numbers; `text` is one line for a person. `subscription_type` is empty when unknown."""

    reason: FailureReason
    text: str
    subscription_type: str = ""


def failure_of(error: str) -> ClientFailure:
    """A failure from the client's own words; older clients say that they do not know the request."""
    low = error.lower()
    too_old = any(
        word in low for word in ("unsupported", "not supported", "unknown option", "unknown request")
    )
    reason = FailureReason.UNSUPPORTED if too_old else FailureReason.REFUSED
    return ClientFailure(reason=reason, text=f"the client says: {_printable(error)}")


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text).strip()[:_TEXT_SHOWN]


class Talk:
    """One exchange with a started client. Its pipes are read in threads: select knows no pipes on Windows."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._output: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._complaints = bytearray()
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._stdin = process.stdin
        self._pipes = (process.stdout, process.stderr)
        self._readers = (
            threading.Thread(target=self._read_output, args=(process.stdout,), daemon=True),
            threading.Thread(target=self._read_complaints, args=(process.stderr,), daemon=True),
        )
        for reader in self._readers:
            reader.start()

    def answer(self, deadline: float) -> Answer | ClientFailure:
        """Send the requests and wait for the answer until `deadline` (monotonic seconds)."""
        with contextlib.suppress(OSError):  # it ended already; what it said is read below
            self._stdin.write(_REQUESTS)
        line, said = bytearray(), b""
        while True:
            try:
                chunk = self._output.get(timeout=max(deadline - time.monotonic(), 0.0))
            except queue.Empty:
                return ClientFailure(reason=FailureReason.TIMEOUT, text="the client did not answer in time")
            if chunk is None:
                text = f"the client wrote more than {MAX_OUTPUT_BYTES} bytes"
                return ClientFailure(reason=FailureReason.TOO_MUCH_OUTPUT, text=text)
            if not chunk:
                return answer_in(bytes(line), _ANSWER_TO) or self._died(bytes(line).strip() or said, deadline)
            *complete, rest = chunk.split(b"\n")
            for part in complete:
                whole = bytes(line + part).strip()
                answer = answer_in(whole, _ANSWER_TO)
                if answer is not None:
                    return answer
                if whole and not whole.startswith(b"{"):
                    said = whole
                line.clear()
            line += rest

    def end(self, grace_s: float) -> None:
        """Let the client end by itself within `grace_s`, else kill it with all it started."""
        with contextlib.suppress(OSError):
            self._stdin.close()
        try:
            self._process.wait(grace_s)
        except subprocess.TimeoutExpired:
            _kill_group(self._process)
        for reader in self._readers:
            reader.join(GRACE_S)
        if any(reader.is_alive() for reader in self._readers):  # something it started holds the pipe
            _kill_group(self._process)
        for reader, pipe in zip(self._readers, self._pipes, strict=True):
            reader.join(GRACE_S)
            if not reader.is_alive():
                pipe.close()

    def _died(self, last_words: bytes, deadline: float) -> ClientFailure:
        self._readers[1].join(max(min(GRACE_S, deadline - time.monotonic()), 0.0))
        words = bytes(self._complaints).strip() or last_words
        text = _printable(words.decode("utf-8", "replace").splitlines()[-1]) if words else ""
        if "unknown option" in text:
            return failure_of(text)
        text = f"the client ended without an answer: {text}" if text else "the client ended without an answer"
        return ClientFailure(reason=FailureReason.DIED, text=text)

    def _read_output(self, pipe: IO[bytes]) -> None:
        total = 0
        while chunk := _read(pipe):
            total += len(chunk)
            if total > MAX_OUTPUT_BYTES:
                self._output.put(None)
                return
            self._output.put(chunk)
        self._output.put(b"")

    def _read_complaints(self, pipe: IO[bytes]) -> None:
        while chunk := _read(pipe):
            if len(self._complaints) < _CHUNK:
                self._complaints += chunk


def _read(pipe: IO[bytes]) -> bytes:
    try:
        return os.read(pipe.fileno(), _CHUNK)
    except OSError:
        return b""


def start(client: Path, environ: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start it in the home folder, with a process group of its own."""
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    home = Path(environ.get("HOME") or Path.home())
    return subprocess.Popen(
        [str(client), *ARGUMENTS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        cwd=home if home.is_dir() else None,
        env=environ,
        start_new_session=sys.platform != "win32",
        creationflags=flags,
    )


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        import psutil

        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(process.pid).children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    child.kill()
        process.kill()
    else:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_S)
