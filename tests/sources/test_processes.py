from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quota_tui.sources import process_facts as facts_module
from quota_tui.sources.process_facts import ProcessFacts, command_of, process_facts, same_machine, same_start
from quota_tui.sources.processes import claude_processes, is_claude, live_sessions, scan_sessions

STARTED = datetime(2026, 11, 20, 18, 25, 24, 14000, tzinfo=UTC)

# As client 2.1.329 wrote it (ids and paths invented).
RECORDED = {
    "pid": 8500,
    "sessionId": "6e129348-212b-46cb-8351-76fc59008fa4",
    "cwd": "/home/dev/proj",
    "startedAt": 1795199124014,
    "procStart": "142337",
    "version": "2.1.329",
    "peerProtocol": 1,
    "peerFeatures": ["notify_idle"],
    "kind": "interactive",
    "entrypoint": "cli",
    "name": "quotatest",
    "status": "busy",
    "updatedAt": 1795199125895,
    "messagingSocketPath": "/tmp/cc-socks/8500.sock",
}


def facts_of(ticks: str = "142337", created: float | None = STARTED.timestamp() - 1):
    return lambda pid: ProcessFacts(ticks, lambda: created)


def no_command(pid: int) -> tuple[str, ...]:
    return ()


def write(config: Path, file_name: str = "", **changed) -> Path:
    folder = config / "sessions"
    folder.mkdir(parents=True, exist_ok=True)
    content = {key: value for key, value in (RECORDED | changed).items() if value is not ...}
    path = folder / (file_name or f"{content.get('pid')}.json")
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def scan(*config_dirs: Path, facts=None, command=no_command):
    return scan_sessions(config_dirs, facts=facts or facts_of(), command=command)


def test_a_recorded_file_becomes_a_session(tmp_path):
    write(tmp_path, agent="reviewer")
    found = scan(tmp_path)
    assert found.notes == ()
    (session,) = found.sessions
    assert (session.session_id, session.pid) == ("6e129348-212b-46cb-8351-76fc59008fa4", 8500)
    assert (session.project, session.name, session.status) == ("/home/dev/proj", "quotatest", "busy")
    assert (session.started_at, session.version, session.agent) == (STARTED, "2.1.329", "reviewer")


def test_without_any_folder_there_is_nothing(tmp_path):
    (tmp_path / "file").touch()
    assert scan(tmp_path / "none", tmp_path / "file", tmp_path).sessions == ()


def test_an_orphan_of_a_dead_process_is_no_session(tmp_path):
    write(tmp_path)
    found = scan(tmp_path, facts=lambda pid: None)
    assert (found.sessions, found.notes) == ((), ())


def test_a_pid_used_again_is_no_session(tmp_path):
    write(tmp_path)
    assert scan(tmp_path, facts=facts_of(ticks="142338")).sessions == ()


def test_several_folders_are_read_and_a_session_counts_once(tmp_path):
    write(tmp_path / "a", pid=20, startedAt=1795199125000)
    write(tmp_path / "a", pid=10, startedAt=1795199126000)
    write(tmp_path / "b", pid=20, startedAt=1795199125000)
    write(tmp_path / "b", pid=30, startedAt=None)
    assert [one.pid for one in scan(tmp_path / "a", tmp_path / "b").sessions] == [30, 20, 10]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"pid":8500',
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100000,
        b'{"pid":8500}',
        b'{"sessionId":"s"}',
        b'{"pid":"8500","sessionId":"s"}',
        b'{"pid":8500,"sessionId":""}',
        b'{"pid":9,"sessionId":"s"}',
        b'{"pid":8500,"sessionId":"s","startedAt":"x"}',
        b'{"pid":8500,"sessionId":"s","startedAt":1e999}',
    ],
)
def test_a_torn_or_foreign_file_is_passed_over_with_a_note(tmp_path, content):
    write(tmp_path, pid=7)
    (tmp_path / "sessions/8500.json").write_bytes(content)
    found = scan(tmp_path)
    assert [one.pid for one in found.sessions] == [7]
    assert len(found.notes) == 1
    assert "8500.json" in found.notes[0]


def test_parts_that_only_describe_may_be_anything(tmp_path):
    write(tmp_path, cwd=5, name=None, status=["x"], version={}, agent=1, startedAt=-4, updatedAt="x")
    (session,) = scan(tmp_path).sessions
    assert (session.project, session.name, session.status, session.agent, session.started_at) == (
        "",
        "",
        "",
        "",
        None,
    )


def test_only_session_files_are_opened(tmp_path, monkeypatch):
    write(tmp_path)
    folder = tmp_path / "sessions"
    for name in ("8500.abc.key", "8500.key", "x.json", "8500.json.tmp", "-1.json", ".json"):
        (folder / name).write_text("secret", encoding="utf-8")
    (folder / "9.json").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "10.json")  # opening it would wait for ever
    opened: list[str] = []
    real_open = Path.open

    def watched(self: Path, *args, **kwargs):
        opened.append(self.name)
        return real_open(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", watched)
    found = scan(tmp_path)
    assert opened == ["8500.json"]
    assert (len(found.sessions), found.notes) == (1, ())


def test_an_unreadable_file_is_noted(tmp_path, monkeypatch):
    def refuse(self, *args):
        raise PermissionError(13, "Permission denied")

    path = write(tmp_path)
    monkeypatch.setattr(Path, "open", refuse)
    found = scan(tmp_path)
    assert (found.sessions, found.notes) == ((), (f"{path}: Permission denied",))


def test_an_unreadable_folder_is_noted(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("quota_tui.sources.processes.os.scandir", refuse)
    assert scan(tmp_path).notes == (f"{tmp_path / 'sessions'}: Permission denied",)


@pytest.mark.parametrize(("entrypoint", "counts"), [("sdk-cli", 0), (None, 0), ("cli", 1)])
def test_a_question_to_the_client_is_no_session(tmp_path, entrypoint, counts):
    write(tmp_path, entrypoint=entrypoint)
    asked = ("claude", "--safe-mode", "-p", "--no-session-persistence")
    assert len(scan(tmp_path, command=lambda pid: asked).sessions) == counts
    assert len(scan(tmp_path, command=lambda pid: ("claude", "-p")).sessions) == 1


def test_a_process_elsewhere_is_noted(tmp_path, monkeypatch):
    monkeypatch.setattr(facts_module, "_LINUX", True)
    monkeypatch.setattr(facts_module, "_this_machine", lambda: ("abc", "pid:[1]"))
    write(tmp_path, pid=1, pidDomain="linux:abc:pid:[1]")
    write(tmp_path, pid=2, pidDomain="linux:abc:pid:[2]")
    write(tmp_path, pid=3, pidDomain="linux:xyz:pid:[1]")
    write(tmp_path, pid=4, pidDomain="something else")
    found = scan(tmp_path)
    assert [one.pid for one in found.sessions] == [1, 4]
    assert len(found.notes) == 2


def test_a_machine_that_cannot_be_told_is_here(monkeypatch):
    monkeypatch.setattr(facts_module, "_LINUX", True)
    monkeypatch.setattr(facts_module, "_this_machine", lambda: ("", ""))
    assert same_machine("linux:xyz:pid:[1]")
    assert same_machine(None)
    monkeypatch.setattr(facts_module, "_LINUX", False)
    assert same_machine("linux:xyz:pid:[1]")


CREATED = datetime(2026, 11, 20, 18, 19, 22, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("ticks", "mark", "filetime", "written_after_s", "same"),
    [
        ("106230", "106230", None, 1.0, True),
        ("106230", 106230, None, None, True),
        ("106230", "106231", None, 1.0, False),  # the mark decides, whatever the time says
        ("106230", None, None, 1.0, True),
        ("106230", None, None, -3600.0, False),  # started after the file was written: another process
        ("106230", None, None, -1.0, True),  # within the tolerance
        ("106230", None, None, None, False),
        ("", "Fri Nov 20 18:19:22 2026", None, -900.0, True),  # macOS: ps in UTC
        ("", "Fri Nov  20 18:19:23 2026", None, None, True),
        ("", "Fri Nov 20 18:25:00 2026", None, 1.0, False),
        ("", None, str(int((CREATED + 11_644_473_600) * 10**7)), None, True),  # Windows
        ("", None, str(int((CREATED + 11_644_473_900) * 10**7)), 1.0, False),
        ("", "gibberish", "9" * 400, 1.0, True),
    ],
)
def test_a_process_is_the_same_by_its_start(ticks, mark, filetime, written_after_s, same):
    written = None if written_after_s is None else CREATED + written_after_s
    assert same_start(ProcessFacts(ticks, lambda: CREATED), mark, filetime, written) is same


def test_a_start_that_cannot_be_read_proves_nothing():
    assert not same_start(ProcessFacts("", lambda: None), None, None, CREATED)


@pytest.fixture
def sleeper():
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", "import sys; print(flush=True); sys.stdin.read()", "--mark"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    process.stdout.readline()  # now it is the program that it was started as
    yield process
    process.stdin.close()
    process.stdout.close()
    process.wait(10)


@pytest.mark.parametrize("linux", [True, False])
def test_real_processes(tmp_path, monkeypatch, sleeper, linux):
    if linux and not sys.platform.startswith("linux"):
        pytest.skip("reads /proc")
    monkeypatch.setattr(facts_module, "_LINUX", linux)
    created = psutil.Process(sleeper.pid).create_time()
    found = process_facts(sleeper.pid)
    assert found is not None
    assert found.created_s() == pytest.approx(created)
    assert command_of(sleeper.pid)[4] == "--mark"
    write(tmp_path, pid=sleeper.pid, procStart=found.start_ticks or ..., startedAt=int((created + 1) * 1000))
    assert [one.pid for one in live_sessions([tmp_path])] == [sleeper.pid]
    write(tmp_path, pid=sleeper.pid, procStart="1" if linux else ..., startedAt=int((created - 60) * 1000))
    assert live_sessions([tmp_path]) == ()


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="there are no zombies")
@pytest.mark.parametrize("linux", [True, False])
def test_zombies_and_the_gone_do_not_run(monkeypatch, sleeper, linux):
    if linux and not sys.platform.startswith("linux"):
        pytest.skip("reads /proc")
    monkeypatch.setattr(facts_module, "_LINUX", linux)
    sleeper.stdin.close()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)  # ended, and not yet reaped
    assert process_facts(sleeper.pid) is None
    sleeper.wait(10)
    assert process_facts(sleeper.pid) is None
    assert command_of(sleeper.pid) == ()


def test_nothing_to_check_costs_no_import(tmp_path):
    code = (
        "import sys\nfrom pathlib import Path\nfrom quota_tui.sources.processes import live_sessions\n"
        f"assert live_sessions([Path({str(tmp_path)!r})]) == ()\nprint('psutil' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.sampled_from([*sorted(RECORDED), "procStartFt", "pidDomain", "agent"]), value=JSON)
def test_no_field_makes_it_raise(tmp_path, key, value):
    write(tmp_path, "8500.json", **{key: value})
    found = scan(tmp_path)
    assert len(found.sessions) <= 1
    assert all(one.pid == 8500 for one in found.sessions)


@pytest.mark.parametrize(
    ("argv", "claude"),
    [
        (["claude"], True),
        (["/usr/local/bin/claude", "-p", "hello"], True),
        (["/home/dev/.local/share/claude/versions/2.1.329", "--resume"], True),
        (["C:\\Users\\Dev\\.local\\bin\\claude.exe"], True),
        (["node", "/usr/lib/node_modules/@anthropic-ai/claude-code/cli.js"], True),
        (["/usr/bin/node", "--no-warnings", "/home/dev/.npm-global/bin/claude"], True),
        (["C:\\nodejs\\node.exe", "C:\\npm\\node_modules\\@anthropic-ai\\claude-code\\cli.js"], True),
        (["/Users/dev/Library/Application Support/Claude/claude-code/2.1.300/claude"], True),
        # Claude Desktop and its helpers.
        (["/Applications/Claude.app/Contents/MacOS/Claude"], False),
        (
            [
                "/Applications/Claude.app/Contents/Frameworks/Claude Helper.app/Contents/MacOS/Claude Helper",
                "--type=gpu",
            ],
            False,
        ),
        (["C:\\Users\\Dev\\AppData\\Local\\AnthropicClaude\\app-0.9\\claude.exe"], False),
        (["/usr/lib/claude-desktop/claude", "--type=renderer"], False),
        (["/opt/claude-desktop/claude-desktop"], False),
        (["claude", "--type=zygote"], False),
        # Others.
        (["vim", "claude"], False),
        (["node", "server.js", "claude"], False),
        (["grep", "-r", "@anthropic-ai/claude-code/"], False),
        (["tail", "-f", "/home/dev/.claude/history.jsonl"], False),
        (["claude-monitor"], False),
        ([], False),
        ([""], False),
    ],
)
def test_what_looks_like_the_client(argv, claude):
    assert is_claude(argv) is claude


class _Listed:
    def __init__(self, pid: int, cmdline: list[str] | None, create_time: float | None) -> None:
        self.info = {"pid": pid, "cmdline": cmdline, "create_time": create_time}


def test_the_process_table_is_walked_for_doctor(monkeypatch):
    table = [
        _Listed(1, ["init"], 5.0),
        _Listed(2, ["/opt/bin/claude", "--resume"], CREATED),
        _Listed(3, None, None),
        _Listed(4, ["claude"], None),
        _Listed(5, [], 6.0),
    ]
    monkeypatch.setattr(psutil, "process_iter", lambda attrs: table)
    (found,) = claude_processes()
    assert (found.pid, found.command) == (2, "claude")
    assert found.started_at - datetime.fromtimestamp(CREATED, UTC) == timedelta(0)
