"""Our lines in a person's crontab. Everything else in it is kept byte for byte. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo

from quota_tui.automation.schedulers.base import Wake
from quota_tui.automation.schedulers.commands import job_in, shell_line
from quota_tui.automation.schedulers.instants import instant_of, wall
from quota_tui.automation.schedulers.own_entries import PREFIX, Own

_MADE = f"# {PREFIX} made this crontab and removes it with its last line\n".encode()
_OURS = re.compile(rb"[^\n]* # " + PREFIX.encode() + rb" [^\n]*\n")
_LINE = re.compile(
    r"(?P<when>@reboot|(?P<minute>\d+) (?P<hour>\d+) (?P<day>\d+) (?P<month>\d+) \*) (?P<command>.+)"
    rf" # (?P<name>{PREFIX} \w+ [a-z0-9-]+) (?:boot|(?P<at>\d{{4}}-\d\d-\d\dT\d\d:\d\dZ))\n"
)
_FORM = "%Y-%m-%dT%H:%MZ"


def job_lines(own: Own, wake: Wake, instants: Iterable[datetime], zone: tzinfo) -> bytes:
    """The lines that wake a job at whole-minute instants, and after every boot, since cron makes up for
    nothing. A line names no year; its comment does.
    """
    # cron takes a percent sign for a line break, whatever quotes are around it.
    command = shell_line(wake.command).replace("%", "\\%")
    tail = f"{command} # {own.name(wake.job_id, ' ')}"
    lines = [f"@reboot {tail} boot\n"]
    for at in instants:
        local = wall(at, zone)
        when = f"{local.minute} {local.hour} {local.day} {local.month} *"
        lines.append(f"{when} {tail} {local.astimezone(UTC):{_FORM}}\n")
    return "".join(lines).encode()


def with_lines(text: bytes | None, lines: bytes) -> bytes:
    """A crontab (None: there is none) with lines of ours on top, above whatever it sets for those below."""
    if text is None:
        return _MADE + lines
    head, rest = (_MADE, text.removeprefix(_MADE)) if text.startswith(_MADE) else (b"", text)
    return head + lines + rest


def without_job(own: Own, text: bytes | None, job_id: str) -> bytes | None:
    """A crontab without the lines of a job; None when nothing is left of one that we made."""
    if text is None:
        return None
    kept = _OURS.sub(lambda hit: b"" if _job(own, hit[0]) == job_id else hit[0], text)
    if kept == text or _OURS.search(kept) or not kept.startswith(_MADE):
        return kept
    return kept.removeprefix(_MADE) or None


def held(own: Own, text: bytes | None, zone: tzinfo) -> dict[str, tuple[datetime, ...]]:
    """The jobs in a crontab, and when cron will wake each, in the year its comment names."""
    found: dict[str, list[datetime]] = {}
    for hit in _OURS.finditer(text or b""):
        if job_id := _job(own, hit[0]):
            instants = found.setdefault(job_id, [])
            line = _parsed(hit[0])
            if line and line["at"]:
                month, day, hour, minute = (int(line[name]) for name in ("month", "day", "hour", "minute"))
                near = datetime.strptime(line["at"], _FORM).replace(tzinfo=UTC)
                at = instant_of(month, day, hour, minute, near, zone)
                instants += [at] if at else []
    return {job_id: tuple(sorted(instants)) for job_id, instants in found.items()}


def _job(own: Own, line: bytes) -> str:
    """The job of a line of ours; empty for a line of somebody else's."""
    parsed = _parsed(line)
    if not parsed:
        return ""
    job_id = own.job_of(parsed["name"], " ")
    return job_id if job_id == job_in(parsed["command"].replace("\\%", "%")) else ""


def _parsed(line: bytes) -> re.Match[str] | None:
    return _LINE.fullmatch(line.decode("utf-8", "replace"))
