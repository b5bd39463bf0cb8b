"""Schedulers that are missing, hang, fail oddly or hold what is not ours; homes that are hostile."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from quota_tui.automation.schedulers import choose as chooser
from quota_tui.automation.schedulers.at import At
from quota_tui.automation.schedulers.base import Scheduler, SchedulerError, Survival, Wake, still_held
from quota_tui.automation.schedulers.cron import Cron
from quota_tui.automation.schedulers.dashboard import Dashboard
from quota_tui.automation.schedulers.launchd import Launchd
from quota_tui.automation.schedulers.own_entries import Own
from quota_tui.automation.schedulers.programs import daemon_runs, starts_at_boot
from quota_tui.automation.schedulers.systemd import Systemd
from quota_tui.automation.schedulers.windows import Windows
from quota_tui.store.lock import hold
from tests.automation.schedulers import rig
from tests.conftest import NOW

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are shell scripts")

MAKERS: dict[str, Callable[[Own], Scheduler]] = {
    "systemd": lambda own: Systemd(own, timeout_s=0.3),
    "at": lambda own: At(own, timeout_s=0.3, runs=lambda: True),
    "cron": lambda own: Cron(own, timeout_s=0.3, runs=lambda: True),
    "launchd": lambda own: Launchd(own, timeout_s=0.3),
    "windows": lambda own: Windows(own, timeout_s=0.3),
}
PROGRAMS = ("systemctl", "systemd-run", "at", "atq", "atrm", "crontab", "launchctl", "schtasks", "whoami")
each_scheduler = pytest.mark.parametrize("name", MAKERS)


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    folder = tmp_path / "tools"
    folder.mkdir()
    return folder


def all_are(tools: Path, script: str) -> None:
    for name in PROGRAMS:
        rig.program(tools / name, script)


def made(name: str, tmp_path: Path, tools: Path) -> Scheduler:
    return MAKERS[name](rig.own_in(tmp_path / "home", PATH=str(tools)))


@each_scheduler
def test_missing(name: str, tmp_path: Path, tools: Path) -> None:
    scheduler = made(name, tmp_path, tools)
    assert "not on this machine" in scheduler.available()
    for act in (scheduler.inspect, lambda: scheduler.arm(rig.two(NOW))):
        with pytest.raises(SchedulerError, match="not on this machine"):
            act()
    assert scheduler.survives().words


@each_scheduler
def test_hanging(name: str, tmp_path: Path, tools: Path) -> None:
    all_are(tools, "#!/bin/sh\nexec /bin/sleep 60\n")
    scheduler = made(name, tmp_path, tools)
    assert "did not answer within 0.3 s" in scheduler.available()
    acts: list[Callable[[], object]] = [scheduler.inspect, lambda: scheduler.arm(rig.two(NOW))]
    if name != "systemd":  # what is not there on disk is not held by a manager that does not answer
        acts.append(lambda: scheduler.disarm("job-1"))
    for act in acts:
        with pytest.raises(SchedulerError, match=r"did not answer within 0\.3 s"):
            act()


@each_scheduler
def test_odd_message(name: str, tmp_path: Path, tools: Path) -> None:
    """Control characters, another language, no UTF-8, three pages: one short clean line."""
    all_are(
        tools,
        "#!/bin/sh\nprintf '\\n\\033[31mKaputt\\007 \\377 äh\\nsecond\\n' >&2\nexec >&2; printf '%s' "
        + "x" * 9000
        + "\nexit 9\n",
    )
    scheduler = made(name, tmp_path, tools)
    with pytest.raises(SchedulerError) as caught:
        scheduler.inspect()
    assert "Kaputt" in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300
    assert "Kaputt" in scheduler.available()
    all_are(tools, "#!/bin/sh\nexit 9\n")
    with pytest.raises(SchedulerError, match="exit code 9"):
        scheduler.inspect()


@each_scheduler
def test_not_runnable(name: str, tmp_path: Path, tools: Path) -> None:
    all_are(tools, "#!/nowhere/interpreter\n")
    with pytest.raises(SchedulerError, match="could not be run: No such file or directory"):
        made(name, tmp_path, tools).inspect()


@each_scheduler
def test_hostile_homes_and_commands(name: str, tmp_path: Path, tools: Path) -> None:
    """Refused with one clear line before anything is asked or written."""
    all_are(tools, f"#!/bin/sh\necho called >> {tools / 'calls'}\n")
    (tmp_path / "ho\nme").mkdir()
    scheduler = MAKERS[name](
        rig.own_in(tmp_path / "ho\nme", PATH=str(tools), QUOTA_TUI_HOME=str(tmp_path / "o"))
    )
    with pytest.raises(
        SchedulerError, match=r"home folder holds '\\n', which no scheduler can be told"
    ) as caught:
        scheduler.arm(rig.two(NOW))
    assert str(caught.value).isprintable()
    scheduler = made(name, tmp_path, tools)
    good = rig.two(NOW)
    bad = [
        rig.two(NOW, program="/opt/a\nb/python"),
        rig.two(NOW, program="/opt/\udcff/python"),
        rig.two(NOW, program="python"),
        Wake("Job; rm", good.instants, good.command),
        Wake("job-1", (), good.command),
        Wake("job-1", (datetime(2026, 1, 1),), good.command),  # noqa: DTZ001
        Wake("job-1", good.instants, ()),
        Wake("job-1", good.instants, (*good.command[:-1], "job-2")),
        Wake("job-1", good.instants, (good.command[0], "'; touch pwned; '", *good.command[1:])),
    ]
    for wake in bad:
        with pytest.raises(SchedulerError):
            scheduler.arm(wake)
    assert not (tools / "calls").exists()


def test_systemd_without_a_manager_still_forgets(tmp_path: Path, tools: Path) -> None:
    """What it would read at its next start is removed; that it may still hold the timer is told."""
    all_are(tools, "#!/bin/sh\necho 'Failed to connect to bus: No medium found' >&2\nexit 1\n")
    scheduler = made("systemd", tmp_path, tools)
    assert (
        scheduler.available() == "no systemd user manager answers: Failed to connect to bus: No medium found"
    )
    scheduler.disarm("job-1")
    own = rig.own_in(tmp_path / "home")
    folder = own.home / ".config" / "systemd" / "user"
    (folder / "timers.target.wants").mkdir(parents=True)
    for kind in ("timer", "service"):
        (folder / f"{own.name('job-1')}.{kind}").write_text("")
    (folder / "timers.target.wants" / f"{own.name('job-1')}.timer").symlink_to(folder / "gone")
    (folder / "mine.timer").write_text("")
    with pytest.raises(SchedulerError, match=r"may still be held: no systemd user manager answers"):
        scheduler.disarm("job-1")
    assert [each.name for each in folder.iterdir()] == ["mine.timer"]


def test_systemd_says_whether_it_lingers(tmp_path: Path) -> None:
    own = rig.own_in(tmp_path / "home")
    scheduler = Systemd(own, linger_folder=tmp_path)
    assert not scheduler.survives().logout
    assert "loginctl enable-linger" in scheduler.survives().words
    (tmp_path / getpass.getuser()).touch()
    assert scheduler.survives() == Survival(
        True, True, True, "survives a closed terminal, logout and a reboot"
    )


def test_daemon_that_is_only_installed(tmp_path: Path, tools: Path) -> None:
    all_are(tools, "#!/bin/sh\nexit 0\n")
    own = rig.own_in(tmp_path / "home", PATH=str(tools))
    assert "atd is not running" in At(own, runs=lambda: False).available()
    assert "daemon is not running" in Cron(own, runs=lambda: False).available()
    assert At(own, runs=lambda: True).available() == Cron(own, runs=lambda: True).available() == ""
    assert not daemon_runs(["no-such-daemon"])


def test_what_starts_at_boot(tmp_path: Path) -> None:
    assert not starts_at_boot(["atd"], tmp_path)
    wants = tmp_path / "etc" / "systemd" / "system" / "multi-user.target.wants"
    wants.mkdir(parents=True)
    (wants / "atd.service").symlink_to(tmp_path)
    assert starts_at_boot(["atd"], tmp_path)
    assert not starts_at_boot(["cron"], tmp_path)


def test_at_refusals_are_told(tmp_path: Path, tools: Path) -> None:
    """No permission; and an `at` that says yes and queues nothing."""
    all_are(tools, "#!/bin/sh\necho 'You do not have permission to use at.' >&2\nexit 1\n")
    assert "You do not have permission to use at." in made("at", tmp_path, tools).available()
    all_are(tools, "#!/bin/sh\nexit 0\n")
    with pytest.raises(SchedulerError, match="atq does not list it"):
        made("at", tmp_path, tools).arm(rig.two(NOW))


def test_cron_that_is_denied(tmp_path: Path, tools: Path) -> None:
    all_are(tools, "#!/bin/sh\necho 'You (x) are not allowed to use this program (crontab)' >&2\nexit 1\n")
    scheduler = made("cron", tmp_path, tools)
    assert "not allowed to use this program" in scheduler.available()
    with pytest.raises(SchedulerError, match="not allowed"):
        scheduler.disarm("job-1")


def test_dashboard(tmp_path: Path) -> None:
    own = rig.own_in(tmp_path / "home")
    scheduler, wake = Dashboard(own, lambda: NOW), rig.two(NOW)
    assert scheduler.available() == ""
    scheduler.arm(wake)
    scheduler.arm(rig.wake_at(NOW - timedelta(hours=1), NOW + timedelta(hours=1), job_id="job-2"))
    assert scheduler.inspect() == {"job-1": wake.instants, "job-2": (NOW + timedelta(hours=1),)}
    assert "no dashboard is open now" in scheduler.survives().words
    lock = hold(own.paths.dashboard_lock)
    assert lock is not None
    assert scheduler.survives().words == "survives nothing: the dashboard must stay open until then"
    os.close(lock)
    (own.paths.data_dir / "dashboard-wakes" / "job-2.json").write_text('["2026-01-01T00:00:00"]')
    (own.paths.data_dir / "dashboard-wakes" / "job-3.json").write_text("{")
    assert scheduler.inspect() == {"job-1": wake.instants, "job-2": (), "job-3": ()}
    for job_id in ("job-1", "job-2", "job-3", "job-1"):
        scheduler.disarm(job_id)
    assert scheduler.inspect() == {}
    assert not (own.paths.data_dir / "dashboard-wakes").exists()


class Fake:
    """A scheduler that survives what it is told."""

    def __init__(self, name: str, reboot: bool, logout: bool, sleep: bool = True, trouble: str = "") -> None:
        self.name = name
        self._trouble = trouble
        self._survives = Survival(True, logout, reboot, "words", sleep)

    def available(self) -> str:
        return self._trouble

    def survives(self) -> Survival:
        return self._survives

    def arm(self, wake: Wake) -> None: ...

    def disarm(self, job_id: str) -> None: ...

    def inspect(self) -> dict[str, tuple[datetime, ...]]:
        return {}


def test_the_best_survives_most() -> None:
    lingering, not_lingering = Fake("systemd", True, True), Fake("systemd", True, False)
    at, cron = Fake("at", True, True), Fake("cron", True, True, sleep=False)
    at_by_hand, dashboard = Fake("at", False, True), Fake("dashboard", False, False)
    assert chooser.best([lingering, at, cron, dashboard]) is lingering
    assert chooser.best([not_lingering, at, cron, dashboard]) is at
    assert chooser.best([not_lingering, cron, dashboard]) is not_lingering
    assert chooser.best([at_by_hand, cron, dashboard]) is cron
    assert chooser.best([at_by_hand, dashboard]) is at_by_hand
    assert chooser.best([Fake("systemd", True, True, trouble="no"), dashboard]) is dashboard
    assert [each.name for each in chooser.ranked([not_lingering, at, cron, dashboard])] == [
        "at",
        "systemd",
        "cron",
        "dashboard",
    ]


def test_choose_by_name(tmp_path: Path, tools: Path) -> None:
    env = {"HOME": str(tmp_path), "PATH": str(tools)}
    assert [each.name for each in chooser.schedulers(env, "linux")] == ["systemd", "at", "cron", "dashboard"]
    assert [each.name for each in chooser.schedulers(env, "darwin")] == ["launchd", "dashboard"]
    assert [each.name for each in chooser.schedulers(env, "win32")] == ["windows", "dashboard"]
    assert chooser.choose("auto", env, "linux").name == "dashboard"
    assert chooser.choose("dashboard", env, "darwin").name == "dashboard"
    for name, platform, words in (
        ("at", "linux", "at cannot be used here: at is not on this machine"),
        ("launchd", "linux", "launchd is not for this system; here there are systemd, at"),
        ("anacron", "linux", "there is no scheduler 'anacron'; there are auto, systemd"),
    ):
        with pytest.raises(SchedulerError, match=words):
            chooser.choose(name, env, platform)


def test_two_installations_do_not_see_each_other(tmp_path: Path) -> None:
    one, other = rig.own_in(tmp_path / "a"), rig.own_in(tmp_path / "b")
    assert one.tag != other.tag
    assert one.job_of(one.name("job-1")) == "job-1"
    for name in (other.name("job-1"), "quota-tui-job-1", one.name("Job"), one.name("")):
        assert one.job_of(name) == ""


def test_still_held() -> None:
    minute = timedelta(minutes=1)
    asked = (NOW - minute, NOW + minute)
    assert still_held(asked, [NOW + minute], NOW)
    assert still_held(asked, [NOW + 2 * minute], NOW)
    assert not still_held(asked, [NOW + 3 * minute], NOW)
    assert not still_held(asked, [NOW + minute / 2], NOW)
    assert not still_held(asked, [], NOW)
    assert still_held(asked, [], NOW + minute)
    assert NOW.tzinfo is UTC
