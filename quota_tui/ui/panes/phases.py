"""Pane 4: how the plan is going."""

from __future__ import annotations

from quota_tui.core.phrases import NO_PLAN
from quota_tui.core.snapshot import PhasesState, Snapshot
from quota_tui.core.words import clean, clip, pct, tokens
from quota_tui.ui.panes.phase_detail import detail_rows
from quota_tui.ui.panes.phase_table import phase_rows
from quota_tui.ui.panes.phase_words import (
    alert_style,
    amount_words,
    bar_style,
    end_parts,
    ended_lately,
    is_tracked,
    phase_style,
    plan_name,
    proposal_words,
    share_words,
    total_words,
)
from quota_tui.ui.rows import (
    ALARM,
    MUTED,
    PLAIN,
    Rank,
    Row,
    chain,
    first_spread,
    fit_height,
    row,
    styled,
    width_of,
    wrap,
)
from quota_tui.ui.view import View
from quota_tui.ui.widgets.gauge import gauge_row

MARKED = "bold $accent"
PANE = "phases"
MOST_NATURAL = 14
"""Rows beyond which a long plan asks for no more."""
LEAST_WITH_MORE = 4
"""Height from which a row may be spent on saying that there are more phases."""
_CARD_BAR = 6


def title(view: View, snapshot: Snapshot) -> str:
    """`Phases · SESSION_3_PLAN.md`."""
    state = snapshot.phases
    if state.state == "none":
        return "Phases"
    return f"Phases · {clip(plan_name(state, view.face), 40, view.face)}"


def rows(view: View, snapshot: Snapshot, width: int, height: int) -> list[Row]:
    """The pane's rows; all there is to say of the plan while it has the screen to itself."""
    state = snapshot.phases
    if state.state == "none":
        return fit_height(_none(view, state, width), height)
    if view.zoomed == PANE:
        return detail_rows(view, state, width, height)
    table, after = _table(view, state, width), _after(view, state, width)
    kept = fit_height([*(rank for rank, _ in table), *after], height)
    if not _hidden(table, kept) or height < LEAST_WITH_MORE:
        return kept
    place: Row = (("…", MUTED),)
    kept = fit_height([*(rank for rank, _ in table), (0, place), *after], height)
    count = _hidden(table, kept)
    more = chain(width, styled((f"… {count} more phases", f"… {count} more"), MUTED))
    return [more if line is place else line for line in kept]


def _hidden(table: list[tuple[Rank, bool]], kept: list[Row]) -> int:
    """How many phases there was no room for."""
    drawn = {id(line) for line in kept}
    return sum(is_phase and id(line) not in drawn for (_, line), is_phase in table)


def natural(view: View, snapshot: Snapshot, width: int) -> int:
    """All phases of a plan of usual length."""
    return min(MOST_NATURAL, len(rows(view, snapshot, width, 99)))


def _none(view: View, state: PhasesState, width: int) -> list[Rank]:
    """What to press."""
    ranked: list[Rank] = [(0, line) for line in wrap(NO_PLAN.capitalize(), width, PLAIN, view.face, most=1)]
    promise = f"{view.keys.get('estimate', 'e')} estimates a plan file and follows it"
    ranked += [(3, line) for line in wrap(promise, width, MUTED, view.face, most=2)]
    return ranked + _notices(view, state, width)


def _notices(view: View, state: PhasesState, width: int) -> list[Rank]:
    return [
        (8, line)
        for notice in state.notices[:2]
        for line in wrap(clean(notice, view.face), width, MUTED, view.face, most=2)
    ]


def _table(view: View, state: PhasesState, width: int) -> list[tuple[Rank, bool]]:
    """The rows of the phases, and whether each is a phase's own or the one below it.

    Ranked by how far it is from the phase in work; of those as far away the done ones go first.
    """
    at = state.current if state.current is not None else len(state.phases)
    table: list[tuple[Rank, bool]] = []
    for index, (line, below) in enumerate(phase_rows(state, width, view.face)):
        away = 3 + 2 * (index - at - 1) if index > at else 4 + 2 * (at - index)
        table.append(((-1 if index == at else min(9, away), line), True))
        if below:
            table.append(((2, below), False))
    return table


def _after(view: View, state: PhasesState, width: int) -> list[Rank]:
    """Below the phases: the total, what the person is asked, what has just ended."""
    ranked: list[Rank] = []
    asked = proposal_words(view, state)
    if asked:
        ranked.append((0, chain(width, styled(asked, MARKED))))
    if state.state == "paused":
        said = f"paused: {view.keys.get('estimate', 'e')} goes on"
        ranked.append((0, chain(width, styled((said, "paused"), ALARM))))
    ranked.append((0 if state.current is None else 1, total_row(state, width)))
    end = ended_lately(view, state)
    if end is not None:
        ranked.append((4, chain(width, *([row((part, MUTED))] for part in end_parts(state, end)))))
    return [each for each in (*ranked, *_notices(view, state, width)) if each[1]]


def total_row(state: PhasesState, width: int) -> Row:
    """What it took and will have taken, against the quota."""
    return chain(width, styled(total_words(state), PLAIN))


def card_rows(view: View, snapshot: Snapshot, width: int) -> list[Rank]:
    """The plan on a narrow screen: the phase in work, and the total or what the person is asked."""
    if not is_tracked(snapshot):
        return []
    state = snapshot.phases
    asked = proposal_words(view, state)
    urgent = bool(asked or state.alert)
    if width < 40:
        said = asked[1:] if asked else ()
        line = chain(width, styled(said, MARKED)) if said else _counted(state, width)
        return [(1 if urgent else 3, line)]
    ranked: list[Rank] = [(1 if urgent else 3, _current(view, state, width))]
    below = styled(asked, MARKED) if asked else styled(total_words(state), PLAIN)
    ranked.append((1 if asked else 5, row(("  ", PLAIN), *chain(width - 2, below))))
    return ranked


def _counted(state: PhasesState, width: int) -> Row:
    """`phase 2/4 29 % of ≈35k`."""
    paused = " paused" if state.state == "paused" else ""
    if state.current is None:
        return chain(width, styled((f"all phases done{paused}", "done"), PLAIN))
    phase = state.phases[state.current]
    head = f"phase {state.current + 1}/{len(state.phases)}{paused}"
    estimate = "" if phase.estimate_tokens is None else f" of ≈{tokens(phase.estimate_tokens)}"
    share = share_words(phase) or tokens(phase.actual_tokens)
    return chain(width, styled((f"{head} {share}{estimate}", f"{head} {share}"), alert_style(phase.alert)))


def _current(view: View, state: PhasesState, width: int) -> Row:
    """`● 2 Dashboard  ███████·······  29 % of ≈35k`."""
    if state.current is None or state.state == "paused":
        return _counted(state, width)
    phase, face = state.phases[state.current], view.face
    style = alert_style(phase.alert, phase_style(phase))
    named = f"● {state.current + 1} {clip(clean(phase.name, face), 18, face)}"
    if phase.percent is None or phase.estimate_tokens is None:
        return first_spread(
            width, [(row((named, style)), row((amount_words(phase), PLAIN))), (row((named, style)), ())]
        )
    share = f"{share_words(phase)} of ≈{tokens(phase.estimate_tokens)}"
    room = width - width_of(row(named)) - len(share) - 4
    if room < _CARD_BAR:
        return first_spread(
            width, [(row((named, style)), row((each, style))) for each in (share, pct(phase.percent))]
        )
    bar = gauge_row(phase.percent, None, room, bar_style(phase), face)
    return row((named, style), "  ", *bar, "  ", (share, style))
