"""Invented snapshots, a provider that hands them out, and a clock that stands until told."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo

import msgspec

from quota_tui.config import Settings
from quota_tui.core.readings import ReadingSource, WindowKind
from quota_tui.core.report import UsageRow
from quota_tui.core.snapshot import (
    Alert,
    Basis,
    BurnState,
    Forecast,
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
        sources=SourcesState(
            roots=(RootState(path="/home/ada/.claude", exists=True, transcripts=407),),
            transcripts=407,
            calls=51_200,
            data_at=NOW - timedelta(seconds=4),
            readings=912,
            plan="Max 5x",
        ),
    )


def fresh(now: datetime = NOW) -> Snapshot:
    """A window that has just begun, as Anthropic says it."""
    made = working(now)
    return msgspec.structs.replace(
        made,
        five_hour=msgspec.structs.replace(
            made.five_hour,
            used_pct=4.0,
            used_pct_low=None,
            used_pct_high=None,
            remaining_pct=96.0,
            used_tokens=8_100,
            remaining_tokens=192_000,
            basis=Basis.OFFICIAL,
            tokens_since_reading=None,
            used_elsewhere_pct=None,
            projected_pct=38.0,
            projected_pct_low=20.0,
            projected_pct_high=61.0,
            starts_at=now - minutes(20),
            resets_at=now + minutes(280),
        ),
        zone=ZoneState(
            name=ZoneName.FRESH,
            window=WindowKind.WEEKLY,
            used_pct=41.0,
            advice="Room for anything.",
            next_threshold_pct=50,
            to_next_pct=9.0,
            fits_task="large",
            fits_tokens=180_000,
            fits_calls=95,
        ),
        burn=msgspec.structs.replace(made.burn, bars=bars(now - minutes(20), now, 8_100)),
        forecast=Forecast(),
        alerts=(),
    )


def guess(now: datetime = NOW) -> Snapshot:
    """No reading at all: a limit guessed from history, a reset derived from use."""
    made = working(now)
    return msgspec.structs.replace(
        made,
        five_hour=msgspec.structs.replace(
            made.five_hour,
            used_pct=63.0,
            used_pct_low=48.0,
            used_pct_high=80.0,
            remaining_pct=37.0,
            basis=Basis.GUESS,
            reset_is_reported=False,
            reading_source=None,
            reading_at=None,
            tokens_since_reading=None,
            used_elsewhere_pct=None,
            note="a guess from your 68 completed windows, not a limit Anthropic told",
        ),
        weekly=WindowState(kind=WindowKind.WEEKLY, used_tokens=1_900_000),
        model_windows=(),
        zone=ZoneState(
            name=ZoneName.MODERATE,
            window=WindowKind.FIVE_HOUR,
            used_pct=63.0,
            advice="Medium tasks fit.",
            next_threshold_pct=80,
            to_next_pct=17.0,
        ),
        forecast=msgspec.structs.replace(made.forecast, thresholds=made.forecast.thresholds[3:]),
        alerts=(),
    )


def unlimited(now: datetime = NOW) -> Snapshot:
    """No limit known: use, rate and reset, no percentage."""
    made = guess(now)
    return msgspec.structs.replace(
        made,
        five_hour=WindowState(
            kind=WindowKind.FIVE_HOUR,
            used=made.five_hour.used,
            used_tokens=162_000,
            starts_at=made.five_hour.starts_at,
            resets_at=made.five_hour.resets_at,
            as_of=NOW - timedelta(seconds=4),
        ),
        zone=ZoneState(advice="Install the status line to see percentages: quota-tui install statusline"),
        burn=msgspec.structs.replace(made.burn, pct_per_hour_now=None, pct_per_hour_window=None),
        forecast=Forecast(),
    )


def limit_hit(now: datetime = NOW) -> Snapshot:
    """The five-hour window is full."""
    made = working(now)
    return msgspec.structs.replace(
        made,
        five_hour=msgspec.structs.replace(
            made.five_hour,
            used_pct=100.0,
            used_pct_low=None,
            used_pct_high=None,
            remaining_pct=0.0,
            remaining_tokens=0,
            basis=Basis.OFFICIAL,
            reading_source=ReadingSource.LIMIT_LINE,
            tokens_since_reading=None,
            projected_pct=100.0,
            projected_pct_low=None,
            projected_pct_high=None,
            limit_hit=True,
        ),
        zone=ZoneState(
            name=ZoneName.EMERGENCY,
            window=WindowKind.FIVE_HOUR,
            used_pct=100.0,
            advice="Save now; the limit is reached.",
            fits_task="nothing",
            fits_tokens=0,
            fits_calls=0,
        ),
        alerts=(*made.alerts, alert(NOW - minutes(1), 100, "limit reached")),
    )


def week_binds(now: datetime = NOW) -> Snapshot:
    """The week is nearer its end than the five-hour window."""
    made = working(now)
    return msgspec.structs.replace(
        made,
        weekly=week(92.0),
        zone=ZoneState(
            name=ZoneName.CRITICAL,
            window=WindowKind.WEEKLY,
            used_pct=92.0,
            advice="Wrap up: commit, write the handoff.",
            next_threshold_pct=95,
            to_next_pct=3.0,
            fits_task="tiny",
            fits_tokens=6_000,
            fits_calls=2,
        ),
    )


def nothing(now: datetime = NOW) -> Snapshot:
    """A machine without a transcript."""
    return Snapshot(
        now=now,
        five_hour=WindowState(kind=WindowKind.FIVE_HOUR),
        weekly=WindowState(kind=WindowKind.WEEKLY),
        sources=SourcesState(
            roots=(
                RootState(path="/home/ada/.claude", exists=True),
                RootState(path="/home/ada/.config/claude", exists=False),
            )
        ),
    )


def crowded(now: datetime = NOW) -> Snapshot:
    """Long names, wide characters, control characters, large numbers, many sessions and notices."""
    made = week_binds(now)
    odd = SessionState(
        session_id="odd",
        project="/home/ada/" + "really-long-folder-name/" * 6 + "プロジェクト",
        name="\x1b[31mred\x1b[0m [bold]markup[/] \u202eabc",
        model="claude-" + "very-long-model-name-" * 4 + "20260930",
        last_at=now,
        used=UsageTotals(output_tokens=987_654_321, cost_usd=12_345.67, calls=99_999),
        running=True,
    )
    return msgspec.structs.replace(
        made,
        five_hour=msgspec.structs.replace(
            made.five_hour, used_tokens=987_654_321, remaining_tokens=123_456_789, limit_tokens=1_111_111_110
        ),
        model_windows=tuple(week(10.0 + 11 * i, name) for i, name in enumerate(("opus", "sonnet", "fable"))),
        burn=msgspec.structs.replace(made.burn, tokens_per_min_now=1_234_567.0, window_cost_usd=98_765.4),
        sessions=(odd, *made.sessions * 8),
        alerts=tuple(alert(now - minutes(7 * i), t, "x" * 90) for i, t in enumerate((95, 90, 80, 50, 25))),
        sources=msgspec.structs.replace(
            made.sources, notices=("the index was rebuilt: it was damaged", "disk full")
        ),
    )


SCENES: dict[str, Callable[..., Snapshot]] = {
    each.__name__: each
    for each in (working, fresh, guess, unlimited, limit_hit, week_binds, nothing, crowded)
}


class Clock:
    """Stands still until moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


def usage_rows(by: str) -> list[UsageRow]:
    """Thirty days, or a few models and projects, or the windows of three days."""
    keys = {
        "day": [f"2026-11-{day:02d}" for day in range(1, 21)],
        "model": ["claude-sonnet-5-5-20260930", "claude-opus-5-20260801", "claude-haiku-5-20260701"],
        "project": ["/home/ada/code/api", "/home/ada/code/quota-tui", "/srv/experiments/tokenizer"],
        "window": [
            f"2026-11-{day:02d}T{hour:02d}:40:12+00:00" for day in (18, 19, 20) for hour in (8, 13, 18)
        ],
    }[by]
    rows = []
    for i, key in enumerate(keys):
        tokens = 40_000 + 23_000 * (i * 7 % 11)
        totals = UsageTotals(
            tokens // 10,
            tokens // 2,
            tokens - tokens // 10 - tokens // 2,
            tokens * 9,
            tokens * 2.5e-5,
            60 + i,
        )
        rows.append(UsageRow(key=key, totals=totals, active_minutes=45 + 5 * i))
    return rows


class FakeProvider:
    """Hands out what it is told to; `changed()` is a change on disk."""

    def __init__(self, scene: Callable[..., Snapshot] = working, settings: Settings | None = None) -> None:
        self.scene = scene
        self.settings = settings or Settings()
        self.calls: list[tuple[datetime, bool]] = []
        self.asked: list[tuple[str, datetime | None, datetime | None]] = []
        self.error: Exception | None = None
        self.watch_error: Exception | None = None
        self._changes = threading.Semaphore(0)

    def collect(self, now: datetime, *, rescan: bool = False) -> Snapshot:
        self.calls.append((now, rescan))
        if self.error is not None:
            raise self.error
        return self.scene(now)

    def watch(self, stop: threading.Event) -> Iterator[None]:
        while not stop.is_set():
            if self._changes.acquire(timeout=0.02):
                if self.watch_error is not None:
                    raise self.watch_error
                yield

    def changed(self) -> None:
        self._changes.release()

    def usage_rows(
        self, by: str, since: datetime | None, until: datetime | None, zone: tzinfo
    ) -> list[UsageRow]:
        self.asked.append((by, since, until))
        if self.error is not None:
            raise self.error
        return usage_rows(by)
