"""The form on the screen: drawing it, moving about it, editing it. What becomes of the handoff is `screen`'s."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal
from textual.screen import ModalScreen
from textual.widgets import Static

from quota_tui.core.handoff import Handoff
from quota_tui.core.planform import MODIFIED, Spot, text_at
from quota_tui.core.planstart import START_TIME
from quota_tui.core.words import Face
from quota_tui.ui.plan.bars import head_row, status_row
from quota_tui.ui.plan.editor import MOST_CHARS, FieldEditor
from quota_tui.ui.plan.form import FormView
from quota_tui.ui.plan.keys import PLAN_BINDINGS, hint_row, hints_for, plan_keys
from quota_tui.ui.plan.lines import Form, section_of
from quota_tui.ui.plan.page import Area
from quota_tui.ui.plan.planner import Facts
from quota_tui.ui.plan.reading import ReadScreen, document_rows, row_of_section
from quota_tui.ui.plan.scroller import Scroller
from quota_tui.ui.plan.sheet import Sheet
from quota_tui.ui.rows import Row, as_face
from quota_tui.ui.widgets.rows_widget import to_content

PREVIEW_FROM = 110
"""Cells from which the preview stands beside the form."""
MOST_EDITOR_ROWS = 10
_AT_REST = frozenset(
    (
        "edit",
        "choose",
        "remove",
        "move",
        "add_step",
        "undo",
        "redo",
        "section",
        "step",
        "aside",
        "page",
        "edge",
    )
)
"""Actions that are not for while an editor is open: their keys mean something else there."""
_MANY_LINES = ("instructions", MODIFIED)


class Desk(ModalScreen[Path | None]):
    """Draws `sheet`. Subclasses say when it may be worked on (`ready`), and what a change leads to."""

    CSS_PATH = "plan.tcss"
    AUTO_FOCUS = "#plan-form"
    BINDINGS: ClassVar[list[BindingType]] = list(PLAN_BINDINGS)

    def __init__(self, clock: Callable[[], datetime], face: Face, keys: Mapping[str, str]) -> None:
        super().__init__()
        self._clock, self._face, self._keys = clock, face, plan_keys(keys)
        self.facts: Facts | None = None
        self.sources: Mapping[tuple[str, str], str] = {}
        self.sheet = Sheet(Handoff(), face.zone or UTC)
        self.ready = False
        self.told: tuple[str, bool] = ("", False)
        self.document = ""
        self._editor_rows = 1
        self._adding = False
        self.form, self.editor = FormView(self), FieldEditor(self)
        self.beside = Scroller(id="plan-beside")
        self.set_class(face.ascii, "-ascii")

    def compose(self) -> ComposeResult:
        yield Static(id="plan-head")
        with Horizontal(id="plan-body"):
            with Container(id="plan-stage"):
                yield self.form
                yield self.editor
            yield self.beside
        yield Static(id="plan-status")
        yield Static(id="plan-foot")

    def on_mount(self) -> None:
        self.form.ascii_only = self.beside.ascii_only = self._face.ascii
        self.beside.can_focus = False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        del parameters
        return not (action in _AT_REST and (self.sheet.editing or not self.ready))

    # What a change leads to.

    def changed(self) -> None:
        """The handoff is another one now."""
        raise NotImplementedError

    def preview_wanted(self) -> None:
        """The preview is in view and may be out of date."""
        raise NotImplementedError

    # Drawing.

    def on_resize(self, event: events.Resize) -> None:
        self.beside.display = event.size.width >= PREVIEW_FROM
        self.set_class(event.size.height >= 18, "-tall")
        # The form knows its own size only after this.
        self.call_after_refresh(self.draw)
        if self.beside.display and self.ready:
            self.preview_wanted()

    def draw(self) -> None:
        """Everything, where it looks any different."""
        with self.app.batch_update():
            self._draw_bars()
            if self.facts is not None and self.form.size:
                self._draw_form(self.facts)
            self.show_document()

    def _draw_form(self, facts: Facts) -> None:
        sheet = self.sheet
        rows = self._editor_rows if sheet.editing else 0
        area = self.form.show(self._form(facts, rows))
        if area is None and not sheet.editing:
            sheet.keep_on(self.form.laid_out)
            area = self.form.show(self._form(facts, 0))
        if not sheet.editing or area is None:
            return
        most = max(1, min(MOST_EDITOR_ROWS, self.form.content_size.height - 1))
        wanted = min(self.editor.rows_at(area.edit_width), most) if _grows(area) else 1
        if wanted != rows:
            self._editor_rows = wanted
            area = self.form.show(self._form(facts, wanted)) or area
        styles = self.editor.styles
        styles.offset = (area.edit_x, area.y - self.form.top)
        styles.width, styles.height = area.edit_width, wanted

    def _form(self, facts: Facts, editing: int) -> Form:
        return Form(
            handoff=self.sheet.handoff,
            sources=self.sources,
            facts=facts,
            now=self._clock(),
            face=self._face,
            cursor=self.sheet.cursor,
            editing=editing,
        )

    def _draw_bars(self) -> None:
        now, face, width = self._clock(), self._face, self.size.width
        facts = self.facts or Facts()
        status = status_row(self.sheet, facts, now, face, self.told, width)
        hints: Row = ()
        if self.ready:
            sheet = self.sheet
            many = sheet.editing and self.editor.many_lines
            hints = hint_row(
                hints_for(sheet.cursor, self._keys, editing=sheet.editing, many_lines=many), width
            )
        head = head_row(self.facts, self.sheet.handoff.project, now, face, width)
        for name, line in (("plan-head", head), ("plan-status", status), ("plan-foot", hints)):
            self.query_one(f"#{name}", Static).update(to_content(as_face([line], face)))

    def show_document(self) -> None:
        """The preview beside the form."""
        if self.beside.display and self.beside.size:
            rows = document_rows(self.document, self.beside.room, self._face)
            self.beside.show_page(rows)
            self.beside.scroll_to_row(row_of_section(rows, section_of(self.sheet.cursor)))

    def tell(self, words: str, *, alarm: bool = False) -> None:
        """A word in the row below the form, until the next key."""
        self.told = (words, alarm)
        if self.is_mounted:
            self._draw_bars()

    # Moving about.

    def _moved(self) -> None:
        self.told = ("", False)
        self.draw()

    def action_step(self, by: int) -> None:
        """The row below or above."""
        self.sheet.step(self.form.laid_out, by)
        self._moved()

    def action_aside(self, by: int) -> None:
        """To the right or left on the row."""
        self.sheet.aside(self.form.laid_out, by)
        self._moved()

    def action_section(self, by: int) -> None:
        """The next section."""
        self.sheet.next_section(self.form.laid_out, by)
        self._moved()

    def action_page(self, by: int) -> None:
        """As many rows as are in view."""
        for _ in range(max(1, self.form.content_size.height - 2)):
            self.sheet.step(self.form.laid_out, by)
        self._moved()

    def action_edge(self, last: bool) -> None:
        """The first or the last row."""
        self.sheet.edge(self.form.laid_out, last=last)
        self._moved()

    def clicked(self, area: Area) -> None:
        """A click puts the cursor there; a click on the cursor edits."""
        if not self.ready:
            return
        if self.sheet.editing:
            self.close_editor()
        was_there = self.sheet.cursor == area.spot
        self.sheet.point_at(area)
        self._moved()
        if was_there or area.spot.field == "start":
            self.action_edit()

    # Editing.

    def action_edit(self) -> None:
        """Open an editor; make a choice of start; show a text that is too long to edit."""
        spot = self.sheet.cursor
        if spot.field == "start":
            if spot.part != START_TIME:
                self.sheet.choose_start()
                self._moved_and_changed()
                return
        elif len(text := text_at(self.sheet.handoff, spot)) > MOST_CHARS:
            title = f"{len(text):,} characters: too long to edit here, kept as it is"
            self.app.push_screen(ReadScreen(title, text, self._face))
            return
        self._open_editor(self.sheet.begin(self._clock()))

    def action_add_step(self) -> None:
        """A new step of the objective at the cursor."""
        spot = self.sheet.cursor
        if spot.field == "objectives" and spot.part != "add":
            self._open_editor(self.sheet.begin_step())

    def begin_typing(self, text: str, *, is_paste: bool) -> None:
        """What was typed begins an entry here; a paste on a text that is there follows what it says."""
        if not self.ready or (self.sheet.cursor.field == "start" and self.sheet.cursor.part != START_TIME):
            return
        if not self.sheet.editing:
            self.action_edit()
        if not self.editor.is_open:
            return
        if self.sheet.cursor.part in {"tokens", START_TIME} and self.editor.selection.is_empty:
            self.editor.select_all()
        if is_paste:
            self.editor.take_paste(text)
        else:
            self.editor.insert_held(text)

    def _open_editor(self, text: str) -> None:
        self.told, self._editor_rows = ("", False), 1
        self.editor.open(text, many_lines=self.sheet.cursor.field in _MANY_LINES)
        self.draw()
        self.editor.display = True
        self.set_focus(self.editor)

    def close_editor(self, text: str | None = None, *, force: bool = True) -> bool:
        """Close it on its text; False when it stays open because the text makes no sense there."""
        closed = self.sheet.end(self.editor.meant if text is None else text, self._clock(), force=force)
        if closed:
            self.editor.close()
            self.set_focus(self.form)
        self._moved_and_changed()
        return closed

    def typed(self, text: str) -> None:
        """As the editor tells it, with every key."""
        self.sheet.type(text, self._clock())
        self.told = ("", False)
        self.draw()
        self.changed()

    def left(self, to: str, text: str) -> None:
        """The editor was left: back to the form, or on to the next spot."""
        sheet = self.sheet
        was_adding, spot = sheet.is_adding, sheet.cursor
        stay = to in {"enter", "forward", "back"}
        if not self.close_editor(text, force=not stay):
            return
        if to in {"forward", "back"}:
            self.action_section(1 if to == "forward" else -1)
        elif to in {"up", "down"}:
            self.action_step(1 if to == "down" else -1)
        elif to == "enter" and ((was_adding and text.strip()) or (self._adding and spot.part == "tokens")):
            self._go_on(spot)
        self._adding = self._adding and self.sheet.editing

    def _go_on(self, spot: Spot) -> None:
        """After a new entry: to an objective's estimate, then to one more entry."""
        self._adding = True
        if spot.part == "step":
            self.action_add_step()
            return
        self.sheet.go_on(spot)
        self._open_editor(self.sheet.begin(self._clock()))

    def too_long(self, text: str) -> None:
        """So much was pasted that no editor is needed for it."""
        self.editor.close()
        self.sheet.take(text)
        self.set_focus(self.form)
        self._moved_and_changed()
        self.tell(f"{len(text):,} characters were pasted: kept as they are")

    def action_choose(self) -> None:
        """Make the choice at the cursor; the next agent."""
        if self.sheet.cursor.field == "agent" and self.facts is not None:
            self.sheet.choose_agent(self.facts.agents)
            self._moved_and_changed()
        elif self.sheet.cursor.field == "start":
            self.action_edit()

    def action_remove(self) -> None:
        """Take away the entry at the cursor."""
        if self.sheet.remove():
            self._moved_and_changed()
            self.tell(f"removed; {self._keys['plan.undo']} takes it back")

    def action_move(self, by: int) -> None:
        """The entry at the cursor up or down."""
        self.sheet.move(by)
        self._moved_and_changed()

    def action_undo(self) -> None:
        """The last change back."""
        self._moved_and_changed() if self.sheet.undo() else self.tell("nothing to take back")

    def action_redo(self) -> None:
        """And forth again."""
        self._moved_and_changed() if self.sheet.redo() else self.tell("nothing to do again")

    def _moved_and_changed(self) -> None:
        self._moved()
        self.changed()


def _grows(area: Area) -> bool:
    return area.spot.part not in {"tokens", START_TIME}
