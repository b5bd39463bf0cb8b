"""`quota-tui automation`: arrange, see, preview and call off, over a real journal and home."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from quota_tui.cli.automation import automation
from quota_tui.core.handoff import Handoff, Objective
from quota_tui.core.jobs.job import Job, JobState, LogLine
from quota_tui.store.handoffs import Handoffs
from quota_tui.store.jobs import Jobs
from quota_tui.store.journal import Journal
from quota_tui.store.paths import our_paths
from tests.automation import client_stand_in
from tests.conftest import NOW
from tests.monitor.rig import RESET, quota, run, settings_file, tell

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-in for the client is a posix program"
)
TERMINAL = '#!/bin/sh\n"$@" </dev/null >/dev/null 2>&1 &\n'
SETTINGS = '[automation]\nterminal_command = ["{script}", "{{command}}"]\nterminal = "template"\n'
TMUX = shutil.which("tmux")
SECRET = "value-nobody-may-see"


@pytest.fixture
def house(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a handoff, a client, a terminal, a reading; no scheduler but the dashboard."""
    monkeypatch.setenv("PATH", str(home / "bin"))
    monkeypatch.setenv("STARTS", str(home / "starts.jsonl"))
    # One of those that a launch takes with it: the way to a graphical session.
    monkeypatch.setenv("DISPLAY", SECRET)
    client_stand_in.install(home / "bin")
    for name in ("git", "sh"):
        (home / "bin" / name).symlink_to(shutil.which(name, path="/usr/local/bin:/usr/bin:/bin") or "/")
    script = home / "term"
    script.write_text(TERMINAL)
    script.chmod(0o755)
    settings_file(SETTINGS.format(script=script))
    write_handoff(home, "api")
    tell(81)
    return home


def write_handoff(home: Path, name: str, **changes: Any) -> Path:
    folder = home / "code" / name
    folder.mkdir(parents=True, exist_ok=True)
    given = {
        "title": f"Finish {name}",
        "project": str(folder),
        "start": "reset+5m",
        "objectives": (Objective("Write the parser", tokens=20_000),),
        **changes,
    }
    return Handoffs(home / ".claude").save(Handoff(**given), NOW).path


def auto(*args: str, **env: str) -> Result:
    return quota("automation", *args, **env)


def schedule(*args: str) -> str:
    """Arrange; the id of the job."""
    done = auto("schedule", "--yes", *args)
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()[-1]


def only_job() -> Job:
    (job,) = jobs()
    return job


def jobs() -> list[Job]:
    with closing(Journal(our_paths().journal_db)) as journal:
        return Jobs(journal.db).all()


def keep(home: Path, name: str, **changes: Any) -> Job:
    """A job as it came to be."""
    folder = home / "code" / name
    folder.mkdir(parents=True, exist_ok=True)
    at = NOW + timedelta(hours=3)
    job = Job(
        **{
            "id": f"{name}-1",
            "project": str(folder),
            "handoff": str(home / ".claude" / "session-handoffs" / "handoff-1.md"),
            "session_id": "u",
            "launch_at": at,
            "chosen_at": at,
            "deadline": at + timedelta(hours=6),
            "created_at": NOW - timedelta(hours=1),
            "scheduler": "dashboard",
            "environment": {"DISPLAY": SECRET},
            "log": (LogLine(NOW - timedelta(hours=1), JobState.SCHEDULED, "scheduled"),),
            **changes,
        }
    )
    with closing(Journal(our_paths().journal_db)) as journal:
        Jobs(journal.db).add(job)
    return job


# -- the help


def test_help_lists_what_is_for_people_only(home: Path) -> None:
    shown = auto("--help").stdout
    listed = [line.split()[0] for line in shown.partition("Commands:")[2].splitlines() if line.strip()]
    assert listed == ["status", "schedule", "reschedule", "cancel", "preview", "run", "test", "log"]
    for hidden in ("client", "opened"):  # and yet they are there, for terminals to run
        assert automation.get_command(None, hidden) is not None  # type: ignore[arg-type]


# -- schedule


def test_from_a_handoff_to_a_job_that_is_held(house: Path) -> None:
    done = auto("schedule", "--handoff", "latest", "--at", "reset+5m", "--yes")
    assert done.exit_code == 0
    sentence, job_id = done.stdout.splitlines()
    job = only_job()
    assert job_id == job.id
    assert sentence == f"starts 18:05 · {Path(job.handoff).name} · keep quota-tui open"
    assert "dashboard: " in done.stderr  # what it does not survive
    assert (job.state, job.scheduler, job.launch_at) == (
        JobState.SCHEDULED,
        "dashboard",
        RESET + timedelta(minutes=5),
    )


@pytest.mark.parametrize(
    ("at", "ahead"),
    [
        ("", timedelta(hours=2, minutes=5)),  # as the handoff says
        ("reset", timedelta(hours=2)),
        ("reset+90s", timedelta(hours=2, seconds=90)),
        ("+90s", timedelta(seconds=90)),
        ("+2h30m", timedelta(hours=2, minutes=30)),
        ("18:45", timedelta(hours=2, minutes=45)),
        ("2026-11-20T19:00:00+01:00", timedelta(hours=2)),
        ("tomorrow 9:00", timedelta(hours=17)),
    ],
)
def test_the_times_that_can_be_said(house: Path, at: str, ahead: timedelta) -> None:
    schedule("--at", at)
    assert only_job().launch_at == NOW + ahead


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--at", "yesterday"), "not a time; write reset"),
        (("--at", "15:00 2026-11-19"), "not a time"),
        (("--at", "reset+x"), "not a time"),
        (("--handoff", "nope"), "there is no handoff `nope`"),
        (("--handoff", "/nowhere/x.md"), "/nowhere/x.md: it is gone"),
    ],
)
def test_what_cannot_be_arranged_is_one_line(house: Path, words: tuple[str, ...], said: str) -> None:
    done = auto("schedule", "--yes", *words)
    assert done.exit_code == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("quota-tui: ")
    assert said in line
    assert jobs() == []


@pytest.mark.parametrize(
    "words",
    [("--scheduler", "sundial"), ("--terminal", "x"), ("--project", "/nowhere"), ("--ready-pct", "101")],
)
def test_choices_that_are_none(house: Path, words: tuple[str, ...]) -> None:
    assert auto("schedule", "--yes", *words).exit_code == 2
    assert jobs() == []


def test_a_scheduler_that_is_not_there_is_told(house: Path) -> None:
    done = auto("schedule", "--yes", "--scheduler", "cron")
    assert (done.exit_code, jobs()) == (0, [only_job()])
    assert "cron" in done.stderr
    assert only_job().scheduler == "dashboard"


def test_a_reset_that_nobody_knows(house: Path) -> None:
    our_paths().journal_db.unlink()
    done = auto("schedule", "--yes", "--at", "reset")
    assert done.exit_code == 1
    assert "the reset is not known yet: give a time" in done.stderr


def test_a_second_one_for_the_project_is_refused_or_takes_its_place(house: Path) -> None:
    first = schedule()
    done = auto("schedule", "--yes", "--at", "+1h")
    assert done.exit_code == 1
    assert f"already has a job: {first} (scheduled)" in done.stderr
    done = auto("schedule", "--yes", "--at", "+1h", "--replace")
    assert done.exit_code == 0
    assert f"note: {first} gave way to it" in done.stderr
    assert {job.id: job.state for job in jobs()}[first] is JobState.CANCELLED


def test_without_a_yes_it_shows_and_asks(house: Path) -> None:
    done = auto("schedule")
    assert done.exit_code == 2
    assert done.stdout.splitlines()[0] == "18:05, in 2h 05m: api"
    assert "there is nobody to ask; use --yes" in done.stderr
    assert jobs() == []


@pytest.mark.parametrize(("answer", "code"), [("n", 1), ("y", 0), ("", 0)])
def test_a_person_is_asked(house: Path, answer: str, code: int) -> None:
    keyboard, terminal = os.openpty()
    with os.fdopen(keyboard, "wb", buffering=0) as hand, os.fdopen(terminal, "rb", buffering=0) as seen:
        hand.write(f"{answer}\n".encode())
        done = subprocess.run(
            [sys.executable, "-m", "quota_tui", "automation", "schedule"],
            stdin=seen,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
    assert done.returncode == code, done.stderr
    assert "Arrange it? [Y/n]" in done.stdout
    assert len(jobs()) == (code == 0)
    assert ("nothing was arranged" in done.stderr) is (code == 1)


# -- reschedule and cancel


def test_another_time(house: Path) -> None:
    job_id = schedule()
    done = auto("reschedule", "--at", "+3h")
    assert done.stdout.startswith("starts 19:00 · ")
    assert only_job().launch_at == NOW + timedelta(hours=3)
    assert auto("reschedule", job_id[:6], "--at", "+4h").exit_code == 0
    assert only_job().launch_at == NOW + timedelta(hours=4)
    for words, code in (((job_id, "--at", "late"), 1), ((job_id,), 2), (("other", "--at", "+1h"), 1)):
        assert auto("reschedule", *words).exit_code == code
    assert only_job().launch_at == NOW + timedelta(hours=4)


def test_one_is_called_off(house: Path) -> None:
    job_id = schedule()
    done = auto("cancel")
    assert done.stdout == f"{job_id} is called off\n"
    assert only_job().state is JobState.CANCELLED
    again = auto("cancel")
    assert (again.exit_code, again.stdout) == (0, "nothing is scheduled\n")
    refused = auto("cancel", job_id)
    assert refused.exit_code == 1
    assert len(refused.stderr.splitlines()) == 1


def test_one_that_failed_is_called_off_too(house: Path) -> None:
    job = keep(house, "api", state=JobState.FAILED, reason="the client is not installed")
    assert auto("cancel").stdout == f"{job.id} is called off\n"
    assert only_job().state is JobState.CANCELLED


def test_which_one_and_all_of_them(house: Path) -> None:
    first = schedule("--at", "+1h")
    second = schedule("--at", "+2h", "--handoff", str(write_handoff(house, "web")))
    asked = auto("cancel")
    assert asked.exit_code == 1
    assert f"which one? {second}, {first}" in asked.stderr
    assert auto("cancel", first, "--all").exit_code == 2
    assert len([job for job in jobs() if job.state is JobState.SCHEDULED]) == 2
    assert auto("cancel", "--all").stdout == f"{first} is called off\n{second} is called off\n"
    none = auto("cancel", "--all")
    assert (none.exit_code, none.stdout) == (0, "nothing is scheduled\n")


# -- status


def test_status_reads_like_the_pane(house: Path) -> None:
    assert auto("status").stdout == "nothing scheduled\n"
    job_id = schedule("--agent", "")
    first, *more = auto("status").stdout.splitlines()
    assert first == f"● SCHEDULED  18:05 · in 2h 05m  ({job_id})"
    assert more[0] == "  api"
    assert Path(only_job().handoff).name in more[1]
    assert more[2].startswith("  dashboard: ")
    assert more[2].endswith("; notice at 18:00")
    assert more[-1] == "  16:00  scheduled"


def test_status_for_programs(house: Path) -> None:
    job_id = schedule("--at", "reset")
    assert SECRET in only_job().environment.values()  # it is kept, so it could come out
    done = auto("status", "--json")
    (told,) = json.loads(done.stdout)["jobs"]
    assert told["id"] == job_id
    assert (told["state"], told["reason"], told["attempts"]) == ("scheduled", "", 0)
    assert told["launch_at"] == "2026-11-20T18:00:00Z"
    assert told["project"] == str(house / "code" / "api")
    assert told["handoff"].endswith(".md")
    assert (told["scheduler"], told["terminal"]) == ("dashboard", "template")
    assert told["session_id"] == only_job().session_id
    assert [line["text"] for line in told["log"]] == ["scheduled"]
    assert "environment" not in told
    assert json.loads(auto("status", "--json").stdout)["jobs"]
    auto("cancel")
    assert json.loads(auto("status", "--json").stdout)["jobs"][0]["state"] == "cancelled"


@pytest.mark.parametrize(
    "words", [("automation", "status", "--json"), ("automation", "preview", "--json"), ("status", "--json")]
)
def test_nothing_of_the_environment_is_printed(house: Path, words: tuple[str, ...]) -> None:
    schedule()
    done = quota(*words)
    assert done.exit_code == 0
    assert json.loads(done.stdout)
    assert SECRET not in done.output


def test_what_is_wrong_is_told_with_what_can_be_done(house: Path) -> None:
    keep(house, "api", state=JobState.FAILED, reason="the client is not installed")
    shown = auto("status").stdout
    assert shown.splitlines()[0].startswith("✗ FAILED")
    assert "the client is not installed" in shown
    assert "run it now, choose another time, or cancel it" in shown


def test_an_entry_without_a_job_is_cleaned_and_told(house: Path) -> None:
    job_id = schedule("--at", "+3h")
    with closing(Journal(our_paths().journal_db)) as journal, journal.db:
        journal.db.execute("DELETE FROM jobs")
    assert f"dashboard held an entry for {job_id}, which needs none: removed" in auto("status").stderr
    assert auto("status").stderr == ""


def test_the_ascii_face_is_kept_to(house: Path) -> None:
    schedule()
    done = auto("status", QUOTA_TUI_DISPLAY_ASCII="1")
    assert "SCHEDULED" in done.stdout
    assert done.output.isascii()
    assert auto("preview", QUOTA_TUI_DISPLAY_ASCII="1").output.isascii()
    assert auto("reschedule", "--at", "+3h", QUOTA_TUI_DISPLAY_ASCII="1").output.isascii()


def test_hostile_names_stay_in_their_line(house: Path) -> None:
    hostile = "ev\nil\x1b[31m'; touch pwned; '"
    path = str(write_handoff(house, hostile, title=hostile))
    schedule("--handoff", path)
    assert only_job().project == str(house / "code" / hostile)
    for words in (("status",), ("log",), ("preview",)):
        shown = auto(*words).output
        assert "\x1b" not in shown
        assert "\nil" not in shown
        assert not (house / "pwned").exists()
    shutil.rmtree(house / "code" / hostile)
    refused = auto("schedule", "--yes", "--replace", "--handoff", path)
    assert refused.exit_code == 1
    assert len(refused.stderr.splitlines()) == 1
    assert "\x1b" not in refused.stderr


# -- preview, log, test


def test_preview_says_exactly_what_would_be_executed_and_changes_nothing(house: Path) -> None:
    agents = house / "code" / "api" / ".claude" / "agents"
    agents.mkdir(parents=True)
    (agents / "reviewer.md").write_text("---\nname: reviewer\n---\n")
    job_id = schedule("--agent", "reviewer", "--model", "opus", "--permission-mode", "plan")
    before = only_job()
    shown = auto("preview").stdout
    assert "A wake now: nothing is done: it is not due yet" in shown
    assert "If it were due now: it waits until" in shown
    assert "19 % of the five-hour window is left" in shown
    assert f"{house / 'bin' / 'claude'} --session-id {before.session_id} --agent reviewer" in shown
    assert "--model opus --permission-mode plan" in shown
    assert f"-m quota_tui automation client {job_id}" in shown
    assert "Opened by template" in shown
    told = json.loads(auto("preview", job_id, "--json").stdout)
    assert told["cwd"] == str(house / "code" / "api")
    assert told["argv"][0] == str(house / "bin" / "claude")
    assert told["now"]["act"] == "nothing"
    assert told["if_due"]["act"] == "wait"
    assert only_job() == before
    (agents / "reviewer.md").unlink()
    assert "note: the agent reviewer is gone: it starts without" in auto("preview").stdout
    assert not (house / "starts.jsonl").exists()


def test_nothing_to_preview(house: Path) -> None:
    done = auto("preview")
    assert done.exit_code == 1
    assert "nothing is scheduled; `quota-tui automation schedule` does that" in done.stderr


def test_the_log_tells_everything(house: Path) -> None:
    assert auto("log").stdout == "nothing was scheduled yet\n"
    job_id = schedule()
    auto("cancel")
    lines = auto("log").stdout.splitlines()
    assert lines[0] == f"{job_id}  {house / 'code' / 'api'}"
    assert lines[1:] == ["  16:00  scheduled", "  16:00  called off by you"]
    assert auto("log", job_id).stdout.splitlines() == lines
    assert auto("log", "other").exit_code == 1


def test_a_terminal_is_tried_and_reported(house: Path) -> None:
    done = run("automation", "test", PATH=os.environ["PATH"], QUOTA_TUI_NOW="")
    assert done.returncode == 0, done.stdout + done.stderr
    assert b"it works: template" in done.stdout
    settings_file('[automation]\nterminal_command = ["/nowhere/term", "{command}"]\nterminal = "template"\n')
    done = run("automation", "test", PATH=os.environ["PATH"], QUOTA_TUI_NOW="")
    assert done.returncode == 1
    assert b"it does not work" in done.stdout
    assert jobs() == []


@pytest.mark.skipif(TMUX is None, reason="needs tmux")
def test_a_real_tmux_is_tried(house: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (house / "bin" / "tmux").symlink_to(TMUX or "/")
    socket = tmp_path_factory.mktemp("t")
    try:
        done = run(
            "automation", "test", "--terminal", "tmux", TMUX_TMPDIR=str(socket), TMUX="", QUOTA_TUI_NOW=""
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert b"it works: tmux" in done.stdout
        assert b"tmux attach" in done.stdout
    finally:
        subprocess.run(
            [str(TMUX), "kill-server"],
            env={**os.environ, "TMUX_TMPDIR": str(socket)},
            capture_output=True,
            check=False,
        )


# -- trouble


def test_a_journal_that_is_none(house: Path) -> None:
    our_paths().journal_db.write_bytes(b"no database, whatever else it may be" * 40)
    for words in (("status",), ("schedule", "--yes"), ("cancel",), ("log",), ("preview",)):
        done = auto(*words)
        assert done.exit_code == 3, words
        (line,) = done.stderr.splitlines()
        assert line.endswith("nothing can be arranged without the journal")


def test_a_zone_that_is_none(house: Path) -> None:
    done = auto("status", QUOTA_TUI_DISPLAY_TIMEZONE="Mars/Olympus")
    assert done.exit_code == 3
    (line,) = done.stderr.splitlines()
    assert "Mars/Olympus" in line


def test_a_client_that_is_not_there(house: Path) -> None:
    (house / "bin" / "claude").unlink()
    done = auto("schedule", "--yes")
    assert done.exit_code == 1
    assert "claude" in done.stderr
    assert jobs() == []


def test_the_slash_commands_answer(house: Path) -> None:
    job_id = schedule()
    assert b"SCHEDULED" in run("slash", "automation-status").stdout
    assert run("slash", "cancel-next-session").stdout.decode() == f"{job_id} is called off\n"
    none = run("slash", "cancel-next-session")
    assert (none.returncode, none.stdout) == (0, b"nothing is scheduled\n")
