"""The form's state while a person works on it: the handoff, the cursor, the way back. No terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from quota_tui.core.handoff import Handoff
from quota_tui.core.planform import (
    LISTS,
    OTHER,
    Size,
    Spot,
    agent_after,
    insert,
    kept_aside,
    move,
    put,
    read_size,
    remove,
    settled,
    text_at,
)
from quota_tui.core.planstart import START_TIME, choice_of, read_time, typed_time
from quota_tui.ui.plan.lines import Page
from quota_tui.ui.plan.page import Area

UNDO_STEPS = 200


class Sheet:
    """One person's work on one handoff. `editing` is True while an editor is open on the cursor's spot."""

    def __init__(self, handoff: Handoff, zone: tzinfo) -> None:
        self.handoff = handoff
        self.opened_with = handoff
        self.cursor = Spot("title")
        self.editing = False
        self.problem = ""
        self._zone = zone
        self._undo: list[tuple[Handoff, Spot]] = []
        self._redo: list[tuple[Handoff, Spot]] = []
        self._before: Handoff | None = None
        self._made_from: Spot | None = None
        self._goal_x = 0
        self._typed = ""

    @property
    def changed(self) -> bool:
        """Whether it differs from what it was opened with."""
        return self.handoff != self.opened_with

    # The cursor.

    def step(self, page: Page, by: int) -> None:
        """The row below (1) or above (-1)."""
        here = page.area_of(self.cursor)
        rows = sorted({area.y for area in page.areas})
        if here is None or not rows:
            self._to(page.areas[0] if page.areas else None)
            return
        at = min(max(rows.index(here.y) + by, 0), len(rows) - 1)
        if rows[at] != here.y:
            on_row = [area for area in page.areas if area.y == rows[at]]
            self.cursor = min(on_row, key=lambda area: abs(area.x - self._goal_x)).spot

    def aside(self, page: Page, by: int) -> None:
        """The spot to the right (1) or to the left (-1) on the same row."""
        here = page.area_of(self.cursor)
        if here is None:
            return
        on_row = sorted((area for area in page.areas if area.y == here.y), key=lambda area: area.x)
        self._to(on_row[min(max(on_row.index(here) + by, 0), len(on_row) - 1)])

    def next_section(self, page: Page, by: int) -> None:
        """The next section, where something can be typed at once; round from the last to the first."""
        here = page.area_of(self.cursor)
        if here is None:
            self._to(page.areas[0] if page.areas else None)
            return
        order = list(dict.fromkeys(page.sections))
        at = order.index(page.sections[page.areas.index(here)])
        self._to(self._entrance(page, order[(at + by) % len(order)]))

    def _entrance(self, page: Page, section: int) -> Area:
        """Where a section is entered: its place for a new entry, the choice that is made, its first row."""
        areas = [area for area, own in zip(page.areas, page.sections, strict=True) if own == section]
        chosen = choice_of(self.handoff.start)
        for area in areas:
            spot = area.spot
            is_list = spot.part == "add" and spot.field in (*LISTS, "objectives")
            if is_list or (spot.field == "start" and spot.part == chosen):
                return area
        return areas[0]

    def point_at(self, area: Area) -> None:
        """Put the cursor there."""
        self._to(area)

    def point_to(self, spot: Spot) -> None:
        """Put the cursor on a spot; on the choice that is made for the start as a whole."""
        is_start = spot.field == "start" and not spot.part
        self.cursor = Spot("start", part=choice_of(self.handoff.start)) if is_start else spot

    def keep_on(self, page: Page) -> None:
        """Where the cursor's spot has gone, put it on the nearest one that is there."""
        if page.area_of(self.cursor) is None and page.areas:
            field = self.cursor.field
            near = [area for area in page.areas if area.spot.field == field]
            self._to(near[-1] if near else page.areas[0])

    def edge(self, page: Page, *, last: bool) -> None:
        """The first or the last spot."""
        if page.areas:
            self._to(page.areas[-1 if last else 0])

    def _to(self, area: Area | None) -> None:
        if area is not None:
            self.cursor, self._goal_x = area.spot, area.x

    # Editing.

    def begin(self, now: datetime) -> str:
        """Open an editor on the cursor's spot; the text it begins with. A choice of start is made."""
        self._before, self._made_from, self.problem = self.handoff, None, ""
        self.editing = True
        if self.cursor.field == "start":
            self._typed = typed_time(self.handoff.start, now, self._zone)
        else:
            self._typed = text_at(self.handoff, self.cursor)
        if self.cursor.part == "add":
            self._made_from = self.cursor
        return self._typed

    def begin_step(self) -> str:
        """Open an editor on a new step of the objective at the cursor."""
        self._before, self.problem, self.editing, self._typed = self.handoff, "", True, ""
        self._made_from = self.cursor
        self.handoff, self.cursor = insert(self.handoff, _as_step(self.cursor), "")
        return ""

    def type(self, text: str, now: datetime) -> None:
        """The editor's text is now this one."""
        self.problem, self._typed = "", text
        if self.cursor.field == "start":
            self._type_time(text, now)
        elif self.cursor.part == "add":
            if text:
                self.handoff, self.cursor = insert(self.handoff, self.cursor, text)
        elif self.cursor.part == "tokens":
            # On the way to 15x stand 1 and 15: none of them is meant.
            self.handoff = put(self._before or self.handoff, self.cursor, text)
            size = read_size(text)
            self.problem = "" if isinstance(size, Size) else size
        else:
            self.handoff = put(self.handoff, self.cursor, text)

    def _type_time(self, text: str, now: datetime) -> None:
        at = read_time(text, now, self._zone)
        if isinstance(at, str):
            # What was typed is kept, in the draft too, until it makes a time.
            self.problem, start = at, text.strip()
        else:
            start = at.astimezone(self._zone).isoformat()
        self.handoff = put(self.handoff, Spot("start"), start or START_TIME)

    def end(self, text: str, now: datetime, *, force: bool = True) -> bool:
        """Close the editor on this text; False when it stays open because the text makes no sense.

        With `force` it closes all the same, and what was typed is kept beside.
        """
        if text != self._typed:
            self.type(text, now)
        if self.problem and text.strip() and not force:
            return False
        before, made_from = self._before, self._made_from
        assert before is not None
        self.editing = False
        if self.cursor.part == "tokens":
            self.handoff = kept_aside(self.handoff, self.cursor, text)
        elif self.cursor.field == "start":
            if not text.strip():
                self.handoff = put(self.handoff, Spot("start"), before.start)
        elif self.cursor.at >= 0 and not text.strip() and not self._has_more():
            self.handoff = remove(self.handoff, self.cursor)
            self.cursor = made_from or _after_removal(self.handoff, self.cursor)
        else:
            self.handoff = settled(self.handoff, self.cursor)
        self.problem = ""
        self._note(before, made_from or self.cursor)
        return True

    def _has_more(self) -> bool:
        """Whether the entry at the cursor says more than its text: then it stays though that is empty."""
        if self.cursor.field != "objectives" or self.cursor.part:
            return False
        item = self.handoff.objectives[self.cursor.at]
        return bool(item.steps) or item.tokens is not None

    def go_on(self, made: Spot) -> None:
        """After a new entry: to an objective's estimate when it has none, else to the next new one."""
        at = self.cursor.at
        is_unsized = made.field == "objectives" and made.part != "tokens" and at >= 0
        if is_unsized and self.handoff.objectives[at].tokens is None:
            self.cursor = Spot("objectives", at, "tokens")
        else:
            self.cursor = Spot(made.field, part="add")

    @property
    def is_adding(self) -> bool:
        """Whether the editor is on a new entry, so that enter goes on to one more."""
        return self._made_from is not None

    # Changes without an editor.

    def remove(self) -> bool:
        """Take away the entry at the cursor; whether there was one."""
        before, spot = self.handoff, self.cursor
        if spot.field == "start":
            return False
        self.handoff = remove(before, spot)
        if self.handoff == before:
            return False
        self.cursor = _after_removal(self.handoff, spot)
        self._note(before, spot)
        return True

    def move(self, by: int) -> None:
        """Move the entry at the cursor up or down in its list."""
        before, spot = self.handoff, self.cursor
        if spot.part == "tokens":
            spot = Spot(spot.field, spot.at)
        if spot.at >= 0:
            self.handoff, moved = move(before, spot, by)
            self.cursor = moved
            self._note(before, spot)

    def choose_start(self) -> None:
        """Take the choice of start at the cursor."""
        before = self.handoff
        self.handoff = put(before, Spot("start"), self.cursor.part)
        self._note(before, self.cursor)

    def choose_agent(self, agents: Sequence[str]) -> None:
        """The next agent."""
        before = self.handoff
        self.handoff = put(before, Spot("agent"), agent_after(agents, before.agent))
        self._note(before, self.cursor)

    def take(self, text: str) -> None:
        """A text for the cursor's spot that went past the editor: an entry of its own at "add"."""
        before = self._before or self.handoff
        if self.cursor.part == "add":
            self.handoff, self.cursor = insert(self.handoff, self.cursor, text)
        else:
            self.handoff = put(self.handoff, self.cursor, text)
        self.editing = False
        self._note(before, self.cursor)

    # The way back.

    def undo(self) -> bool:
        """Back by one change; whether there was one."""
        return self._swap(self._undo, self._redo)

    def redo(self) -> bool:
        """Forward again."""
        return self._swap(self._redo, self._undo)

    def _swap(self, source: list[tuple[Handoff, Spot]], target: list[tuple[Handoff, Spot]]) -> bool:
        if not source:
            return False
        target.append((self.handoff, self.cursor))
        self.handoff, self.cursor = source.pop()
        return True

    def _note(self, before: Handoff, spot: Spot) -> None:
        if before != self.handoff:
            self._undo = [*self._undo[-UNDO_STEPS + 1 :], (before, spot)]
            self._redo = []


def _as_step(spot: Spot) -> Spot:
    return spot if spot.part == "step" else Spot(spot.field, spot.at, "step")


def _after_removal(handoff: Handoff, spot: Spot) -> Spot:
    """The entry that took the place of a removed one, else the place for a new one."""
    if spot.at < 0 or spot.part == "tokens":
        return spot
    if spot.part == "step":
        count = len(handoff.objectives[spot.at].steps)
        return (
            Spot(spot.field, spot.at, "step", spot.step) if spot.step < count else Spot(spot.field, spot.at)
        )
    entries = handoff.state.other if spot.field == OTHER else getattr(handoff, spot.field)
    return spot if spot.at < len(entries) else Spot(spot.field, part="add")
