"""Run a program in a terminal of its own and measure it as someone's split would hold it. Linux only."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import struct
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from tests.bench.measure import Program, held_kb, process_tree
from tests.bench.screen import Screen

COLUMNS, ROWS = 100, 30
_LEAVE_S = 2.0


class Rest(NamedTuple):
    """A program that nobody touches. `first_s` until data is on the screen; None when that never came."""

    first_s: float | None
    cpu_pct: float
    peak_mb: float
    bytes_per_s: float


class Terminal:
    """A program in a pseudo-terminal; a context manager that ends it."""

    def __init__(self, program: Program) -> None:
        import fcntl
        import pty
        import termios

        self.screen = Screen(COLUMNS, ROWS)
        self.written = 0
        env = {**program.env, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        self.started = time.perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
                os.execvpe(program.command[0], program.command, env)
            finally:
                os._exit(127)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            os.write(self._fd, b"q\x03")
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self._ended_within(_LEAVE_S):
                break
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)
        os.close(self._fd)

    def _ended_within(self, seconds: float) -> bool:
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                return True
            if not self.read_for(0.02):
                time.sleep(0.02)
        return False

    def read_for(self, seconds: float) -> bool:
        """Take what the program writes until the time is over; False when it has ended."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            if not self._read(left):
                return False
        return True

    def wait_for(self, wanted: Callable[[str], bool], seconds: float) -> float | None:
        """When (perf_counter) the wanted text was on the screen; None when it was not in time."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            if not self._read(left):
                return None
            at = time.perf_counter()
            if wanted(self.screen.text):
                return at
        return None

    def _read(self, seconds: float) -> bool:
        if not select.select([self._fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._fd, 1 << 16)
        except OSError:  # how Linux says that the other side is closed
            return False
        self.written += len(data)
        self.screen.feed(data)
        return bool(data)

    def cpu_s(self) -> float:
        """Processor time so far, of all its processes."""
        return sum(_cpu_s(pid) for pid in process_tree(self.pid))

    def peak_mb(self) -> float:
        """The most memory its processes have held."""
        return sum(held_kb(pid) for pid in process_tree(self.pid)) / 1024


def _cpu_s(pid: int) -> float:
    """Of a process, its threads (also ended ones) and its ended children."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0.0
    return sum(int(ticks) for ticks in stat.rpartition(")")[2].split()[11:15]) / os.sysconf("SC_CLK_TCK")


def at_rest(
    program: Program,
    has_data: Callable[[str], bool],
    seconds: float,
    *,
    settle_s: float = 5.0,
    wait_s: float = 120.0,
) -> Rest:
    """Start it, wait for data on the screen, let it settle, and measure it for some seconds."""
    with Terminal(program) as terminal:
        first = terminal.wait_for(has_data, wait_s)
        terminal.read_for(settle_s)
        start, cpu, written = time.perf_counter(), terminal.cpu_s(), terminal.written
        terminal.read_for(seconds)
        span = time.perf_counter() - start
        return Rest(
            first - terminal.started if first else None,
            100 * (terminal.cpu_s() - cpu) / span,
            terminal.peak_mb(),
            (terminal.written - written) / span,
        )


def latencies(
    program: Program,
    count_of: Callable[[str], int | None],
    append: Callable[[], None],
    pauses: Sequence[float],
    *,
    settle_s: float = 3.0,
    wait_s: float = 10.0,
) -> list[float | None]:
    """Seconds from each append until the screen counts one more; None where that did not come in time.

    `count_of` reads the count from the screen; before each append there is one of the `pauses`.
    """
    found: list[float | None] = []
    with Terminal(program) as terminal:
        terminal.wait_for(lambda text: count_of(text) is not None, 60.0)
        terminal.read_for(settle_s)
        for pause in pauses:
            terminal.read_for(pause)
            before = count_of(terminal.screen.text) or 0
            start = time.perf_counter()
            append()
            seen = terminal.wait_for(lambda text, wanted=before + 1: count_of(text) == wanted, wait_s)  # type: ignore[misc]
            found.append(seen - start if seen else None)
    return found
