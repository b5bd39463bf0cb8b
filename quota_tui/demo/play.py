"""Play the invented day: its time runs faster, and what happens in it is written as it happens.

Everything goes the way real data goes: transcript lines and session files are written to disk for the
monitor to find, and status line input takes the same step into the journal as in `quota-tui statusline`.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import msgspec

from quota_tui.config import Settings
from quota_tui.demo.home import DemoHome, RemoveOnSignal
from quota_tui.demo.plan import DemoPlan
from quota_tui.demo.scenario import Moment, Scenario, load_scenario
from quota_tui.demo.story import Kind, Story, tell
from quota_tui.monitor.monitor import Monitor
from quota_tui.monitor.record import keep_readings
from quota_tui.sources.process_facts import process_facts
from quota_tui.sources.statusline import parse_status_line
from quota_tui.sources.zone import local_zone
from quota_tui.store.files import StoreError
from quota_tui.store.paths import Paths

DEFAULT_SPEED = 2.0
"""Minutes of the day per second: the whole of it in under three minutes."""
LAG_S = 0.1
"""Real seconds that writing stays behind the clock: a collection's `now` is a little old when it reads,
and at this speed a moment is minutes. Nothing it finds may lie in its future."""
LEAST_WAIT_S = 0.05
_FILETIME_EPOCH_S = 11_644_473_600


class Demo:
    """One playing of a story. `close` it: it removes the temporary home.

    `settings_overrides` are dotted settings for the dashboard that shows it: nobody's desktop is told of
    invented limits. `person_home` is the invented person's home folder, for faces that shorten paths.
    `trouble` says in words why the writing stopped early; empty while all is well.
    """

    def __init__(
        self,
        story: Story,
        scenario: Scenario,
        speed: float = DEFAULT_SPEED,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.story = story
        self.speed = speed
        self.settings_overrides: dict[str, object] = {"alerts.desktop": False}
        self.person_home = scenario.home
        self.trouble = ""
        self._monotonic = monotonic
        self._started: float | None = None
        self._next = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="quota-demo", daemon=True)
        self._home = DemoHome()
        self._signals = RemoveOnSignal(self._home.remove)
        self._signals.hold()
        self._monitor = Monitor(Settings(), self.paths, self.claude_dirs, story.begins_at)
        self._closed = False
        self._scenario = scenario
        plan = DemoPlan(scenario, self.home, self._home.claude, self.paths, self._at_clock)
        self._steps = list(plan.steps())

    @property
    def home(self) -> Path:
        """The temporary folder that holds everything."""
        return self._home.folder

    @property
    def paths(self) -> Paths:
        """Our own files, in it."""
        return self._home.paths

    @property
    def claude_dirs(self) -> tuple[Path, ...]:
        """Claude Code's folder, in it."""
        return (self._home.claude,)

    def clock(self) -> datetime:
        """The time of the story: stands until `start`, then runs fast, after its end as fast as any other."""
        return self._at(self._real_s())

    def write_past(self) -> None:
        """Write what lies before the beginning, and look at it as a dashboard did that was open then."""
        for at in (*self.story.looked_at, self.story.begins_at):
            self.write_until(at)
            self._monitor.collect(at, rescan=True)

    def write_until(self, until: datetime) -> int:
        """Write every event up to `until` that is not written yet, and take the plan's steps; how many.

        Raises OSError, StoreError and sqlite3 errors.
        """
        first, lines = self._next, dict[str, list[bytes]]()
        session: bytes | None = None
        while self._next < len(self.story.events) and self.story.events[self._next].at <= until:
            event = self.story.events[self._next]
            self._next += 1
            if event.kind is Kind.LINES:
                lines.setdefault(event.path, []).append(event.data)
            elif event.kind is Kind.STATUS_LINE:
                self._record(event.data, event.at)
            else:
                session = event.data
        for path, parts in lines.items():
            self._home.append(path, b"".join(parts))
        if session is not None:
            self._home.put_session(os.getpid(), _of_this_process(session))
        while self._steps and self._steps[0][0] <= until:
            self._steps.pop(0)[1]()
        return self._next - first

    def _at_clock(self, clock: str) -> datetime:
        """An instant of the played day."""
        return self.story.opens_at + timedelta(seconds=self._scenario.seconds(Moment(0, clock)))

    def _record(self, data: bytes, at: datetime) -> None:
        """As `quota-tui statusline` does it."""
        told = parse_status_line(data)
        keep_readings(self._monitor.stores.journal, told.readings(at), "status line", at, told.notes)

    def start(self) -> None:
        """Let the time run."""
        self._started = self._monotonic()
        self._thread.start()

    def close(self) -> None:
        """Stop, and remove the temporary home. May be called again."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)
        if not self._closed:
            self._closed = True
            self._monitor.close()
        self._home.remove()
        self._signals.release()

    def _run(self) -> None:
        try:
            while not self._stop.is_set() and self._next < len(self.story.events):
                self.write_until(self._at(self._real_s() - LAG_S))
                self._stop.wait(self._wait_s())
        except (OSError, StoreError, sqlite3.Error) as error:
            # A full disk, or the home was removed: the story stops there, what is shown stays.
            self.trouble = str(error)

    def _wait_s(self) -> float:
        """Real seconds until the next event is due."""
        if self._next >= len(self.story.events):
            return 0.0
        due_s = _minutes(self.story.events[self._next].at - self.story.begins_at) / self.speed
        return max(LEAST_WAIT_S, due_s + LAG_S - self._real_s())

    def _real_s(self) -> float:
        return 0.0 if self._started is None else self._monotonic() - self._started

    def _at(self, real_s: float) -> datetime:
        """The story's time so many real seconds after the start."""
        story = self.story
        after_s = real_s - _minutes(story.ends_at - story.begins_at) / self.speed
        if after_s > 0:
            return story.ends_at + timedelta(seconds=after_s)
        return story.begins_at + timedelta(minutes=real_s * self.speed)


def open_demo(
    speed: float | None = None,
    *,
    opens_at: datetime | None = None,
    zone: tzinfo | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> Demo:
    """A demo, ready to start: its past is written, its clock stands just before the played window opens.

    `speed` is minutes of the day per second. `opens_at` (aware) is when that window opens; without it the
    day is today in `zone` (this machine's).
    """
    scenario = load_scenario()
    opening = (opens_at or _today(scenario, zone or local_zone())).astimezone(UTC)
    demo = Demo(tell(scenario, opening), scenario, speed or DEFAULT_SPEED, monotonic=monotonic)
    try:
        demo.write_past()
    except BaseException:
        demo.close()
        raise
    return demo


def _minutes(span: timedelta) -> float:
    return span / timedelta(minutes=1)


def _today(scenario: Scenario, zone: tzinfo) -> datetime:
    hour, minute = scenario.opens.split(":")
    return datetime.now(zone).replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)


def _of_this_process(session: bytes) -> bytes:
    """A session file that names the process that writes it: this one."""
    pid = os.getpid()
    file: dict[str, Any] = {"pid": pid, **msgspec.json.decode(session)}
    facts = process_facts(pid)
    if facts is not None and facts.start_ticks:
        file["procStart"] = facts.start_ticks
    elif facts is not None and (created_s := facts.created_s()) is not None:
        file["procStartFt"] = str(round((created_s + _FILETIME_EPOCH_S) * 10**7))
    return msgspec.json.encode(file)
