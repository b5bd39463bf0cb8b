"""Moving about the form and editing it. What becomes of the handoff is `screen`'s."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import ClassVar

from textual import events
from textual.binding import BindingType

from quota_tui.core.planform import MODIFIED, Spot, text_at
from quota_tui.core.planstart import START_TIME
from quota_tui.core.words import Face
from quota_tui.ui.plan.bindings import PLAN_BINDINGS
from quota_tui.ui.plan.canvas import Canvas
from quota_tui.ui.plan.editor import MOST_CHARS, FieldEditor, pasted
from quota_tui.ui.plan.form import FormView
from quota_tui.ui.plan.page import Area
from quota_tui.ui.plan.reading import ReadScreen

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


class Desk(Canvas):
    """Keys and clicks become changes of the sheet. Subclasses say what a change leads to."""

    BINDINGS: ClassVar[list[BindingType]] = list(PLAN_BINDINGS)

    def __init__(self, clock: Callable[[], datetime], face: Face, keys: Mapping[str, str]) -> None:
        super().__init__(clock, face, keys)
        self.form, self.editor = FormView(self), FieldEditor(self)
        self._adding = False

    async def on_key(self, event: events.Key) -> None:
        """All keys come here, in the order they were typed in: to the editor while one is open."""
        if self.editor.is_open:
            taken = await self.editor.press(event)
        else:
            taken = self.ready and self.form.can_type and event.is_printable and event.key != "space"
            if taken:
                self.begin_typing(event.character or "", is_paste=False)
        bound = None if taken else self.active_bindings.get(event.key)
        if bound is not None and bound.node is self and bound.enabled:
            await self.run_action(bound.binding.action)
        if taken or bound is not None:
            event.stop()
            event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self.begin_typing(pasted(event.text), is_paste=True)

    def changed(self) -> None:
        """The handoff is another one now."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        del parameters
        return not (action in _AT_REST and (self.sheet.editing or not self.ready))

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
        if not self.editor.is_open:
            self.action_edit()
            if self.sheet.cursor.part in {"tokens", START_TIME}:
                self.editor.select_all()
        if not self.editor.is_open:
            return
        if is_paste:
            self.editor.take_paste(text)
        else:
            self.editor.insert_held(text)

    def _open_editor(self, text: str) -> None:
        self.told, self._editor_rows = ("", False), 1
        self.editor.open(text, many_lines=self.sheet.cursor.field in _MANY_LINES)
        self.draw()

    def close_editor(self, text: str | None = None, *, force: bool = True) -> bool:
        """Close it on its text; False when it stays open because the text makes no sense there."""
        closed = self.sheet.end(self.editor.meant if text is None else text, self._clock(), force=force)
        if closed:
            self.editor.close()
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
