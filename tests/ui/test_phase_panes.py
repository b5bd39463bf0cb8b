"""The phase pane, its detail and the card's rows: at every size, in every state of a plan."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quota_tui.core.snapshot import PhaseProposal, PhasesState, PhaseState, Snapshot
from quota_tui.core.tracking.state import Deviation
from quota_tui.core.velocity import Velocity
from quota_tui.ui.panes import card
from quota_tui.ui.panes.phase_detail import velocity_words
from quota_tui.ui.panes.phase_words import share_words, span_words, total_words
from quota_tui.ui.panes.specs import PANES
from quota_tui.ui.rows import plain
from tests.ui.following import ended
from tests.ui.invent import NOW, phases, working
from tests.ui.test_panes import ASCII, FACE, check, said, view

PANE = PANES["phases"]


def with_plan(state: PhasesState) -> Snapshot:
    return msgspec.structs.replace(working(), phases=state)


def changed(**changes: object) -> PhasesState:
    return msgspec.structs.replace(phases(), **changes)


def in_work(**changes: object) -> PhasesState:
    """The phase in work, otherwise."""
    made = phases()
    phase = msgspec.structs.replace(made.phases[1], **changes)
    return msgspec.structs.replace(
        made, phases=(made.phases[0], phase, *made.phases[2:]), alert=str(changes.get("alert", ""))
    )


def proposed(key: str = "p2") -> PhasesState:
    name = "Dashboard" if key == "p2" else "gone"
    why = "all 7 of its checkboxes are ticked"
    return changed(proposal=PhaseProposal(key=key, name=name, why=why, seen="s"))


def all_done() -> PhasesState:
    done = tuple(
        msgspec.structs.replace(each, state="done", actual_tokens=30_000, percent=100.0, alert="")
        for each in phases().phases
    )
    return changed(phases=done, current=None)


def long_plan() -> PhasesState:
    many = tuple(
        PhaseState(
            key=f"p{at}",
            name=f"Step {at} \x1b[31m[bold]プロジェクト " + "x" * (at * 7 % 60),
            state="done" if at < 20 else "current" if at == 20 else "open",
            estimate_tokens=10**at if at < 12 else None,
            low_tokens=5_000,
            high_tokens=987_000_000,
            actual_tokens=0 if at > 20 else 123_456_789,
            percent=None if at > 11 else 1_234_567.0,
            alert="red" if at % 5 == 0 else "",
            hours=0.5 * at,
            boxes=at,
        )
        for at in range(1, 41)
    )
    return changed(phases=many, current=19, notices=("the plan file is gone",) * 3)


def crowd() -> PhasesState:
    """Everything at once."""
    deviations = (
        Deviation(phase="WebSocket server", extra_tokens=-3_600, reason="it " * 90),
        Deviation(phase="x", category="scope"),
    )
    return msgspec.structs.replace(
        proposed(),
        ended=ended(at=NOW),
        state="paused",
        alert="red",
        deviations=deviations,
        notices=("edited",),
    )


STATES = {
    "the sketch": phases,
    "none": PhasesState,
    "a notice": lambda: PhasesState(notices=("a tracking cannot be read; repair it or remove it",)),
    "yellow": lambda: in_work(alert="yellow", percent=129.0, actual_tokens=45_200),
    "red": lambda: in_work(alert="red", percent=163.0, actual_tokens=57_000),
    "proposed": proposed,
    "proposed, of a phase that is gone": lambda: proposed("p99"),
    "ended": lambda: changed(ended=ended(key="p1", name="WebSocket server", at=NOW - timedelta(minutes=2))),
    "paused": lambda: changed(state="paused"),
    "all done": all_done,
    "completed": lambda: msgspec.structs.replace(all_done(), state="completed"),
    "without estimates": lambda: changed(
        phases=(PhaseState(key="p1", name="All of it", state="current", actual_tokens=12_000),),
        current=0,
        projected_tokens=None,
        estimated_tokens=None,
        fits_quota=None,
    ),
    "no phases": lambda: changed(phases=(), current=None),
    "long": long_plan,
    "crowd": crowd,
}


@pytest.mark.parametrize("name", STATES)
@given(width=st.integers(8, 200), height=st.integers(1, 60), ascii_only=st.booleans(), zoomed=st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_pane_fits_any_rectangle(name, width, height, ascii_only, zoomed):
    face, snapshot = (ASCII if ascii_only else FACE), with_plan(STATES[name]())
    shown = view(face, zoomed="phases" if zoomed else "", velocity=Velocity(), snapshot=snapshot)
    check(PANE.rows(shown, snapshot, width, height), width, height, face)
    assert PANE.titled is not None
    assert PANE.titled(shown, snapshot).startswith("Phases")


@pytest.mark.parametrize("name", STATES)
@given(width=st.integers(1, 200), height=st.integers(1, 60), ascii_only=st.booleans())
@settings(max_examples=40, deadline=None)
def test_the_card_fits_any_screen(name, width, height, ascii_only):
    face, snapshot = (ASCII if ascii_only else FACE), with_plan(STATES[name]())
    check(card.rows(view(face, snapshot=snapshot), snapshot, width, height), width, height, face)


@given(width=st.integers(24, 200), height=st.integers(3, 60))
@settings(max_examples=80, deadline=None)
def test_the_phase_in_work_and_the_total_are_never_lost(width, height):
    shown = said(PANE.rows(view(), working(), width, height))
    assert "● 2 Dashboard" in shown
    assert "29 %" in shown
    assert "42k → ≈118k" in shown


@given(width=st.integers(24, 200), height=st.integers(4, 60))
@settings(max_examples=80, deadline=None)
def test_an_alert_is_told_by_its_mark_too(width, height):
    for name, mark in (("yellow", "▲ 129 %"), ("red", "▲▲ 163 %")):
        shown = said(PANE.rows(view(), with_plan(STATES[name]()), width, height))
        assert mark in shown


def test_the_sketch():
    assert said(PANE.rows(view(), working(), 56, 9)).splitlines() == [
        "✓ 1 WebSocket server        32k of ≈28k  ████████  +13 %",
        "● 2 Dashboard               10k of ≈35k  ██······   29 %",
        "    → ≈36k · 2/7 boxes",
        "○ 3 Visualisation                  ≈32k  (22–45k)",
        "○ 4 History                        ≈18k  (12–26k)",
        "total 42k → ≈118k (104–139k) · after the reset",
    ]


def test_the_sketch_in_24_cells():
    assert said(PANE.rows(view(), working(), 24, 6)).splitlines() == [
        "✓ 1 WebSocket se…  +13 %",
        "● 2 Dashboard       29 %",
        "    10k of ≈35k → ≈36k",
        "○ 3 Visualisation   ≈32k",
        "○ 4 History         ≈18k",
        "42k → ≈118k",
    ]


def test_the_sketches_of_the_card():
    wide = said(card.rows(view(), working(), 46, 15)).splitlines()
    assert wide[-3:] == [
        "● 2 Dashboard  █████············  29 % of ≈35k",
        "  42k → ≈118k (104–139k) · after the reset",
        "● SCHEDULED  18:45 · in 1h 10m · api",
    ]
    assert said(card.rows(view(), working(), 30, 7)).splitlines()[-1] == "phase 2/4 29 % of ≈35k"


def test_what_looks_done_is_asked_with_the_key_in_force():
    shown = said(PANE.rows(view(keys={"next_phase": "N"}), with_plan(proposed()), 90, 12))
    assert "2 Dashboard looks done, all 7 of its checkboxes are ticked: N confirms" in shown
    assert "2 looks done: n confirms" in said(PANE.rows(view(), with_plan(proposed()), 24, 3))
    assert "2 Dashboard looks done: n confirms" in said(card.rows(view(), with_plan(proposed()), 46, 15))
    assert "2 looks done: n confirms" in said(card.rows(view(), with_plan(proposed()), 30, 7))


def test_an_alert_takes_its_colour():
    for name, colour in (("yellow", "$zone-moderate"), ("red", "$zone-critical")):
        rows = PANE.rows(view(), with_plan(STATES[name]()), 56, 9)
        line = next(each for each in rows if "Dashboard" in plain(each))
        assert any(colour in style for _, style in line), line
    assert not any(
        "zone-critical" in style for line in PANE.rows(view(), working(), 56, 9) for _, style in line
    )


def test_the_summary_of_a_phase_is_told_for_a_while():
    state = STATES["ended"]()
    told = "1 took +16k · whole +14 % · the rest: after the reset"
    assert told in said(PANE.rows(view(), with_plan(state), 56, 9))
    later = msgspec.structs.replace(state, ended=ended(key="p1", at=NOW - timedelta(minutes=11)))
    assert "1 took" not in said(PANE.rows(view(), with_plan(later), 56, 9))
    assert "420 of 390 tok/min" in said(PANE.rows(view(), with_plan(state), 90, 9))


def test_without_a_plan_it_says_what_to_press():
    shown = said(PANE.rows(view(keys={"estimate": "E"}), with_plan(PhasesState()), 50, 5))
    assert shown == "No plan loaded\nE estimates a plan file and follows it"
    damaged = said(PANE.rows(view(), with_plan(STATES["a notice"]()), 50, 8))
    assert "a tracking cannot be read" in damaged


def test_a_long_plan_shows_what_is_near_and_counts_the_rest():
    shown = said(PANE.rows(view(), with_plan(long_plan()), 56, 9))
    assert "Step 20" in shown
    assert "Step 21" in shown
    assert "Step 1 " not in shown
    numbers = [line for line in shown.splitlines() if "Step" in line]
    assert f"… {40 - len(numbers)} more phases" in shown
    assert len(shown.splitlines()) == 9


def test_a_paused_plan_says_how_it_goes_on():
    assert "paused: e goes on" in said(PANE.rows(view(), with_plan(changed(state="paused")), 40, 9))
    assert "paused" in said(card.rows(view(), with_plan(changed(state="paused")), 46, 15))


def test_the_zoomed_pane_tells_velocity_rework_burn_and_notes():
    found = Velocity(
        changes=61, files=14, tokens=42_300, tokens_per_change=693.4, rating="monitor", lines_written=1_180,
        lines_again=130, rework_pct=11.0,
    )  # fmt: skip
    shown = said(PANE.rows(view(zoomed="phases", velocity=found), with_plan(crowd()), 96, 40))
    for expected in (
        "693 tokens a change, monitor (target 200–500): 61 in 14 files",
        "11 % of 1,180 lines written were changed again",
        "410/min now, 470/min of working time",
        "1.1 h   486/min",
        "Dashboard: the reconnect is part of phase 3",
        "WebSocket server -3.6k: nobody has said why, it it",
        "x +0: the work grew",
        "the rest does not fit the ≈38k left in the five-hour window",
    ):
        assert expected in shown, shown
    note = said(PANE.rows(view(zoomed="phases", velocity_note="the index is busy"), working(), 96, 30))
    assert "velocity     the index is busy" in note


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Velocity(), ("no change to a file yet", "")),
        (
            Velocity(changes=1, files=1, tokens=400, tokens_per_change=400.0, rating="efficient"),
            ("400 tokens a change, efficient (target 200–500): 1 in 1 file", ""),
        ),
    ],
)
def test_velocity_in_words(found, words):
    assert velocity_words(found) == words


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (104_000, 139_000, "(104–139k)"),
        (800, 1_200, "(800–1.2k)"),
        (800_000, 1_200_000, "(800k–1.2M)"),
        (300, 400, "(300–400)"),
        (None, 400, ""),
        (300, None, ""),
    ],
)
def test_ranges_are_short(low, high, words):
    assert span_words(low, high) == words


def test_shares_and_totals():
    first, second, third, _ = phases().phases
    assert (share_words(first), share_words(second), share_words(third)) == ("+13 %", "29 %", "")
    assert total_words(changed(projected_tokens=None))[0] == "total 42k of ≈112k"
    assert total_words(changed(fits_quota=True))[0].endswith("fits the window")
    assert total_words(STATES["without estimates"]()) == ("total 42k", "42k", "42k")
