"""`quota-tui plan` and `quota-tui handoff`, from a shell."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from quota_tui.cli.plan_questions import objective_of
from quota_tui.cli.root import cli
from quota_tui.core.handoff import Objective
from quota_tui.handing.planner import resume_command
from quota_tui.store.handoffs import Handoffs

Run = Callable[..., Result]


@pytest.fixture
def run(home: Path) -> Run:
    def invoke(*words: str, text: str | None = None) -> Result:
        return CliRunner().invoke(cli, list(words), input=text)

    return invoke


def last_line(result: Result) -> Path:
    assert result.exit_code == 0, result.output
    return Path(result.stdout.strip().splitlines()[-1])


def test_the_proposal_says_what_git_and_the_transcript_tell_and_writes_nothing(
    project: Path, run: Run, home: Path
) -> None:
    told = run("plan", "--print-proposal").stdout
    assert "Add JWT endpoints" in told
    assert f"project: {project}" in told
    assert "from_session: 11111111-2222" in told
    assert "`a.txt`" in told
    assert not (home / ".claude" / "session-handoffs").exists()


def test_accepting_it_writes_a_private_file_and_prints_its_path_last(project: Path, run: Run) -> None:
    path = last_line(run("plan", "--yes"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.name == "handoff-20261120-1600-11111111.md"
    assert last_line(run("plan", "--yes")) != path


def test_json_changes_the_proposal_and_comes_back(project: Path, run: Run) -> None:
    told = {
        "title": "Auth, part 2",
        "objectives": [
            {"text": "Refresh `tokens` $(rm -rf /)", "tokens": 18000, "steps": ["'; touch pwned; '"]}
        ],
        "decisions": ["JWT: stateless"],
        "failed": ["cookies: CORS"],
        "start": "manual",
    }
    path = last_line(run("plan", "--from", "-", text=json.dumps(told)))
    shown = json.loads(run("handoff", "show", "--json").stdout)
    assert {key: shown[key] for key in told} == told
    assert shown["path"] == str(path)
    assert shown["accomplished"] == ["Add JWT endpoints"]
    assert shown["branch"] == "main"
    assert shown["files_modified"] == ["a.txt"]
    assert not (project / "pwned").exists()


def test_markdown_is_taken_whole_under_an_id_of_its_own(project: Path, run: Run, tmp_path: Path) -> None:
    first = last_line(run("plan", "--yes"))
    edited = tmp_path / "mine.md"
    edited.write_text(
        first.read_text().replace(
            "## Key decisions and context\n", "## Key decisions and context\n\n- keep it\n"
        )
    )
    second = last_line(run("plan", "--from", str(edited)))
    assert second != first
    assert json.loads(run("handoff", "show", "latest", "--json").stdout)["decisions"] == ["keep it"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('{"foo": 1}', "foo"),
        ('{"objectives": 5}', "objectives"),
        ("{broken", "not JSON"),
        ('{"start": "someday"}', "start"),
    ],
)
def test_input_that_is_wrong_is_named_and_nothing_is_written(
    project: Path, run: Run, text: str, word: str, home: Path
) -> None:
    result = run("plan", "--from", "-", text=text)
    assert result.exit_code == 3
    assert word in result.stderr
    assert not list((home / ".claude").glob("session-handoffs/handoff-*"))


def test_nobody_to_ask_is_a_usage_error(project: Path, run: Run) -> None:
    result = run("plan", text="")
    assert result.exit_code == 2
    assert "--yes" in result.stderr


def test_secrets_are_masked_and_said(project: Path, run: Run) -> None:
    told = {"failed": ["used ghp_0123456789abcdefghijABCDEFGHIJ012345 as the token"]}
    result = run("plan", "--from", "-", text=json.dumps(told))
    assert "masked" in result.stderr
    assert "ghp_0123" not in last_line(result).read_text()


def test_list_check_latest_and_rm(project: Path, run: Run) -> None:
    assert run("handoff", "latest").exit_code == 4
    assert "no handoff yet" in run("handoff", "list").stdout
    path = last_line(run("plan", "--from", "-", text='{"files": ["gone.py"], "title": "T"}'))
    assert run("handoff", "latest").stdout.strip() == str(path)
    assert "T" in run("handoff", "list", "--project", str(project)).stdout
    assert "no handoff" in run("handoff", "list", "--project", "/elsewhere").stdout
    checked = run("handoff", "check")
    assert checked.exit_code == 1
    assert "gone.py" in checked.stdout
    assert "objective" in checked.stdout
    assert run("handoff", "rm", "11111111", text="n\n").exit_code == 1
    assert path.exists()
    assert run("handoff", "rm", "11111111", "--yes").exit_code == 0
    assert not path.exists()
    assert run("handoff", "show", "nonsense").exit_code == 3


def test_editing_goes_through_argv_and_reports_what_cannot_be_read(
    project: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    last_line(run("plan", "--from", "-", text='{"title": "T"}'))
    editor = tmp_path / "my editor"
    editor.write_text('#!/bin/sh\nprintf "\\n- by hand\\n" >> "$1"\n')
    editor.chmod(0o755)
    monkeypatch.setenv("EDITOR", f"'{editor}'")
    monkeypatch.delenv("VISUAL", raising=False)
    assert run("handoff", "edit").exit_code == 0
    assert "by hand" in run("handoff", "show").stdout


def test_questions_are_asked_one_by_one_and_the_draft_is_kept(
    project: Path, run: Run, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    answers = ["My title", "", "", "Refresh = 15k", "", "because", "", "", "", "-", "", "", "", "3"]
    result = _asked(run, monkeypatch, answers)
    shown = json.loads(run("handoff", "show", "--json").stdout)
    assert result.exit_code == 0, result.output
    assert shown["title"] == "My title"
    assert shown["objectives"] == [{"text": "Refresh", "tokens": 15000, "steps": []}]
    assert shown["decisions"] == ["because"]
    assert shown["start"] == "manual"
    assert not list((home / ".claude" / "session-handoffs").glob("draft-*.md"))


def test_breaking_off_keeps_the_draft(
    project: Path, run: Run, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    result = _asked(run, monkeypatch, ["My title", ""])  # then the input ends
    assert result.exit_code == 1
    (draft,) = (home / ".claude" / "session-handoffs").glob("draft-*.md")
    assert "My title" in draft.read_text()
    assert Handoffs(home / ".claude").ids() == []
    again = _asked(run, monkeypatch, ["y", "", "", "", "", "", "", "", "", "", "", "3"])
    assert "draft" in again.output
    assert json.loads(run("handoff", "show", "--json").stdout)["title"] == "My title"


def _asked(run: Run, monkeypatch: pytest.MonkeyPatch, answers: list[str]) -> Result:
    class Terminal:
        @staticmethod
        def isatty() -> bool:
            return True

    real = __import__("sys")

    class FakeSys:
        stdin = Terminal()

        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

    monkeypatch.setattr("quota_tui.cli.plan.sys", FakeSys())
    return run("plan", text="\n".join(answers) + "\n")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Refresh tokens = 18k", Objective("Refresh tokens", 18_000)),
        ("Refresh tokens ≈ 1500 tokens", Objective("Refresh tokens", 1500)),
        ("a = b", Objective("a = b")),
        ("1.5k things = 2.5k", Objective("1.5k things", 2500)),
        ("plain", Objective("plain")),
    ],
)
def test_an_objective_is_typed_with_its_tokens(typed: str, meant: Objective) -> None:
    assert objective_of(typed) == meant


def test_the_resume_command_names_the_file_and_quotes_the_rest(tmp_path: Path) -> None:
    from quota_tui.core.handoff import Handoff

    hostile = tmp_path / "it's; touch pwned"
    hostile.mkdir()
    command = resume_command(Handoff(project=str(hostile), agent="a b; touch pwned"), Path("/x/handoff-1.md"))
    script = command.replace("claude ", "printf '%s\\n' ")
    done = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, timeout=20, cwd=tmp_path, check=True
    )
    assert done.stdout.splitlines()[:2] == ["--agent", "a b; touch pwned"]
    assert "/x/handoff-1.md" in done.stdout
    assert not list(tmp_path.rglob("pwned"))


def test_it_can_be_arranged_in_the_same_breath(
    project: Path, run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = home / "bin" / "claude"
    client.parent.mkdir()
    client.write_text("#!/bin/sh\n")
    client.chmod(0o755)
    monkeypatch.setenv("PATH", f"{client.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("QUOTA_TUI_AUTOMATION_SCHEDULER", "dashboard")
    told = {"title": "T", "objectives": [{"text": "o"}], "start": "2026-11-20T23:00:00+00:00"}
    result = run("plan", "--from", "-", "--arrange", text=json.dumps(told))
    path = last_line(result)
    assert "starts 23:00" in result.stdout
    (job,) = json.loads(run("automation", "status", "--json").stdout)["jobs"]
    assert (job["handoff"], job["state"]) == (str(path), "scheduled")
    assert job["launch_at"] == "2026-11-20T23:00:00Z"
