"""The Snapshot as text: the one-line form, and a text form of every pane."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from quota_tui.core.jobs.job import ARMED, ASKS
from quota_tui.core.jobs.words import job_lines, short_words
from quota_tui.core.phrases import (
    NO_PLAN,
    NOTHING_SCHEDULED,
    ahead_words,
    alert_words,
    basis_words,
    cost_words,
    fit,
    fits_words,
    full_words,
    left_words,
    next_threshold,
    projected_words,
    rate_words,
    reach_words,
    reset_words,
    session_words,
    used_figure,
    used_words,
    window_name,
    windows,
    zone_glyph,
    zone_window,
    zone_word,
)
from quota_tui.core.readings import WindowKind
from quota_tui.core.snapshot import Snapshot
from quota_tui.core.words import (
    Face,
    cells,
    clean,
    clock,
    countdown,
    figure,
    in_face,
    pct,
    tokens,
)


def one_line(snapshot: Snapshot, now: datetime, face: Face, width: int = 200) -> str:
    """The Snapshot in one line; the least important parts go first when it is narrow."""
    state, zone, short = zone_window(snapshot), snapshot.zone, snapshot.five_hour
    glyph, parts = zone_glyph(zone.name, face), list[tuple[int, str]]()
    which = "" if state.kind is WindowKind.FIVE_HOUR else f" {window_name(state)}"
    number = used_figure(state).replace(" ", "")
    word = "LIMIT HIT" if state.limit_hit else zone_word(zone.name)
    parts.append((0, f"{glyph} {word}{which} {number}".rstrip()))
    if number and which and short.used_pct is not None:
        parts.append((3, f"5-hour {used_figure(short).replace(' ', '')}"))
    amount = left_words(state)[-1] if number else f"{tokens(state.used_tokens)} used"
    parts.append((2, amount.replace(" %", "%")))
    parts.append((4, f"{tokens(snapshot.burn.tokens_per_min_now)}/min"))
    soon = next_threshold(short, snapshot.forecast)
    if soon and soon.at and not (short.resets_at and soon.at >= short.resets_at):
        parts.append((3, f"{soon.threshold_pct}% {clock(soon.at, face)}"))
    if state.resets_at:
        parts.append((1, f"resets {countdown(state.resets_at, now, tight=True)}"))
    if snapshot.automation.jobs:
        job = snapshot.automation.jobs[0]
        if job.state in ARMED or job.state in ASKS:
            parts.append((5, short_words(job, now, face)[-1]))
    parts = [part for part in parts if part[1]]
    for weight in range(5, -1, -1):
        text = in_face(" · ".join(text for rank, text in parts if rank <= weight), face)
        if cells(text) <= width:
            return text
    return in_face(fit(width, f"{glyph} {number or amount}", number, glyph), face)


def quota_text(snapshot: Snapshot, now: datetime, face: Face) -> list[str]:
    """Pane 1 as text: a line for each window, and how it is known."""
    lines = []
    for state in windows(snapshot):
        if state.used_pct is None and not state.used_tokens and state.kind is not WindowKind.FIVE_HOUR:
            continue
        elsewhere = f"{pct(state.used_elsewhere_pct)} elsewhere" if state.used_elsewhere_pct else ""
        use = (used_words(state)[0], left_words(state)[0], projected_words(state)[0], elsewhere)
        said = (*use, reset_words(state, now, face)[0])
        lines.append(f"{window_name(state)}: " + " · ".join(each for each in said if each))
        lines.append(f"  {basis_words(state, now, snapshot.sources.data_at)[0]}")
    return [in_face(line, face) for line in lines]


def burn_text(snapshot: Snapshot, now: datetime, face: Face) -> list[str]:
    """Pane 2 as text."""
    burn = snapshot.burn
    lines = [f"now {rate_words(burn)[0]}"]
    if burn.tokens_per_min_window is not None:
        share = "" if burn.pct_per_hour_window is None else f" · {figure(burn.pct_per_hour_window)} %/h"
        lines.append(f"window {tokens(burn.tokens_per_min_window)} tok/min{share}")
    forecast = (reach_words(snapshot, now, face)[0], full_words(snapshot)[0])
    lines.append(" · ".join(each for each in forecast if each))
    lines.append(cost_words(burn)[0])
    return [in_face(line, face) for line in lines if line]


def zone_text(snapshot: Snapshot, now: datetime, face: Face) -> list[str]:
    """Pane 3 as text."""
    zone, state = snapshot.zone, zone_window(snapshot)
    head = f"{zone_glyph(zone.name, face)} {zone_word(zone.name)}"
    if zone.used_pct is not None:
        head += f" · {window_name(state)} {used_figure(state)}"
    lines = [head, clean(zone.advice, face), ahead_words(zone)[0], fits_words(zone)[0]]
    recent = sorted(snapshot.alerts, key=lambda each: each.at, reverse=True)[:3]
    lines += [alert_words(each, now, face)[0] for each in recent]
    return [in_face(line, face) for line in lines if line]


def phases_text(snapshot: Snapshot, now: datetime, face: Face) -> list[str]:
    """Pane 4 as text."""
    del now
    state = snapshot.phases
    if state.state == "none":
        return [NO_PLAN]
    # Only where a plan is tracked: its words need not be loaded for the rest.
    from quota_tui.core.tracking.summary import status_lines

    return status_lines(state, face)


def automation_text(snapshot: Snapshot, now: datetime, face: Face) -> list[str]:
    """Pane 5 as text."""
    holds = snapshot.five_hour.limit_tokens
    lines: list[str] = []
    for job in snapshot.automation.jobs:
        first, *more = job_lines(job, now, face, survives=job.survives, window_tokens=holds)
        lines += [f"next session: {first}", *(f"  {line}" for line in more)]
    return lines or [NOTHING_SCHEDULED]


def sessions_text(snapshot: Snapshot, now: datetime, face: Face) -> list[str]:
    """The sessions of today as text."""
    lines = [in_face(session_words(each, now, face), face) for each in snapshot.sessions]
    return lines or ["no session today"]


PANE_TEXT: dict[str, Callable[[Snapshot, datetime, Face], list[str]]] = {
    "quota": quota_text,
    "burn": burn_text,
    "zone": zone_text,
    "phases": phases_text,
    "automation": automation_text,
    "sessions": sessions_text,
}
"""The text form of every pane, in the order of the dashboard."""
