"""A tracked plan in few cells: marks, colours and phrases that the pane, the card and the screens share."""

from __future__ import annotations

from datetime import timedelta
from pathlib import PurePath

from quota_tui.core.snapshot import PhaseEnd, PhasesState, PhaseState, Snapshot, ZoneName
from quota_tui.core.tracking.state import OPEN_STATUSES
from quota_tui.core.tracking.summary import signed
from quota_tui.core.words import Face, clean, pct, tokens
from quota_tui.ui.rows import BOLD, MUTED, PLAIN, zone_style
from quota_tui.ui.view import View

MARKS = {"done": "✓", "current": "●", "removed": "✗"}
OPEN_MARK = "○"
ALERTS = {"yellow": "▲", "red": "▲▲"}
"""Above 120 % and above 150 % of its estimate: told by shape as well as by colour."""
PAST = "45%"
"""Opacity of the bars of what is done."""
TOLD_FOR = timedelta(minutes=10)
"""How long the summary of a phase that has ended stays in the pane."""


def is_tracked(snapshot: Snapshot) -> bool:
    """Whether a plan is in work, or paused."""
    return snapshot.phases.state in OPEN_STATUSES


def plan_name(state: PhasesState, face: Face) -> str:
    """The plan file's name, else the plan's title."""
    return clean(PurePath(state.plan_file.replace("\\", "/")).name or state.title, face)


def mark_of(phase: PhaseState) -> str:
    """One cell that says whether it is done, in work, or to come."""
    return MARKS.get(phase.state, OPEN_MARK)


def alert_style(alert: str, usual: str = PLAIN) -> str:
    """The colour of a phase that takes more than it was estimated to."""
    if not alert:
        return usual
    return zone_style(ZoneName.CRITICAL if alert == "red" else ZoneName.MODERATE, strong=True)


def phase_style(phase: PhaseState) -> str:
    """What is in work stands out, what is done steps back."""
    return {"current": BOLD, "open": PLAIN}.get(phase.state, MUTED)


def bar_style(phase: PhaseState) -> str:
    """Quiet while it keeps to its estimate."""
    usual = zone_style(ZoneName.GOOD) if phase.state == "current" else f"{MUTED} {PAST}"
    return alert_style(phase.alert, usual).removeprefix("bold ")


def span_words(low: int | None, high: int | None) -> str:
    """`(104–139k)`; empty without a range."""
    if low is None or high is None:
        return ""
    first, last = tokens(low), tokens(high)
    if first[-1:] == last[-1:] and first[-1:].isalpha():
        first = first[:-1]
    return f"({first}–{last})"


def share_words(phase: PhaseState) -> str:
    """`29 %` of its estimate while it is in work, `+13 %` of it once it is done; empty without one."""
    if phase.percent is None or phase.state == "open":
        return ""
    said = f"{phase.percent - 100:+.0f} %" if phase.state == "done" else pct(phase.percent)
    mark = ALERTS.get(phase.alert, "")
    return f"{mark} {said}" if mark else said


def amount_words(phase: PhaseState) -> str:
    """`10k of ≈35k`; only what is known."""
    estimate = "" if phase.estimate_tokens is None else f"≈{tokens(phase.estimate_tokens)}"
    if phase.state == "open" and not phase.actual_tokens:
        return estimate
    actual = tokens(phase.actual_tokens)
    return f"{actual} of {estimate}" if estimate else actual


def boxes_words(phase: PhaseState) -> str:
    """`3/7 boxes`; empty for a phase without checkboxes."""
    return f"{phase.boxes_done}/{phase.boxes} boxes" if phase.boxes else ""


def fits_words(state: PhasesState) -> str:
    """Whether what is still to come fits the five-hour window; empty where that is not known."""
    if state.fits_quota is None:
        return ""
    return "fits the window" if state.fits_quota else "after the reset"


def total_words(state: PhasesState) -> tuple[str, ...]:
    """`total 42k → ≈118k (104–139k) · after the reset`, and shorter."""
    actual = tokens(state.actual_tokens)
    if state.projected_tokens is None or state.state not in OPEN_STATUSES:
        whole = f" of ≈{tokens(state.estimated_tokens)}" if state.estimated_tokens is not None else ""
        return (f"total {actual}{whole}", f"{actual}{whole}", actual)
    short = f"{actual} → ≈{tokens(state.projected_tokens)}"
    span = span_words(state.projected_low_tokens, state.projected_high_tokens)
    fits = fits_words(state)
    tail = f" · {fits}" if fits else ""
    ranged = f"{short} {span}" if span else short
    return (f"total {ranged}{tail}", f"{ranged}{tail}", f"total {short}{tail}", f"{short}{tail}", short)


def number_of(state: PhasesState, key: str) -> int | None:
    """The number of a phase, from 1."""
    return next((at for at, phase in enumerate(state.phases, 1) if phase.key == key), None)


def proposal_words(view: View, state: PhasesState) -> tuple[str, ...]:
    """`2 looks done: n confirms`, the longest first; nothing without a proposal."""
    seen = state.proposal
    if seen is None:
        return ()
    key, number = view.keys.get("next_phase", "n"), number_of(state, seen.key) or "it"
    named = f"{number} {clean(seen.name, view.face)}"
    return (
        f"{named} looks done, {clean(seen.why, view.face)}: {key} confirms",
        f"{named} looks done: {key} confirms",
        f"{number} looks done: {key} confirms",
        f"{number} done? {key}",
    )


def ended_lately(view: View, state: PhasesState) -> PhaseEnd | None:
    """The phase that has just ended."""
    end = state.ended
    return end if end is not None and timedelta() <= view.now - end.at < TOLD_FOR else None


def end_parts(state: PhasesState, end: PhaseEnd) -> tuple[str, ...]:
    """The variance summary in short parts, the most telling first."""
    number = number_of(state, end.key)
    named = f"{number} took" if number else "took"
    parts = [f"{named} {tokens(end.actual_tokens)}"]
    if end.variance_tokens is not None:
        parts[0] = f"{named} {signed(end.variance_tokens)}"
    if end.impact_pct is not None:
        parts.append(f"whole {end.impact_pct:+.0f} %")
    if end.fits_quota is not None:
        parts.append("the rest fits" if end.fits_quota else "the rest: after the reset")
    if end.tokens_per_min is not None:
        target = f" of {tokens(end.target_tokens_per_min)}" if end.target_tokens_per_min else ""
        parts.append(f"{tokens(end.tokens_per_min)}{target} tok/min")
    return tuple(parts)
