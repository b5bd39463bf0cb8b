"""What a dollar is worth of a window, and where the forecast sees it end."""

from __future__ import annotations

from msgspec.structs import replace

from quota_tui.core.forecast import projected_pct
from quota_tui.core.quota import QuotaStates
from quota_tui.core.readings import WindowKind
from quota_tui.core.snapshot import Forecast, WindowState
from quota_tui.core.windows import Window


def window_of(state: WindowState) -> Window | None:
    """The window, where one is open."""
    if state.starts_at is None or state.resets_at is None:
        return None
    return Window(state.starts_at, state.resets_at, state.reset_is_reported)


def pct_per_usd(state: WindowState) -> float | None:
    """Without anything learned: what this window's own percentage says a dollar is worth."""
    if state.used_pct and state.used.cost_usd > 0:
        return state.used_pct / state.used.cost_usd
    return None


def worth(states: QuotaStates) -> dict[WindowKind, float]:
    """What a dollar is worth of each window, in percent; of those where that is known."""
    found = {}
    for state in (states.five_hour, states.weekly):
        learned = states.learned.get((state.kind, ""))
        value = learned.value if learned else pct_per_usd(state)
        if value:
            found[state.kind] = value
    return found


def projected(state: WindowState, outlook: Forecast) -> WindowState:
    """The window with what the forecast says of its end."""
    at_reset = projected_pct(outlook)
    if at_reset is None:
        return state
    median, low, high = at_reset
    return replace(state, projected_pct=median, projected_pct_low=low, projected_pct_high=high)
