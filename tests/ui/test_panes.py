"""What every pane says, at every size, in every state of the world: without a terminal."""

from __future__ import annotations

from datetime import UTC, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quota_tui.core.jobs.job import Job, JobState
from quota_tui.core.phrases import used_figure
from quota_tui.core.readings import WindowKind
from quota_tui.core.snapshot import PhasesState
from quota_tui.core.words import Face
from quota_tui.ui.panes import alerts, card, header, sessions, welcome, zone
from quota_tui.ui.panes.specs import PANES
from quota_tui.ui.rows import as_face, plain, width_of
from quota_tui.ui.view import View, leading_window, shown_windows, window_after
from tests.ui.invent import NOW, RESET, arranged, job, working
from tests.ui.scenes import SCENES, crowded, limit_hit, nothing, unlimited, week_binds

FACE = Face(zone=UTC, home="/home/ada")
ASCII = Face(zone=UTC, home="/home/ada", ascii=True)


def view(face: Face = FACE, **changes: object) -> View:
    return View(now=NOW, face=face, **changes)


def said(rows) -> str:
    return "\n".join(plain(line) for line in rows)


def check(rows, width, height, face):
    drawn = as_face(rows, face)
    assert len(drawn) <= height
    for line in drawn:
        assert width_of(line) <= width, plain(line)
        assert plain(line).isprintable()
        assert plain(line).isascii() or not face.ascii


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("pane", PANES)
@given(width=st.integers(8, 200), height=st.integers(1, 60), ascii_only=st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_pane_fits_any_rectangle(scene, pane, width, height, ascii_only):
    face = ASCII if ascii_only else FACE
    check(PANES[pane].rows(view(face), SCENES[scene](), width, height), width, height, face)


@pytest.mark.parametrize("scene", SCENES)
@given(width=st.integers(1, 200), height=st.integers(1, 60), ascii_only=st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_card_fits_any_screen(scene, width, height, ascii_only):
    face = ASCII if ascii_only else FACE
    snapshot = SCENES[scene]()
    shown = view(face, snapshot=snapshot, notices=("something is wrong",))
    check(card.rows(shown, snapshot, width, height), width, height, face)
    check(welcome.rows(shown, snapshot, max(12, width), height), max(12, width), height, face)
    check(header.rows(shown, snapshot, width, 2), width, 2, face)


@pytest.mark.parametrize("scene", ["working", "fresh", "guess", "limit_hit", "week_binds", "crowded"])
@given(width=st.integers(24, 120), height=st.integers(4, 50))
@settings(max_examples=60, deadline=None)
def test_the_card_never_loses_its_number_or_its_basis(scene, width, height):
    snapshot = SCENES[scene]()
    shown = said(card.rows(view(snapshot=snapshot), snapshot, width, height))
    state = leading_window(view(), snapshot)
    assert used_figure(state) in shown
    assert state.basis.value in shown


@pytest.mark.parametrize("scene", ["working", "fresh", "guess", "limit_hit", "week_binds", "crowded"])
@given(width=st.integers(22, 200), height=st.integers(5, 50))
@settings(max_examples=60, deadline=None)
def test_the_quota_pane_never_loses_its_number_its_reset_or_its_basis(scene, width, height):
    snapshot = SCENES[scene]()
    shown = said(PANES["quota"].rows(view(), snapshot, width, height))
    assert used_figure(snapshot.five_hour) in shown
    assert snapshot.five_hour.basis.value in shown
    assert "1h 05m" in shown or scene == "fresh"


def test_the_sketch_of_the_wide_card():
    shown = said(card.rows(view(), working(), 46, 15))
    assert shown.splitlines()[:9] == [
        "▲ DANGER ≈81 %        resets 18:40 · in 1h 05m",
        "█████████████████████████████████████▒▒▒▒▒▒▒▒·",
        "                                    80  90 95",
        "162k used · ≈38k left · ≈97 % at reset",
        "fused: status line 10 s ago + 1.2k",
        "week    ████████▒▒▒·········   41 %  Tue 04:49",
        "  Opus  ██▒·················   11 %  Tue 04:49",
        "620 tok/min · 19 %/h   ▂▃▄▅▁▂▂▁▁ ▁▁▃▅▆▇▇▆·····",
        "90 % at 18:02 (17:55–18:20) · full first 35 %",
    ]
    assert "● SCHEDULED  18:45 · in 1h 10m · api" in shown


def test_the_sketch_of_the_small_card():
    assert said(card.rows(view(), working(), 30, 7)).splitlines() == [
        "▲ DANGER ≈81 %       in 1h 05m",
        "████████████████████████▒▒▒▒▒·",
        "162k used · ≈38k left",
        "fused: status line 10 s ago",
        "620 tok/min · 19 %/h",
        "90 % 18:02 · full first 35 %",
        "phase 2/4 29 % of ≈35k",
    ]


def test_the_card_leads_with_the_window_that_runs_out():
    assert said(card.rows(view(), week_binds(), 46, 15)).startswith("■ CRITICAL week 92 %")
    chosen = view(chosen=(WindowKind.FIVE_HOUR, ""))
    assert said(card.rows(chosen, week_binds(), 46, 15)).startswith("▲ DANGER ≈81 %")


def test_quota_without_any_limit_shows_use_and_reset_and_no_gauge():
    shown = said(PANES["quota"].rows(view(), unlimited(), 54, 20))
    assert "162k tokens used" in shown
    assert "resets ≈18:40" in shown
    assert "none: no limit known" in shown
    assert "%" not in shown
    assert "█" not in shown


def test_quota_with_room_shows_every_window_in_full():
    shown = said(PANES["quota"].rows(view(), working(), 90, 26))
    assert shown.count("official: status line") == 2
    assert shown.count("80       90   95".replace("  ", " ")[:2]) >= 3


def test_another_window_can_be_chosen():
    chosen = view(chosen=(WindowKind.WEEKLY_MODEL, "opus"))
    assert said(PANES["quota"].rows(chosen, working(), 54, 10)).startswith("week Opus  11 % used")
    shown = said(PANES["zone"].rows(chosen, working(), 40, 10))
    assert shown.startswith("● EXCELLENT  week Opus 11 %")
    assert "▲ DANGER 5-hour ≈81 %" in shown
    gone = view(chosen=(WindowKind.WEEKLY_MODEL, "gone"))
    assert said(PANES["quota"].rows(gone, working(), 54, 10)).startswith("5-hour")


def test_windows_are_cycled_through_and_back():
    snapshot = working()
    current, order = snapshot.five_hour, []
    for _ in range(3):
        kind, model = window_after(snapshot, current)
        order.append((kind, model))
        current = next(each for each in shown_windows(snapshot) if (each.kind, each.model) == (kind, model))
    assert order == [(WindowKind.WEEKLY, ""), (WindowKind.WEEKLY_MODEL, "opus"), (WindowKind.FIVE_HOUR, "")]


def test_the_zone_says_what_to_do_and_what_still_fits():
    shown = said(PANES["zone"].rows(view(), working(), 44, 12))
    assert "▲ DANGER  5-hour ≈81 %" in shown
    assert "9 % to 90 %" in shown
    assert "Finish what is small" in shown
    assert "fits: a small task, ≈20k tokens · ≈8 calls" in shown
    assert shown.index("17:31 80 %") < shown.index("15:03 50 %")


def test_the_limit_hit_is_told_everywhere():
    snapshot = limit_hit()
    assert "LIMIT HIT" in said(PANES["zone"].rows(view(), snapshot, 40, 9))
    assert "limit reached: back at 18:40" in said(PANES["burn"].rows(view(), snapshot, 54, 9))
    assert "nothing left" in said(PANES["quota"].rows(view(), snapshot, 54, 9))
    assert "LIMIT HIT" in said(card.rows(view(), snapshot, 30, 7))


def test_a_guess_that_has_been_passed_takes_no_zone_colour():
    made = SCENES["guess"]()
    passed = msgspec.structs.replace(
        made, five_hour=msgspec.structs.replace(made.five_hour, used_pct=112.0, remaining_pct=0.0)
    )
    line = PANES["quota"].rows(view(), passed, 54, 9)[0]
    assert any("$zone-unknown" in style for _, style in line)


def test_burn_says_when_it_is_quiet():
    made = working()
    quiet = msgspec.structs.replace(made, burn=msgspec.structs.replace(made.burn, tokens_per_min_now=0.0))
    assert "quiet for ten minutes" in said(PANES["burn"].rows(view(), quiet, 54, 6))


def test_sessions_put_running_ones_first_and_count_the_rest():
    shown = said(sessions.rows(view(), working(), 60, 10)).splitlines()
    assert [line[0] for line in shown] == ["●", "●", "○", "○"]
    assert "~/code/api" in shown[0]
    assert "sonnet-5-5" in shown[0]
    assert shown[0].endswith("121k  $3.02   10 s")
    many = said(sessions.rows(view(), crowded(), 60, 10)).splitlines()
    assert len(many) == 10
    assert many[-1] == "24 more"
    assert said(sessions.rows(view(), nothing(), 60, 10)) == "No session today"


@pytest.mark.parametrize(
    ("width", "there", "gone"),
    [
        (60, ("sonnet-5-5", "$3.02", "10 s"), ()),
        (40, ("$3.02", "10 s"), ("sonnet",)),
        (24, ("121k",), ("$3.02",)),
    ],
)
def test_session_columns_go_one_after_the_other(width, there, gone):
    first = said(sessions.rows(view(), working(), width, 10)).splitlines()[0]
    assert all(each in first for each in there)
    assert not any(each in first for each in gone)


def test_alerts_are_told_in_full_where_there_is_room():
    shown = said(alerts.rows(view(), working(), 50, 10))
    assert shown.startswith("17:31 80 %  plan the next session\n80 % of the five-hour window is used.")
    narrow = said(alerts.rows(view(), working(), 24, 10)).splitlines()
    assert narrow[:2] == ["17:31 80 %", "plan the next session"]
    assert said(alerts.rows(view(), nothing(), 50, 10)) == "No alert so far"
    assert zone.recent_alerts(working())[0].threshold_pct == 80


def test_the_header_says_who_works_how_fresh_and_when():
    (line,) = header.rows(view(), working(), 100, 2)
    shown = plain(line)
    assert shown.startswith(" quota-tui   Max 5x · sonnet-5-5 · ~/code/api · 2 running")
    assert shown.endswith("data just now   17:34")
    (waiting,) = header.rows(view(), None, 40, 2)
    assert "17:34" in plain(waiting)


def test_the_most_urgent_notice_is_told_with_the_number_of_others():
    rows = header.rows(view(notices=("the index was rebuilt: it was damaged", "disk full")), working(), 60, 2)
    assert plain(rows[1]) == " ! the index was rebuilt: it was damaged  (+1)"


def test_the_first_run_says_where_it_looked_and_what_to_do():
    shown = said(welcome.rows(view(), nothing(), 90, 24))
    assert "~/.claude  no transcript in it" in shown
    assert "~/.config/claude  does not exist" in shown
    assert "Start Claude Code once" in shown
    assert "transcript_dirs" in shown
    assert "quota-tui --demo" in shown
    small = said(welcome.rows(view(), nothing(), 30, 6))
    assert "No Claude Code transcript" in small
    assert "--demo" in small


def test_reserved_panes_name_the_key_in_force():
    shown = view(keys={"plan": "P", "automation": "^s"})
    free = msgspec.structs.replace(working(), automation=arranged(), phases=PhasesState())
    assert (
        said(PANES["phases"].rows(shown, free, 50, 5))
        == "No plan loaded\ne estimates a plan file and follows it"
    )
    assert said(PANES["automation"].rows(shown, free, 60, 5)) == (
        "Nothing scheduled\nP plans the next session and says when it starts"
    )


def automation_pane(*jobs: Job, width: int = 46, height: int = 12) -> str:
    snapshot = msgspec.structs.replace(working(), automation=arranged(*jobs))
    rows = PANES["automation"].rows(view(), snapshot, width, height)
    check(rows, width, height, FACE)
    return said(rows)


def test_the_next_session_is_told_with_what_it_rests_on():
    shown = automation_pane(job())
    assert shown.splitlines()[0].split() == ["●", "SCHEDULED", "18:45", "·", "in", "1h", "10m"]
    assert "api · implementation-agent" in shown
    assert "handoff-20261120-1731-0748c499.md" in shown
    assert "systemd: survives logout and reboot; notice at" in shown.replace("\n", " ")
    wide = automation_pane(job(), width=80)
    assert "≈45k (30.0k–62.0k) · 22 % of a window" in wide or "≈45" in wide


def test_what_is_wrong_with_the_next_session_stays_when_all_else_goes():
    gone = job(mismatch="systemd holds nothing for it: r arms it again")
    assert "systemd holds nothing" in automation_pane(gone, height=2)
    failed = job(state=JobState.FAILED, reason="the project's folder is gone")
    shown = automation_pane(failed, height=4)
    assert shown.splitlines()[0].split()[:2] == ["✗", "FAILED"]
    assert "the project's folder is gone" in shown
    assert "a: start it now" in automation_pane(failed, height=8)


def test_several_jobs_are_a_row_each_below_the_first():
    other = job(id="web-1", project="/srv/web", launch_at=RESET + timedelta(minutes=6))
    shown = automation_pane(job(), other)
    assert "● SCHEDULED  18:46" in shown.splitlines()[-1]
    assert "web" in shown.splitlines()[-1]
