from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from quota_tui.core.jobs import machine
from quota_tui.core.jobs.job import Job, JobState, LogLine
from quota_tui.store.jobs import JobRefusedError, Jobs, ProjectBusyError
from quota_tui.store.journal import Journal
from tests.core.jobs.kit import DUE, ME, NOW, OTHER, H, M, S, a_job, session


@pytest.fixture
def journal(tmp_path: Path):
    kept = Journal(tmp_path / "journal.db")
    yield kept
    kept.close()


@pytest.fixture
def jobs(journal: Journal) -> Jobs:
    return Jobs(journal.db)


def test_a_journal_without_jobs(jobs: Jobs):
    assert (jobs.all(), jobs.open(), jobs.get("api-1"), jobs.log("api-1")) == ([], [], None, [])
    assert jobs.change("api-1", lambda job: machine.claimed(job, ME, DUE)) is None
    assert not jobs.replace(a_job(), machine.claimed(a_job(), ME, DUE))


def test_every_field_comes_back(jobs: Jobs, tmp_path: Path):
    job = a_job(
        extra_args=("--verbose", "'; touch pwned; '"), environment={"PATH": "/bin", "X": "ü\n"},
        title="Naïve 日本", held=(DUE, DUE + M), claim=msgspec.structs.replace(ME, at=DUE), runner=OTHER,
        estimate_tokens=5, inspected_at=NOW, state=JobState.LAUNCHING, opened_at=DUE, anyway=True,
    )  # fmt: skip
    assert jobs.add(job) is None
    assert jobs.get("api-1") == job
    again = Journal(tmp_path / "journal.db")
    assert Jobs(again.db).all() == [job]
    again.close()


def test_compare_and_set(jobs: Jobs):
    job = a_job()
    jobs.add(job)
    mine, theirs = machine.claimed(job, ME, DUE), machine.claimed(job, OTHER, DUE)
    assert jobs.replace(job, mine)
    assert not jobs.replace(job, theirs)
    assert not jobs.replace(job, mine)
    assert jobs.get("api-1") == mine
    assert jobs.log("api-1") == list(mine.log)


def test_impossible_steps_are_not_written(jobs: Jobs):
    job = a_job()
    jobs.add(job)
    forged = msgspec.structs.replace(job, state=JobState.LAUNCHING, version=1)
    for write in (lambda: jobs.replace(job, forged), lambda: jobs.change("api-1", lambda _: forged)):
        with pytest.raises(machine.ImpossibleError):
            write()
    assert jobs.get("api-1") == job
    assert not jobs.db.in_transaction


def test_change(jobs: Jobs):
    jobs.add(a_job())
    assert jobs.change("api-1", lambda job: None) is None
    assert jobs.change("api-1", lambda job: job) is None
    new = jobs.change("api-1", lambda job: machine.notified(job, DUE - M))
    assert new is not None
    assert jobs.get("api-1") == new
    with pytest.raises(machine.ImpossibleError):
        jobs.change("api-1", lambda job: machine.notified(job, DUE))
    assert jobs.get("api-1") == new


def test_one_open_job_for_a_project(jobs: Jobs):
    first, second = a_job(), a_job(id="api-2", created_at=NOW + H)
    jobs.add(first)
    with pytest.raises(ProjectBusyError, match="/home/ada/api already has a job: api-1") as caught:
        jobs.add(second)
    assert caught.value.first == first
    assert jobs.get("api-2") is None
    jobs.add(a_job(id="web-1", project="/web"))
    gone = jobs.add(second, replacing=True)
    assert gone is not None
    assert (gone.id, gone.state, gone.reason) == ("api-1", JobState.CANCELLED, "replaced by api-2")
    assert jobs.get("api-1") == gone
    assert [job.id for job in jobs.open()] == ["api-2", "web-1"]
    assert [job.id for job in jobs.all()] == ["api-2", "web-1", "api-1"]


def test_one_that_is_starting_is_not_replaced(jobs: Jobs):
    jobs.add(a_job(state=JobState.LAUNCHING, claim=ME, runner=OTHER))
    with pytest.raises(ProjectBusyError, match="starting already"):
        jobs.add(a_job(id="api-2"), replacing=True)
    assert [job.id for job in jobs.all()] == ["api-1"]


def test_one_that_was_over_does_not_come_back_beside_another(jobs: Jobs):
    missed = a_job(state=JobState.MISSED)
    jobs.add(missed)
    jobs.add(a_job(id="api-2"))
    again = machine.run_now(missed, "UTC", DUE, session(2))
    with pytest.raises(ProjectBusyError, match="api-2"):
        jobs.replace(missed, again)
    jobs.change("api-2", lambda job: machine.cancelled(job, DUE, "by you"))
    assert jobs.replace(missed, again)


def test_refused(jobs: Jobs):
    jobs.add(a_job())
    with pytest.raises(JobRefusedError, match="api-1 already"):
        jobs.add(a_job(project="/elsewhere"))
    with pytest.raises(JobRefusedError, match="not valid Unicode"):
        jobs.add(a_job(id="bad-1", project="/bad", title="\udcff"))
    assert [job.id for job in jobs.all()] == ["api-1"]
    jobs.change("api-1", lambda job: machine.logged(job, NOW, "still there"))


def test_a_damaged_record_hides_nothing_else_and_is_told(jobs: Jobs):
    jobs.add(a_job())
    jobs.add(a_job(id="web-1", project="/web"))
    jobs.db.execute("UPDATE jobs SET record=? WHERE id='api-1'", (b"\x00nonsense",))
    assert [job.id for job in jobs.open()] == ["web-1"]
    assert len(jobs.damaged) == 1
    assert jobs.damaged[0].startswith("job api-1 cannot be read")
    assert jobs.get("api-1") is None
    jobs.add(a_job(id="api-2"))
    jobs.db.execute("UPDATE job_log SET line=? WHERE job='web-1'", (b"\xff",))
    found = jobs.get("web-1")
    assert found is not None
    assert [line.text for line in found.log] == ["(a line that cannot be read)"]
    assert jobs.change("web-1", lambda job: machine.claimed(job, ME, DUE))


def test_lines_of_a_version_written_meanwhile_are_not_an_older_ones(jobs: Jobs):
    jobs.add(a_job())
    line = msgspec.msgpack.encode(LogLine(DUE, JobState.NOTIFIED, "later"))
    jobs.db.execute("INSERT INTO job_log VALUES(NULL, 'api-1', ?)", (line,))
    found = jobs.get("api-1")
    assert found is not None
    assert len(found.log) == 1


def test_log_lines_are_never_touched_again(jobs: Jobs):
    jobs.add(a_job())
    before = jobs.db.execute("SELECT * FROM job_log").fetchall()
    for number in range(5):
        jobs.change("api-1", lambda job, number=number: machine.logged(job, NOW + number * S, f"{number}"))
    after = jobs.db.execute("SELECT * FROM job_log").fetchall()
    assert after[: len(before)] == before
    assert [line.text for line in jobs.log("api-1")] == ["scheduled", "0", "1", "2", "3", "4"]


def test_a_reader_never_waits_for_a_writer(tmp_path: Path, jobs: Jobs):
    jobs.add(a_job())
    other = Journal(tmp_path / "journal.db", busy_s=0.01)

    def look(job: Job) -> Job:
        assert Jobs(other.db).get("api-1") == job
        return machine.claimed(job, ME, DUE)

    assert jobs.change("api-1", look)
    other.close()


RACER = """
import sys
from datetime import datetime, timedelta
from pathlib import Path
from quota_tui.core.jobs import machine
from quota_tui.core.jobs.job import Holder
from quota_tui.store.jobs import Jobs
from quota_tui.store.journal import Journal
journal = Journal(Path(sys.argv[1]))
jobs, me = Jobs(journal.db), Holder(int(sys.argv[2]), float(sys.argv[2]), "here")
seen = {job.id: job for job in jobs.all()}
due = min(job.launch_at for job in seen.values())
print("ready", flush=True)
sys.stdin.readline()
won = []
for name, job in sorted(seen.items()):
    if name == "count":
        continue
    if name.startswith("gate"):
        try:
            jobs.change(name, lambda job: machine.runner_set(job, me, due))
            won.append(name)
        except machine.ImpossibleError:
            pass
    elif jobs.replace(job, machine.claimed(job, me, due)):
        won.append(name)
    jobs.change("count", lambda job: machine.logged(job, due, f"{me.pid} {name}"))
print(won)
journal.close()
"""


def test_of_processes_that_race_one_gets_each(tmp_path: Path, jobs: Jobs):
    names = [f"{kind}-{number}" for kind in ("claim", "gate") for number in range(12)]
    for name in names:
        state = JobState.LAUNCHING if name.startswith("gate") else JobState.SCHEDULED
        jobs.add(a_job(id=name, project=f"/{name}", state=state, claim=None))
    jobs.add(a_job(id="count", project="/count", state=JobState.STARTED, launch_at=DUE))
    command = [sys.executable, "-c", RACER, str(tmp_path / "journal.db")]
    racers = [
        subprocess.Popen([*command, str(pid)], stdin=-1, stdout=-1, text=True) for pid in (501, 502, 503)
    ]
    for one in racers:
        assert one.stdout
        assert one.stdout.readline() == "ready\n"
    for one in racers:
        assert one.stdin
        one.stdin.write("go\n")
        one.stdin.flush()
    won = {str(pid): eval(one.communicate()[0]) for pid, one in zip((501, 502, 503), racers, strict=True)}
    assert sorted(name for each in won.values() for name in each) == sorted(names)
    for pid, got in won.items():
        for name in got:
            job = jobs.get(name)
            assert job is not None
            who = job.runner if name.startswith("gate") else job.claim
            assert who is not None
            assert str(who.pid) == pid
            assert job.version == 1
    # Nothing that anybody wrote to one record was lost, in whatever order.
    assert len(jobs.log("count")) == 1 + 3 * len(names)
