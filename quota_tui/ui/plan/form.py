"""The form as a widget: draws the page, and tells what was clicked."""

from __future__ import annotations

from typing import Protocol

from textual import events

from quota_tui.core.planform import text_at
from quota_tui.core.planstart import START_TIME
from quota_tui.ui.plan.lines import Form, Page, lay_out
from quota_tui.ui.plan.page import Area
from quota_tui.ui.plan.scroller import Scroller


class Owner(Protocol):
    """Is told at once."""

    def clicked(self, area: Area) -> None:
        """An area was clicked."""
        ...


class FormView(Scroller):
    """Shows a `Form`. It changes nothing itself. `can_type`: a letter begins a text where the cursor is."""

    def __init__(self, owner: Owner) -> None:
        super().__init__(id="plan-form")
        self._owner = owner
        self.laid_out = Page([], [], [])
        self.can_type = self._editing = False

    def show(self, form: Form) -> Area | None:
        """Draw it with the cursor in view; the area at the cursor."""
        page = lay_out(form, self.room)
        sections = len(set(page.sections))
        if len(page.rows) + sections <= self.content_size.height:
            page = lay_out(form, self.room, gaps=True)
        self.laid_out = page
        self.show_page(page.rows)
        self.can_type, self._editing = _can_type(form), form.editing > 0
        area = page.area_of(form.cursor)
        if area is not None:
            # With the name of its section, where that stands above it.
            above = 1 if area.y and not any(each.y == area.y - 1 for each in page.areas) else 0
            self.bring_into_view(area.y - above, area.height + above)
        return area

    def scroll_rows(self, by: int) -> None:
        # Under an open editor the form stays where it is.
        super().scroll_rows(0 if self._editing else by)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        y = event.y + self.top
        hit = [area for area in self.laid_out.areas if area.y <= y < area.y + area.height]
        if hit:
            self._owner.clicked(min(hit, key=lambda area: _apart(area, event.x)))


def _apart(area: Area, x: int) -> int:
    return max(area.x - x, x - (area.x + area.width - 1), 0)


def _can_type(form: Form) -> bool:
    """Whether the cursor is where letters begin a text: nothing is there yet, or a number is."""
    spot = form.cursor
    if form.editing:
        return False
    if spot.field == "start":
        return spot.part == START_TIME
    return spot.part in {"add", "tokens"} or (spot.at < 0 and not text_at(form.handoff, spot))
