"""The help: every key from the bindings, and what the words on the screen mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from quota_tui.core.words import Face
from quota_tui.core.zones import ZONES
from quota_tui.ui.automation.bindings import AUTOMATION_BINDINGS
from quota_tui.ui.keys import ALL_BINDINGS, HELP_BINDINGS, HISTORY_BINDINGS
from quota_tui.ui.phases.bindings import ESTIMATE_BINDINGS, REPORT_BINDINGS, TRACKED_BINDINGS
from quota_tui.ui.plan.bindings import PLAN_BINDINGS
from quota_tui.ui.rows import BOLD, MUTED, PLAIN, Row, Span, as_face, row, wrap, zone_style
from quota_tui.ui.widgets.rows_widget import to_content

WORDS = (
    ("tokens", "input + output + cache writes; cache reads are counted apart"),
    ("≈", "worked out here, not said by Anthropic; a range in brackets holds 8 times in 10"),
    ("official", "Anthropic said it, nothing was used on this machine since"),
    ("fused", "the last official number plus what was used here since"),
    ("limit-hit", "from what earlier limit hits cost"),
    ("configured", "from your own limit in the settings"),
    ("guess", "from your own largest windows: may be far off"),
    ("elsewhere", "used on another machine or in the browser"),
)
KEY_WIDTH = 14
MAX_WIDTH, FRAME = 108, 5


def _explained(word: Span, meaning: str, width: int, face: Face) -> list[Row]:
    """A word, and its meaning beside it on as many rows as it takes."""
    text, style = word
    lines = wrap(meaning, width - KEY_WIDTH, PLAIN, face) or [row(" ")]
    starts = [f"{text:<{KEY_WIDTH}}", *(" " * KEY_WIDTH for _ in lines[1:])]
    return [row((start, style), *line) for start, line in zip(starts, lines, strict=True)]


def key_rows(bindings: Sequence[Binding], keys: Mapping[str, str], width: int, face: Face) -> list[Row]:
    """A row for each binding: the key in force, what it does, its id for the settings."""
    widest = max(len(each.tooltip) for each in (*ALL_BINDINGS, *bindings))
    ids = max(len(each.id or "") for each in (*ALL_BINDINGS, *bindings))
    made = []
    for each in bindings:
        key = keys[each.id or ""]
        if width < KEY_WIDTH + widest + 2 + ids:
            made += _explained((key, BOLD), each.tooltip, width, face)
        else:
            name = (each.id or "", MUTED)
            made.append(row((f"{key:<{KEY_WIDTH}}", BOLD), f"{each.tooltip:<{widest + 2}}", name))
    return made


def zone_rows(width: int, face: Face) -> list[Row]:
    """Glyph, word and span of every zone."""
    made = []
    for zone, following in pairwise((*ZONES, None)):
        assert zone is not None
        low = f"{zone.from_pct:.0f}"
        span = f"{low} to {following.from_pct:.0f} %" if following else f"{low} % and more"
        glyph = zone.ascii_glyph if face.ascii else zone.glyph
        made += _explained((f"{glyph} {zone.word}", zone_style(zone.name)), span, width, face)
    return made


def rows(keys: Mapping[str, str], face: Face, width: int) -> list[Row]:
    """The whole help."""
    used, ahead, free = ("#", "=", ".") if face.ascii else ("█", "▒", "·")
    gauge = wrap(f"{used} used  {ahead} expected by the reset  {free} free", width, PLAIN, face)
    blank = row(" ")
    told = [row(("Keys", BOLD)), *key_rows(ALL_BINDINGS, keys, width, face)]
    told += [blank, row(("Keys of the history", BOLD)), *key_rows(HISTORY_BINDINGS, keys, width, face)]
    told += [blank, row(("Keys of the plan form", BOLD)), *key_rows(PLAN_BINDINGS, keys, width, face)]
    told += [blank, row(("Keys of the arranged sessions", BOLD))]
    told += key_rows(AUTOMATION_BINDINGS, keys, width, face)
    for name, table in (
        ("estimate", ESTIMATE_BINDINGS),
        ("tracked plan", TRACKED_BINDINGS),
        ("reports", REPORT_BINDINGS),
    ):
        told += [blank, row((f"Keys of the {name}", BOLD)), *key_rows(table, keys, width, face)]
    told += wrap('Rebind them in the settings by name: [keys] history = "H"', width, MUTED, face)
    told += [blank, row(("Words", BOLD))]
    told += [line for word, meaning in WORDS for line in _explained((word, BOLD), meaning, width, face)]
    told += [blank, row(("Gauge", BOLD)), *gauge, blank, row(("Zones", BOLD)), *zone_rows(width, face)]
    return as_face(told, face)


class HelpScreen(ModalScreen[None]):
    """Scrolls with the arrow and page keys."""

    BINDINGS: ClassVar[list[BindingType]] = list(HELP_BINDINGS)

    def __init__(self, keys: Mapping[str, str], face: Face) -> None:
        super().__init__()
        self._keys, self._face = keys, face
        self.set_class(face.ascii, "-ascii")

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help"):
            yield Static()

    def on_mount(self) -> None:
        box = self.query_one("#help")
        box.border_title = "Help"
        box.border_subtitle = "esc: back"

    def on_resize(self, event: events.Resize) -> None:
        width = max(24, min(event.size.width, MAX_WIDTH) - FRAME)
        self.query_one(Static).update(to_content(rows(self._keys, self._face, width)))
