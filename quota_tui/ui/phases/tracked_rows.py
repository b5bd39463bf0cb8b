"""The tracked plan on a screen of its own: estimate against actual, one phase marked."""

from __future__ import annotations

from quota_tui.core.snapshot import PhasesState
from quota_tui.core.words import Face, clean
from quota_tui.ui.panes.phase_detail import fact_rows, plan_facts, said_facts
from quota_tui.ui.panes.phase_table import phase_rows
from quota_tui.ui.panes.phase_words import proposal_words, total_words
from quota_tui.ui.plan.page import filled
from quota_tui.ui.rows import BOLD, Row, chain, row, styled
from quota_tui.ui.view import View


def tracked_rows(view: View, state: PhasesState, marked: int, width: int) -> tuple[list[Row], int]:
    """The page, and the row of the marked phase (its place from 0)."""
    face: Face = view.face
    made: list[Row] = []
    at_row = 0
    for at, (line, below) in enumerate(phase_rows(state, width - 2, face)):
        here = at == marked
        if here:
            at_row = len(made)
        drawn = row(("▸ " if here else "  ", "bold $accent"), *line)
        made.append(filled(drawn, width) if here else drawn)
        if below:
            made.append(row("  ", *below))
    made += [(), row("  ", *chain(width - 2, styled(total_words(state), BOLD)))]
    asked = proposal_words(view, state)
    if asked:
        made.append(row("  ", *chain(width - 2, styled(asked, "bold $accent"))))
    made.append(())
    for name, text in (*plan_facts(state), *said_facts(state)):
        made += [row("  ", *line) for line in fact_rows(name, clean(text, face), width - 2, face, most=6)]
    return made, at_row
