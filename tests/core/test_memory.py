from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quota_tui.core import memoryfile
from quota_tui.core.memory import (
    FOUND,
    KEPT_DECISIONS,
    KEPT_ITEMS,
    KEPT_SESSIONS,
    LONGEST_ITEM,
    WHOLE_SESSIONS,
    Fact,
    Knowledge,
    Older,
    ProjectMemory,
    SessionNote,
    cleaned,
    is_empty,
    left_open,
    with_decisions,
    with_found,
    with_session,
    without_session,
)
from quota_tui.core.memoryfile import Damaged, TooNew, read, written

AT = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
EMPTY = ProjectMemory(project="/home/dev/api", name="api")
HOSTILE = [
    "a\nb\r\n---\n# x",
    "`rm -rf $HOME`; $(id) \"q\" 'q' \\",
    "\x00\x1b[31m\x07red\x9b2J",
    "\u202eright to left\u2066\ufeff",
    "half \ud800 character",
    "日本語 😀 é",
    "x" * 1_000_000,
]


def note(number: int, **more: object) -> SessionNote:
    start = AT + timedelta(hours=number)
    return SessionNote(
        id=f"s{number}", started_at=start, ended_at=start + timedelta(minutes=30), tokens=1000, **more
    )  # type: ignore[arg-type]


# -- sessions


def test_a_session_is_opened_closed_and_handed_over_in_any_order() -> None:
    parts = [
        SessionNote(id="s", started_at=AT),
        SessionNote(
            id="s", started_at=AT + timedelta(minutes=1), ended_at=AT + timedelta(hours=2), tokens=500
        ),
        SessionNote(id="s", handoff="/h.md", accomplished=("done",), objectives=("next",)),
        SessionNote(id="s", tokens=300, ended_at=AT + timedelta(hours=1)),
    ]
    expected = SessionNote(
        id="s",
        started_at=AT,
        ended_at=AT + timedelta(hours=2),
        tokens=500,
        handoff="/h.md",
        accomplished=("done",),
        objectives=("next",),
    )
    for order in ((0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)):
        memory = EMPTY
        for index in order:
            memory = with_session(memory, parts[index])
            assert with_session(memory, parts[index]) == memory
        assert memory.sessions == (expected,)
    assert without_session(memory, "s").sessions == ()


def test_what_was_left_open_and_what_was_left_empty() -> None:
    memory = with_session(with_session(EMPTY, SessionNote(id="a", started_at=AT)), note(1))
    memory = with_session(memory, SessionNote(id="me", started_at=AT))
    assert [each.id for each in left_open(memory, "me")] == ["a"]
    assert is_empty(memory.sessions[0])
    assert not is_empty(note(1))


def test_old_sessions_get_short_and_the_oldest_are_only_counted() -> None:
    memory = EMPTY
    total = KEPT_SESSIONS + 25
    for number in range(total):
        items = tuple(f"item {index}" for index in range(5))
        memory = with_session(memory, note(number, accomplished=items, objectives=items))
    assert [each.id for each in memory.sessions] == [f"s{n}" for n in range(total - KEPT_SESSIONS, total)]
    assert all(len(each.objectives) == 5 for each in memory.sessions[-WHOLE_SESSIONS:])
    assert all(
        (each.accomplished, each.objectives) == (("item 0",), ())
        for each in memory.sessions[:-WHOLE_SESSIONS]
    )
    assert memory.older == Older(sessions=25, tokens=25_000, first_at=AT, last_at=AT + timedelta(hours=24))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_becomes_one_short_clean_line(text: str) -> None:
    memory = with_session(EMPTY, SessionNote(id="s", accomplished=(text,), objectives=(text,)))
    memory = with_decisions(memory, [text], AT, "handoff h")
    texts = [
        *memory.sessions[0].accomplished,
        *memory.sessions[0].objectives,
        memory.context.decisions[0].text,
    ]
    for each in texts:
        assert 0 < len(each) <= LONGEST_ITEM
        assert each == cleaned(each)
        assert each.isprintable()
    assert read(written(memory, {}), EMPTY.project).memory == memory


def test_the_file_stays_small_whatever_is_written_into_it() -> None:
    memory = EMPTY
    text = "長" * 5_000
    for number in range(2 * KEPT_SESSIONS):
        items = tuple(f"{text}{index}"[-LONGEST_ITEM - 9 :] for index in range(3 * KEPT_ITEMS))
        memory = with_session(memory, note(number, accomplished=items, objectives=items, handoff="/h" * 100))
        memory = with_decisions(memory, [f"{number} {text}", *items], AT, "handoff h")
    assert len(written(memory, {})) < 400_000
    assert len(written(memory, {}).decode()) < 160_000


# -- what is known


def test_decisions_come_once_and_the_oldest_of_ours_go() -> None:
    theirs = Fact(text="mine: no ORM")
    memory = ProjectMemory(project="/p", context=Knowledge(decisions=(theirs,)))
    memory = with_decisions(memory, ["JWT  instead of sessions", ""], AT, "handoff 1")
    later = with_decisions(memory, ["jwt instead of\nsessions"], AT + timedelta(days=1), "handoff 2")
    assert later == memory
    for number in range(KEPT_DECISIONS + 5):
        memory = with_decisions(memory, [f"decision {number}"], AT, "handoff")
    assert len(memory.context.decisions) == KEPT_DECISIONS
    assert memory.context.decisions[0] == theirs
    assert memory.context.decisions[-1].text == f"decision {KEPT_DECISIONS + 4}"


def test_what_is_found_is_renewed_and_what_a_person_wrote_stays() -> None:
    def found(text: str, at: datetime = AT) -> Fact:
        return Fact(text=text, at=at, source=f"{FOUND}pyproject.toml")

    memory = with_found(EMPTY, [found("Python"), found("Flask")], found("folders: a/"), found("pytest"))
    tomorrow = AT + timedelta(days=1)
    new = [found("Python", tomorrow), found("Django", tomorrow)]
    memory = with_found(memory, new, found("folders: a/", tomorrow), None)
    assert [(fact.text, fact.at) for fact in memory.context.stack] == [("Python", AT), ("Django", tomorrow)]
    assert memory.context.architecture == found("folders: a/")
    assert memory.context.test_runner is None
    hers = Knowledge(
        stack=(Fact(text="django"), Fact(text="HTMX")),
        architecture=Fact(text="one app, no services"),
        test_runner=Fact(text="just test"),
    )
    memory = ProjectMemory(project="/p", context=hers)
    memory = with_found(memory, [found("Python"), found("Django")], found("folders: a/"), found("pytest"))
    assert [fact.text for fact in memory.context.stack] == ["django", "HTMX", "Python"]
    assert (memory.context.architecture, memory.context.test_runner) == (hers.architecture, hers.test_runner)


# -- the file

TEXT = st.text(max_size=30)
AN_INSTANT = st.none() | st.integers(0, 4 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
WORDS = st.text(min_size=1, max_size=20).filter(str.strip).filter(lambda t: t.isprintable())
FACTS = st.builds(Fact, text=WORDS, at=AN_INSTANT, source=WORDS)
MEMORIES = st.builds(
    ProjectMemory,
    project=st.just("/p"),
    name=WORDS,
    sessions=st.lists(
        st.builds(
            SessionNote,
            id=WORDS,
            started_at=AN_INSTANT,
            ended_at=AN_INSTANT,
            tokens=st.integers(0, 10**9),
            handoff=WORDS,
            accomplished=st.lists(WORDS, max_size=3).map(tuple),
            objectives=st.lists(WORDS, max_size=3).map(tuple),
        ),
        max_size=4,
        unique_by=lambda each: each.id,
    ).map(lambda notes: tuple(sorted(notes, key=lambda each: each.order))),
    older=st.builds(Older, sessions=st.integers(0, 9), tokens=st.integers(0, 9), first_at=AN_INSTANT),
    context=st.builds(
        Knowledge,
        stack=st.lists(FACTS, max_size=3).map(tuple),
        architecture=st.none() | FACTS,
        test_runner=st.none() | FACTS,
        decisions=st.lists(FACTS, max_size=3).map(tuple),
    ),
)


@given(memory=MEMORIES)
def test_what_is_written_is_read(memory: ProjectMemory) -> None:
    found = read(written(memory, {}), "/p")
    assert (found.memory, found.notes) == (memory, ())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)
NAMES = ("name", "sessions", "older", "context", "version", "notes")


@settings(max_examples=150)
@given(document=st.dictionaries(st.sampled_from(NAMES) | TEXT, JSON, max_size=6))
def test_any_json_object_is_read_and_written_again(document: dict[str, object]) -> None:
    try:
        data = json.dumps(document).encode("utf-8", "surrogatepass")
        found = read(data, "/p")
    except Damaged:
        return
    again = read(written(found.memory, found.document), "/p")
    assert again.memory == found.memory
    kept = {name: value for name, value in found.document.items() if name not in (*NAMES, "project")}
    assert kept.items() <= again.document.items()


@given(data=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        found = read(data, "/p")
    except Damaged:
        return
    assert found.memory.project == "/p"


def test_a_persons_edits_are_understood_and_kept() -> None:
    data = """\ufeff{
  "comment": "do not lose me",
  "context": {
    "stack": ["HTMX", {"text": "Python", "at": "2026-11-19", "source": "found in pyproject.toml"}],
    "architecture": "one app, no services",
    "glossary": {"tenant": "a customer"},
    "decisions": "no ORM"
  },
  "sessions": [{"id": "s1", "started_at": "2026-11-20T12:00", "tokens": "many", "mood": "good"}, {"tokens": 3}, 7]
}""".encode()
    found = read(data, "/p")
    known = found.memory.context
    assert [fact.text for fact in known.stack] == ["HTMX", "Python"]
    assert known.stack[1].at == datetime(2026, 11, 19, tzinfo=UTC)
    assert known.architecture == Fact(text="one app, no services")
    assert known.decisions == (Fact(text="no ORM"),)
    assert found.memory.sessions[0].started_at == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert found.notes == (
        "tokens is not a count; it is passed over",
        "sessions: an entry without an id is passed over",
        "sessions: an entry without an id is passed over",
    )
    after = json.loads(written(with_session(found.memory, note(1)), found.document))
    assert after["comment"] == "do not lose me"
    assert after["context"]["glossary"] == {"tenant": "a customer"}
    assert after["sessions"][0]["mood"] == "good"


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'"x"', b"\xff{}", b"[" * 100_000])
def test_what_is_no_memory_is_damaged(data: bytes) -> None:
    with pytest.raises(Damaged):
        read(data, "/p")


def test_a_newer_file_is_left_to_its_program() -> None:
    with pytest.raises(TooNew, match="update this one"):
        read(b'{"version": 2}', "/p")
    assert json.loads(written(EMPTY, {}))["version"] == memoryfile.VERSION
