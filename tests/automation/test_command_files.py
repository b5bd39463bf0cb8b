from __future__ import annotations

import errno
import json
import os
import re
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quota_tui.automation import settings_json
from quota_tui.automation.command_files import CommandsPlan, apply_commands, plan_commands, plan_no_commands
from quota_tui.automation.command_names import NAMES, any_installed, is_as_written, is_ours, marked
from quota_tui.automation.command_texts import command_texts
from quota_tui.automation.entries import Entry, StatusLineEntry, own_command
from quota_tui.automation.own import NoInterpreter
from quota_tui.automation.settings_json import Changed, plan_install, plan_uninstall
from quota_tui.core.counting import prior
from quota_tui.sources.tokenizer import raw_count
from quota_tui.store import files
from quota_tui.store.files import StoreError
from quota_tui.store.paths import Paths

PYTHON = "/opt/python/bin/python3"
posix = pytest.mark.skipif(sys.platform == "win32", reason="modes, links, sh")


class Machine:
    def __init__(self, root: Path, python: str = PYTHON) -> None:
        self.root = root
        self.paths = Paths(root / "cache", root / "data", root / "config")
        self.env = {"HOME": str(root), "CLAUDE_CONFIG_DIR": str(root / "claude")}
        self.folder = root / "claude" / "commands"
        self.texts = command_texts(self.paths, python, "linux")
        self.known: dict[str, Entry] = {
            "statusline": StatusLineEntry(own_command("statusline", python, "linux"))
        }

    def file(self, name: str) -> Path:
        return self.folder / f"{name}.md"

    def write(self, name: str, data: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.file(name).write_bytes(data)

    def install(self) -> CommandsPlan:
        plan = plan_commands(self.texts, self.env)
        apply_commands(self.paths, plan)
        return plan

    def uninstall(self) -> list[Path]:
        return apply_commands(self.paths, plan_no_commands(self.env))

    def install_status_line(self) -> None:
        settings_json.apply(self.paths, plan_install(self.paths, ["statusline"], self.known, self.env))

    def uninstall_status_line(self) -> None:
        settings_json.apply(self.paths, plan_uninstall(self.paths, ["statusline"], self.known, self.env))

    def tree(self) -> dict[str, bytes | None]:
        return {
            str(path.relative_to(self.root)): path.read_bytes() if path.is_file() else None
            for path in sorted(self.root.rglob("*"))
        }


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def front(data: bytes) -> dict[str, object]:
    """The front matter; every value of ours is JSON, which is YAML too."""
    head = data.decode().split("---\n")[1]
    lines = [line for line in head.splitlines() if not line.startswith("#")]
    return {key: json.loads(value) for key, _, value in (line.partition(": ") for line in lines)}


# -- what they say


def test_each_is_what_claude_code_takes(machine: Machine) -> None:
    assert tuple(machine.texts) == NAMES
    for name, data in machine.texts.items():
        text = data.decode()
        about = front(data)
        assert isinstance(about["description"], str)
        allowed = about["allowed-tools"]
        assert isinstance(allowed, list)
        for command in re.findall(r"!`([^`]*)`", text):
            assert command.startswith(f"{PYTHON} -P -m quota_tui ")
            assert command.endswith(" || true"), "a command that fails would end the whole slash command"
            rule = f"Bash({command.removesuffix(' 2>&1 || true')} *)"
            assert rule in allowed, name
        body = text.split("---\n", 2)[2]
        assert len(re.findall(r"!`", body)) == 1
        assert body.count("$") == body.count("$ARGUMENTS") + body.count("${CLAUDE_SESSION_ID}")
        for line in body.splitlines():
            assert "$ARGUMENTS" not in line or "!`" not in line, "what a person types is no part of a command"


def test_the_handoff_goes_through_a_file_that_only_this_command_may_write(machine: Machine) -> None:
    data = machine.texts["plan-next-session"]
    drafts = machine.paths.data_dir / "from-claude"
    assert front(data)["allowed-tools"] == [
        f"Bash({PYTHON} -P -m quota_tui slash plan-next-session *)",
        f"Bash({PYTHON} -P -m quota_tui plan --from *)",
        f"Edit(/{drafts}/*)",
    ]
    draft = f"{drafts}/${{CLAUDE_SESSION_ID}}.json"
    assert f"write {draft}, a JSON object" in data.decode()
    assert f'Run: {PYTHON} -P -m quota_tui plan --from "{draft}"\n' in data.decode()


def test_what_the_commands_cost_of_themselves(machine: Machine) -> None:
    """At the top of the range for the dearest models; the proposal has the rest of its 2,000 tokens."""
    for name, data in machine.texts.items():
        body = data.decode().split("---\n", 2)[2]
        cost = prior("claude-opus-5-5").estimate(raw_count(body)).high
        assert cost <= (650 if name == "plan-next-session" else 100), name


@pytest.mark.parametrize(
    ("python", "platform", "program"),
    [
        ("/opt/it's a/python", "linux", "'/opt/it'\"'\"'s a/python' -P -m quota_tui"),
        ("/opt/#: {x} [y]*/python", "darwin", "'/opt/#: {x} [y]*/python' -P -m quota_tui"),
        ("C:\\Py\\python.exe", "win32", "C:/Py/python.exe -P -m quota_tui"),
    ],
)
def test_odd_paths_of_python(tmp_path: Path, python: str, platform: str, program: str) -> None:
    texts = command_texts(Paths(tmp_path, tmp_path, tmp_path), python, platform)
    for name, data in texts.items():
        words = f"slash {name}"
        assert f"!`{program} {words} 2>&1 || true`" in data.decode()
        rule = f"Bash({program} {words} *)".replace("*/", "\\*/")
        assert rule in front(data)["allowed-tools"]  # type: ignore[operator]


@pytest.mark.parametrize(
    "python",
    ["/opt/`id`/python", "/opt/$0/python", "/opt/a\nb/python", "/opt/a (x86)/python", "/opt/a\\b/python", ""],
)
def test_paths_that_no_slash_command_can_hold(tmp_path: Path, python: str) -> None:
    if python:
        with pytest.raises(NoInterpreter):
            command_texts(Paths(tmp_path, tmp_path, tmp_path), python, "linux")
    with pytest.raises(NoInterpreter):
        command_texts(Paths(tmp_path, tmp_path / 'a"b', tmp_path), PYTHON, "linux")


def test_windows_drives_in_rules(tmp_path: Path) -> None:
    from pathlib import PureWindowsPath

    from quota_tui.automation.command_texts import _rule_path

    assert _rule_path(PureWindowsPath("C:/Users/x/data"), "win32") == "//c/Users/x/data"  # type: ignore[arg-type]
    assert _rule_path(Path("/home/x"), "linux") == "//home/x"


@posix
def test_a_shell_runs_what_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "it's a [b] & é"
    folder.mkdir()
    program = folder / "python"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\nexit 3\n')
    program.chmod(0o755)
    data = command_texts(Paths(tmp_path, tmp_path, tmp_path), str(program), "linux")["session-status"]
    command = re.findall(r"!`([^`]*)`", data.decode())[0]
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["-P", "-m", "quota_tui", "slash", "session-status"]
    assert shlex.split(command)[0] == str(program)


@given(front_text=st.text(max_size=30), body=st.text(max_size=60), edit=st.text(min_size=1, max_size=5))
def test_the_mark_tells_ours_and_whether_it_was_edited(front_text: str, body: str, edit: str) -> None:
    try:
        data = marked(front_text, body)
    except UnicodeEncodeError:
        return
    assert is_ours(data)
    assert is_as_written(data)
    edited = data + edit.encode("utf-8", "replace")
    assert is_ours(edited)
    assert not is_as_written(edited)
    assert not is_ours(b"# mine\n" + data)
    assert is_ours(data.replace(b"\n", b"\r\n", 2))


# -- in and out


def test_into_nothing_and_out_again_without_a_trace(machine: Machine) -> None:
    plan = machine.install()
    assert {path.stem: path.read_bytes() for path in machine.folder.iterdir()} == machine.texts
    assert plan.diff().count("--- no file\n") == len(NAMES)
    assert any_installed(machine.folder.parent)
    if sys.platform != "win32":
        assert stat.S_IMODE(machine.file("session-status").stat().st_mode) == 0o600
        assert stat.S_IMODE(machine.folder.stat().st_mode) == 0o700
    again = plan_commands(machine.texts, machine.env)
    assert (again.changes, again.diff(), again.notes) == (False, "", ())
    assert machine.uninstall() == []
    assert list(machine.root.iterdir()) == []


def test_folders_that_were_there_stay(machine: Machine) -> None:
    machine.folder.mkdir(parents=True)
    machine.install()
    machine.uninstall()
    assert machine.tree() == {"claude": None, "claude/commands": None}


def test_what_others_put_beside_ours_stays(machine: Machine) -> None:
    machine.install()
    machine.write("mine", b"# mine")
    machine.uninstall()
    assert machine.tree() == {"claude": None, "claude/commands": None, "claude/commands/mine.md": b"# mine"}


@pytest.mark.parametrize("order", ["sc", "cs"])
@pytest.mark.parametrize("back", ["sc", "cs"])
def test_with_the_status_line_in_any_order(machine: Machine, order: str, back: str) -> None:
    for one in order:
        (machine.install_status_line if one == "s" else machine.install)()
    for one in back:
        (machine.uninstall_status_line if one == "s" else machine.uninstall)()
    assert list(machine.root.iterdir()) == []


def test_a_persons_own_file_is_never_written_over(machine: Machine) -> None:
    own = b"---\ndescription: my own\n---\nhello\n"
    machine.write("session-status", own)
    plan = machine.install()
    file = machine.file("session-status")
    assert plan.notes == (f"{file} is your own file; it stays, and our /session-status is not installed",)
    assert file not in plan.writes()
    assert len(plan.writes()) == len(NAMES) - 1
    assert file.read_bytes() == own
    machine.uninstall()
    assert [path.name for path in machine.folder.iterdir()] == ["session-status.md"]
    assert file.read_bytes() == own


def test_they_follow_python_and_this_program(machine: Machine) -> None:
    machine.install()
    before = machine.texts
    machine.texts = command_texts(machine.paths, "/usr/bin/python3", "linux")
    plan = machine.install()
    assert len(plan.files) == len(NAMES)
    assert f"-!`{PYTHON} " in plan.diff()
    assert "+!`/usr/bin/python3 " in plan.diff()
    assert {path.stem: path.read_bytes() for path in machine.folder.iterdir()} == machine.texts != before
    assert not (machine.paths.data_dir / "backups").exists(), "what we wrote ourselves needs no copy"
    machine.uninstall()
    assert list(machine.root.iterdir()) == []


@pytest.mark.parametrize("verb", ["install", "uninstall"])
def test_an_edited_one_is_copied_first(machine: Machine, verb: str) -> None:
    machine.install()
    file = machine.file("session-status")
    edited = file.read_bytes() + b"\nAnd be brief.\n"
    file.write_bytes(edited)
    plan = plan_commands(machine.texts, machine.env) if verb == "install" else plan_no_commands(machine.env)
    (copy,) = apply_commands(machine.paths, plan)
    assert copy.parent == machine.paths.data_dir / "backups"
    assert copy.read_bytes() == edited
    assert file.exists() is (verb == "install")


def test_a_change_in_between_is_noticed(machine: Machine) -> None:
    plan = plan_commands(machine.texts, machine.env)
    machine.write("session-status", b"just now")
    with pytest.raises(Changed, match=r"session-status\.md was changed"):
        apply_commands(machine.paths, plan)
    assert machine.tree() == {
        "claude": None,
        "claude/commands": None,
        "claude/commands/session-status.md": b"just now",
        "data": None,
    }


@posix
def test_a_linked_file_stays_a_link(machine: Machine) -> None:
    dotfile = machine.root / "dotfile.md"
    dotfile.write_bytes(machine.texts["session-status"].replace(b"Tell", b"Sing"))
    machine.folder.mkdir(parents=True)
    machine.file("session-status").symlink_to(dotfile)
    machine.install()
    assert machine.file("session-status").is_symlink()
    assert dotfile.read_bytes() == machine.texts["session-status"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_disk_that_refuses(machine: Machine, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    real = files.write_atomic

    def write(path: Path, data: bytes, mode: int = 0o600) -> None:
        if path.name == "automation-status.md":
            raise StoreError("write", path, OSError(number, os.strerror(number)))
        real(path, data, mode)

    with monkeypatch.context() as patched:
        patched.setattr(files, "write_atomic", write)
        with pytest.raises(StoreError, match=r"automation-status\.md"):
            machine.install()
    assert all(is_as_written(path.read_bytes()) for path in machine.folder.iterdir())
    machine.install()
    machine.uninstall()
    assert list(machine.root.iterdir()) == []


def test_a_file_where_the_folder_should_be(machine: Machine) -> None:
    (machine.root / "claude").mkdir()
    machine.folder.write_bytes(b"")
    with pytest.raises(StoreError, match="commands"):
        machine.install()


KILLED = """
import os, sys
from pathlib import Path
from tests.automation.test_command_files import Machine
count, verb, machine = int(sys.argv[1]), sys.argv[2], Machine(Path(sys.argv[3]))
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
for name in ("open", "replace", "unlink", "rmdir", "mkdir"):
    counted(name)
getattr(machine, verb)()
"""


@pytest.mark.parametrize("verb", ["install", "uninstall"])
def test_killed_anywhere_it_is_finished_or_undone(tmp_path: Path, verb: str) -> None:
    root = Path(__file__).parents[2]
    last = 200
    for count in [*range(1, 12), *range(12, last, 7)]:
        machine = Machine(tmp_path / f"{count}")
        machine.root.mkdir()
        if verb == "uninstall":
            machine.install()
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(count), verb, str(machine.root)],
            capture_output=True,
            check=False,
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        assert done.returncode in (0, 9), done.stderr
        found = list(machine.folder.glob("*.md")) if machine.folder.exists() else []
        assert all(path.read_bytes() == machine.texts[path.stem] for path in found)
        if count % 2:
            machine.install()
            assert not plan_commands(machine.texts, machine.env).changes
        machine.uninstall()
        left = [path for path in machine.root.rglob("*") if path.is_file()]
        # In our own folder a torn temporary file goes with the next write after ten minutes.
        assert [path for path in left if (path.parent, path.suffix) != (machine.paths.data_dir, ".tmp")] == []
        if done.returncode == 0:
            return
    pytest.fail("never came to its end")


STEPS = [
    "install",
    "uninstall",
    "install_status_line",
    "uninstall_status_line",
    "python moves",
    "they edit one",
]


@settings(deadline=None, max_examples=40)
@given(steps=st.lists(st.sampled_from(STEPS), max_size=8))
def test_any_sequence_ends_without_a_trace(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    machine = Machine(tmp_path_factory.mktemp("home"))
    for step in steps:
        if step == "python moves":
            machine.texts = command_texts(machine.paths, "/usr/bin/python3", "linux")
        elif step == "they edit one":
            file = machine.file("session-status")
            if file.exists():
                file.write_bytes(file.read_bytes() + b"more\n")
        else:
            getattr(machine, step)()
    machine.uninstall()
    machine.uninstall_status_line()
    left = [path for path in machine.root.rglob("*") if path.is_file()]
    assert all(path.parent == machine.paths.data_dir / "backups" for path in left)
    if "they edit one" not in steps:
        assert list(machine.root.iterdir()) == []
