from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.handoff import MAX_TOKENS, Handoff, Objective, State
from quota_tui.core.planform import (
    LISTS,
    MODIFIED,
    OTHER,
    STATE_TEXTS,
    TEXTS,
    Size,
    Spot,
    agent_after,
    entries_of,
    insert,
    kept_aside,
    move,
    put,
    read_size,
    remove,
    settled,
    sources_by_text,
    spot_named,
    text_at,
    typed_size,
)
from quota_tui.core.proposal import Proposed
from tests.core.hostile import handoffs, texts


def spots(handoff: Handoff) -> list[Spot]:
    """Every spot that has a text."""
    made = [Spot(field) for field in (*TEXTS, *STATE_TEXTS)]
    for field in (*LISTS, OTHER):
        made += [Spot(field, at) for at in range(len(entries_of(handoff, field) or ()))]
    for at, item in enumerate(handoff.objectives):
        made += [
            Spot("objectives", at),
            *(Spot("objectives", at, "step", step) for step in range(len(item.steps))),
        ]
    return made


@given(handoffs, texts(), st.data())
def test_a_text_is_kept_to_the_character_and_nothing_else_changes(handoff, text, data):
    spot = data.draw(st.sampled_from(spots(handoff)))
    changed = put(handoff, spot, text)
    assert text_at(changed, spot) == text
    assert put(changed, spot, text_at(handoff, spot)) == handoff


@given(handoffs, texts(), st.data())
def test_an_entry_comes_and_goes(handoff, text, data):
    lists = [*(Spot(field, part="add") for field in (*LISTS, OTHER, "objectives")), *spots(handoff)]
    spot = data.draw(st.sampled_from([each for each in lists if each.part or each.at >= 0]))
    changed, made = insert(handoff, spot, text)
    assert text_at(changed, made) == text
    assert remove(changed, made) == handoff


@given(handoffs, st.data())
def test_moving_there_and_back_changes_nothing(handoff, data):
    listed = [each for each in spots(handoff) if each.at >= 0]
    if not listed:
        return
    spot = data.draw(st.sampled_from(listed))
    by = data.draw(st.sampled_from([-1, 1]))
    changed, there = move(handoff, spot, by)
    assert text_at(changed, there) == text_at(handoff, spot)
    back, home = move(changed, there, -by)
    if there != spot:
        assert (back, home) == (handoff, spot)
    else:
        assert changed == handoff


@given(handoffs, texts())
def test_leaving_an_objective_loses_no_letter(handoff, text):
    handoff = msgspec.structs.replace(handoff, objectives=(Objective(text), *handoff.objectives))
    item = settled(handoff, Spot("objectives", 0)).objectives[0]
    assert text.startswith(item.text)
    assert (item.tokens is None) == (item.text == text)


def test_single_fields_are_emptied_by_removing_them():
    handoff = Handoff(title="a", state=State(branch="main"), objectives=(Objective("x", 5, 1, 9),))
    assert remove(handoff, Spot("title")).title == ""
    assert remove(handoff, Spot("branch")).state.branch == ""
    assert remove(handoff, Spot("objectives", 0, "tokens")).objectives == (Objective("x"),)
    assert remove(handoff, Spot("objectives", part="add")) == handoff
    assert remove(handoff, Spot("start", part="manual")) == handoff


def test_files_modified_are_edited_a_line_each():
    handoff = Handoff(state=State(files_modified=("a b.py", "c.py")))
    assert text_at(handoff, Spot(MODIFIED)) == "a b.py\nc.py"
    assert put(handoff, Spot(MODIFIED), "c.py\n\n d.py\n").state.files_modified == ("c.py", " d.py")


@pytest.mark.parametrize(
    ("typed", "size"),
    [
        ("15k", Size(15_000)),
        ("15000", Size(15_000)),
        ("15,000", Size(15_000)),
        ("15.000", Size(15_000)),
        ("1.5k", Size(1_500)),
        ("1,5k", Size(1_500)),
        ("1.500k", Size(1_500)),
        ("2M", Size(2_000_000)),
        (" ~15k tokens ", Size(15_000)),
        ("9-24k", Size(14_700, 9_000, 24_000)),
        ("9k – 24k", Size(14_700, 9_000, 24_000)),
        ("900-1.2k", Size(1_040, 900, 1_200)),
        ("0-10k", Size(5_000, 0, 10_000)),
        ("≈15k (9–24k)", Size(15_000, 9_000, 24_000)),
        ("15k 9 to 24k", Size(15_000, 9_000, 24_000)),
        ("24k-9k", Size(14_700, 9_000, 24_000)),
        ("", Size()),
        ("0", Size(0)),
    ],
)
def test_tokens_as_people_type_them(typed, size):
    assert read_size(typed) == size
    assert read_size(typed_size(size)) == size


@pytest.mark.parametrize(
    "typed", ["15x", "k", "-5", "15k 15k", "9-", "ten", "1e5", "50k (1-2k)", "9999999M", "5" * 90]
)
def test_what_is_no_number_of_tokens_is_told(typed):
    said = read_size(typed)
    assert isinstance(said, str)
    assert said


@given(st.integers(0, MAX_TOKENS), st.lists(st.integers(0, MAX_TOKENS), min_size=2, max_size=2))
def test_a_size_is_typed_as_it_is_read(tokens, ends):
    low, high = sorted(ends)
    assert read_size(typed_size(Size(tokens))) == Size(tokens)
    if low <= tokens <= high:
        assert read_size(typed_size(Size(tokens, low, high))) == Size(tokens, low, high)


def test_tokens_that_make_no_sense_yet_leave_the_estimate_alone():
    handoff = Handoff(objectives=(Objective("x", 5_000),))
    spot = Spot("objectives", 0, "tokens")
    assert put(handoff, spot, "15") == Handoff(objectives=(Objective("x", 15),))
    assert put(handoff, spot, "15x") == handoff
    assert kept_aside(handoff, spot, " 15x ").objectives[0].text == "x [15x]"
    assert kept_aside(handoff, spot, "15k") == handoff


@pytest.mark.parametrize(
    ("typed", "item"),
    [
        ("Refresh tokens ≈18k", Objective("Refresh tokens", 18_000)),
        ("Refresh tokens (15k)", Objective("Refresh tokens", 15_000)),
        ("Integrate auth ≈15k (9–24k)", Objective("Integrate auth", 15_000, 9_000, 24_000)),
        ("Integrate auth (9-24k)", Objective("Integrate auth", 14_700, 9_000, 24_000)),
        ("Write 15 tests", Objective("Write 15 tests")),
        ("Fix [red]this[/red]", Objective("Fix [red]this[/red]")),
        ("two\nlines ≈5k", Objective("two\nlines ≈5k")),
        ("≈5k", Objective("≈5k")),
        ('"quoted" (5k)', Objective('"quoted" (5k)')),
    ],
)
def test_an_estimate_behind_an_objective_is_understood_as_in_the_file(typed, item):
    handoff = Handoff(objectives=(Objective(typed),))
    assert settled(handoff, Spot("objectives", 0)).objectives == (item,)


def test_an_objective_without_a_new_estimate_keeps_the_old_one():
    handoff = Handoff(objectives=(Objective("Refresh", 18_000, steps=("a",)),))
    assert settled(handoff, Spot("objectives", 0)) == handoff
    assert settled(handoff, Spot("objectives", part="add")) == handoff


def test_the_next_agent():
    agents = ("builder", "reviewer")
    assert [agent_after(agents, each) for each in ("", "builder", "reviewer", "typed")] == [
        "builder",
        "reviewer",
        "",
        "",
    ]
    assert agent_after((), "") == ""


def test_a_source_stays_with_its_text():
    handoff = Handoff(
        title="t",
        accomplished=("a", "b"),
        state=State(branch="main", files_modified=("x", "y")),
        objectives=(Objective("o"),),
    )
    sources = {
        "title": "name",
        "accomplished[1]": "todo list",
        "state.branch": "git",
        "state.files_modified[0]": "git",
        "state.files_modified[1]": "git",
        "objectives[0]": "plan",
        "start": "recommended",
        "project": "transcript",
    }
    assert sources_by_text(Proposed(handoff, sources)) == {
        ("title", "t"): "name",
        ("accomplished", "b"): "todo list",
        ("branch", "main"): "git",
        (MODIFIED, "x\ny"): "git",
        ("objectives", "o"): "plan",
    }


@pytest.mark.parametrize(
    ("path", "spot"),
    [
        ("title", Spot("title")),
        ("files[2]", Spot("files", 2)),
        ("objectives", Spot("objectives", part="add")),
        ("objectives[1]", Spot("objectives", 1)),
        ("objectives[1].text", Spot("objectives", 1)),
        ("objectives[1].steps[3]", Spot("objectives", 1, "step", 3)),
        ("state.branch", Spot("branch")),
        ("state.files_modified[4]", Spot(MODIFIED)),
        ("state.other[0]", Spot(OTHER, 0)),
        ("scheduled_for", Spot("start")),
        ("project", None),
        ("", None),
    ],
)
def test_the_spot_that_a_path_names(path, spot):
    assert spot_named(path) == spot
