"""Facts about single processes, and whether a process is one that was described earlier."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import msgspec

SAME_START_S = 2.0
"""Two tellings of one start may differ by this much (whole seconds, boot time plus ticks)."""

_LINUX = sys.platform.startswith("linux")
_FILETIME_EPOCH_S = 11_644_473_600
_LSTART = "%a %b %d %H:%M:%S %Y"


class ProcessFacts(msgspec.Struct, frozen=True):
    """A process that runs (not a zombie).

    `start_ticks` is the kernel's start mark on Linux (clock ticks since boot), elsewhere empty.
    `created_s` gives its start in epoch seconds; on demand, since it may cost an import.
    """

    start_ticks: str
    created_s: Callable[[], float | None]


def process_facts(pid: int) -> ProcessFacts | None:
    """Facts of the running process `pid`; None when there is none, or it is not ours to look at."""
    if not _LINUX:
        created = _created_s(pid)
        return None if created is None else ProcessFacts("", lambda: created)
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    # The name, in brackets, may itself hold blanks and brackets: count from the last one.
    fields = stat[stat.rfind(b")") + 2 :].split()
    if len(fields) < 20 or fields[0] in {b"Z", b"X", b"x"}:
        return None
    return ProcessFacts(fields[19].decode(), lambda: _created_s(pid))


def same_start(
    facts: ProcessFacts, mark: str | int | None, filetime: str | int | None, written_s: float | None
) -> bool:
    """Whether the process is the one that wrote down its start.

    `mark` and `filetime` are what it wrote of the system's own start mark; `written_s` (epoch seconds) is
    when it wrote. Without a usable mark the time decides: a later process with the same pid started after.
    """
    text = "" if mark is None else str(mark).strip()
    if facts.start_ticks and text.isdecimal():
        return text == facts.start_ticks
    created_s = facts.created_s()
    if created_s is None:
        return False
    claimed_s = _claimed_start_s(text, filetime)
    if claimed_s is not None:
        return abs(created_s - claimed_s) <= SAME_START_S
    return written_s is not None and created_s <= written_s + SAME_START_S


def same_machine(domain: str | None) -> bool:
    """False when the pid was written in another container or on another machine, where it means nothing here.

    The client writes "linux:<machine id>:pid:[<namespace>]"; anything else is taken for here.
    """
    if not _LINUX or not domain or not domain.startswith("linux:"):
        return True
    machine, _, namespace = domain.removeprefix("linux:").partition(":")
    here_machine, here_namespace = _this_machine()
    if here_machine and machine and machine != here_machine:
        return False
    return not here_namespace or not namespace or namespace == here_namespace


def command_of(pid: int) -> tuple[str, ...]:
    """The argument vector; empty when it cannot be read."""
    if _LINUX:
        try:
            raw = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return ()
        return tuple(os.fsdecode(part) for part in raw.split(b"\0"))
    import psutil

    try:
        return tuple(psutil.Process(pid).cmdline())
    except psutil.Error:
        return ()


@cache
def _this_machine() -> tuple[str, str]:
    try:
        machine = Path("/etc/machine-id").read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        machine = ""
    try:
        return machine, os.readlink("/proc/self/ns/pid")
    except OSError:
        return machine, ""


def _created_s(pid: int) -> float | None:
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


def _claimed_start_s(lstart: str, filetime: str | int | None) -> float | None:
    """The start in epoch seconds from macOS's or Windows' own mark."""
    if filetime is not None and str(filetime).isdecimal() and len(str(filetime)) < 20:
        return int(filetime) / 10**7 - _FILETIME_EPOCH_S
    try:
        return datetime.strptime(" ".join(lstart.split()), _LSTART).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
