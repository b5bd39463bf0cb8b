"""The definition of a Windows task, as [MS-TSCH] section 2.5 publishes its schema. Pure."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
_EXPIRES_AFTER = timedelta(days=1)
"""A job's deadline is hours away: a task that we could not remove goes by itself."""
_START = re.compile(r"<StartBoundary>\s*([0-9T:.Z+-]+)\s*</StartBoundary>")
_FORM = "%Y-%m-%dT%H:%M:%SZ"
# By default a task is neither started on batteries nor made up for, is ended when the plug is pulled and
# after three days, runs at low priority together with all it starts, and not while it still runs.
_SETTINGS = """\
    <MultipleInstancesPolicy>Parallel</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <DeleteExpiredTaskAfter>PT0S</DeleteExpiredTaskAfter>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>5</Priority>
"""


def task(command: tuple[str, ...], instants: Iterable[datetime], user_sid: str = "") -> bytes:
    """The task as a UTF-16 file: runs as this user, with their desktop, without a password kept."""
    times = sorted(at.astimezone(UTC) for at in instants)
    end = times[-1] + _EXPIRES_AFTER
    triggers = "".join(
        "    <TimeTrigger>\n"
        f"      <StartBoundary>{at:{_FORM}}</StartBoundary>\n"
        f"      <EndBoundary>{end:{_FORM}}</EndBoundary>\n"
        "    </TimeTrigger>\n"
        for at in times
    )
    user = f"      <UserId>{escape(user_sid)}</UserId>\n" if user_sid else ""
    text = f"""\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="{NAMESPACE}">
  <RegistrationInfo>
    <Description>Wakes quota-tui, which removes this task when its job is over or cancelled.</Description>
  </RegistrationInfo>
  <Triggers>
{triggers}  </Triggers>
  <Principals>
    <Principal id="Author">
{user}      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
{_SETTINGS}  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{escape(command[0])}</Command>
      <Arguments>{escape(subprocess.list2cmdline(command[1:]))}</Arguments>
    </Exec>
  </Actions>
</Task>
"""
    return text.replace("\n", "\r\n").encode("utf-16")


def starts_in(data: bytes) -> tuple[datetime, ...]:
    """The instants in a definition as `schtasks` prints it, in whatever encoding; others are left out."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
    else:
        text = data.replace(b"\0", b"").decode("utf-8", "replace")
    found = []
    for hit in _START.finditer(text):
        try:
            at = datetime.fromisoformat(hit[1])
        except ValueError:
            continue
        if at.tzinfo is not None:
            found.append(at.astimezone(UTC))
    return tuple(sorted(found))
