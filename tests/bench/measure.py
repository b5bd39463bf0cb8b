"""Run whole programs and measure them: wall, processor, memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

POLL_S = 0.002


class Program(NamedTuple):
    """Something to run, with an environment of its own and nothing of the caller's."""

    command: tuple[str, ...]
    env: Mapping[str, str]
    stdin: Path = Path(os.devnull)


class Run(NamedTuple):
    """One run; processor time of its children included."""

    wall_s: float
    cpu_s: float
    status: int
    output: bytes


class Measured(NamedTuple):
    """Medians of several runs. `peak_mb` is of a further run, because looking costs time."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    output: bytes


def run(program: Program) -> Run:
    """Run it once. Raises CalledProcessError with what it said when it fails."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, program.stdin.open("rb") as given:
        start = time.perf_counter()
        process = _start(program, given.fileno(), out.fileno(), err.fileno())
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, program.command, out.read(), err.read())
        return Run(wall, used.ru_utime + used.ru_stime, process.returncode, out.read())


def peak_mb(program: Program) -> float:
    """The memory (MB) it takes at most: the sum over its processes of what each held at most.

    Read from /proc while it runs; elsewhere than on Linux the largest process alone, as the system tells it.
    Pages that its processes share count for each of them.
    """
    with program.stdin.open("rb") as given:
        process = _start(program, given.fileno(), subprocess.DEVNULL, subprocess.DEVNULL)
        peaks: dict[int, int] = {}
        while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
            for pid in process_tree(process.pid):
                peaks[pid] = max(peaks.get(pid, 0), held_kb(pid))
            time.sleep(POLL_S)
        process.returncode = os.waitstatus_to_exitcode(ended[1])
    return (sum(peaks.values()) or ended[2].ru_maxrss) / 1024


def _start(program: Program, given: int, out: int, err: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(program.command, env=dict(program.env), stdin=given, stdout=out, stderr=err)


def process_tree(pid: int) -> list[int]:
    """A process and its descendants; itself alone where /proc does not tell."""
    found = [pid]
    try:
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
            found += process_tree(int(child))
    except OSError:
        pass  # it has ended
    return found


def held_kb(pid: int) -> int:
    """The most memory a process has held so far (KB); 0 when it has ended."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            return next((int(line.split()[1]) for line in file if line.startswith("VmHWM")), 0)
    except OSError:
        return 0


def in_turn(
    programs: Mapping[str, Callable[[], Program]], runs: int, *, warm_up: int = 1
) -> dict[str, Measured]:
    """Measure programs against each other: A B A B, after a warm-up, so that a busy moment hits both.

    Each callable prepares one run.
    """
    seen: dict[str, list[Run]] = {name: [] for name in programs}
    for number in range(warm_up + runs):
        for name, prepare in programs.items():
            found = run(prepare())
            if number >= warm_up:
                seen[name].append(found)
    return {
        name: Measured(
            median([each.wall_s for each in found]),
            median([each.cpu_s for each in found]),
            peak_mb(programs[name]()),
            found[-1].output,
        )
        for name, found in seen.items()
    }


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)
