"""A question with a few answers: the draft that was found, what the check found, where the file is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from quota_tui.core.words import Face, clean, clip, in_face
from quota_tui.ui.plan.bindings import ASK_BINDINGS
from quota_tui.ui.plan.page import CURRENT, MARKED, wrap_whole
from quota_tui.ui.plan.scroller import Scroller
from quota_tui.ui.rows import MUTED, PLAIN, Row, as_face, row
from quota_tui.ui.widgets.rows_widget import to_content

MAX_WIDTH, FRAME = 92, 4
BULLET = "· "


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """`said` are paragraphs, a list where `listed`; `answers` are (value, words); `back` is esc's value."""

    title: str
    said: tuple[str, ...]
    answers: tuple[tuple[str, str], ...]
    back: str
    listed: bool = False


def said_rows(question: Question, width: int, face: Face) -> list[Row]:
    """The paragraphs, wrapped."""
    made: list[Row] = []
    for text in question.said:
        lead = BULLET if question.listed else ""
        shown = clean(in_face(text[:4000], face), face)
        rows = wrap_whole(shown, max(1, width - len(lead)), PLAIN, face, most=12) or [()]
        made += [row((lead if not at else " " * len(lead), MUTED), *line) for at, line in enumerate(rows)]
    return made


def answer_rows(answers: Sequence[tuple[str, str]], at: int, width: int, face: Face) -> list[Row]:
    """The answers below each other, the marked one in colour and with a mark."""
    made = []
    for number, (_, words) in enumerate(answers):
        here = number == at
        said = clip(clean(in_face(words, face), face), max(1, width - 3), face)
        made.append(row(("▸ " if here else "  ", MARKED), (f"{said} ", CURRENT if here else PLAIN)))
    return made


class Ask(ModalScreen[str]):
    """Gives back the value of the answer; of `Question.back` for esc."""

    CSS_PATH = "plan.tcss"
    AUTO_FOCUS = ""
    TAKES_PALETTE_KEY = True
    BINDINGS: ClassVar[list[BindingType]] = list(ASK_BINDINGS)

    def __init__(self, question: Question, face: Face) -> None:
        super().__init__()
        self._question, self._face, self.at = question, face, 0
        self._first, self._room = 0, len(question.answers)

    def compose(self) -> ComposeResult:
        with Vertical(id="plan-ask"):
            yield Scroller(id="plan-said")
            yield Static(id="plan-answers")

    def on_mount(self) -> None:
        self.query_one("#plan-ask").border_title = Content(self._question.title)
        self.query_one("#plan-ask").border_subtitle = "enter: take  esc: back"
        # Empty it would be measured as one row, and the second answer be cut off.
        self.query_one("#plan-answers").styles.height = len(self._question.answers)
        self.set_class(self._face.ascii, "-ascii")
        self.query_one(Scroller).ascii_only = self._face.ascii

    def on_resize(self, event: events.Resize) -> None:
        width = min(event.size.width, MAX_WIDTH) - FRAME
        rows = as_face(said_rows(self._question, width - 1, self._face), self._face)
        most = event.size.height - len(self._question.answers) - 3
        scroller, said = self.query_one(Scroller), max(1, min(len(rows), most))
        scroller.styles.height = said
        scroller.show_page(rows)
        self._room = min(len(self._question.answers), max(1, event.size.height - 3 - said))
        self.query_one("#plan-answers").styles.height = self._room
        self._show_answers()

    def _show_answers(self) -> None:
        width = min(self.size.width, MAX_WIDTH) - FRAME
        rows = as_face(answer_rows(self._question.answers, self.at, width, self._face), self._face)
        # On a low screen as many as fit, the marked one among them.
        self._first = min(max(0, self.at - self._room + 1), max(0, len(rows) - self._room))
        rows = rows[self._first : self._first + self._room]
        self.query_one("#plan-answers", Static).update(to_content(rows))

    def action_step(self, by: int) -> None:
        """The next answer."""
        self.at = (self.at + by) % len(self._question.answers)
        self._show_answers()

    def action_page(self, by: int) -> None:
        """Scroll what is said."""
        self.query_one(Scroller).scroll_page(by)

    def action_take(self) -> None:
        """Give the marked answer."""
        self.dismiss(self._question.answers[self.at][0])

    def action_back(self) -> None:
        """Give the answer that changes nothing."""
        self.dismiss(self._question.back)

    def on_click(self, event: events.Click) -> None:
        """An answer that is clicked is taken."""
        answers = self.query_one("#plan-answers")
        at = event.screen_y - answers.region.y
        if answers.region.contains(event.screen_x, event.screen_y) and at < len(self._question.answers):
            self.at = min(self._first + at, len(self._question.answers) - 1)
            self.action_take()
