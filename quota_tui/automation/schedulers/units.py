"""The text of a job's systemd units, and what `systemctl show` says of its timer. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

_CALENDAR = re.compile(r"\bOnCalendar=(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC\b")
_ITEM = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_FORM = "%Y-%m-%d %H:%M:%S"
_NOTE = "# Written by quota-tui, which removes it when the job is over or cancelled.\n"


def service_text(job_id: str, command: Iterable[str], systemd_run: str) -> str:
    """The service: wake us once, in a scope of its own.

    The terminal that a wake opens must outlive it, but systemd ends everything that a service started
    together with it. `KillMode=process` holds only while this file is there (seen with 252: a wake that
    removes its job's files, as it should, and then ends, takes the terminal with it); a scope needs none.
    """
    words = [systemd_run, "--user", "--scope", "--collect", "--quiet", "--", *command]
    # The path of the program is not expanded, so its dollars are not doubled; those of arguments are.
    first, rest = _quoted(words[0]), (_quoted(word).replace("$", "$$") for word in words[1:])
    return (
        f"{_NOTE}[Unit]\nDescription=quota-tui: wake for {job_id}\nCollectMode=inactive-or-failed\n\n"
        f"[Service]\nType=oneshot\nExecStart={' '.join((first, *rest))}\n"
    )


def timer_text(job_id: str, instants: Iterable[datetime]) -> str:
    """The timer: both instants in UTC; one that was missed while the machine was off comes afterwards."""
    calendar = "".join(f"OnCalendar={at.astimezone(UTC):{_FORM}} UTC\n" for at in instants)
    return (
        f"{_NOTE}[Unit]\nDescription=quota-tui: {job_id}\n\n"
        f"[Timer]\n{calendar}Persistent=true\nAccuracySec=1s\n\n[Install]\nWantedBy=timers.target\n"
    )


def shown(text: str) -> list[dict[str, list[str]]]:
    """What `systemctl show` printed of several units: the values of each property, which may repeat."""
    units = []
    for block in text.split("\n\n"):
        unit: dict[str, list[str]] = {}
        for line in block.splitlines():
            name, _, value = line.partition("=")
            unit.setdefault(name, []).append(value)
        if unit:
            units.append(unit)
    return units


def calendar_of(values: Iterable[str]) -> tuple[datetime, ...]:
    """The instants in the values of `TimersCalendar`, in order."""
    found = (_CALENDAR.search(value) for value in values)
    return tuple(sorted(datetime.strptime(hit[1], _FORM).replace(tzinfo=UTC) for hit in found if hit))


def paths_in(value: str) -> frozenset[str]:
    """The paths in a list that `systemctl show` prints: a strange one in double quotes, with backslashes."""
    found = (quoted or bare for quoted, bare in _ITEM.findall(value))
    return frozenset(re.sub(r"\\(.)", r"\1", each) for each in found)


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'
