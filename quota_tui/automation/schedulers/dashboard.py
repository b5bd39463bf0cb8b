"""The open dashboard itself: always there, needs nothing, and must stay open."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from quota_tui.automation.schedulers.base import Survival, Wake
from quota_tui.automation.schedulers.commands import check
from quota_tui.automation.schedulers.own_entries import Own, utc_now
from quota_tui.core.jobs.job import is_job_id
from quota_tui.store import files
from quota_tui.store.lock import is_held

_FOLDER = "dashboard-wakes"
_OPEN = "survives nothing: the dashboard must stay open until then"
_NOT_OPEN = (
    "survives nothing, and no dashboard is open now: open one (`quota-tui`) before then and leave it open"
)


class Dashboard:
    """One way of being woken later: `base.Scheduler`.

    What it holds are small files, since the dashboard that is open then may be another process than the
    one that arms. Whether one is open now is in the words of `survives`.
    """

    name = "dashboard"

    def __init__(self, own: Own, clock: Callable[[], datetime] = utc_now) -> None:
        self._own = own
        self._clock = clock

    def available(self) -> str:
        return ""

    def survives(self) -> Survival:
        words = _OPEN if is_held(self._own.paths.dashboard_lock) else _NOT_OPEN
        return Survival(closed_terminal=False, logout=False, reboot=False, words=words)

    def arm(self, wake: Wake) -> None:
        check(wake, str(self._own.home))
        with self._own.alone():
            files.ensure_private_dir(self._folder())
            files.write_atomic(self._file(wake.job_id), msgspec.json.encode(sorted(wake.instants)) + b"\n")

    def disarm(self, job_id: str) -> None:
        with self._own.alone():
            files.remove_file(self._file(job_id))
            with contextlib.suppress(OSError):  # other jobs are in it, or it is not there
                self._folder().rmdir()

    def inspect(self) -> dict[str, tuple[datetime, ...]]:
        found = (file for file in self._folder().glob("*.json") if is_job_id(file.stem))
        return {file.stem: self._instants(file) for file in found}

    def _instants(self, file: Path) -> tuple[datetime, ...]:
        try:
            instants = msgspec.json.decode(file.read_bytes(), type=tuple[datetime, ...])
            return tuple(at for at in instants if at > self._clock())
        except (OSError, TypeError, msgspec.MsgspecError):  # damaged or gone: nothing is held
            return ()

    def _folder(self) -> Path:
        return self._own.paths.data_dir / _FOLDER

    def _file(self, job_id: str) -> Path:
        return self._folder() / f"{job_id}.json"
