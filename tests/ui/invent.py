"""An invented afternoon, and the parts it is made of."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import msgspec

from quota_tui.core.jobs.job import Job, JobState, LogLine
from quota_tui.core.readings import ReadingSource, WindowKind
from quota_tui.core.snapshot import (
    Alert,
    AutomationState,
    Basis,
    BurnState,
    Forecast,
    PhasesState,
    PhaseState,
    RootState,
    SessionState,
    Snapshot,
    SourcesState,
    ThresholdForecast,
    WindowState,
    ZoneName,
    ZoneState,
)
from quota_tui.core.usage import Bar, UsageTotals

NOW = datetime(2026, 11, 20, 17, 34, 10, tzinfo=UTC)
RESET = datetime(2026, 11, 20, 18, 40, tzinfo=UTC)
WEEK_RESET = datetime(2026, 11, 24, 4, 49, tzinfo=UTC)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def bars(start: datetime, now: datetime, total_tokens: int) -> tuple[Bar, ...]:
    """Work in waves: two pauses, then a rising afternoon."""
    spans = max(1, math.ceil((now - start).total_seconds() / 300))
    weights = [
        max(0.0, math.sin(i / 5.2) + 0.35 + i / spans) * (0 if i in (11, 12, 13) else 1) for i in range(spans)
    ]
    whole = sum(weights) or 1
    made = []
    for i, weight in enumerate(weights):
        tokens = round(total_tokens * weight / whole)
        totals = UsageTotals(
            tokens // 10, tokens - tokens // 10, 0, tokens * 9, tokens * 2.5e-5, max(0, tokens // 2000)
        )
        made.append(Bar(int(start.timestamp()) + 300 * i, totals))
    return tuple(made)


def forecast(now: datetime) -> Forecast:
    steps = max(2, int((RESET - now).total_seconds() // 300) + 1)
    path = [81.0 + 16.0 * i / (steps - 1) for i in range(steps)]
    spread = [10.0 * i / (steps - 1) for i in range(steps)]
    return Forecast(
        thresholds=(
            ThresholdForecast(threshold_pct=80, at=now, at_low=now, at_high=now, chance_before_reset=1.0),
            ThresholdForecast(
                threshold_pct=90,
                at=NOW + minutes(28),
                at_low=NOW + minutes(21),
                at_high=NOW + minutes(46),
                chance_before_reset=0.92,
            ),
            ThresholdForecast(
                threshold_pct=95,
                at=NOW + minutes(52),
                at_low=NOW + minutes(40),
                at_high=None,
                chance_before_reset=0.71,
            ),
            ThresholdForecast(
                threshold_pct=100, at=None, at_low=NOW + minutes(59), at_high=None, chance_before_reset=0.35
            ),
        ),
        moments=240,
        path_median=tuple(path),
        path_low=tuple(p - s for p, s in zip(path, spread, strict=True)),
        path_high=tuple(p + s for p, s in zip(path, spread, strict=True)),
    )


def alert(at: datetime, threshold: int, title: str, text: str = "") -> Alert:
    return Alert(
        at=at,
        window=WindowKind.FIVE_HOUR,
        window_resets_at=RESET,
        threshold_pct=threshold,
        title=title,
        text=text or f"{threshold} % of the five-hour window is used.",
        actions=("finish the task if it is small", "plan the next session (p)"),
    )


def sessions(now: datetime) -> tuple[SessionState, ...]:
    rows = (
        ("/home/ada/code/api", "auth endpoints", "claude-sonnet-5-5-20260930", 121_400, 3.02, 0.2, True),
        ("/home/ada/code/quota-tui", "", "claude-opus-5-20260801", 31_900, 0.84, 2, True),
        ("/home/ada/work/billing/service", "invoices", "claude-sonnet-5-5-20260930", 8_700, 0.26, 95, False),
        ("/srv/experiments/tokenizer", "", "claude-haiku-5-20260701", 2_100, 0.01, 341, False),
    )
    return tuple(
        SessionState(
            session_id=f"session-{i}",
            project=project,
            name=name,
            model=model,
            last_at=now - minutes(ago),
            used=UsageTotals(tokens // 10, tokens - tokens // 10, 0, tokens * 9, cost, tokens // 1500),
            running=running,
            pid=4000 + i if running else None,
        )
        for i, (project, name, model, tokens, cost, ago, running) in enumerate(rows)
    )


def five_hour() -> WindowState:
    return WindowState(
        kind=WindowKind.FIVE_HOUR,
        used_pct=81.0,
        used_pct_low=80.4,
        used_pct_high=81.7,
        remaining_pct=19.0,
        used=UsageTotals(16_200, 120_000, 25_800, 1_640_000, 4.12, 88),
        used_tokens=162_000,
        remaining_tokens=38_000,
        limit_tokens=200_000,
        starts_at=RESET - timedelta(hours=5),
        resets_at=RESET,
        reset_is_reported=True,
        basis=Basis.FUSED,
        as_of=NOW - timedelta(seconds=4),
        reading_source=ReadingSource.STATUS_LINE,
        reading_at=NOW - timedelta(seconds=12),
        tokens_since_reading=1_200,
        used_elsewhere_pct=3.0,
        projected_pct=97.0,
        projected_pct_low=91.0,
        projected_pct_high=107.0,
    )


def week(used_pct: float, model: str = "") -> WindowState:
    return WindowState(
        kind=WindowKind.WEEKLY_MODEL if model else WindowKind.WEEKLY,
        model=model,
        used_pct=used_pct,
        remaining_pct=100.0 - used_pct,
        used_tokens=int(used_pct * 52_000),
        starts_at=WEEK_RESET - timedelta(days=7),
        resets_at=WEEK_RESET,
        reset_is_reported=True,
        basis=Basis.OFFICIAL,
        as_of=NOW - timedelta(seconds=12),
        reading_source=ReadingSource.STATUS_LINE,
        reading_at=NOW - timedelta(seconds=12),
        projected_pct=min(100.0, used_pct * 1.3),
    )


def job(**changes: object) -> Job:
    """The session of the sketches: at 18:45, for the API."""
    made = Job(
        id="api-261120-173100",
        project="/home/ada/code/api",
        title="Authentication for the API",
        handoff="/home/ada/.claude/session-handoffs/handoff-20261120-1731-0748c499.md",
        handoff_id="20261120-1731-0748c499",
        session_id="6f9b1c9e-0000-4000-8000-000000000001",
        agent="implementation-agent",
        branch="feature/auth-system",
        start="reset+5m",
        zone="UTC",
        launch_at=RESET + minutes(5),
        chosen_at=RESET + minutes(5),
        deadline=RESET + minutes(365),
        created_at=NOW - minutes(3),
        estimate_tokens=45_000,
        estimate_low=30_000,
        estimate_high=62_000,
        scheduler="systemd",
        survives="survives logout and reboot",
        terminal="tmux",
        client="/usr/local/bin/claude",
        log=(LogLine(NOW - minutes(3), JobState.SCHEDULED, "scheduled"),),
    )
    return msgspec.structs.replace(made, **changes)


def arranged(*jobs: Job) -> AutomationState:
    return AutomationState(state=jobs[0].state.value if jobs else "none", jobs=jobs)


def phases() -> PhasesState:
    """The plan of the sketches: the first phase done, the second in work."""
    return PhasesState(
        state="active",
        id="track-1",
        title="Session 3: a live dashboard",
        plan_file="/home/ada/code/api/SESSION_3_PLAN.md",
        project="/home/ada/code/api",
        phases=(
            PhaseState(
                key="p1",
                name="WebSocket server",
                label="1",
                task_type="implementation",
                state="done",
                estimate_tokens=28_500,
                low_tokens=18_000,
                high_tokens=45_000,
                actual_tokens=32_100,
                projected_tokens=32_100,
                variance_tokens=3_600,
                percent=112.6,
                hours=1.1,
                estimated_hours=1.2,
                started_at=NOW - minutes(122),
                ended_at=NOW - minutes(44),
                boxes_done=4,
                boxes=4,
            ),
            PhaseState(
                key="p2",
                name="Dashboard",
                label="2",
                task_type="implementation",
                state="current",
                estimate_tokens=35_000,
                low_tokens=24_000,
                high_tokens=51_000,
                actual_tokens=10_200,
                projected_tokens=36_400,
                variance_tokens=-24_800,
                percent=29.1,
                hours=0.4,
                estimated_hours=1.5,
                started_at=NOW - minutes(44),
                boxes_done=2,
                boxes=7,
                notes=("the reconnect is part of phase 3",),
            ),
            PhaseState(
                key="p3",
                name="Visualisation",
                label="3",
                task_type="implementation",
                estimate_tokens=31_500,
                low_tokens=22_000,
                high_tokens=45_000,
                projected_tokens=31_500,
                estimated_hours=1.3,
                boxes=5,
            ),
            PhaseState(
                key="p4",
                name="History",
                label="4",
                task_type="testing",
                estimate_tokens=17_500,
                low_tokens=12_000,
                high_tokens=26_000,
                projected_tokens=17_500,
                estimated_hours=0.8,
                boxes=3,
            ),
        ),
        current=1,
        started_at=NOW - minutes(122),
        hours=1.5,
        estimated_hours=4.8,
        actual_tokens=42_300,
        cost_usd=1.31,
        estimated_tokens=112_500,
        estimated_low_tokens=84_000,
        estimated_high_tokens=151_000,
        confidence="medium",
        projected_tokens=118_000,
        projected_low_tokens=104_000,
        projected_high_tokens=139_000,
        tokens_per_min_now=410.0,
        tokens_per_min_average=470.0,
        quota_left_tokens=38_000,
        fits_quota=False,
    )


def working(now: datetime = NOW) -> Snapshot:
    """The afternoon of the sketches: 81 % used, an hour to go."""
    return Snapshot(
        now=now,
        five_hour=five_hour(),
        weekly=week(41.0),
        model_windows=(week(11.0, "opus"),),
        zone=ZoneState(
            name=ZoneName.DANGER,
            window=WindowKind.FIVE_HOUR,
            used_pct=81.0,
            advice="Finish what is small, then plan the next session.",
            next_threshold_pct=90,
            to_next_pct=9.0,
            fits_task="small",
            fits_tokens=20_000,
            fits_calls=8,
        ),
        burn=BurnState(
            tokens_per_min_now=620.0,
            pct_per_hour_now=19.0,
            tokens_per_min_window=690.0,
            pct_per_hour_window=20.6,
            usd_per_hour_now=1.05,
            window_cost_usd=4.12,
            window_calls=88,
            cache_hit_share=0.91,
            bars=bars(RESET - timedelta(hours=5), now, 162_000),
        ),
        forecast=forecast(now),
        alerts=(
            alert(NOW - minutes(151), 50, "half of the window is used"),
            alert(NOW - minutes(3), 80, "plan the next session"),
        ),
        sessions=sessions(NOW),
        phases=phases(),
        automation=arranged(job()),
        sources=SourcesState(
            roots=(RootState(path="/home/ada/.claude", exists=True, transcripts=407),),
            transcripts=407,
            calls=51_200,
            data_at=NOW - timedelta(seconds=4),
            readings=912,
            plan="Max 5x",
        ),
    )
