"""The real systemd user manager, atd and cron: arm, inspect, disarm; and one real fire of each."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from quota_tui.automation.schedulers.at import At
from quota_tui.automation.schedulers.base import Scheduler, SchedulerError, still_held
from quota_tui.automation.schedulers.cron import Cron
from quota_tui.automation.schedulers.own_entries import utc_now
from quota_tui.automation.schedulers.systemd import Systemd
from tests import real_schedulers
from tests.automation.schedulers import rig

# One test at a time holds a daemon: the other worker waits for it.
pytestmark = [pytest.mark.timeout(240), pytest.mark.filterwarnings("error")]

HOSTILE = "q d'i\"r $HOME 50% `x` ü;&\\"
HOME = "ho me d'i\"r $x \\ ü 50%"


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    with real_schedulers.user_manager(tmp_path / HOME) as env:
        yield Systemd(rig.own_in(tmp_path / HOME, **env))


@pytest.fixture
def at(tmp_path: Path) -> Iterator[At]:
    with real_schedulers.atd():
        before = queue()
        yield At(rig.own_in(tmp_path / HOME))
        for number in queue() - before:  # of a test that failed half-way
            subprocess.run(["atrm", number], check=True)


@pytest.fixture
def cron(tmp_path: Path) -> Iterator[Cron]:
    with real_schedulers.cron():
        before = crontab()
        try:
            yield Cron(rig.own_in(tmp_path / HOME))
        finally:
            set_crontab(before)


def queue() -> set[str]:
    listed = subprocess.run(["atq"], capture_output=True, check=True, text=True).stdout
    return {line.split()[0] for line in listed.splitlines()}


def crontab() -> bytes | None:
    answer = subprocess.run(["crontab", "-l"], capture_output=True, check=False)
    return None if answer.returncode else answer.stdout


def set_crontab(text: bytes | None) -> None:
    if text is not None:
        subprocess.run(["crontab", "-"], input=text, check=True)
    elif crontab() is not None:
        subprocess.run(["crontab", "-r"], check=True)


def goes_through(scheduler: Scheduler, program: str) -> None:
    """Arm, twice; another job beside it; move; disarm, twice: the real scheduler holds what it should."""
    assert scheduler.available() == ""
    wake, other = rig.two(utc_now(), program=program), rig.two(utc_now(), job_id="job-11")
    scheduler.arm(wake)
    assert scheduler.inspect() == {"job-1": wake.instants}
    scheduler.arm(wake)
    scheduler.arm(other)
    assert scheduler.inspect() == {"job-1": wake.instants, "job-11": other.instants}
    later = rig.wake_at(*(each + timedelta(hours=30) for each in wake.instants), program=program)
    scheduler.arm(later)
    assert scheduler.inspect() == {"job-1": later.instants, "job-11": other.instants}
    scheduler.disarm("job-1")
    assert scheduler.inspect() == {"job-11": other.instants}
    scheduler.disarm("job-1")
    scheduler.disarm("never-was")
    scheduler.disarm("job-11")
    assert scheduler.inspect() == {}


def test_systemd_leaves_no_trace(systemd: Systemd, tmp_path: Path) -> None:
    """Also with a program whose path holds what units, shells and C strings quote."""
    home = tmp_path / HOME
    (home / ".config" / "systemd" / "user").mkdir(parents=True)
    (home / ".config" / "systemd" / "user" / "quota-tui-mine.timer").write_text(
        "[Timer]\nOnCalendar=2099-01-01\n"
    )
    before = rig.everything(home)
    goes_through(systemd, f"/opt/{HOSTILE}/python")
    after = {
        name: data for name, data in rig.everything(home).items() if not name.startswith(("ours", ".local"))
    }
    assert after == {name: data for name, data in before.items() if not name.startswith(".local")}
    assert not [name for name in rig.everything(home) if "stamp-" in name]


def test_systemd_enabled_and_persistent(systemd: Systemd, tmp_path: Path) -> None:
    """What a reboot does: the manager starts anew and finds the timers by itself."""
    wake = rig.two(utc_now())
    systemd.arm(wake)
    folder = tmp_path / HOME / ".config" / "systemd" / "user"
    name = f"quota-tui-{systemd._own.tag}-job-1.timer"
    assert (folder / "timers.target.wants" / name).resolve() == folder / name
    shown = systemd._systemctl("show", name, "--property=Persistent,AccuracyUSec,UnitFileState").text
    assert set(shown.split()) == {"Persistent=yes", "AccuracyUSec=1s", "UnitFileState=enabled"}
    systemd._systemctl("stop", name)  # by a person, or by a manager that was told to
    assert systemd.inspect() == {"job-1": ()}
    systemd.arm(wake)
    systemd._systemctl("disable", name)  # held now, lost at the next boot
    assert systemd.inspect() == {"job-1": ()}
    systemd.arm(wake)
    assert systemd.inspect() == {"job-1": wake.instants}


def test_systemd_finds_what_is_left_behind(systemd: Systemd, tmp_path: Path) -> None:
    """Killed between writing and loading: the file is told, and disarm removes it."""
    folder = tmp_path / HOME / ".config" / "systemd" / "user"
    folder.mkdir(parents=True)
    left = folder / f"quota-tui-{systemd._own.tag}-gone-1.timer"
    left.write_text("[Timer]\n")
    assert systemd.inspect() == {"gone-1": ()}
    systemd.disarm("gone-1")
    assert not left.exists()
    assert systemd.inspect() == {}


def test_systemd_folder_that_the_manager_does_not_read(systemd: Systemd, tmp_path: Path) -> None:
    """XDG_CONFIG_HOME of a shell is not the manager's: the units go where they are found."""
    strange = Systemd(rig.own_in(tmp_path / HOME, **systemd._own.env, XDG_CONFIG_HOME=str(tmp_path / "xdg")))
    wake = rig.two(utc_now())
    strange.arm(wake)
    assert strange.inspect() == {"job-1": wake.instants}
    assert not (tmp_path / "xdg").exists()
    strange.disarm("job-1")
    far = Systemd(rig.own_in(tmp_path / "elsewhere", XDG_RUNTIME_DIR=systemd._own.env["XDG_RUNTIME_DIR"]))
    assert "does not read units in" in far.available()


def test_at_leaves_no_trace(at: At) -> None:
    before = queue()
    goes_through(at, f"/opt/{HOSTILE}/python")
    assert queue() == before


def test_at_keeps_user_text_out_and_rounds_up(at: At, tmp_path: Path) -> None:
    """at copies the environment into the job: ours is a fixed one. A second too early would be too early."""
    own = rig.own_in(tmp_path / HOME, PROMPT="'; touch pwned; '", TZ="Asia/Tokyo", LANG="tr_TR")
    asked = utc_now().replace(second=1, microsecond=0) + timedelta(days=3)
    wake = rig.wake_at(asked)
    at = At(own)
    at.arm(wake)
    assert at.inspect() == {"job-1": (asked + timedelta(seconds=59),)}
    assert still_held(wake.instants, at.inspect()["job-1"], utc_now())
    (number,) = at._jobs("job-1")
    text = subprocess.run(["at", "-c", number], capture_output=True, check=True).stdout.decode("latin-1")
    assert "pwned" not in text
    assert "tr_TR" not in text
    assert text.rstrip().endswith(
        "exec '/opt/py thon/bin/python' -P -m quota_tui automation run job-1 >/dev/null 2>&1 </dev/null"
    )
    at.disarm("job-1")


def test_at_leaves_foreign_jobs_alone(at: At) -> None:
    """A person's job, one that mentions us, and one of another data folder."""
    mine = "# quota-tui is great\necho quota_tui automation run job-1\n"
    other = f"# quota-tui 000000 job-1\nunset TZ LC_ALL\nexec {'x ' * 3}automation run job-1\n"
    numbers = []
    for text in (mine, other):
        said = subprocess.run(
            ["at", "-t", "203001010101"], input=text, capture_output=True, check=True, text=True
        )
        numbers.append(said.stderr.split("job ")[1].split()[0])
    try:
        assert at.inspect() == {}
        at.disarm("job-1")
        assert queue() >= set(numbers)
    finally:
        subprocess.run(["atrm", *numbers], check=True)


def test_cron_without_a_crontab(cron: Cron) -> None:
    set_crontab(None)
    goes_through(cron, f"/opt/{HOSTILE}/python")
    assert crontab() is None


@pytest.mark.parametrize(
    "text", [b"", b"\n\n", b"# mine\nA=b\n@reboot true\n*/5 * * * * echo 50\\% \xff # quota-tui\n"]
)
def test_cron_keeps_a_crontab_to_the_byte(cron: Cron, text: bytes) -> None:
    set_crontab(text)
    goes_through(cron, f"/opt/{HOSTILE}/python")
    assert crontab() == text


def test_cron_refuses_only_what_it_must(cron: Cron) -> None:
    """cron itself refuses a line of more than 999 characters: told, and nothing is changed."""
    set_crontab(b"# mine\n")
    with pytest.raises(SchedulerError, match="crontab did not take the change"):
        cron.arm(rig.two(utc_now(), program=f"/{'x' * 1200}"))
    assert crontab() == b"# mine\n"


def fired(folder: Path) -> list[list[Any]]:
    file = folder / "fired"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.mark.slow
def test_systemd_makes_up_for_what_it_was_off_for(tmp_path: Path) -> None:
    """The manager ends, the instant passes, another manager starts, as after a reboot: woken once, at once."""
    file = tmp_path / "prog" / "python"
    with tempfile.TemporaryDirectory(prefix="qt-run-") as runtime:
        with real_schedulers.user_manager(tmp_path / HOME, runtime) as env:
            scheduler = Systemd(rig.own_in(tmp_path / HOME, **env))
            rig.recorder(file, scheduler._own, "Systemd")
            launch = utc_now() + timedelta(seconds=4)
            scheduler.arm(rig.wake_at(launch, launch + timedelta(hours=1), program=str(file)))
        assert fired(file.parent) == []
        real_schedulers.until(lambda: utc_now() > launch + timedelta(seconds=1), 10, "the instant")
        assert fired(file.parent) == []
        with real_schedulers.user_manager(tmp_path / HOME, runtime):
            real_schedulers.until(lambda: fired(file.parent), 10, "the wake")
            real_schedulers.until(lambda: scheduler.inspect() == {}, 10, "the end of it")
    ((argv, _, left, _),) = fired(file.parent)
    assert argv[-1] == "job-1"
    with contextlib.suppress(psutil.NoSuchProcess):  # it may have ended with the second manager
        psutil.Process(left).kill()


@pytest.mark.slow
def test_all_three_fire(systemd: Systemd, at: At, cron: Cron, tmp_path: Path) -> None:
    """Armed for the next minute and an hour later: each wakes once, on time, with exactly the fixed argv, in an
    environment that says nothing of ours; the wake removes its own entries; what it started lives on.
    """
    schedulers: dict[str, Scheduler] = {"Systemd": systemd, "At": at, "Cron": cron}
    soon = utc_now() + timedelta(seconds=5)
    wakes = {}
    for name, scheduler in schedulers.items():
        file = rig.recorder(tmp_path / f"{name} {HOSTILE}" / "python", scheduler._own, name)
        wakes[name] = rig.wake_at(
            soon, soon + timedelta(hours=1), job_id=f"job-{name.lower()}", program=str(file)
        )
        scheduler.arm(wakes[name])
        assert len(scheduler.inspect()[f"job-{name.lower()}"]) == 2
    folders = {name: Path(wake.command[0]).parent for name, wake in wakes.items()}
    try:
        for name, folder in folders.items():
            real_schedulers.until(lambda at=folder: fired(at), 80, f"the wake by {name}")
        for name, wake in wakes.items():
            ((argv, environ, _, folder),) = fired(folders[name])
            assert argv == list(wake.command)
            assert not {"TZ", "LC_ALL", "QUOTA_TUI_HOME", "PYTEST_CURRENT_TEST"} & set(environ)
            assert folder != os.getcwd()
            assert name == "Cron" or environ["HOME"] == str(tmp_path / HOME)
            at_s = (folders[name] / "fired").stat().st_mtime
            assert soon <= datetime.fromtimestamp(at_s, UTC) < soon + timedelta(seconds=75), name
            assert schedulers[name].inspect() == {}
        # systemd ends what a service started together with it: also with the wake's files gone and reloaded.
        systemd._must("reload", "daemon-reload")
        service = systemd._own.name("job-systemd") + ".service"
        real_schedulers.until(
            lambda: "=activ" not in systemd._systemctl("show", service, "--property=ActiveState").text,
            10,
            "the end of the service",
        )
        for name in wakes:
            assert psutil.Process(fired(folders[name])[0][2]).name() == "sleep", (
                f"{name}: what the wake started"
            )
    finally:
        for folder in folders.values():
            for row in fired(folder):
                with contextlib.suppress(psutil.NoSuchProcess):
                    psutil.Process(row[2]).kill()
