"""`doctor`: everything that was skipped, refused or left aside, by name, and what to do."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from quota_tui import __version__
from quota_tui.automation.installed import settings_file as claude_settings
from tests.conftest import NOW
from tests.lines import line, write_transcript
from tests.monitor.rig import paths, quota, settings_file, tell, work


def examine(*args: str, code: int | None = None, **env: str) -> dict[str, list[tuple[str, bool]]]:
    """Findings by topic: (text, is it a problem)."""
    result = quota("doctor", "--json", *args, **env)
    assert result.exit_code in {0, 1}
    assert code is None or result.exit_code == code
    found: dict[str, list[tuple[str, bool]]] = {}
    findings: list[dict[str, Any]] = json.loads(result.stdout)
    for each in findings:
        assert list(each) == ["topic", "text", "is_problem"]
        assert "\n" not in each["text"]
        found.setdefault(each["topic"], []).append((each["text"], each["is_problem"]))
    assert result.exit_code == any(problem for each in found.values() for _, problem in each)
    return found


def test_all_is_well(home: Path) -> None:
    work(home)
    tell(62)
    found = examine(code=0)
    assert __version__ in found["version"][0][0]
    for name in ("history", "journal", "index"):
        assert str(getattr(paths(), f"{name}_db")) in found[name][0][0]
    assert found["settings"] == [(f"{paths().config_file} (none: defaults)", False)]
    assert (str(home / ".claude" / "projects"), False) in found["transcripts"]
    assert any("not there" in text for text, _ in found["transcripts"])
    assert found["clock"][0][0].startswith("2026-11-20T16:00:00+00:00, shown as 16:00")
    assert {"alerts", "client", "terminal", "scheduler", "status line"} <= found.keys()
    assert {"skipped", "refused", "set aside", "notice"}.isdisjoint(found)


def test_text_marks_what_should_be_done(home: Path) -> None:
    settings_file('[display]\nclock = "25h"\n')
    result = quota("doctor")
    assert result.exit_code == 1
    marked = [text for text in result.stdout.splitlines() if text.startswith("!")]
    assert any("display.clock" in text for text in marked)
    assert any("none of these folders exists" in text for text in marked)


def test_nothing_to_read_is_a_problem(home: Path) -> None:
    found = examine(code=1)
    assert ("none of these folders exists: run Claude Code once, or set transcript_dirs", True) in found[
        "transcripts"
    ]


def test_skipped_lines_by_file_number_and_reason(home: Path) -> None:
    path = write_transcript(
        home,
        [
            line(),
            '{"usage": broken',
            line("m2", "r2"),
            line("m3", "r3", timestamp="yesterday"),
            line("m4", "r4", usage={"input_tokens": -3}),
        ],
    )
    found = examine()
    texts = [text for text, _ in found["skipped"]]
    assert [text.split(": ")[0] for text in texts] == [f"{path}:2", f"{path}:4", f"{path}:5"]
    assert "negative" in texts[2]


def test_of_many_skipped_lines_the_rest_is_counted(home: Path) -> None:
    write_transcript(home, ['{"usage": broken'] * 70)
    found = examine()
    assert len(found["skipped"]) == 21
    assert found["skipped"][-1][0] == "50 more lines"


def test_readings_that_were_refused_or_set_aside(home: Path) -> None:
    work(home)
    tell(70, at=NOW - timedelta(minutes=5))
    tell(40, session="an idle terminal")
    quota(
        "statusline",
        stdin=b'{"rate_limits": {"five_hour": {"used_percentage": 1795197600, "resets_at": 1795197600}}}',
    )
    found = examine()
    assert found["readings"][0][0] == "2 in the last 8 days, 1 set aside"
    assert "40 %" in found["set aside"][0][0]
    assert "a time stands where the percentage belongs" in found["refused"][0][0]


def test_models_without_a_price_of_their_own(home: Path) -> None:
    write_transcript(
        home,
        [
            line(f"m{i}", "r", model=model)
            for i, model in enumerate(["claude-opus-6", "glm-4.6", "claude-sonnet-4-5"])
        ],
    )
    found = examine()
    assert found["prices"] == [
        ("claude-opus-6 is not in the table: priced as its nearest relative", False),
        ("glm-4.6 has no price: it costs 0 here; set it under [prices]", True),
    ]
    settings_file('[prices."glm-4.6"]\ninput = 1.0\n[prices.claude-opus-6]\ninput = 1.0\n')
    assert "prices" not in examine()


def test_placeholders_are_told(home: Path) -> None:
    write_transcript(home, [line(version="2.1.20", tokens=(5, 1, 0, 0))])
    assert "1 calls carry a placeholder" in examine()["output"][0][0]


def test_what_is_kept_in_memory_only_is_a_problem(home: Path) -> None:
    paths().journal_db.mkdir(parents=True)
    found = examine(code=1)
    assert found["journal"] == [("in memory only: nothing is kept (see the notice)", True)]
    assert str(paths().journal_db) in found["notice"][0][0]


def test_damage_is_told(home: Path) -> None:
    work(home)
    quota("status")
    paths().journal_db.write_bytes(b"garbage" * 1000)
    found = examine(code=1)
    assert any(
        "journal.db was damaged: set aside as journal.db.damaged-" in text for text, _ in found["notice"]
    )


def test_the_status_line(home: Path) -> None:
    assert "not installed" in examine()["status line"][0][0]
    file = claude_settings()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text('{"statusLine": {"type": "command", "command": "/opt/bin/quota-tui statusline"}}')
    assert examine()["status line"] == [(f"installed in {file}", False)]
    for broken in ("{", "[]", '{"statusLine": 5}', '{"statusLine": null}'):
        file.write_text(broken)
        ((text, problem),) = examine()["status line"]
        assert problem is ("cannot be read" in text)


def test_a_zone_of_ones_own(home: Path) -> None:
    assert "shown as 21:30 (Asia/Kolkata)" in quota("--timezone", "Asia/Kolkata", "doctor").stdout
