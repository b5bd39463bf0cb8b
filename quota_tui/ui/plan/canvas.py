"""The plan screen as it is drawn: title, form, editor, preview, what is going on, keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from textual import events
from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.screen import ModalScreen
from textual.widgets import Static

from quota_tui.core.handoff import Handoff
from quota_tui.core.planstart import START_TIME
from quota_tui.core.words import Face
from quota_tui.handing.form import Facts
from quota_tui.ui.plan.bars import head_row, status_row
from quota_tui.ui.plan.editor import FieldEditor
from quota_tui.ui.plan.form import FormView
from quota_tui.ui.plan.keys import hint_row, hints_for, plan_keys
from quota_tui.ui.plan.lines import Form, section_of
from quota_tui.ui.plan.page import Area
from quota_tui.ui.plan.reading import document_rows, row_of_section
from quota_tui.ui.plan.scroller import Scroller
from quota_tui.ui.plan.sheet import Sheet
from quota_tui.ui.rows import Row, as_face
from quota_tui.ui.widgets.rows_widget import to_content

PREVIEW_FROM = 110
"""Cells from which the preview stands beside the form."""
MOST_EDITOR_ROWS = 10


class Canvas(ModalScreen[Path | None]):
    """Draws `sheet`, which may be worked on when `ready`.

    `told` is a word of the screen's own, and whether it is an alarm; it stands until the next key.
    `standing` is what is wrong for as long as it is wrong, told whenever nothing else is.
    """

    CSS_PATH = "plan.tcss"
    AUTO_FOCUS = ""
    """Nothing has the focus: the screen itself takes the keys."""
    form: FormView
    editor: FieldEditor

    def __init__(self, clock: Callable[[], datetime], face: Face, keys: Mapping[str, str]) -> None:
        super().__init__()
        self._clock, self._face, self._keys = clock, face, plan_keys(keys)
        self.facts: Facts | None = None
        self.sources: Mapping[tuple[str, str], str] = {}
        self.sheet = Sheet(Handoff(), face.zone or UTC)
        self.ready = False
        self.told: tuple[str, bool] = ("", False)
        self.standing = ""
        self.document = ""
        self._editor_rows = 1
        self._beside_for = ("", 0)
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
        self.form.ascii_only = self.beside.ascii_only = self.editor.ascii_only = self._face.ascii

    def preview_wanted(self) -> None:
        """The preview is in view and may be out of date."""
        raise NotImplementedError

    # Drawing.

    def on_resize(self, event: events.Resize) -> None:
        self.beside.display = event.size.width >= PREVIEW_FROM
        self.set_class(event.size.height < 8, "-short")
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
        told = self.told if self.told[0] or not self.standing else (self.standing, True)
        status = status_row(self.sheet, facts, now, face, told, width)
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
            wanted = (self.document, self.beside.room)
            if wanted != self._beside_for:
                self._beside_for = wanted
                self.beside.show_page(document_rows(*wanted, self._face))
            rows = self.beside.page
            self.beside.scroll_to_row(row_of_section(rows, section_of(self.sheet.cursor)))

    def tell(self, words: str, *, alarm: bool = False) -> None:
        """A word in the row below the form, until the next key."""
        self.told = (words, alarm)
        if self.is_mounted:
            self._draw_bars()


def _grows(area: Area) -> bool:
    return area.spot.part not in {"tokens", START_TIME}
