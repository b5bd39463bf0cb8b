from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from quota_tui.automation import settings_json
from quota_tui.automation.installed import chained_command
from quota_tui.cli.install import install, uninstall
from quota_tui.store.paths import our_paths

posix = pytest.mark.skipif(sys.platform == "win32", reason="a posix terminal")


@pytest.fixture
def settings(home: Path) -> Path:
    (home / ".claude").mkdir()
    return home / ".claude" / "settings.json"


def run(*arguments: str) -> Result:
    group = install if arguments[0] == "install" else uninstall
    return CliRunner().invoke(group, arguments[1:])


def command_in(file: Path) -> str:
    return str(json.loads(file.read_bytes())["statusLine"]["command"])


@pytest.mark.parametrize("what", ["statusline", "all"])
def test_installed_shown_backed_up_and_undone(settings: Path, what: str) -> None:
    original = b'{\r\n\t"model": "opus",\r\n\t"statusLine": {"type": "command", "command": "mine.sh"}\r\n}'
    settings.write_bytes(original)
    done = run("install", what, "--yes")
    assert done.exit_code == 0
    assert f"--- {settings}\n+++ {settings}\n" in done.stdout
    assert '-\t"statusLine": {"type": "command", "command": "mine.sh"}' in done.stdout
    assert "Your own status line stays" in done.stdout
    assert f"Undo it with: quota-tui uninstall {what}" in done.stdout
    backup = Path(done.stdout.partition("Backup: ")[2].splitlines()[0])
    assert backup.read_bytes() == original
    assert command_in(settings).endswith("-m quota_tui statusline")
    assert chained_command(our_paths()) == "mine.sh"

    places = [settings] if what == "statusline" else [settings, settings.parent / "commands"]
    again = run("install", what, "--yes")
    assert again.exit_code == 0
    assert again.stdout == "".join(
        f"Already installed in {place}; nothing was changed.\n" for place in places
    )

    undone = run("uninstall", what, "--yes")
    assert undone.exit_code == 0
    assert undone.stdout.endswith("Uninstalled.\n")
    assert settings.read_bytes() == original
    assert sorted(path.name for path in settings.parent.iterdir()) == ["settings.json"]
    assert run("uninstall", what, "--yes").stdout == "".join(
        f"Not installed in {place}; nothing was changed.\n" for place in places
    )


@pytest.mark.parametrize("verb", ["install", "uninstall"])
def test_with_nobody_to_ask_it_only_shows(settings: Path, verb: str) -> None:
    settings.write_bytes(b'{"model": "opus"}')
    if verb == "uninstall":
        assert run("install", "statusline", "--yes").exit_code == 0
    before = settings.read_bytes()
    done = run(verb, "statusline")
    assert done.exit_code == 1
    assert "@@" in done.stdout
    assert "nothing was changed: nobody here to ask; run it again with --yes" in done.stderr
    assert settings.read_bytes() == before


def test_all_is_one_plan_and_leaves_no_trace(home: Path) -> None:
    done = run("install", "all", "--yes")
    assert done.exit_code == 0, done.output
    config = home / ".claude"
    assert sorted(str(path.relative_to(config)) for path in config.rglob("*.*")) == [
        "commands/automation-status.md",
        "commands/cancel-next-session.md",
        "commands/estimate-session.md",
        "commands/plan-next-session.md",
        "commands/session-status.md",
        "settings.json",
    ]
    assert set(json.loads((config / "settings.json").read_bytes())) == {"statusLine", "hooks"}
    assert done.stdout.count("--- no file\n") == 6
    assert done.stdout.count("Undo it with: quota-tui uninstall all") == 1
    for folder in ("session-handoffs", "project-memory"):
        (config / folder).mkdir()  # as our hooks make them, and all that was in them was deleted
    assert run("uninstall", "all", "--yes").stdout.endswith("Uninstalled.\n")
    assert [path for path in home.rglob("*") if path.name not in {".local", "share"}] == []


def test_what_a_person_wrote_with_us_stays(home: Path) -> None:
    run("install", "all", "--yes")
    handoff = home / ".claude" / "session-handoffs" / "handoff-1.md"
    handoff.parent.mkdir()
    handoff.write_bytes(b"# plan")
    run("uninstall", "all", "--yes")
    assert [path for path in (home / ".claude").rglob("*") if path.is_file()] == [handoff]


@pytest.mark.parametrize("what", ["statusline", "hooks", "commands"])
def test_each_part_alone(settings: Path, what: str) -> None:
    settings.write_bytes(b'{"hooks": {"SessionEnd": [{"hooks": [{"type": "command", "command": "x"}]}]}}')
    before = settings.read_bytes()
    run("install", "all", "--yes")
    done = run("uninstall", what, "--yes")
    assert (done.exit_code, done.stdout.endswith("Uninstalled.\n")) == (0, True)
    value = json.loads(settings.read_bytes())
    present = {
        "statusline": "statusLine" in value,
        "hooks": "SessionStart" in value["hooks"],
        "commands": (settings.parent / "commands").exists(),
    }
    assert present == {"statusline": True, "hooks": True, "commands": True} | {what: False}
    again = run("install", what, "--yes")
    assert f"Undo it with: quota-tui uninstall {what}" in again.stdout
    run("uninstall", "all", "--yes")
    assert settings.read_bytes() == before


def test_a_command_file_of_their_own_is_said_and_stays(settings: Path) -> None:
    own = settings.parent / "commands" / "session-status.md"
    own.parent.mkdir()
    own.write_bytes(b"mine")
    done = run("install", "commands", "--yes")
    assert done.exit_code == 0
    assert f"Note: {own} is your own file; it stays, and our /session-status is not installed" in done.stdout
    run("uninstall", "all", "--yes")
    assert [path for path in settings.parent.rglob("*") if path.is_file()] == [own]


def test_where_no_slash_command_can_be_written_the_rest_is_installed(
    settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/opt/python (old)/bin/python")
    done = run("install", "all", "--yes")
    assert done.exit_code == 0
    assert "Note: slash commands cannot be installed: no slash command can hold the '('" in done.stdout
    assert "'/opt/python (old)/bin/python'" in command_in(settings)
    assert "Already installed" not in done.stdout
    assert not (settings.parent / "commands").exists()
    alone = run("install", "commands", "--yes")
    assert alone.exit_code == 3
    assert alone.stderr.endswith("; nothing was changed\n")


def test_one_part_that_cannot_be_done_is_found_before_any_is(settings: Path) -> None:
    settings.write_bytes(b"{broken")
    done = run("install", "all", "--yes")
    assert done.exit_code == 3
    assert done.stdout == ""
    assert [path.name for path in settings.parent.iterdir()] == ["settings.json"]


def test_nobody_to_ask_changes_no_part(settings: Path) -> None:
    done = run("install", "all")
    assert done.exit_code == 1
    assert done.stdout.count("--- no file\n") == 6
    assert list(settings.parent.iterdir()) == []


def test_of_two_parts_the_one_that_is_done_is_not_told_again(
    settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from quota_tui.automation import command_files

    real = command_files.apply_commands
    tries: list[int] = []

    def changed_once(*arguments: object) -> object:
        tries.append(1)
        if len(tries) == 1:
            raise settings_json.Changed("x.md was changed by someone else just now; it was not written")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(command_files, "apply_commands", changed_once)
    done = run("install", "all", "--yes")
    assert done.exit_code == 0
    assert "Already installed" not in done.stdout
    assert done.stdout.count("+++ ") == 6 + 5
    assert done.stdout.endswith("Installed. Undo it with: quota-tui uninstall all\n")


ASK = "from quota_tui.cli.install import install; install(['statusline'])"


@posix
@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1), ("", 1)])
def test_a_person_is_asked(settings: Path, answer: str, code: int) -> None:
    import pty

    settings.write_bytes(b'{"model": "opus"}')
    ours, theirs = pty.openpty()
    try:
        asked = subprocess.Popen([sys.executable, "-c", ASK], stdin=theirs, stdout=-1, stderr=-1, text=True)
        os.write(ours, f"{answer}\n".encode())
        said, errors = asked.communicate()
    finally:
        os.close(ours)
        os.close(theirs)
    assert asked.returncode == code
    assert f"Write {settings}? [y/N]" in said + errors
    assert ("statusLine" in json.loads(settings.read_bytes())) is (code == 0)
    assert ("nothing was changed" in errors) is (code == 1)


@pytest.mark.parametrize("verb", ["install", "uninstall"])
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{\n  // mine\n  "a": 1\n}', "line 2: comments are not JSON; remove the comment"),
        (b'{"a": 1,}', "line 1: a comma before }; remove it"),
        (b"\xff\xfe{\x00}\x00", "line 1: not UTF-8 text"),
    ],
)
def test_broken_settings_are_a_data_problem(settings: Path, verb: str, data: bytes, said: str) -> None:
    settings.write_bytes(data)
    done = run(verb, "statusline", "--yes")
    assert done.exit_code == 3
    assert done.stdout == ""
    assert done.stderr.startswith(f"quota-tui: {settings} {said}")
    assert done.stderr.endswith("; nothing was changed\n")
    assert done.stderr.count("\n") == 1
    assert settings.read_bytes() == data


def test_a_settings_file_that_cannot_be_read_is_a_data_problem(settings: Path) -> None:
    settings.mkdir()
    done = run("install", "statusline", "--yes")
    assert done.exit_code == 3
    assert f"cannot read {settings}: it is a folder" in done.stderr


def test_a_read_only_home(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    settings.write_bytes(b"{}")
    with monkeypatch.context() as patched:
        patched.setattr(os, "mkdir", read_only)
        done = run("install", "statusline", "--yes")
    assert done.exit_code == 3
    assert "the file system is read-only" in done.stderr
    assert settings.read_bytes() == b"{}"


def test_another_writer_at_the_same_moment(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.write_bytes(b"{}")
    real = settings_json.apply
    edits = iter([b'{"a": 1}', b'{"a": 2}'])

    def meanwhile(*arguments: object) -> object:
        edit = next(edits, None)
        if edit:
            settings.write_bytes(edit)
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(settings_json, "apply", meanwhile)
    done = run("install", "statusline", "--yes")
    assert done.exit_code == 0
    written = json.loads(settings.read_bytes())
    assert (written["a"], set(written)) == (2, {"a", "statusLine"})


def test_a_writer_that_never_rests_is_given_up_on(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.write_bytes(b"{}")
    tries: list[int] = []

    def always_changed(*_: object) -> object:
        tries.append(1)
        raise settings_json.Changed("it was changed by someone else just now; nothing was written")

    monkeypatch.setattr(settings_json, "apply", always_changed)
    done = run("install", "statusline", "--yes")
    assert (done.exit_code, len(tries)) == (1, 5)
    assert done.stderr.count("nothing was written; run it again") == 1


def test_the_folder_in_force_is_the_one_changed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(home / "work profile"))
    assert run("install", "statusline", "--yes").exit_code == 0
    assert command_in(home / "work profile" / "settings.json")
    assert not (home / ".claude").exists()
    assert run("uninstall", "all", "--yes").exit_code == 0
    assert not (home / "work profile").exists()


def test_importing_it_is_cheap() -> None:
    code = "import sys, quota_tui.cli.install; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {
        "textual",
        "rich",
        "difflib",
        "hashlib",
        "quota_tui.automation.settings_json",
    }


def test_uninstalling_everything_calls_off_what_is_arranged(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "bin").mkdir()
    client = home / "bin" / "claude"
    client.write_text("#!/bin/sh\n")
    client.chmod(0o755)
    monkeypatch.setenv("PATH", f"{client.parent}:{os.environ['PATH']}")
    project = home / "api"
    project.mkdir()
    run = [sys.executable, "-P", "-m", "quota_tui"]
    told = {"title": "t", "objectives": [{"text": "o"}], "start": "manual", "instructions": "i"}
    subprocess.run(
        [*run, "plan", "--project", str(project), "--from", "-"], input=json.dumps(told).encode(), check=True
    )
    arrange = [*run, "automation", "schedule", "--at", "+2h", "--scheduler", "dashboard", "--yes"]
    subprocess.run([*arrange, "--project", str(project)], check=True)
    waiting = list((home / ".local" / "share" / "quota-tui").rglob("dashboard-wakes/*.json"))
    assert len(waiting) == 1
    done = subprocess.run(
        [*run, "uninstall", "all"], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    assert done.returncode == 1
    assert "nobody here to ask" in done.stderr
    done = subprocess.run([*run, "uninstall", "all", "--yes"], capture_output=True, text=True, check=True)
    assert "is called off" in done.stdout
    assert not waiting[0].exists()
    again = subprocess.run([*run, "automation", "status"], capture_output=True, text=True, check=True)
    assert "CANCELLED" in again.stdout
