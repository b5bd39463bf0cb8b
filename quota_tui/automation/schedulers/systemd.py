"""systemd user timers: two unit files of ours for each job, so that a reboot does not lose them."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from quota_tui.automation.schedulers import units
from quota_tui.automation.schedulers.base import SchedulerError, Survival, Wake
from quota_tui.automation.schedulers.commands import check
from quota_tui.automation.schedulers.instants import SECOND, to_come
from quota_tui.automation.schedulers.own_entries import PREFIX, Own, utc_now
from quota_tui.automation.schedulers.programs import TIMEOUT_S, Answer, ask, find, passed_on, user_number
from quota_tui.store import files

LINGER_FOLDER = Path("/var/lib/systemd/linger")
"""One file for each user whose manager runs without a login (`loginctl enable-linger` makes it)."""
_PROPERTIES = "Id,ActiveState,UnitFileState,TimersCalendar"
_ALWAYS = "survives a closed terminal, logout and a reboot"
_NOT_LOGGED_OUT = (
    "survives a closed terminal and a reboot; while you are logged out it waits for your next login"
    " (`loginctl enable-linger` lets it start without)"
)


class Systemd:
    """One way of being woken later: `base.Scheduler`."""

    name = "systemd"

    def __init__(
        self,
        own: Own,
        clock: Callable[[], datetime] = utc_now,
        timeout_s: float = TIMEOUT_S,
        linger_folder: Path = LINGER_FOLDER,
    ) -> None:
        self._own = own
        self._clock = clock
        self._timeout_s = timeout_s
        self._linger_folder = linger_folder

    def available(self) -> str:
        try:
            self._program("systemd-run")
            self._unit_folder()
        except SchedulerError as error:
            return str(error)
        return ""

    def survives(self) -> Survival:
        lingers = (self._linger_folder / _user_name()).exists()
        return Survival(
            closed_terminal=True, logout=lingers, reboot=True, words=_ALWAYS if lingers else _NOT_LOGGED_OUT
        )

    def arm(self, wake: Wake) -> None:
        check(wake, str(self._own.home))
        instants = to_come(wake.instants, self._clock(), SECOND)
        with self._own.alone():
            folder, name = self._unit_folder(), self._own.name(wake.job_id)
            runner = self._program("systemd-run")
            texts = {
                folder / f"{name}.service": units.service_text(wake.job_id, wake.command, runner).encode(),
                folder / f"{name}.timer": units.timer_text(wake.job_id, instants).encode(),
            }
            as_it_is = all(files.read_if_there(file) == text for file, text in texts.items())
            if as_it_is and self._held().get(wake.job_id) == instants:
                return
            try:
                self._put(folder, texts, f"{name}.timer")
                held = self._held().get(wake.job_id)
            except (SchedulerError, files.StoreError):
                with contextlib.suppress(SchedulerError, files.StoreError):  # the first trouble is told
                    self._remove(wake.job_id)
                raise
            if held != instants:
                raise SchedulerError(f"systemd took {name}.timer, but does not hold its instants")

    def disarm(self, job_id: str) -> None:
        with self._own.alone():
            trouble = self.available()
            if not trouble:
                self._remove(job_id)
            elif self._remove_files(job_id) and find("systemctl", self._own.env):
                # What the manager would read at its next start is gone; what it holds now is not known.
                raise SchedulerError(f"{self._own.name(job_id)}.timer may still be held: {trouble}")

    def inspect(self) -> dict[str, tuple[datetime, ...]]:
        held, now = self._held(), self._clock()
        for folder in self._folders():
            for file in folder.glob(f"{self._own.name('')}*.*"):
                if job_id := self._own.job_of(file.stem):
                    held.setdefault(job_id, ())  # a unit file that is not in force: left behind
        return {job_id: tuple(at for at in instants if at > now) for job_id, instants in held.items()}

    def _held(self) -> dict[str, tuple[datetime, ...]]:
        """All instants of our timers that the manager has loaded; none of one a reboot would lose."""
        pattern = f"{PREFIX}-{self._own.tag}-*.timer"
        answer = self._must("tell its timers", "show", pattern, f"--property={_PROPERTIES}")
        held = {}
        for unit in units.shown(answer.text):
            job_id = self._own.job_of(unit.get("Id", [""])[0].removesuffix(".timer"))
            in_force = unit.get("ActiveState") == ["active"] and unit.get("UnitFileState") == ["enabled"]
            if job_id:
                held[job_id] = units.calendar_of(unit.get("TimersCalendar", ())) if in_force else ()
        return held

    def _put(self, folder: Path, texts: dict[Path, bytes], timer: str) -> None:
        self._own.make_folder(folder)
        for file, text in texts.items():
            files.write_atomic(file, text, 0o644)
        self._must("read the new units", "daemon-reload")
        self._must("enable the timer", "enable", timer)
        self._must("start the timer", "restart", timer)

    def _remove(self, job_id: str) -> None:
        timer = f"{self._own.name(job_id)}.timer"
        # Not the service: it may be the very wake that this is called from. The stamp, which remembers
        # the last time of a persistent timer, can only be cleaned while the unit is known.
        self._systemctl("stop", timer)
        self._systemctl("clean", "--what=state", timer)
        if self._remove_files(job_id) or job_id in self._held():
            self._must("forget the units", "daemon-reload")
        if job_id in self._held():
            raise SchedulerError(f"systemd still holds {timer}; `systemctl --user stop {timer}` ends it")

    def _remove_files(self, job_id: str) -> bool:
        """Whether there were any."""
        name = self._own.name(job_id)
        data = self._own.env.get("XDG_DATA_HOME") or str(self._own.home / ".local" / "share")
        found = [Path(data, "systemd", "timers", f"stamp-{name}.timer")]
        for folder in self._folders():
            found.append(folder / "timers.target.wants" / f"{name}.timer")
            found += [folder / f"{name}.timer", folder / f"{name}.service"]
        found = [each for each in found if os.path.lexists(each)]
        for file in found:
            with files.told_as("remove", file):
                file.unlink(missing_ok=True)  # a link itself, not the file it names
            if file.parent.name == "timers.target.wants":
                with contextlib.suppress(OSError):  # others' timers are in it
                    file.parent.rmdir()
        self._own.tidy()
        return bool(found)

    def _folders(self) -> tuple[Path, ...]:
        """Where a user's own unit files may be, the one in force first."""
        config = self._own.env.get("XDG_CONFIG_HOME") or ""
        usual = self._own.home / ".config"
        homes = (Path(config), usual) if config.startswith("/") and Path(config) != usual else (usual,)
        return tuple(each / "systemd" / "user" for each in homes)

    def _unit_folder(self) -> Path:
        """The folder of ours that the running manager reads: it may not know this shell's variables."""
        answer = self._systemctl("show", "--property=UnitPath")
        if answer.code:
            raise SchedulerError(f"no systemd user manager answers: {answer.said}")
        read = units.paths_in(answer.text.strip().removeprefix("UnitPath="))
        for folder in self._folders():
            if not read.isdisjoint({str(folder), os.path.realpath(folder)}):
                return folder
        raise SchedulerError(f"the systemd user manager does not read units in {self._folders()[0]}")

    def _must(self, doing: str, *words: str) -> Answer:
        answer = self._systemctl(*words)
        if answer.code:
            raise SchedulerError(f"systemd did not {doing}: {answer.said}")
        return answer

    def _systemctl(self, *words: str) -> Answer:
        env = passed_on(self._own.env, "PATH", "HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")
        runtime = Path(f"/run/user/{user_number()}")
        if "XDG_RUNTIME_DIR" not in env and runtime.is_dir():
            env["XDG_RUNTIME_DIR"] = str(runtime)  # a wake by cron or at does not have it
        argv = [self._program("systemctl"), "--user", "--no-pager", *words]
        return ask(argv, env, timeout_s=self._timeout_s)

    def _program(self, name: str) -> str:
        found = find(name, self._own.env)
        if not found:
            raise SchedulerError(f"systemd is not on this machine (no {name})")
        return found


def _user_name() -> str:
    if sys.platform == "win32":
        return ""
    import pwd

    try:
        return pwd.getpwuid(user_number()).pw_name
    except KeyError:  # a number without a name, as in some containers
        return str(user_number())
