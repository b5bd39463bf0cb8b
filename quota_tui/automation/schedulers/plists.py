"""The text of a job's launchd agent. Pure."""

from __future__ import annotations

import plistlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from xml.parsers.expat import ExpatError

from quota_tui.automation.schedulers.instants import instant_of, wall

_FIELDS = ("Month", "Day", "Hour", "Minute")


def plist(label: str, command: tuple[str, ...], instants: Iterable[datetime], zone: tzinfo) -> bytes:
    """The agent: woken at wall-clock minutes (launchd knows no zone and no year), and when it is loaded,
    which makes up for what was missed while the machine was off or the person logged out.

    `AbandonProcessGroup`: the terminal that the wake opens must outlive it.
    """
    local = (wall(at, zone) for at in instants)
    calendar = [dict(zip(_FIELDS, (at.month, at.day, at.hour, at.minute), strict=True)) for at in local]
    return plistlib.dumps(
        {
            "Label": label,
            "ProgramArguments": list(command),
            "StartCalendarInterval": calendar,
            "RunAtLoad": True,
            "AbandonProcessGroup": True,
            "ProcessType": "Interactive",
            "WorkingDirectory": "/",
        }
    )


def instants_in(data: bytes, near: datetime, zone: tzinfo) -> tuple[datetime, ...]:
    """When an agent wakes its job, in the years closest to `near`; empty for a damaged file."""
    try:
        known: Any = plistlib.loads(data)
        rows = known["StartCalendarInterval"]
        found = []
        for row in rows:
            month, day, hour, minute = (int(row[name]) for name in _FIELDS)
            found.append(instant_of(month, day, hour, minute, near, zone))
    except (plistlib.InvalidFileException, ValueError, KeyError, TypeError, AttributeError, ExpatError):
        return ()
    return tuple(sorted(at for at in found if at))


def generation(last: datetime) -> str:
    """What tells the agents of one job apart: the minute of its last instant, since 1970."""
    return str(int(last.timestamp()) // 60)


def generation_at(words: str) -> datetime | None:
    """The instant that `generation` names; None for anything else."""
    if not words.isascii() or not words.isdigit() or len(words) > 12:
        return None
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=int(words))
