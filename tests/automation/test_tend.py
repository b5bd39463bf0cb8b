from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from quota_tui.automation.schedulers.base import Wake
from quota_tui.automation.tend import Tender
from quota_tui.automation.wake import wake
from quota_tui.automation.world import spawn
from quota_tui.core.jobs.job import Holder, JobState, LogLine
from tests.automation.world_rig import UUID, FolderScheduler, Rig, end_clients, furnish, rig

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-in for the client is a posix program"
)


@pytest.fixture
def here(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    monkeypatch.delenv("QUOTA_TUI_NOW")
    furnish(home)
    with rig(home) as made:
        yield made
    end_clients(home)


def later(here: Rig, **changes: object):
    return here.job(launch_at=here.clock() + timedelta(hours=1), notified_at=None, **changes)


def test_a_job_that_nobody_holds_is_armed_again(here: Rig) -> None:
    job = later(here)
    tended = Tender(here.world).tend(here.clock())
    assert tended.done == ("folder did not hold api-1: armed again with folder",)
    assert tended.problems == ()
    assert job.launch_at in here.scheduler.wakes()["api-1"].instants
    kept = here.kept()
    assert kept.held
    assert kept.inspected_at is not None
    assert Tender(here.world).tend(here.clock()).done == ()
    assert here.kept() == kept  # nothing is written when nothing is news


def test_a_wake_at_another_time_is_none(here: Rig) -> None:
    job = later(here)
    here.scheduler.arm(Wake("api-1", (job.launch_at - timedelta(minutes=30),), ("x",)))
    assert Tender(here.world).tend(here.clock()).done
    assert job.launch_at in here.scheduler.wakes()["api-1"].instants


def test_entries_without_a_job_are_cleaned(here: Rig) -> None:
    here.job(id="old-1", state=JobState.STARTED, project="/x")
    later(here)
    for job_id in ("old-1", "unknown-1", "api-1"):
        here.scheduler.arm(Wake(job_id, (here.clock() + timedelta(hours=1),), ("x",)))
    done = Tender(here.world).tend(here.clock()).done
    assert [each for each in done if "removed" in each] == [
        "folder held an entry for old-1, which needs none: removed",
        "folder held an entry for unknown-1, which needs none: removed",
    ]
    assert list(here.scheduler.wakes()) == ["api-1"]


def test_an_entry_with_the_wrong_scheduler(here: Rig) -> None:
    other = FolderScheduler(here.home / "other", "other")
    later(here)
    other.arm(Wake("api-1", (here.clock(),), ("x",)))
    Tender(here.other(schedulers=(here.scheduler, other))).tend(here.clock())
    assert not other.wakes()
    assert here.scheduler.wakes()


def test_records_that_cannot_be_read_keep_their_entries(here: Rig) -> None:
    later(here)
    here.scheduler.arm(Wake("api-1", (here.clock() + timedelta(hours=1),), ("x",)))
    here.world.jobs.db.execute("UPDATE jobs SET record=x'c1'")
    tended = Tender(here.world).tend(here.clock())
    assert here.scheduler.wakes()
    assert "cannot be read" in tended.problems[0]


def test_a_scheduler_that_cannot_be_asked(here: Rig) -> None:
    later(here)
    here.scheduler.refuses = "the bus is gone"
    tended = Tender(here.world).tend(here.clock())
    assert tended.problems[0] == "folder cannot be asked what it holds: the bus is gone"
    assert here.kept().mismatch == "nobody wakes it: folder is not used: the bus is gone"
    here.scheduler.refuses = ""
    Tender(here.world).tend(here.clock())
    assert here.kept().mismatch == ""
    assert here.scheduler.wakes()


def test_one_that_gives_way_to_the_dashboard(here: Rig) -> None:
    later(here)
    weak = FolderScheduler(here.home / "weak", "dashboard", survives=False)
    here.scheduler.refuses = "the bus is gone"
    tender = Tender(here.other(schedulers=(here.scheduler, weak)))
    tended = tender.tend(here.clock())
    assert "armed again with dashboard" in tended.done[0]
    assert here.kept().scheduler == "dashboard"
    assert tender.tend(here.clock()).done == ()


def test_what_is_due_is_woken_once(here: Rig) -> None:
    spawned: list[tuple[str, ...]] = []
    tender = Tender(here.other(spawn=spawned.append))
    job = later(here)
    assert tender.due(job.notify_at) == ()  # the scheduler's own wake comes
    assert tender.due(job.notify_at + timedelta(seconds=20)) == ("api-1",)
    assert tender.wake_due(job.launch_at + timedelta(minutes=1)) == ("api-1",)
    assert tender.wake_due(job.launch_at + timedelta(minutes=1, seconds=30)) == ()
    assert tender.wake_due(job.launch_at + timedelta(minutes=2)) == ("api-1",)  # it did not help
    assert spawned[0] == (sys.executable, "-P", "-m", "quota_tui", "automation", "run", "api-1")


def test_the_dashboards_own_are_woken_in_time(here: Rig) -> None:
    job = later(here, scheduler="dashboard")
    assert Tender(here.world).due(job.notify_at) == ("api-1",)
    assert Tender(here.world).due(job.notify_at - timedelta(seconds=1)) == ()


def test_after_a_night_without_power_it_is_missed(here: Rig) -> None:
    here.job(launch_at=here.clock() - timedelta(hours=9))
    tender = Tender(here.world)
    assert tender.due(here.clock()) == ("api-1",)
    wake("api-1", here.world)
    assert here.kept().state is JobState.MISSED
    assert tender.due(here.clock()) == ()


@pytest.mark.parametrize(
    ("alive", "age_min", "due"), [(True, 1, False), (False, 1, True), (True, 11, True), (None, 1, False)]
)
def test_dead_claims_are_woken(here: Rig, alive: bool | None, age_min: int, due: bool) -> None:
    at = here.clock() - timedelta(minutes=age_min)
    here.job(state=JobState.CLAIMED, claim=Holder(1, 1.0, "", at))
    world = here.other(alive=lambda holder: alive)
    assert Tender(world).due(here.clock()) == (("api-1",) if due else ())


def test_a_program_on_its_own(home: Path) -> None:
    """It is started without a shell and outlives nobody's pipe."""
    spawn((sys.executable, "-c", f"open({str(home / 'x')!r}, 'w').write('; touch pwned')"))
    # Its own process ends by itself; a second one that waits for the file tells when.
    waits = "import sys, time, pathlib\nwhile not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.01)"
    subprocess.run([sys.executable, "-c", waits, str(home / "x")], timeout=30, check=True)
    assert not (home / "pwned").exists()
    with pytest.raises(OSError):
        spawn((str(home / "none"),))


def test_held_instants_survive_the_journal(here: Rig) -> None:
    later(here)
    Tender(here.world).tend(here.clock())
    held = here.scheduler.wakes()["api-1"].instants
    assert here.kept().held == held
    assert msgspec.json.decode(msgspec.json.encode(here.kept()))["held"]


def test_a_client_that_answered_late_did_start(here: Rig) -> None:
    """Given up after a minute while the client asked something; then the person answered."""
    log = (LogLine(here.clock(), JobState.FAILED, "no session began within 60 s"),)
    here.job(state=JobState.FAILED, runner=Holder(1, 1.0), log=log)
    tender = Tender(here.world)
    assert tender.tend(here.clock()).done == ()
    transcript = here.world.claude_dir / "projects" / "-api" / f"{UUID}.jsonl"
    transcript.parent.mkdir(parents=True)
    transcript.write_text("{}\n")
    assert "did start" in tender.tend(here.clock()).done[0]
    assert here.kept().state is JobState.STARTED
    assert tender.tend(here.clock()).done == ()
