"""cron: lines in the user's crontab. Whole minutes, no year, nothing is made up for except at a boot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo

from quota_tui.automation.schedulers import crontab_text
from quota_tui.automation.schedulers.base import SchedulerError, Survival, Wake
from quota_tui.automation.schedulers.commands import check
from quota_tui.automation.schedulers.instants import MINUTE, system_zone, to_come
from quota_tui.automation.schedulers.own_entries import Own, utc_now
from quota_tui.automation.schedulers.programs import (
    TIMEOUT_S,
    Answer,
    ask,
    daemon_runs,
    find,
    passed_on,
    starts_at_boot,
)

_DAEMONS = ("cron", "crond")
_SLEEP = "a wake that the machine sleeps through is lost until a dashboard is opened"
_AT_BOOT = f"survives a closed terminal, logout and a reboot (to the minute); {_SLEEP}"
_NOT_AT_BOOT = f"survives a closed terminal and logout, not a reboot: cron is not started at boot; {_SLEEP}"


class Cron:
    """One way of being woken later: `base.Scheduler`.

    The times are in the machine's zone: not every cron can be told another. The lines come back every
    year, so the run of a job removes them (disarm); were it stopped before, the job's record says no.
    """

    name = "cron"

    def __init__(
        self,
        own: Own,
        clock: Callable[[], datetime] = utc_now,
        timeout_s: float = TIMEOUT_S,
        zone: Callable[[], tzinfo] = system_zone,
        runs: Callable[[], bool] = lambda: daemon_runs(_DAEMONS),
        at_boot: Callable[[], bool] = lambda: starts_at_boot(_DAEMONS),
    ) -> None:
        self._own = own
        self._clock = clock
        self._timeout_s = timeout_s
        self._zone = zone
        self._runs = runs
        self._at_boot = at_boot

    def available(self) -> str:
        if not find("crontab", self._own.env):
            return "cron is not on this machine (no crontab)"
        if not self._runs():
            return "cron is installed, but its daemon is not running (`sudo systemctl enable --now cron`)"
        try:
            self._read()
        except SchedulerError as error:
            return str(error)
        return ""

    def survives(self) -> Survival:
        boot = self._at_boot()
        words = _AT_BOOT if boot else _NOT_AT_BOOT
        return Survival(closed_terminal=True, logout=True, reboot=boot, sleep=False, words=words)

    def arm(self, wake: Wake) -> None:
        check(wake, str(self._own.home))
        instants = to_come(wake.instants, self._clock(), MINUTE)
        lines = crontab_text.job_lines(self._own, wake, instants, self._zone())
        with self._own.alone():
            before = self._read()
            if before is not None and lines in before:
                return
            rest = crontab_text.without_job(self._own, before, wake.job_id)
            self._write(crontab_text.with_lines(rest, lines))
            if lines not in (self._read() or b""):
                raise SchedulerError("crontab took the new lines, but does not list them")

    def disarm(self, job_id: str) -> None:
        with self._own.alone():
            if not find("crontab", self._own.env):
                return
            before = self._read()
            after = crontab_text.without_job(self._own, before, job_id)
            if after != before:
                self._write(after)

    def inspect(self) -> dict[str, tuple[datetime, ...]]:
        now, held = self._clock(), crontab_text.held(self._own, self._read(), self._zone())
        return {job_id: tuple(at for at in instants if at > now) for job_id, instants in held.items()}

    def _read(self) -> bytes | None:
        """The whole crontab; None when the user has none. Raises `SchedulerError`."""
        answer = self._crontab("-l")
        if not answer.code:
            return answer.out
        # In the C locale; the second is busybox's way to say it.
        if "no crontab for" in answer.said or "No such file" in answer.said:
            return None
        raise SchedulerError(f"crontab did not tell its lines: {answer.said}")

    def _write(self, text: bytes | None) -> None:
        answer = self._crontab("-r") if text is None else self._crontab("-", stdin=text)
        if answer.code:
            raise SchedulerError(f"crontab did not take the change: {answer.said}")

    def _crontab(self, word: str, stdin: bytes = b"") -> Answer:
        program = find("crontab", self._own.env)
        if not program:
            raise SchedulerError("cron is not on this machine (no crontab)")
        env = passed_on(self._own.env, "PATH", "HOME")
        return ask([program, word], env, stdin=stdin, timeout_s=self._timeout_s)
