"""Zones: what a used percentage means, and what size of task still fits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from quota_tui.core.readings import WindowKind
from quota_tui.core.snapshot import Basis, WindowState, ZoneName, ZoneState

THRESHOLDS = (25, 50, 80, 90, 95, 100)
"""Marks a person is told of; the alerts of `core.alerts` by default, and the limit."""
WRAP_UP = (80, 90, 95, 100)
"""A task fits when it ends before the next of these: beyond it quota is kept for wrapping up."""
NEAR_PCT = 5
"""A threshold nearer than this is passed over where the next one still keeps a reserve: at 79 % a small
task fits as well as at 81 %."""


class Zone(msgspec.Struct, frozen=True, kw_only=True):
    """A span of used percentage, from `from_pct` on.

    `glyph` is one cell in common fonts and `ascii_glyph` one character; both tell the zones apart without
    colour. `role` is the colour's role in a theme. `week_advice` is for a weekly window that binds.
    """

    name: ZoneName
    from_pct: float
    glyph: str
    ascii_glyph: str
    role: str
    advice: str
    week_advice: str

    @property
    def word(self) -> str:
        """The name in capitals, as a gauge says it."""
        return self.name.value.upper()


ZONES = (
    Zone(
        name=ZoneName.FRESH,
        from_pct=0,
        glyph="○",
        ascii_glyph=".",
        role="success",
        advice="A fresh window: start the large task",
        week_advice="A fresh week: start the large task",
    ),
    Zone(
        name=ZoneName.EXCELLENT,
        from_pct=10,
        glyph="●",
        ascii_glyph="o",
        role="success",
        advice="Plenty left: work on",
        week_advice="Plenty of the week left: work on",
    ),
    Zone(
        name=ZoneName.GOOD,
        from_pct=25,
        glyph="✓",
        ascii_glyph="+",
        role="success",
        advice="Good: commit a checkpoint now and then",
        week_advice="Good: keep an eye on the week",
    ),
    Zone(
        name=ZoneName.MODERATE,
        from_pct=50,
        glyph="◆",
        ascii_glyph="*",
        role="primary",
        advice="Over half used: finish what is open before starting more",
        week_advice="Over half of the week used: spread the rest over the days left",
    ),
    Zone(
        name=ZoneName.DANGER,
        from_pct=80,
        glyph="▲",
        ascii_glyph="!",
        role="warning",
        advice="Plan the next session: press p",
        week_advice="Little of the week left: keep it for what matters, press p to plan",
    ),
    Zone(
        name=ZoneName.CRITICAL,
        from_pct=90,
        glyph="■",
        ascii_glyph="#",
        role="error",
        advice="Wrap up: commit, write the handoff, start nothing new",
        week_advice="The week is nearly used: wrap up and write the handoff",
    ),
    Zone(
        name=ZoneName.EMERGENCY,
        from_pct=95,
        glyph="✗",
        ascii_glyph="X",
        role="error",
        advice="Save now: commit and stop",
        week_advice="Save now: commit and stop until the week resets",
    ),
)
"""All zones, from the freshest on; each ends where the next begins, the last one never."""

UNKNOWN = Zone(
    name=ZoneName.UNKNOWN,
    from_pct=0,
    glyph="?",
    ascii_glyph="?",
    role="muted",
    advice="No limit known: `quota-tui install statusline` shows what Anthropic reports",
    week_advice="No limit known: `quota-tui install statusline` shows what Anthropic reports",
)
_DISPROVED = "The guessed limit has been passed: `quota-tui install statusline` shows the true one"
_FULL = "Limit reached: nothing fits until the reset, arrange the next session with a"


class TaskSizes(msgspec.Struct, frozen=True):
    """Tokens from which on a task of a size fits.

    The defaults come from 273 real sessions (entireio/cli, 2026-01 to 2026-02): their median took 160k
    tokens, a quarter less than 66k, a twentieth less than 21k; a call 0.7k. `task_sizes` fits them to a
    person.
    """

    large: int = 150_000
    medium: int = 60_000
    small: int = 15_000
    tiny: int = 3_000

    def word(self, tokens: float) -> str:
        """The largest size that fits into so many tokens: "large" ... "tiny", or "nothing"."""
        sizes = (("large", self.large), ("medium", self.medium), ("small", self.small), ("tiny", self.tiny))
        return next((word for word, least in sizes if tokens >= least), "nothing")


def task_sizes(session_tokens: Sequence[int]) -> TaskSizes:
    """Sizes from the tokens of a person's own sessions; the defaults with fewer than 20 of them.

    Large is what the median session took, medium the lower quartile, small the lowest twentieth, tiny a
    fifth of that.
    """
    ordered = sorted(tokens for tokens in session_tokens if tokens > 0)
    if len(ordered) < 20:
        return TaskSizes()
    large, medium, small = (ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.25, 0.05))
    return TaskSizes(large, medium, small, max(1, small // 5))


def zone_of(used_pct: float | None) -> Zone:
    """The zone of a used percentage."""
    if used_pct is None:
        return UNKNOWN
    return next((zone for zone in reversed(ZONES) if used_pct >= zone.from_pct), ZONES[0])


def binding_window(states: Iterable[WindowState]) -> WindowState | None:
    """The window with the highest used percentage, the first of equals; None when none is known.

    A guessed limit that has been passed is no limit, and binds nothing.
    """
    known = [state for state in states if state.used_pct is not None and not _is_disproved(state)]
    return max(known, key=lambda state: state.used_pct or 0.0, default=None)


def zone_state(
    five_hour: WindowState,
    weekly: WindowState,
    model_windows: Sequence[WindowState] = (),
    median_call_tokens: float | None = None,
    sizes: TaskSizes | None = None,
) -> ZoneState:
    """The zone of the binding window, and what still fits.

    A task must fit into every window that limits it: the five-hour one, the weekly one, and the binding
    one when that is of one model.
    """
    binding = binding_window((five_hour, weekly, *model_windows))
    if binding is None or binding.used_pct is None:
        passed = any(_is_disproved(state) for state in (five_hour, weekly, *model_windows))
        return ZoneState(advice=_DISPROVED if passed else UNKNOWN.advice)
    used_pct, zone = binding.used_pct, zone_of(binding.used_pct)
    advice = zone.advice if binding.kind is WindowKind.FIVE_HOUR else zone.week_advice
    upcoming = next((threshold for threshold in THRESHOLDS if threshold > used_pct), None)
    rooms = [_room(state) for state in (five_hour, weekly, binding)]
    fits = min((room for room in rooms if room is not None), default=None)
    per_call = median_call_tokens if median_call_tokens and median_call_tokens >= 1 else None
    calls = None if fits is None or per_call is None else int(fits / per_call)
    return ZoneState(
        name=zone.name,
        window=binding.kind,
        window_model=binding.model,
        used_pct=used_pct,
        advice=_FULL if binding.limit_hit else advice,
        next_threshold_pct=upcoming,
        to_next_pct=None if upcoming is None else upcoming - used_pct,
        fits_task="" if fits is None else (sizes or TaskSizes()).word(fits),
        fits_tokens=fits,
        fits_calls=calls,
    )


def _room(state: WindowState) -> int | None:
    """Tokens until the window's next wrap-up threshold; None when its size in tokens is not known."""
    if state.used_pct is None or state.limit_tokens is None or _is_disproved(state):
        return None
    return int(state.limit_tokens * max(0.0, _wrap_up_at(state.used_pct) - state.used_pct) / 100.0)


def _wrap_up_at(used_pct: float) -> int:
    roomy = (mark for mark in WRAP_UP if mark < 100 and mark >= used_pct + NEAR_PCT)
    return next(roomy, None) or next((mark for mark in WRAP_UP if mark > used_pct), 100)


def _is_disproved(state: WindowState) -> bool:
    return state.basis is Basis.GUESS and state.used_pct is not None and state.used_pct > 100
