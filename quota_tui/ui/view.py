"""View: what the screen draws from. One frozen value, so that a pane can tell whether it must redraw."""

from __future__ import annotations

from datetime import datetime

import msgspec

from quota_tui.core.phrases import windows, zone_window
from quota_tui.core.readings import WindowKind
from quota_tui.core.snapshot import Snapshot, WindowState, ZoneName
from quota_tui.core.velocity import Velocity
from quota_tui.core.words import Face


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A Snapshot, the instant it is looked at, and how this person wants to see it.

    `snapshot` is None until the first one is collected. `chosen` is the window of the big gauge, as
    (kind, model); None until the person chooses one. `notices` are one-line sentences, the most urgent
    first. `keys` maps action ids to the keys that trigger them. `zoomed` is the pane that has the screen to
    itself; `velocity` is the tracked plan's, read only then, and `velocity_note` says why there is none.
    """

    now: datetime
    face: Face
    snapshot: Snapshot | None = None
    chosen: tuple[WindowKind, str] | None = None
    notices: tuple[str, ...] = ()
    keys: dict[str, str] = {}
    zoomed: str = ""
    velocity: Velocity | None = None
    velocity_note: str = ""


def shown_windows(snapshot: Snapshot) -> list[WindowState]:
    """The windows there is something to say about; the five-hour one always."""
    first, *others = windows(snapshot)
    return [first, *(each for each in others if each.used_pct is not None or each.used_tokens)]


def chosen_window(view: View, snapshot: Snapshot) -> WindowState:
    """The window of the big gauge; the five-hour one when the chosen one has gone."""
    for state in shown_windows(snapshot):
        if (state.kind, state.model) == view.chosen:
            return state
    return snapshot.five_hour


def leading_window(view: View, snapshot: Snapshot) -> WindowState:
    """The one window a small screen has room for: the chosen one, else the one that is running out."""
    if view.chosen is None and snapshot.zone.name in _RUNNING_OUT:
        return zone_window(snapshot)
    return chosen_window(view, snapshot)


_RUNNING_OUT = (ZoneName.DANGER, ZoneName.CRITICAL, ZoneName.EMERGENCY)


def window_after(snapshot: Snapshot, current: WindowState) -> tuple[WindowKind, str]:
    """The next window to choose."""
    shown = shown_windows(snapshot)
    at = next((i for i, each in enumerate(shown) if each is current), -1)
    following = shown[(at + 1) % len(shown)]
    return following.kind, following.model


def is_first_run(snapshot: Snapshot) -> bool:
    """Nothing was ever read: no transcript, no call, no reading."""
    sources = snapshot.sources
    return not (sources.transcripts or sources.calls or sources.readings)
