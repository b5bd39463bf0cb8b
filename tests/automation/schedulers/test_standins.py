"""launchd and the Task Scheduler: what they are given, and their commands against recording stand-ins."""

from __future__ import annotations

import plistlib
import re
import sys
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from quota_tui.automation.schedulers.base import SchedulerError
from quota_tui.automation.schedulers.launchd import Launchd
from quota_tui.automation.schedulers.own_entries import Own
from quota_tui.automation.schedulers.task_xml import NAMESPACE, starts_in, task
from quota_tui.automation.schedulers.windows import Windows
from tests.automation.schedulers import rig
from tests.conftest import NOW

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are shell scripts")

BERLIN = ZoneInfo("Europe/Berlin")
LAUNCHCTL = """#!/bin/sh
state={state}
echo "$@" >> "$state/calls"
case "$1" in
print) echo "com.apple.xpc.launchd.domain.user.501 = {{"
  for each in "$state"/loaded/*; do [ -e "$each" ] && printf '\\t       0      - \\t%s\\n' "${{each##*/}}"; done
  echo '	disabled services = {{'; echo '		"quota-tui.000000.job-1.5" => enabled'; echo "}}" ;;
bootstrap) label=$(basename "$3" .plist)
  if [ -e "$state/refuse" ] || [ -e "$state/loaded/$label" ]; then
    echo "Bootstrap failed: 5: Input/output error" >&2; rm -f "$state/refuse-once"; exit 5; fi
  if [ -e "$state/refuse-once" ]; then
    rm "$state/refuse-once"; echo "Bootstrap failed: 5: Input/output error" >&2; exit 5; fi
  cp "$3" "$state/loaded/$label" ;;
bootout) rm "$state/loaded/${{2##*/}}" || {{ echo "Boot-out failed: 5: Input/output error" >&2; exit 5; }} ;;
esac
"""
SCHTASKS = """#!/bin/sh
state={state}
echo "$@" >> "$state/calls"
case "$1" in
/Create) cp "$5" "$state/tasks/$3" ;;
/Delete) rm "$state/tasks/$3" ;;
/Query) case "$2" in
  /FO) printf '"\\\\Somebody, else","N/A","Ready"\\r\\n'
    for each in "$state"/tasks/*; do [ -e "$each" ] && printf '"\\\\%s","N/A","Bereit"\\r\\n' "${{each##*/}}"; done ;;
  /TN) cat "$state/tasks/$3" ;;
  esac ;;
esac
exit 0
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Folder of the stand-ins: their programs, their calls and what they hold."""
    for name in ("bin", "loaded", "tasks"):
        (tmp_path / "state" / name).mkdir(parents=True)
    state = tmp_path / "state"
    rig.program(state / "bin" / "launchctl", LAUNCHCTL.format(state=state))
    rig.program(state / "bin" / "schtasks", SCHTASKS.format(state=state))
    rig.program(state / "bin" / "whoami", '#!/bin/sh\necho \'"pc\\\\o""neil","S-1-5-21-1-2-3-1001"\'\n')
    return state


@pytest.fixture
def own(state: Path, tmp_path: Path) -> Own:
    return rig.own_in(tmp_path / "ho me", PATH=f"{state / 'bin'}:/usr/bin:/bin")


def calls(state: Path) -> list[str]:
    file = state / "calls"
    return file.read_text().splitlines() if file.exists() else []


def launchd(own: Own) -> Launchd:
    return Launchd(own, lambda: NOW, zone=lambda: BERLIN)


def test_launchd_plist(own: Own, state: Path) -> None:
    """Round trip: local wall-clock minutes, rounded up; made up for at login; the terminal lives on."""
    launch = datetime(2026, 12, 31, 23, 30, 30, tzinfo=UTC)
    wake = rig.wake_at(launch - timedelta(minutes=5), launch)
    launchd(own).arm(wake)
    (file,) = (own.home / "Library" / "LaunchAgents").iterdir()
    known = plistlib.loads(file.read_bytes())
    assert known["Label"] == file.stem == f"quota-tui.{own.tag}.job-1.{int(launch.timestamp()) // 60 + 1}"
    assert known["ProgramArguments"] == list(wake.command)
    assert known["StartCalendarInterval"] == [
        {"Month": 1, "Day": 1, "Hour": 0, "Minute": 26},
        {"Month": 1, "Day": 1, "Hour": 0, "Minute": 31},
    ]
    assert known["RunAtLoad"] is True
    assert known["AbandonProcessGroup"] is True
    assert [call.split()[0] for call in calls(state) if not call.startswith("print")] == ["bootstrap"]
    late = launch.replace(second=0) + timedelta(minutes=1)
    assert launchd(own).inspect() == {"job-1": (late - timedelta(minutes=5), late)}


def test_launchd_goes_through(own: Own, state: Path) -> None:
    agents, scheduler = own.home / "Library" / "LaunchAgents", launchd(own)
    agents.mkdir(parents=True)
    agents.chmod(0o755)
    (agents / "quota-tui.mine.plist").write_bytes(b"mine")
    before = rig.everything(own.home)
    wake, other = rig.two(NOW), rig.two(NOW, job_id="job-11")
    scheduler.arm(wake)
    scheduler.arm(wake)
    scheduler.arm(other)
    later = rig.wake_at(*(each + timedelta(hours=9) for each in wake.instants))
    scheduler.arm(later)
    assert scheduler.inspect() == {"job-1": later.instants, "job-11": other.instants}
    assert len(list(agents.iterdir())) == 3
    scheduler.disarm("job-1")
    scheduler.disarm("job-1")
    scheduler.disarm("job-11")
    assert scheduler.inspect() == {}
    assert list((state / "loaded").iterdir()) == []
    assert {
        name: data for name, data in rig.everything(own.home).items() if not name.startswith("ours")
    } == before
    assert agents.stat().st_mode & 0o777 == 0o755


def test_launchd_folder_that_we_made_goes(own: Own) -> None:
    launchd(own).arm(rig.two(NOW))
    launchd(own).disarm("job-1")
    assert not (own.home / "Library").exists()


def test_launchd_wake_does_not_end_itself(own: Own, state: Path) -> None:
    """bootout ends what the agent started: from within, its own label stays, without the file."""
    launchd(own).arm(rig.two(NOW))
    (label,) = (each.name for each in (state / "loaded").iterdir())
    inside = launchd(rig.own_in(own.home, PATH=own.env["PATH"], XPC_SERVICE_NAME=label))
    later = rig.wake_at(NOW + timedelta(hours=5))
    inside.arm(later)
    assert inside.inspect() == {"job-1": later.instants}
    assert not [call for call in calls(state) if call.startswith("bootout")]
    inside.disarm("job-1")
    assert [call for call in calls(state) if label in call and call.startswith("bootout")] == []
    assert not list(own.home.rglob("*.plist"))
    assert launchd(own).inspect() == {"job-1": ()}
    launchd(own).disarm("job-1")
    assert launchd(own).inspect() == {}
    assert list((state / "loaded").iterdir()) == []


def test_launchd_wake_keeps_what_it_is_held_by(own: Own, state: Path) -> None:
    """After the notification the same launch is armed again from within: nothing to unload."""
    wake = rig.two(NOW)
    launchd(own).arm(wake)
    (label,) = (each.name for each in (state / "loaded").iterdir())
    inside = launchd(rig.own_in(own.home, PATH=own.env["PATH"], XPC_SERVICE_NAME=label))
    inside.arm(rig.wake_at(wake.instants[-1]))
    assert inside.inspect() == {"job-1": wake.instants[-1:]}
    assert [call.split()[0] for call in calls(state) if "print" not in call] == ["bootstrap"]


def test_launchd_error_5(own: Own, state: Path) -> None:
    """Once more from a clean state; a second one is told, and no file stays behind."""
    (state / "refuse-once").touch()
    launchd(own).arm(rig.two(NOW))
    assert launchd(own).inspect() == {"job-1": rig.two(NOW).instants}
    launchd(own).disarm("job-1")
    (state / "refuse").touch()
    with pytest.raises(
        SchedulerError, match=r"launchd did not load .*Bootstrap failed: 5: Input/output error"
    ):
        launchd(own).arm(rig.two(NOW))
    assert not list(own.home.rglob("*.plist"))
    assert not (own.home / "Library").exists()


def test_launchd_damaged_plist_holds_nothing(own: Own) -> None:
    launchd(own).arm(rig.two(NOW))
    (file,) = (own.home / "Library" / "LaunchAgents").iterdir()
    for data in (
        b"",
        b"<plist>",
        plistlib.dumps({"StartCalendarInterval": [{"Month": 13}]}),
        plistlib.dumps([1]),
    ):
        file.write_bytes(data)
        assert launchd(own).inspect() == {"job-1": ()}


def test_task_follows_the_schema() -> None:
    """[MS-TSCH] 2.5: what is required, in which order where that counts, with which types."""
    instants = (datetime(2026, 11, 20, 18, 40, tzinfo=UTC), datetime(2026, 11, 20, 18, 45, tzinfo=UTC))
    data = task(("C:\\Users\\A & B\\python.exe", "-P", "-m", "quota_tui"), instants, "S-1-5-21-1")
    assert data.startswith(b"\xff\xfe")
    text = data.decode("utf-16")
    assert text.startswith('<?xml version="1.0" encoding="UTF-16"?>\r\n')
    root = ET.fromstring(data)
    space = {"t": NAMESPACE}
    assert root.tag == f"{{{NAMESPACE}}}Task"
    assert root.get("version") == "1.2"
    allowed = {"RegistrationInfo", "Triggers", "Settings", "Data", "Principals", "Actions"}
    assert {each.tag.removeprefix(f"{{{NAMESPACE}}}") for each in root} <= allowed
    order = ["Enabled", "StartBoundary", "EndBoundary", "Repetition", "ExecutionTimeLimit", "RandomDelay"]
    triggers = root.findall("t:Triggers/t:TimeTrigger", space)
    assert len(triggers) == 2
    for trigger in triggers:
        names = [each.tag.removeprefix(f"{{{NAMESPACE}}}") for each in trigger]
        assert names == sorted(names, key=order.index)
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", each.text or "") for each in trigger)
    settings = {
        each.tag.removeprefix(f"{{{NAMESPACE}}}"): each.text or ""
        for each in root.findall("t:Settings/*", space)
    }
    assert settings["DisallowStartIfOnBatteries"] == settings["StopIfGoingOnBatteries"] == "false"
    assert settings["StartWhenAvailable"] == "true"
    assert settings["MultipleInstancesPolicy"] in {"Parallel", "Queue", "IgnoreNew", "StopExisting"}
    assert all(
        re.fullmatch(r"P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?", settings[name])
        for name in ("ExecutionTimeLimit", "DeleteExpiredTaskAfter")
    )
    assert 0 <= int(settings["Priority"]) <= 10
    principal = root.find("t:Principals/t:Principal", space)
    assert principal is not None
    assert principal.get("id") == root.find("t:Actions", space).get("Context")  # type: ignore[union-attr]
    assert principal.findtext("t:LogonType", "", space) == "InteractiveToken"
    assert principal.findtext("t:RunLevel", "", space) == "LeastPrivilege"
    assert root.findtext("t:Actions/t:Exec/t:Command", "", space) == "C:\\Users\\A & B\\python.exe"
    assert root.findtext("t:Actions/t:Exec/t:Arguments", "", space) == "-P -m quota_tui"
    assert starts_in(data) == instants
    assert starts_in(text.encode("cp1252")) == instants, "as schtasks prints it into a pipe"


def test_windows_goes_through(own: Own, state: Path) -> None:
    scheduler = Windows(own, lambda: NOW)
    before = rig.everything(own.home)
    assert scheduler.available() == ""
    wake, other = rig.two(NOW), rig.two(NOW, job_id="job-11")
    scheduler.arm(wake)
    scheduler.arm(wake)
    scheduler.arm(other)
    assert scheduler.inspect() == {"job-1": wake.instants, "job-11": other.instants}
    created = [call for call in calls(state) if call.startswith("/Create")]
    definition = own.paths.data_dir / f"{own.name('job-1')}.xml"
    assert created[0] == f"/Create /TN {own.name('job-1')} /XML {definition} /F"
    assert len(created) == 3
    held = (state / "tasks" / own.name("job-1")).read_bytes().decode("utf-16")
    assert "<UserId>S-1-5-21-1-2-3-1001</UserId>" in held
    scheduler.disarm("job-1")
    scheduler.disarm("job-1")
    assert scheduler.inspect() == {"job-11": other.instants}
    scheduler.disarm("job-11")
    assert list((state / "tasks").iterdir()) == []
    left = {name for name in rig.everything(own.home) if name not in before}
    assert left <= {"ours", "ours/data"}


def test_windows_says_when_the_task_is_not_there(own: Own, state: Path) -> None:
    """schtasks that says yes and holds nothing."""
    rig.program(state / "bin" / "schtasks", "#!/bin/sh\nexit 0\n")
    with pytest.raises(SchedulerError, match="does not hold the instants"):
        Windows(own, lambda: NOW).arm(rig.two(NOW))
    rig.program(
        state / "bin" / "schtasks", "#!/bin/sh\nprintf 'FEHLER: Zugriff verweigert.\\r\\n' >&2\nexit 1\n"
    )
    with pytest.raises(SchedulerError, match=r"FEHLER: Zugriff verweigert\."):
        Windows(own, lambda: NOW).arm(rig.two(NOW))
    assert "Zugriff verweigert" in Windows(own, lambda: NOW).available()
    assert not list(own.home.rglob("*.xml"))
