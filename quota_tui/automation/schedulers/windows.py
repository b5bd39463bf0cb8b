"""The Windows Task Scheduler, through `schtasks` and a definition file."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from quota_tui.automation.schedulers import task_xml
from quota_tui.automation.schedulers.base import SchedulerError, Survival, Wake
from quota_tui.automation.schedulers.commands import check
from quota_tui.automation.schedulers.instants import SECOND, to_come
from quota_tui.automation.schedulers.own_entries import Own, utc_now
from quota_tui.automation.schedulers.programs import TIMEOUT_S, Answer, ask, find, passed_on
from quota_tui.store import files

_SID = re.compile(r'"(S-1-[0-9-]+)"')
_NEEDED = ("PATH", "PATHEXT", "SystemRoot", "SYSTEMROOT", "TEMP", "TMP", "USERNAME", "USERPROFILE")
_WORDS = (
    "survives a closed terminal, sleep, batteries and a reboot;"
    " while you are logged out it waits for your next login"
)


class Windows:
    """One way of being woken later: `base.Scheduler`.

    The tasks stand at the top, since `schtasks` can make a folder but not remove it. Its messages are in
    the user's language: what there is, is asked, never read from a message.
    """

    name = "windows"

    def __init__(
        self, own: Own, clock: Callable[[], datetime] = utc_now, timeout_s: float = 2 * TIMEOUT_S
    ) -> None:
        self._own = own
        self._clock = clock
        self._timeout_s = timeout_s

    def available(self) -> str:
        try:
            self._tasks()
        except SchedulerError as error:
            return str(error)
        return ""

    def survives(self) -> Survival:
        return Survival(closed_terminal=True, logout=False, reboot=True, words=_WORDS)

    def arm(self, wake: Wake) -> None:
        check(wake, str(self._own.home))
        instants = to_come(wake.instants, self._clock(), SECOND)
        name = self._own.name(wake.job_id)
        definition = self._own.paths.data_dir / f"{name}.xml"
        with self._own.alone():
            files.write_atomic(definition, task_xml.task(wake.command, instants, self._sid()))
            try:
                # /F: in place of one with that name.
                answer = self._ask("schtasks", "/Create", "/TN", name, "/XML", str(definition), "/F")
            finally:
                files.remove_file(definition)
            if answer.code:
                raise SchedulerError(f"the Task Scheduler did not take the task: {answer.said}")
            if self._instants(name) != instants:
                raise SchedulerError(f"the Task Scheduler does not hold the instants of {name}")

    def disarm(self, job_id: str) -> None:
        with self._own.alone():
            if job_id in self._tasks():
                name = self._own.name(job_id)
                answer = self._ask("schtasks", "/Delete", "/TN", name, "/F")
                if answer.code and job_id in self._tasks():
                    raise SchedulerError(f"the Task Scheduler did not remove the task {name}: {answer.said}")

    def inspect(self) -> dict[str, tuple[datetime, ...]]:
        now = self._clock()
        return {
            job_id: tuple(at for at in self._instants(self._own.name(job_id)) if at > now)
            for job_id in self._tasks()
        }

    def _tasks(self) -> set[str]:
        """The jobs that have a task."""
        answer = self._ask("schtasks", "/Query", "/FO", "CSV", "/NH")
        if answer.code:
            raise SchedulerError(f"the Task Scheduler did not tell its tasks: {answer.said}")
        rows = csv.reader(answer.text.splitlines())
        return {job_id for row in rows if row and (job_id := self._own.job_of(row[0].removeprefix("\\")))}

    def _instants(self, name: str) -> tuple[datetime, ...]:
        return task_xml.starts_in(self._ask("schtasks", "/Query", "/TN", name, "/XML").out)

    def _sid(self) -> str:
        """This user's number: a name can be another account's on another domain. Empty: the caller."""
        try:
            answer = self._ask("whoami", "/user", "/fo", "csv", "/nh")
        except SchedulerError:
            return ""
        found = _SID.search(answer.text)
        return found[1] if found and not answer.code else ""

    def _ask(self, program: str, *words: str) -> Answer:
        """The system's own program: Git Bash has a `whoami` of its own, first on PATH."""
        env = self._own.env
        root = env.get("SystemRoot") or env.get("SYSTEMROOT") or ""
        own = Path(root, "System32", f"{program}.exe")
        path = str(own) if root and own.is_file() else find(program, env)
        if not path:
            raise SchedulerError(f"the Windows Task Scheduler is not on this machine (no {program})")
        return ask([path, *words], passed_on(env, *_NEEDED), timeout_s=self._timeout_s)
