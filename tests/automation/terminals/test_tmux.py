"""A real tmux, its servers the test's own."""

from __future__ import annotations

import json
import os
import pty
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from quota_tui.automation.terminals import tmux as module
from quota_tui.automation.terminals.base import OpenRequest, TerminalError
from quota_tui.automation.terminals.tmux import SESSION, Tmux
from tests.automation.terminals.stage import HOSTILE, settled, tmux, until

PROGRAM = """
import json, os, sys
out, code, *rest = sys.argv[1:]
print("quota-tui starts it")
told = dict(cwd=os.getcwd(), argv=rest, tty=os.isatty(0), mark="CLAUDECODE" in os.environ)
with open(out + ".new", "w") as file:
    json.dump(told, file)
os.rename(out + ".new", out)
with open(out + ".go") as file:
    file.read()
print("last words", flush=True)
with open(out + ".end") as file:
    file.read()
sys.exit(int(code))
"""


class Inside:
    """A program that tells where it runs, and ends when it is told to."""

    def __init__(self, folder: Path, name: str) -> None:
        self.out = folder / name
        self.script = folder / f"{name}.py"
        self.script.write_text(PROGRAM)
        self.has_spoken = False
        for name in ("go", "end"):
            os.mkfifo(f"{self.out}.{name}")

    def request(self, env, folder, *rest, code=0, title="API: #(touch pwned4); x"):
        argv = (sys.executable, "-IS", str(self.script), str(self.out), str(code), *rest)
        return OpenRequest(argv, str(folder), title, env)

    def told(self):
        until(self.out.exists)
        return json.loads(self.out.read_text())

    def speak(self):
        """Let it say its last words."""
        self.has_spoken = True
        with open(f"{self.out}.go", "w"):
            pass

    def end(self):
        if not self.has_spoken:
            self.speak()
        with open(f"{self.out}.end", "w"):
            pass


@pytest.fixture
def inside(tmp_path):
    return lambda name="told": Inside(tmp_path, name)


def windows(env, *words):
    return tmux(
        *words, "list-windows", "-a", "-F", "#{session_name}:#{window_index} #{window_name}", env=env
    ).splitlines()


def ends(env):
    """The exit codes of the programs that have ended and whose windows are kept."""
    return tmux("list-panes", "-a", "-F", "#{pane_dead_status}", env=env).split()


def test_without_a_server_a_detached_session_is_made(tmux_env, inside, tmp_path):
    program = inside()
    opened = Tmux().open(
        program.request(tmux_env | {"CLAUDECODE": "1"}, tmp_path, "a b", "x;", ";", "#{pid}", "$HOME")
    )
    assert opened.how == f"tmux window 0 of session {SESSION}, new and detached"
    assert opened.attach == f"tmux attach -t {SESSION}:0"
    assert program.told() == {
        "cwd": os.path.realpath(tmp_path),
        "argv": ["a b", "x;", ";", "#{pid}", "$HOME"],
        "tty": True,
        "mark": False,
    }
    assert windows(tmux_env) == [f"{SESSION}:0 API touch pwned4 x"]


@pytest.mark.parametrize(
    "name", [HOSTILE, "-t", "#(touch pwned)", "##[x]", "#{session_name}", "%H:%M", "é\n;", "..."]
)
def test_a_hostile_folder_is_only_a_folder(name, tmux_env, inside, tmp_path):
    folder = tmp_path / "p" / name
    folder.mkdir(parents=True)
    for number in (1, 2):  # a new session, then a window of it
        program = inside(f"told{number}")
        Tmux().open(program.request(tmux_env, folder, title=name))
        assert program.told()["cwd"] == os.path.realpath(folder)
    assert len(windows(tmux_env)) == 2
    assert os.listdir(folder) == []
    assert [path for path in tmp_path.rglob("pwned*") if path != folder] == []


def test_a_folder_that_is_gone_opens_nothing(tmux_env, inside, tmp_path):
    with pytest.raises(TerminalError, match="does not exist"):
        Tmux().open(inside().request(tmux_env, tmp_path / "gone"))
    assert not Tmux().running(tmux_env)


def test_a_running_server_gets_a_window_in_the_background(tmux_env, inside, tmp_path):
    tmux("new-session", "-d", "-s", "it's main", env=tmux_env)
    program = inside()
    opened = Tmux().open(program.request(tmux_env, tmp_path))
    assert opened.how == "tmux window 1 of session it's main"
    assert shlex.split(opened.attach) == ["tmux", "attach", "-t", "it's main:1"]
    program.told()
    assert tmux("display-message", "-p", "-t", "it's main", "#{window_index}", env=tmux_env) == "0"


def test_the_command_to_attach_shows_the_window(tmux_env, inside, tmp_path):
    tmux("new-session", "-d", "-s", "main", env=tmux_env)
    opened = Tmux().open(inside().request(tmux_env, tmp_path))
    mine, theirs = pty.openpty()
    with subprocess.Popen(
        shlex.split(opened.attach),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=tmux_env,
        start_new_session=True,
    ) as client:
        os.close(theirs)
        try:
            clients = ("list-clients", "-F", "#{session_name}:#{window_index}")
            until(lambda: tmux(*clients, env=tmux_env) == "main:1")
            # Who is attached already is shown how to get there without attaching again.
            second = Tmux().open(inside("second").request(tmux_env, tmp_path))
            assert second.attach == "tmux select-window -t main:2"
            subprocess.run(shlex.split(second.attach), env=tmux_env, check=True, timeout=20)
            until(lambda: tmux(*clients, env=tmux_env) == "main:2")
            tmux("detach-client", "-s", "main", env=tmux_env)
            client.wait(20)
        finally:
            os.close(mine)
            client.kill()


def test_the_server_and_session_of_the_job_are_used(tmux_env, inside, tmp_path, sockets):
    own = str(sockets / "own,comma")
    tmux("-S", own, "new-session", "-d", "-s", "first", env=tmux_env)
    tmux("-S", own, "new-session", "-d", "-s", "second", env=tmux_env)
    tmux("new-session", "-d", "-s", "other", env=tmux_env)
    pid = tmux("-S", own, "display-message", "-p", "#{pid}", env=tmux_env)
    for number, name in enumerate(("first", "second")):
        job = tmux_env | {"TMUX": f"{own},{pid},{number}", "TMUX_PANE": "%99"}
        opened = Tmux().open(inside(name).request(job, tmp_path))
        assert opened.how == f"tmux window 1 of session {name}"
        assert opened.attach == f"tmux -S {own} attach -t {name}:1"
    # Of another server with the same socket, the number would be another session's.
    tmux("-S", own, "set-option", "-g", "base-index", "0", env=tmux_env)
    newer = tmux_env | {"TMUX": f"{own},1,0"}
    assert "of session" in Tmux().open(inside("third").request(newer, tmp_path)).how
    assert len(windows(tmux_env)) == 1


@pytest.mark.parametrize("kind", ["gone", "dead", "file", "relative", "odd"])
def test_a_dead_socket_of_the_job_leads_to_the_default_server(kind, tmux_env, inside, tmp_path, sockets):
    dead = sockets / kind
    if kind == "dead":
        tmux("-S", str(dead), "new-session", "-d", env=tmux_env)
        pid = int(tmux("-S", str(dead), "display-message", "-p", "#{pid}", env=tmux_env))
        os.kill(pid, 9)
        until(lambda: not Tmux().running(tmux_env | {"TMUX": f"{dead},{pid},0"}))
        assert dead.is_socket()
    elif kind == "file":
        dead.touch()
    named = {"relative": "sock,1,0", "odd": "," * 5}.get(kind, f"{dead},1,0")
    program = inside()
    opened = Tmux().open(program.request(tmux_env | {"TMUX": named}, tmp_path))
    assert opened.attach == f"tmux attach -t {SESSION}:0"
    program.told()


def test_a_server_of_another_user_is_left_alone(tmux_env, inside, tmp_path, sockets, monkeypatch):
    own = str(sockets / "theirs")
    tmux("-S", own, "new-session", "-d", "-s", "theirs", env=tmux_env)
    job = tmux_env | {"TMUX": f"{own},1,0"}
    uid = os.geteuid()
    monkeypatch.setattr(module.os, "geteuid", lambda: uid + 1)
    opened = Tmux().open(inside().request(job, tmp_path))
    assert opened.attach == f"tmux attach -t {SESSION}:0"
    assert len(windows(tmux_env, "-S", own)) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a server as somebody else")
def test_root_does_not_run_us_in_a_server_of_somebody(tmux_env, inside, tmp_path):
    folder = tempfile.mkdtemp(prefix="qt")
    os.chown(folder, 65534, 65534)
    own = f"{folder}/s"
    command = ["tmux", "-f", "/dev/null", "-S", own, "new-session", "-d", "-s", "theirs", "sleep", "60"]
    try:
        subprocess.run(command, env=tmux_env, cwd="/", user=65534, group=65534, check=True, timeout=20)
        assert os.stat(own).st_uid == 65534
        assert len(windows(tmux_env, "-S", own)) == 1  # root could
        opened = Tmux().open(inside().request(tmux_env | {"TMUX": f"{own},1,0"}, tmp_path))
        assert opened.attach == f"tmux attach -t {SESSION}:0"
        assert len(windows(tmux_env, "-S", own)) == 1
    finally:
        subprocess.run(["tmux", "-S", own, "kill-server"], env=tmux_env, timeout=20, check=False)
        shutil.rmtree(folder)


def test_settings_that_end_unattached_sessions_do_not_end_ours(tmux_env, inside, tmp_path):
    Path(tmux_env["HOME"], ".tmux.conf").write_text(
        "set -g destroy-unattached on\nset -g base-index 1\nset -g allow-rename on\nset -g default-command 'false'\n"
    )
    program = inside()
    opened = Tmux().open(program.request(tmux_env, tmp_path))
    assert opened.attach == f"tmux attach -t {SESSION}:1"
    program.told()
    assert len(windows(tmux_env)) == 1


# tmux's own "Pane is dead" pushes the first line of a window out of sight: it must not be the only one.
def test_what_fails_stays_readable_and_what_ends_well_goes(tmux_env, inside, tmp_path):
    good, bad = inside("good"), inside("bad")
    Tmux().open(bad.request(tmux_env, tmp_path, code=3))
    Tmux().open(good.request(tmux_env, tmp_path))
    assert len(windows(tmux_env)) == 2
    for program in (good, bad):
        program.told()
    bad.speak()  # tmux may hear of an end before the last words have come through
    until(lambda: "last words" in tmux("capture-pane", "-p", "-t", f"{SESSION}:0", env=tmux_env))
    for program in (good, bad):
        program.end()
    until(lambda: settled(tmux_env) and len(windows(tmux_env)) == 1)
    until(lambda: settled(tmux_env) and ends(tmux_env) == ["3"])
    assert "last words" in tmux("capture-pane", "-p", "-t", f"{SESSION}:0", env=tmux_env)


def test_what_fails_at_once_stays_too(tmux_env, tmp_path):
    for _ in range(5):  # it may end before tmux is told what to keep
        Tmux().open(
            OpenRequest(
                ("/bin/sh", "-c", "echo quota-tui starts it; echo no client; exit 1"),
                str(tmp_path),
                "x",
                tmux_env,
            )
        )
    until(lambda: settled(tmux_env) and ends(tmux_env) == ["1"] * 5)
    # A busy system may tell tmux of the end before the last words have come through: not of all five.
    shown = [tmux("capture-pane", "-p", "-t", f"{SESSION}:{at}", env=tmux_env) for at in range(5)]
    assert any("no client" in each for each in shown)


def test_after_a_while_a_window_closes_with_its_program_however_it_ends(
    tmux_env, inside, tmp_path, monkeypatch
):
    monkeypatch.setattr(module, "KEPT_S", 1)
    good, bad, last = inside("good"), inside("bad"), inside("last")
    for program, code in ((good, 0), (bad, 3), (last, 0)):
        Tmux().open(program.request(tmux_env, tmp_path, code=code))
    kept = ("list-windows", "-a", "-F", "#{remain-on-exit}")
    until(lambda: tmux(*kept, env=tmux_env).split() == ["off"] * 3)
    good.end()
    bad.end()
    until(lambda: len(windows(tmux_env)) == 1)


def test_two_launches_at_once_without_a_server_both_open(tmux_env, inside, tmp_path):
    programs = [inside(name) for name in ("one", "two", "three")]
    start = threading.Barrier(len(programs))
    opened, problems = [], []

    def launch(program):
        start.wait(20)
        try:
            opened.append(Tmux().open(program.request(tmux_env, tmp_path)))
        except TerminalError as error:
            problems.append(error)

    threads = [threading.Thread(target=launch, args=(program,)) for program in programs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert problems == []
    for program in programs:
        program.told()
    assert len({each.attach for each in opened}) == len(windows(tmux_env)) == 3


def test_an_older_tmux_keeps_whatever_ends(programs_here, env, folder):
    """Before 3.3 "failed" is refused: the window is there all the same."""
    programs_here.add("tmux")
    (programs_here.folder / "tmux").write_text(
        '#!/bin/sh\ncase "$*" in\n*list-sessions*) echo "7 \\$0 0 0 main";;\n*new-window*) echo "@3 2 main";;\n'
        '*failed*) echo "unknown value: failed" >&2; exit 1;;\nesac\n'
    )
    opened = Tmux("linux").open(OpenRequest(("/bin/true", "x"), folder, "x", env))
    assert opened.how == "tmux window 2 of session main"


def test_a_tmux_that_refuses_says_why(programs_here, env, folder):
    assert Tmux("linux").available(env) == "tmux is not installed"
    with pytest.raises(TerminalError, match="not installed"):
        Tmux("linux").open(OpenRequest(("/bin/true", "x"), folder, "x", env))
    programs_here.add("tmux")
    assert Tmux("linux").available(env) == ""
    assert Tmux("win32").available(env) == "tmux is not for Windows"
    programs_here.says("tmux", "-u", code=1, err="directory /tmp/tmux-0 has unsafe permissions\n")
    with pytest.raises(TerminalError, match="opened no window: directory /tmp/tmux-0 has unsafe permissions"):
        Tmux("linux").open(OpenRequest(("/bin/true", "x"), folder, "x", env))
