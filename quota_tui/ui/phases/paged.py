"""A screen of one page that scrolls, with a head, a word on what came of the last key, and the keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Static

from quota_tui.core.words import Face, cells, clean
from quota_tui.ui.phases.asking import Asking
from quota_tui.ui.phases.follower import Follower
from quota_tui.ui.plan.scroller import Scroller
from quota_tui.ui.rows import ALARM, BOLD, MUTED, PLAIN, Row, as_face, row, wrap
from quota_tui.ui.widgets.rows_widget import to_content

if TYPE_CHECKING:
    from quota_tui.ui.app import QuotaApp

NOT_HERE = "no plan is followed here: this is a demo"


def key_row(names: Sequence[str], bindings: Sequence[Binding], keys: Mapping[str, str], width: int) -> Row:
    """As many keys with their words as fit; the last one, the way back, always."""
    words = {each.id: each.description for each in bindings}
    taken = [cells(keys[name]) + cells(words[name]) + 3 for name in names]
    kept: list[str] = []
    room = width - 1 - taken[-1]
    for name, size in zip(names[:-1], taken[:-1], strict=True):
        if size > room:
            break
        room -= size
        kept.append(name)
    spans = [row((keys[name], BOLD), (f" {words[name]}  ", MUTED)) for name in (*kept, names[-1])]
    return row((" ", PLAIN), *(span for each in spans for span in each))


class PagedScreen(Screen[None]):
    """Subclasses say the head, the rows of the page for a width, and the ids of the keys in use."""

    CSS_PATH = "phases.tcss"
    AUTO_FOCUS = ""
    KEYS: Sequence[Binding] = ()

    def __init__(self, follower: Follower | None, face: Face, keys: Mapping[str, str]) -> None:
        super().__init__()
        self._follower, self._face, self._keys = follower, face, keys
        self._told: tuple[str, bool] = ("", False) if follower is not None else (NOT_HERE, False)
        self._asking = Asking(self, self._failed)

    def compose(self) -> ComposeResult:
        yield Static(id="phase-head")
        yield Scroller(id="phase-page")
        yield Static(id="phase-told")
        yield Static(id="phase-foot")

    def on_mount(self) -> None:
        self.query_one(Scroller).ascii_only = self._face.ascii

    def on_resize(self) -> None:
        self.draw()

    @property
    def quota_app(self) -> QuotaApp:
        """The app, by its own type."""
        return cast("QuotaApp", self.app)

    @property
    def scroller(self) -> Scroller:
        """The page."""
        return self.query_one("#phase-page", Scroller)

    def head(self) -> Row:
        """The first row."""
        raise NotImplementedError

    def page_rows(self, width: int) -> list[Row]:
        """The page."""
        raise NotImplementedError

    def key_names(self) -> list[str]:
        """Ids of the keys that do something now, the most needed first, the way back last."""
        raise NotImplementedError

    def draw(self) -> None:
        """Draw all of it; cheap where nothing differs."""
        if not self.is_mounted or not self.size:
            return
        width = self.size.width
        self.scroller.show_page(as_face(self.page_rows(max(8, width - 3)), self._face))
        self.query_one("#phase-head", Static).update(to_content(as_face([self.head()], self._face)))
        lines = wrap(
            clean(self._told[0], self._face), width - 2, ALARM if self._told[1] else PLAIN, self._face, most=3
        )
        told = self.query_one("#phase-told", Static)
        told.display = bool(lines)
        told.update(to_content(as_face([row(" ", *line) for line in lines], self._face)))
        foot = key_row(self.key_names(), self.KEYS, self._keys, width)
        self.query_one("#phase-foot", Static).update(to_content(as_face([foot], self._face)))

    def say(self, words: str, *, alarm: bool = False) -> None:
        """What came of it."""
        self._told = (words, alarm)
        self.draw()

    def _failed(self, reason: str) -> None:
        self.say(reason, alarm=True)
        self.quota_app.refresh_soon()

    def action_step(self, by: int) -> None:
        """Scroll by a row."""
        self.scroller.scroll_rows(by)

    def action_page(self, by: int) -> None:
        """Scroll by a page."""
        self.scroller.scroll_page(by)
