"""What the tests of the schedulers share: entries of a home of their own, wakes, programs that record."""

from __future__ import annotations

import stat
import sys
from datetime import datetime, timedelta
from pathlib import Path

from quota_tui.automation.schedulers.base import Wake
from quota_tui.automation.schedulers.own_entries import Own, own_entries

REPO = Path(__file__).parents[3]
JOB = "job-1"


def own_in(home: Path, **more: str) -> Own:
    """Ours, for a home of a test: with a tag that no other test has."""
    home.mkdir(exist_ok=True)
    env = {"HOME": str(home), "QUOTA_TUI_HOME": str(home / "ours"), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
    return own_entries(env | more)


def wake_at(*instants: datetime, job_id: str = JOB, program: str = "/opt/py thon/bin/python") -> Wake:
    return Wake(job_id, instants, (program, "-P", "-m", "quota_tui", "automation", "run", job_id))


def two(now: datetime, job_id: str = JOB, program: str = "/opt/py thon/bin/python") -> Wake:
    """The two wakes of a job: five minutes apart, the later one in a week."""
    launch = now.replace(microsecond=0, second=0) + timedelta(days=7)
    return wake_at(launch - timedelta(minutes=5), launch, job_id=job_id, program=program)


def program(file: Path, text: str) -> Path:
    """An executable script."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


def recorder(file: Path, own: Own, scheduler: str) -> Path:
    """A program in place of Python: writes down how it was called, then removes its own job's entries, as the
    real wake does, and leaves a process behind, as a terminal is.
    """
    return program(
        file,
        f"""#!{sys.executable} -P
import json, os, subprocess, sys
sys.path.insert(0, {str(REPO)!r})
from quota_tui.automation.schedulers.own_entries import own_entries
from quota_tui.automation.schedulers.{scheduler.lower()} import {scheduler}
left = subprocess.Popen(["sleep", "200"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
{scheduler}(own_entries({dict(own.env)!r})).disarm(sys.argv[-1])
said = json.dumps([sys.argv, dict(os.environ), left.pid, os.getcwd()])
with open({str(file.parent / "fired")!r}, "a") as fired:
    fired.write(said + "\\n")
""",
    )


def everything(folder: Path) -> dict[str, bytes | None]:
    """Every file and folder below, with the bytes."""
    return {
        str(each.relative_to(folder)): each.read_bytes() if each.is_file() else None
        for each in sorted(folder.rglob("*"))
    }
