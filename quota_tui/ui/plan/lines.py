"""The form as rows and areas, for any width: no terminal, no clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from quota_tui.core.handoff import Handoff
from quota_tui.core.planform import LISTS, MODIFIED, OTHER, Spot, entries_of
from quota_tui.core.planstart import (
    CHOICES,
    START_TIME,
    choice_of,
    choice_words,
    size_words,
    verdict,
)
from quota_tui.core.words import Face, cells, clean, in_face
from quota_tui.handing.form import Facts
from quota_tui.ui.plan.page import (
    CURRENT,
    MARKED,
    Area,
    Columns,
    beside,
    columns_at,
    filled,
    put_at,
    text_rows,
)
from quota_tui.ui.rows import ALARM, BOLD, FAINT, MUTED, PLAIN, Row, as_face, chain, row, styled, width_of

ADD = "+ …"
EMPTY = "…"
_SECTIONS: tuple[tuple[str, str], ...] = (
    ("title", "Title"),
    ("accomplished", "Accomplished"),
    ("state", "State"),
    ("objectives", "Objectives"),
    ("decisions", "Decisions"),
    ("failed", "Failed approaches"),
    ("blockers", "Blockers"),
    ("files", "Read first"),
    ("commands", "Commands"),
    ("instructions", "Instructions"),
    ("plan_file", "Plan file"),
    ("start", "Start"),
    ("agent", "Open with"),
)
_STATE = (("branch", "branch"), ("last_commit", "commit"), ("tests", "tests"), (MODIFIED, "changed"))
_STATE_WIDTH = 9
_SIZE_WIDTH = 9
_SIZE_EDIT = 18
_TIME_EDIT = 22
_INSTRUCTION_ROWS = 4


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the form shows. `editing` is how many rows the open editor takes; 0 when none is open."""

    handoff: Handoff
    sources: Mapping[tuple[str, str], str]
    facts: Facts
    now: datetime
    face: Face
    cursor: Spot
    editing: int = 0


class Page(msgspec.Struct):
    """Rows from top to bottom, areas in the order of reading, and the section each spot's area is in."""

    rows: list[Row]
    areas: list[Area]
    sections: list[int]

    def area_of(self, spot: Spot) -> Area | None:
        """Where a spot is drawn."""
        return next((area for area in self.areas if area.spot == spot), None)


def lay_out(form: Form, width: int, *, gaps: bool = False) -> Page:
    """The page at this width; with `gaps` a blank row between sections."""
    builder = _Builder(form, columns_at(width))
    for at, (name, label) in enumerate(_SECTIONS):
        if name == "plan_file" and not form.handoff.plan_file and form.cursor.field != name:
            continue
        if gaps and at:
            builder.rows.append(())
        builder.section(at, label)
        builder.add_section(name)
    return Page(as_face(builder.rows, form.face), builder.areas, builder.sections)


class _Builder:
    def __init__(self, form: Form, columns: Columns) -> None:
        self.form, self.columns, self.face = form, columns, form.face
        self.rows: list[Row] = []
        self.areas: list[Area] = []
        self.sections: list[int] = []
        self._label: Row = ()
        self._section = 0

    def section(self, at: int, label: str) -> None:
        self._section = at
        here = label if section_of(self.form.cursor) == _SECTIONS[at][0] else ""
        self._label = row((label, BOLD if here else MUTED))
        if not self.columns.labels_beside:
            self.rows.append(put_at([(1, self._label)]))
            self._label = ()

    def add_section(self, name: str) -> None:
        special: dict[str, Callable[[], None]] = {
            "state": self._state,
            "objectives": self._objectives,
            "start": self._start,
            "agent": self._agent,
        }
        if name in special:
            special[name]()
        elif name in LISTS:
            self._list(name)
        else:
            self._single(name)

    # Kinds of rows.

    def _list(self, field: str) -> None:
        for at, text in enumerate(entries_of(self.form.handoff, field) or ()):
            self._text(Spot(field, at), text, self._source(field, text))
        self._adding(Spot(field, part="add"))

    def _single(self, field: str) -> None:
        text = str(getattr(self.form.handoff, field))
        source = self._source(field, text)
        most = _INSTRUCTION_ROWS if field == "instructions" else 2
        if text or self._is_edited(Spot(field)):
            self._text(Spot(field), text, source, most=most)
        else:
            self._adding(Spot(field))

    def _state(self) -> None:
        state = self.form.handoff.state
        for field, label in _STATE:
            if field == MODIFIED:
                files, count = ", ".join(state.files_modified[:50]), len(state.files_modified)
                text = f"{count} file{'s' * (count > 1)}: {files}" if count else ""
                source = self._source(field, "\n".join(state.files_modified))
            else:
                text = str(getattr(state, field))
                source = self._source(field, text)
            self._text(Spot(field), text, source, label=label, most=2)
        self._list(OTHER)

    def _objectives(self) -> None:
        objectives = self.form.handoff.objectives
        for at, item in enumerate(objectives):
            number = f"{at + 1}" if not item.done else "✓"
            source = self._source("objectives", item.text)
            self._text(
                Spot("objectives", at),
                item.text,
                source,
                bullet=number,
                size=Spot("objectives", at, "tokens"),
            )
            for step, text in enumerate(item.steps):
                self._text(Spot("objectives", at, "step", step), text, "", indent=2)
        self._adding(Spot("objectives", part="add"), total=True)

    def _start(self) -> None:
        form, found = self.form, choice_of(self.form.handoff.start)
        made: list[tuple[Spot, Row, int]] = []
        for choice in CHOICES:
            spot = Spot("start", part=choice)
            words = choice_words(choice, form.handoff.start, form.facts.resets_at, form.now, form.face)
            words = clean(in_face(words, self.face), self.face)
            editing = self._is_edited(spot)
            if editing and choice == START_TIME:
                words = f"at {' ' * _TIME_EDIT}"
            here = spot == form.cursor
            button = row(("▸ " if here else "  ", MARKED), ("(●) " if choice == found else "( ) ", PLAIN))
            style = CURRENT if here and not editing else PLAIN if choice == found else MUTED
            made.append((spot, (*button, (words, style)), width_of(button) + 3))
        self._choices(made)

    def _choices(self, made: list[tuple[Spot, Row, int]]) -> None:
        """As many side by side as fit, the others below."""
        start, end = self.columns.bullet, self.columns.width - 1
        x, parts = start, list[tuple[int, Row]]()
        for spot, line, lead in made:
            width = width_of(line)
            if parts and x + width > end:
                self._line(parts)
                x, parts = start, []
            edit = min(_TIME_EDIT, max(8, end - x - lead))
            self._area(Area(spot, x, len(self.rows), width, 1, x + lead, edit))
            parts.append((x, line))
            x += width + 2
        self._line(parts)

    def _agent(self) -> None:
        agents, agent = self.form.facts.agents, self.form.handoff.agent
        if not agent:
            choice = f"; space chooses of {len(agents)}" if agents else ""
            self._text(Spot("agent"), "", "", empty=f"no agent{choice}")
        else:
            known = self._source("agent", agent)
            strange = "" if agent in agents else "no such agent here"
            self._text(Spot("agent"), agent, known or strange, most=1)

    # One entry.

    def _source(self, field: str, text: str) -> str:
        return self.form.sources.get((field, text), "")

    def _is_edited(self, spot: Spot) -> bool:
        return spot == self.form.cursor and self.form.editing > 0

    def _area(self, area: Area) -> None:
        self.areas.append(area)
        self.sections.append(self._section)

    def _line(self, parts: list[tuple[int, Row]]) -> None:
        self.rows.append(put_at([(1, self._label), *parts]))
        self._label = ()

    def _text(
        self,
        spot: Spot,
        text: str,
        source: str,
        *,
        bullet: str = "·",
        label: str = "",
        indent: int = 0,
        most: int = 3,
        empty: str = EMPTY,
        size: Spot | None = None,
    ) -> None:
        """A text with its source, as tall as it needs, or a hole for the editor."""
        columns, here = self.columns, spot == self.form.cursor
        x = columns.text + indent + (_STATE_WIDTH if label else 0)
        end = columns.text + columns.text_width
        if size and not columns.right:
            end -= _SIZE_WIDTH + 1
        width, top = max(6, end - x), len(self.rows)
        said = f"({source})" if source else ""
        if self._is_edited(spot):
            rows: list[Row] = [()] * self.form.editing
        elif not text:
            rows = [row((empty, FAINT if empty == EMPTY else MUTED))]
        else:
            rows = text_rows(text, width, self.face, most=most)
        if said and (size or not columns.right) and not self._is_edited(spot):
            rows = beside(rows, said, width, self.face)
        drawn = [filled(line, width) for line in rows] if here and not self._is_edited(spot) else rows
        mark = row(("▸", MARKED)) if here else row((bullet, FAINT if bullet == "·" else PLAIN))
        self._area(Area(spot, x, top, width, len(rows), x, end - x))
        for at, line in enumerate(drawn):
            parts = [] if at else [(columns.bullet + indent, mark), *self._named(label)]
            right = [] if at else self._right(size, said)
            self._line([*parts, (x, line), *right])

    def _named(self, label: str) -> list[tuple[int, Row]]:
        return [(self.columns.text, row((label, MUTED)))] if label else []

    def _right(self, size: Spot | None, said: str) -> list[tuple[int, Row]]:
        """The right column of an entry's first row: an objective's estimate, or where a text came from."""
        columns = self.columns
        x = columns.right or columns.width - _SIZE_WIDTH - 1
        room = columns.width - x - 1
        if size is None:
            if not columns.right or not said:
                return []
            return [(x + 1, _muted(said, room - 1, self.face))]
        item = self.form.handoff.objectives[size.at]
        here = size == self.form.cursor
        edit = min(_SIZE_EDIT, columns.width - columns.text)
        edit_x = min(x + 1, columns.width - edit)
        self._area(Area(size, x, len(self.rows), room, 1, edit_x, edit))
        if self._is_edited(size):
            return [(x, row(("▸", MARKED)))]
        words = chain(room - 1, styled(size_words(item), PLAIN)) or row(("≈ …", MUTED))
        mark = row(("▸", MARKED)) if here else row(" ")
        return [(x, (*mark, *(filled(words, room - 1) if here else words)))]

    def _adding(self, spot: Spot, *, total: bool = False) -> None:
        """Where a new entry is typed; the total of the estimates beside the objectives'."""
        columns, here = self.columns, spot == self.form.cursor
        top = len(self.rows)
        self._area(Area(spot, columns.text, top, columns.text_width, 1, columns.text, columns.text_width))
        mark = row(("▸", MARKED)) if here else ()
        word = row((ADD, CURRENT if here else MUTED))
        parts = [(columns.bullet, mark), (columns.text if here else columns.bullet, word)]
        sums = self._total(columns) if total else []
        x = sums[0][0] if sums else columns.width
        if sums and x < columns.text + cells(ADD) + 2:
            self._line(parts)
            parts = []
        self._line([*parts, *sums])

    def _total(self, columns: Columns) -> list[tuple[int, Row]]:
        """The sum below the estimates, what it means before it."""
        said = verdict(self.form.handoff.objectives, self.form.facts.next_window)
        if not said.amount:
            return []
        x = columns.right or 0
        style = ALARM if said.fits is False else PLAIN if said.fits else BOLD
        if x:
            room = x - columns.text - cells(ADD) - 4
            words = chain(room - 8, styled(said.words, style))
            amount = chain(columns.width - x - 2, styled(said.amount, BOLD))
            line = (*words, ("   total  " if words else "total  ", MUTED), *amount)
            return [(x + 1 - width_of(line) + width_of(amount), line)]
        room = columns.width - 4
        pairs = [f"total {amount} · {words}" for amount in said.amount for words in said.words]
        line = chain(room, styled(pairs, style), between="")
        return [(max(0, columns.width - 1 - width_of(line)), line)]


def _muted(text: str, width: int, face: Face) -> Row:
    return tuple((part, MUTED) for part, _ in text_rows(text, width, face, most=1)[0])


def section_of(spot: Spot) -> str:
    """The section a spot is in."""
    in_state = spot.field == OTHER or any(spot.field == field for field, _ in _STATE)
    return "state" if in_state else spot.field
