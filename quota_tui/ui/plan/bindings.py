"""The keys of the plan screen and of what it opens, with ids for rebinding."""

from __future__ import annotations

from textual.binding import Binding

PLAN_BINDINGS = [
    Binding("ctrl+s", "save", "save", id="plan.save", tooltip="Check and write the handoff"),
    Binding("ctrl+p", "preview", "preview", id="plan.preview", tooltip="The document as it will be"),
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
    Binding("escape,ctrl+p,q", "dismiss", "back", id="plan.read_back", tooltip="Back to the form"),
    Binding("up", "rows(-1)", "up", id="plan.read_up", tooltip="A row up"),
    Binding("down", "rows(1)", "down", id="plan.read_down", tooltip="A row down"),
    Binding("pageup", "page(-1)", "page up", id="plan.read_page_up", tooltip="A page up"),
    Binding("pagedown,space", "page(1)", "page down", id="plan.read_page_down", tooltip="A page down"),
    Binding("home", "edge(False)", "first", id="plan.read_first", tooltip="To the first row"),
    Binding("end", "edge(True)", "last", id="plan.read_last", tooltip="To the last row"),
]
