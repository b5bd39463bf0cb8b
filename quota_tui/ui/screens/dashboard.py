"""The main screen: the board, and the keys that move about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from quota_tui.ui.keys import SCREEN_BINDINGS
from quota_tui.ui.view import View
from quota_tui.ui.widgets.board import Board
from quota_tui.ui.widgets.pane import Pane

if TYPE_CHECKING:
    from quota_tui.ui.app import QuotaApp


class DashboardScreen(Screen[None]):
    """Shows the app's view; marks, zooms and hides panes."""

    BINDINGS: ClassVar[list[BindingType]] = list(SCREEN_BINDINGS)

    def __init__(self, hidden: frozenset[str] = frozenset(), *, ascii_only: bool = False) -> None:
        super().__init__()
        self.marked = ""
        self.board = Board()
        self.board.hidden = hidden
        self.board.set_class(ascii_only, "-ascii")

    @property
    def quota_app(self) -> QuotaApp:
        """The app, by its own type."""
        return cast("QuotaApp", self.app)

    def compose(self) -> ComposeResult:
        yield self.board

    def show(self, view: View) -> None:
        """Draw this view."""
        with self.app.batch_update():
            self.board.show(view)

    def _mark(self, name: str) -> None:
        self.marked = name
        for pane in self.query(Pane):
            pane.set_class(pane.id == name, "-marked")

    def _arrange(self) -> None:
        self.board.replace()
        if self.board.view is not None:
            self.show(self.board.view)
            self.quota_app.zoom_changed()

    def action_pane(self, name: str) -> None:
        """Show and mark a pane; hide it when it is marked; zoom it where it has no place of its own."""
        board = self.board
        if board.zoomed:
            board.zoomed = "" if board.zoomed == name else name
            self._mark(name)
        elif name in board.hidden:
            board.hidden -= {name}
            self._mark(name)
        elif name not in board.shown:
            board.zoomed = name
            self._mark(name)
        elif self.marked == name:
            board.hidden |= {name}
            self._mark("")
        else:
            self._mark(name)
        self._arrange()

    def action_zoom(self) -> None:
        """The marked pane on the whole screen, and back; the first one when none is marked."""
        board = self.board
        if board.zoomed:
            board.zoomed = ""
        else:
            board.zoomed = self.marked or "quota"
            self._mark(board.zoomed)
        self._arrange()

    def action_back(self) -> None:
        """Leave the zoom, else unmark."""
        if self.board.zoomed:
            self.board.zoomed = ""
            self._arrange()
        else:
            self._mark("")

    def action_mark(self, step: int) -> None:
        """Mark the next or the previous pane on the screen."""
        shown = self.board.shown
        if not shown or self.board.zoomed:
            return
        at = shown.index(self.marked) if self.marked in shown else (-1 if step > 0 else 0)
        self._mark(shown[(at + step) % len(shown)])

    def action_cycle_window(self) -> None:
        """Another window on the big gauge."""
        self.quota_app.choose_next_window(card=not self.board.shown)

    def action_rescan(self) -> None:
        """Look at every folder again."""
        self.quota_app.rescan()

    def action_history(self) -> None:
        """Open the history; imported only now, tables are slow to import."""
        from quota_tui.ui.screens.history import HistoryScreen

        app = self.quota_app
        app.push_screen(HistoryScreen(app.provider, app.clock, app.face))

    @on(Pane.Marked)
    def mark_clicked(self, message: Pane.Marked) -> None:
        """A click marks."""
        self._mark(message.name)
