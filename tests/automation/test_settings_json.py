from __future__ import annotations

import errno
import json
import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quota_tui.automation import entries, installed, settings_json
from quota_tui.automation.entries import StatusLineEntry, is_own_command, own_command
from quota_tui.automation.installed import EntryRecord
from quota_tui.automation.settings_json import Changed, Plan, Refused, plan_install, plan_uninstall
from quota_tui.store import files, jsonedit
from quota_tui.store.files import StoreError
from quota_tui.store.paths import Paths

COMMAND = own_command("statusline", "/opt/python/bin/python3", "linux")
MOVED = own_command("statusline", "/opt/my python/bin/python3", "linux")


class Machine:
    """A home with Claude Code's settings, and what can be done to it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.paths = Paths(root / "cache", root / "data", root / "config")
        self.env = {"HOME": str(root), "CLAUDE_CONFIG_DIR": str(root / "claude")}
        self.file = root / "claude" / "settings.json"
        self.known: dict[str, entries.Entry] = {"statusline": StatusLineEntry(COMMAND)}

    def write(self, data: bytes) -> None:
        self.file.parent.mkdir(exist_ok=True)
        self.file.write_bytes(data)

    def install(self, *names: str) -> Plan:
        plan = plan_install(self.paths, names or ("statusline",), self.known, self.env)
        settings_json.apply(self.paths, plan)
        return plan

    def uninstall(self, *names: str) -> Plan:
        plan = plan_uninstall(self.paths, names or ("statusline",), self.known, self.env)
        settings_json.apply(self.paths, plan)
        return plan

    @property
    def settings(self) -> object:
        return json.loads(self.file.read_bytes())

    def chained(self) -> str | None:
        return settings_json.chained_command(self.paths, self.env)

    def tree(self) -> dict[str, bytes]:
        found = sorted(path for path in self.root.rglob("*") if path.is_file())
        return {str(path.relative_to(self.root)): path.read_bytes() for path in found}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


# -- the status line -------------------------------------------------------------------------------


def test_into_nothing_and_out_again_without_a_trace(machine: Machine) -> None:
    plan = machine.install()
    assert machine.settings == {"statusLine": {"type": "command", "command": COMMAND, "padding": 0}}
    assert machine.file.read_bytes().endswith(b"}\n")
    assert plan.diff().startswith(f"--- no file\n+++ {machine.file}\n")
    assert machine.chained() is None
    if sys.platform != "win32":
        assert stat.S_IMODE((machine.paths.data_dir / "install.json").stat().st_mode) == 0o600
        assert stat.S_IMODE(machine.file.parent.stat().st_mode) == 0o700
    machine.uninstall()
    assert list(machine.root.iterdir()) == []


def test_a_folder_that_was_there_stays(machine: Machine) -> None:
    machine.file.parent.mkdir()
    machine.install()
    machine.uninstall()
    assert [path.name for path in machine.root.iterdir()] == ["claude"]


def test_a_folder_of_ours_that_others_use_stays(machine: Machine) -> None:
    machine.install()
    (machine.file.parent / "history.jsonl").write_bytes(b"")
    machine.uninstall()
    assert list(machine.tree()) == ["claude/history.jsonl"]


ORIGINALS = [
    b"{}",
    b"{ }\n",
    b"",
    b" \n",
    b'{\n  "model": "opus"\n}\n',
    b'{"model":"opus"}',
    b'\xef\xbb\xbf{\r\n\t"model" : "\\u00e9\xc3\xa9",\r\n\t"hooks": {}\r\n}\r\n',
    b'{\n  "statusLine": {\n    "type": "command",\n    "command": "~/mine.sh \\"a b\\"",\n    "padding": 2\n  },\n  "z": 1\n}',
    b'{"z": 1, "statusLine": {"command":"mine"  ,"type":"command","refreshInterval":5}}',
    b'{"statusLine": null, "z": [1,2 ]}',
    b'{"statusLine": {"type": "static", "text": "x"}}',
    b'{"statusLine": {"type": "command", "command": "  "}}',
    b'{"statusLine": "mine.sh"}',
]


@pytest.mark.parametrize("original", ORIGINALS)
def test_in_and_out_to_the_byte(machine: Machine, original: bytes) -> None:
    machine.write(original)
    before = machine.tree()
    machine.file.chmod(0o644)
    plan = machine.install()
    assert plan.changes
    after = machine.settings
    assert isinstance(after, dict)
    assert after["statusLine"]["command"] == COMMAND
    record = installed.decode_record((machine.paths.data_dir / "install.json").read_bytes()).files[0]
    assert Path(record.backup).read_bytes() == original
    assert record.after_sha256 != record.before_sha256
    again = plan_install(machine.paths, ["statusline"], machine.known, machine.env)
    assert not again.changes
    assert again.diff() == ""
    assert machine.uninstall().changes
    assert machine.tree() == before
    assert list((machine.root / "data").glob("*")) == []
    if sys.platform != "win32":
        assert stat.S_IMODE(machine.file.stat().st_mode) == 0o644
    assert not plan_uninstall(machine.paths, ["statusline"], machine.known, machine.env).changes


def test_a_persons_own_status_line_is_chained_and_keeps_its_looks(machine: Machine) -> None:
    original = b'{"statusLine": {"type": "command", "command": "echo \\"$HOME\\"; \\u0065xit", "padding": 2}}'
    machine.write(original)
    plan = machine.install()
    assert machine.chained() == 'echo "$HOME"; exit'
    assert machine.settings == {"statusLine": {"type": "command", "command": COMMAND, "padding": 2}}
    assert plan.diff().count("\n-") == 1
    assert settings_json.chained_command(machine.paths, {**machine.env, installed.CHAIN_GUARD: "1"}) is None
    elsewhere = {**machine.env, "CLAUDE_CONFIG_DIR": str(machine.root / "other")}
    assert settings_json.chained_command(machine.paths, elsewhere) is None


def test_it_follows_python_when_that_moves(machine: Machine) -> None:
    original = b'{\n  "statusLine": {"type": "command", "command": "mine"}\n}'
    machine.write(original)
    machine.install()
    machine.known = {"statusline": StatusLineEntry(MOVED)}
    plan = machine.install()
    assert plan.changes
    assert machine.settings == {"statusLine": {"type": "command", "command": MOVED}}
    assert machine.chained() == "mine"
    machine.uninstall()
    assert machine.file.read_bytes() == original
    assert list((machine.root / "data").glob("*")) == []


@pytest.mark.parametrize(
    "command", ["quota-tui statusline", f"{COMMAND} | tee log", "sh -c 'python -m quota_tui statusline'"]
)
def test_a_command_of_theirs_that_calls_us_is_left_alone(machine: Machine, command: str) -> None:
    original = json.dumps({"statusLine": {"type": "command", "command": command}}).encode()
    machine.write(original)
    plan = plan_install(machine.paths, ["statusline"], machine.known, machine.env)
    assert not plan.changes
    assert plan.notes == ("your own statusline setting runs quota-tui already; it stays as it is",)
    assert not plan_uninstall(machine.paths, ["statusline"], machine.known, machine.env).changes


def test_what_was_edited_since_stays_and_theirs_comes_back(machine: Machine) -> None:
    machine.write(b'{\n  "a": 1,\n  "statusLine": {"type": "command", "command": "m\\u0069ne"}\n}\n')
    machine.install()
    edited = (
        machine.file.read_bytes()
        .replace(b'"a": 1', b'"a": 2,\n    "b":   3')
        .replace(b'"type"', b'"padding":1, "type"')
    )
    machine.write(edited)
    plan = machine.uninstall()
    assert machine.file.read_bytes() == (
        b'{\n  "a": 2,\n    "b":   3,\n  "statusLine": {"padding":1, "type": "command", "command": "m\\u0069ne"}\n}\n'
    )
    assert plan.record is None
    assert not (machine.paths.data_dir / "install.json").exists()
    assert {path.read_bytes() for path in (machine.paths.data_dir / "backups").iterdir()} >= {edited}


def test_what_another_program_wrote_anew_is_understood(machine: Machine) -> None:
    machine.write(b'{"statusLine":{"type":"command","command":"mine"},"z":1}')
    machine.install()
    whole = machine.settings
    assert isinstance(whole, dict)
    machine.write(json.dumps({**whole, "permissions": {"allow": ["Bash"]}}, indent=2).encode())
    assert not plan_install(machine.paths, ["statusline"], machine.known, machine.env).changes
    machine.known = {"statusline": StatusLineEntry(MOVED)}
    machine.install()
    assert machine.chained() == "mine"
    machine.uninstall()
    expected = {
        "statusLine": {"type": "command", "command": "mine"},
        "z": 1,
        "permissions": {"allow": ["Bash"]},
    }
    assert machine.file.read_text() == json.dumps(expected, indent=2)


def test_a_file_of_ours_that_they_added_to_stays_without_us(machine: Machine) -> None:
    machine.install()
    machine.write(jsonedit.put(machine.file.read_text(), ("model",), "opus").encode())
    machine.uninstall()
    assert machine.file.read_bytes() == b'{\n  "model": "opus"\n}\n'
    machine.file.unlink()
    machine.install()
    machine.write(b"\n" + machine.file.read_bytes())
    machine.uninstall()
    assert not machine.file.exists()


def test_what_they_put_in_our_place_is_theirs(machine: Machine) -> None:
    machine.write(b'{"statusLine": {"type": "command", "command": "old"}}')
    machine.install()
    machine.write(b'{"statusLine": {"type": "command", "command": "new"}}')
    plan = plan_uninstall(machine.paths, ["statusline"], machine.known, machine.env)
    assert not plan.changes
    assert plan.forgets
    machine.install()
    assert machine.chained() == "new"
    machine.write(b"{}")
    machine.uninstall()
    assert machine.file.read_bytes() == b"{}"
    machine.install()
    machine.file.unlink()
    machine.uninstall()
    assert not machine.file.exists()
    assert machine.chained() is None


def test_without_the_record_ours_is_still_known(machine: Machine) -> None:
    machine.write(b'{"z": 1}')
    machine.install()
    (machine.paths.data_dir / "install.json").unlink()
    assert not plan_install(machine.paths, ["statusline"], machine.known, machine.env).changes
    machine.uninstall()
    assert machine.file.read_bytes() == b'{"z": 1}'


@pytest.mark.parametrize("damage", [b"\xff", b"[]", b'{"files":[{"path":1}]}'])
def test_a_damaged_record_is_set_aside_and_said(machine: Machine, damage: bytes) -> None:
    machine.paths.data_dir.mkdir()
    record = machine.paths.data_dir / "install.json"
    record.write_bytes(damage)
    assert machine.chained() is None
    plan = machine.install()
    assert "damaged" in plan.notes[0]
    assert damage in {path.read_bytes() for path in machine.paths.data_dir.glob("install.json.*.bak")}
    assert machine.uninstall().changes


@pytest.mark.skipif(sys.platform == "win32", reason="links")
def test_a_linked_file_stays_a_link(machine: Machine) -> None:
    dotfiles = machine.root / "dotfiles.json"
    dotfiles.write_bytes(b'{"z":1}')
    machine.file.parent.mkdir()
    machine.file.symlink_to(dotfiles)
    machine.install()
    assert machine.file.is_symlink()
    assert "statusLine" in json.loads(dotfiles.read_bytes())
    machine.uninstall()
    assert machine.file.is_symlink()
    assert dotfiles.read_bytes() == b'{"z":1}'


def test_two_configurations_are_kept_apart(machine: Machine) -> None:
    first, second = machine.env, {**machine.env, "CLAUDE_CONFIG_DIR": str(machine.root / "second")}
    machine.write(b'{"statusLine": {"type": "command", "command": "one"}}')
    (machine.root / "second").mkdir()
    (machine.root / "second" / "settings.json").write_bytes(
        b'{"statusLine": {"type": "command", "command": "two"}}'
    )
    for env in (first, second):
        machine.env = env
        machine.install()
    assert machine.chained() == "two"
    machine.uninstall()
    machine.env = first
    assert machine.chained() == "one"
    machine.uninstall()
    assert b"one" in machine.file.read_bytes()
    assert not machine.paths.data_dir.exists()


# -- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{\n  "a": 1,\n  // mine\n}', "line 3: comments are not JSON; remove the comment and run it again"),
        (b'{\n  "a": 1,\n}', "line 2: a comma before }"),
        (b'{"a": 1', "line 1: the file ends before }"),
        (b'{\n"a": "\xff"}', "line 2: not UTF-8 text"),
        (b'{\n"a": 1,\n"a": 2}', 'line 3: the name "a" appears twice'),
        (b"[]", "line 1: the document is not an object"),
    ],
)
def test_broken_settings_are_refused_by_file_and_line(machine: Machine, data: bytes, said: str) -> None:
    machine.write(data)
    with pytest.raises(Refused) as caught:
        machine.install()
    assert str(caught.value).startswith(f"{machine.file} {said}")
    assert machine.tree() == {"claude/settings.json": data}
    if data != b"[]":
        with pytest.raises(Refused, match=r"settings\.json line"):
            machine.uninstall()


def test_a_change_in_between_is_noticed(machine: Machine) -> None:
    machine.write(b"{}")
    plan = plan_install(machine.paths, ["statusline"], machine.known, machine.env)
    machine.write(b'{"a":1}')
    with pytest.raises(Changed, match="nothing was written"):
        settings_json.apply(machine.paths, plan)
    assert machine.file.read_bytes() == b'{"a":1}'


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
@pytest.mark.parametrize("fails_at", ["install.json", "settings.json", "backup"])
def test_a_disk_that_refuses_leaves_all_as_it_was(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, number: int, fails_at: str
) -> None:
    machine.write(b'{"statusLine": {"type": "command", "command": "mine"}}')
    real = files.write_atomic

    def write(path: Path, data: bytes, mode: int = 0o600) -> None:
        if path.name == fails_at or (fails_at == "backup" and path.suffix == ".bak"):
            raise StoreError("write", path, OSError(number, os.strerror(number)))
        real(path, data, mode)

    with monkeypatch.context() as patched:
        patched.setattr(files, "write_atomic", write)
        with pytest.raises(StoreError):
            machine.install()
    assert machine.file.read_bytes() == b'{"statusLine": {"type": "command", "command": "mine"}}'
    assert machine.chained() is None
    assert not (machine.paths.data_dir / "install.json").exists()
    machine.install()
    assert machine.chained() == "mine"
    with monkeypatch.context() as patched:
        patched.setattr(files, "write_atomic", write)
        if fails_at == "settings.json":
            with pytest.raises(StoreError):
                machine.uninstall()
            assert machine.chained() == "mine"
    machine.uninstall()
    assert machine.file.read_bytes() == b'{"statusLine": {"type": "command", "command": "mine"}}'


KILLED = """
import os, sys
from pathlib import Path
from quota_tui.automation import settings_json
from quota_tui.automation.entries import StatusLineEntry
from quota_tui.store.paths import Paths
what, count, root, command = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
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
paths = Paths(root / "cache", root / "data", root / "config")
env = {"HOME": str(root), "CLAUDE_CONFIG_DIR": str(root / "claude")}
known = {"statusline": StatusLineEntry(command)}
plan = getattr(settings_json, "plan_" + what)(paths, ["statusline"], known, env)
for name in ("open", "fsync", "replace", "unlink", "rmdir", "mkdir"):
    counted(name)
settings_json.apply(paths, plan)
"""


@pytest.mark.parametrize("original", [None, b'{"statusLine": {"type": "command", "command": "mine"}}'])
def test_killed_anywhere_nothing_is_lost(tmp_path: Path, original: bytes | None) -> None:
    """Install, then uninstall, killed before the nth call to the system, for every n."""
    for what in ("install", "uninstall"):
        for count in range(1, 100):
            machine = Machine(tmp_path / f"{what}{count}")
            machine.root.mkdir()
            if original is not None:
                machine.write(original)
            if what == "uninstall":
                machine.install()
            arguments = [what, str(count), str(machine.root), COMMAND]
            done = subprocess.run(
                [sys.executable, "-c", KILLED, *arguments], capture_output=True, check=False
            )
            assert done.returncode in (0, 9), done.stderr
            data = files.read_if_there(machine.file)
            if data is not None and data != original:
                assert is_own_command(json.loads(data)["statusLine"]["command"], "statusline")
                if original is not None:
                    assert machine.chained() == "mine", "installed, but theirs forgotten"
            machine.install()
            assert machine.chained() == (None if original is None else "mine")
            machine.uninstall()
            assert files.read_if_there(machine.file) == original
            if machine.file.parent.exists():
                assert {path.name for path in machine.file.parent.iterdir()} <= {"settings.json"}
            if done.returncode == 0:
                break
        else:
            pytest.fail("never came to its end")
        assert count > 10


INSTALLER = """
import sys
from pathlib import Path
from quota_tui.automation import settings_json
from quota_tui.automation.entries import StatusLineEntry
from quota_tui.store.paths import Paths
root, command = Path(sys.argv[1]), sys.argv[2]
paths = Paths(root / "cache", root / "data", root / "config")
env = {"HOME": str(root), "CLAUDE_CONFIG_DIR": str(root / "claude")}
known = {"statusline": StatusLineEntry(command)}
print("ready", flush=True)
sys.stdin.readline()
plan = settings_json.plan_install(paths, ["statusline"], known, env)
try:
    if plan.changes:
        settings_json.apply(paths, plan)
    print("applied" if plan.changes else "nothing to do")
except settings_json.Changed:
    print("changed")
"""


def test_two_installs_at_once_make_one(machine: Machine) -> None:
    original = b'{"statusLine": {"type": "command", "command": "mine"}}'
    for _ in range(4):
        machine.write(original)
        command = [sys.executable, "-c", INSTALLER, str(machine.root), COMMAND]
        both = [subprocess.Popen(command, stdin=-1, stdout=-1, text=True) for _ in "ab"]
        for one in both:
            assert one.stdout
            assert one.stdout.readline() == "ready\n"
        for one in both:
            assert one.stdin
            one.stdin.write("go\n")
            one.stdin.flush()
        said = sorted(one.communicate()[0].strip() for one in both)
        assert said in (["applied", "changed"], ["applied", "nothing to do"])
        assert machine.chained() == "mine"
        machine.uninstall()
        assert machine.tree() == {"claude/settings.json": original}


# -- several entries in one file -------------------------------------------------------------------


class HookEntry(msgspec.Struct, frozen=True):
    """An item in a list that other tools share, as hooks are."""

    event: str
    command: str

    @property
    def name(self) -> str:
        return f"hook {self.event}"

    def mine(self, text: str) -> int | None:
        groups = jsonedit.get(text, ("hooks", self.event))
        assert groups is None or isinstance(groups, list)
        marks = [is_own_command(group["hooks"][0]["command"], f"hook {self.event}") for group in groups or []]
        return marks.index(True) if True in marks else None

    def put(self, text: str, kept: EntryRecord | None) -> tuple[str, EntryRecord | None]:
        path = ("hooks", self.event)
        if self.mine(text) is not None:
            return text, kept or EntryRecord(self.name, path)
        made = next(
            (path[: depth + 1] for depth in range(2) if jsonedit.get_text(text, path[: depth + 1]) is None),
            (),
        )
        group = {"hooks": [{"type": "command", "command": self.command}]}
        return jsonedit.append(text, path, group), EntryRecord(self.name, made)

    def take(self, text: str, kept: EntryRecord | None) -> str:
        index = self.mine(text)
        if index is None:
            return text
        text = jsonedit.remove(text, ("hooks", self.event, index))
        for path in (("hooks", self.event), ("hooks",)):
            if kept and kept.path and len(path) >= len(kept.path) and not jsonedit.get(text, path):
                text = jsonedit.remove(text, path)
        return text


def hook(event: str) -> HookEntry:
    return HookEntry(event, own_command(f"hook {event}", "/opt/python/bin/python3", "linux"))


@pytest.mark.parametrize(
    "original",
    [*ORIGINALS, b'{\n  "hooks": {\n    "Stop": [\n      {"hooks": [{"command": "x"}]}\n    ]\n  }\n}'],
)
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_several_entries_in_and_out_in_any_order(
    machine: Machine, original: bytes, order: tuple[int, ...]
) -> None:
    machine.write(original)
    before = machine.tree()
    machine.known |= {entry.name: entry for entry in (hook("Stop"), hook("SessionStart"))}
    names = list(machine.known)
    for index in order:
        machine.install(names[index])
    value = machine.settings
    assert isinstance(value, dict)
    assert len(value["hooks"]["SessionStart"]) == 1
    for index in reversed(order[1:]):
        machine.uninstall(names[index])
    machine.uninstall(names[order[0]])
    assert machine.tree() == before
    machine.install(*names)
    machine.uninstall(*names)
    assert machine.tree() == before


STEPS = ["install statusline", "uninstall statusline", "install hook Stop", "uninstall hook Stop"]
STEPS += ["they edit", "they reformat", "they take the status line", "python moves"]


@settings(deadline=None, max_examples=60)
@given(
    steps=st.lists(st.sampled_from(STEPS), max_size=8),
    original=st.sampled_from(
        [b'{"model":"opus"}', b'{\n\t"statusLine": {"type": "command", "command": "mine"}\n}\n']
    ),
)
def test_any_sequence_of_ours_and_theirs_ends_with_theirs(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str], original: bytes
) -> None:
    machine = Machine(tmp_path_factory.mktemp("home"))
    machine.write(original)
    machine.known["hook Stop"] = hook("Stop")
    theirs = json.loads(original)
    for number, step in enumerate(steps):
        text = machine.file.read_text()
        if step == "they edit":
            theirs[f"k{number}"] = number
            machine.write(jsonedit.put(text, (f"k{number}",), number).encode())
        elif step == "they take the status line":
            theirs["statusLine"] = {"type": "command", "command": f"new{number}"}
            machine.write(jsonedit.put(text, ("statusLine",), theirs["statusLine"]).encode())
        elif step == "they reformat":
            machine.write(json.dumps(json.loads(text), indent=3).encode())
        elif step == "python moves":
            machine.known["statusline"] = StatusLineEntry(MOVED)
        else:
            verb, _, name = step.partition(" ")
            (machine.install if verb == "install" else machine.uninstall)(name)
    machine.uninstall(*machine.known)
    assert machine.settings == theirs
    if not any(step.startswith("they") for step in steps):
        assert machine.tree() == {"claude/settings.json": original}


# -- the command -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("executable", "platform", "command"),
    [
        ("/usr/bin/python3", "linux", "/usr/bin/python3 -P -m quota_tui statusline"),
        ("/opt/it's a/python", "darwin", "'/opt/it'\"'\"'s a/python' -P -m quota_tui statusline"),
        ("C:\\Python\\python.exe", "win32", "C:/Python/python.exe -P -m quota_tui statusline"),
        ("C:\\My Python\\python.exe", "win32", '"C:/My Python/python.exe" -P -m quota_tui statusline'),
    ],
)
def test_the_command_is_quoted_for_its_shell_and_known_again(
    executable: str, platform: str, command: str
) -> None:
    assert own_command("statusline", executable, platform) == command
    assert is_own_command(command, "statusline")
    assert not is_own_command(command, "hook")


@pytest.mark.skipif(sys.platform == "win32", reason="sh")
def test_a_shell_runs_the_program_it_names(tmp_path: Path) -> None:
    folder = tmp_path / 'it\'s $HOME `x` "y" é'
    folder.mkdir()
    program = folder / "python"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    program.chmod(0o755)
    done = subprocess.run(
        ["sh", "-c", own_command("statusline", str(program))], capture_output=True, text=True, check=True
    )
    assert done.stdout == "-P\n-m\nquota_tui\nstatusline\n"


def test_modules_in_the_projects_folder_are_not_run(tmp_path: Path) -> None:
    """Claude Code runs the command in the project's folder, which anyone may have written."""
    (tmp_path / "quota_tui").mkdir()
    (tmp_path / "quota_tui" / "__init__.py").write_text("raise SystemExit('hijacked')")
    (tmp_path / "msgspec.py").write_text("raise SystemExit('hijacked')")
    words = shlex.split(
        own_command("statusline", sys.executable, "linux").replace("-m quota_tui statusline", "")
    )
    code = "import msgspec, quota_tui.store.paths; print('ours')"
    done = subprocess.run([*words, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("ours\n", "")


@pytest.mark.parametrize(
    "command",
    [
        "python -m quota_tui status",
        "env X=1 python -m quota_tui statusline",
        "-P -m quota_tui statusline",
        "'unclosed -m quota_tui statusline",
        " -m quota_tui statusline",
        "/usr/bin/python3 -P -m quota_tui statusline --more",
        "/usr/bin/python3 -P -m quota_tui statusline; rm x",
    ],
)
def test_what_we_did_not_write_is_not_ours(command: str) -> None:
    assert not is_own_command(command, "statusline")


@pytest.mark.parametrize("executable", ["", "/opt/\udcff/python"])
def test_a_python_that_cannot_be_named(executable: str) -> None:
    with pytest.raises(entries.NoInterpreter):
        own_command("statusline", executable, "linux")


def test_this_python_is_named_by_default() -> None:
    known = entries.entries()
    assert list(known) == ["statusline", "hooks"]
    entry = known["statusline"]
    assert isinstance(entry, StatusLineEntry)
    assert Path(sys.executable).name in entry.command
