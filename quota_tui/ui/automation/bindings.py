"""The keys of the automation screen, with ids for rebinding."""

from __future__ import annotations

from textual.binding import Binding

AUTOMATION_BINDINGS = [
    Binding("s", "start", "start", id="automation.start", tooltip="Start it now"),
    Binding("t", "time", "time", id="automation.time", tooltip="Give it another time"),
    Binding("c", "cancel", "cancel", id="automation.cancel", tooltip="Call it off"),
    Binding("v", "preview", "preview", id="automation.preview", tooltip="What would be executed, and why"),
    Binding("l", "log", "log", id="automation.log", tooltip="Everything that happened to it"),
    Binding("n", "new", "arrange", id="automation.new", tooltip="Arrange the last handoff"),
    Binding("p", "app.plan", "plan", id="automation.plan", tooltip="Plan another session"),
    Binding("up", "step(-1)", "up", id="automation.up", tooltip="The session above"),
    Binding("down", "step(1)", "down", id="automation.down", tooltip="The session below"),
    Binding("pageup", "page(-1)", "page up", id="automation.page_up", tooltip="A page up"),
    Binding("pagedown", "page(1)", "page down", id="automation.page_down", tooltip="A page down"),
    Binding("escape,a,q", "dismiss", "back", id="automation.back", tooltip="Back to the dashboard"),
]

TIME_BINDINGS = [
    Binding("escape", "back", "back", id="automation.time_back", tooltip="Leave the time as it is"),
]
