from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core import phrases, text, words
from quota_tui.core.readings import WindowKind
from quota_tui.core.snapshot import Basis, Forecast, PhasesState, ThresholdForecast, WindowState
from quota_tui.core.words import Face
from tests.ui.invent import NOW, RESET, working
from tests.ui.scenes import SCENES

FACE = Face(zone=UTC, home="/home/ada")
ASCII = Face(zone=UTC, home="/home/ada", ascii=True)


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0"),
        (950, "950"),
        (999.4, "999"),
        (1_000, "1.0k"),
        (1_234, "1.2k"),
        (9_949, "9.9k"),
        (9_951, "10k"),
        (162_000, "162k"),
        (999_499, "999k"),
        (999_600, "1.0M"),
        (3_440_000, "3.4M"),
        (987_654_321, "988M"),
        (1_234_567_890, "1.2G"),
        (5e12, "5000G"),
    ],
)
def test_tokens_take_three_figures(count, said):
    assert words.tokens(count) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (0.2, "<1"), (1, "1"), (80.6, "81"), (98.9, "99"), (99.6, "99"), (99.99, "99"), (100, "100")],
)
def test_a_percentage_is_never_full_before_it_is(value, said):
    assert words.figure(value) == said
    assert words.pct(value) == f"{said} %"


@pytest.mark.parametrize(
    ("seconds", "long", "tight"),
    [
        (-5, "now", "now"),
        (0, "now", "now"),
        (42, "0m 42s", "42s"),
        (2530, "42m 10s", "42m"),
        (3599, "59m 59s", "59m"),
        (3600, "1h 00m", "1h00m"),
        (3960, "1h 06m", "1h06m"),
        (86_400 * 3 + 3600 * 11 + 59, "3d 11h", "3d11h"),
    ],
)
def test_countdown(seconds, long, tight):
    at = NOW + timedelta(seconds=seconds)
    assert words.countdown(at, NOW) == long
    assert words.countdown(at, NOW, tight=True) == tight


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-3, "just now"),
        (4, "just now"),
        (5, "5 s ago"),
        (14, "10 s ago"),
        (59, "55 s ago"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (7200, "2 h ago"),
        (86_400, "24 h ago"),
        (86_400 * 4, "4 d ago"),
    ],
)
def test_age(seconds, said):
    assert words.age(NOW - timedelta(seconds=seconds), NOW) == said


def test_clocks_in_both_styles_and_any_zone():
    berlin = Face(zone=ZoneInfo("Europe/Berlin"), clock_12h=True)
    assert words.clock(RESET, FACE) == "18:40"
    assert words.clock(RESET, berlin) == "7:40pm"
    assert words.clock(datetime(2026, 11, 20, 23, 5, tzinfo=UTC), berlin) == "12:05am"


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (datetime(2026, 11, 20, 18, 40, tzinfo=UTC), "18:40"),
        (datetime(2026, 11, 21, 2, 0, tzinfo=UTC), "02:00"),
        (datetime(2026, 11, 20, 2, 0, tzinfo=UTC), "02:00"),
        (datetime(2026, 11, 24, 4, 49, tzinfo=UTC), "Tue 04:49"),
        (datetime(2026, 12, 4, 4, 49, tzinfo=UTC), "4 Dec 04:49"),
    ],
)
def test_a_moment_names_its_day_where_the_clock_alone_could_mean_another(at, said):
    assert words.moment(at, NOW, FACE) == said


def test_names_are_short_and_safe():
    assert words.model_name("claude-sonnet-5-5-20260930", FACE) == "sonnet-5-5"
    assert words.model_name("claude-opus-5", FACE) == "opus-5"
    assert words.model_name("gpt-\x1b[31mx", FACE) == "gpt- [31mx"
    assert words.project_name("/home/ada/code/api", FACE) == "~/code/api"
    assert words.project_name("/home/ada", FACE) == "~"
    assert words.project_name("/home/adamant/x", FACE) == "/home/adamant/x"
    assert words.project_name("C:\\code\\api", FACE) == "C:/code/api"
    assert words.clean("a\u202eb\x00c\n", FACE) == "a b c"
    assert words.clean("naïve プ", ASCII) == "na?ve ?"


@given(st.text(max_size=60), st.integers(0, 40), st.booleans())
def test_clipping_never_exceeds_the_width(said, width, ascii_only):
    face = ASCII if ascii_only else FACE
    safe = words.clean(said, face)
    assert words.cells(words.clip(safe, width, face)) <= width
    assert words.cells(words.clip_path(safe, width, face)) <= width


def test_a_path_is_cut_at_its_beginning():
    assert words.clip_path("~/work/billing/service", 16, FACE) == "…/service"
    assert words.clip_path("~/work/billing/service", 17, FACE) == "…/billing/service"
    assert words.clip_path("~/work/billing/service", 16, ASCII) == ".../service"
    assert words.clip_path("~/extraordinarily", 8, FACE) == "extraor…"


# -- phrases


def state(**changes: object) -> WindowState:
    return msgspec.structs.replace(working().five_hour, **changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"basis": Basis.OFFICIAL}, "official: status line 10 s ago"),
        ({}, "fused: status line 10 s ago + 1.2k tokens since"),
        ({"tokens_since_reading": 0}, "fused: status line 10 s ago"),
        ({"reading_at": None}, "fused: 0 % at the reset, and the use here since"),
        (
            {"basis": Basis.GUESS, "note": "a guess from your 68 completed windows"},
            "guess: 90th percentile of your windows · data just now",
        ),
        (
            {"basis": Basis.GUESS, "note": "a guess for the plan max5"},
            "guess: a figure that circulates for this plan · data just now",
        ),
        ({"basis": Basis.CONFIGURED}, "configured: your own limit of 200k · data just now"),
        ({"basis": Basis.LIMIT_HIT}, "limit-hit: what earlier limit hits cost · data just now"),
        ({"basis": Basis.NONE}, "none: no limit known · data just now"),
    ],
)
def test_the_basis_is_told_in_words_with_its_age(changes, said):
    data_at = NOW - timedelta(seconds=4)
    assert phrases.basis_words(state(**changes), NOW, data_at)[0] == said


@pytest.mark.parametrize("basis", list(Basis))
def test_the_shortest_form_of_a_basis_fits_the_smallest_card(basis):
    last = phrases.basis_words(state(basis=basis), NOW)[-1]
    assert words.cells(last) <= 24
    assert "limit" in last if basis is Basis.NONE else basis.value.split("-")[0] in last


def test_only_what_anthropic_said_goes_without_a_mark():
    assert phrases.used_figure(state()) == "≈81 %"
    assert phrases.used_figure(state(basis=Basis.OFFICIAL)) == "81 %"
    assert phrases.used_figure(state(used_pct=None)) == ""
    assert phrases.reset_clock(state(), NOW, FACE) == "18:40"
    assert phrases.reset_clock(state(reset_is_reported=False), NOW, FACE) == "≈18:40"


def test_an_uncertain_number_shows_its_range():
    assert phrases.used_words(state(used_pct_low=48.0, used_pct_high=90.0))[0] == "≈81 % used (48–90)"
    assert phrases.used_words(state())[0] == "≈81 % used"


def test_forecast_words():
    told = phrases.reach_words(working(), NOW, FACE)
    assert told[0] == "90 % at 18:02 (17:55–18:20)"
    assert told[-1] == "90 % 18:02"
    assert phrases.full_words(working())[0] == "100 % before the reset: 35 %"


instants = st.none() | st.integers(-60, 3000).map(lambda minutes: NOW + timedelta(minutes=minutes))


@given(instants, instants, instants, st.floats(0, 1), st.sampled_from([80, 90, 95]))
def test_nothing_is_ever_said_to_run_out_after_the_reset(at, low, high, chance, threshold):
    ahead = ThresholdForecast(
        threshold_pct=threshold, at=at, at_low=low, at_high=high, chance_before_reset=chance
    )
    snapshot = msgspec.structs.replace(
        working(), five_hour=state(used_pct=50.0), forecast=Forecast(thresholds=(ahead,), moments=9)
    )
    for said in (*phrases.reach_words(snapshot, NOW, FACE), text.one_line(snapshot, NOW, FACE)):
        if at is None or at >= RESET:
            assert f"{threshold} % at" not in said
            assert f"{threshold}% " not in said
        assert words.clock(RESET + timedelta(minutes=1), FACE) not in said or "resets" in said


def test_after_the_last_mark_the_limit_itself_is_forecast():
    made = working()
    full = made.forecast.thresholds[-1]
    full = msgspec.structs.replace(
        full, at=RESET - timedelta(minutes=9), at_low=RESET - timedelta(minutes=20)
    )
    late = msgspec.structs.replace(
        made, five_hour=state(used_pct=96.0), forecast=Forecast(thresholds=(full,), moments=9)
    )
    assert phrases.reach_words(late, NOW, FACE)[0] == "100 % at 18:31 (18:20–after reset)"


def test_without_a_limit_nothing_is_forecast():
    assert phrases.reach_words(SCENES["unlimited"](), NOW, FACE)[0] == "no forecast: no limit known"


def test_after_a_limit_hit_the_way_back_is_told():
    hit = SCENES["limit_hit"]()
    assert phrases.reach_words(hit, NOW, FACE)[0] == "limit reached: back at 18:40"
    assert phrases.full_words(hit) == ("",)
    assert phrases.left_words(hit.five_hour) == ("nothing left",)


# -- one line


def test_one_line_of_the_sketch():
    assert text.one_line(working(), NOW, FACE) == (
        "▲ DANGER ≈81% · ≈38k left · 620/min · 90% 18:02 · resets 1h05m · next 18:45"
    )


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (58, "▲ DANGER ≈81% · ≈38k left · 90% 18:02 · resets 1h05m"),
        (46, "▲ DANGER ≈81% · ≈38k left · resets 1h05m"),
        (30, "▲ DANGER ≈81% · resets 1h05m"),
        (20, "▲ DANGER ≈81%"),
        (8, "▲ ≈81%"),
        (4, "≈81%"),
        (1, "▲"),
        (0, ""),
    ],
)
def test_one_line_drops_the_least_important_first(width, said):
    assert text.one_line(working(), NOW, FACE, width) == said


def test_one_line_names_the_window_that_binds():
    said = text.one_line(SCENES["week_binds"](), NOW, FACE)
    assert said.startswith("■ CRITICAL week 92% · 5-hour ≈81% · 8% left")


@pytest.mark.parametrize("scene", SCENES)
@given(width=st.integers(0, 200), ascii_only=st.booleans())
def test_one_line_fits_any_width_and_never_cuts_its_number(scene, width, ascii_only):
    face = ASCII if ascii_only else FACE
    said = text.one_line(SCENES[scene](), NOW, face, width)
    assert words.cells(said) <= width
    assert said.isascii() or not ascii_only
    if width >= 24 and scene == "working":
        assert "81%" in said


# -- the panes as text


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("pane", text.PANE_TEXT)
@pytest.mark.parametrize("face", [FACE, ASCII], ids=["unicode", "ascii"])
def test_every_pane_has_a_text_form(scene, pane, face):
    lines = text.PANE_TEXT[pane](SCENES[scene](), NOW, face)
    assert lines
    assert all(line.isprintable() for line in lines)
    assert all(line.isascii() for line in lines) or not face.ascii


def test_the_text_forms_tell_what_the_panes_tell():
    snapshot = working()
    quota = "\n".join(text.quota_text(snapshot, NOW, FACE))
    assert "5-hour: ≈81 % used · ≈38k left (19 %) · ≈97 % at reset (91–100) · 3 % elsewhere" in quota
    assert "resets 18:40 · in 1h 05m" in quota
    assert "fused: status line 10 s ago + 1.2k tokens since" in quota
    assert "week Opus: 11 % used" in quota
    burn = text.burn_text(snapshot, NOW, FACE)
    assert burn == [
        "now 620 tok/min · 19 %/h",
        "window 690 tok/min · 21 %/h",
        "90 % at 18:02 (17:55–18:20) · 100 % before the reset: 35 %",
        "window $4.12 · 88 calls · cache hits 91 %",
    ]
    zone = text.zone_text(snapshot, NOW, FACE)
    assert zone[0] == "▲ DANGER · 5-hour ≈81 %"
    assert "next mark 90 %, 9 % away" in zone
    assert "fits: a small task, ≈20k tokens · ≈8 calls" in zone
    assert zone[-2:] == ["17:31 80 %  plan the next session", "15:03 50 %  half of the window is used"]
    plan = text.phases_text(snapshot, NOW, FACE)
    assert plan[0] == "Session 3: a live dashboard: active, 1.5 h of work"
    assert plan[1] == "42k tokens of ≈112k estimated, ≈118k projected (104k–139k)"
    assert "▸ 2. Dashboard  10k of ≈35k, 29 %  → ≈36k  2/7 ticked" in plan
    free = msgspec.structs.replace(snapshot, phases=PhasesState())
    assert text.phases_text(free, NOW, FACE) == ["no plan loaded"]
    assert text.automation_text(snapshot, NOW, FACE) == [
        "next session: ● SCHEDULED  18:45 · in 1h 10m",
        "  api · implementation-agent",
        "  handoff-20261120-1731-0748c499.md · ≈45k (30k–62k) · 22 % of a window",
        "  systemd: survives logout and reboot; notice at 18:40",
        "  17:31  scheduled",
    ]
    assert text.sessions_text(snapshot, NOW, FACE)[0] == (
        "● running ~/code/api (auth endpoints) · sonnet-5-5 · 121k · $3.02 · 10 s ago"
    )


def test_a_week_of_unknown_use_is_left_out():
    empty = msgspec.structs.replace(working(), weekly=WindowState(kind=WindowKind.WEEKLY), model_windows=())
    assert not any(line.startswith("week") for line in text.quota_text(empty, NOW, FACE))
