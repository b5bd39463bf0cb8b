"""When quota lasts: the part of the day in which this person's windows were not used up."""

from __future__ import annotations

from datetime import UTC, datetime

from quota_tui.core.estimating.predict import LastingTime, WindowOutcome, lasting_time
from quota_tui.core.readings import WindowKind
from quota_tui.core.words import Face, pct
from quota_tui.monitor.monitor import Monitor


def lasting(monitor: Monitor, now: datetime, face: Face) -> LastingTime | None:
    """The part of the day in which quota lasted most often; None when history does not tell."""
    windows = monitor.attempt(lambda: monitor.past_windows(now))
    outcomes = [
        WindowOutcome(starts_at=each.starts_at, lasted=each.limit_cost_usd is None)
        for each in windows
        if each.kind is WindowKind.FIVE_HOUR and each.cost_usd > 0
    ]
    return lasting_time(outcomes, face.zone or UTC)


def lasting_words(monitor: Monitor, now: datetime, face: Face) -> str:
    """The same in a sentence; empty when history does not tell."""
    found = lasting(monitor, now, face)
    if found is None:
        return ""
    span = f"{_hour(found.from_hour, face)} and {_hour(found.to_hour, face)}"
    return (
        f"windows that begin between {span} last most often: {pct(found.lasted_pct)} of {found.windows},"
        f" {pct(found.others_pct)} of the others"
    )


def _hour(hour: int, face: Face) -> str:
    """An hour of the day, 24 being its end, as the person's clock shows it."""
    if not face.clock_12h:
        return f"{hour:02d}:00"
    return f"{hour % 12 or 12}{'am' if hour % 24 < 12 else 'pm'}"
