"""Every state of the world that a face must tell: variations of the invented afternoon."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from quota_tui.core.readings import ReadingSource, WindowKind
from quota_tui.core.snapshot import (
    Basis,
    Forecast,
    PhasesState,
    RootState,
    SessionState,
    Snapshot,
    SourcesState,
    WindowState,
    ZoneName,
    ZoneState,
)
from quota_tui.core.usage import UsageTotals
from tests.ui.invent import NOW, alert, bars, minutes, week, working


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


def free(now: datetime = NOW) -> Snapshot:
    """No plan is tracked."""
    return msgspec.structs.replace(working(now), phases=PhasesState())


def alarmed(now: datetime = NOW) -> Snapshot:
    """The phase in work is far over its estimate."""
    made = working(now)
    first, second, *rest = made.phases.phases
    over = msgspec.structs.replace(
        second, actual_tokens=57_100, percent=163.1, projected_tokens=63_000, hours=2.2, alert="red"
    )
    state = msgspec.structs.replace(
        made.phases,
        phases=(first, over, *rest),
        actual_tokens=89_200,
        projected_tokens=151_000,
        projected_low_tokens=138_000,
        projected_high_tokens=172_000,
        alert="red",
    )
    return msgspec.structs.replace(made, phases=state)


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
    for each in (working, fresh, guess, unlimited, limit_hit, week_binds, nothing, crowded, free, alarmed)
}
