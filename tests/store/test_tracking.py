"""Tracked plans on disk: whole or not there, one in a project, nothing lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from quota_tui.core.plans.parse import parse
from quota_tui.core.tracking import steps
from quota_tui.core.tracking.report import Report
from quota_tui.core.tracking.state import Tracking, TrackStatus
from quota_tui.store import files
from quota_tui.store.files import StoreError
from quota_tui.store.session_reports import ReportError, SessionReports
from quota_tui.store.tracking import Loaded, TrackingError, Trackings

AT = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
PLAN = "# P\n## Phase 1: Server (20k)\n## Phase 2: Client (10k)\n## Phase 3: Docs (5k)\n"
posix = pytest.mark.skipif(sys.platform == "win32", reason="a killed process is another thing there")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "api"
    folder.mkdir()
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Trackings:
    return Trackings(tmp_path / "claude")


def begin(store: Trackings, project: Path, now: datetime = AT) -> Loaded:
    return store.begin(
        str(project),
        "",
        now,
        lambda tracking_id: steps.begin(
            parse(PLAN), now, tracking_id=tracking_id, plan_file="/p/PLAN.md", project=str(project)
        ),
    )


def test_it_is_begun_found_changed_and_ended(store: Trackings, project: Path) -> None:
    assert (store.heads(), store.active(str(project))) == ([], None)
    begun = begin(store, project)
    path = store.path(begun.tracking.id)
    assert begun.tracking.id.startswith("20261120-1600-")
    if sys.platform != "win32":
        assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    head = store.active(str(project))
    assert head is not None
    assert (head.id, head.title, head.status) == (begun.tracking.id, "P", "active")
    changed = store.change(head.id, lambda tracking: steps.finish_phase(tracking, AT + timedelta(minutes=5)))
    assert store.load(head.id).tracking == changed.tracking
    store.change(head.id, lambda tracking: steps.stop(tracking, AT + timedelta(minutes=9)))
    assert store.active(str(project)) is None
    assert [each.status for each in store.heads()] == ["stopped"]
    assert [name for name in os.listdir(store.folder) if not name.endswith(".json")] == []


def test_a_second_plan_in_a_project_is_refused(store: Trackings, project: Path, tmp_path: Path) -> None:
    first = begin(store, project).tracking.id
    inside = project / "src"
    inside.mkdir()
    (project / ".git").mkdir()
    with pytest.raises(
        TrackingError, match=f"“P” \\({first}\\) is tracked in this project already; .*track stop"
    ):
        begin(store, inside)
    store.change(first, lambda tracking: steps.pause(tracking, AT))
    with pytest.raises(TrackingError, match="already"):
        begin(store, project)
    other = tmp_path / "other"
    other.mkdir()
    assert begin(store, other).tracking.id != first
    assert len(os.listdir(store.folder)) == 2


def test_two_in_the_same_minute_have_their_own_files(store: Trackings, tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).mkdir()
        store.begin(
            str(tmp_path / name), "0748c499-1", AT,
            lambda tracking_id, name=name: steps.begin(
                parse(PLAN), AT, tracking_id=tracking_id, plan_file="", project=str(tmp_path / name)
            ),
        )  # fmt: skip
    assert sorted(head.id for head in store.heads()) == [
        "20261120-1600-0748c499", "20261120-1600-0748c499-02", "20261120-1600-0748c499-03",
    ]  # fmt: skip


def test_what_a_person_adds_stays_and_what_makes_no_sense_is_copied_first(
    store: Trackings, project: Path
) -> None:
    tracking_id = begin(store, project).tracking.id
    path = store.path(tracking_id)
    whole = json.loads(path.read_bytes())
    whole["mine"] = "keep"
    whole["actual"]["total"] = "a lot"
    path.write_text(json.dumps(whole))
    before = path.read_bytes()
    loaded = store.change(tracking_id, lambda tracking: steps.add_note(tracking, "x"))
    assert json.loads(path.read_bytes())["mine"] == "keep"
    assert len(loaded.notes) == 2
    assert "actual.total is not a count" in loaded.notes[0]
    (copy,) = [each for each in store.folder.iterdir() if each.name.endswith(".bak")]
    assert copy.read_bytes() == before
    assert str(copy) in loaded.notes[1]


@pytest.mark.parametrize(
    "data", [b"{", b"[1]", b"\xff", b'{"status": "active"}', b'{"start": 5, "status": "active"}']
)
def test_a_damaged_file_is_said_and_kept_aside(store: Trackings, project: Path, data: bytes) -> None:
    tracking_id = begin(store, project).tracking.id
    path = store.path(tracking_id)
    path.write_bytes(data)
    assert store.active(str(project)) is None
    assert store.damaged() == [path]
    with pytest.raises(TrackingError, match="repair it"):
        store.load(tracking_id)
    assert path.read_bytes() == data, "looking changes nothing"
    with pytest.raises(TrackingError) as said:
        store.change(tracking_id, lambda tracking: tracking)
    assert "\n" not in str(said.value)
    assert "it is kept as" in str(said.value)
    path.write_bytes(data)
    again = begin(store, project)
    assert f"{path} is no tracking that can be read; it is kept as" in again.notes[0]
    kept = sorted(each.name for each in store.folder.iterdir() if "damaged" in each.name)
    assert kept == [f"{path.name}.damaged", f"{path.name}.damaged-2"]
    assert all((store.folder / name).read_bytes() == data for name in kept)


def test_a_file_of_a_newer_version_is_left_alone(store: Trackings, project: Path) -> None:
    tracking_id = begin(store, project).tracking.id
    path = store.path(tracking_id)
    data = path.read_bytes().replace(b'"version": 1', b'"version": 9')
    path.write_bytes(data)
    with pytest.raises(TrackingError, match="newer"):
        store.change(tracking_id, lambda tracking: steps.add_note(tracking, "x"))
    with pytest.raises(TrackingError, match="already"):
        begin(store, project)
    assert path.read_bytes() == data


def test_ids_are_no_paths(store: Trackings) -> None:
    for name in ("../x", "a/b", "", "A", "a" * 200, "x.json"):
        with pytest.raises(TrackingError, match="no id"):
            store.path(name)
    with pytest.raises(TrackingError, match="there is no tracking"):
        store.load("nothing")


def test_a_full_disk_changes_nothing(
    store: Trackings, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracking_id = begin(store, project).tracking.id
    before = store.path(tracking_id).read_bytes()

    def refuse(path: Path, *_: object) -> None:
        raise StoreError("write", path, OSError(28, "full"))

    monkeypatch.setattr(files, "write_atomic", refuse)
    with pytest.raises(StoreError, match="disk is full"):
        store.change(tracking_id, lambda tracking: steps.add_note(tracking, "x"))
    assert store.path(tracking_id).read_bytes() == before
    with pytest.raises(StoreError, match="disk is full"):
        begin(store, project.parent)
    assert os.listdir(store.folder) == [f"{tracking_id}.json"]


def test_heads_are_read_once(store: Trackings, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(store, project)
    store.heads()
    monkeypatch.setattr(files, "read_if_there", lambda _: pytest.fail("read again"))
    assert len(store.heads()) == 1


# -- killed, and at once


KILLED = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from quota_tui.core.plans.parse import parse
from quota_tui.core.tracking import steps
from quota_tui.store.tracking import Trackings
what, count, config, project = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
calls = 0
def counted(name):
    real = getattr(os, name)
    def call(*args, **kwargs):
        global calls
        calls += 1
        if calls == count:
            os._exit(9)
        return real(*args, **kwargs)
    setattr(os, name, call)
now = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
store = Trackings(config)
plan = parse("# new\\n## Phase 1: a\\n" + "x" * 50_000)
import quota_tui.store.handoffs
for name in ("open", "write", "fsync", "replace", "unlink", "mkdir"):
    counted(name)
if what == "begin":
    store.begin(project, "", now, lambda name: steps.begin(plan, now, tracking_id=name, plan_file="", project=project))
else:
    store.change(what, lambda tracking: steps.add_note(tracking, "n" * 1000))
"""


@posix
@pytest.mark.slow
@pytest.mark.parametrize("what", ["begin", "change"])
@pytest.mark.parametrize("damaged", [False, True])
def test_killed_anywhere_the_file_is_the_old_or_the_new(tmp_path: Path, what: str, damaged: bool) -> None:
    project, other = tmp_path / "api", tmp_path / "other"
    project.mkdir()
    other.mkdir()
    seen = set()
    for count in range(1, 60):
        config = tmp_path / str(count)
        store = Trackings(config)
        old = begin(store, project).tracking
        if damaged:
            (store.folder / "broken.json").write_bytes(b"{")
        where = str(other) if what == "begin" else str(project)
        command = [
            sys.executable,
            "-c",
            KILLED,
            what if what == "begin" else old.id,
            str(count),
            str(config),
            where,
        ]
        done = subprocess.run(command, capture_output=True, check=False)
        assert done.returncode in (0, 9), done.stderr
        if damaged:
            kept = [path.read_bytes() for path in store.folder.iterdir() if path.name.startswith("broken")]
            assert kept == [b"{"]
        now = store.load(old.id).tracking
        notes = now.phases[0].notes
        assert notes in ((), ("n" * 1000,))
        begun = [head for head in store.heads() if head.id != old.id]
        assert [head.title for head in begun] in ([], ["new"])
        seen.add((bool(notes), len(begun)))
        again = store.change(old.id, lambda tracking: steps.stop(tracking, AT))
        assert again.tracking.status is TrackStatus.STOPPED, "the next program is not in anybody's way"
        assert begin(store, project).tracking.id
        if done.returncode == 0:
            break
    else:
        pytest.fail("never came to its end")
    assert count > 5
    assert len(seen) == 2


NOTER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from quota_tui.core.plans.parse import parse
from quota_tui.core.tracking import steps
from quota_tui.store.tracking import Trackings, TrackingError
config, project, name = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
store = Trackings(config)
now = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
plan = parse("# P\\n## Phase 1: a\\n")
print("ready", flush=True)
sys.stdin.readline()
try:
    store.begin(project, "", now, lambda it: steps.begin(plan, now, tracking_id=it, plan_file="", project=project))
    print("mine", flush=True)
except TrackingError:
    print("refused", flush=True)
for number in range(8):
    store.change(store.active(project).id, lambda tracking: steps.add_note(tracking, f"{name}{number}"))
"""


def test_two_that_begin_at_once_are_one_and_every_note_is_kept(store: Trackings, project: Path) -> None:
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", NOTER, str(store.folder.parent), str(project), name],
            stdin=-1,
            stdout=-1,
            text=True,
        )
        for name in "abc"
    ]
    for program in programs:
        assert program.stdout
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        assert program.stdin
        program.stdin.write("go\n")
        program.stdin.flush()
    said = [program.communicate()[0].strip() for program in programs]
    assert sorted(said) == ["mine", "refused", "refused"]
    assert [program.returncode for program in programs] == [0, 0, 0]
    (head,) = store.heads()
    notes = store.load(head.id).tracking.phases[0].notes
    assert sorted(notes) == sorted(f"{name}{number}" for name in "abc" for number in range(8))


# -- reports


def ended(tracking_id: str, minutes: float = 0) -> Tracking:
    tracking = steps.begin(
        parse(PLAN), AT + timedelta(minutes=minutes), tracking_id=tracking_id, plan_file="/p", project="/p"
    )
    return steps.stop(tracking, AT + timedelta(minutes=minutes + 5))


def test_reports_are_written_listed_and_found(tmp_path: Path) -> None:
    reports = SessionReports(tmp_path)
    assert reports.heads() == []
    paths = [reports.save(Report(tracking=ended(name, at))) for at, name in enumerate(("a-1", "b-2", "b-3"))]
    assert paths[0] == tmp_path / "session-reports" / "a-1-report.md"
    assert [head.id for head in reports.heads()] == ["b-3", "b-2", "a-1"]
    assert (reports.find("a"), reports.find("3"), reports.find("b-2")) == ("a-1", "b-3", "b-2")
    for word, said in (("b", "2 reports are like"), ("x", "there is no report"), ("", "there is no report")):
        with pytest.raises(ReportError, match=said):
            reports.find(word)
    for name in ("../a-1", "a/b"):
        with pytest.raises(ReportError, match="no id"):
            reports.text(name)
    with pytest.raises(ReportError, match="there is no report c-9"):
        reports.head("c-9")
    (reports.folder / "odd-report.md").write_bytes(b"\xff\xfe---\n\x00")
    assert "odd" in [head.id for head in reports.heads()]


def test_a_report_that_a_person_has_edited_is_copied_before_it_is_written_again(tmp_path: Path) -> None:
    reports = SessionReports(tmp_path)
    path = reports.save(Report(tracking=ended("a-1")))
    reports.save(Report(tracking=ended("a-1")))
    assert os.listdir(reports.folder) == [path.name]
    path.write_text(path.read_text() + "\nmine\n")
    reports.save(Report(tracking=ended("a-1")))
    (copy,) = [each for each in reports.folder.iterdir() if each.name.endswith(".bak")]
    assert copy.read_text().endswith("mine\n")
