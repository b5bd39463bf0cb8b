"""Phrases about the Snapshot that every face shares.

A phrase that must fit a width comes as alternatives, the longest first: a number is left out, never cut.
"""

from __future__ import annotations

from datetime import datetime

from quota_tui.core.readings import WindowKind
from quota_tui.core.snapshot import (
    Alert,
    Basis,
    BurnState,
    Forecast,
    SessionState,
    Snapshot,
    ThresholdForecast,
    WindowState,
    ZoneName,
    ZoneState,
)
from quota_tui.core.words import (
    Face,
    age,
    cells,
    clean,
    clock,
    countdown,
    figure,
    model_name,
    moment,
    pct,
    project_name,
    tokens,
    usd,
)
from quota_tui.core.zones import UNKNOWN, ZONES, Zone, zone_of

NO_PLAN = "no plan loaded"
NOTHING_SCHEDULED = "nothing scheduled"
LEAST_CHANCE = 0.01
"""A chance worth telling beside the expectation."""


def fit(width: int, *alternatives: str) -> str:
    """The first alternative that fits, or nothing: a number is left out rather than cut."""
    return next((text for text in alternatives if cells(text) <= width), "")


def windows(snapshot: Snapshot) -> tuple[WindowState, ...]:
    """Every window, the five-hour one first."""
    return (snapshot.five_hour, snapshot.weekly, *snapshot.model_windows)


def zone_window(snapshot: Snapshot) -> WindowState:
    """The window the zone speaks of."""
    zone = snapshot.zone
    for state in windows(snapshot):
        if state.kind == zone.window and state.model == zone.window_model:
            return state
    return snapshot.five_hour


def window_name(state: WindowState) -> str:
    """`5-hour`, `week`, `week Opus`."""
    match state.kind:
        case WindowKind.FIVE_HOUR:
            return "5-hour"
        case WindowKind.WEEKLY:
            return "week"
        case WindowKind.WEEKLY_MODEL:
            return f"week {state.model.title()}".rstrip()
        case _:
            return "overage"


def used_figure(state: WindowState) -> str:
    """`81 %` as Anthropic said it, `≈81 %` as we work it out; empty when unknown."""
    if state.used_pct is None:
        return ""
    return ("" if state.basis is Basis.OFFICIAL else "≈") + pct(state.used_pct)


def used_words(state: WindowState) -> tuple[str, ...]:
    """`≈81 % used`, or tokens where no percentage is known."""
    known = used_figure(state)
    if not known:
        return (f"{tokens(state.used_tokens)} tokens used", f"{tokens(state.used_tokens)} used")
    low, high = state.used_pct_low, state.used_pct_high
    if low is not None and high is not None and high - low >= 2:
        return (f"{known} used ({figure(low)}–{figure(high)})", f"{known} used", known)
    return (f"{known} used", known)


def left_words(state: WindowState) -> tuple[str, ...]:
    """`≈38k left`, else the percentage that is left, else nothing."""
    share = "" if state.remaining_pct is None else f"{pct(state.remaining_pct)} left"
    if state.remaining_tokens is None:
        return (share,)
    if state.limit_hit:
        return ("nothing left",)
    amount = f"≈{tokens(state.remaining_tokens)} left"
    return (
        (f"{amount} ({pct(state.remaining_pct)})", amount) if state.remaining_pct is not None else (amount,)
    )


def projected_words(state: WindowState) -> tuple[str, ...]:
    """`≈97 % at the reset (91–100)`, or nothing."""
    if state.projected_pct is None or state.limit_hit:
        return ("",)
    short = f"≈{pct(min(100.0, state.projected_pct))} at reset"
    low, high = state.projected_pct_low, state.projected_pct_high
    if low is None or high is None or min(100.0, high) - low < 1:
        return (short,)
    return (f"{short} ({figure(min(100.0, low))}–{figure(min(100.0, high))})", short)


def basis_words(state: WindowState, now: datetime, data_at: datetime | None = None) -> tuple[str, ...]:
    """How the number is known and how old that is; `data_at` is the newest thing known at all."""
    basis, source = state.basis, state.reading_source.value if state.reading_source else "reading"
    read_at = state.reading_at or state.as_of
    when = f" {age(read_at, now)}" if read_at else ""
    data = f" · data {age(data_at, now)}" if data_at else ""
    if basis is Basis.OFFICIAL:
        return (f"official: {source}{when}", f"official{when}")
    if basis is Basis.FUSED and state.reading_at is None:
        return ("fused: 0 % at the reset, and the use here since", "fused: use since the reset", "fused")
    if basis is Basis.FUSED:
        told = f"fused: {source}{when}"
        since = state.tokens_since_reading
        return (told, f"fused{when}") if not since else (
            f"{told} + {tokens(since)} tokens since",
            f"{told} + {tokens(since)}",
            told,
            f"fused{when}",
        )  # fmt: skip
    limit = "" if state.limit_tokens is None else f" of {tokens(state.limit_tokens)}"
    says, short = {
        Basis.LIMIT_HIT: ("limit-hit: what earlier limit hits cost", "limit-hit: earlier hits"),
        Basis.CONFIGURED: (f"configured: your own limit{limit}", f"configured{limit}"),
        Basis.GUESS: ("guess: a figure that circulates for this plan", "guess: plan preset")
        if " the plan " in state.note
        else ("guess: 90th percentile of your windows", "guess: your own windows"),
    }.get(basis, ("none: no limit known", "no limit known"))
    return (says + data, says, short, short.split(":")[0])


def reset_clock(state: WindowState, now: datetime, face: Face) -> str:
    """`18:40` as Anthropic said it, `≈18:40` as derived from use; empty when no window is open."""
    if state.resets_at is None:
        return ""
    return ("" if state.reset_is_reported else "≈") + moment(state.resets_at, now, face)


def reset_words(state: WindowState, now: datetime, face: Face) -> tuple[str, ...]:
    """`resets 18:40 · in 1h 06m`."""
    if state.resets_at is None:
        return ("no window open", "")
    at, left = reset_clock(state, now, face), countdown(state.resets_at, now)
    if left == "now":
        return (f"resets {at} · now", f"resets {at}")
    return (f"resets {at} · in {left}", f"{at} · in {left}", f"in {left}")


def next_threshold(state: WindowState, forecast: Forecast) -> ThresholdForecast | None:
    """The forecast for the nearest threshold that is not reached yet."""
    used = state.used_pct or 0.0
    ahead = [each for each in forecast.thresholds if used < each.threshold_pct]
    return min(ahead, key=lambda each: each.threshold_pct, default=None)


def reach_words(snapshot: Snapshot, now: datetime, face: Face) -> tuple[str, ...]:
    """When the next threshold is reached; never an instant after the reset."""
    state, forecast = snapshot.five_hour, snapshot.forecast
    if state.limit_hit:
        return (f"limit reached: back at {reset_clock(state, now, face)}", "limit reached")
    if state.used_pct is None:
        return ("no forecast: no limit known", "no forecast")
    ahead = next_threshold(state, forecast)
    if ahead is None:
        return ("" if forecast.thresholds else "no forecast yet",)
    reset, mark = state.resets_at, f"{ahead.threshold_pct} %"
    before = (ahead.at, ahead.at_low, ahead.at_high)
    at, low, high = (each if each and not (reset and each >= reset) else None for each in before)
    if at is None:
        plain = (f"{mark} not before the reset", f"{mark} not before reset", f"no {mark} before reset")
        if ahead.chance_before_reset < LEAST_CHANCE:
            return plain
        return (f"{plain[0]} (chance {pct(100 * ahead.chance_before_reset)})", *plain)
    told = f"{mark} at {clock(at, face)}"
    first = clock(low or at, face)
    span = f"({first}–{clock(high, face)})" if high else f"({first}–after reset)"
    return (f"{told} {span}", f"{mark} {clock(at, face)} {span}", told, f"{mark} {clock(at, face)}")


def full_words(snapshot: Snapshot) -> tuple[str, ...]:
    """The chance that the five-hour window is full before it resets; nothing once it is."""
    for each in snapshot.forecast.thresholds:
        if each.threshold_pct == 100 and not snapshot.five_hour.limit_hit:
            chance = pct(100 * each.chance_before_reset)
            return (
                f"100 % before the reset: {chance}",
                f"100 % before reset: {chance}",
                f"full first {chance}",
            )
    return ("",)


def rate_words(burn: BurnState) -> tuple[str, ...]:
    """`620 tok/min · 19 %/h`, of the last ten minutes."""
    rate = f"{tokens(burn.tokens_per_min_now)} tok/min"
    if burn.pct_per_hour_now is None:
        return (rate,)
    return (f"{rate} · {figure(burn.pct_per_hour_now)} %/h", rate)


def fits_words(zone: ZoneState) -> tuple[str, ...]:
    """What size of task still fits."""
    if zone.fits_task == "nothing":
        return ("fits: nothing more",)
    if not zone.fits_task:
        return ("",)
    task = f"fits: a {zone.fits_task} task"
    amount = "" if zone.fits_tokens is None else f"≈{tokens(zone.fits_tokens)}"
    calls = "" if zone.fits_calls is None else f" · ≈{zone.fits_calls} calls"
    if not amount:
        return (task + calls, task)
    return (
        f"{task}, {amount} tokens{calls}",
        f"{task} {amount}{calls}",
        f"fits {amount}{calls}",
        f"fits {amount}",
    )


def ahead_words(zone: ZoneState) -> tuple[str, ...]:
    """The next threshold and how far it is."""
    if zone.next_threshold_pct is None or zone.to_next_pct is None:
        return ("",)
    far = pct(zone.to_next_pct)
    return (f"next mark {zone.next_threshold_pct} %, {far} away", f"{far} to {zone.next_threshold_pct} %")


def alert_words(alert: Alert, now: datetime, face: Face) -> tuple[str, ...]:
    """`17:31 80 %: plan the next session`; its window when it is not the five-hour one."""
    where = "" if alert.window is WindowKind.FIVE_HOUR else " week"
    stamp = f"{moment(alert.at, now, face)} {alert.threshold_pct} %{where}"
    title = clean(alert.title, face)
    return (f"{stamp}  {title}", stamp)


def zone_glyph(name: ZoneName, face: Face) -> str:
    """One cell that tells the zones apart without colour."""
    zone = zone_named(name)
    return zone.ascii_glyph if face.ascii else zone.glyph


def zone_word(name: ZoneName) -> str:
    """`DANGER`; plain words where no zone is known."""
    return "NO LIMIT KNOWN" if name is ZoneName.UNKNOWN else zone_named(name).word


def zone_named(name: ZoneName) -> Zone:
    """The zone of this name."""
    return next((zone for zone in ZONES if zone.name is name), UNKNOWN)


def window_zone(state: WindowState) -> ZoneName:
    """The zone of one window; none where its limit is not known, or was guessed and has been passed."""
    disproved = state.basis is Basis.GUESS and (state.used_pct or 0.0) > 100
    return ZoneName.UNKNOWN if disproved else zone_of(state.used_pct).name


def cost_words(burn: BurnState) -> tuple[str, ...]:
    """`window $4.12 · 38 calls · cache hits 91 %`."""
    cost = f"window {usd(burn.window_cost_usd)}"
    calls = f"{cost} · {burn.window_calls} calls"
    if burn.cache_hit_share is None:
        return (calls, cost)
    hits = f"cache hits {pct(100 * burn.cache_hit_share)}"
    return (f"{calls} · {hits}", f"{cost} · {hits}", cost)


def session_words(session: SessionState, now: datetime, face: Face) -> str:
    """One session in a line."""
    mark = "● running" if session.running else "○"
    name = clean(session.name, face)
    said = (
        project_name(session.project, face) + (f" ({name})" if name else ""),
        model_name(session.model, face),
        tokens(session.used.total_tokens),
        usd(session.used.cost_usd),
        age(session.last_at, now) if session.last_at else "",
    )
    return f"{mark} " + " · ".join(each for each in said if each)
