from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from quota_tui.sources import reply_text
from quota_tui.sources.reply_text import Reply, read_replies
from tests.lines import line, write_transcript

MODEL = "claude-sonnet-5-5"
AFTER = json.dumps({"type": "user", "message": {"role": "user", "content": "go on"}})


def block_line(
    block: dict[str, Any] | str,
    message: str = "msg_1",
    output: int = 50,
    *,
    stop: str | None = "end_turn",
    thinking: int | None = None,
    request: str | None = "req_1",
    model: str = MODEL,
    **more: Any,
) -> str:
    """A line of one content block, as the client writes it."""
    usage: dict[str, Any] = {"input_tokens": 5, "output_tokens": output}
    if thinking is not None:
        usage["output_tokens_details"] = {"thinking_tokens": thinking}
    found = json.loads(line(message, request, model=model, usage=usage, **more))
    found["message"]["content"] = block if isinstance(block, str) else [block]
    found["message"]["stop_reason"] = stop
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def tool(name: str = "Bash", **given: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": "toolu_1", "name": name, "input": given}


def read(home: Path, *lines: str) -> tuple[Reply, ...]:
    write_transcript(home, [*lines, AFTER])
    return read_replies([str(home / ".claude" / "projects")]).replies


def test_the_blocks_of_a_reply_are_one_text(home: Path) -> None:
    found = read(
        home,
        block_line(text("I look — 日本語"), stop=None, output=2),
        AFTER,
        block_line(tool(command="ls -l", timeout=5, deep={"a": [1, "b"]}), stop="tool_use", output=80),
    )
    assert found == (
        Reply(
            MODEL,
            'I look — 日本語\n<invoke name="Bash">\n<parameter name="command">ls -l</parameter>\n'
            '<parameter name="timeout">5</parameter>\n<parameter name="deep">{"a":[1,"b"]}</parameter>\n</invoke>\n',
            1,
            80,
        ),
    )


def test_a_message_of_plain_text(home: Path) -> None:
    assert read(home, block_line("hello")) == (Reply(MODEL, "hello", 0, 50),)


def test_thinking_is_taken_off_where_it_is_counted(home: Path) -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "x"}
    found = read(
        home,
        block_line(thought, "counted", 90, thinking=60),
        block_line(text("one"), "counted", 90, thinking=60),
        block_line(thought, "uncounted", 90),
        block_line(text("two"), "uncounted", 90),
        block_line({"type": "redacted_thinking", "data": "x"}, "zero", 90, thinking=0),
        block_line(text("three"), "zero", 90, thinking=0),
        block_line(text("four"), "hidden", 90, thinking=70),
        block_line(text("five"), "all of it", 90, thinking=90),
    )
    assert {(reply.text, reply.output_tokens) for reply in found} == {("one", 30), ("four", 20)}


@pytest.mark.parametrize(
    "unusable",
    [
        block_line(text("cut"), stop=None, output=2),
        block_line(text("cut"), stop=None, output=200),
        block_line(text("low"), version="2.1.12"),
        block_line(text("low"), version="2.1.50"),
        block_line(text("no call"), model="<synthetic>"),
        block_line(text("API Error"), isApiErrorMessage=True),
        block_line({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}}),
        block_line(text("no id"), message=""),
        block_line({"type": "thinking", "thinking": "only"}, thinking=20),
        block_line(text("not an assistant"), type="progress"),
        block_line(text("bad count"), output="many"),  # type: ignore[arg-type]
        '{"type":"assistant","output_tokens":5',
        '{"type":"assistant","message":{"output_tokens":5}}',
        "[" * 100_000 + '"assistant" "output_tokens"',
    ],
)
def test_replies_that_cannot_teach(home: Path, unusable: str) -> None:
    found = read(home, unusable, block_line(text("good"), "msg_2", request="req_2"))
    assert [reply.text for reply in found] == ["good"]


@pytest.mark.parametrize("version", ["2.1.11", "2.1.51", "2.0.20", "1.0.30", "2.1.13-beta.1x", "odd", ""])
def test_versions_that_count(home: Path, version: str) -> None:
    assert read(home, block_line(text("good"), version=version))


def test_a_reply_that_nothing_follows_may_still_be_being_written(home: Path) -> None:
    lines = [block_line(text("first"), "msg_1"), block_line(text("second"), "msg_2")]
    write_transcript(home, lines)
    roots = [str(home / ".claude" / "projects")]
    assert [reply.text for reply in read_replies(roots).replies] == ["first"]
    write_transcript(home, [*lines, AFTER])
    assert [reply.text for reply in read_replies(roots).replies] == ["second", "first"]
    write_transcript(
        home, [*lines, '{"type":"assistant","message":{"id":"msg_2","output_tokens"'], newline=""
    )
    assert [reply.text for reply in read_replies(roots).replies] == ["second", "first"]


def test_copies_in_forked_sessions_and_repeated_lines_count_once(home: Path) -> None:
    lines = [block_line(text("said")), block_line(text("said")), AFTER]
    write_transcript(home, lines, "-p/one.jsonl")
    write_transcript(home, lines, "-p/two.jsonl")
    write_transcript(home, lines, "-p/one/subagents/agent-1.jsonl")
    found = read_replies([str(home / ".claude" / "projects")])
    assert [reply.text for reply in found.replies] == ["said"]


def test_the_newest_come_first_and_old_bytes_are_not_read(home: Path) -> None:
    for age, name in enumerate(("new", "middle", "old")):
        path = write_transcript(home, [block_line(text(name), name), AFTER], f"-p/{name}.jsonl")
        os.utime(path, (10_000 - age, 10_000 - age))
    roots = [str(home / ".claude" / "projects")]
    assert [reply.text for reply in read_replies(roots).replies] == ["new", "middle", "old"]
    assert [reply.text for reply in read_replies(roots, path.stat().st_size).replies] == ["new"]


def test_of_a_long_transcript_the_end_without_a_torn_reply(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [block_line(text(f"{number} {'x' * 200}"), f"msg_{number}") for number in range(50)]
    halves = [block_line(text(part), "msg_torn") for part in ("first half", "second half")]
    write_transcript(home, [*lines, *halves, block_line(text("last"), "msg_last"), AFTER])
    monkeypatch.setattr(
        reply_text,
        "MAX_FILE_BYTES",
        len("\n".join([*halves, block_line(text("last"), "msg_last"), AFTER])) - 5,
    )
    assert [reply.text for reply in read_replies([str(home / ".claude" / "projects")]).replies] == ["last"]


def test_no_model_takes_all_the_room(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply_text, "MAX_REPLIES", 3)
    many = [block_line(text(f"{number}"), f"s{number}") for number in range(10)]
    few = [block_line(text("opus"), f"o{number}", model="claude-opus-5") for number in range(2)]
    write_transcript(home, [*few, *many, AFTER])
    found = read_replies([str(home / ".claude" / "projects")])
    assert [reply.text for reply in found.replies] == ["9", "8", "7", "opus", "opus"]
    assert found.usual_model == MODEL


def test_long_texts_end_the_collection(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply_text, "MAX_CHARS", 250)
    lines = [block_line(text("x" * 100), f"msg_{number}") for number in range(9)]
    assert len(read(home, *lines)) == 3


def test_what_cannot_be_read_is_passed_over(home: Path) -> None:
    write_transcript(home, [block_line(text("good")), AFTER], "-p/good.jsonl")
    torn = home / ".claude" / "projects" / "-p" / "bad.jsonl"
    torn.write_bytes(
        b'\xff\xfe"assistant""output_tokens"\n\0\0\n' + block_line(text("caf\u00e9"), "m2").encode("latin-1")
    )
    gone = home / ".claude" / "projects" / "-p" / "gone.jsonl"
    if sys.platform != "win32":
        gone.symlink_to(home / "nowhere")
    found = read_replies([str(home / "no such folder"), str(home / ".claude" / "projects")])
    assert [reply.text for reply in found.replies] == ["good"]


def test_without_transcripts() -> None:
    assert read_replies([]) == reply_text.Replies((), "")
