from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.config import Quota
from quota_tui.core.learning import PastWindow, SlopePoint
from quota_tui.core.quota import QuotaStates, quota_states, summarize_window
from quota_tui.core.readings import Reading, ReadingSource, WindowKind
from quota_tui.core.snapshot import Basis, WindowState
from quota_tui.core.windows import Window
from tests.core.ledgers import MemoryLedger, at, told

FIVE, WEEKLY, MODEL = WindowKind.FIVE_HOUR, WindowKind.WEEKLY, WindowKind.WEEKLY_MODEL
MIN = 1 / 60
NONE = Quota()
Calls = Sequence[tuple]


def states(
    now: float,
    readings: Sequence[Reading] = (),
    calls: Calls = (),
    settings: Quota = NONE,
    past: Sequence[PastWindow] = (),
) -> QuotaStates:
    return quota_states(at(now), readings, MemoryLedger(calls), settings, past)


def five(
    now: float,
    readings: Sequence[Reading] = (),
    calls: Calls = (),
    settings: Quota = NONE,
    past: Sequence[PastWindow] = (),
) -> WindowState:
    return states(now, readings, calls, settings, past).five_hour


def past(index: int, cost: float = 0.0, hit: float | None = None, *, reported: bool = True) -> PastWindow:
    """A window that ended `index` times six hours before six o'clock in the morning."""
    end = at(-6 - 6 * index)
    return PastWindow(
        kind=FIVE,
        starts_at=end - timedelta(hours=5),
        resets_at=end,
        is_reported=reported,
        cost_usd=cost,
        limit_cost_usd=hit,
    )


def taught(per_usd: float, kind: WindowKind = FIVE, model: str = "") -> list[PastWindow]:
    """Completed windows that taught a rate."""
    points = tuple(SlopePoint(5.0, 5.0 / per_usd, at(-9 + i / 10)) for i in range(20))
    start, end = (at(-11), at(-6)) if kind is FIVE else (at(-168 - 6), at(-6))
    one = PastWindow(
        kind=kind, model=model, starts_at=start, resets_at=end, is_reported=True, cost_usd=100, points=points
    )
    return [one]


def test_a_fresh_reading_without_use_since_is_official():
    state = five(1, [told(0.9, 40)], [(at(0.5), 8.0)])
    assert (state.basis, state.used_pct, state.remaining_pct) == (Basis.OFFICIAL, 40, 60)
    assert (state.used_pct_low, state.used_pct_high) == (None, None)
    assert (state.reading_at, state.as_of, state.tokens_since_reading) == (at(0.9), at(0.9), 0)
    assert state.reading_source is ReadingSource.STATUS_LINE
    assert (state.starts_at, state.resets_at, state.reset_is_reported) == (at(-1), at(4), True)
    assert (state.used_tokens, state.limit_tokens, state.remaining_tokens) == (80_000, 200_000, 120_000)


def test_an_old_reading_is_never_silently_official():
    reading = [told(0.9, 40)]
    assert five(0.9 + 10 * MIN, reading).basis is Basis.OFFICIAL
    old = five(0.9 + 11 * MIN, reading)
    assert (old.basis, old.used_pct, old.tokens_since_reading) == (Basis.FUSED, 40, 0)
    assert (old.used_pct_low, old.used_pct_high, old.as_of) == (39.5, 40.5, at(0.9))


def test_a_reading_told_again_is_fresh_again():
    state = five(2, [told(0.9, 40, until=1.99)], [(at(0.5), 8.0), (at(1.5), 0.1)])
    assert (state.basis, state.reading_at, state.tokens_since_reading) == (Basis.OFFICIAL, at(1.99), 0)


def test_a_value_told_again_by_an_idle_terminal_while_others_work_is_not_fresh():
    calls = [(at(0.5), 8.0), (at(1.5), 2.0)]
    state = five(2, [told(0.9, 40, until=1.99)], calls, past=taught(5))
    assert (state.basis, state.reading_at, state.tokens_since_reading) == (Basis.FUSED, at(0.9), 20_000)
    assert state.used_pct == pytest.approx(50, abs=0.5)


def test_local_use_since_the_reading_is_added_at_the_learned_rate():
    state = five(1, [told(0.9, 40)], [(at(0.5), 8.0), (at(0.95), 1.0)], past=taught(5))
    assert state.basis is Basis.FUSED
    assert state.used_pct == pytest.approx(45)
    assert state.used_pct_low is not None
    assert state.used_pct_high is not None
    assert 43 < state.used_pct_low < 45 < state.used_pct_high < 47
    assert (state.tokens_since_reading, state.as_of) == (10_000, at(1))


def test_a_call_at_the_instant_of_the_reading_is_in_it():
    assert five(1, [told(0.9, 40)], [(at(0.9), 8.0)]).basis is Basis.OFFICIAL


def test_use_since_a_first_reading_of_zero_is_said_to_be_missing():
    state = five(1, [told(0.9, 0)], [(at(0.95), 1.0)])
    assert (state.basis, state.used_pct, state.used_pct_high) == (Basis.FUSED, 0, None)
    assert "not in the percentage" in state.note
    assert state.limit_tokens is None
    own = five(1, [told(0.9, 0)], [(at(0.95), 1.0)], Quota(limit_tokens=100_000))
    assert (own.basis, own.used_pct) == (Basis.FUSED, 10)
    guessed = five(1, [told(0.9, 0)], [(at(0.95), 1.0)], Quota(plan="pro"))
    assert (guessed.used_pct, guessed.limit_tokens) == (0, None)


def test_the_first_reading_of_all_teaches_what_follows():
    result = states(1, [told(0.9, 40)], [(at(0.5), 8.0), (at(0.95), 1.0)])
    assert result.learned[FIVE, ""].value == 5
    assert result.five_hour.used_pct == 45


def test_a_percentage_without_local_use_was_used_elsewhere():
    state = five(1, [told(0.9, 40)])
    assert (state.basis, state.used_pct, state.used_tokens) == (Basis.OFFICIAL, 40, 0)
    assert state.used_elsewhere_pct == 40
    assert state.remaining_tokens is None


def test_use_elsewhere_is_judged_by_earlier_windows():
    calls = [(at(hour / 10), 0.5) for hour in range(-9, 9)]
    assert five(1, [told(0.9, 45)], calls, past=taught(5)).used_elsewhere_pct == 0
    assert five(1, [told(0.9, 90)], calls, past=taught(5)).used_elsewhere_pct == pytest.approx(39, abs=6)


def test_a_windows_own_use_elsewhere_does_not_hide_itself():
    calls = [(at(-0.95 + i / 10), 0.5) for i in range(18)]
    steep = [told(-0.9 + i / 10, 5 * (i + 1)) for i in range(18)]
    result = states(1, steep, calls, past=taught(5))
    assert result.learned[FIVE, ""].value > 9
    assert result.five_hour.used_elsewhere_pct == pytest.approx(39, abs=6)


def test_after_a_correction_an_older_equal_value_is_not_the_same_news():
    idle = told(0, 20, session="idle", until=1.35)
    corrected = [idle, told(0.5, 60), told(1, 20, until=1.3)]
    state = five(1.4, corrected)
    assert (state.used_pct, state.reading_at) == (20, at(1.3))


def test_a_limit_line_holds_until_the_reset():
    hit = told(0.5, 100, source=ReadingSource.LIMIT_LINE)
    readings = [told(0.4, 98), hit, told(0.501, 99, until=3.9)]
    now = five(0.6, readings, [(at(0.3), 5.0)])
    assert (now.basis, now.used_pct, now.limit_hit, now.remaining_tokens) == (Basis.OFFICIAL, 100, True, 0)
    later = five(3.9, readings, [(at(0.3), 5.0), (at(1), 2.0)])
    assert (later.basis, later.used_pct, later.limit_hit) == (Basis.FUSED, 100, True)
    assert five(4.1, readings, [(at(0.3), 5.0)]).limit_hit is False


def test_an_estimate_of_100_percent_is_no_limit_hit():
    state = five(1, [told(0.5, 90)], [(at(0.4), 9.0), (at(0.9), 50.0)])
    assert (state.used_pct, state.used_pct_high, state.limit_hit) == (100, 100, False)


def test_after_the_reset_a_reading_no_longer_counts():
    closed = five(4.5, [told(0.9, 40)], [(at(0.5), 8.0)], past=taught(5))
    assert (closed.basis, closed.used_pct, closed.resets_at, closed.used_tokens) == (Basis.FUSED, 0, None, 0)
    opened = five(5, [told(0.9, 40)], [(at(0.5), 8.0), (at(4.6), 2.0)], past=taught(5))
    assert (opened.starts_at, opened.resets_at) == (at(4.6), at(9.6))
    assert (opened.basis, opened.used_pct, opened.reset_is_reported) == (Basis.FUSED, 10, False)
    assert (opened.tokens_since_reading, opened.reading_at) == (20_000, None)
    assert "no reading of this window" in opened.note


def test_after_the_reset_without_any_rate_only_no_use_is_known_to_be_0_percent():
    assert five(4.5, [told(0.9, 40)]).used_pct == 0
    assert five(5, [told(0.9, 0)], [(at(4.6), 2.0)]).basis is Basis.NONE
    assert five(4.5 + 24 * 15, [told(0.9, 40)]).basis is Basis.NONE


def test_past_limit_hits_say_what_100_percent_costs():
    hits = [past(index, 12, hit=cost) for index, cost in enumerate([10, 8, 16])]
    state = five(1, [], [(at(0.5), 5.0)], Quota(limit_tokens=7, plan="pro"), hits)
    assert (state.basis, state.used_pct) == (Basis.LIMIT_HIT, 50)
    assert (state.used_pct_low, state.used_pct_high) == (31.25, 62.5)
    assert (state.limit_tokens, state.remaining_tokens) == (100_000, 50_000)
    assert five(1, [], [(at(0.5), 50.0)], past=hits).used_pct == 100


def test_the_users_own_limit():
    own = Quota(limit_tokens=100_000, plan="pro")
    state = five(1, [], [(at(0.5), 5.0)], own, [past(i, 9) for i in range(3)])
    assert (state.basis, state.used_pct, state.remaining_tokens) == (Basis.CONFIGURED, 50, 50_000)
    assert (state.limit_tokens, state.note) == (100_000, "")
    over = five(1, [], [(at(0.5), 15.0)], own)
    assert (over.used_pct, over.remaining_pct, over.remaining_tokens) == (150, 0, 0)
    assert "evidently higher" in over.note
    assert five(1, [], [], own).used_pct == 0


def test_presets_and_history_are_guesses_and_say_so():
    preset = five(1, [], [(at(0.5), 4.4)], Quota(plan="max5"), [past(i, 10) for i in range(3)])
    assert (preset.basis, preset.used_pct, preset.limit_tokens) == (Basis.GUESS, 50, 88_000)
    assert "publishes none" in preset.note
    history = five(1, [], [(at(0.5), 5.0)], NONE, [past(i, 10) for i in range(3)])
    assert (history.basis, history.used_pct, history.limit_tokens) == (Basis.GUESS, 50, 100_000)
    assert "3 completed windows" in history.note
    assert five(1, [], [(at(0.5), 5.0)], Quota(plan="unknown"), [past(0, 10)]).basis is Basis.NONE


def test_without_any_limit_only_use_is_shown():
    state = five(1, [], [(at(0.5), 5.0)])
    assert (state.basis, state.used_pct, state.remaining_pct) == (Basis.NONE, None, None)
    assert (state.used_tokens, state.starts_at, state.resets_at) == (50_000, at(0.5), at(5.5))
    empty = five(1)
    assert (empty.basis, empty.used_pct, empty.starts_at, empty.resets_at) == (Basis.NONE, None, None, None)


def test_a_young_window_borrows_the_weeks_mix_of_tokens():
    class Mixed(MemoryLedger):
        def totals(self, start, end, model_family=""):
            self.tokens_per_usd = 40_000 if start > at(-24) else 10_000
            return super().totals(start, end, model_family)

    def limit(calls):
        state = quota_states(at(1), [told(0.9, 40)], Mixed([*history, *calls]), NONE).five_hour
        return state.limit_tokens / state.used.cost_usd  # the same 40 % each time, whatever they cost

    # The week's mix is 10k tokens a dollar, the window's own 40k; ten calls of the week weigh on it.
    history = [(at(-50 - i / 100), 0.8) for i in range(500)]
    mixes = [limit([(at(0.5 + i / 1000), 0.8) for i in range(calls)]) * 0.4 for calls in (1, 5, 20, 200)]
    assert mixes == sorted(mixes)
    assert 10_000 < mixes[0] < 20_000
    assert 35_000 < mixes[-1] < 40_000
    assert all(after < 2 * before for before, after in pairwise(mixes))


def test_without_a_weekly_reset_the_last_seven_days_are_shown():
    calls = [(at(-200), 1.0), (at(-100), 2.0), (at(0.5), 3.0)]
    week = states(1, [], calls).weekly
    assert (week.used_tokens, week.resets_at, week.starts_at, week.basis) == (
        50_000,
        None,
        at(1 - 168),
        Basis.NONE,
    )
    own = states(1, [], calls, Quota(weekly_limit_tokens=500_000)).weekly
    assert (own.basis, own.used_pct) == (Basis.CONFIGURED, 10)


def test_the_week_is_reported_and_then_follows():
    reading = told(0.5, 40, resets=20, kind=WEEKLY)
    calls = [(at(0), 80.0), (at(21), 4.0)]
    assert states(1, [reading], calls).weekly.used_pct == 40
    after = states(22, [reading], calls, past=taught(0.5, WEEKLY)).weekly
    assert (after.starts_at, after.resets_at, after.reset_is_reported) == (at(20), at(188), False)
    assert (after.basis, after.used_pct) == (Basis.FUSED, 2)


def test_a_models_week_counts_its_own_calls():
    readings = [
        told(0.5, 10, resets=20, kind=MODEL, model="opus"),
        told(0.5, 30, resets=20, kind=MODEL, model="fable"),
        told(0.5, 30, resets=-1000, kind=MODEL, model="sonnet"),
    ]
    calls = [(at(0), 2.0, "opus"), (at(0.8), 1.0, "opus"), (at(0.9), 7.0, "sonnet")]
    fable, opus = states(1, readings, calls).model_windows
    assert (fable.model, fable.used_pct, fable.used_tokens, fable.tokens_since_reading) == ("fable", 30, 0, 0)
    assert (opus.model, opus.used_pct, opus.used_tokens, opus.tokens_since_reading) == (
        "opus",
        15,
        30_000,
        10_000,
    )


def test_the_weekly_limit_is_not_a_models():
    reading = told(0.5, 10, resets=20, kind=MODEL, model="opus")
    own = Quota(weekly_limit_tokens=500_000)
    (opus,) = states(22, [reading], [(at(21), 1.0, "opus")], own).model_windows
    assert (opus.basis, opus.used_pct, opus.used_tokens) == (Basis.NONE, None, 10_000)


def test_the_last_believed_window_is_the_current_one():
    moved_earlier = [
        told(0, 30, resets=100, kind=WEEKLY),
        told(0.5, 31, resets=60, kind=WEEKLY),
        told(0.9, 32, resets=60, kind=WEEKLY),
    ]
    assert states(1, moved_earlier).weekly.resets_at == at(60)


def test_readings_from_the_future_after_a_clock_jump_still_count():
    state = five(0, [told(0.9, 40)], [(at(-0.5), 8.0)])
    assert state.used_pct == 40
    assert state.reading_at is not None
    assert state.reading_at <= at(0)


def test_what_a_completed_window_teaches():
    calls = [*((at(0.1 * i), 1.0) for i in range(40)), (at(5.5), 1.0)]
    readings = [
        told(-0.5, 90, resets=-0.2),
        told(1, 20, resets=5),
        told(2, 60, resets=5),
        told(2.2, 30, resets=5, session="idle"),
        told(3, 100, resets=5, source=ReadingSource.LIMIT_LINE),
        told(5.2, 10, resets=10),
        told(5.9, 30, resets=10),
    ]
    window = Window(at(0), at(5), is_reported=True)
    found = summarize_window(FIVE, window, readings, MemoryLedger(calls))
    assert [(p.delta_pct, p.delta_usd) for p in found.points] == [(20, 11), (40, 10)]
    assert (found.cost_usd, found.limit_cost_usd, found.is_reported) == (40, 31, True)


def test_a_refresh_asks_little():
    calls = [(at(-24 * day - hour / 8), 0.05) for day in range(40) for hour in range(64)]
    readings = [told(-4.9 + i / 20, min(99, i), resets=0.1) for i in range(98)]
    readings += [told(-100 + i, i, resets=60, kind=WEEKLY) for i in range(98)]
    book = MemoryLedger(calls)
    quota_states(at(0), readings, book, NONE, [past(i, 5) for i in range(50)])
    assert book.questions < 320


ladder = st.fixed_dictionaries(
    {
        "pct": st.one_of(st.none(), st.integers(0, 100)),
        "told_at": st.floats(-0.9, 1.0),
        "since": st.floats(0, 40),
        "rate": st.one_of(st.none(), st.floats(0.3, 40)),
        "hits": st.lists(st.floats(0.1, 50), max_size=6),
        "limit": st.sampled_from([0, 1, 90_000]),
        "plan": st.sampled_from(["", "pro", "max20"]),
        "costs": st.lists(st.floats(0, 50), max_size=6),
    }
)


def build(case: dict, extra_usd: float = 0.0) -> WindowState:
    readings = [] if case["pct"] is None else [told(case["told_at"], case["pct"])]
    calls: list[tuple] = [(at(-0.95), 2.0)]
    if case["since"]:
        calls.append((at(1.0), case["since"]))
    if extra_usd:
        calls.append((at(1.0), extra_usd))
    windows = [past(10 + i, 5, hit=cost) for i, cost in enumerate(case["hits"])]
    windows += [past(30 + i, cost) for i, cost in enumerate(case["costs"])]
    windows += taught(case["rate"]) if case["rate"] else []
    settings = Quota(limit_tokens=case["limit"], plan=case["plan"])
    return five(1.05, readings, calls, settings, windows)


@given(ladder)
def test_the_best_basis_that_is_known_is_taken(case: dict):
    state = build(case)
    completed = [cost for cost in case["costs"] if cost > 0]
    if case["pct"] is not None:
        when = at(case["told_at"])
        old = at(1.05) - when > timedelta(minutes=10)
        used_since = case["since"] > 0 and when < at(1.0)
        expected = Basis.FUSED if old or used_since else Basis.OFFICIAL
    elif case["rate"]:
        expected = Basis.FUSED
    elif case["hits"]:
        expected = Basis.LIMIT_HIT
    elif case["limit"]:
        expected = Basis.CONFIGURED
    elif case["plan"] or len(completed) >= 3:
        expected = Basis.GUESS
    else:
        expected = Basis.NONE
    assert state.basis is expected
    assert (state.used_pct is None) == (expected is Basis.NONE)


@given(ladder)
def test_percentages_stay_within_bounds(case: dict):
    state = build(case)
    if state.used_pct is None:
        assert state.remaining_pct is None
        return
    assert state.used_pct >= 0
    assert state.used_pct <= 100 or state.basis in {Basis.CONFIGURED, Basis.GUESS}
    assert state.remaining_pct == pytest.approx(max(0.0, 100 - state.used_pct))
    assert state.used_pct_low is None or 0 <= state.used_pct_low <= state.used_pct
    assert state.used_pct_high is None or state.used_pct <= state.used_pct_high
    if state.remaining_tokens is not None:
        assert state.limit_tokens is not None
        assert 0 <= state.remaining_tokens <= state.limit_tokens


@given(ladder, st.floats(0.01, 30))
def test_more_use_never_means_a_lower_percentage(case: dict, extra_usd: float):
    before, after = build(case), build(case, extra_usd)
    assert (before.used_pct is None) == (after.used_pct is None)
    if before.used_pct is not None and after.used_pct is not None:
        assert after.used_pct >= before.used_pct - 1e-9


some_reading = st.builds(
    told,
    st.floats(-6, 1),
    st.integers(0, 102),
    st.sampled_from([-1.5, 0.5, 3.0, 3.2, 4.0]),
    st.sampled_from("ab"),
    source=st.sampled_from(ReadingSource),
)
week_reading = st.builds(
    told,
    st.floats(-90, 1),
    st.integers(0, 102),
    st.sampled_from([-60.0, 30.0, 31.0, 77.0]),
    st.sampled_from("ab"),
    kind=st.sampled_from([WEEKLY, MODEL]),
    model=st.just(""),
)


@given(
    st.lists(st.one_of(some_reading, week_reading), max_size=20),
    st.lists(st.tuples(st.floats(-100, 2), st.floats(0, 5)), max_size=20),
    st.lists(st.builds(past, st.integers(0, 40), st.floats(0, 9), st.one_of(st.none(), st.floats(0, 9)))),
    st.randoms(use_true_random=False),
)
def test_the_order_of_what_is_known_does_not_matter(
    readings: list[Reading],
    uses: list[tuple[float, float]],
    windows: list[PastWindow],
    shuffle: random.Random,
):
    calls = [(at(hour), usd) for hour, usd in uses]
    result = states(1, readings, calls, past=windows)
    for state in (result.five_hour, result.weekly, *result.model_windows):
        assert state.starts_at is None or state.starts_at <= at(1)
        assert state.resets_at is None or state.resets_at > at(1)
    again, more = list(readings), list(windows)
    shuffle.shuffle(again)
    shuffle.shuffle(more)
    assert states(1, again, calls, past=more) == result
