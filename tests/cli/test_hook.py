"""`hook`: quick, silent, always exit 0; sessions begin with facts, end with a record, and never lose a plan."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from quota_tui.core.automatic import is_automatic
from quota_tui.core.context import MOST_CHARACTERS
from quota_tui.core.handoff import Handoff, Objective
from quota_tui.core.readings import ReadingSource, WindowKind
from quota_tui.core.tokenbound import tokens_at_most
from quota_tui.store.claims import claims
from quota_tui.store.faults import faults
from quota_tui.store.handoffs import Handoffs
from quota_tui.store.journal import Journal
from quota_tui.store.memory import load_memory, memory_file, remember_handoff
from tests.conftest import NOW
from tests.lines import append, line, write_transcript
from tests.monitor.rig import paths, readings, run, settings_file, start, tell, work

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and links")
LIMIT = "You've hit your 5-hour limit · resets 6:10pm (UTC)"


@pytest.fixture
def project(home: Path) -> Path:
    folder = home / "api"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(
        '[project]\nrequires-python = ">=3.11"\ndependencies = ["pytest"]\n'
    )
    return folder


def given(home: Path, project: Path, event: str, session: str = "s1", **more: Any) -> bytes:
    """What Claude Code writes on stdin."""
    return json.dumps(
        {
            "session_id": session,
            "transcript_path": str(home / ".claude" / "projects" / "-home-dev-api" / f"{session}.jsonl"),
            "cwd": str(project),
            "hook_event_name": event,
            **more,
        }
    ).encode()


def hook(name: str, stdin: bytes, project: Path, **env: str) -> str:
    """Run it; what it printed."""
    done = run("hook", name, stdin=stdin, **{"CLAUDE_PROJECT_DIR": str(project), **env})
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode()


def begin(home: Path, project: Path, session: str = "s1", source: str = "startup", **env: str) -> str:
    """Start a session; the context it is given."""
    out = hook("session-start", given(home, project, "SessionStart", session, source=source), project, **env)
    if not out:
        return ""
    said = json.loads(out)
    assert set(said) == {"hookSpecificOutput"}
    assert said["hookSpecificOutput"]["hookEventName"] == "SessionStart"
    return str(said["hookSpecificOutput"]["additionalContext"])


def fail_by_limit(home: Path, project: Path, session: str = "s1", **more: Any) -> None:
    told = {"error": "rate_limit", "last_assistant_message": LIMIT, **more}
    assert hook("stop-failure", given(home, project, "StopFailure", session, **told), project) == ""


def end(home: Path, project: Path, session: str = "s1", **env: str) -> None:
    data = given(home, project, "SessionEnd", session, reason="prompt_input_exit")
    assert hook("session-end", data, project, **env) == ""


def leave(home: Path, project: Path, **more: Any) -> str:
    """A handoff as the plan screen leaves it; its id."""
    values: dict[str, Any] = {
        "title": "Refresh tokens",
        "project": str(project),
        "from_session": "before",
        "accomplished": ("JWT endpoints",),
        "objectives": (Objective("Refresh tokens", 18_000),),
        **more,
    }
    now = more.get("created_at", NOW)
    saved = Handoffs(home / ".claude").save(Handoff(**values), now)
    remember_handoff(home / ".claude", saved.handoff, saved.path, now)
    return saved.id


def handoffs(home: Path) -> list[Handoff]:
    return [entry.handoff for entry in Handoffs(home / ".claude").entries()]


def memory(home: Path, project: Path) -> Any:
    loaded = load_memory(home / ".claude", project)
    assert loaded is not None
    return loaded.memory


def faults_told() -> list[str]:
    return [each.text for each in faults(paths())]


def refused(at_minutes_ago: float = 1) -> str:
    """The line that a limit leaves in a transcript."""
    return line(
        None,
        None,
        at=NOW - timedelta(minutes=at_minutes_ago),
        isApiErrorMessage=True,
        error="rate_limit",
        quotaLimits={
            "status": "rejected",
            "resetsAt": int((NOW + timedelta(hours=2)).timestamp()),
            "rateLimitType": "five_hour",
        },
    )


# -- a session starts


def test_a_new_session_is_given_facts(home: Path, project: Path) -> None:
    work(home)
    tell(62.5)
    leave(home, project)
    told = begin(home, project)
    assert told.startswith(
        f"Facts from quota-tui (files on this machine), 2026-11-20 16:00:\nProject: {project}\n"
    )
    assert "Stack: Python >=3.11 (pyproject.toml)\nTests run by: pytest (pyproject.toml)\n" in told
    assert "\nQuota, 5-hour: " in told
    assert "62 %" in told
    assert "done: JWT endpoints; next was: Refresh tokens" in told
    assert "left by the last session for this one. All of it:\n---\n" in told
    assert "## Next session objectives\n1. Refresh tokens (18,000 tokens)" in told
    assert len(told) < MOST_CHARACTERS
    assert faults_told() == []


@pytest.mark.parametrize("source", ["resume", "compact", "fork", "", "new kind"])
def test_sessions_that_go_on_are_told_nothing(home: Path, project: Path, source: str) -> None:
    leave(home, project)
    assert begin(home, project, source=source) == ""
    assert "All of it" in begin(home, project, source="clear")


def test_a_handoff_goes_to_one_session(home: Path, project: Path) -> None:
    handoff_id = leave(home, project)
    assert "All of it" in begin(home, project, "one")
    told = begin(home, project, "two")
    assert "All of it" not in told
    path = Handoffs(home / ".claude").path(handoff_id)
    assert told.endswith(f"in {path} (given to another session): Refresh tokens")
    assert "All of it" in begin(home, project, "one"), "the one that has it may ask again"
    later = NOW + timedelta(minutes=5)
    leave(home, project, title="And then", created_at=later)
    assert "title: And then" in begin(home, project, "three", QUOTA_TUI_NOW=later.isoformat())


def test_of_two_that_start_at_once_one_gets_it(home: Path, project: Path) -> None:
    begin(home, project, "warm")
    for number in range(3):
        leave(home, project, from_session=f"from{number}", created_at=NOW + timedelta(minutes=number))
        started = [start("hook", "session-start", CLAUDE_PROJECT_DIR=str(project)) for _ in range(3)]
        for index, process in enumerate(started):
            assert process.stdin
            process.stdin.write(given(home, project, "SessionStart", f"{number}-{index}", source="startup"))
            process.stdin.close()
            process.stdin = None
        outs = [process.communicate(timeout=60)[0] for process in started]
        assert sum(b"All of it" in out for out in outs) == 1
    journal = Journal(paths().journal_db)
    assert len(claims(journal.db)) == 3
    journal.close()
    assert len(memory(home, project).sessions) == 3 + 1 + 9
    assert faults_told() == []


@posix
def test_only_in_its_project(home: Path, project: Path) -> None:
    leave(home, project)
    worktree = home / "api-worktree"
    worktree.mkdir()
    (worktree / ".git").write_text(f"gitdir: {project}/.git/worktrees/x\n")
    (project / "src").mkdir()
    for other in (worktree, project / "src", home):
        assert "Handoff" not in begin(home, other, f"in {other.name}")
    (project / ".git").mkdir()  # a working copy: its folders belong together
    assert "All of it" in begin(home, project / "src", "below")
    assert "(given to another session)" in begin(home, project, "above")
    leave(home, project, created_at=NOW + timedelta(minutes=1))
    link = home / "link"
    link.symlink_to(project)
    assert "All of it" in begin(home, link, "through a link")


def test_the_folder_it_was_started_in_counts(home: Path, project: Path) -> None:
    leave(home, project)
    data = given(home, home / "elsewhere", "SessionStart", source="startup")
    assert "All of it" in hook("session-start", data, project)
    assert "Handoff" not in hook("session-start", data, Path("relative"), CLAUDE_PROJECT_DIR="relative")


def test_an_old_handoff_is_only_named(home: Path, project: Path) -> None:
    leave(home, project, created_at=NOW - timedelta(days=31))
    told = begin(home, project)
    assert "(an old one): Refresh tokens" in told
    assert "All of it" not in told


def test_the_budget_is_the_persons(home: Path, project: Path) -> None:
    leave(
        home,
        project,
        failed=tuple(f"approach {number} did not work because of that" for number in range(300)),
    )
    told = begin(home, project)
    assert "Too long for here, its first lines:\n---\n" in told
    assert 1_500 < tokens_at_most(told) <= 2_500
    settings_file("[handoff]\ncontext_tokens = 300\n")
    assert tokens_at_most(begin(home, project, "s2")) <= 300
    settings_file("[handoff]\ncontext_tokens = 10000\n")
    assert 7_000 < len(begin(home, project, "s1")) < MOST_CHARACTERS
    settings_file("[handoff]\ncontext_tokens = 0\n")
    assert begin(home, project, "s3") == ""
    assert memory(home, project).session("s3") is not None


HOSTILE = (
    'a\n---\n## Next session objectives\n`$(id)` "q" \'\x1b[31m\x00\u202e\u2028 {x} %s \\ ' + "x" * 70_000
)


def test_hostile_text_in_every_field(home: Path, project: Path) -> None:
    odd = home / 'it\'s "$HOME" `x` {0} é'
    odd.mkdir()
    leave(
        home,
        odd,
        title=HOSTILE,
        accomplished=(HOSTILE,),
        objectives=(Objective(HOSTILE, steps=(HOSTILE,)),),
        decisions=(HOSTILE,),
        failed=(HOSTILE,),
        instructions=HOSTILE,
        extra_front=(("x", HOSTILE),),
    )
    told = begin(home, odd, session="s\u202e'; DROP TABLE claims; --")
    assert f"Project: {odd}\n" in told
    assert len(told.encode("utf-16-le")) // 2 < MOST_CHARACTERS
    assert not set(told) & set("\x1b\x00\u202e\u2028")
    assert faults_told() == []


@posix
def test_where_nothing_can_be_kept_it_is_named_and_not_handed_over(home: Path, project: Path) -> None:
    leave(home, project)
    paths().data_dir.mkdir(parents=True)
    paths().journal_db.mkdir()
    told = begin(home, project)
    assert "(who was given it cannot be kept: see `quota-tui doctor`): Refresh tokens" in told
    assert "All of it" not in told


def test_a_damaged_memory_is_set_aside_and_told_to_doctor(home: Path, project: Path) -> None:
    file = memory_file(home / ".claude", project)
    file.parent.mkdir(parents=True)
    file.write_bytes(b"{]")
    assert f"Project: {project}" in begin(home, project)
    (told,) = faults_told()
    assert f"{file}.damaged" in told
    assert memory(home, project).session("s1") is not None


def test_sessions_that_were_never_closed_are_settled(home: Path, project: Path) -> None:
    begin(home, project, "abandoned", QUOTA_TUI_NOW=(NOW - timedelta(days=2)).isoformat())
    begin(home, project, "s1", QUOTA_TUI_NOW=(NOW - timedelta(hours=3)).isoformat())
    work(home, name="s1")
    run("status")  # something reads the transcript
    told = begin(home, project, "s2")
    assert [note.id for note in memory(home, project).sessions] == ["s1", "s2"]
    assert memory(home, project).session("s1").tokens == 60 * 2040
    assert "- 2026-11-20 12:31; 122k tokens" in told


# -- a limit stops it


def test_a_limit_is_recorded_and_handed_over(home: Path, project: Path) -> None:
    work(home)
    begin(home, project, QUOTA_TUI_NOW=(NOW - timedelta(hours=3)).isoformat())
    fail_by_limit(home, project)
    (reading,) = readings()
    assert (reading.kind, reading.used_pct, reading.source, reading.session_id) == (
        WindowKind.FIVE_HOUR,
        100.0,
        ReadingSource.LIMIT_LINE,
        "s1",
    )
    assert reading.resets_at == NOW + timedelta(hours=2, minutes=10)
    (handoff,) = handoffs(home)
    assert is_automatic(handoff)
    assert (handoff.from_session, handoff.project) == ("s1", str(project))
    assert handoff.quota.used_pct == 100
    assert (handoff.start, handoff.scheduled_for) == ("reset+5m", NOW + timedelta(hours=2, minutes=15))
    note = memory(home, project).session("s1")
    assert note.handoff.endswith(f"handoff-{handoff.id}.md")
    fail_by_limit(home, project)
    assert (len(readings()), len(handoffs(home))) == (1, 1)
    end(home, project)
    told = begin(home, project, "s2")
    assert "automatic: written when a limit was hit" in told
    assert faults_told() == []


def test_commits_and_todos_are_in_it(home: Path, project: Path) -> None:
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    day = {"GIT_AUTHOR_DATE": NOW.isoformat(), "GIT_COMMITTER_DATE": NOW.isoformat()}

    def git(*arguments: str) -> None:
        who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        subprocess.run(
            ["git", *who, "-C", str(project), *arguments], check=True, env={**env, **day}, capture_output=True
        )

    git("init", "-q", "-b", "feature/auth")
    git("add", ".")
    git("commit", "-q", "-m", "Add JWT endpoints")
    (project / "new.py").write_text("x")
    git("add", "new.py")
    write_transcript(home, [line("m", "r", at=NOW - timedelta(hours=1), cwd=str(project))])
    fail_by_limit(home, project)
    (handoff,) = handoffs(home)
    assert handoff.accomplished == ("Add JWT endpoints",)
    assert handoff.state.branch == "feature/auth"
    assert handoff.state.files_modified == ("new.py",)
    assert memory(home, project).session("s1").accomplished == ("Add JWT endpoints",)


def test_one_that_a_person_wrote_is_enough(home: Path, project: Path) -> None:
    leave(home, project, from_session="s1")
    work(home)
    fail_by_limit(home, project)
    assert [handoff.title for handoff in handoffs(home)] == ["Refresh tokens"]


def test_work_that_went_past_an_automatic_one_is_handed_over_anew(home: Path, project: Path) -> None:
    early = NOW - timedelta(hours=6)
    path = work(home, now=early)
    data = given(home, project, "StopFailure", error="rate_limit", last_assistant_message=LIMIT)
    hook("stop-failure", data, project, QUOTA_TUI_NOW=early.isoformat())
    append(path, line("later", "later", at=NOW - timedelta(minutes=1), session="s1") + "\n")
    fail_by_limit(home, project)
    assert len(handoffs(home)) == 2
    assert len(memory(home, project).sessions) == 1


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            "rate_limit",
            "API Error: Server is temporarily limiting requests (not your usage limit) · Number of …",
        ),
        ("rate_limit", "API Error: Request rejected (429)"),
        ("rate_limit", ""),
        ("server_error", "API Error: 529 Overloaded. This is a server-side issue"),
        ("authentication_failed", LIMIT),
        ("max_output_tokens", "…"),
    ],
)
def test_every_other_failure_is_none_of_ours(home: Path, project: Path, error: str, message: str) -> None:
    work(home)
    fail_by_limit(home, project, error=error, last_assistant_message=message)
    assert readings() == []
    assert handoffs(home) == []
    assert not (home / ".claude" / "session-handoffs").exists()


def test_the_transcripts_own_word_counts_more_than_the_wording(home: Path, project: Path) -> None:
    """A later client says it in other words; the line in the transcript has the numbers."""
    resets_at = NOW + timedelta(days=2)
    told = line(
        None,
        None,
        at=NOW - timedelta(seconds=1),
        isApiErrorMessage=True,
        error="rate_limit",
        apiError="usage_limit_reached",
        quotaLimits={
            "status": "rejected",
            "resetsAt": int(resets_at.timestamp()),
            "rateLimitType": "seven_day",
        },
    )
    write_transcript(home, [line("m", "r", at=NOW - timedelta(hours=1)), told])
    fail_by_limit(home, project, last_assistant_message="Das war's für diese Woche")
    (reading,) = readings()
    assert (reading.kind, reading.resets_at) == (WindowKind.WEEKLY, resets_at)
    (handoff,) = handoffs(home)
    assert handoff.scheduled_for == resets_at + timedelta(minutes=5)


def test_told_twice_it_is_one_reading(home: Path, project: Path) -> None:
    resets_at = NOW + timedelta(hours=2, minutes=10, seconds=37)
    told = line(
        None,
        None,
        at=NOW - timedelta(seconds=1),
        isApiErrorMessage=True,
        error="rate_limit",
        quotaLimits={
            "status": "rejected",
            "resetsAt": int(resets_at.timestamp()),
            "rateLimitType": "five_hour",
        },
    )
    write_transcript(home, [line("m", "r", at=NOW - timedelta(hours=1)), told])
    fail_by_limit(home, project)
    assert [reading.resets_at for reading in readings()] == [resets_at]


def test_a_huge_transcript_is_left_to_a_process_of_its_own(home: Path, project: Path) -> None:
    filler = json.dumps({"type": "attachment", "text": "x" * 100_000})
    write_transcript(home, [line("m", "r", at=NOW - timedelta(hours=1)), *[filler] * 90])
    fail_by_limit(home, project)
    deadline = time.monotonic() + 30
    while not handoffs(home):
        assert time.monotonic() < deadline, faults_told()
        time.sleep(0.02)
    (handoff,) = handoffs(home)
    assert is_automatic(handoff)
    assert handoff.from_session == "s1"


# -- it ends


def test_the_end_closes_its_record(home: Path, project: Path) -> None:
    began = NOW - timedelta(hours=4)
    begin(home, project, QUOTA_TUI_NOW=began.isoformat())
    work(home)
    sub = home / ".claude" / "projects" / "-home-dev-api" / "s1" / "subagents" / "agent-1.jsonl"
    sub.parent.mkdir(parents=True)
    sub.write_text(line("sub", "sub", at=NOW - timedelta(hours=1), side=True, agentId="1") + "\n")
    end(home, project)
    note = memory(home, project).session("s1")
    assert (note.started_at, note.ended_at, note.tokens) == (began, NOW, 60 * 2040 + 60)
    later = NOW + timedelta(hours=1)
    end(home, project, QUOTA_TUI_NOW=later.isoformat())  # resumed, and ended again
    note = memory(home, project).session("s1")
    assert (note.ended_at, note.tokens) == (later, 60 * 2040 + 60)
    assert memory(home, project).context.test_runner.text == "pytest"


def test_stopped_by_a_limit_without_the_other_hook_it_is_handed_over(home: Path, project: Path) -> None:
    """In print mode the client does not wait for StopFailure."""
    begin(home, project, QUOTA_TUI_NOW=(NOW - timedelta(hours=4)).isoformat())
    append(work(home), refused(0.5) + "\n")
    end(home, project)
    end(home, project)
    (handoff,) = handoffs(home)
    assert is_automatic(handoff)
    assert handoff.quota.used_pct == 100
    note = memory(home, project).session("s1")
    assert (note.ended_at, note.handoff) == (NOW, str(Handoffs(home / ".claude").path(handoff.id)))


def test_both_hooks_at_the_same_moment_write_one(home: Path, project: Path) -> None:
    begin(home, project, "warm")
    append(work(home), refused(0.5) + "\n")
    told = {"error": "rate_limit", "last_assistant_message": LIMIT}
    started = [
        (start("hook", name, CLAUDE_PROJECT_DIR=str(project)), given(home, project, name, **told))
        for name in ("stop-failure", "session-end") * 2
    ]
    for process, data in started:
        assert process.stdin
        process.stdin.write(data)
        process.stdin.close()
        process.stdin = None
    assert [process.communicate(timeout=60) for process, _ in started] == [(b"", b"")] * 4
    assert len(handoffs(home)) == 1
    assert faults_told() == []


def test_even_one_that_never_got_an_answer(home: Path, project: Path) -> None:
    begin(home, project)
    write_transcript(home, [refused()])
    end(home, project)
    assert len(handoffs(home)) == 1


@pytest.mark.parametrize("minutes_ago", [30, 6 * 60])
def test_a_limit_that_it_has_got_over_is_no_reason(home: Path, project: Path, minutes_ago: float) -> None:
    path = work(home, now=NOW - timedelta(hours=7))
    append(path, refused(minutes_ago) + "\n")
    append(path, line("after", "after", at=NOW - timedelta(minutes=5)) + "\n")
    end(home, project)
    assert handoffs(home) == []


def test_a_session_without_any_work_leaves_no_record(home: Path, project: Path) -> None:
    begin(home, project)
    end(home, project)
    assert memory(home, project).sessions == ()


def test_without_a_start_hook_there_is_a_record_too(home: Path, project: Path) -> None:
    work(home)
    end(home, project)
    note = memory(home, project).session("s1")
    assert note.started_at == NOW - timedelta(hours=3.5) + timedelta(minutes=1.75)


def test_what_claude_left_for_a_handoff_is_cleared_away(home: Path, project: Path) -> None:
    drafts = paths().data_dir / "from-claude"
    drafts.mkdir(parents=True)
    (drafts / "s1.json").write_text("{}")
    (drafts / "running.json").write_text("{}")
    (drafts / "crashed.json").write_text("{}")
    os.utime(drafts / "crashed.json", (0, 0))
    end(home, project)
    assert [path.name for path in drafts.iterdir()] == ["running.json"]


# -- whatever comes


@pytest.mark.parametrize(
    "name", ["session-start", "stop-failure", "session-end", "write-handoff", "no-such", ""]
)
@pytest.mark.parametrize(
    "stdin",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\x00",
        b'{"session_id": 5, "cwd": []}',
        b'{"session_id": "s", "cwd": "relative", "source": "startup"}',
        b'{"session_id": "s", "cwd": "/nope", "source": "startup", "error": "rate_limit", "message": 1}',
        b'{"session_id": "s", "cwd": "/", "transcript_path": "/etc/passwd", "last_assistant_message": "\\ud800"}',
        b"{" * 100_000,
    ],
)
def test_nothing_disturbs_a_session(home: Path, name: str, stdin: bytes) -> None:
    done = run("hook", *([name] if name else []), stdin=stdin)
    assert (done.returncode, done.stderr) == (0, b"")
    if done.stdout:
        assert name == "session-start"
        json.loads(done.stdout)


@pytest.mark.parametrize("name", ["session-start", "stop-failure", "session-end"])
@pytest.mark.parametrize(
    "env",
    [
        {"QUOTA_TUI_NOW": "soon"},
        {"QUOTA_TUI_HOME": "/dev/null/x"},
        {"CLAUDE_CONFIG_DIR": "/dev/null"},
        {"QUOTA_TUI_DISPLAY_TIMEZONE": "Mars/Base"},
        {"PATH": ""},
    ],
)
def test_an_odd_environment_does_not_either(
    home: Path, project: Path, name: str, env: dict[str, str]
) -> None:
    work(home)
    data = given(home, project, "x", source="startup", error="rate_limit", last_assistant_message=LIMIT)
    hook(name, data, project, **env)


def test_what_went_wrong_is_told_to_doctor(home: Path, project: Path) -> None:
    run("hook", "session-end", stdin=b"{]")
    run("hook", "no-such", stdin=b"{}")
    run("hook", "session-end", stdin=given(home, project, "SessionEnd"), QUOTA_TUI_NOW="soon")
    told = [(each.where, each.text) for each in faults(paths())]
    assert [where for where, _ in told] == ["session-end", "no-such", "session-end"]
    assert "JSONDecodeError" in told[0][1] or "ValueError" in told[0][1]
    assert "there is no hook 'no-such'" in told[1][1]
    assert "QUOTA_TUI_NOW" in told[2][1]


@posix
def test_a_reader_that_has_gone_is_no_trouble(home: Path, project: Path) -> None:
    with start("hook", "session-start", CLAUDE_PROJECT_DIR=str(project)) as process:
        assert process.stdout
        assert process.stdin
        assert process.stderr
        process.stdout.close()
        process.stdin.write(given(home, project, "SessionStart", source="startup"))
        process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


def test_killed_at_any_moment_nothing_is_torn(home: Path, project: Path) -> None:
    work(home)
    data = given(home, project, "x", source="startup", error="rate_limit", last_assistant_message=LIMIT)
    for delay_ms in (10, 40, 60, 75, 90, 110):
        for name in ("session-start", "stop-failure", "session-end"):
            process = start("hook", name, CLAUDE_PROJECT_DIR=str(project))
            assert process.stdin
            process.stdin.write(data)
            process.stdin.close()
            process.stdin = None
            try:
                process.communicate(timeout=delay_ms / 1000)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
    begin(home, project, "s2")
    fail_by_limit(home, project)
    end(home, project)
    assert memory(home, project).session("s1").tokens == 60 * 2040
    assert len(handoffs(home)) == 1
    assert handoffs(home)[0].from_session == "s1"
    assert [text for text in faults_told() if "damaged" in text] == []


def test_hooks_do_not_pay_for_what_they_do_not_need(home: Path, project: Path) -> None:
    code = (
        "import sys; sys.argv = ['quota-tui', 'hook', 'session-start'];"
        "from quota_tui.cli import main\n"
        "try:\n    main()\nexcept SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=given(home, project, "SessionStart", source="startup"),
        capture_output=True,
        check=True,
        env={**os.environ, "CLAUDE_PROJECT_DIR": str(project)},
    )
    assert b"additionalContext" in done.stdout
    loaded = set(done.stderr.decode().split())
    heavy = {"textual", "rich", "click", "tiktoken", "psutil", "subprocess", "difflib", "tomllib", "asyncio"}
    assert not loaded & heavy
