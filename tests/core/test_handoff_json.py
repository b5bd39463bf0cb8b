"""The JSON form: every key optional, and every mistake named."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quota_tui.core.handoff import Handoff, Objective, State
from quota_tui.core.handoff_json import (
    KEYS,
    MAX_ITEMS,
    MAX_TEXT,
    HandoffInputError,
    apply_json,
    looks_like_json,
    to_json,
)
from tests.core.hostile import handoffs

RESET = datetime(2026, 11, 20, 18, 40, tzinfo=UTC)
BASE = Handoff(title="before", accomplished=("proposed",), agent="a", project="/p")

FULL = {
    "title": "Auth",
    "accomplished": ["one", "two"],
    "objectives": [
        {"text": "x", "tokens": 15000, "steps": ["s"]},
        {"text": "y"},
        {"text": "z", "tokens": None},
    ],
    "decisions": ["d"],
    "failed": ["f"],
    "blockers": [],
    "files": ["src/a.py"],
    "commands": ["npm test"],
    "instructions": "Go.\n",
    "agent": "implementation-agent",
    "start": "reset+5m",
}


def problems(data: object) -> tuple[str, ...]:
    with pytest.raises(HandoffInputError) as caught:
        apply_json(data if isinstance(data, str) else json.dumps(data), BASE)
    assert str(caught.value)
    return caught.value.problems


def test_every_key() -> None:
    handoff = apply_json("\ufeff" + json.dumps(FULL), BASE, resets_at=RESET)
    assert handoff == Handoff(
        title="Auth",
        accomplished=("one", "two"),
        objectives=(Objective("x", 15000, steps=("s",)), Objective("y"), Objective("z")),
        decisions=("d",),
        failed=("f",),
        files=("src/a.py",),
        commands=("npm test",),
        instructions="Go.\n",
        agent="implementation-agent",
        start="reset+5m",
        scheduled_for=RESET + timedelta(minutes=5),
        project="/p",
    )


def test_what_is_not_said_stays_and_what_is_said_replaces() -> None:
    assert apply_json("{}", BASE) == BASE
    assert apply_json('{"accomplished": []}', BASE).accomplished == ()
    assert apply_json('{"title": ""}', BASE).title == ""


@pytest.mark.parametrize(
    ("start", "instant"),
    [
        ("reset", RESET),
        ("reset+5m", RESET + timedelta(minutes=5)),
        ("manual", None),
        ("2026-11-20T20:00:00+02:00", datetime(2026, 11, 20, 18, 0, tzinfo=UTC)),
        ("2026-11-20 20:00", datetime(2026, 11, 20, 15, 0, tzinfo=UTC)),
    ],
)
def test_starts(start: str, instant: datetime | None) -> None:
    zone = timezone(timedelta(hours=5))
    handoff = apply_json(json.dumps({"start": start}), BASE, resets_at=RESET, zone=zone)
    assert (handoff.start, handoff.scheduled_for) == (start, instant)
    assert apply_json('{"start": "reset"}', BASE).scheduled_for is None, "without a known reset"


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", [None, 5, True, {"a": 1}, "s", ["s"], [5], [None], [{"text": 5}]])
def test_a_wrong_type_is_named_with_its_key(key: str, value: object) -> None:
    right = {"start": ()}.get(
        key, ("s",) if isinstance(FULL[key], str) else (["s"],) if key != "objectives" else ()
    )
    if value in right:
        return
    (problem,) = problems({key: value})
    assert problem.startswith(key)
    assert "must be" in problem


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"titel": "x"}, ["titel: not a key of a handoff; the keys are title, accomplished,"]),
        ({"we ird\n": 1, "id": "x"}, ['"we ird\\n": not a key', "id: not a key"]),
        ({"objectives": [{"text": "a", "token": 5}]}, ["objectives[0].token: not a key of an objective"]),
        ({"objectives": [{"tokens": 5}]}, ["objectives[0].text: is missing"]),
        ({"objectives": ["a", {"text": "a", "steps": ["b", 7]}]}, ["objectives[0]: must be", "objectives[1].steps[1]:"]),
        ({"objectives": [{"text": "a", "tokens": -1}]}, ["objectives[0].tokens: must be a whole number"]),
        ({"objectives": [{"text": "a", "tokens": 1.5}]}, ["not 1.5"]),
        ({"objectives": [{"text": "a", "tokens": "15k"}]}, ["objectives[0].tokens: must be a whole number"]),
        ({"objectives": [{"text": "a", "tokens": True}]}, ["or null, not true"]),
        ({"objectives": [{"text": "a", "tokens": 10**13}]}, ["objectives[0].tokens"]),
        ({"start": "tomorrow"}, ['start: must be "reset", "reset+5m", "manual" or an ISO 8601 time, not tomorrow']),
        ({"start": ""}, ["start: must be"]),
        ({"title": "x" * (MAX_TEXT + 1)}, ["title: has 1,048,577 characters; 1,048,576 is the most"]),
        ({"files": ["x"] * (MAX_ITEMS + 1)}, ["files: has 1,001 entries; 1,000 is the most"]),
        ('{"title": "a", "title": "b"}', ["the key title is there twice"]),
        ('{"title": "a"', ["it is not JSON (line 1, column 14"]),
        ("[1]", ["it must be an object, not a list"]),
        ("null", ["it must be an object, not null"]),
        ("[" * 100_000, ["it is not JSON of a handoff"]),
        ('{"objectives": [{"text": "a", "tokens": NaN}]}', ["objectives[0].tokens"]),
        ('{"objectives": [{"text": "a", "tokens": 1e999}]}', ["objectives[0].tokens"]),
        ('{"objectives": [{"text": "a", "tokens": ' + "9" * 5000 + "}]}", ["it is not JSON of a handoff"]),
        ('{"title": "' + "x" * (17 << 20) + '"}', ["it is longer than 16 million"]),
    ],
    ids=range(23),
)  # fmt: skip
def test_mistakes_are_named(data: object, words: list[str]) -> None:
    found = problems(data)
    assert len(found) == len(words)
    for problem, part in zip(found, words, strict=True):
        assert part in problem
        assert len(problem) < 300


def test_all_mistakes_at_once_but_not_without_end() -> None:
    assert len(problems({"title": 1, "start": 2, "x": 3})) == 3
    many = problems({f"k{at}": 1 for at in range(50)})
    assert len(many) == 20
    with pytest.raises(HandoffInputError, match="and 30 more"):
        apply_json(json.dumps({f"k{at}": 1 for at in range(50)}), BASE)


def test_a_megabyte_of_text_is_taken() -> None:
    assert len(apply_json(json.dumps({"instructions": "é" * MAX_TEXT}), BASE).instructions) == MAX_TEXT


def test_what_is_shown() -> None:
    handoff = apply_json(json.dumps(FULL), Handoff(id="i", project="/p", created_at=RESET), resets_at=RESET)
    shown = to_json(handoff, "/x/handoff-i.md")
    assert {key: shown[key] for key in KEYS} == FULL | {
        "objectives": [
            {"text": "x", "tokens": 15000, "steps": ["s"]},
            {"text": "y", "tokens": None, "steps": []},
            {"text": "z", "tokens": None, "steps": []},
        ]
    }
    more = {key: value for key, value in shown.items() if key not in KEYS}
    assert more == {
        "id": "i",
        "path": "/x/handoff-i.md",
        "project": "/p",
        "branch": "",
        "last_commit": "",
        "tests": "",
        "files_modified": [],
        "created_at": "2026-11-20T18:40:00Z",
    }
    assert to_json(Handoff(state=State(branch="b")))["branch"] == "b"
    assert to_json(Handoff())["created_at"] is None


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(handoffs)
def test_what_is_shown_can_be_given_back(handoff: Handoff) -> None:
    shown = json.loads(json.dumps(to_json(handoff)))
    given_back = {key: shown[key] for key in KEYS if key != "start"}
    again = apply_json(json.dumps(given_back), Handoff())
    for key in (*set(given_back) - {"objectives"},):
        assert getattr(again, key) == getattr(handoff, key)
    assert [(item.text, item.tokens, item.steps) for item in again.objectives] == [
        (item.text, item.tokens, item.steps) for item in handoff.objectives
    ]


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), lambda kids: st.lists(kids) | st.dictionaries(st.sampled_from((*KEYS, "text", "tokens", "steps", "x")), kids), max_leaves=20))  # fmt: skip
def test_any_json_is_taken_or_refused_in_words(data: object) -> None:
    try:
        refused: tuple[str, ...] = ()
        apply_json(json.dumps(data), BASE)
    except HandoffInputError as error:
        refused = error.problems
    assert refused or set(data) <= set(KEYS)


def test_json_or_markdown() -> None:
    assert looks_like_json('\ufeff\n {"title": 1}')
    assert not looks_like_json("---\ntitle: {a}\n---\n")
    assert not looks_like_json("")
