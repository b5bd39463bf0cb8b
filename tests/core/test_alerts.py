from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.config import Alerts
from quota_tui.core.alerts import Due, Mark, due_alerts
from quota_tui.core.readings import WindowKind
from quota_tui.core.snapshot import Basis, WindowState
from tests.core.ledgers import at

SETTINGS = Alerts()
RESET = 2.0


def state(
    used: float | None,
    resets: float | None = RESET,
    kind: WindowKind = WindowKind.FIVE_HOUR,
    basis: Basis = Basis.FUSED,
    *,
    hit: bool = False,
    reported: bool = True,
    model: str = "",
) -> WindowState:
    length = 5.0 if kind is WindowKind.FIVE_HOUR else 168.0
    return WindowState(
        kind=kind,
        model=model,
        used_pct=used,
        remaining_pct=None if used is None else max(0.0, 100 - used),
        remaining_tokens=None if used is None else int(max(0.0, 100 - used) * 2000),
        starts_at=None if resets is None else at(resets - length),
        resets_at=None if resets is None else at(resets),
        reset_is_reported=reported,
        basis=basis,
        limit_hit=hit,
    )


def clock(when: datetime) -> str:
    return f"{when:%H:%M}"


def due(
    *states: WindowState, fired: tuple[Mark, ...] = (), now: float = 0.0, pace: float | None = None
) -> Due:
    return due_alerts(at(now), states, fired, SETTINGS, clock, pace)


def shown(found: Due) -> list[int]:
    return [alert.threshold_pct for alert in found.alerts]


def marked(found: Due) -> list[int]:
    return [mark.threshold_pct for mark in found.marks]


def test_of_several_crossed_at_once_the_highest_is_shown_and_all_are_marked():
    found = due(state(91))
    assert shown(found) == [90]
    assert marked(found) == [25, 50, 80, 90]


def test_nothing_is_due_below_the_first_threshold_or_without_a_percentage():
    assert due(state(24.9), state(None), state(90, resets=None)) == Due()


def test_a_threshold_fires_once_though_the_reading_drifts():
    first = due(state(80))
    assert due(state(78), fired=first.marks) == Due()
    assert due(state(82), fired=first.marks) == Due()
    assert shown(due(state(90), fired=first.marks)) == [90]


def test_a_threshold_added_below_a_fired_one_is_only_marked():
    fired = due(state(85)).marks
    found = due_alerts(at(0), [state(85)], fired, Alerts(thresholds=(60, 80)), clock)
    assert (shown(found), marked(found)) == ([], [60])


@pytest.mark.parametrize("jitter_s", [-1200, -1, 0, 1, 1200])
def test_jitter_of_the_reset_is_the_same_window(jitter_s: int):
    fired = due(state(85)).marks
    assert due(state(85, resets=RESET + jitter_s / 3600), fired=fired) == Due()


def test_a_derived_window_that_is_reported_later_is_the_same():
    fired = due(state(85, basis=Basis.GUESS, reported=False)).marks
    assert due(state(85, resets=RESET - 2), fired=fired) == Due()
    assert due(state(85, resets=RESET + 2), fired=fired) == Due()


def test_the_next_window_fires_anew_and_so_does_one_after_an_early_reset():
    fired = due(state(85)).marks
    assert shown(due(state(81, resets=RESET + 5), fired=fired, now=3)) == [80]
    assert shown(due(state(81, resets=RESET + 4), fired=fired, now=3)) == [80]
    assert shown(due(state(81, resets=RESET + 3, reported=False), fired=fired, now=3)) == [80]
    reset_early = state(81, resets=RESET + 2.4, reported=True)
    late = tuple(msgspec.structs.replace(mark, at=at(-1.5)) for mark in fired)
    assert shown(due(reset_early, fired=late, now=1)) == [80]


def test_windows_alert_each_for_itself():
    week = state(81, resets=90, kind=WindowKind.WEEKLY)
    opus = state(96, resets=90, kind=WindowKind.WEEKLY_MODEL, model="opus")
    found = due(state(26), week, opus)
    assert [(a.window, a.window_model, a.threshold_pct) for a in found.alerts] == [
        (WindowKind.FIVE_HOUR, "", 25),
        (WindowKind.WEEKLY, "", 80),
        (WindowKind.WEEKLY_MODEL, "opus", 95),
    ]
    assert "weekly Opus" in found.alerts[2].text
    assert due(state(26), week, opus, fired=found.marks) == Due()


def test_the_rolling_week_without_a_reset_alerts_once_a_week():
    rolling = state(55, resets=None, kind=WindowKind.WEEKLY, basis=Basis.CONFIGURED, reported=False)
    first = due(rolling)
    assert shown(first) == [50]
    assert due(rolling, fired=first.marks, now=167) == Due()
    assert shown(due(rolling, fired=first.marks, now=169)) == [50]


def test_only_anthropic_can_say_that_the_limit_is_hit():
    assert shown(due(state(100))) == [95]
    found = due(state(100, hit=True))
    assert shown(found) == [100]
    assert found.alerts[0].title == "limit reached"
    assert "five-hour limit is reached" in found.alerts[0].text


def test_settings_turn_thresholds_and_the_limit_hit_off():
    none = Alerts(thresholds=(), limit_hit=False)
    assert due_alerts(at(0), [state(100, hit=True)], (), none, clock) == Due()


def test_the_80_alert_says_what_a_person_needs():
    alert = due_alerts(at(0), [state(81)], (), SETTINGS, clock, pct_per_hour=19, fits_tokens=18_000).alerts[0]
    assert alert.title == "plan the next session"
    assert alert.text == (
        "≈81 % of the five-hour window is used, ≈38k tokens (19 %) left. "
        "≈60 min at the present pace; resets 14:00, in 2h 00m."
    )
    assert alert.actions == (
        "finish the task if it is small (≈18k tokens fit)",
        "plan the next session (p)",
        "arrange its start (a)",
        "save the context",
    )


def test_a_pace_that_lasts_until_the_reset_is_said_so():
    text = due(state(81), pace=5).alerts[0].text
    assert "lasts until the reset" in text
    assert " min at" not in text


def test_a_guess_says_that_it_is_one_and_an_official_number_has_no_sign():
    assert "≈81 % (guess)" in due(state(81, basis=Basis.GUESS, reported=False)).alerts[0].text
    assert "Resets ≈14:00" in due(state(81, basis=Basis.GUESS, reported=False)).alerts[0].text
    assert due(state(81, basis=Basis.OFFICIAL)).alerts[0].text.startswith("81 % of")


def test_unknown_figures_are_left_out():
    bare = msgspec.structs.replace(state(81), remaining_pct=None, remaining_tokens=None, resets_at=at(90))
    text = due(msgspec.structs.replace(bare, kind=WindowKind.WEEKLY), pace=3).alerts[0].text
    assert text == "≈81 % of the weekly window is used. Resets 06:00, in 3d 18h."


walk = st.lists(
    st.tuples(
        st.floats(-12, 15),
        st.integers(1, 40),
        st.integers(-600, 600),
        st.booleans(),
        st.sampled_from([Basis.FUSED, Basis.OFFICIAL, Basis.GUESS]),
    ),
    max_size=60,
)


@given(walk)
def test_at_most_once_per_window_and_threshold_whatever_happens(steps: list[tuple]):
    """Percentages drift, resets jitter, the program restarts: only the marks are kept."""
    fired, seen = list[Mark](), list[tuple[datetime, int]]()
    now, used, window = at(0), 0.0, 0
    for drift, minutes, jitter_s, restarts, basis in steps:
        now += timedelta(minutes=minutes)
        while now >= at(5 * (window + 1)):
            window, used = window + 1, 0.0
        used = min(100.0, max(0.0, used + drift))
        reset = at(5 * (window + 1)) + timedelta(seconds=jitter_s)
        if reset <= now:
            continue
        present = msgspec.structs.replace(
            state(used, basis=basis, hit=used >= 100 and restarts),
            starts_at=reset - timedelta(hours=5),
            resets_at=reset,
        )
        found = due_alerts(now, [present], fired, SETTINGS, clock)
        fired = msgspec.json.decode(msgspec.json.encode([*fired, *found.marks]), type=list[Mark])
        assert len(found.alerts) <= 1
        for alert in found.alerts:
            assert alert.threshold_pct <= used
            assert alert.threshold_pct == max(mark.threshold_pct for mark in found.marks)
            earlier = [threshold for when, threshold in seen if when == at(5 * (window + 1))]
            assert alert.threshold_pct > max(earlier, default=0)
            seen.append((at(5 * (window + 1)), alert.threshold_pct))
        assert due_alerts(now, [present], fired, SETTINGS, clock) == Due()
