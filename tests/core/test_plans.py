"""Plans as people write them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quota_tui.core.estimating.subject import ProjectSize, Quality, Stack, TaskType
from quota_tui.core.memory import FOUND, Fact, Knowledge, ProjectMemory, SessionNote
from quota_tui.core.plans.edit import decode, encode, mark_done, set_status, tick
from quota_tui.core.plans.parse import MAX_PHASES, parse
from quota_tui.core.plans.plan import Plan
from quota_tui.core.plans.subject import familiarity, libraries_in, plan_subject, project_size
from tests.core.hostile import texts

REAL = Path(__file__).parent / "plans_real"


def names(text: str) -> list[str]:
    return [phase.name for phase in parse(text).phases]


ISSUE = """# Session 3

**Status:** planned

## Phase 1: WebSocket Server (1-1.5h)
- [x] accept
- [ ] ping

**Complexity**: high, reconnects

## Phase 2: UI polish (30 min, 40–60k tokens)
Type: testing
## Phase 3 - Docs ✅
"""


def test_the_issue_s_own_example() -> None:
    plan = parse(ISSUE)
    assert (plan.title, plan.status, plan.is_whole) == ("Session 3", "planned", False)
    one, two, three = plan.phases
    assert (one.label, one.name, one.line) == ("Phase 1", "WebSocket Server", 5)
    assert (one.size.hours_low, one.size.hours_high) == (1.0, 1.5)
    assert [(box.text, box.done) for box in one.boxes] == [("accept", True), ("ping", False)]
    assert one.complexity == ("high, reconnects",)
    assert (one.is_done, two.is_done, three.is_done) == (False, False, True)
    assert (two.size.hours_high, two.size.tokens_low, two.size.tokens_high) == (0.5, 40_000, 60_000)
    assert (two.task_type, two.type_is_guessed) == (TaskType.TESTING, False)
    assert (three.name, three.task_type) == ("Docs", TaskType.POLISH)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# P\n## Step 1: a\n### Phase 1: no\n## Step 2: b\n", ["a", "b"]),
        ("# P\n## Part A: x\n### Step 1: s\n## Part B: y\n", ["x", "y"]),
        ("# P\n## Changes\n### 1. one\n### 2) two\n### Note\n## Verification\n### 1. no\n### 2. no\n", ["one", "two"]),
        ("# P\n## Issues found\n### 1. x\n### 2. y\n## Implementation\n### Server\n### Client\n", ["Server", "Client"]),
        ("# 1. Setup\ntext\n# 2. Build\n", ["Setup", "Build"]),
        ("P\n===\nPhase 1\n-------\nx\n\nPhase 2: b\n---\n", ["Phase 1", "b"]),
        ("**Phase 1: a** (1h)\n\ntext\n\n**Phase 2: b**\n", ["a", "b"]),
        ("# P\n- [ ] one\n  - [ ] inner\n- [x] two\n", ["one", "two"]),
        ("# P\n## A\n- [ ] x\n## B\n- [x] y\n", ["A", "B"]),
        ("# P\n## Steps\n1. one\n2. two\n## Notes\n1. no\n2. no\n3. no\n", ["one", "two"]),
        ("1. one\n2. two\n", ["one", "two"]),
        ("# Plan: tidy up\n\nJust do it.\n", ["tidy up"]),
        ("just words", ["the plan"]),
        ("", ["the plan"]),
        ("# P\n```\n## Phase 1: no\n```\n## Phase 1: yes\n", ["yes"]),
        ("# P\n~~~~\n## Phase 1: no\n~~~\n~~~~\n<!--\n## Phase 2: no\n-->\n## Phase 3: yes\n", ["yes"]),
        ("# P\n```\nnever closed\n## Phase 1: yes\n", ["yes"]),
        ("---\ntitle: x\n## Phase 9: no\n---\n## Phase 1: yes\n", ["yes"]),
        ("## Phase 1: a (Medium Priority)\n## Phase 2: b (lines 3-9)\n", ["a (Medium Priority)", "b (lines 3-9)"]),
    ],
)  # fmt: skip
def test_what_people_write(text: str, expected: list[str]) -> None:
    for written in (text, text.replace("\n", "\r\n"), text.replace("\n", "\r"), "\ufeff" + text):
        assert names(written) == expected


@pytest.mark.parametrize(
    ("heading", "hours", "tokens"),
    [
        ("a (1-1.5h)", (1.0, 1.5), None),
        ("a (~45 min)", (0.75, 0.75), None),
        ("a (1h 30m)", (1.5, 1.5), None),
        ("a (30min-1h)", (0.5, 1.0), None),
        ("a (2 to 3 hours)", (2.0, 3.0), None),
        ("a [1 day]", (8.0, 8.0), None),
        ("a — 2h", (2.0, 2.0), None),
        ("a (15k)", None, (15_000, 15_000)),
        ("a (15,000 tokens)", None, (15_000, 15_000)),
        ("a (40-60k tokens, 2h)", (2.0, 2.0), (40_000, 60_000)),
        ("a (≈1.2M tok)", None, (1_200_000, 1_200_000)),
        ("a", None, None),
    ],
)
def test_sizes(heading: str, hours: tuple[float, float] | None, tokens: tuple[int, int] | None) -> None:
    phase = parse(f"## Phase 1: {heading}\n").phases[0]
    assert phase.name == "a"
    assert (phase.size.hours_low, phase.size.hours_high) == (hours or (None, None))
    assert (phase.size.tokens_low, phase.size.tokens_high) == (tokens or (None, None))


@pytest.mark.parametrize(
    ("line", "hours", "tokens"),
    [
        ("**Time**: 1-2h", 2.0, None),
        ("- Estimated time: 90 minutes or so", 1.5, None),
        ("⏱ **Estimate:** 2h, 40k tokens", 2.0, 40_000),
        ("Tokens: 30000", None, 30_000),
        ("Hours: 3", 3.0, None),
        ("Then wait 2h.", None, None),
    ],
)
def test_sizes_on_lines_of_their_own(line: str, hours: float | None, tokens: int | None) -> None:
    size = parse(f"## Phase 1: a\n{line}\n").phases[0].size
    assert (size.hours_high, size.tokens_high) == (hours, tokens)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Write failing tests", TaskType.TESTING),
        ("Fix the crash on start", TaskType.DEBUGGING),
        ("Extract a helper", TaskType.REFACTORING),
        ("Research and design", TaskType.PLANNING),
        ("README and changelog", TaskType.POLISH),
        ("Add the endpoint", TaskType.IMPLEMENTATION),
        ("`cmd/cli/thing_test.go`", TaskType.TESTING),
        ("Server", TaskType.IMPLEMENTATION),
    ],
)
def test_the_kind_of_work_is_guessed_and_corrected(name: str, kind: TaskType) -> None:
    assert parse(f"## Phase 1: {name}\n").phases[0].task_type is kind
    corrected = parse(f"## Phase 1: {name}\n**Task type:** polish\n").phases[0]
    assert (corrected.task_type, corrected.type_is_guessed) == (TaskType.POLISH, False)


@pytest.mark.parametrize(
    ("heading", "done"),
    [
        ("Phase 1: a ✅", True), ("Phase 1: a ✅ DONE", True), ("✅ Phase 1: a", True), ("[x] Phase 1: a", True),
        ("Phase 1: a (done)", True), ("Phase 1: a [COMPLETE]", True), ("~~Phase 1: a~~", True), ("Phase 1: a - done", True),
        ("[ ] Phase 1: a", False), ("Phase 1: a", False), ("Phase 1: a (not done)", False),
    ],
)  # fmt: skip
def test_marked_as_done(heading: str, done: bool) -> None:
    phase = parse(f"## {heading}\n").phases[0]
    assert phase.is_done is done
    assert phase.label == "Phase 1"


def test_real_plans() -> None:
    expected = {
        "049": (3, ["1", "2", "3"]),
        "183": (1, [""]),
        "184": (2, ["1", "2"]),
        "189": (5, [f"Step {at}" for at in range(1, 6)]),
        "201": (3, ["", "", ""]),
        "215": (2, ["Bug 1", "Bug 2"]),
        "271": (4, [f"Step {at}" for at in range(1, 5)]),
    }
    assert {path.stem for path in REAL.glob("[0-9]*.md")} == set(expected)
    for stem, (count, labels) in expected.items():
        text = decode((REAL / f"{stem}.md").read_bytes())
        plan = parse(text)
        assert len(plan.phases) == count, stem
        assert [phase.label for phase in plan.phases] == labels
        assert plan.title
    done = parse(decode((REAL / "049.md").read_bytes()))
    assert [phase.is_done for phase in done.phases] == [True, True, False]
    assert parse(decode((REAL / "183.md").read_bytes())).is_whole


# -- edits


def test_the_edits_change_only_their_own_bytes() -> None:
    data = ISSUE.replace("\n", "\r\n").encode() + b"\xff\xfe odd\r"
    text = decode(data)
    plan = parse(text)
    assert encode(mark_done(text, plan.phases[0])) == data.replace(b"(1-1.5h)", "(1-1.5h) ✅".encode())
    assert encode(tick(text, plan.phases[0].boxes[1])) == data.replace(b"- [ ] ping", b"- [x] ping")
    assert encode(tick(text, plan.phases[0].boxes[0], done=False)) == data.replace(
        b"[x] accept", b"[ ] accept"
    )
    assert encode(set_status(text, plan, "in work")) == data.replace(b"planned", b"in work")
    assert mark_done(text, plan.phases[2]) == text


def changed(before: str, after: str) -> tuple[str, str]:
    """What went out and what came in, between the longest common ends."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return before[start : len(before) - end], after[start : len(after) - end]


PIECES = st.sampled_from(
    ["# Plan", "## Phase 1: a (1h)", "## Phase 2: b", "### Step 1", "- [ ] x", "- [x] y", "  - [ ] z", "1. one", "2. two",
     "---", "status: new", "**Status:** old", "Status:", "```", "~~~", "<!--", "-->", "===", "text", "", "\t", "**Phase 3: c**",
     "## Changes", "### 1. n", "### 2. m ✅", "# Other", "Time: 2h", "\ufeff"]
)  # fmt: skip
documents = st.tuples(
    st.lists(st.one_of(PIECES, texts()), max_size=14), st.sampled_from(["\n", "\r\n", "\r"])
).map(lambda parts: parts[1].join(parts[0]))


def well_placed(text: str, plan: Plan) -> None:
    for phase in plan.phases:
        assert 0 <= phase.start <= phase.end <= len(text)
        for box in (*phase.boxes, *([phase.box] if phase.box else [])):
            assert text[box.mark_at - 1] == "["
            assert text[box.mark_at + 1] == "]"
            assert (text[box.mark_at] in " -") is not box.done


@settings(deadline=None, max_examples=400)
@given(documents)
def test_nothing_breaks_it_and_edits_are_read_back(text: str) -> None:
    plan = parse(text)
    assert 1 <= len(plan.phases) <= MAX_PHASES
    well_placed(text, plan)
    plan_subject(text, plan)
    for at, phase in enumerate(plan.phases):
        for index, box in enumerate(phase.boxes):
            if not box.done:
                ticked = tick(text, box)
                assert (len(ticked), changed(text, ticked)[1]) == (len(text), "x")
                again = parse(ticked)
                assert len(again.phases) == len(plan.phases)
                assert again.phases[at].boxes[index].done
        marked = mark_done(text, phase)
        out, came = changed(text, marked)
        assert (out, came) in {("", ""), ("", " ✅"), (" ", "x"), ("-", "x"), ("", "✅ ")}
        if phase.box is not None or phase.mark_at >= 0:
            assert parse(marked).phases[at].is_marked_done
    status = set_status(text, plan, "in work")
    assert parse(status).status == "in work"
    out, came = changed(text, status)
    assert len(out) <= len(plan.status) + 5 or plan.status.endswith("…")
    assert len(came) <= len("**Status:** in work") + 6


@given(st.binary(max_size=300))
def test_any_bytes_come_back(data: bytes) -> None:
    assert encode(decode(data)) == data
    parse(decode(data))


@pytest.mark.parametrize("status", ["", " x", "a\nb", "x" * 41, "`x`", "done:"])
def test_a_status_that_would_not_be_read_back_is_refused(status: str) -> None:
    with pytest.raises(ValueError, match="one to forty"):
        set_status("# P\n", parse("# P\n"), status)


@pytest.mark.parametrize(
    "text",
    [
        "# x\n" + "- [ ] a b c\n" * 80_000,
        "## Phase 1 " + " " * 500_000 + "#\n" + "`" * 500_000 + "\n" + "*" * 500_000,
        "#### Step 1: foo\n" * 50_000,
        ("**Time: " + "1 " * 400 + "\n") * 1_000,
        "```\n" * 99_999,
        "".join("`" * (3 + at % 997) + "x\n" for at in range(3000, 0, -1)),
        "<!--\n" * 100_000,
        "x" * 1_000_000,
        "## Phase 1: " + "(1h) " * 100_000,
    ],
    ids=[
        "boxes",
        "long lines",
        "headings",
        "times",
        "fences",
        "falling fences",
        "comments",
        "one word",
        "sizes",
    ],
)
def test_large_files_take_no_time(text: str) -> None:
    began = time.process_time()
    parse(text)
    assert time.process_time() - began < 5


# -- in numbers


def test_the_plan_in_numbers() -> None:
    text = (
        "---\ncode_quality: legacy\nstack: new\n---\n# P\n## Phase 1: Server (1h)\nUse FastAPI and Redis; see `app/main.py` and app/main.py.\n"
        "- one\n- [ ] two\n### Sub\n## Phase 2: b ✅\nwith `click`, not a click\n"
    )
    subject = plan_subject(text, parse(text), project="/p", size=ProjectSize.MEDIUM, stack=Stack.FAMILIAR)
    assert (subject.quality, subject.stack, subject.project_size) == (
        Quality.LEGACY,
        Stack.NEW,
        ProjectSize.MEDIUM,
    )
    one, two = subject.phases
    assert (one.steps, one.files_named, one.hours_low, one.done, two.done) == (3, 1, 1.0, False, True)
    assert one.words == 21
    assert subject.libraries == ("click", "fastapi", "redis")
    assert libraries_in("a next step to express thanks") == ()
    assert libraries_in("we have mylib here", ["MyLib >=2"]) == ("mylib",)


@pytest.mark.parametrize(
    ("lines", "size"),
    [
        (None, ""),
        (0, "small"),
        (4_999, "small"),
        (5_000, "medium"),
        (50_000, "large"),
        (500_000, "enterprise"),
    ],
)
def test_project_sizes(lines: int | None, size: str) -> None:
    assert project_size(lines) == size


def memory(sessions: int, *stack: str) -> ProjectMemory:
    return ProjectMemory(
        project="/p",
        sessions=tuple(SessionNote(id=f"s{at}") for at in range(sessions)),
        context=Knowledge(stack=tuple(Fact(text=text, source=FOUND) for text in stack)),
    )


def test_familiarity_is_from_remembered_sessions() -> None:
    assert familiarity(["Python"], []) is Stack.UNKNOWN
    assert familiarity([], [memory(3, "Go")]) is Stack.UNKNOWN
    assert familiarity(["Python >=3.11"], [memory(9, "Python >=3.9"), memory(2, "python")]) is Stack.FAMILIAR
    assert familiarity(["Python"], [memory(3, "Python"), memory(50, "Go")]) is Stack.LEARNING
    assert familiarity(["Rust"], [memory(50, "Go")]) is Stack.NEW
