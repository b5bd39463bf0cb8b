"""The report screen: all reports, the marked one beside or below, and the trend over the sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from quota_tui.core.tracking.report_head import Head
from quota_tui.core.words import Face, clean
from quota_tui.ui.phases.asking import Asking
from quota_tui.ui.phases.bindings import REPORT_BINDINGS
from quota_tui.ui.phases.follower import Follower
from quota_tui.ui.phases.paged import NOT_HERE, key_row
from quota_tui.ui.phases.report_rows import list_rows, report_rows
from quota_tui.ui.phases.trend import trend_rows
from quota_tui.ui.plan.scroller import Scroller
from quota_tui.ui.rows import ALARM, BOLD, MUTED, Row, as_face, row, wrap
from quota_tui.ui.widgets.rows_widget import to_content

BESIDE_FROM, TREND_FROM = 84, 24
"""Least width for the report beside the list, least height for the trend above them."""
LIST_WIDTH, MOST_LISTED = 40, 5
NONE_YET = "No report yet: one is written when a tracked plan is ended."


class ReportScreen(Screen[None]):
    """Reads the list once, and each report when it is first marked."""

    CSS_PATH = "phases.tcss"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = list(REPORT_BINDINGS)
    KEYS: Sequence[Binding] = REPORT_BINDINGS

    def __init__(
        self, follower: Follower | None, face: Face, keys: Mapping[str, str], marked: str = ""
    ) -> None:
        super().__init__()
        self._follower, self._face, self._keys, self._marked = follower, face, keys, marked
        self._heads: tuple[Head, ...] | None = None
        self._whole = False
        self._texts: dict[str, str] = {}
        self._told, self._alarm = ("", False) if follower is not None else (NOT_HERE, False)
        self._asking = Asking(self, self._failed)
        self.set_class(face.ascii, "-ascii")

    def compose(self) -> ComposeResult:
        yield Static(id="phase-head")
        yield Static(id="phase-trend")
        with Horizontal(id="phase-body"):
            yield Scroller(id="phase-list")
            yield Scroller(id="phase-report")
        yield Static(id="phase-told")
        yield Static(id="phase-foot")

    def on_mount(self) -> None:
        for scroller in self.query(Scroller):
            scroller.ascii_only = self._face.ascii
        if self._follower is not None:
            self._told = "reading …"
            self._asking.ask(self._follower.reports, self._take_heads)

    def on_resize(self) -> None:
        self._draw()

    # What is drawn.

    def _at(self) -> int:
        heads = self._heads or ()
        return next((at for at, each in enumerate(heads) if each.id == self._marked), 0)

    def _head(self) -> Head | None:
        return self._heads[self._at()] if self._heads else None

    def _draw(self) -> None:
        if not self.is_mounted or not self.size:
            return
        width, height = self.size
        beside = width >= BESIDE_FROM and not self._whole
        self.set_class(beside, "-beside")
        self.query_one("#phase-body").styles.layout = "horizontal" if beside else "vertical"
        self._set("#phase-head", [self._title()])
        self.query_one("#phase-list").display = not self._whole
        self._draw_trend(width, height)
        self._draw_list(width, height, beside=beside)
        self._draw_report(width - LIST_WIDTH - 4 if beside else width - 3)
        style = ALARM if self._alarm else MUTED
        told = wrap(clean(self._told, self._face), width - 2, style, self._face, most=3)
        self.query_one("#phase-told").display = bool(told)
        self._set("#phase-told", [row(" ", *line) for line in told])
        names = [f"report.{name}" for name in (("read", "back") if self._head() is not None else ("back",))]
        self._set("#phase-foot", [key_row(names, REPORT_BINDINGS, self._keys, width)])

    def _set(self, which: str, rows: Sequence[Row]) -> None:
        content: Content = to_content(as_face(rows, self._face))
        self.query_one(which, Static).update(content)

    def _title(self) -> Row:
        chosen = self._head()
        if self._whole and chosen is not None:
            return row((f" {clean(chosen.title or chosen.id, self._face)}", BOLD))
        return row((" Reports", BOLD), (f"  {len(self._heads)}" if self._heads else "", MUTED))

    def _draw_trend(self, width: int, height: int) -> None:
        rows = []
        if height >= TREND_FROM and self._heads and not self._whole:
            chosen = self._head()
            tall = min(12, height // 3)
            rows = trend_rows(self._heads, chosen.id if chosen else "", width - 2, tall, self._face)
        self.query_one("#phase-trend").display = bool(rows)
        self._set("#phase-trend", [*rows, ()] if rows else [])

    def _draw_list(self, width: int, height: int, *, beside: bool) -> None:
        scroller = self.query_one("#phase-list", Scroller)
        heads = self._heads or ()
        if not beside:
            # Half of a low screen is for the report.
            most = max(1, min(MOST_LISTED, (height - 2) // 2))
            scroller.styles.height = max(1, min(most, len(heads)))
        else:
            scroller.styles.height = "100%"
        room = (LIST_WIDTH if beside else width) - 3
        chosen = self._head()
        rows = list_rows(heads, chosen.id if chosen else "", room, self._face)
        if self._heads is not None and not heads:
            rows = wrap(NONE_YET, room, MUTED, self._face, most=4)
            scroller.styles.height = len(rows)
        scroller.show_page(as_face(rows, self._face))
        scroller.bring_into_view(self._at(), 1)

    def _draw_report(self, width: int) -> None:
        chosen = self._head()
        text = self._texts.get(chosen.id, "") if chosen is not None else ""
        rows = report_rows(text, max(8, width), self._face) if text else []
        self.query_one("#phase-report", Scroller).show_page(rows)

    # What is asked.

    def _failed(self, reason: str) -> None:
        self._told, self._alarm = reason, True
        self._heads = self._heads or ()
        self._draw()

    def _take_heads(self, heads: tuple[Head, ...]) -> None:
        self._heads, self._told = heads, ""
        self._read()

    def _read(self) -> None:
        """Draw; ask for the marked report where it is not known yet."""
        self._draw()
        chosen, follower = self._head(), self._follower
        if chosen is None or follower is None or chosen.id in self._texts:
            return
        self._asking.ask(partial(self._text_of, follower, chosen.id), partial(self._take_text, chosen.id))

    def _text_of(self, follower: Follower, report_id: str) -> str:
        return follower.report(report_id)

    def _take_text(self, report_id: str, text: str) -> None:
        self._texts[report_id] = text or " "
        self._told, self._alarm = "", False
        # Another one may have been marked meanwhile.
        self._read()

    # Actions.

    def action_step(self, by: int) -> None:
        """Mark another report; scroll the one that has the screen to itself."""
        if not self._heads:
            return
        if self._whole:
            self.query_one("#phase-report", Scroller).scroll_rows(by)
            return
        self._marked = self._heads[(self._at() + by) % len(self._heads)].id
        self._told, self._alarm = "", False
        self.query_one("#phase-report", Scroller).scroll_to_row(0)
        self._read()

    def action_page(self, by: int) -> None:
        """Scroll the report."""
        self.query_one("#phase-report", Scroller).scroll_page(by)

    def action_read(self) -> None:
        """The report on the whole screen, and back."""
        if self._head() is not None:
            self._whole = not self._whole
            self._draw()

    def action_back(self) -> None:
        """Back to the list, then to the dashboard."""
        if self._whole:
            self.action_read()
        else:
            self.dismiss()
