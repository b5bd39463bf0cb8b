"""The quota of every window now: readings fused with local use, and how far each number can be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Protocol

import msgspec

from quota_tui.core.elsewhere import used_elsewhere
from quota_tui.core.learning import PastWindow, PctPerUsd, learn, rounding, slope_points
from quota_tui.core.limits import Limit, QuotaSettings, known_limit
from quota_tui.core.readings import (
    Aside,
    Reading,
    ReadingSource,
    WindowKind,
    of_late,
    reset_jitter,
    same_window,
    set_aside,
    told_at,
)
from quota_tui.core.snapshot import Basis, WindowState
from quota_tui.core.usage import UsageTotals
from quota_tui.core.windows import TICK, WEEK, Window, current_five_hour, current_weekly

OFFICIAL_FOR = timedelta(minutes=10)
"""A reading is official this long, while nothing is called here. Then use elsewhere may have moved it."""
MIX_CALLS = 10
"""The last seven days' mix of tokens per dollar counts as much as this many calls of the window's own."""
RESET_COUNTS = 2 * WEEK
"""So long after the last reported reset are later windows taken to have begun at 0 %."""
STALE_PCT = 1.5
"""A value that was told again although local use meanwhile costs more than this was an idle terminal's."""


class Ledger(Protocol):
    """The calls made on this machine. Each question is one indexed query."""

    def totals(self, start: datetime, end: datetime, model_family: str = "") -> UsageTotals:
        """Sum of the calls with `start <= at < end`, of one model family or of all."""
        ...

    def first_call_at(self, at_or_after: datetime) -> datetime | None:
        """The first call at or after an instant."""
        ...


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one window beside local use.

    `window` is None when no five-hour window is open, or no weekly reset was ever reported. `readings` are
    the believed ones of this window, in order of time. `was_reset` says that Anthropic reported the end of
    the window before, so that this one began at 0 %.
    """

    kind: WindowKind
    model: str = ""
    window: Window | None = None
    readings: tuple[Reading, ...] = ()
    was_reset: bool = False
    learned: PctPerUsd | None = None
    limit: Limit | None = None
    elsewhere_pct: float | None = None


class QuotaStates(msgspec.Struct, frozen=True, kw_only=True):
    """Every window now, what was learned by (kind, model), and the readings of late behind it."""

    five_hour: WindowState
    weekly: WindowState
    model_windows: tuple[WindowState, ...] = ()
    learned: dict[tuple[WindowKind, str], PctPerUsd] = {}
    readings: tuple[Reading, ...] = ()
    set_aside: tuple[Aside, ...] = ()


def quota_states(
    now: datetime,
    readings: Iterable[Reading],
    ledger: Ledger,
    settings: QuotaSettings,
    past_windows: Sequence[PastWindow] = (),
) -> QuotaStates:
    """The one entry: all windows at `now`.

    `readings` are those of open windows, and may be all there are (see `of_late`); `past_windows` are
    completed ones (`summarize_window`), and may overlap with them. The order of neither matters.
    """
    kept, aside = set_aside(of_late(readings, now), now)
    names = {r.model for r in kept if r.kind is WindowKind.WEEKLY_MODEL and now - r.resets_at < WEEK}
    cases = [(WindowKind.FIVE_HOUR, ""), (WindowKind.WEEKLY, "")]
    cases += [(WindowKind.WEEKLY_MODEL, name) for name in sorted(names)]
    states, learned = list[WindowState](), dict[tuple[WindowKind, str], PctPerUsd]()
    for kind, model in cases:
        own = [r for r in kept if r.kind is kind and r.model == model]
        past = [p for p in past_windows if p.kind is kind and p.model == model and p.resets_at <= now]
        facts = gather(now, kind, model, own, past, ledger, settings)
        if facts.learned:
            learned[kind, model] = facts.learned
        states.append(window_state(now, facts, ledger))
    return QuotaStates(
        five_hour=states[0],
        weekly=states[1],
        model_windows=tuple(states[2:]),
        learned=learned,
        readings=tuple(kept),
        set_aside=tuple(aside),
    )


def gather(
    now: datetime,
    kind: WindowKind,
    model: str,
    readings: Sequence[Reading],
    past: Sequence[PastWindow],
    ledger: Ledger,
    settings: QuotaSettings,
) -> Facts:
    """The facts of one window, from its kind's believed readings (in order) and completed windows."""
    resets = _resets(now, kind, readings, past)
    if kind is WindowKind.FIVE_HOUR:
        window = current_five_hour(now, resets, ledger.first_call_at)
    else:
        window = current_weekly(now, resets)
    facts = Facts(
        kind=kind,
        model=model,
        window=window,
        was_reset=any(reset <= now < reset + RESET_COUNTS for reset in resets),
        limit=known_limit(kind, past, settings),
    )
    taught = [point for each in past for point in each.points]
    earlier = learn(taught, now)
    if window is None or not window.is_reported:
        return msgspec.structs.replace(facts, learned=earlier)

    def cost_between(start: datetime, end: datetime) -> float:
        return ledger.totals(start, end, model).cost_usd

    start, resets_at = window.starts_at, window.resets_at
    inside = [r for r in readings if same_window(kind, r.resets_at, resets_at)]
    cost = cost_between(start, inside[-1].known_at + TICK) if inside else 0.0
    return msgspec.structs.replace(
        facts,
        readings=tuple(inside),
        learned=learn([*taught, *slope_points(start, inside, cost_between)], now),
        elsewhere_pct=used_elsewhere(start, inside, ledger.first_call_at, cost, earlier),
    )


def _resets(
    now: datetime, kind: WindowKind, readings: Sequence[Reading], past: Sequence[PastWindow]
) -> list[datetime]:
    """Reported resets that have passed, and the one ahead that is believed: the last told."""
    ahead = readings[-1].resets_at if readings else now
    told = [r.resets_at for r in readings]
    return [
        *(reset for reset in told if reset <= now or same_window(kind, reset, ahead)),
        *(each.resets_at for each in past if each.is_reported),
    ]


def window_state(now: datetime, facts: Facts, ledger: Ledger) -> WindowState:
    """One window's state: a reading, else 0 % at the reset, else a limit; else use alone.

    A reading counts until its reset. With local use since, or older than `OFFICIAL_FOR`, it is `fused`
    with that use. After a reported reset the window is known to have begun at 0 %: that is `fused` with
    local use since, if %-per-dollar was learned. Only `configured` and `guess` may exceed 100 %: use went
    on, so the limit was wrong, and the note says so.
    """
    window, is_week = facts.window, facts.kind is not WindowKind.FIVE_HOUR
    start = window.starts_at if window else now - WEEK if is_week else None
    used = ledger.totals(start, now + TICK, facts.model) if start else UsageTotals()
    tokens_per_usd = _mix(used, ledger.totals(now - WEEK, now + TICK, facts.model))
    state = WindowState(
        kind=facts.kind,
        model=facts.model,
        used=used,
        used_tokens=used.total_tokens,
        starts_at=start,
        resets_at=window.resets_at if window else None,
        reset_is_reported=window is not None and window.is_reported,
        as_of=now,
        used_elsewhere_pct=facts.elsewhere_pct,
    )
    rate = facts.learned or _rate(facts.limit, tokens_per_usd)
    if facts.readings:
        state = _from_reading(state, now, facts, rate, ledger)
    elif (begun := facts.was_reset and (window or not is_week)) and facts.learned:
        state = _from_zero(state, facts.learned)
    elif facts.limit:
        return _from_limit(state, facts.limit, tokens_per_usd)
    elif begun and not used.calls:
        state = _from_zero(state, PctPerUsd(0.0, 0.0, 0.0, 0))
    return _in_tokens(state, rate, tokens_per_usd)


def _mix(used: UsageTotals, week: UsageTotals) -> float | None:
    """Tokens per dollar of a window, drawn to the week's while the window has few calls; None: no cost."""
    weight = min(1.0, MIX_CALLS / week.calls) if week.calls else 0.0
    cost = used.cost_usd + weight * week.cost_usd
    return (used.total_tokens + weight * week.total_tokens) / cost if cost > 0 else None


def _from_reading(
    state: WindowState, now: datetime, facts: Facts, rate: PctPerUsd | None, ledger: Ledger
) -> WindowState:
    told, (reading, seen) = facts.readings[-1].used_pct, _last_told(now, facts, ledger)
    # After a clock went back an hour, what the reading covers is dated ahead of now, as the reading is.
    covered = reading.known_at if reading.at > now else seen
    since = ledger.totals(covered + TICK, max(covered, now) + TICK, facts.model)
    official = not since.calls and now - seen <= OFFICIAL_FOR
    error, usd, note = rounding(told), since.cost_usd, ""
    per_usd = rate or PctPerUsd(0.0, 0.0, 0.0, 0)
    used_pct = min(100.0, told + per_usd.value * usd)
    low: float | None = max(0.0, min(used_pct, told - error + per_usd.low * usd))
    high: float | None = min(100.0, told + error + per_usd.high * usd)
    if official:
        low = high = None
    elif usd > 0 and rate is None:
        high, note = None, "use since the reading is not in the percentage"
    return msgspec.structs.replace(
        state,
        used_pct=used_pct,
        used_pct_low=low,
        used_pct_high=high,
        remaining_pct=100.0 - used_pct,
        basis=Basis.OFFICIAL if official else Basis.FUSED,
        as_of=now if since.calls else seen,
        reading_source=reading.source,
        reading_at=seen,
        tokens_since_reading=since.total_tokens,
        limit_hit=told >= 100,
        note=note,
    )


def _last_told(now: datetime, facts: Facts, ledger: Ledger) -> tuple[Reading, datetime]:
    """The reading that told the present value last, and when.

    A value that is told again without rising, although local use meanwhile must have raised it, comes from
    an idle terminal: then the time it was first told counts.
    """
    last = facts.readings[-1]
    run = list(takewhile(lambda r: r.used_pct == last.used_pct, reversed(facts.readings)))
    newest = max(run, key=lambda r: (_seen_at(r, now), r.source.value, r.session_id))
    first, seen = told_at(last, now), _seen_at(newest, now)
    if facts.learned and seen > first and last.used_pct < 100:
        meanwhile = ledger.totals(first + TICK, seen + TICK, facts.model).cost_usd
        if facts.learned.low * meanwhile > STALE_PCT:
            return last, first
    return newest, seen


def _seen_at(reading: Reading, now: datetime) -> datetime:
    return min(now, told_at(reading, now) + (reading.known_at - reading.at))


def _from_zero(state: WindowState, rate: PctPerUsd) -> WindowState:
    usd = state.used.cost_usd
    used_pct = min(100.0, rate.value * usd)
    return msgspec.structs.replace(
        state,
        used_pct=used_pct,
        used_pct_low=min(100.0, rate.low * usd),
        used_pct_high=min(100.0, rate.high * usd),
        remaining_pct=100.0 - used_pct,
        basis=Basis.FUSED,
        tokens_since_reading=state.used_tokens,
        note="0 % at the reset and local use since; no reading of this window yet",
    )


def _from_limit(state: WindowState, limit: Limit, tokens_per_usd: float | None) -> WindowState:
    usd = state.used.cost_usd
    low: float | None = None
    high: float | None = None
    if limit.tokens:
        limit_tokens: int | None = limit.tokens
        used_pct = 100.0 * state.used_tokens / limit.tokens
    else:
        limit_tokens = None if tokens_per_usd is None else round(limit.usd * tokens_per_usd)
        used_pct, low, high = (100.0 * usd / each for each in (limit.usd, limit.usd_high, limit.usd_low))
    note = limit.note
    if limit.basis is Basis.LIMIT_HIT:
        used_pct, low, high = min(100.0, used_pct), min(100.0, low or 0.0), min(100.0, high or 0.0)
    elif used_pct > 100:
        note = "; ".join(filter(None, (note, "use went on beyond 100 %: the limit is evidently higher")))
    return msgspec.structs.replace(
        state,
        used_pct=used_pct,
        used_pct_low=low,
        used_pct_high=high,
        remaining_pct=max(0.0, 100.0 - used_pct),
        remaining_tokens=None if limit_tokens is None else round(limit_tokens * max(0.0, 1 - used_pct / 100)),
        limit_tokens=limit_tokens,
        basis=limit.basis,
        note=note,
    )


def _rate(limit: Limit | None, tokens_per_usd: float | None) -> PctPerUsd | None:
    """%-per-dollar where none was learned; a guess is no base to reckon on from a reading."""
    return None if limit is None or limit.basis is Basis.GUESS else limit.rate(tokens_per_usd)


def _in_tokens(state: WindowState, rate: PctPerUsd | None, tokens_per_usd: float | None) -> WindowState:
    """The percentage in tokens, at the mix of tokens per dollar."""
    if rate is None or tokens_per_usd is None or rate.value <= 0:
        return state
    limit = tokens_per_usd * 100.0 / rate.value
    left = None if state.remaining_pct is None else round(limit * state.remaining_pct / 100.0)
    return msgspec.structs.replace(state, limit_tokens=round(limit), remaining_tokens=left)


def summarize_window(
    kind: WindowKind, window: Window, readings: Iterable[Reading], ledger: Ledger, model: str = ""
) -> PastWindow:
    """What a completed window teaches; `readings` may be all there are. To be computed once and cached."""
    end = window.resets_at
    told = [
        r
        for r in readings
        if r.kind is kind
        and r.model == model
        and window.starts_at <= r.at < end
        and r.resets_at >= end - reset_jitter(kind)
    ]
    kept, _ = set_aside(told, end)

    def cost_between(start: datetime, until: datetime) -> float:
        return ledger.totals(start, until, model).cost_usd

    hit = next((r for r in kept if r.source is ReadingSource.LIMIT_LINE and r.used_pct >= 100), None)
    return PastWindow(
        kind=kind,
        model=model,
        starts_at=window.starts_at,
        resets_at=end,
        is_reported=window.is_reported,
        cost_usd=cost_between(window.starts_at, end),
        points=slope_points(window.starts_at, kept, cost_between),
        limit_cost_usd=None if hit is None else cost_between(window.starts_at, hit.at + TICK),
    )
