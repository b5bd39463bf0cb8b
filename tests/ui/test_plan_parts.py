"""The parts of the plan screen that need no terminal."""

from __future__ import annotations

import threading
import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.planform import Spot, sources_by_text
from quota_tui.ui.keys import ALL_BINDINGS
from quota_tui.ui.plan.bindings import ASK_BINDINGS, PLAN_BINDINGS, READ_BINDINGS
from quota_tui.ui.plan.follower import Follower
from quota_tui.ui.plan.holding import Holder
from quota_tui.ui.plan.keys import hint_row, hints_for, plan_keys
from quota_tui.ui.plan.lines import Form, lay_out
from quota_tui.ui.plan.reading import document_rows
from quota_tui.ui.rows import plain, width_of
from tests.core.hostile import handoffs, texts
from tests.core.test_text import ASCII, FACE
from tests.ui.invent import NOW
from tests.ui.planning import facts, proposed
from tests.ui.test_lean import modules_after

ANY_TEXT = st.one_of(texts(), st.text(st.characters(codec=None)))

# -- characters an editor would lose


@given(ANY_TEXT, ANY_TEXT)
def test_what_is_held_comes_back_to_the_character(text, later):
    holder = Holder(text)
    held = holder.hold(text)
    assert holder.release(held) == text
    assert len(held) == len(text)
    assert held.splitlines() == held.split("\n")[: len(held.splitlines())]
    more = holder.hold(later)
    private = any(ord(char) >= 0xF0000 for char in text + later)
    assert private or holder.release(held + more) == text + later


@given(ANY_TEXT)
def test_what_is_drawn_of_it_is_harmless(text):
    holder = Holder(text)
    shown = holder.shown(holder.hold(text))
    assert len(shown) == len(text)
    assert not any(char in shown for char in "\x00\x1b\r\x7f\x85\u2028\u202e\u2066\u200f\ufeff\ud800")


def test_plain_text_is_left_as_it_is():
    said = "plain,\ttabs\n日本語 é 👩"
    assert Holder(said).hold(said) == said


# -- slow work for the latest value


class Worker:
    """Work that waits until it is let go."""

    def __init__(self, spacing_s: float = 0.0) -> None:
        self.done: list[int] = []
        self.free, self.began = threading.Semaphore(0), threading.Semaphore(0)
        self.follower: Follower[int] = Follower("test", self._work, spacing_s)

    def _work(self, value: int) -> None:
        self.began.release()
        assert self.free.acquire(timeout=20)
        self.done.append(value)


def test_values_that_are_overtaken_are_left_out_and_the_last_is_not():
    worker = Worker()
    worker.follower.give(1)
    assert worker.began.acquire(timeout=20)
    for value in (2, 3, 4):
        worker.follower.give(value)
    worker.free.release(2)
    assert worker.follower.flush(20)
    assert worker.done == [1, 4]
    worker.follower.stop()


def test_a_flush_does_not_wait_for_the_spacing():
    worker = Worker(spacing_s=3600)
    worker.free.release(9)
    worker.follower.give(1)
    assert worker.follower.flush(20)
    worker.follower.give(2)
    assert worker.follower.flush(20)
    worker.follower.give(3)
    worker.follower.hurry()
    assert worker.follower.flush(20)
    assert worker.done == [1, 2, 3]
    worker.follower.stop()


def test_between_two_calls_there_is_the_spacing():
    times: list[float] = []
    follower: Follower[int] = Follower("test", lambda _: times.append(time.monotonic()), 0.2)
    for value in range(200):
        follower.give(value)
        if len(times) > 1:
            break
        threading.Event().wait(0.005)
    follower.stop()
    assert times[1] - times[0] >= 0.2


def test_a_flush_that_takes_too_long_says_so():
    worker = Worker()
    worker.follower.give(1)
    assert worker.began.acquire(timeout=20)
    assert not worker.follower.flush(0.01)
    worker.free.release()
    assert worker.follower.flush(20)
    worker.follower.stop()


def test_what_is_forgotten_is_not_done_and_what_runs_comes_to_its_end():
    worker = Worker()
    worker.follower.give(1)
    assert worker.began.acquire(timeout=20)
    worker.follower.give(2)
    threading.Timer(0.01, worker.free.release).start()
    worker.follower.forget(20)
    assert worker.done == [1]
    worker.free.release()
    assert worker.follower.flush(20)
    assert worker.done == [1]
    worker.follower.stop()
    worker.follower.give(3)
    worker.follower._thread.join(20)
    assert not worker.follower._thread.is_alive()
    assert worker.done == [1]


# -- rows


def form(handoff=None, face=FACE, cursor=None, editing=0) -> Form:
    made = proposed()
    return Form(
        handoff=handoff or made.handoff,
        sources=sources_by_text(made),
        facts=facts(),
        now=NOW,
        face=face,
        cursor=cursor or Spot("title"),
        editing=editing,
    )


@pytest.mark.parametrize("width", [24, 30, 45, 46, 63, 64, 79, 83, 84, 99, 120, 200])
@pytest.mark.parametrize("face", [FACE, ASCII], ids=["unicode", "ascii"])
def test_the_form_fits_its_width_wherever_the_cursor_is(width, face):
    for area in lay_out(form(face=face), width).areas:
        page = lay_out(form(face=face, cursor=area.spot), width)
        assert max(width_of(line) for line in page.rows) <= max(width, 30)
        assert sum("▸" in plain(line) or ">" in plain(line) for line in page.rows) >= 1
        assert not face.ascii or all(plain(line).isascii() for line in page.rows)
        spots = [each.spot for each in page.areas]
        assert len(set(spots)) == len(spots)
        assert all(each.y + each.height <= len(page.rows) for each in page.areas)


@given(handoffs, st.sampled_from([46, 100]))
def test_any_handoff_can_be_laid_out(handoff, width):
    page = lay_out(form(msgspec.structs.replace(handoff, start="manual")), width)
    assert all(char.isprintable() for line in page.rows for char in plain(line))


def test_an_editor_gets_the_rows_it_asks_for():
    spot = Spot("accomplished", 0)
    before, after = lay_out(form(cursor=spot), 100), lay_out(form(cursor=spot, editing=4), 100)
    assert after.area_of(spot).height == 4
    assert len(after.rows) == len(before.rows) + 3


def test_a_document_is_wrapped_below_its_text_and_cut_where_it_is_endless():
    rows = [
        plain(line)
        for line in document_rows("---\nkey: v\n---\n# H\n1. one two three\n   - a b c d e", 12, FACE)
    ]
    assert rows == ["---", "key: v", "---", "# H", "1. one two", "   three", "   - a b c d", "     e"]
    huge = document_rows("x " * 500_000 + "\n" + "y\n" * 100_000, 80, FACE)
    assert any("1,000,000 characters in this line" in plain(line) for line in huge)
    assert plain(huge[-1]) == "… 1,200,001 characters in all"
    assert len(huge) < 4100


# -- keys


def test_every_key_has_an_id_and_says_what_it_does():
    every = (*PLAN_BINDINGS, *ASK_BINDINGS, *READ_BINDINGS)
    ids = [each.id for each in (*every, *ALL_BINDINGS)]
    assert all(ids)
    assert len(set(ids)) == len(ids)
    assert all(each.tooltip for each in every)
    assert plan_keys({"plan.save": "F2"})["plan.save"] == "F2"


@pytest.mark.parametrize("width", [20, 30, 46, 60, 100])
@pytest.mark.parametrize("editing", [False, True])
def test_the_hints_fit_and_name_the_way_out(width, editing):
    for spot in (
        Spot("title"),
        Spot("files", 0),
        Spot("objectives", part="add"),
        Spot("start", part="manual"),
    ):
        said = hint_row(hints_for(spot, plan_keys({}), editing=editing, many_lines=False), width)
        assert width_of(said) <= width
        assert ("enter" if editing else "^s") in plain(said)


@pytest.mark.parametrize("name", ["page", "lines", "sheet", "bars", "holding", "planner", "follower"])
def test_what_is_pure_needs_no_terminal_library(name):
    loaded = modules_after(f"import quota_tui.ui.plan.{name}")
    assert f"quota_tui.ui.plan.{name}" in loaded
    assert not {"textual", "rich"} & loaded
