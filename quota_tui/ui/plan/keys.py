"""What the last row of the plan screen says of its keys."""

from __future__ import annotations

from collections.abc import Mapping

from quota_tui.core.planform import OTHER, Spot
from quota_tui.core.words import cells
from quota_tui.ui.keys import shown_key
from quota_tui.ui.plan.bindings import ASK_BINDINGS, PLAN_BINDINGS, READ_BINDINGS
from quota_tui.ui.rows import BOLD, MUTED, PLAIN, Row, row

_SHORT = {"delete": "del"}
_MOVE = "^up/dn"
Hint = tuple[int, str, str]
"""How readily it goes where room is short (0 never), the key, the word."""


def plan_keys(rebound: Mapping[str, str]) -> dict[str, str]:
    """The key of every action here, and of those that `rebound` knows besides."""
    tables = (PLAN_BINDINGS, ASK_BINDINGS, READ_BINDINGS)
    keys = {each.id: shown_key(each.key) for table in tables for each in table if each.id} | dict(rebound)
    return {name: _SHORT.get(key, key) for name, key in keys.items()}


def hints_for(spot: Spot, keys: Mapping[str, str], *, editing: bool, many_lines: bool) -> list[Hint]:
    """What can be done at a spot, in the order it is said."""
    if editing:
        made = [(0, "esc", "done")] if many_lines else [(0, "enter", "done")]
        if not (many_lines or spot.part == "tokens" or spot.field == "start"):
            made.append((5, "^j", "new line"))
        return [*made, (2, "tab", "next"), (3, "^z", "undo"), (1, keys["plan.save"], "save")]
    made = [
        (0, keys["plan.save"], "save"),
        (4, keys["plan.preview"], "preview"),
        (3, keys["plan.next"], "next"),
    ]
    if spot.part == "add":
        made.append((2, "type", "to add"))
    elif spot.field == "start":
        made.append((2, keys["plan.edit"], "choose"))
    else:
        made.append((2, keys["plan.edit"], "edit"))
        made.append((5, keys["plan.remove"], "remove"))
    if spot.field == "agent":
        made.append((5, keys["plan.choose"], "next agent"))
    if spot.at >= 0 or spot.field == OTHER:
        made.append((6, _MOVE, "move"))
    if spot.field == "objectives" and spot.part != "add":
        made.append((4, keys["plan.step"], "step"))
    return [*made, (7, keys["plan.undo"], "undo"), (1, keys["plan.leave"], "keep as draft")]


def hint_row(hints: list[Hint], width: int) -> Row:
    """As many hints as fit, the least needed left out first."""
    kept = list(hints)
    while len(kept) > 1 and sum(cells(key) + cells(word) + 3 for _, key, word in kept) > width:
        kept.remove(max(kept, key=lambda hint: hint[0]))
    spans = [span for _, key, word in kept for span in ((f" {key}", BOLD), (f" {word} ", MUTED))]
    return row(*spans) if spans else row((" ", PLAIN))
