from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from quota_tui.core.readings import ReadingSource
from quota_tui.sources.client import ask_usage, find_client
from quota_tui.sources.client_talk import ARGUMENTS, ClientFailure, FailureReason
from tests.sources.client_limits import LIMITS, NOW, WINDOWS, remember

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-in client is a script with a #! line"
)

TALKS = """
import json, os, sys, time
def answer(request_id, **response):
    print(json.dumps({"type": "control_response", "response": {"request_id": request_id, **response}}), flush=True)
print(json.dumps({"type": "system", "subtype": "ui_invalidate"}), flush=True)
for line in sys.stdin:
    message = json.loads(line)
    request = message["request"]
    if request["subtype"] == "initialize":
        answer(message["request_id"], subtype="success", response={"commands": [], "padding": "x" * 20000})
    elif request["subtype"] == "get_usage":
"""


def answering(body: dict | None = None, **fields) -> str:
    body = (
        {"subscription_type": "max", "rate_limits_available": True, "rate_limits": LIMITS}
        if body is None
        else body
    )
    response = {"subtype": "success", "response": body} | fields
    return (
        TALKS + f"        answer(message['request_id'], **json.loads({json.dumps(json.dumps(response))}))\n"
    )


@pytest.fixture
def stand_in(tmp_path: Path) -> Callable[[str], Path]:
    def write(code: str) -> Path:
        script = tmp_path / "claude"
        script.write_text(f"#!{sys.executable} -S\n{code}", encoding="utf-8")
        script.chmod(0o700)
        return script

    return write


@pytest.fixture
def ask(stand_in: Callable[[str], Path], tmp_path: Path) -> Callable:
    def ask(code: str, timeout_s: float = 20.0, **env: str):
        environ = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]} | env
        return ask_usage(stand_in(code), timeout_s, environ, clock=lambda: NOW)

    return ask


def test_the_clients_numbers_become_readings(ask):
    usage = ask(answering())
    assert usage.subscription_type == "max"
    assert (usage.at, usage.is_stale) == (NOW, False)
    assert {(one.kind, one.model): (one.used_pct, one.resets_at) for one in usage.readings} == WINDOWS
    assert {(one.at, one.source) for one in usage.readings} == {(NOW, ReadingSource.CLIENT)}


def test_the_client_is_asked_safely_and_in_a_clean_environment(ask, tmp_path):
    seen = tmp_path / "seen.json"
    code = (
        "import json, os, sys\n"
        f"json.dump([sys.argv[1:], dict(os.environ), os.getcwd(), os.getpgid(0) == os.getpid()], open({str(seen)!r}, 'w'))\n"
        + answering()
    )
    marks = {"CLAUDECODE": "1", "CLAUDE_CODE_ENTRYPOINT": "cli", "CLAUDE_CODE_SSE_PORT": "1", "KEPT": "yes"}
    assert ask(code, **marks).readings
    argv, environ, cwd, leads_a_group = json.loads(seen.read_text(encoding="utf-8"))
    assert argv == list(ARGUMENTS)
    assert {"--safe-mode", "--no-session-persistence"} <= set(argv)
    assert environ["KEPT"] == "yes"
    assert not any(name.startswith("CLAUDE") for name in environ)
    assert Path(cwd).resolve() == tmp_path.resolve()
    assert leads_a_group


def test_remembered_numbers_carry_their_own_time(ask, tmp_path):
    fetched = NOW - timedelta(minutes=40)
    remember(tmp_path, {key: value for key, value in LIMITS.items() if key != "model_scoped"}, fetched)
    usage = ask(answering())
    assert (usage.at, usage.is_stale) == (fetched, True)
    assert {one.at for one in usage.readings} == {fetched}


def test_numbers_remembered_for_a_minute_are_not_stale(ask, tmp_path):
    remember(tmp_path, LIMITS, NOW - timedelta(seconds=50))
    usage = ask(answering())
    assert (usage.at, usage.is_stale) == (NOW - timedelta(seconds=50), False)


def test_numbers_other_than_the_remembered_ones_are_new(ask, tmp_path):
    remember(
        tmp_path, LIMITS | {"five_hour": LIMITS["five_hour"] | {"utilization": 36}}, NOW - timedelta(hours=2)
    )
    assert ask(answering()).at == NOW


def test_the_memory_is_looked_for_in_the_configured_folder(ask, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    remember(other, LIMITS, NOW - timedelta(hours=1))
    assert ask(answering(), CLAUDE_CONFIG_DIR=str(other)).at == NOW - timedelta(hours=1)


def failed(outcome: object) -> ClientFailure:
    assert isinstance(outcome, ClientFailure)
    assert outcome.text
    assert outcome.text.isprintable()
    return outcome


def test_an_older_client_says_unsupported(ask):
    code = answering(subtype="error", error="Unsupported control request subtype: get_usage")
    failure = failed(ask(code))
    assert failure.reason is FailureReason.UNSUPPORTED
    assert "Unsupported control request" in failure.text


def test_a_client_without_safe_mode_is_too_old(ask):
    failure = failed(ask("import sys\nsys.exit(\"error: unknown option '--safe-mode'\")"))
    assert failure.reason is FailureReason.UNSUPPORTED


def test_an_error_reply_is_passed_on_as_one_line(ask):
    failure = failed(ask(answering(subtype="error", error="get_usage\x1b[31m failed\n" + "x" * 9000)))
    assert failure.reason is FailureReason.REFUSED
    assert len(failure.text) < 300


@pytest.mark.parametrize("fields", [{"response": None}, {"response": [1]}, {"subtype": "error", "error": 5}])
def test_an_answer_without_content_is_a_refusal(ask, fields):
    assert failed(ask(answering(**fields))).reason is FailureReason.REFUSED


@pytest.mark.parametrize(
    ("available", "env", "words"),
    [
        (False, {}, "no plan limits"),
        (True, {}, "just now"),
        (True, {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}, "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"),
    ],
)
def test_absent_numbers_say_why(ask, available, env, words):
    body = {"subscription_type": "pro", "rate_limits_available": available, "rate_limits": None}
    failure = failed(ask(answering(body), **env))
    assert (failure.reason, failure.subscription_type) == (FailureReason.NO_NUMBERS, "pro")
    assert words in failure.text


def test_windows_that_are_not_open_have_no_reading(ask):
    limits = {"five_hour": {"utilization": 0, "resets_at": None}, "seven_day": None}
    usage = ask(answering({"rate_limits_available": True, "rate_limits": limits}))
    assert (usage.readings, usage.subscription_type) == ((), "")


def test_a_dying_client_leaves_its_last_words(ask):
    failure = failed(ask("import sys\nsys.stderr.write('warming up\\nNot logged in\\n')\nsys.exit(3)"))
    assert failure.reason is FailureReason.DIED
    assert failure.text.endswith("Not logged in")
    spoken = failed(ask("print('Please run /login')"))
    assert (spoken.reason, spoken.text[-17:]) == (FailureReason.DIED, "Please run /login")


def test_a_silent_end_and_garbage_are_failures(ask):
    assert failed(ask("")).reason is FailureReason.DIED
    garbage = "import sys\nsys.stdout.buffer.write(bytes(range(256)) * 50 + b'\\n{\"type\":\\n[[[\\n')"
    assert failed(ask(garbage)).reason is FailureReason.DIED


def test_garbage_around_the_answer_does_no_harm(ask):
    noisy = "import sys\nsys.stdout.write('\\x00warning: {\\n{broken\\n[]\\n5\\n\\n'); sys.stderr.write('noise' * 50000)\n"
    assert ask(noisy + answering()).readings


def test_an_answer_without_a_line_end_counts(ask):
    body = {
        "type": "control_response",
        "response": {"request_id": "r2", "subtype": "success", "response": {"rate_limits": LIMITS}},
    }
    assert ask(f"import sys\nsys.stdout.write({json.dumps(body)!r})").readings


def test_endless_output_is_cut_off(ask):
    started = time.monotonic()
    failure = failed(ask("import os\nwhile True: os.write(1, b'x' * 65536)"))
    assert failure.reason is FailureReason.TOO_MUCH_OUTPUT
    assert time.monotonic() - started < 15


def processes_with(mark: str) -> list[psutil.Process]:
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if mark in " ".join(process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


HANGS = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)  # {mark}"])
open({pid_file!r}, "w").write(str(child.pid))
time.sleep(600)
"""


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        os.sched_yield()
    return True


def test_a_hanging_client_is_killed_with_what_it_started(ask, tmp_path):
    pid_file = tmp_path / "child.pid"
    failure = failed(ask(HANGS.format(mark="hang", pid_file=str(pid_file)), timeout_s=1.5))
    assert failure.reason is FailureReason.TIMEOUT
    child = int(pid_file.read_text(encoding="utf-8"))
    assert wait_until(lambda: not alive(child))
    assert not processes_with(str(tmp_path / "claude"))


def test_a_client_that_answers_but_does_not_end_is_ended(ask, tmp_path, monkeypatch):
    monkeypatch.setattr("quota_tui.sources.client.GRACE_S", 0.1)
    usage = ask(answering() + "import time\ntime.sleep(600)\n")
    assert usage.readings
    assert not processes_with(str(tmp_path / "claude"))


def test_what_cannot_be_started_is_a_failure(tmp_path):
    missing = ask_usage(tmp_path / "none", 5, {"HOME": str(tmp_path)})
    assert failed(missing).reason is FailureReason.NOT_STARTED
    no_program = tmp_path / "text"
    no_program.write_text("no program", encoding="utf-8")
    assert failed(ask_usage(no_program, 5, {"HOME": str(tmp_path)})).reason is FailureReason.NOT_STARTED


def test_the_setting_is_taken_and_nothing_else(stand_in, tmp_path):
    client = stand_in("")
    env = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
    assert find_client(str(client), env) == client
    assert find_client(str(tmp_path / "other"), env) is None
    assert find_client("claude", env) is None
    client.chmod(0o600)
    assert find_client(str(client), env) is None


def test_it_is_found_on_path_but_never_by_a_relative_entry(stand_in, tmp_path, monkeypatch):
    client = stand_in("")
    monkeypatch.chdir(tmp_path)
    elsewhere = {"HOME": str(tmp_path / "home")}
    assert find_client("", {"PATH": f"/nowhere{os.pathsep}{tmp_path}"} | elsewhere) == client
    relative = os.pathsep.join([".", ""])
    assert find_client("", {"PATH": relative} | elsewhere) in {
        None,
        *map(Path, ("/usr/local/bin/claude", "/opt/homebrew/bin/claude")),
    }


def test_the_usual_places_are_looked_at_last(tmp_path):
    place = tmp_path / ".local/bin/claude"
    place.parent.mkdir(parents=True)
    place.write_text("#!/bin/sh\n", encoding="utf-8")
    place.chmod(0o700)
    assert find_client("", {"PATH": "", "HOME": str(tmp_path)}) == place
