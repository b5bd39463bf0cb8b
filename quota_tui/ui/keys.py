"""Every key of the dashboard in one table: what it does, its id for rebinding, its words."""

from __future__ import annotations

from collections.abc import Mapping

from textual.binding import Binding

from quota_tui.ui.automation.bindings import AUTOMATION_BINDINGS, TIME_BINDINGS
from quota_tui.ui.panes.specs import PANES
from quota_tui.ui.phases.bindings import (
    ESTIMATE_BINDINGS,
    REPORT_BINDINGS,
    TRACKED_BINDINGS,
    TYPE_BINDINGS,
)
from quota_tui.ui.plan.bindings import ASK_BINDINGS, PLAN_BINDINGS, READ_BINDINGS

PANE_BINDINGS = [
    Binding(
        spec.key,
        f"pane('{name}')",
        spec.title,
        id=f"pane_{name}",
        tooltip=f"Show or mark {spec.title.lower()}; once more hides it",
    )
    for name, spec in PANES.items()
]

SCREEN_BINDINGS = [
    *PANE_BINDINGS,
    Binding("z", "zoom", "zoom", id="zoom", tooltip="The marked pane on the whole screen, and back"),
    Binding("w", "cycle_window", "window", id="window", tooltip="Which window the big gauge shows"),
    Binding("h", "history", "history", id="history", tooltip="Use by day, model, project and window"),
    Binding("r", "rescan", "rescan", id="rescan", tooltip="Look at every folder again"),
    Binding("p", "app.plan", "plan", id="plan", tooltip="Plan the next session"),
    Binding("a", "app.automation", "automation", id="automation", tooltip="The arranged sessions"),
    Binding("n", "app.next_phase", "next phase", id="next_phase", tooltip="The phase is done: the next one"),
    Binding("e", "app.estimate", "estimate", id="estimate", tooltip="Estimate a plan, or see how it goes"),
    Binding("R", "app.report", "reports", id="report", tooltip="What came of plans, and the trend"),
    Binding("tab", "mark(1)", "next pane", id="next_pane", tooltip="Mark the next pane"),
    Binding("shift+tab", "mark(-1)", "previous pane", id="previous_pane", tooltip="Mark the pane before"),
    Binding("escape", "back", "back", id="back", tooltip="Leave the zoom, unmark the pane"),
]

APP_BINDINGS = [
    Binding("t", "app.theme", "theme", id="theme", tooltip="Dark, light, high contrast"),
    Binding("question_mark", "app.help", "help", id="help", tooltip="These keys, and what the words mean"),
    Binding(
        "ctrl+p", "app.command_palette", "palette", id="palette", tooltip="Find a command", priority=True
    ),
    Binding("q", "app.quit", "quit", id="quit", tooltip="Leave; nothing is lost"),
]

ALL_BINDINGS = [*SCREEN_BINDINGS, *APP_BINDINGS]

GROUPINGS = ("day", "model", "project", "window")
"""How the history can be grouped, in the order of its keys."""
HISTORY_BINDINGS = [
    *(
        Binding(str(at), f"by('{name}')", name, id=f"history.{name}", tooltip=f"By {name}")
        for at, name in enumerate(GROUPINGS, start=1)
    ),
    Binding("left", "step(-1)", "before", id="history.before", tooltip="The grouping before"),
    Binding("right", "step(1)", "next", id="history.next", tooltip="The next grouping"),
    Binding("d", "days", "30/90 days", id="history.days", tooltip="The last 30 or 90 days"),
    Binding("escape,h,q", "dismiss", "back", id="history.back", tooltip="Back to the dashboard"),
]
HELP_BINDINGS = [
    Binding("escape,question_mark,q", "dismiss", "back", id="help.back", tooltip="Back to the dashboard"),
]

TABLES = (
    ALL_BINDINGS,
    HISTORY_BINDINGS,
    HELP_BINDINGS,
    PLAN_BINDINGS,
    ASK_BINDINGS,
    READ_BINDINGS,
    AUTOMATION_BINDINGS,
    TIME_BINDINGS,
    ESTIMATE_BINDINGS,
    TRACKED_BINDINGS,
    REPORT_BINDINGS,
    TYPE_BINDINGS,
)
"""One for each screen: the same key may be in several."""

FOOTER = (
    "plan",
    "automation",
    "help",
    "quit",
    "estimate",
    "history",
    "zoom",
    "window",
    "report",
    "palette",
    "theme",
    "rescan",
)
"""What the last row names, the most needed first; it names as many as fit."""
TRACKED_FOOTER = (*FOOTER[:2], "next_phase", *FOOTER[2:])
"""The same while a plan is tracked."""

_SHOWN = {
    "question_mark": "?",
    "escape": "esc",
    "shift+tab": "shift+tab",
    "space": "space",
    "slash": "/",
    "full_stop": ".",
    "comma": ",",
}


def shown_key(key: str) -> str:
    """A key as a person writes it: `^p`, `?`, `esc`."""
    first = key.split(",", maxsplit=1)[0].strip()
    return "^" + first[5:] if first.startswith("ctrl+") else _SHOWN.get(first, first)


def shown_keys(rebound: Mapping[str, str]) -> dict[str, str]:
    """The key of every action id, as rebound."""
    every = (each for table in TABLES for each in table)
    return {each.id: shown_key(rebound.get(each.id, each.key)) for each in every if each.id}


def split_keymap(rebound: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The bindings that exist, and a notice for each that does not or that takes another one's key."""
    known = {each.id for table in TABLES for each in table if each.id}
    good = {name: key.strip() for name, key in rebound.items() if name in known and key.strip()}
    unknown = sorted(name for name in rebound if name not in known)
    notices = [f'keys: no action "{name}"; the help screen lists them' for name in unknown]
    for table in TABLES:
        taken: dict[str, str] = {}
        for each in table:
            name = each.id or ""
            key = shown_key(good.get(name, each.key))
            if key in taken:
                notices.append(f'keys: "{taken[key]}" and "{name}" both want {key}')
            taken.setdefault(key, name)
    return good, notices
