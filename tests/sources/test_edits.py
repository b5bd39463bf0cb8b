"""Edits in transcripts: what went through, read as it is appended."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from quota_tui.core.velocity import velocity
from quota_tui.sources import edits
from quota_tui.sources.edits import EditReader
from quota_tui.sources.project_edits import ProjectEdits, slug
from tests.lines import START, stamp


def call(name: str, tool_id: str, minutes: float = 0, cwd: str = "/p", **given: Any) -> str:
    block = {"type": "tool_use", "id": tool_id, "name": name, "input": given}
    return json.dumps(
        {
            "type": "assistant",
            "cwd": cwd,
            "timestamp": stamp(START + timedelta(minutes=minutes)),
            "message": {"content": [block]},
        }
    )


def result(
    tool_id: str, minutes: float = 0, cwd: str = "/p", patch: list[str] | None = None, **more: Any
) -> str:
    block = {"type": "tool_result", "tool_use_id": tool_id, "content": "ok", **more}
    whole: dict[str, Any] = {
        "type": "user",
        "cwd": cwd,
        "timestamp": stamp(START + timedelta(minutes=minutes)),
    }
    whole["message"] = {"content": [block]}
    if patch is not None:
        whole["toolUseResult"] = {"filePath": "x", "structuredPatch": [{"oldStart": 1, "lines": patch}]}
    return json.dumps(whole)


def reader(path: Path) -> EditReader:
    return EditReader(str(path), lambda folder: folder.startswith("/p"))


def found(path: Path) -> list[tuple[str, int, int]]:
    read = reader(path)
    read.read()
    return [(each.file.replace("\\", "/"), len(each.removed), len(each.added)) for each in read.changes]


def test_only_what_went_through_counts(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    lines = [
        call("Edit", "1", file_path="/p/a.py", old_string="same line\nold line", new_string="same line\nnew line\nmore here"),
        result("1"),
        call("Edit", "2", file_path="/p/a.py", old_string="xxxx", new_string="yyyy"),
        result("2", is_error=True),
        call("Write", "3", file_path="b.py", content="one line\n}\n\nfi\ntwo lines"),
        result("3"),
        call("MultiEdit", "4", file_path="/p/a.py", edits=[{"old_string": "abcd", "new_string": "efgh"}] * 2),
        result("4"),
        call("Edit", "5", file_path="/p/a.py", old_string="abc def", new_string="x"),
        result("5", patch=[" context", "-gone line", "+come line", "+other line", "+)"]),
        call("NotebookEdit", "6", notebook_path="/p/n.ipynb", new_source="cell text"),
        result("6"),
        call("Read", "7", file_path="/p/a.py"),
        result("7"),
        call("Edit", "8", cwd="/q", file_path="/q/a.py", old_string="abcd", new_string="efgh"),
        result("8", cwd="/q"),
        call("Edit", "9", file_path="/p/a.py", old_string="never", new_string="answered"),
    ]  # fmt: skip
    path.write_text("\n".join(lines) + "\n")
    assert found(path) == [
        ("/p/a.py", 1, 2),
        ("/p/b.py", 0, 2),
        ("/p/a.py", 2, 2),
        ("/p/a.py", 1, 2),
        ("/p/n.ipynb", 0, 1),
    ]


def test_odd_lines_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    odd = [
        '{"type":"user","message":{"content":"a \\"tool_result\\" in words"}}', '{"tool_use": broken "tool_result"', '["tool_use"]',
        '{"message":{"content":[{"type":"tool_use","id":"1","name":"Edit","input":5}]},"timestamp":"x"}',
        call("Edit", "1", file_path=["/p/a"], old_string=5), result("1"), result("77"),
        call("Edit", "2", file_path="", old_string="a"), result("2"),
        call("Edit", "3", file_path="/p/a", old_string="abcd", new_string="efgh"), result("3", patch=None) .replace('"user"', '"user","toolUseResult":"Error"'),
        "[" * 50_000 + '"tool_use"', "\x00" * 100,
    ]  # fmt: skip
    path.write_text("\n".join(odd) + "\n")
    assert found(path) == [("/p/a", 1, 1)]


def test_appended_bytes_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s.jsonl"
    one = call("Edit", "1", file_path="/p/a", old_string="abcd", new_string="efgh") + "\n"
    path.write_text(one + "{" + " " * 100_000 + "}\n")
    read = reader(path)
    read.read()
    assert read.changes == []
    sizes: list[int] = []
    real = os.read

    def counted(fd: int, size: int) -> bytes:
        data = real(fd, size)
        sizes.append(len(data))
        return data

    monkeypatch.setattr(edits.os, "read", counted)
    answer = result("1") + "\n"
    with path.open("a") as file:
        file.write(answer[:50])
    read.read()
    assert (read.changes, sum(sizes)) == ([], 50)
    with path.open("a") as file:
        file.write(answer[50:])
    read.read()
    assert len(read.changes) == 1
    assert sum(sizes) == 50 + len(answer)
    read.read()
    assert sum(sizes) == 50 + len(answer)


@pytest.mark.parametrize("new", ["", "shorter\n"])
def test_a_file_that_was_rewritten_is_read_anew(tmp_path: Path, new: str) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text(call("Write", "1", file_path="/p/a", content="text here") + "\n" + result("1") + "\n")
    read = reader(path)
    read.read()
    assert len(read.changes) == 1
    other = call("Write", "2", file_path="/p/b", content="text here") + "\n" + result("2") + "\n"
    path.write_text(new or other + "{}\n" * 200)
    read.read()
    assert [each.file.replace("\\", "/") for each in read.changes] == ([] if new else ["/p/b"])


def test_a_line_that_is_too_long_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edits, "MAX_LINE", 200_000)
    path = tmp_path / "s.jsonl"
    good = call("Write", "2", file_path="/p/b", content="text here") + "\n" + result("2") + "\n"
    path.write_text(call("Write", "1", file_path="/p/a", content="x" * 900_000) + "\n" + good)
    assert found(path) == [("/p/b", 0, 1)]


def test_the_changes_of_a_project_in_spans_of_time(tmp_path: Path) -> None:
    folder = tmp_path / slug("/p")
    files = {
        folder / "s1.jsonl": [(1, "/p"), (50, "/p")],
        folder / "s1" / "subagents" / "agent-1.jsonl": [(2, "/p/src")],
        tmp_path / slug("/p/src") / "s2.jsonl": [(3, "/p/src")],
        tmp_path / slug("/p-other") / "s3.jsonl": [(4, "/p-other")],
        tmp_path / slug("/q") / "s4.jsonl": [(5, "/p")],
    }
    for path, changes in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [
            each
            for minutes, cwd in changes
            for each in (
                call("Write", f"{minutes}", minutes, cwd, file_path="a.py", content="some line\nother line"),
                result(f"{minutes}", minutes, cwd),
            )
        ]
        path.write_text("\n".join(lines) + "\n")
    stamps = {str(path): (1, path.stat().st_size, path.stat().st_mtime_ns) for path in files}
    read = ProjectEdits(["/p"], lambda cwd: cwd == "/p" or cwd.startswith("/p/"), START)
    spans = [(START, START + timedelta(minutes=30)), (START + timedelta(minutes=60), None)]
    changes = read.changes(stamps, spans)
    assert sorted((each.at - START).total_seconds() / 60 for each in changes) == [1, 2, 3]
    assert velocity(changes, 900).tokens_per_change == 300
    copy = folder / "fork.jsonl"
    copy.write_text((folder / "s1.jsonl").read_text())
    stamps[str(copy)] = (2, copy.stat().st_size, copy.stat().st_mtime_ns)
    assert len(read.changes(stamps, spans)) == 3, "a fork repeats the lines of the session it came from"
    for path in (*files, copy):
        path.unlink()
    assert len(read.changes(stamps, spans)) == 3, "nothing is opened again while nothing has changed"
    newer = {path: (1, size + 1, at) for path, (_, size, at) in stamps.items()}
    assert read.changes(newer, spans) == []
    long_ago = {path: (1, size, 5) for path, (_, size, _) in stamps.items()}
    assert ProjectEdits(["/p"], lambda _: True, START).changes(long_ago, spans) == []
