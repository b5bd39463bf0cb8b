"""The document: nothing is lost between the program and a person's editor."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from quota_tui.core.handoff import Handoff, Objective, Quota, Section, State
from quota_tui.core.handoff_markdown import parse, parse_noting, render
from tests.core.hostile import handoffs, texts

slow_to_make = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None
)
MEGABYTE = 1 << 20


def at(hour: int, minute: int) -> datetime:
    return datetime(2026, 11, 20, hour, minute, tzinfo=UTC)


FULL = Handoff(
    id="20261120-1731-0748c499",
    title="Auth: endpoints and refresh",
    from_session="0748c499-0eb6-45f2-ab18-2e548b2d1d30",
    project="/home/dev/api",
    agent="implementation-agent",
    plan_file="SESSION_3_PLAN.md",
    start="reset+5m",
    scheduled_for=at(18, 45),
    created_at=at(17, 31),
    quota=Quota(used_pct=81.0, basis="fused", resets_at=at(18, 40), next_tokens=200_000),
    accomplished=("Add JWT authentication endpoints", "15 unit tests for auth"),
    state=State(
        branch="feature/auth-system",
        last_commit="4f2c1e0 Add JWT authentication endpoints",
        tests="15 passed in 0.57s (npm test, 17:20)",
        files_modified=("src/auth.py", "tests/test auth.py"),
        other=("The database container must run",),
    ),
    objectives=(
        Objective(
            "Integrate auth with the user endpoints", 15_000, 9_000, 24_000, ("middleware", "401 and 403")
        ),
        Objective("Refresh tokens", 18_000, steps=("rotate",)),
        Objective("Rename the package", done=True),
    ),
    decisions=("JWT instead of sessions: stateless API",),
    failed=("Mocking the clock with freezegun:\nit breaks asyncio time-outs",),
    files=("src/__init__.py", "docs/auth.md"),
    commands=("npm ci", "cat <<EOF\n  x\nEOF"),
    instructions="One endpoint at a time.\n\n```bash\n## not a heading\nnpm test\n```",
    extra_front=(("tags", "\n  - auth"),),
    extra_sections=(Section("Links", "- http://x.test"),),
)

TEXT = """\
---
id: 20261120-1731-0748c499
title: "Auth: endpoints and refresh"
from_session: 0748c499-0eb6-45f2-ab18-2e548b2d1d30
project: /home/dev/api
agent: implementation-agent
plan_file: SESSION_3_PLAN.md
start: reset+5m
scheduled_for: 2026-11-20T18:45:00Z
created_at: 2026-11-20T17:31:00Z
quota_used_pct: 81
quota_basis: fused
quota_resets_at: 2026-11-20T18:40:00Z
quota_next_tokens: 200000
tags:
  - auth
---

## What was accomplished

- Add JWT authentication endpoints
- 15 unit tests for auth

## Current state

- Branch: feature/auth-system
- Last commit: 4f2c1e0 Add JWT authentication endpoints
- Tests: 15 passed in 0.57s (npm test, 17:20)
- Files modified:
  - `src/auth.py`
  - `tests/test auth.py`
- The database container must run

## Next session objectives

1. Integrate auth with the user endpoints (≈15,000 tokens, 9,000–24,000)
   - middleware
   - 401 and 403
2. Refresh tokens (18,000 tokens)
   - rotate
3. [x] Rename the package

Total: ≈33,000 tokens (27,000–42,000), ≈16 % of the next window

## Key decisions and context

- JWT instead of sessions: stateless API

## Failed approaches

- Mocking the clock with freezegun:
  it breaks asyncio time-outs

## Blockers and notes

## Files to read first

- `src/__init__.py`
- `docs/auth.md`

## Commands to run on start

- `npm ci`
- cat <<EOF
    x
  EOF

## Agent instructions

One endpoint at a time.

```bash
## not a heading
npm test
```

## Links

- http://x.test
"""


def test_the_document_reads_as_a_person_would_write_it() -> None:
    assert render(FULL) == TEXT
    assert parse_noting(TEXT) == (FULL, ())


@slow_to_make
@given(handoffs)
@example(Handoff())
@example(Handoff(extra_front=(("", ""), ("", "---"), ("title", "x"), ("a", "\n  - b\n---"))))
@example(Handoff(extra_sections=(Section("", ""), Section("", "x"), Section("Blockers and notes", "## x"))))
def test_what_is_written_is_read_back(handoff: Handoff) -> None:
    text = render(handoff)
    text.encode()
    assert parse(text) == handoff
    assert parse(text.replace("\n", "\r\n")) == handoff, "an editor on Windows loses nothing"
    assert "\r" not in text


@slow_to_make
@given(st.one_of(st.lists(texts(), max_size=12).map("".join), st.text(max_size=200)))
def test_any_text_is_read_and_what_was_read_stays(text: str) -> None:
    handoff, notes = parse_noting(text)
    assert parse(render(handoff)) == handoff
    lines = text.replace("\r\n", "\n").count("\n") + 1
    assert all(1 <= note.line <= lines and note.text for note in notes)


FIELDS = (
    "title",
    "instructions",
    "accomplished",
    "objective",
    "step",
    "branch",
    "file",
    "command",
    "front",
    "section",
)


def with_text(field: str, text: str) -> Handoff:
    built = {
        "objective": Handoff(objectives=(Objective(text, 7), Objective("next"))),
        "step": Handoff(objectives=(Objective("a", steps=(text, "last")),)),
        "branch": Handoff(state=State(branch=text, files_modified=("x",))),
        "file": Handoff(files=(text, "last"), state=State(files_modified=(text,), other=(text,))),
        "command": Handoff(commands=(text, "last")),
        "front": Handoff(extra_front=((text[:1000], text), ("last", "1"))),
        "section": Handoff(extra_sections=(Section(text[:1000], text), Section("last", "1"))),
        "accomplished": Handoff(accomplished=(text, "last"), failed=(text,)),
    }
    return built.get(field) or Handoff(**{field: text})


HEAVY = ("a", "\n- x\n\n  y ", '"', "```\n", "---\n## Blockers\n", "\x1b[0m\u202e👩‍🚀\r\n")


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("unit", HEAVY)
def test_a_megabyte_in_any_field(field: str, unit: str) -> None:
    handoff = with_text(field, unit * (MEGABYTE // len(unit)))
    begin = time.process_time()
    same = parse(render(handoff)) == handoff
    assert same
    assert time.process_time() - begin < 8


@pytest.mark.parametrize(
    "unit", ["```a\n", "~~~\n```\n", "[x] ", "(", "a: ", "1. ", "    - x\n", '"', "a\n\n", "# a\n", "≈1k "]
)
@pytest.mark.parametrize(
    "head", ["", "---\n", "## Current state\n", "## Objectives\n", "## Commands\n", "## Other\n"]
)
def test_a_megabyte_of_anything_is_read_in_seconds(head: str, unit: str) -> None:
    text = head + unit * (MEGABYTE // len(unit))
    begin = time.process_time()
    handoff = parse(text)
    assert time.process_time() - begin < 8
    assert handoff != Handoff() or unit == "# a\n"
