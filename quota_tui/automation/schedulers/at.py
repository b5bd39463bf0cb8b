"""`at`: the queue of atd, which keeps its jobs over a reboot and knows whole minutes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from quota_tui.automation.schedulers.base import SchedulerError, Survival, Wake
from quota_tui.automation.schedulers.commands import check, job_in, shell_line
from quota_tui.automation.schedulers.instants import MINUTE, to_come
from quota_tui.automation.schedulers.own_entries import PREFIX, Own, utc_now
from quota_tui.automation.schedulers.programs import (
    TIMEOUT_S,
    Answer,
    ask,
    daemon_runs,
    find,
    passed_on,
    starts_at_boot,
)

_DAEMONS = ("atd",)
_ROW = re.compile(r"(\d+)\s+\w{3} (\w{3} [ \d]\d \d\d:\d\d:\d\d \d{4})(?:\s+(\S))?")
_RUNNING = "="
_UNSET = "unset TZ LC_ALL"
"""at hands its own environment on to the job; these two are only for asking at."""
_AT_BOOT = "survives a closed terminal, logout and a reboot (to the minute)"
_NOT_AT_BOOT = (
    "survives a closed terminal and logout; after a reboot it waits until atd is started"
    " (`sudo systemctl enable atd` does that at every boot)"
)


class At:
    """One way of being woken later: `base.Scheduler`."""

    name = "at"

    def __init__(
        self,
        own: Own,
        clock: Callable[[], datetime] = utc_now,
        timeout_s: float = TIMEOUT_S,
        runs: Callable[[], bool] = lambda: daemon_runs(_DAEMONS),
        at_boot: Callable[[], bool] = lambda: starts_at_boot(_DAEMONS),
    ) -> None:
        self._own = own
        self._clock = clock
        self._timeout_s = timeout_s
        self._runs = runs
        self._at_boot = at_boot

    def available(self) -> str:
        missing = [name for name in ("at", "atq", "atrm") if not find(name, self._own.env)]
        if missing:
            return f"at is not on this machine (no {missing[0]})"
        if not self._runs():
            return "at is installed, but its daemon atd is not running (`sudo systemctl enable --now atd`)"
        try:
            self._queue()
        except SchedulerError as error:
            return str(error)
        return ""

    def survives(self) -> Survival:
        boot = self._at_boot()
        return Survival(
            closed_terminal=True, logout=True, reboot=boot, words=_AT_BOOT if boot else _NOT_AT_BOOT
        )

    def arm(self, wake: Wake) -> None:
        check(wake, str(self._own.home))
        instants = to_come(wake.instants, self._clock(), MINUTE)
        with self._own.alone():
            before = self._jobs(wake.job_id)
            wanted = [at for at in instants if at not in before.values()]
            for at in wanted:
                self._must("take the job", ["at", "-t", f"{at:%Y%m%d%H%M}"], self._script(wake))
            now_there = set(self._jobs(wake.job_id).values())
            if missing := [at for at in wanted if at not in now_there]:
                raise SchedulerError(f"at took the job, but atq does not list it for {missing[0]:%H:%M} UTC")
            kept = {at: number for number, at in before.items() if at in instants}
            self._drop(before.keys() - kept.values())

    def disarm(self, job_id: str) -> None:
        with self._own.alone():
            if find("atq", self._own.env):
                self._drop(self._jobs(job_id))
                if left := self._jobs(job_id):
                    raise SchedulerError(f"at still holds job {min(left)}; `atrm {min(left)}` removes it")

    def inspect(self) -> dict[str, tuple[datetime, ...]]:
        held: dict[str, list[datetime]] = {}
        for number, at in self._queue().items():
            if job_id := self._job_of(number):
                held.setdefault(job_id, []).append(at)
        return {job_id: tuple(sorted(instants)) for job_id, instants in held.items()}

    def _script(self, wake: Wake) -> bytes:
        mark = f"# {self._own.name(wake.job_id, ' ')}"
        return f"{mark}\n{_UNSET}\nexec {shell_line(wake.command)}\n".encode()

    def _jobs(self, job_id: str) -> dict[str, datetime]:
        """The numbers of a job's entries in the queue, and when they are due."""
        return {number: at for number, at in self._queue().items() if self._job_of(number) == job_id}

    def _job_of(self, number: str) -> str:
        """Which job of ours an entry wakes; empty for somebody else's. One that just ran has no text."""
        lines = self._at(["at", "-c", number]).text.splitlines()
        for mark, unset, line in zip(lines, lines[1:], lines[2:], strict=False):
            if mark.startswith(f"# {PREFIX} ") and unset == _UNSET and line.startswith("exec "):
                job_id = self._own.job_of(mark.removeprefix("# "), " ")
                if job_id and job_id == job_in(line.removeprefix("exec ")):
                    return job_id
        return ""

    def _queue(self) -> dict[str, datetime]:
        """Every entry that is still to run. Raises `SchedulerError`."""
        rows = (_ROW.match(line) for line in self._must("tell its queue", ["atq"]).text.splitlines())
        return {row[1]: _instant(row[2]) for row in rows if row and row[3] != _RUNNING}

    def _drop(self, numbers: Iterable[str]) -> None:
        for number in numbers:
            self._at(["atrm", number])

    def _must(self, doing: str, argv: list[str], stdin: bytes = b"") -> Answer:
        answer = self._at(argv, stdin)
        if answer.code:
            raise SchedulerError(f"at did not {doing}: {answer.said}")
        return answer

    def _at(self, argv: list[str], stdin: bytes = b"") -> Answer:
        """UTC for both directions, so that no hour is there twice; from `/`, which will still be there."""
        program = find(argv[0], self._own.env)
        if not program:
            raise SchedulerError(f"at is not on this machine (no {argv[0]})")
        env = passed_on(self._own.env, "HOME") | {"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "TZ": "UTC"}
        return ask([program, *argv[1:]], env, stdin=stdin, timeout_s=self._timeout_s, folder="/")


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)
