"""The board: puts the panes where `ui.layout` says, at any size."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

from quota_tui.ui.layout import Place, places
from quota_tui.ui.panes.phase_words import is_tracked
from quota_tui.ui.panes.specs import PANES
from quota_tui.ui.view import View, is_first_run
from quota_tui.ui.widgets.bars import Card, Header, Keys
from quota_tui.ui.widgets.pane import Pane
from quota_tui.ui.widgets.rows_widget import RowsWidget


class PlacedLayout(Layout):
    """Children at given places; a child without one is not shown."""

    name = "placed"

    def __init__(self, places_at: Callable[[Size], dict[str, Place]]) -> None:
        self._places_at = places_at

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        del greedy
        parent.pre_layout(self)
        placed = self._places_at(size)
        return [
            WidgetPlacement(Region(at.x, at.y, at.width, at.height), NULL_OFFSET, NULL_SPACING, child)
            for child in children
            if child.id and (at := placed.get(child.id))
        ]


class Board(Widget):
    """Everything on the main screen."""

    def __init__(self) -> None:
        super().__init__(id="board")
        self.view: View | None = None
        self.hidden: frozenset[str] = frozenset()
        self.zoomed = ""
        self._layout = PlacedLayout(self.places_at)
        self._placed: dict[str, Place] = {}

    @property
    def layout(self) -> Layout:
        return self._layout

    def compose(self) -> ComposeResult:
        yield Header(id="header")
        for name in PANES:
            yield Pane(name)
        yield Card(id="card")
        yield Keys(id="keys")

    def on_mount(self) -> None:
        # The first numbers may be here before the panes are.
        if self.view is not None:
            self.show(self.view)

    @property
    def shown(self) -> list[str]:
        """Names of the panes that are on the screen, in the order of their keys."""
        return [name for name in PANES if name in self._placed]

    def places_at(self, size: Size) -> dict[str, Place]:
        """Where everything goes at this size."""
        self._placed = self._plan(size)
        return self._placed

    def _plan(self, size: Size) -> dict[str, Place]:
        view = self.view
        header = 1 + bool(view and view.notices)
        if view is None or view.snapshot is None or is_first_run(view.snapshot):
            return self._single(size, header)
        snapshot = view.snapshot

        def wanted(name: str, inner: int) -> int:
            return PANES[name].wanted(view, snapshot, inner)

        return places(
            *size,
            header=header,
            hidden=self.hidden,
            zoomed=self.zoomed,
            wanted=wanted,
            has_plan=is_tracked(snapshot),
        )

    def _single(self, size: Size, header: int) -> dict[str, Place]:
        """Only the card, before there are numbers."""
        width, height = size
        if height < 12:
            return {"card": Place(0, 0, width, height)}
        body = height - header - 1
        return {
            "header": Place(0, 0, width, header),
            "card": Place(1, header + 1, width - 2, body - 1),
            "keys": Place(0, height - 1, width, 1),
        }

    def show(self, view: View) -> None:
        """Draw this view; move panes only when their places change."""
        # Between two snapshots only the clock moves, and that moves no pane.
        before, self.view = self.view, view
        if before is None or _asks_anew(before, view):
            self.replace()
        for child in self.children:
            if isinstance(child, RowsWidget):
                child.show(view)

    def replace(self) -> None:
        """Arrange anew when what is known asks for other places."""
        before = self._placed
        if self.size and self.children and self.places_at(self.size) != before:
            # A child's request is what makes Textual ask its parent for a new arrangement.
            self.children[0].refresh(layout=True)


def _asks_anew(before: View, view: View) -> bool:
    """Whether panes may want another height than before."""
    return (
        before.snapshot is not view.snapshot
        or before.chosen != view.chosen
        or bool(before.notices) != bool(view.notices)
    )
