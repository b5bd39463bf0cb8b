"""The keys of the plan screen, with ids for rebinding, and what its last row says of them."""

from __future__ import annotations

from collections.abc import Mapping

from textual.binding import Binding

from quota_tui.core.planform import OTHER, Spot
from quota_tui.core.words import cells
from quota_tui.ui.keys import shown_key
from quota_tui.ui.rows import BOLD, MUTED, PLAIN, Row, row

PLAN_BINDINGS = [
    Binding("ctrl+s", "save", "save", id="plan.save", tooltip="Check and write the handoff", priority=True),
    Binding(
        "ctrl+p", "preview", "preview", id="plan.preview", tooltip="The document as it will be", priority=True
    ),
    Binding(
        "escape",
        "leave",
        "keep as draft",
        id="plan.leave",
        tooltip="Leave; what was typed is kept as a draft",
    ),
    Binding("enter", "edit", "edit", id="plan.edit", tooltip="Edit, or make the choice"),
    Binding("space", "choose", "choose", id="plan.choose", tooltip="Make the choice; the next agent"),
    Binding("delete,backspace", "remove", "remove", id="plan.remove", tooltip="Remove the entry"),
    Binding("ctrl+up,alt+up,shift+up", "move(-1)", "up", id="plan.move_up", tooltip="Move the entry up"),
    Binding(
        "ctrl+down,alt+down,shift+down", "move(1)", "down", id="plan.move_down", tooltip="Move the entry down"
    ),
    Binding("s", "add_step", "step", id="plan.step", tooltip="Add a step to the objective"),
    Binding("ctrl+z", "undo", "undo", id="plan.undo", tooltip="Take the last change back"),
    Binding("ctrl+y", "redo", "redo", id="plan.redo", tooltip="And forth again"),
    Binding("tab", "section(1)", "next", id="plan.next", tooltip="The next section"),
    Binding("shift+tab", "section(-1)", "before", id="plan.before", tooltip="The section before"),
    Binding("up", "step(-1)", "up", id="plan.up", tooltip="The row above"),
    Binding("down", "step(1)", "down", id="plan.down", tooltip="The row below"),
    Binding("left", "aside(-1)", "left", id="plan.left", tooltip="To the left on the row"),
    Binding(
        "right", "aside(1)", "right", id="plan.right", tooltip="To the right: the estimate, the next choice"
    ),
    Binding("pageup", "page(-1)", "page up", id="plan.page_up", tooltip="A page up"),
    Binding("pagedown", "page(1)", "page down", id="plan.page_down", tooltip="A page down"),
    Binding("home", "edge(False)", "first", id="plan.first", tooltip="To the first row"),
    Binding("end", "edge(True)", "last", id="plan.last", tooltip="To the last row"),
]

ASK_BINDINGS = [
    Binding("escape", "back", "back", id="plan.ask_back", tooltip="Back to the form"),
    Binding("up", "step(-1)", "up", id="plan.ask_up", tooltip="The answer above"),
    Binding("down", "step(1)", "down", id="plan.ask_down", tooltip="The answer below"),
    Binding("pageup", "page(-1)", "page up", id="plan.ask_page_up", tooltip="A page up"),
    Binding("pagedown", "page(1)", "page down", id="plan.ask_page_down", tooltip="A page down"),
    Binding("enter", "take", "take", id="plan.ask_take", tooltip="Take this answer"),
]

READ_BINDINGS = [
    Binding(
        "escape,ctrl+p,q", "dismiss", "back", id="plan.read_back", tooltip="Back to the form", priority=True
    ),
    Binding("up", "rows(-1)", "up", id="plan.read_up", tooltip="A row up"),
    Binding("down", "rows(1)", "down", id="plan.read_down", tooltip="A row down"),
    Binding("pageup", "page(-1)", "page up", id="plan.read_page_up", tooltip="A page up"),
    Binding("pagedown,space", "page(1)", "page down", id="plan.read_page_down", tooltip="A page down"),
    Binding("home", "edge(False)", "first", id="plan.read_first", tooltip="To the first row"),
    Binding("end", "edge(True)", "last", id="plan.read_last", tooltip="To the last row"),
]


_SHORT = {"plan.remove": "del"}


def plan_keys(rebound: Mapping[str, str]) -> dict[str, str]:
    """The key of every action here, and of those that `rebound` knows besides."""
    tables = (PLAN_BINDINGS, ASK_BINDINGS, READ_BINDINGS)
    ours = {
        each.id: _SHORT.get(each.id, shown_key(each.key)) for table in tables for each in table if each.id
    }
    return ours | dict(rebound)


_MOVE = "^up/dn"
Hint = tuple[int, str, str]
"""How readily it goes where room is short (0 never), the key, the word."""


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
