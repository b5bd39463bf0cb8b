"""Snapshot: everything known at one instant, frozen. Every face renders this and nothing else."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from quota_tui.core.jobs.job import Job
from quota_tui.core.readings import ReadingSource, WindowKind
from quota_tui.core.tracking.state import Deviation
from quota_tui.core.usage import Bar, UsageTotals

SCHEMA_VERSION = 1
"""Raised when a field of the status JSON changes its meaning or goes away."""


class Basis(StrEnum):
    """How a used percentage is known, best first. Shown beside the number on every face."""

    OFFICIAL = "official"
    FUSED = "fused"
    LIMIT_HIT = "limit-hit"
    CONFIGURED = "configured"
    GUESS = "guess"
    NONE = "none"


class ZoneName(StrEnum):
    """Named spans of used percentage, see `core.zones`."""

    FRESH = "fresh"
    EXCELLENT = "excellent"
    GOOD = "good"
    MODERATE = "moderate"
    DANGER = "danger"
    CRITICAL = "critical"
    EMERGENCY = "emergency"
    UNKNOWN = "unknown"


class WindowState(msgspec.Struct, frozen=True, kw_only=True):
    """One window now.

    Percentages are 0-100 and None when unknown; only a configured or guessed limit can be passed, then
    `used_pct` is above 100 and the note says that the limit was wrong. `used_*` tokens and cost are what
    this machine's transcripts hold; `remaining_tokens` and `limit_tokens` are estimates at the window's own
    mix of tokens. `reset_is_reported` is False when the reset is derived from local use only.
    `used_pct_low`/`high` bound `used_pct` where it is an estimate.
    """

    kind: WindowKind
    model: str = ""
    used_pct: float | None = None
    used_pct_low: float | None = None
    used_pct_high: float | None = None
    remaining_pct: float | None = None
    used: UsageTotals = UsageTotals()
    used_tokens: int = 0
    remaining_tokens: int | None = None
    limit_tokens: int | None = None
    starts_at: datetime | None = None
    resets_at: datetime | None = None
    reset_is_reported: bool = False
    basis: Basis = Basis.NONE
    as_of: datetime | None = None
    reading_source: ReadingSource | None = None
    reading_at: datetime | None = None
    tokens_since_reading: int | None = None
    used_elsewhere_pct: float | None = None
    projected_pct: float | None = None
    projected_pct_low: float | None = None
    projected_pct_high: float | None = None
    limit_hit: bool = False
    note: str = ""


class ZoneState(msgspec.Struct, frozen=True, kw_only=True):
    """The zone of the binding window (the one with the highest used percentage).

    `fits_tokens`/`fits_calls` say what task still fits before the next wrap-up threshold, at this user's
    own median; `fits_task` is its size in a word ("large", "medium", "small", "tiny", "nothing").
    """

    name: ZoneName = ZoneName.UNKNOWN
    window: WindowKind | None = None
    window_model: str = ""
    used_pct: float | None = None
    advice: str = ""
    next_threshold_pct: int | None = None
    to_next_pct: float | None = None
    fits_task: str = ""
    fits_tokens: int | None = None
    fits_calls: int | None = None


class BurnState(msgspec.Struct, frozen=True, kw_only=True):
    """Rates now (last 10 minutes) and over the five-hour window; None when nothing to divide by.

    `bars` are the window's five-minute bars, oldest first, without gaps, up to now.
    """

    tokens_per_min_now: float = 0.0
    pct_per_hour_now: float | None = None
    tokens_per_min_window: float | None = None
    pct_per_hour_window: float | None = None
    usd_per_hour_now: float = 0.0
    window_cost_usd: float = 0.0
    window_calls: int = 0
    cache_hit_share: float | None = None
    bars: tuple[Bar, ...] = ()


class ThresholdForecast(msgspec.Struct, frozen=True, kw_only=True):
    """When `threshold_pct` is reached: median and the ends of the 80 % range.

    None for an instant means "not before the reset". `chance_before_reset` is 0-1. `at_if_reached` is the
    median of the futures that reach it, None when hardly any does; `at` is the same where a majority does.
    The range holds 80 % of all futures: `at_high` is None when it extends past the reset, `at_low` when
    hardly one in five gets there.
    """

    threshold_pct: int
    at: datetime | None
    at_low: datetime | None
    at_high: datetime | None
    chance_before_reset: float
    at_if_reached: datetime | None = None


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """Forecast for the five-hour window; `thresholds` is empty when there is no percentage to forecast.

    `moments` counts the moments of the user's own history it rests on (0: only the present rate).
    `path_*` are used percentages at five-minute steps from now to the reset, for the burn-down plot.
    """

    thresholds: tuple[ThresholdForecast, ...] = ()
    moments: int = 0
    path_median: tuple[float, ...] = ()
    path_low: tuple[float, ...] = ()
    path_high: tuple[float, ...] = ()


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that fired. `threshold_pct` is 25, 50, 80, 90, 95, or 100 for a limit hit."""

    at: datetime
    window: WindowKind
    window_model: str = ""
    window_resets_at: datetime | None = None
    threshold_pct: int
    title: str
    text: str
    actions: tuple[str, ...] = ()


class SessionState(msgspec.Struct, frozen=True, kw_only=True):
    """A session with activity today, or one that runs now. `project` is a path."""

    session_id: str
    project: str
    name: str = ""
    model: str = ""
    last_at: datetime | None = None
    used: UsageTotals = UsageTotals()
    running: bool = False
    pid: int | None = None
    status: str = ""


class PhaseState(msgspec.Struct, frozen=True, kw_only=True):
    """One phase of the plan. `state` is open, current, done or removed; None where there is no estimate.

    `percent` is what it took of its estimate; `alert` is "yellow" above 120 % of it and "red" above 150 %.
    `boxes_done` of `boxes` are its ticked checkboxes in the plan file. `hours` is working time.
    """

    key: str
    name: str
    label: str = ""
    task_type: str = ""
    state: str = "open"
    estimate_tokens: int | None = None
    low_tokens: int | None = None
    high_tokens: int | None = None
    actual_tokens: int = 0
    projected_tokens: int | None = None
    variance_tokens: int | None = None
    percent: float | None = None
    hours: float = 0.0
    estimated_hours: float | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    boxes_done: int = 0
    boxes: int = 0
    notes: tuple[str, ...] = ()
    alert: str = ""


class PhaseProposal(msgspec.Struct, frozen=True, kw_only=True):
    """The phase in work looks done in the plan file; the person confirms it, or says no (`seen`)."""

    key: str
    name: str
    why: str
    seen: str = ""


class PhaseEnd(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the phase that ended last. `impact_pct` is its variance against the whole estimate.

    `fits_quota`: what is still projected is left in the five-hour window; None where that is not known.
    Rates are tokens a minute of working time. `asks_why`: it deviated and nobody has said why.
    """

    key: str
    name: str
    at: datetime
    actual_tokens: int
    estimate_tokens: int | None = None
    variance_tokens: int | None = None
    percent: float | None = None
    impact_pct: float | None = None
    projected_total_tokens: int | None = None
    fits_quota: bool | None = None
    tokens_per_min: float | None = None
    target_tokens_per_min: float | None = None
    asks_why: bool = False


class PhasesState(msgspec.Struct, frozen=True, kw_only=True):
    """The plan in progress. `state` is "none" while no plan is tracked, else active, paused, or how it ended.

    `estimated_tokens` is what it was estimated to take at its start; `projected_tokens` with `low` and `high`
    is what it will have taken at its end by what is known now. `current` is the place of the phase in work.
    `alert` is that phase's. Rates are tokens a minute: of the last ten minutes, and of the working time.
    `quota_left_tokens` is what is left in the five-hour window, an estimate.
    """

    state: str = "none"
    id: str = ""
    title: str = ""
    plan_file: str = ""
    project: str = ""
    phases: tuple[PhaseState, ...] = ()
    current: int | None = None
    started_at: datetime | None = None
    hours: float = 0.0
    estimated_hours: float | None = None
    actual_tokens: int = 0
    cost_usd: float = 0.0
    estimated_tokens: int | None = None
    estimated_low_tokens: int | None = None
    estimated_high_tokens: int | None = None
    confidence: str | float | None = None
    projected_tokens: int | None = None
    projected_low_tokens: int | None = None
    projected_high_tokens: int | None = None
    tokens_per_min_now: float = 0.0
    tokens_per_min_average: float | None = None
    quota_left_tokens: int | None = None
    fits_quota: bool | None = None
    alert: str = ""
    proposal: PhaseProposal | None = None
    ended: PhaseEnd | None = None
    deviations: tuple[Deviation, ...] = ()
    notices: tuple[str, ...] = ()


class AutomationState(msgspec.Struct, frozen=True, kw_only=True):
    """The arranged next sessions, as `core.jobs.view` orders them.

    `state` is that of the first one, "none" while nothing is arranged.
    """

    state: str = "none"
    jobs: tuple[Job, ...] = ()


class RootState(msgspec.Struct, frozen=True, kw_only=True):
    """One folder that was searched for transcripts."""

    path: str
    exists: bool
    transcripts: int = 0


class SourcesState(msgspec.Struct, frozen=True, kw_only=True):
    """Where the numbers come from and how fresh they are.

    `data_at` is the newest thing known (a call or a reading); `lines_skipped` and
    `readings_set_aside` are detailed by `quota-tui doctor`. `notices` are one-line sentences the
    person should see (a rebuilt index, a full disk).
    """

    roots: tuple[RootState, ...] = ()
    transcripts: int = 0
    calls: int = 0
    data_at: datetime | None = None
    lines_skipped: int = 0
    readings: int = 0
    readings_set_aside: int = 0
    client_query: str = "off"
    plan: str = ""
    notices: tuple[str, ...] = ()


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The whole state at `now` (aware UTC)."""

    schema: int = SCHEMA_VERSION
    now: datetime
    five_hour: WindowState
    weekly: WindowState
    model_windows: tuple[WindowState, ...] = ()
    zone: ZoneState = ZoneState()
    burn: BurnState = BurnState()
    forecast: Forecast = Forecast()
    alerts: tuple[Alert, ...] = ()
    sessions: tuple[SessionState, ...] = ()
    phases: PhasesState = PhasesState()
    automation: AutomationState = AutomationState()
    sources: SourcesState = SourcesState()
