from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.sources.hook_input import HookInput, parse_hook

# As Claude Code 2.1.329 tells its hooks.
START = {
    "session_id": "0748c499-0eb6-45f2-ab18-2e548b2d1d30",
    "transcript_path": "/home/dev/.claude/projects/-home-dev-proj/0748c499.jsonl",
    "cwd": "/home/dev/proj",
    "hook_event_name": "SessionStart",
    "source": "startup",
    "model": "claude-sonnet-5-5",
    "session_title": "quotatest",
}
FAILURE = {
    "session_id": "s",
    "cwd": "/home/dev/proj",
    "effort": {"level": "medium"},
    "hook_event_name": "StopFailure",
    "error": "rate_limit",
    "last_assistant_message": "You've hit your 5-hour limit · resets 8:11pm (UTC)",
}


def test_what_the_client_tells() -> None:
    told = parse_hook(json.dumps(START).encode())
    assert told == HookInput(
        session_id=START["session_id"],
        transcript_path=START["transcript_path"],
        cwd="/home/dev/proj",
        source="startup",
        model="claude-sonnet-5-5",
    )
    told = parse_hook(b"\xef\xbb\xbf" + json.dumps(FAILURE, ensure_ascii=False).encode())
    assert (told.error, told.message) == ("rate_limit", FAILURE["last_assistant_message"])


def test_each_part_is_believed_on_its_own() -> None:
    told = parse_hook(b'{"session_id": 7, "cwd": "/p", "source": null, "reason": "a\\ud800b"}')
    assert told == HookInput(cwd="/p", reason="a?b")


@pytest.mark.parametrize("data", [b"", b"x", b"[]", b"null", b"\xff", b"[" * 200_000, b'{"a":' * 200_000])
def test_what_is_no_object_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        parse_hook(data)


@given(
    data=st.binary(max_size=80)
    | st.dictionaries(st.sampled_from([*START, *FAILURE]), st.text()).map(
        lambda value: json.dumps(value).encode()
    )
)
def test_never_anything_but_a_value_error(data: bytes) -> None:
    try:
        told = parse_hook(data)
    except ValueError:
        return
    told.cwd.encode()
