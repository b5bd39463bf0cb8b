"""The history: use by day, model, project or window, as a table and, where it can be drawn, a chart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, ClassVar, Literal, cast

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import DataTable, Static

from quota_tui.core.report import UsageRow
from quota_tui.core.words import Face
from quota_tui.sources.zone import local_zone
from quota_tui.ui.collector import in_one_line
from quota_tui.ui.keys import GROUPINGS, HISTORY_BINDINGS
from quota_tui.ui.panes.history import BY_TIME, GAP, in_order, key_of, table, totals_words
from quota_tui.ui.provider import Provider
from quota_tui.ui.rows import ALARM, BOLD, MUTED, PLAIN, as_face, chain, row
from quota_tui.ui.widgets.rows_widget import to_content

if TYPE_CHECKING:
    from quota_tui.ui.widgets.barchart import BarChart

SPANS_DAYS = (30, 90)
CHART_FROM = (60, 24)
"""Least width and height for a chart above the table."""
NO_CHART = "chart: pip install 'quota-tui[plots]'"


class HistoryRead(Message):
    """Rows for a grouping and a span, or one line that says why not."""

    def __init__(self, by: str, days: int, rows: list[UsageRow], error: str = "") -> None:
        super().__init__()
        self.by, self.days, self.rows, self.error = by, days, rows, error


class HistoryScreen(Screen[None]):
    """Reads in a thread; shows the last answer that was asked for."""

    BINDINGS: ClassVar[list[BindingType]] = list(HISTORY_BINDINGS)

    def __init__(self, provider: Provider, clock: Callable[[], datetime], face: Face) -> None:
        super().__init__()
        self._provider, self._clock, self._face = provider, clock, face
        self.by, self.days = GROUPINGS[0], SPANS_DAYS[0]
        self._read: HistoryRead | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="title")
        # The chart has no ASCII form; the bars in the table have.
        if find_spec("textual_plotext") and not self._face.ascii:
            from quota_tui.ui.widgets.barchart import BarChart

            yield BarChart(id="chart")
        yield DataTable[Text](id="table", cursor_type="row", zebra_stripes=False, cell_padding=GAP // 2)
        yield Static(id="foot")

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self._show())
        self._ask()

    def _ask(self) -> None:
        self._title()
        read = partial(self._rows, self.by, self.days)
        self.run_worker(read, thread=True, exclusive=True, group="history", exit_on_error=False)

    def _rows(self, by: str, days: int) -> None:
        """In a thread: read and post."""
        zone = self._face.zone or local_zone()
        today = self._clock().astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        try:
            rows = self._provider.usage_rows(by, today - timedelta(days=days - 1), None, zone)
            message = HistoryRead(by, days, rows)
        # As on the dashboard: what cannot be read is told in a line, the screen stays.
        except Exception as error:  # noqa: BLE001
            message = HistoryRead(by, days, [], in_one_line(error))
        self.post_message(message)

    @on(HistoryRead)
    def take(self, message: HistoryRead) -> None:
        """Show it, unless something else was asked for meanwhile."""
        if (message.by, message.days) == (self.by, self.days):
            self._read = message
            self._show()

    def on_resize(self, event: events.Resize) -> None:
        fits = event.size.width >= CHART_FROM[0] and event.size.height >= CHART_FROM[1]
        for chart in self.query("#chart"):
            chart.display = fits
        self._title()
        self._show()

    def _title(self) -> None:
        styles = {name: BOLD if name == self.by else MUTED for name in GROUPINGS}
        names = [(f" {at} {name} ", styles[name]) for at, name in enumerate(GROUPINGS, start=1)]
        head = row((" History", BOLD), (f"  {self.days} days ", PLAIN))
        short = row((f"by {self.by}", BOLD), (f"  1-{len(GROUPINGS)}: others", MUTED))
        lines = [row(*head, *names), row(*head, *short), row(*head, *short[:1])]
        fitting = chain(self.size.width, lines)
        self.query_one("#title", Static).update(to_content(as_face([fitting], self._face)))

    def _foot(self, told: str, style: str) -> None:
        keys = "" if self.size.width < CHART_FROM[0] else "   d 30/90 days  esc back"
        if keys and not find_spec("textual_plotext"):
            keys += f"   {NO_CHART}"
        line = row((f" {told}", style), (keys, MUTED))
        self.query_one("#foot", Static).update(to_content(as_face([line], self._face)))

    def _show(self) -> None:
        read = self._read
        if read is None:
            return
        grid: DataTable[Text] = self.query_one("#table", DataTable)
        grid.clear(columns=True)
        if read.error or not read.rows:
            self._foot(read.error or f"nothing in the last {read.days} days", ALARM if read.error else MUTED)
            return
        rows = in_order(read.rows, read.by)
        titles, cells = table(rows, read.by, self.size.width - 2 * GAP, self._face)
        sides: list[Literal["left", "right"]] = [
            "right" if at and each else "left" for at, each in enumerate(titles)
        ]
        soft = self.app.theme_variables["text-soft"]
        grid.add_columns(*(Text(each, justify=side) for each, side in zip(titles, sides, strict=True)))
        for line in cells:
            figures = zip(line, sides, titles, strict=True)
            grid.add_row(*(Text(each, "" if title else soft, justify=side) for each, side, title in figures))
        self._plot(rows, read.by)
        self._foot(totals_words(rows), PLAIN)

    def _plot(self, rows: list[UsageRow], by: str) -> None:
        """The chart, where there is one: time from left to right, else the largest first."""
        for chart in self.query("#chart"):
            drawn = rows[::-1] if by in BY_TIME else rows
            names = [key_of(each, by, self._face) for each in drawn]
            # The year is the same throughout.
            labels = [each[5:] if by in BY_TIME else each for each in names]
            cast("BarChart", chart).show(labels, [each.totals.total_tokens for each in drawn])

    def action_by(self, name: str) -> None:
        """Group otherwise."""
        self.by = name
        self._ask()

    def action_step(self, step: int) -> None:
        """The next or the previous grouping."""
        self.action_by(GROUPINGS[(GROUPINGS.index(self.by) + step) % len(GROUPINGS)])

    def action_days(self) -> None:
        """The other span."""
        self.days = SPANS_DAYS[(SPANS_DAYS.index(self.days) + 1) % len(SPANS_DAYS)]
        self._ask()
