"""The report after a tracked plan, as markdown: a head for programs, the rest for people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from quota_tui.core.tracking.lessons import recommendations
from quota_tui.core.tracking.report_head import RATINGS, Head, front_lines, head_of
from quota_tui.core.tracking.state import CATEGORIES, Deviation, PhaseStatus, TrackedPhase, Tracking
from quota_tui.core.tracking.summary import signed
from quota_tui.core.velocity import TARGET_HIGH, TARGET_LOW, Velocity

TREND_SESSIONS = 12


class ModelChange(msgspec.Struct, frozen=True):
    """One thing that the estimator learned from this session, as it was and as it is."""

    what: str
    before: str
    after: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All that a report is made of. `before` are the heads of earlier reports, in any order."""

    tracking: Tracking
    velocity: Velocity | None = None
    changes: tuple[ModelChange, ...] = ()
    before: tuple[Head, ...] = ()
    window_tokens: int | None = None


def render(report: Report) -> str:
    """The document. Lines end with a line feed, the last one too."""
    tracking = report.tracking
    head = head_of(tracking)
    title = inline(tracking.title or tracking.plan_file or tracking.id)
    lines = [*front_lines(head), "", f"# Report: {title}", "", *_result(head, tracking)]
    for name, body in (
        ("Phases", _phases(tracking.phases)),
        ("Deviations", _deviations(tracking.deviations)),
        ("Lessons", [f"- {inline(each.lesson)}" for each in tracking.deviations if each.lesson]),
        ("Notes", _notes(tracking.phases)),
        ("Token velocity", _velocity(report.velocity)),
        ("What the model learned", _changes(report.changes)),
        ("Trend", _trend(head, report.before)),
        ("Recommendations for similar work", [f"- {each}" for each in recommended(report)]),
    ):
        if body:
            lines += ["", f"## {name}", "", *body]
    return "\n".join(lines) + "\n"


def recommended(report: Report) -> list[str]:
    """What to do differently next time, each with the number that it rests on."""
    return recommendations(report.tracking, report.velocity, report.window_tokens)


def inline(text: str) -> str:
    """Text in one line that no markdown reader takes for anything but text."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return re.sub(r"([\\`*_\[\]<>|#~])", r"\\\1", line)


def _result(head: Head, tracking: Tracking) -> list[str]:
    took = f"{tracking.total:,} tokens"
    if head.estimated_tokens:
        ranged = tracking.estimated
        has_range = ranged.low is not None and ranged.high is not None
        known = f", range {ranged.low:,}–{ranged.high:,}" if has_range else ""
        off = tracking.total - head.estimated_tokens
        share = f" ({head.percent:.0f} %)" if head.percent is not None else ""
        took += f"; estimated ≈{head.estimated_tokens:,}{known}: {signed(off)}{share}"
    hours = f"{tracking.hours:.1f} h of work"
    if tracking.estimated.hours:
        hours += f"; estimated ≈{tracking.estimated.hours:.1f} h"
    began = f"{tracking.start:%Y-%m-%d %H:%M}"
    ended = f"{tracking.end:%Y-%m-%d %H:%M}" if tracking.end else "not ended"
    steps = ", ".join(f"{word} within {most:.0f} %" for most, word in RATINGS)
    return [
        f"- Result: {tracking.status.value}, {began} to {ended} UTC",
        f"- Tokens: {took}",
        f"- Time: {hours}",
        f"- Cost: ${tracking.cost_usd:,.2f} at API prices",
        f"- Estimate rated **{head.rating}** ({steps} of the estimate, else poor)",
    ]


def _phases(phases: Sequence[TrackedPhase]) -> list[str]:
    rows = ["| phase | type | state | estimate | actual | variance | of it | hours |"]
    rows.append("|---|---|---|--:|--:|--:|--:|--:|")
    for phase in phases:
        cells = (
            inline(phase.name),
            phase.task_type,
            phase.state.value,
            f"≈{phase.estimate:,}" if phase.estimate is not None else "",
            f"{phase.actual:,}" if phase.actual or phase.state is PhaseStatus.DONE else "",
            signed(phase.variance) if phase.variance is not None and phase.actual else "",
            f"{phase.percent:.0f} %" if phase.percent else "",
            f"{phase.hours:.1f}" if phase.hours else "",
        )
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _deviations(deviations: Sequence[Deviation]) -> list[str]:
    lines = []
    for each in deviations:
        why = CATEGORIES.get(each.category, each.category) or "nobody has said why"
        said = f": {inline(each.reason)}" if each.reason else ""
        could = {True: "; could have been prevented", False: "; could not have been prevented", None: ""}
        took = f"{inline(each.phase)}, {signed(each.extra_tokens)} tokens"
        lines.append(f"- {took}: {why}{said}{could[each.preventable]}")
    return lines


def _notes(phases: Sequence[TrackedPhase]) -> list[str]:
    return [f"- {inline(phase.name)}: {inline(note)}" for phase in phases for note in phase.notes]


def _velocity(velocity: Velocity | None) -> list[str]:
    if velocity is None or velocity.tokens_per_change is None:
        return []
    rework = ""
    if velocity.rework_pct is not None:
        share, lines = velocity.rework_pct, velocity.lines_written
        rework = f"; {share:.0f} % of the {lines:,} lines written were changed again"
    target = f"target {TARGET_LOW}–{TARGET_HIGH}"
    amount = f"{velocity.tokens_per_change:,.0f} tokens a change, {velocity.rating} ({target})"
    return [f"{amount}: {velocity.changes:,} changes in {velocity.files:,} files{rework}."]


def _changes(changes: Sequence[ModelChange]) -> list[str]:
    return [f"- {inline(each.what)}: {inline(each.before)} → {inline(each.after)}" for each in changes]


def _trend(head: Head, before: Sequence[Head]) -> list[str]:
    """Actual against estimate over the sessions, the oldest first, this one last."""
    earlier = sorted(
        (each for each in before if each.id != head.id and each.start is not None),
        key=lambda each: (each.start or datetime.min.replace(tzinfo=UTC), each.id),
    )
    rows = [*earlier[-TREND_SESSIONS + 1 :], head]
    if len(rows) < 2:
        return []
    table = ["| session | plan | tokens | of the estimate | rating |", "|---|---|--:|--:|---|"]
    for each in rows:
        day = f"{each.start:%Y-%m-%d}" if each.start else ""
        percent = f"{each.percent:.0f} %" if each.percent is not None else ""
        amount = f"{each.tokens:,}" if each.tokens is not None else ""
        table.append(f"| {day} | {inline(each.title)} | {amount} | {percent} | {inline(each.rating)} |")
    return table
