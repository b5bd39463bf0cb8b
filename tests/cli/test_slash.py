"""`slash`: what our slash commands run. Facts for Claude to pass on, and plain words about what is missing."""

from __future__ import annotations

import json
import re
from pathlib import Path

from quota_tui.automation.command_texts import command_texts
from quota_tui.cli.slash import PROPOSAL_TOKENS
from quota_tui.core.brief import brief
from quota_tui.core.handoff import Handoff, Objective, State
from quota_tui.sources.tokenizer import raw_count
from quota_tui.store.paths import our_paths
from tests.lines import write_transcript
from tests.monitor.rig import run, tell, work

RUNS = ("plan-next-session", "session-status", "automation-status", "cancel-next-session", "estimate-session")

MANY = tuple(
    f"{number}: feat(auth): add the refresh endpoint, hash tokens at rest, cover both by tests"
    for number in range(300)
)
LARGE = Handoff(
    title="Refresh tokens",
    accomplished=MANY,
    objectives=tuple(Objective(text, 18_000, steps=("one", "two")) for text in MANY),
    decisions=MANY,
    failed=MANY,
    blockers=MANY,
    files=tuple(f"src/services/auth/handlers/refresh_{number}.py" for number in range(100)),
    commands=("make test",) * 30,
    instructions="be careful " * 500,
    state=State(branch="feature/auth", last_commit="4f2c1e0 x", files_modified=MANY),
)


def said(name: str, **env: str) -> str:
    done = run("slash", name, **env)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode()


def test_every_slash_command_has_its_answer(home: Path) -> None:
    for name, data in command_texts(our_paths()).items():
        assert f" slash {name} " in data.decode()
        assert name in RUNS
        assert said(name)


def test_the_proposal_is_of_this_session_and_masked(home: Path, tmp_path: Path) -> None:
    todos = [
        {"content": "Refresh tokens", "status": "pending"},
        {"content": "Add JWT", "status": "completed"},
    ]
    for session, subject in (
        ("s1", "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMIK7MDENGbPxRfiCYzK3nLq0aXw"),
        ("s2", "zebra"),
    ):
        call = {
            "type": "tool_use",
            "id": "t",
            "name": "TodoWrite",
            "input": {"todos": [*todos, {**todos[0], "content": subject}]},
        }
        lines = [
            {
                "type": "assistant",
                "sessionId": session,
                "cwd": str(tmp_path),
                "timestamp": "2026-11-20T15:00:00Z",
                "message": {"content": [call]},
            },
            {
                "type": "user",
                "sessionId": session,
                "timestamp": "2026-11-20T15:00:01Z",
                "message": {"content": [{"type": "tool_result", "tool_use_id": "t", "content": "ok"}]},
            },
        ]
        write_transcript(
            home, [json.dumps(each, separators=(",", ":")) for each in lines], f"-x/{session}.jsonl"
        )
    text = said("plan-next-session", CLAUDE_CODE_SESSION_ID="s1")
    assert "- Refresh tokens" in text
    assert "wJalr" not in text
    assert "zebra" not in text


def test_what_slash_plan_next_session_adds_to_the_context(home: Path) -> None:
    """Under 2,000 tokens before Claude's own writing, at the top of the range of the dearest models."""
    text = command_texts(our_paths())["plan-next-session"].decode().split("---\n", 2)[2]
    shown = brief(LARGE, PROPOSAL_TOKENS)
    whole = re.sub("!`[^`]*`", lambda _: shown, text)
    assert len(shown) > 1_500
    assert 1.6 * raw_count(whole).tokens < 2_000


def test_the_status_of_this_session(home: Path) -> None:
    work(home, name="s1")
    tell(62.5)
    text = said("session-status", CLAUDE_CODE_SESSION_ID="s1")
    assert text.startswith("5-hour: 62 % used")
    assert "official" in text or "fused" in text
    assert "this session: 122k tokens in 60 calls since 12:31" in text
    assert "this session" not in said("session-status", CLAUDE_CODE_SESSION_ID="another")


def test_what_is_arranged_is_told_and_can_be_called_off(home: Path) -> None:
    assert said("automation-status") == "nothing scheduled\n"
    assert said("cancel-next-session") == "nothing is scheduled\n"


def test_the_work_ahead_is_estimated_with_or_without_a_plan(home: Path) -> None:
    work(home, name="s1")
    text = said("estimate-session")
    assert "This session: ≈" in text
    assert "the 80 % range" in text or "no past session" in text
    (home / "PLAN.md").write_text("# Auth\n\n## Phase 1: Login (1h)\n- [ ] form\n")
    text = run("slash", "estimate-session", cwd=home).stdout.decode()
    assert "1. Login" in text


def test_an_unknown_one_is_one_line(home: Path) -> None:
    for arguments in (["slash"], ["slash", "rm -rf $HOME\n"]):
        done = run(*arguments)
        assert done.returncode == 2
        assert done.stderr.count(b"\n") == 1


def test_settings_that_are_wrong_are_one_line(home: Path) -> None:
    done = run("slash", "session-status", QUOTA_TUI_QUOTA_READY_PCT="much")
    assert done.returncode == 3
    assert b"QUOTA_TUI_QUOTA_READY_PCT" in done.stderr
