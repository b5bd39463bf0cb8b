"""Everything there is to say of the plan in work, for the pane that has the screen to itself."""

from __future__ import annotations

from quota_tui.core.snapshot import PhasesState
from quota_tui.core.tracking.state import CATEGORIES
from quota_tui.core.tracking.summary import end_words, signed
from quota_tui.core.velocity import TARGET_HIGH, TARGET_LOW, Velocity
from quota_tui.core.words import Face, clean, figure, pct, tokens, usd
from quota_tui.ui.panes.phase_table import phase_rows
from quota_tui.ui.panes.phase_words import proposal_words, span_words, total_words
from quota_tui.ui.rows import BOLD, MUTED, PLAIN, Rank, Row, chain, fit_height, row, styled, wrap
from quota_tui.ui.view import View

LABEL = 13


def detail_rows(view: View, state: PhasesState, width: int, height: int) -> list[Row]:
    """The phases and the total, then as many facts by name as there is room for, each in full."""
    face = view.face
    ranked: list[Rank] = [(4, chain(width, *_head(state, face))), (8, ())]
    for line, below in phase_rows(state, width, face):
        ranked += [(1, line), *([(2, below)] if below else [])]
    ranked += [(8, ()), (0, chain(width, styled(total_words(state), BOLD)))]
    asked = proposal_words(view, state)
    if asked:
        ranked.append((0, chain(width, styled(asked, "bold $accent"))))
    made = fit_height([(rank, line) for rank, line in ranked if line or rank == 8], height)
    if len(made) + 2 > height:
        return made
    made.append(())
    for name, text in (*plan_facts(state), *_velocity_facts(view, state), *said_facts(state)):
        rows = fact_rows(name, clean(text, face), width, face)
        made += rows if len(made) + len(rows) <= height else []
    return made if made[-1] else made[:-1]


def fact_rows(name: str, text: str, width: int, face: Face, *, most: int = 4) -> list[Row]:
    """A name, and what there is to say beside it on as many rows as it takes; below it where it is narrow."""
    if width < LABEL + 20:
        return wrap(f"{name}: {text}", width, MUTED, face, most=most)
    lines = wrap(text, width - LABEL, PLAIN, face, most=most)
    heads = [name, *("" for _ in lines[1:])]
    return [row((f"{head:<{LABEL}}", MUTED), *line) for head, line in zip(heads, lines, strict=True)]


def _head(state: PhasesState, face: Face) -> list[list[Row]]:
    title = clean(state.title or state.plan_file, face)
    hours = f"{state.hours:.1f} h of work"
    if state.estimated_hours:
        hours += f" of ≈{state.estimated_hours:.1f} h"
    items = [styled((title, "the plan"), BOLD)]
    return [*items, *([row((each, MUTED))] for each in (state.state, hours, usd(state.cost_usd)))]


def plan_facts(state: PhasesState) -> list[tuple[str, str]]:
    """What the plan was estimated to take, the burn, and the quota, by name."""
    facts = []
    if state.estimated_tokens is not None:
        span = span_words(state.estimated_low_tokens, state.estimated_high_tokens)
        sure = f", confidence {state.confidence}" if state.confidence else ""
        facts.append(("estimate", f"≈{tokens(state.estimated_tokens)} tokens {span}".rstrip() + sure))
    burn = f"{tokens(state.tokens_per_min_now)}/min now"
    if state.tokens_per_min_average is not None:
        burn += f", {tokens(state.tokens_per_min_average)}/min of working time"
    facts.append(("burn", burn))
    if state.fits_quota is not None and state.quota_left_tokens is not None:
        fits = "fits" if state.fits_quota else "does not fit"
        left = f"≈{tokens(state.quota_left_tokens)} left in the five-hour window"
        facts.append(("quota", f"the rest {fits} the {left}"))
    return facts


def velocity_words(found: Velocity) -> tuple[str, str]:
    """Tokens per change against the target, and rework; the second is empty without written lines."""
    if found.tokens_per_change is None:
        return ("no change to a file yet", "")
    files = f"{found.files:,} file{'s' * (found.files != 1)}"
    said = (
        f"{figure(found.tokens_per_change)} tokens a change, {found.rating}"
        f" (target {TARGET_LOW}–{TARGET_HIGH}): {found.changes:,} in {files}"
    )
    if found.rework_pct is None:
        return (said, "")
    again = f"{pct(found.rework_pct)} of {found.lines_written:,} lines written were changed again"
    return (said, again)


def _velocity_facts(view: View, state: PhasesState) -> list[tuple[str, str]]:
    if view.velocity is None:
        return [("velocity", view.velocity_note)] if view.velocity_note and state.phases else []
    said, rework = velocity_words(view.velocity)
    return [("velocity", said), *([("rework", rework)] if rework else [])]


def said_facts(state: PhasesState) -> list[tuple[str, str]]:
    """What has ended last, deviations with their reasons, notes, notices, by name."""
    facts: list[tuple[str, str]] = []
    if state.ended is not None:
        facts.append(("last ended", f"{state.ended.name}: {'; '.join(end_words(state.ended))}"))
    for each in state.deviations:
        why = CATEGORIES.get(each.category, each.category) or "nobody has said why"
        reason = f", {each.reason}" if each.reason else ""
        facts.append(("deviation", f"{each.phase} {signed(each.extra_tokens)}: {why}{reason}"))
    for phase in state.phases:
        facts += [("note", f"{phase.name}: {note}") for note in phase.notes]
    facts += [("notice", notice) for notice in state.notices]
    return facts
