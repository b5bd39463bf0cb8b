"""The keys of the estimate, the tracked plan and the reports, with ids for rebinding."""

from __future__ import annotations

from textual.binding import Binding


def _moves(screen: str) -> list[Binding]:
    return [
        Binding("up", "step(-1)", "up", id=f"{screen}.up", tooltip="The row above"),
        Binding("down", "step(1)", "down", id=f"{screen}.down", tooltip="The row below"),
        Binding("pageup", "page(-1)", "page up", id=f"{screen}.page_up", tooltip="A page up"),
        Binding("pagedown,space", "page(1)", "page down", id=f"{screen}.page_down", tooltip="A page down"),
    ]


ESTIMATE_BINDINGS = [
    Binding("enter", "take", "estimate it", id="estimate.take", tooltip="Estimate the marked plan"),
    Binding("t", "track", "track it", id="estimate.track", tooltip="Begin to track the plan"),
    Binding("s", "save", "save", id="estimate.save", tooltip="Keep the estimate"),
    Binding("f", "file", "another file", id="estimate.file", tooltip="Type the path of a plan"),
    Binding("c", "choose", "choose", id="estimate.choose", tooltip="Back to the list of plans"),
    *_moves("estimate"),
    Binding("escape,e,q", "dismiss", "back", id="estimate.back", tooltip="Back to the dashboard"),
]

TRACKED_BINDINGS = [
    Binding("n", "next_phase", "next phase", id="tracked.next", tooltip="The phase is done: the next one"),
    Binding("x", "not_done", "not done", id="tracked.not_done", tooltip="It looks done and is not"),
    Binding("enter", "go_to", "go to", id="tracked.go_to", tooltip="Work on the marked phase"),
    Binding("m", "note", "note", id="tracked.note", tooltip="A note on the phase in work"),
    Binding("w", "why", "why", id="tracked.why", tooltip="Why the last phase deviated"),
    Binding("p", "pause", "pause", id="tracked.pause", tooltip="Pause, and go on again"),
    Binding("s", "stop", "stop", id="tracked.stop", tooltip="End the tracking, write the report"),
    *_moves("tracked"),
    Binding("escape,e,q", "dismiss", "back", id="tracked.back", tooltip="Back to the dashboard"),
]

REPORT_BINDINGS = [
    Binding("enter", "read", "read", id="report.read", tooltip="The report on the whole screen, and back"),
    *_moves("report"),
    Binding("escape,R,q", "back", "back", id="report.back", tooltip="Back to the dashboard"),
]

TYPE_BINDINGS = [
    Binding("escape", "back", "back", id="phases.type_back", tooltip="Leave it as it is"),
]
