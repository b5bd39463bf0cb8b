"""launchd agents of the person's desktop session: `~/Library/LaunchAgents`, bootstrap and bootout."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from pathlib import Path

from quota_tui.automation.schedulers import plists
from quota_tui.automation.schedulers.base import SchedulerError, Survival, Wake
from quota_tui.automation.schedulers.commands import check
from quota_tui.automation.schedulers.instants import MINUTE, system_zone, to_come
from quota_tui.automation.schedulers.own_entries import Own, utc_now
from quota_tui.automation.schedulers.programs import TIMEOUT_S, Answer, ask, find, passed_on, user_number
from quota_tui.store import files

_IN_USE_OR_BAD = 5
"""bootstrap: "Input/output error", for an agent that is loaded already, or a bad plist."""
_WORDS = (
    "survives a closed terminal, sleep and a reboot (to the minute);"
    " while you are logged out it waits for your next login"
)


class Launchd:
    """One way of being woken later: `base.Scheduler`.

    A label is `quota-tui.<tag>.<job>.<generation>`, another for each last instant: bootout ends the
    process that the agent started, and a wake that puts its own job off must not end itself. launchd names
    the agent to the processes it starts; that one loses its file only, and goes at the next disarm from
    elsewhere or at logout.
    """

    name = "launchd"

    def __init__(
        self,
        own: Own,
        clock: Callable[[], datetime] = utc_now,
        timeout_s: float = TIMEOUT_S,
        zone: Callable[[], tzinfo] = system_zone,
    ) -> None:
        self._own = own
        self._clock = clock
        self._timeout_s = timeout_s
        self._zone = zone
        self._domain = f"gui/{user_number()}"
        self._folder = own.home / "Library" / "LaunchAgents"

    def available(self) -> str:
        try:
            self._loaded()
        except SchedulerError as error:
            return str(error)
        return ""

    def survives(self) -> Survival:
        return Survival(closed_terminal=True, logout=False, reboot=True, words=_WORDS)

    def arm(self, wake: Wake) -> None:
        check(wake, str(self._own.home))
        instants = to_come(wake.instants, self._clock(), MINUTE)
        label = self._own.name(f"{wake.job_id}.{plists.generation(instants[-1])}", ".")
        file, data = self._file(label), plists.plist(label, wake.command, instants, self._zone())
        with self._own.alone():
            if label not in self._loaded() or files.read_if_there(file) != data:
                self._own.make_folder(self._folder)
                self._bootout(label)
                files.write_atomic(file, data, 0o644)
                if label not in self._loaded():  # the one that this process runs in stays loaded
                    self._bootstrap(label)
            self._remove(wake.job_id, keep=label)

    def disarm(self, job_id: str) -> None:
        with self._own.alone():
            self._remove(job_id)
            self._own.tidy()

    def inspect(self) -> dict[str, tuple[datetime, ...]]:
        now, zone, loaded = self._clock(), self._zone(), self._loaded()
        held: dict[str, set[datetime]] = {}
        for label in loaded | self._with_file():
            job_id, near = self._parts(label)
            if not near:
                continue
            instants = held.setdefault(job_id, set())
            data = files.read_if_there(self._file(label)) if label in loaded else None
            instants |= {at for at in plists.instants_in(data or b"", near, zone) if at > now}
        return {job_id: tuple(sorted(instants)) for job_id, instants in held.items()}

    def _bootstrap(self, label: str) -> None:
        file = self._file(label)
        answer = self._launchctl("bootstrap", self._domain, str(file))
        if answer.code == _IN_USE_OR_BAD:
            # Unloading goes on for a while after bootout has answered: once more, from a clean state.
            self._bootout(label)
            answer = self._launchctl("bootstrap", self._domain, str(file))
        if answer.code or label not in self._loaded():
            files.remove_file(file)
            self._own.tidy()
            raise SchedulerError(f"launchd did not load {file}: {answer.said}")

    def _remove(self, job_id: str, keep: str = "") -> None:
        for label in self._with_file() | self._loaded():
            if self._parts(label)[0] == job_id and label != keep:
                files.remove_file(self._file(label))
                self._bootout(label)
        stuck = {each for each in self._loaded() if self._parts(each)[0] == job_id} - {keep, self._inside()}
        if stuck:
            one = min(stuck)
            raise SchedulerError(
                f"launchd still holds {one}; `launchctl bootout {self._domain}/{one}` ends it"
            )

    def _bootout(self, label: str) -> None:
        """Unload. One that is not loaded is an error of many numbers: what is loaded then tells."""
        if label != self._inside() and label in self._loaded():
            self._launchctl("bootout", f"{self._domain}/{label}")

    def _inside(self) -> str:
        """The agent that this process was started by."""
        return self._own.env.get("XPC_SERVICE_NAME", "")

    def _loaded(self) -> set[str]:
        """Our agents in the desktop session: rows of `print` end in a label. (`list` would show those of
        another session when we come in by ssh.)
        """
        answer = self._launchctl("print", self._domain)
        if answer.code:
            raise SchedulerError(
                f"launchd has no desktop session of yours; log in at the screen once ({answer.said})"
            )
        rows = (line.split() for line in answer.text.splitlines())
        return {row[-1] for row in rows if row and self._parts(row[-1])[0]}

    def _with_file(self) -> set[str]:
        labels = (file.stem for file in self._folder.glob(f"{self._own.name('', '.')}*.plist"))
        return {label for label in labels if self._parts(label)[0]}

    def _parts(self, label: str) -> tuple[str, datetime | None]:
        """The job of an agent of ours and its last instant; ("", None) for another's."""
        name, _, words = label.rpartition(".")
        near = plists.generation_at(words)
        job_id = self._own.job_of(name, ".")
        return (job_id, near) if job_id and near else ("", None)

    def _file(self, label: str) -> Path:
        return self._folder / f"{label}.plist"

    def _launchctl(self, *words: str) -> Answer:
        program = find("launchctl", self._own.env)
        if not program:
            raise SchedulerError("launchd is not on this machine (no launchctl)")
        return ask([program, *words], passed_on(self._own.env, "PATH", "HOME"), timeout_s=self._timeout_s)
