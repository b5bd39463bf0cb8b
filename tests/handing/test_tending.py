"""The open dashboard looks after the jobs: when it looks, what it wakes, and that it rests in between."""

from __future__ import annotations

import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from quota_tui.automation.tend import LATE, Tended, Tender
from quota_tui.config import Settings
from quota_tui.core.jobs.job import Job, JobState
from quota_tui.handing import tending
from quota_tui.handing.tending import TEND_EVERY, Tending, seconds_to_look
from quota_tui.store.jobs import Jobs
from quota_tui.store.journal import Journal
from quota_tui.store.paths import claude_config_dirs, our_paths
from tests.automation.world_rig import UUID, end_clients, environment, furnish, starts
from tests.conftest import NOW

PATIENCE_S = 30.0
MINUTE = timedelta(minutes=1)


def job(**changes: Any) -> Job:
    """One that is told of in 10 minutes and starts in 15."""
    at = changes.pop("at", NOW + timedelta(minutes=15))
    given = {
        "id": "api-1",
        "project": "/srv/api",
        "handoff": "/srv/handoff.md",
        "session_id": UUID,
        "launch_at": at,
        "chosen_at": at,
        "deadline": at + timedelta(hours=6),
        "created_at": NOW,
        "scheduler": "dashboard",
        **changes,
    }
    return Job(**given)


def eventually(condition: Callable[[], object]) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up
        threading.Event().wait(0.005)


# -- when it looks


@pytest.mark.parametrize(
    ("jobs", "seconds"),
    [
        ((), None),
        ((job(at=NOW + 8 * MINUTE),), 3 * 60),  # the notice comes first
        ((job(at=NOW + 3 * MINUTE, notified_at=NOW),), 3 * 60),
        ((job(at=NOW + 3 * MINUTE, notify_before_s=0),), 3 * 60),
        ((job(at=NOW + 3 * MINUTE, scheduler="systemd", notified_at=NOW),), 3 * 60 + LATE.total_seconds()),
        ((job(at=NOW + timedelta(hours=9)),), TEND_EVERY.total_seconds()),
        ((job(at=NOW + 60 * MINUTE), job(at=NOW + 2 * MINUTE, notified_at=NOW)), 2 * 60),
        ((job(at=NOW - MINUTE, notified_at=NOW),), 30),  # woken just now: did it work?
        ((job(state=JobState.LAUNCHING),), 30),
        ((job(at=NOW + timedelta(milliseconds=20), notified_at=NOW),), 0.5),
    ],
)
def test_it_looks_when_something_may_be_due(jobs: tuple[Job, ...], seconds: float | None) -> None:
    assert seconds_to_look(jobs, NOW) == seconds


# -- the thread, with everything around it invented


class Stage:
    """Records each rest; the tender does what it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = NOW
        self.clock_calls = 0
        self.rests: list[float | None] = []
        self.tended: list[datetime] = []
        self.woken: list[datetime] = []
        self.told: list[tuple[str, ...]] = []
        self.trouble: Exception | None = None
        self.problems: tuple[str, ...] = ()
        stage = self

        class Rest(threading.Event):
            def wait(self, timeout: float | None = None) -> bool:
                stage.rests.append(timeout)
                return super().wait()  # no time passes here: only news end it

        class FakeTender:
            def __init__(self, world: object) -> None:
                del world

            def tend(self, now: datetime) -> Tended:
                stage.tended.append(now)
                if stage.trouble is not None:
                    raise stage.trouble
                return Tended((), stage.problems)

            def wake_due(self, now: datetime) -> tuple[str, ...]:
                stage.woken.append(now)
                return ()

        self.tending = Tending(Settings(), our_paths(), claude_config_dirs(), self.clock, self.told.append)
        self.tending._news = Rest()
        monkeypatch.setattr(tending, "Tender", FakeTender)

    def clock(self) -> datetime:
        self.clock_calls += 1
        return self.now

    def see(self, *jobs: Job) -> None:
        """A snapshot with news, until the thread rests again."""
        before = len(self.rests)
        self.tending.see(jobs)
        eventually(lambda: len(self.rests) > before)


@pytest.fixture
def stage(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    made = Stage(monkeypatch)
    made.tending.start()
    eventually(lambda: made.rests)
    yield made
    made.tending.stop()
    assert not made.tending._thread.is_alive()


def test_without_jobs_it_rests_until_there_is_one(stage: Stage) -> None:
    assert stage.rests == [None]
    assert stage.tended == [NOW]  # at the start: what did a reboot leave?
    calls = stage.clock_calls
    for _ in range(100):
        stage.tending.see(())
        stage.tending.see([job(state=JobState.STARTED), job(state=JobState.FAILED)])
    assert stage.clock_calls == calls
    assert stage.rests == [None]
    assert stage.woken == [NOW]


def test_a_job_sets_when_it_looks_again(stage: Stage) -> None:
    stage.see(job(at=NOW + 8 * MINUTE))
    assert stage.rests == [None, 180.0]
    stage.see(job(at=NOW + 6 * MINUTE))
    assert stage.rests[-1] == 60.0
    stage.see()
    assert stage.rests[-1] is None
    assert stage.tended == [NOW]  # five minutes have not passed


def test_it_compares_again_every_few_minutes_while_there_is_a_job(stage: Stage) -> None:
    stage.see(job())
    stage.now += TEND_EVERY
    stage.see(job(version=1))
    assert stage.tended == [NOW, NOW + TEND_EVERY]
    stage.now -= timedelta(hours=1)  # the clock was put back
    stage.see(job(version=2))
    assert len(stage.tended) == 3


def test_what_came_due_while_the_machine_slept_is_looked_at_with_the_next_snapshot(stage: Stage) -> None:
    one = job(at=NOW + 8 * MINUTE)
    stage.see(one)
    stage.tending.see([one])
    assert len(stage.woken) == 2
    stage.now += timedelta(hours=7)
    stage.see(one)
    assert stage.woken[-1] == stage.now


def test_trouble_is_told_and_goes_when_it_is_over(stage: Stage) -> None:
    stage.trouble = sqlite3.OperationalError("database or disk is full")
    stage.now += TEND_EVERY
    stage.see(job())
    assert stage.told[-1] == ("the arranged sessions cannot be looked after: database or disk is full",)
    stage.trouble = None
    stage.see(job(version=1))
    assert stage.told[-1] == ()
    stage.problems = ("systemd cannot be asked what it holds: no bus",)
    stage.now += TEND_EVERY
    stage.see(job(version=2))
    assert stage.told[-1] == stage.problems


def test_after_trouble_it_tries_again_also_without_a_job(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Stage(monkeypatch)
    made.trouble = OSError(13, "Permission denied")
    made.tending.start()
    eventually(lambda: made.rests)
    assert made.rests == [TEND_EVERY.total_seconds()]
    assert "Permission denied" in made.told[0][0]
    made.trouble = None
    made.now += TEND_EVERY
    made.see()
    assert made.rests[-1] is None
    assert made.told[-1] == ()
    made.tending.stop()


def test_what_nobody_thought_of_does_not_end_it(stage: Stage) -> None:
    stage.trouble = ZeroDivisionError("division by zero")
    stage.now += TEND_EVERY
    stage.see(job())
    stage.trouble = None
    stage.see(job(version=1))
    assert stage.told[-1] == ()
    assert stage.tending._thread.is_alive()


def test_a_journal_that_is_none_is_told(home: Path) -> None:
    our_paths().journal_db.parent.mkdir(parents=True)
    our_paths().journal_db.write_bytes(b"no database, whatever else it may be" * 40)
    told: list[tuple[str, ...]] = []
    tended = Tending(Settings(), our_paths(), claude_config_dirs(), lambda: NOW, told.append)
    tended.start()
    eventually(lambda: told)
    tended.stop()
    assert told[0][0].startswith("nothing can be arranged: ")


def test_stopped_before_it_was_started(home: Path) -> None:
    Tending(Settings(), our_paths(), claude_config_dirs(), lambda: NOW).stop()


# -- for real


TERMINAL = '#!/bin/sh\n"$@" </dev/null >>"$HOME/terminal.txt" 2>&1 &\n'
SETTINGS = '[automation]\nterminal_command = ["{script}", "{{command}}"]\nterminal = "template"\n'


@pytest.fixture
def house(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.delenv("QUOTA_TUI_NOW")
    furnish(home)
    script = home / "term"
    script.write_text(TERMINAL)
    script.chmod(0o755)
    settings = our_paths().config_file
    settings.parent.mkdir(parents=True)
    settings.write_text(SETTINGS.format(script=script))
    for name, value in environment(home, PATH=f"{home / 'bin'}:/usr/bin:/bin").items():
        monkeypatch.setenv(name, value)
    yield home
    end_clients(home)


def kept(job_id: str = "api-1") -> Job | None:
    with closing(Journal(our_paths().journal_db)) as journal:
        return Jobs(journal.db).get(job_id)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for the client is a posix program")
def test_an_open_dashboard_wakes_what_is_due(house: Path) -> None:
    now = datetime.now(UTC)
    handoff = house / "handoff.md"
    handoff.write_text("# Next\n\n## Objectives\n\n1. Begin\n")
    due = job(
        at=now,
        project=str(house / "api"),
        handoff=str(handoff),
        created_at=now,
        terminal="template",
        claude_dir=str(house / ".claude"),
    )
    with closing(Journal(our_paths().journal_db)) as journal:
        Jobs(journal.db).add(due)
    told: list[tuple[str, ...]] = []
    looking = Tending(Settings(), our_paths(), claude_config_dirs(), lambda: datetime.now(UTC), told.append)
    looking.start()
    try:
        eventually(lambda: (done := kept()) is not None and done.state is JobState.STARTED)
    finally:
        looking.stop()
    (start,) = starts(house)
    assert start["cwd"] == str(house / "api")
    assert start["argv"][:2] == ["--session-id", UUID]
    assert told in ([], [()])


def test_a_tender_wakes_nothing_of_what_is_over(house: Path) -> None:
    with closing(Journal(our_paths().journal_db)) as journal:
        jobs = Jobs(journal.db)
        jobs.add(msgspec.structs.replace(job(at=NOW), state=JobState.CANCELLED))
        assert jobs.open() == []
    from quota_tui.automation.open_world import open_world

    with open_world(Settings(), our_paths(), claude_config_dirs()) as world:
        assert Tender(world).wake_due(datetime.now(UTC)) == ()
