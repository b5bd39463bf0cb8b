"""The document as people change it: any order, any bullet, anything added."""

from __future__ import annotations

from datetime import timedelta, timezone

import msgspec
import pytest

from quota_tui.core.handoff import Handoff, Objective, Section, State
from quota_tui.core.handoff_markdown import parse, parse_noting, render
from quota_tui.core.handoff_sections import NAMES
from tests.core.test_handoff_markdown import FULL, TEXT, at


def test_sections_in_any_order_case_and_bullet() -> None:
    text = """\

---
Title: Hand made
Scheduled for: 2026-11-20 18:45
Plan: 'it''s.md'
---
Some words before.

# FAILED APPROACHES:

* one
* two
   more of two


+ three

## 3. **Next steps**
1) First (15k)
  * step a
  * step b
      deeper
2) [x] Second ≈15k (9–24k)

3) [ ] Third — ~20k tokens

   with a second line

Not a bullet.

## current STATE
* **Branch:** main
* *tests*: all green
- Modified files: a.py, `b c.py`

Everything builds.

## Accomplished ##
Built the login.
It works.

Wrote the docs.

## commands to run
```sh
npm ci

npm test
```
- `make db`
"""
    handoff, notes = parse_noting(text, timezone(timedelta(hours=1)))
    assert notes == ()
    assert handoff == Handoff(
        title="Hand made",
        scheduled_for=at(17, 45),
        plan_file="it's.md",
        failed=("one", "two\n more of two", "three"),
        objectives=(
            Objective("First", 15_000, steps=("step a", "step b\n deeper")),
            Objective("Second", 15_000, 9_000, 24_000, done=True),
            Objective("Third\n\nwith a second line", 20_000),
            Objective("Not a bullet."),
        ),
        state=State(
            branch="main", tests="all green", files_modified=("a.py", "b c.py"), other=("Everything builds.",)
        ),
        accomplished=("Built the login.\nIt works.", "Wrote the docs."),
        commands=("npm ci", "npm test", "make db"),
        extra_sections=(Section("", "Some words before."),),
    )
    assert parse(render(handoff)) == handoff


@pytest.mark.parametrize(
    ("written", "objective"),
    [
        ("a (15k)", Objective("a", 15_000)),
        ("a (15 k tokens)", Objective("a", 15_000)),
        ("a [~20k]", Objective("a", 20_000)),
        ("a (1.5k)", Objective("a", 1_500)),
        ("a (about 15,000 tokens)", Objective("a", 15_000)),
        ("a (15.250 tokens)", Objective("a", 15_250)),
        ("a: 12000 tokens", Objective("a", 12_000)),
        ("a (9-24k tokens)", Objective("a", None, 9_000, 24_000)),
        ("a ≈1.5M tokens (1–2M)", Objective("a", 1_500_000, 1_000_000, 2_000_000)),
        ("a (15,000 tokens; from 9,000)", Objective("a", 15_000, 9_000)),
        ("a (15,000 tokens, up to 24k)", Objective("a", 15_000, None, 24_000)),
        ("support 15k users", Objective("support 15k users")),
        ("scale to 15k", Objective("scale to 15k")),
        ("fix issue (15)", Objective("fix issue (15)")),
        ("the 5 MB limit (5M)", Objective("the 5 MB limit (5M)")),
        ("since (2026)", Objective("since (2026)")),
        ("(15k)", Objective("(15k)")),
        ("a (99999999999999 tokens)", Objective("a (99999999999999 tokens)")),
        ("**a** (15k", Objective("**a** (15k")),
        ('"a (15k)"', Objective("a (15k)")),
        ('"a (15k)" (3k)', Objective("a (15k)", 3_000)),
        ('"a" is not b', Objective('"a" is not b')),
    ],
)
def test_estimates_as_people_write_them(written: str, objective: Objective) -> None:
    assert parse(f"## Objectives\n- {written}\n").objectives == (objective,)


def test_the_total_follows_the_estimates() -> None:
    text = TEXT.replace("(18,000 tokens)", "(48,000 tokens)").replace("3. [x] Rename", "3. Rename")
    assert "Total: ≈63,000 tokens (57,000–72,000) for 2 of 3 objectives, ≈32 %" in render(parse(text))
    assert "Total" not in render(Handoff(objectives=(Objective("a"),)))
    assert "\nTotal: 5 tokens\n" in render(Handoff(objectives=(Objective("a", 5),)))


def test_what_others_wrote_is_kept_to_the_byte() -> None:
    front = 'x-tool: "quoted: {yes}"\nlist:\n  - a\n- b\nnested: {a: [1, "b"]}\n# a comment\nempty:\nécrit: par Zoé\n'
    sections = (
        "## Links & more ##\n\n```md\n## inside\n```\n\n\n  indented\n* star\t\n\n"
        "## 日本語\n\n| a | b |\n|---|---|\n\n### deeper\n\n# of level one\n\n## Empty\n"
    )
    text = render(FULL).replace("tags:\n  - auth\n", front) + "\n" + sections
    again = render(parse(text))
    assert front in again
    assert again.endswith("\n" + sections)
    assert render(parse(again)) == again


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("---\ntitle: a\nnonsense\n---\n", 3, "not `key: value`"),
        ("---\ntitle: a\ntitle: b\n---\n", 3, "twice"),
        ("---\nscheduled_for: tomorrow\n---\n", 2, "must be a time"),
        ("---\nquota_used_pct: nan\n---\n", 2, "must be a number"),
        ("---\nquota_next_tokens: 1e5\n---\n", 2, "must be a whole number"),
        ("---\ntitle: a\n\n## State\n", 1, "no closing"),
        ("---\ntitle: a\n---\n\n## State\n\n```\nopen\n", 7, "never closed"),
    ],
)
def test_problems_come_with_their_line(text: str, line: int, words: str) -> None:
    handoff, notes = parse_noting(text)
    assert [(note.line, words in note.text) for note in notes] == [(line, True)]
    again, _ = parse_noting(render(handoff))
    assert again == handoff, "what was not understood is kept"


def test_a_time_that_was_not_understood_is_not_lost() -> None:
    handoff = parse("---\nscheduled_for: tomorrow at nine\n---\n")
    assert handoff.extra_front == (("scheduled_for", "tomorrow at nine"),)
    later = msgspec.structs.replace(handoff, scheduled_for=at(9, 0))
    assert parse(render(later)) == later


def test_a_block_that_never_ends_hides_no_section() -> None:
    handoff = parse("## Agent instructions\n\n```\ndo it\n\n## Failed approaches\n- x\n")
    assert handoff.failed == ("x",)
    assert handoff.instructions == "```\ndo it"
    assert parse(render(handoff)) == handoff


def test_a_section_that_is_there_twice_is_one() -> None:
    assert parse("## Failed\n- a\n## Links\nx\n## Failed approaches\nb\n").failed == ("a", "b")


def test_a_hand_written_document_has_its_heading_as_title() -> None:
    assert parse("# Handoff: login\n\n## Objectives\n- a\n").title == "Handoff: login"
    kept = parse("---\ntitle: x\n---\n# Handoff: login\n")
    assert (kept.title, kept.extra_sections) == ("x", (Section("", "# Handoff: login"),))


def test_empty_documents() -> None:
    for text in ("", "\n\n", "\ufeff", "---\n---\n", "---", render(Handoff())):
        assert parse(text) == Handoff()
    assert all(f"## {name}\n" in render(Handoff()) for name in NAMES.values())


def test_rules_between_sections_are_no_items() -> None:
    assert parse("## Failed\n- a\n\n---\n\n## Blockers\n***\n- b\n- ---\n").blockers == ("b",)
