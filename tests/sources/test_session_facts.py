"""What a session did, from the real client's lines and from damaged ones."""

from __future__ import annotations

import json
import os
import shutil
import sys
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.facts import Ran, SessionFacts, TestRun, Todo, Touched
from quota_tui.sources.session_facts import read_session
from quota_tui.sources.session_lines import lines
from tests.lines import stamp, write_transcript

SAMPLE = Path(__file__).parent.parent / "data" / "session-tools-2.1.329.jsonl"
START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CWD = "/home/dev/api"


class Script:
    """Lines of a session, a minute apart."""

    def __init__(self, session: str = "s1") -> None:
        self.lines: list[str] = []
        self._ids = count(1)
        self._session = session

    def at(self, minute: int) -> datetime:
        return START + timedelta(minutes=minute)

    def line(self, kind: str, content: object, **more: Any) -> None:
        base = {
            "isSidechain": False,
            "type": kind,
            "cwd": CWD,
            "sessionId": self._session,
            "gitBranch": "main",
        }
        stamped = {"timestamp": stamp(self.at(len(self.lines)))}
        self.lines.append(json.dumps({**base, **stamped, "message": {"content": content}, **more}))

    def call(
        self, name: str, result: str = "ok", *, error: bool = False, told: object = None, **given: object
    ) -> None:
        side = given.pop("side", False)
        tool = f"toolu_{next(self._ids)}"
        self.line(
            "assistant", [{"type": "tool_use", "id": tool, "name": name, "input": given}], isSidechain=side
        )
        answer = {"type": "tool_result", "tool_use_id": tool, "content": result, "is_error": error}
        self.line("user", [answer], isSidechain=side, **({"toolUseResult": told} if told is not None else {}))

    def read(self, home: Path) -> SessionFacts:
        return read_session(str(write_transcript(home, self.lines)))


def test_a_session_of_the_real_client() -> None:
    facts = read_session(str(SAMPLE))
    assert (facts.session_id, facts.project, facts.branch) == (
        "cccccccc-1111-4111-8111-111111111111",
        "/home/dev/api",
        "master",
    )
    assert facts.started_at == datetime(2026, 11, 20, 19, 2, 47, 42000, tzinfo=UTC)
    assert facts.last_at == datetime(2026, 11, 20, 19, 2, 50, 563000, tzinfo=UTC)
    assert [(file.path, file.edits, file.reads, file.exists) for file in facts.files] == [
        ("/home/dev/api/src/auth.py", 2, 1, False),
        ("/home/dev/api/test_auth.py", 1, 0, False),
    ]
    assert [ran.command for ran in facts.commands] == ["false", "python -m pytest -q test_auth.py"]
    # TodoWrite was refused in that session: the tasks are the list.
    assert facts.todos == (Todo("Add JWT endpoints", "completed"), Todo("Refresh tokens", "in_progress"))
    assert facts.tests == TestRun(
        "1 passed in 0.57s",
        passed=True,
        command="python -m pytest -q test_auth.py",
        at=datetime(2026, 11, 20, 19, 2, 49, 611000, tzinfo=UTC),
    )
    assert facts.lines_skipped == 0


def test_files_count_when_the_call_worked(home: Path) -> None:
    (home / "a.py").write_text("")
    script = Script()
    script.call("Edit", file_path=str(home / "a.py"), old_string="x", new_string="y")
    script.call("MultiEdit", file_path=str(home / "a.py"), edits=[{}])
    script.call("Edit", "String to replace not found", error=True, file_path="/home/dev/api/b.py")
    script.call("Read", file_path="/home/dev/api/c.py")
    script.call("Read", file_path="/home/dev/api/c.py")
    script.call("NotebookEdit", notebook_path="/home/dev/api/n.ipynb", new_source="1")
    script.call("Write", file_path="d.py", content="1")
    script.call("Grep", pattern="x")
    assert script.read(home).files == (
        Touched(str(home / "a.py"), 2, 0, script.at(3), exists=True),
        Touched(os.path.join(CWD, "d.py"), 1, 0, script.at(13), exists=False),
        Touched("/home/dev/api/n.ipynb", 1, 0, script.at(11), exists=False),
        Touched("/home/dev/api/c.py", 0, 2, None, exists=False),
    )


def test_commands_the_latest_first_and_refused_ones_not(home: Path) -> None:
    script = Script()
    script.call("Bash", command="npm ci")
    script.call("Bash", command="make")
    script.call("Bash", "Exit code 2\nno rule", error=True, command="make all")
    script.call(
        "Bash", "The user doesn't want to proceed with this tool use.", error=True, command="rm -rf /"
    )
    script.call("Bash", "Permission to use Bash has been denied.", error=True, command="sudo x")
    script.call("Bash", "<tool_use_error>Error: No such tool", error=True, command="y")
    script.call("Bash", command="npm ci")
    script.call("Bash", command="x" * 5000)
    script.call("Bash", command="  ")
    script.line(
        "assistant", [{"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "never answered"}}]
    )
    assert script.read(home).commands == (
        Ran("npm ci", 2, script.at(13)),
        Ran("make all", 1, script.at(5)),
        Ran("make", 1, script.at(3)),
    )


def test_the_last_test_run_counts_also_when_it_failed(home: Path) -> None:
    script = Script()
    script.call("Bash", "1 passed in 0.1s", command="pytest")
    script.call("Bash", "Exit code 1\nF.\n1 failed, 1 passed in 0.2s", error=True, command="pytest -x")
    script.call("Bash", "9 passed in 9s", command="cat old.log")
    script.call("Bash", "no summary", command="pytest --co")
    facts = script.read(home)
    assert facts.tests == TestRun(
        "1 failed, 1 passed in 0.2s", passed=False, command="pytest -x", at=script.at(3)
    )


def test_long_results_come_in_blocks(home: Path) -> None:
    script = Script()
    script.line(
        "assistant", [{"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "go test ./..."}}]
    )
    parts = [
        {"type": "text", "text": "ok \ta\t1s"},
        {"type": "image"},
        {"type": "text", "text": "FAIL\tb\t1s"},
    ]
    script.line("user", [{"type": "tool_result", "tool_use_id": "t", "content": parts}])
    found = script.read(home).tests
    assert found is not None
    assert found.summary == "1 package ok, 1 failed"


def todos(*entries: tuple[str, str]) -> list[dict[str, str]]:
    return [{"content": text, "status": status, "activeForm": text} for text, status in entries]


def test_the_last_todo_list_counts(home: Path) -> None:
    script = Script()
    script.call("TodoWrite", todos=todos(("a", "pending"), ("b", "pending")))
    script.call("TodoWrite", todos=todos(("a", "completed"), ("b", "in_progress")))
    script.call("TodoWrite", todos=todos(("side", "pending")), side=True)
    script.call("TodoWrite", "<tool_use_error>x", error=True, todos=[])
    assert script.read(home).todos == (Todo("a", "completed"), Todo("b", "in_progress"))


def test_tasks_change_one_by_one(home: Path) -> None:
    script = Script()
    script.call("TaskCreate", "Task #1 created successfully: a", subject="a", description="d")
    script.call("TaskCreate", told={"task": {"id": "2", "subject": "b"}}, subject="b", description="d")
    script.call("TaskCreate", "Task #3 created successfully: c", subject="c", description="d")
    script.call("TaskUpdate", taskId="1", status="completed")
    script.call("TaskUpdate", taskId="2", subject="b, reworded")
    script.call("TaskUpdate", taskId="3", status="deleted")
    script.call("TaskUpdate", taskId="99", status="completed")
    assert script.read(home).todos == (Todo("a", "completed"), Todo("b, reworded", "pending"))
    listed = [
        {"id": "7", "subject": "z", "status": "pending"},
        {"id": "8"},
        {"id": "9", "subject": "y", "status": "completed"},
    ]
    script.call("TaskList", told={"tasks": listed})
    script.call("TaskUpdate", taskId="7", status="in_progress")
    assert script.read(home).todos == (Todo("z", "in_progress"), Todo("y", "completed"))


def test_a_fork_begins_after_what_it_copied(home: Path) -> None:
    script = Script("fork")
    script.line("user", "hello")
    script.line("assistant", [{"type": "text", "text": "x"}], requestSessionId="origin")
    script.line("user", "more")
    script.line("assistant", [{"type": "text", "text": "y"}], requestSessionId="fork")
    facts = script.read(home)
    assert (facts.started_at, facts.last_at) == (script.at(2), script.at(3))


def test_subagents_work_for_the_session(home: Path) -> None:
    script, agent = Script(), Script()
    script.call("Bash", "1 passed in 0.1s", command="pytest")
    script.line("custom-title", None, customTitle="auth work")
    agent.line("user", "go")
    agent.line("user", "go on")
    agent.call("Edit", file_path="/home/dev/api/a.py")
    agent.call("Bash", "2 passed in 0.1s", command="pytest tests")
    agent.call("TodoWrite", todos=todos(("agent's own", "pending")))
    path = write_transcript(home, script.lines)
    write_transcript(home, agent.lines, "-home-dev-api/s1/subagents/agent-a1.jsonl")
    facts = read_session(str(path))
    assert facts.files[0].path == "/home/dev/api/a.py"
    assert facts.tests is not None
    assert facts.tests.summary == "2 passed in 0.1s"
    assert (facts.todos, facts.title, facts.last_at) == ((), "auth work", script.at(2))


def test_damage_costs_only_the_damaged_line(home: Path) -> None:
    script = Script()
    script.call("Edit", file_path="/home/dev/api/a.py")
    script.lines.insert(1, '{"type":"user","message":')
    script.lines.insert(1, '{"type":"assistant","timestamp":"yesterday"}')
    script.lines.insert(1, '{"type":"assistant","message":{"content":[{"type":"tool_use","id":5}]}}')
    script.lines += [
        "",
        "null",
        "[]",
        '{"type":"user"}',
        '{"type":"assistant","message":{"content":"tool_use"}}',
    ]
    script.line(
        "assistant", [{"type": "tool_use", "id": "b", "name": "Bash", "input": {"command": ["not", "text"]}}]
    )
    script.line("user", [{"type": "tool_result", "tool_use_id": "b", "content": "x"}])
    facts = script.read(home)
    assert [file.path for file in facts.files] == ["/home/dev/api/a.py"]
    assert facts.lines_skipped == 3
    assert facts.commands == ()


def test_a_line_still_being_written_waits(home: Path) -> None:
    script = Script()
    script.call("Edit", file_path="/home/dev/api/a.py")
    path = write_transcript(home, script.lines, newline="")
    assert len(read_session(str(path)).files) == 1, "whole, though its newline is missing"
    with path.open("a") as file:
        file.write('\n{"type":"assistant","message":{"con')
    facts = read_session(str(path))
    assert (len(facts.files), facts.lines_skipped) == (1, 0)


def test_memory_is_bounded_by_passing_over_endless_lines(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quota_tui.sources.session_lines.MAX_LINE", 1 << 20)
    script = Script()
    script.call("Edit", file_path="/home/dev/api/a.py")
    script.lines.append('{"type":"user","x":"' + "y" * (3 << 20) + '"}')
    script.call("Edit", file_path="/home/dev/api/b.py")
    assert [file.path for file in script.read(home).files] == ["/home/dev/api/a.py", "/home/dev/api/b.py"]


def test_other_types_are_not_decoded(home: Path) -> None:
    script = Script()
    script.line("user", "hello")
    script.lines.append('{"type":"api-request","body":{"type":"user" this is not JSON')
    path = write_transcript(home, script.lines)
    assert len(list(lines(str(path)))) == 1


def test_times_without_a_zone_are_utc(home: Path) -> None:
    script = Script()
    script.line("user", "a", timestamp="2026-11-20T11:00:00")
    script.line("user", "b")
    facts = script.read(home)
    assert facts.started_at == datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
    assert facts.last_at == script.at(1)


def test_no_transcript_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_session(str(tmp_path / "none.jsonl"))
    (tmp_path / "empty.jsonl").write_bytes(b"")
    assert read_session(str(tmp_path / "empty.jsonl")) == SessionFacts()


@given(data=st.data())
def test_any_damage_to_real_lines_is_survived(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    raw = bytearray(SAMPLE.read_bytes())
    for _ in range(data.draw(st.integers(1, 20))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.jsonl"
    path.write_bytes(bytes(raw[: data.draw(st.integers(0, len(raw)))]))
    facts = read_session(str(path))
    assert facts.lines_skipped <= 60
    assert all(isinstance(todo.text, str) for todo in facts.todos)


def test_many_files_and_commands_stay_within_bounds(home: Path) -> None:
    script = Script()
    for number in range(700):
        script.call("Bash", command=f"echo {number}")
    facts = script.read(home)
    assert len(facts.commands) == 500
    assert facts.commands[0].command == "echo 699"


@pytest.mark.skipif(sys.platform == "win32", reason="no such file names")
def test_brackets_in_the_path_find_the_subagents(home: Path) -> None:
    script, agent = Script(), Script()
    script.line("user", "go")
    agent.call("Edit", file_path="/home/dev/api/a.py")
    path = write_transcript(home, script.lines, "-home-[x]/s*1.jsonl")
    write_transcript(home, agent.lines, "-home-[x]/s*1/subagents/agent-a1.jsonl")
    assert len(read_session(str(path)).files) == 1
    shutil.rmtree(path.parent / "s*1")
    assert read_session(str(path)).files == ()
