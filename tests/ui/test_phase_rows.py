"""The rows of the estimate, the tracked plan, the reports and the trend, at any width."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quota_tui.core.estimating.trackrecord import History
from quota_tui.core.tracking.report_head import Head
from quota_tui.ui.phases.estimate_rows import estimate_rows, history_words, none_rows, plan_rows
from quota_tui.ui.phases.report_rows import list_rows, report_rows
from quota_tui.ui.phases.tracked_rows import tracked_rows
from quota_tui.ui.phases.trend import trend_rows
from quota_tui.ui.rows import as_face, plain, width_of
from tests.ui.following import PLANS, estimate, heads, report
from tests.ui.invent import NOW
from tests.ui.test_panes import ASCII, FACE, said, view
from tests.ui.test_phase_panes import STATES

FACES = (FACE, ASCII)


def fits(rows, width, face):
    for line in as_face(rows, face):
        assert width_of(line) <= width, plain(line)
        assert plain(line).isprintable()
        assert plain(line).isascii() or not face.ascii


def hostile_estimate():
    made = estimate()
    odd = "\x1b[31m[bold]プロジェクト " + "long-name-" * 30
    phase = msgspec.structs.replace(made.phases[0], name=odd, reasons=(odd,), median_tokens=9_876_543_210)
    total = msgspec.structs.replace(
        made.total, name=odd, reasons=(odd, ""), share_five_hour_pct=None, share_weekly_pct=None
    )
    return msgspec.structs.replace(
        made,
        phases=(phase,) * 12,
        total=total,
        risks=(odd,),
        fits_text=odd,
        chance_now=None,
        chance_after_reset=None,
    )


@given(width=st.integers(20, 200), ascii_only=st.booleans(), hostile=st.booleans())
@settings(max_examples=120, deadline=None)
def test_an_estimate_fits_any_width(width, ascii_only, hostile):
    face = FACES[ascii_only]
    found = hostile_estimate() if hostile else estimate()
    fits(estimate_rows(found, width, face), width, face)
    fits(plan_rows(("/home/ada/" + "x" * 300, *PLANS), 1, width, face), width, face)
    fits(none_rows("f", width, face), width, face)
    if not hostile:
        whole = " ".join(said(estimate_rows(found, width, face)).split())
        assert "median error 31 %" in whole
        assert all(phase.name in whole for phase in found.phases)


@pytest.mark.parametrize("name", STATES)
@given(width=st.integers(20, 200), ascii_only=st.booleans(), at=st.integers(0, 50))
@settings(max_examples=25, deadline=None)
def test_the_tracked_plan_fits_any_width(name, width, ascii_only, at):
    face = FACES[ascii_only]
    fits(tracked_rows(view(face), STATES[name](), at, width)[0], width, face)


@given(
    width=st.integers(8, 200),
    ascii_only=st.booleans(),
    text=st.one_of(
        st.sampled_from([report(each) for each in heads()]),
        st.text(max_size=400),
        st.lists(
            st.sampled_from(["# a", "## \x1b[1m", "| a | b |", "|--|--:|", "| x\\|y | 12 | 3 |", "|", "- b **c**", "---", "プ" * 50, ""]),
            max_size=30,
        ).map("\n".join),
    ),
)  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_a_report_fits_any_width(width, ascii_only, text):
    face = FACES[ascii_only]
    fits(report_rows(text, width, face), width, face)


@given(
    width=st.integers(8, 200),
    height=st.integers(0, 30),
    ascii_only=st.booleans(),
    amounts=st.lists(
        st.tuples(st.none() | st.integers(0, 10**12), st.none() | st.integers(0, 10**12)), max_size=80
    ),
)
@settings(max_examples=150, deadline=None)
def test_the_trend_and_the_list_fit_any_rectangle(width, height, ascii_only, amounts):
    face = FACES[ascii_only]
    made = [
        Head(
            id=f"r{at}",
            title="a [title] プ" * (at % 5),
            start=NOW - timedelta(days=at) if at % 7 else None,
            tokens=tokens,
            estimated_tokens=planned,
            rating="poor",
        )
        for at, (tokens, planned) in enumerate(amounts)
    ]
    rows = trend_rows(made, "r1", width, height, face)
    assert len(rows) in {0, height}
    fits(rows, width, face)
    if width >= 20:
        fits(list_rows(made, "r1", width, face), width, face)


def test_the_trend_draws_what_was_estimated_beside_what_it_took():
    two = (
        Head(id="b", start=NOW, tokens=100, estimated_tokens=50, rating="poor"),
        Head(id="a", start=NOW - timedelta(days=1), tokens=50, estimated_tokens=100, rating="fair"),
    )
    assert said(trend_rows(two, "b", 30, 6, FACE)).splitlines() == [
        "Trend      ░ estimated  █ took",
        " 100  ░░░          ███    ",
        "      ░░░          ███    ",
        "  50  ░░░███    ░░░███    ",
        "      ░░░███    ░░░███    ",
        "      19 Nov    20 Nov",
    ]
    assert trend_rows(two[:1], "b", 60, 10, FACE) == []


def test_a_report_is_read_without_its_marks():
    shown = said(report_rows(report(heads()[0]), 97, FACE))
    assert shown.startswith("Report: Session 3: a live dashboard\n\n· Result: completed")
    assert "Estimate rated fair (excellent" in shown
    table = next(line for line in shown.splitlines() if "Visualisation" in line)
    assert table.split() == [
        "Visualisation", "implementation", "done", "≈31,500", "58,200", "+27k", "185", "%", "1.9",
    ]  # fmt: skip
    narrow = said(report_rows(report(heads()[0]), 40, FACE))
    assert "  type implementation · state done ·" in narrow
    escaped = said(report_rows("| a | b |\n|---|---|\n| x\\|y \\*z\\* | **1** |", 40, FACE))
    assert escaped.splitlines()[2] == "x|y *z*  1"


def test_history_words_are_not_an_accuracy():
    words = " ".join(history_words(History(sessions=1, coverage_pct=100.0, median_error_pct=7.4)))
    assert words == "past estimates: 1 session, range held 100 %, median error 7 %"
