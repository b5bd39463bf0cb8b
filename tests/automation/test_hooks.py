from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quota_tui.automation import hooks, settings_json
from quota_tui.automation.entries import Entry, StatusLineEntry, own_command
from quota_tui.automation.hooks import ALL, HooksEntry
from quota_tui.automation.settings_json import Plan, Refused, plan_install, plan_uninstall
from quota_tui.store import jsonedit
from quota_tui.store.paths import Paths

PYTHON = "/opt/my python/bin/python3"
OURS = HooksEntry(PYTHON, "linux")
MOVED = HooksEntry("/usr/bin/python3", "linux")
THEIRS = {"type": "command", "command": "other-tool hook", "timeout": 60}


class Machine:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.paths = Paths(root / "cache", root / "data", root / "config")
        self.env = {"HOME": str(root), "CLAUDE_CONFIG_DIR": str(root / "claude")}
        self.file = root / "claude" / "settings.json"
        self.known: dict[str, Entry] = {"hooks": OURS}

    def write(self, data: bytes | str) -> None:
        self.file.parent.mkdir(exist_ok=True)
        self.file.write_bytes(data.encode() if isinstance(data, str) else data)

    def install(self) -> Plan:
        plan = plan_install(self.paths, list(self.known), self.known, self.env)
        settings_json.apply(self.paths, plan)
        return plan

    def uninstall(self) -> Plan:
        plan = plan_uninstall(self.paths, list(self.known), self.known, self.env)
        settings_json.apply(self.paths, plan)
        return plan

    @property
    def hooks(self) -> dict[str, list[dict[str, object]]]:
        found = json.loads(self.file.read_bytes())["hooks"]
        assert isinstance(found, dict)
        return found

    def tree(self) -> dict[str, bytes]:
        found = sorted(path for path in self.root.rglob("*") if path.is_file())
        return {str(path.relative_to(self.root)): path.read_bytes() for path in found}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def ours_in(found: dict[str, list[dict[str, object]]]) -> list[str]:
    commands = [
        hook["command"]
        for groups in found.values()
        for group in groups
        for hook in group["hooks"]  # type: ignore[attr-defined]
    ]
    return [command for command in commands if "quota_tui" in command]


def test_what_is_written(machine: Machine) -> None:
    machine.install()
    start = "'/opt/my python/bin/python3' -P -m quota_tui hook session-start"
    assert machine.hooks == {
        "SessionStart": [
            {"matcher": "startup|clear", "hooks": [{"type": "command", "command": start, "timeout": 5}]}
        ],
        "StopFailure": [
            {"hooks": [{"type": "command", "command": start[:-13] + "stop-failure", "timeout": 5}]}
        ],
        "SessionEnd": [
            {"hooks": [{"type": "command", "command": start[:-13] + "session-end", "timeout": 5}]}
        ],
    }
    machine.uninstall()
    assert list(machine.root.iterdir()) == []


ORIGINALS = [
    b"{}",
    b'{\n  "model": "opus"\n}\n',
    b'{"hooks": {}}',
    b'{"hooks": { "SessionStart": [ ] }, "z": 1}',
    b'{\n  "hooks": {\n    "Stop": [\n      {"hooks": [{"type": "command", "command": "x"}]}\n    ]\n  }\n}',
    json.dumps({"hooks": {"SessionStart": [{"matcher": "startup", "hooks": [THEIRS]}]}}, indent=4).encode(),
    json.dumps({"hooks": {hook.event: [{"hooks": [THEIRS]}] for hook in ALL}}).encode(),
    b'{"hooks": {"SessionEnd": [7, "x", {"hooks": "odd"}, {"hooks": [null, {"command": 3}]}]}}',
]


@pytest.mark.parametrize("original", ORIGINALS)
def test_in_and_out_to_the_byte_beside_others(machine: Machine, original: bytes) -> None:
    machine.write(original)
    before = machine.tree()
    assert machine.install().changes
    assert (
        len(
            ours_in(
                {
                    event: machine.hooks[event]
                    for event in machine.hooks
                    if "odd" not in str(machine.hooks[event])
                }
            )
        )
        >= 2
    )
    old = json.loads(original).get("hooks", {})
    for event, groups in old.items():
        assert machine.hooks[event][: len(groups)] == groups, "theirs first, as they were"
    assert not plan_install(machine.paths, ["hooks"], machine.known, machine.env).changes
    machine.uninstall()
    assert machine.tree() == before


@pytest.mark.parametrize("original", ORIGINALS)
def test_taken_out_of_a_file_that_was_edited_since(machine: Machine, original: bytes) -> None:
    machine.write(original)
    machine.install()
    machine.write(jsonedit.put(machine.file.read_text(), ("edited",), {"hooks": True}))
    machine.uninstall()
    after = json.loads(machine.file.read_bytes())
    assert after.pop("edited") == {"hooks": True}
    expected = json.loads(original)
    if expected.get("hooks", {}).get("SessionStart") == []:
        del expected["hooks"]["SessionStart"]  # an empty list says nothing
    assert after == expected


def test_moved_into_another_group_it_is_still_ours(machine: Machine) -> None:
    machine.write(b'{"hooks": {"SessionEnd": [{"hooks": [{"type": "command", "command": "theirs"}]}]}}')
    machine.install()
    whole = json.loads(machine.file.read_bytes())
    (ours,) = whole["hooks"]["SessionEnd"].pop(1)["hooks"]
    whole["hooks"]["SessionEnd"][0]["hooks"].insert(0, {**ours, "timeout": 99})
    machine.write(json.dumps(whole))
    assert not plan_install(machine.paths, ["hooks"], machine.known, machine.env).changes
    machine.known = {"hooks": MOVED}
    machine.install()
    (group,) = machine.hooks["SessionEnd"]
    assert [hook["command"] for hook in group["hooks"]] == [  # type: ignore[attr-defined]
        "/usr/bin/python3 -P -m quota_tui hook session-end",
        "theirs",
    ]
    assert group["hooks"][0]["timeout"] == 99  # type: ignore[index]
    machine.uninstall()
    assert json.loads(machine.file.read_bytes())["hooks"] == {
        "SessionEnd": [{"hooks": [{"type": "command", "command": "theirs"}]}]
    }


def test_doubled_by_a_merge_it_is_made_one(machine: Machine) -> None:
    machine.install()
    whole = json.loads(machine.file.read_bytes())
    for groups in whole["hooks"].values():
        groups.extend(list(groups))
    machine.write(json.dumps(whole, indent=2))
    machine.install()
    assert [len(groups) for groups in machine.hooks.values()] == [1, 1, 1]
    machine.uninstall()
    assert not machine.file.exists()


def test_one_that_was_removed_comes_back_alone(machine: Machine) -> None:
    machine.install()
    machine.write(jsonedit.remove(machine.file.read_text(), ("hooks", "StopFailure")))
    machine.install()
    assert len(ours_in(machine.hooks)) == 3


def test_a_persons_own_call_of_ours_is_left_alone(machine: Machine) -> None:
    def wrapped(argument: str) -> list[object]:
        return [{"hooks": [{"type": "command", "command": f"nice quota-tui hook {argument} | tee log"}]}]

    machine.write(json.dumps({"hooks": {hook.event: wrapped(hook.argument) for hook in ALL}}))
    plan = plan_install(machine.paths, ["hooks"], machine.known, machine.env)
    assert not plan.changes
    assert plan.notes == ("your own hooks setting runs quota-tui already; it stays as it is",)
    machine.write(json.dumps({"hooks": {"SessionEnd": wrapped("session-end")}}))
    machine.install()
    assert len(machine.hooks["SessionEnd"]) == 1
    machine.uninstall()
    assert machine.hooks == {"SessionEnd": wrapped("session-end")}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"hooks": []}', "hooks is not an object; repair it by hand"),
        (b'{"hooks": null}', "hooks is not an object"),
        (b'{"hooks": {"SessionStart": {}}}', "hooks.SessionStart is not a list; repair it by hand"),
    ],
)
def test_what_cannot_hold_hooks_is_refused(machine: Machine, data: bytes, said: str) -> None:
    machine.write(data)
    with pytest.raises(Refused, match=said):
        machine.install()
    assert machine.file.read_bytes() == data


def test_without_the_record_no_trace_is_left_either(machine: Machine) -> None:
    machine.write(b'{"z": 1}')
    machine.install()
    (machine.paths.data_dir / "install.json").unlink()
    machine.uninstall()
    assert machine.file.read_bytes() == b'{"z": 1}'


STEPS = [
    "install",
    "uninstall",
    "they edit",
    "they add a hook",
    "they reformat",
    "they drop one",
    "python moves",
]


@settings(deadline=None, max_examples=60)
@given(
    steps=st.lists(st.sampled_from(STEPS), max_size=8),
    original=st.sampled_from(
        [b'{"model":"opus"}', b'{"hooks": {"Stop": [{"hooks": [{"command": "x"}]}]}}', b"{}"]
    ),
)
def test_any_sequence_of_ours_and_theirs_ends_with_theirs(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str], original: bytes
) -> None:
    machine = Machine(tmp_path_factory.mktemp("home"))
    machine.known["statusline"] = StatusLineEntry(own_command("statusline", PYTHON, "linux"))
    machine.write(original)
    theirs = json.loads(original)
    for number, step in enumerate(steps):
        text = machine.file.read_text()
        if step == "they edit":
            theirs[f"k{number}"] = number
            machine.write(jsonedit.put(text, (f"k{number}",), number))
        elif step == "they add a hook":
            group = {"hooks": [{"type": "command", "command": f"their {number}"}]}
            theirs.setdefault("hooks", {}).setdefault("SessionStart", []).append(group)
            machine.write(jsonedit.append(text, ("hooks", "SessionStart"), group))
        elif step == "they reformat":
            machine.write(json.dumps(json.loads(text), indent=3))
        elif step == "they drop one":
            if ours_in(json.loads(text).get("hooks", {})):
                machine.write(jsonedit.remove(text, ("hooks", "SessionEnd")))
        elif step == "python moves":
            machine.known["hooks"] = MOVED
        else:
            getattr(machine, step)()
    machine.uninstall()
    assert json.loads(machine.file.read_bytes()) == theirs
    if not any(step.startswith("they") for step in steps):
        assert machine.tree() == {"claude/settings.json": original}


@pytest.mark.skipif(sys.platform == "win32", reason="sh")
def test_a_shell_runs_what_is_written(machine: Machine, tmp_path: Path) -> None:
    folder = tmp_path / "it's $HOME `x`"
    folder.mkdir()
    program = folder / "python"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    program.chmod(0o755)
    machine.known = {"hooks": hooks.HooksEntry(str(program), "linux")}
    machine.install()
    command = machine.hooks["SessionEnd"][0]["hooks"][0]["command"]  # type: ignore[index]
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["-P", "-m", "quota_tui", "hook", "session-end"]
