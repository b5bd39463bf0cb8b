"""Alerts: each once per window and threshold, the highest one only, remembered over restarts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from quota_tui.core.readings import WindowKind, reset_jitter, window_length
from quota_tui.core.snapshot import Alert, Basis, WindowState
from quota_tui.core.windows import WEEK
from quota_tui.core.words import countdown, pct, tokens

LIMIT_HIT = 100
"""The threshold of a limit hit. An estimate of 100 % is none: Anthropic must have said it."""


class AlertSettings(Protocol):
    """What `[alerts]` in the settings must offer."""

    @property
    def thresholds(self) -> tuple[int, ...]: ...
    @property
    def limit_hit(self) -> bool: ...


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A threshold that has fired in a window, as the journal keeps it.

    `resets_at` is the window's reset as it was known then (for the rolling seven days: a week after `at`),
    `is_reported` whether Anthropic had said it.
    """

    kind: WindowKind
    model: str = ""
    threshold_pct: int
    resets_at: datetime
    is_reported: bool = False
    at: datetime


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """Alerts to show now, and all marks to remember; a mark may have no alert."""

    alerts: tuple[Alert, ...] = ()
    marks: tuple[Mark, ...] = ()


def is_of_window(mark: Mark, state: WindowState, now: datetime) -> bool:
    """Whether a mark is of this window, although its reset may be known differently by now.

    Resets of different windows are a window's length apart, so one within half of that is the same
    window's: seconds of jitter, or a reset that was derived from use and is reported now. Only when both
    were reported does a mark older than the window's start tell that Anthropic has reset it early. The
    rolling seven days have no reset: a mark is theirs for a week.
    """
    if mark.kind is not state.kind or mark.model != state.model:
        return False
    if state.resets_at is None:
        return now < mark.resets_at
    if abs(mark.resets_at - state.resets_at) * 2 >= window_length(state.kind):
        return False
    early = state.starts_at is not None and mark.at < state.starts_at - reset_jitter(state.kind)
    return not (early and mark.is_reported and state.reset_is_reported)


def due_alerts(
    now: datetime,
    states: Iterable[WindowState],
    fired: Iterable[Mark],
    settings: AlertSettings,
    clock: Callable[[datetime], str],
    pct_per_hour: float | None = None,
    fits_tokens: int | None = None,
) -> Due:
    """What is due at `now`, given what has `fired` before.

    Per window only the highest threshold crossed is shown, the ones below are marked with it; nothing is
    shown below one that has fired already. `pct_per_hour` is the present pace in the five-hour window and
    `fits_tokens` what still fits; `clock` writes an instant in local time.
    """
    marks, alerts, known = list[Mark](), list[Alert](), tuple(fired)
    for state in states:
        if state.used_pct is None or (state.resets_at is None and state.kind is WindowKind.FIVE_HOUR):
            continue
        before = {mark.threshold_pct for mark in known if is_of_window(mark, state, now)}
        crossed = _crossed(state, settings)
        new = [threshold for threshold in crossed if threshold not in before]
        resets_at = state.resets_at or now + WEEK
        marks += [
            Mark(
                kind=state.kind,
                model=state.model,
                threshold_pct=threshold,
                resets_at=resets_at,
                is_reported=state.reset_is_reported,
                at=now,
            )
            for threshold in new
        ]
        if new and max(crossed) > max(before, default=0):
            pace = pct_per_hour if state.kind is WindowKind.FIVE_HOUR else None
            alerts.append(_alert(now, state, max(crossed), clock, pace, fits_tokens))
    return Due(alerts=tuple(alerts), marks=tuple(marks))


def _crossed(state: WindowState, settings: AlertSettings) -> list[int]:
    used_pct = state.used_pct or 0.0
    crossed = [each for each in sorted(set(settings.thresholds)) if 0 < each < LIMIT_HIT and used_pct >= each]
    return [*crossed, LIMIT_HIT] if state.limit_hit and settings.limit_hit else crossed


class _Wording(msgspec.Struct, frozen=True):
    from_pct: int
    title: str
    actions: tuple[str, ...]


_PLAN, _ARRANGE = "plan the next session (p)", "arrange its start (a)"
_WORDINGS = (
    _Wording(100, "limit reached", (_PLAN, _ARRANGE)),
    _Wording(95, "save now", ("save the context now: commit, write the handoff", _PLAN, _ARRANGE)),
    _Wording(90, "wrap up", ("wrap up: commit, start nothing new", _PLAN, _ARRANGE, "save the context")),
    _Wording(
        80,
        "plan the next session",
        ("finish the task if it is small", _PLAN, _ARRANGE, "save the context"),
    ),
    _Wording(50, "half used", ("finish what is open before starting something large",)),
    _Wording(0, "checkpoint", ("commit a checkpoint",)),
)


def _alert(
    now: datetime,
    state: WindowState,
    threshold: int,
    clock: Callable[[datetime], str],
    pct_per_hour: float | None,
    fits_tokens: int | None,
) -> Alert:
    wording = next(each for each in _WORDINGS if threshold >= each.from_pct)
    actions = wording.actions
    if wording.from_pct == 80 and fits_tokens:
        actions = (f"{actions[0]} (≈{tokens(fits_tokens)} tokens fit)", *actions[1:])
    if threshold == LIMIT_HIT:
        text = f"The {window_words(state)} limit is reached."
    else:
        text = f"{_used(state)} of the {window_words(state)} window is used{_left(state)}."
    said = [_pace(now, state, pct_per_hour), _reset(now, state, clock)]
    rest = "; ".join(part for part in said if part)
    return Alert(
        at=now,
        window=state.kind,
        window_model=state.model,
        window_resets_at=state.resets_at,
        threshold_pct=threshold,
        title=wording.title,
        text=f"{text} {rest[:1].upper()}{rest[1:]}." if rest else text,
        actions=actions,
    )


def window_words(state: WindowState) -> str:
    """`five-hour`, `weekly`, `weekly Opus`."""
    if state.kind is WindowKind.FIVE_HOUR:
        return "five-hour"
    return f"weekly {state.model.title()}".strip()


def _used(state: WindowState) -> str:
    number = pct(state.used_pct or 0.0)
    if state.basis is Basis.OFFICIAL:
        return number
    return f"≈{number} (guess)" if state.basis is Basis.GUESS else f"≈{number}"


def _left(state: WindowState) -> str:
    """What is left in tokens and percent, as far as it is known."""
    share = "" if state.remaining_pct is None else pct(state.remaining_pct)
    if state.remaining_tokens is None:
        return f", {share} left" if share else ""
    return f", ≈{tokens(state.remaining_tokens)} tokens ({share}) left"


def _pace(now: datetime, state: WindowState, pct_per_hour: float | None) -> str:
    if state.limit_hit or state.remaining_pct is None or not pct_per_hour or pct_per_hour <= 0:
        return ""
    hours = state.remaining_pct / pct_per_hour
    if state.resets_at and hours >= (state.resets_at - now) / timedelta(hours=1):
        return "at the present pace it lasts until the reset"
    return f"≈{hours * 60:.0f} min at the present pace"


def _reset(now: datetime, state: WindowState, clock: Callable[[datetime], str]) -> str:
    if state.resets_at is None:
        return ""
    sign = "" if state.reset_is_reported else "≈"
    return f"resets {sign}{clock(state.resets_at)}, in {countdown(state.resets_at, now)}"
