"""The automation screen: what is arranged, what happened to it, and what the person may do about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from quota_tui.core.jobs.job import ARMED, ASKS, OPEN, Job
from quota_tui.core.jobs.view import last_at
from quota_tui.core.jobs.words import what_words
from quota_tui.core.ready import awaited
from quota_tui.core.words import Face, clean
from quota_tui.handing.form import Done, Latest
from quota_tui.ui.automation.arranger import Arranger
from quota_tui.ui.automation.ask_time import AskTime
from quota_tui.ui.automation.bars import KeyRow, head_row, useful
from quota_tui.ui.automation.bindings import AUTOMATION_BINDINGS
from quota_tui.ui.automation.questions import YES, arrange_words, cancel_question, start_question
from quota_tui.ui.automation.rows import page
from quota_tui.ui.collector import in_one_line
from quota_tui.ui.plan.asks import Ask, Question
from quota_tui.ui.plan.reading import ReadScreen
from quota_tui.ui.plan.scroller import Scroller
from quota_tui.ui.rows import ALARM, PLAIN, as_face, row, wrap
from quota_tui.ui.view import View
from quota_tui.ui.widgets.rows_widget import to_content

if TYPE_CHECKING:
    from quota_tui.ui.app import QuotaApp

NOT_HERE = "nothing is arranged here: this is a demo"
NO_HANDOFF = "there is no handoff yet"
_TALL = 14
"""With fewer rows the sessions need the room of the title."""


class Answered(Message):
    """What came of something that was asked; `document` is to be read on a page of its own.

    `job_id` is the job that it came to.
    """

    def __init__(
        self, said: str, *, alarm: bool = False, title: str = "", document: str = "", job_id: str = ""
    ) -> None:
        super().__init__()
        self.said, self.alarm, self.title, self.document = said, alarm, title, document
        self.job_id = job_id


class LatestRead(Message):
    """The newest handoff."""

    def __init__(self, latest: Latest | None) -> None:
        super().__init__()
        self.latest = latest


class AutomationScreen(Screen[None]):
    """Draws the jobs of the app's view; asks the arranger in threads."""

    CSS_PATH = "automation.tcss"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = list(AUTOMATION_BINDINGS)

    def __init__(self, arranger: Arranger | None, clock: Callable[[], datetime], face: Face) -> None:
        super().__init__()
        self._arranger, self._clock, self._face = arranger, clock, face
        self.marked = ""
        self.latest: Latest | None = None
        self._told: tuple[str, bool] = ("", False)
        self._told_of: tuple[str, datetime] | None = None
        self.busy = False

    def compose(self) -> ComposeResult:
        yield Static(id="auto-head")
        yield Scroller(id="auto-page")
        yield Static(id="auto-told")
        yield KeyRow(id="auto-foot")

    def on_mount(self) -> None:
        self.query_one(Scroller).ascii_only = self._face.ascii
        self.watch(self.app, "view", self._draw)

    def on_screen_resume(self) -> None:
        """Also after a plan was made from here."""
        if self._arranger is not None:
            self.run_worker(self._read_latest, thread=True, group="latest", exit_on_error=False)

    def on_resize(self) -> None:
        self._draw()

    # Drawing.

    @property
    def _view(self) -> View | None:
        return cast("QuotaApp", self.app).view

    @property
    def _jobs(self) -> tuple[Job, ...]:
        view = self._view
        return view.snapshot.automation.jobs if view is not None and view.snapshot is not None else ()

    def _job(self) -> Job | None:
        """The marked one; the first when that is gone."""
        jobs = self._jobs
        return next((job for job in jobs if job.id == self.marked), jobs[0] if jobs else None)

    def _offered(self) -> Latest | None:
        """The last handoff, unless it is arranged already."""
        latest = self.latest
        is_arranged = latest is not None and any(
            job.state in OPEN and job.handoff == latest.path for job in self._jobs
        )
        return None if is_arranged else latest

    def _draw(self) -> None:
        view = self._view
        if view is None or not self.is_mounted:
            return
        width, offered = max(8, self.size.width - 3), self._offered()
        head = self.query_one("#auto-head", Static)
        head.display = self.size.height >= _TALL
        head.update(to_content(as_face([head_row(view, self.size.width)], self._face)))
        self.query_one(Scroller).show_page(page(view, self._jobs, self._job(), offered, width))
        self._forget_what_passed()
        words, style = self._told[0], ALARM if self._told[1] else PLAIN
        lines = wrap(clean(words, self._face), self.size.width - 2, style, self._face, most=3)
        told = self.query_one("#auto-told", Static)
        told.display = bool(lines)
        told.update(to_content(as_face([row(" ", *line) for line in lines], self._face)))
        names = useful(self._job(), can_arrange=offered is not None)
        self.query_one(KeyRow).show(names, view)

    def _tell(self, words: str, *, alarm: bool = False, of: str = "") -> None:
        self._told = (words, alarm)
        self._told_of = (of, self._clock()) if of else None
        if words:
            self.app.clear_notifications()  # a toast would hide it
        self._draw()

    def _forget_what_passed(self) -> None:
        """`api starts now` is no news any more once the session says what became of it."""
        if self._told_of is None:
            return
        job_id, at = self._told_of
        job = next((job for job in self._jobs if job.id == job_id), None)
        if job is not None and job.state not in OPEN and last_at(job) > at:
            self._told, self._told_of = ("", False), None

    # Asking.

    def _read_latest(self) -> None:
        assert self._arranger is not None
        try:
            self.post_message(LatestRead(self._arranger.latest()))
        # A folder of handoffs that cannot be read must not close the screen.
        except Exception as error:  # noqa: BLE001
            self.post_message(Answered(in_one_line(error), alarm=True))

    def _ask(self, words: str, work: Callable[[Arranger], Answered]) -> None:
        """Have something done in a thread, one thing at a time."""
        arranger = self._arranger
        if arranger is None:
            self._tell(NOT_HERE)
            return
        if self.busy:
            return
        self.busy = True
        self._tell(words)

        def run() -> None:
            try:
                answer = work(arranger)
            # Whatever a scheduler or the journal does, it is one line here.
            except Exception as error:  # noqa: BLE001
                answer = Answered(in_one_line(error), alarm=True)
            self.post_message(answer)

        self.run_worker(run, thread=True, group="ask", exit_on_error=False)

    @on(Answered)
    def take_answer(self, message: Answered) -> None:
        """Tell it, or show the document."""
        self.busy = False
        self.marked = message.job_id or self.marked
        self._tell(message.said, alarm=message.alarm, of=message.job_id)
        if message.document and self.is_current:
            self.app.push_screen(ReadScreen(message.title, message.document, self._face))
        cast("QuotaApp", self.app).refresh_soon()

    @on(LatestRead)
    def take_latest(self, message: LatestRead) -> None:
        """Offer it."""
        self.latest = message.latest
        self._draw()

    # Actions.

    def action_step(self, by: int) -> None:
        """Mark another session; scroll where there is only one."""
        jobs, job = self._jobs, self._job()
        if job is None or len(jobs) < 2:
            self.query_one(Scroller).scroll_rows(by)
            return
        self.marked = jobs[(jobs.index(job) + by) % len(jobs)].id
        self.query_one(Scroller).scroll_to_row(0)
        self._tell("")

    def action_page(self, by: int) -> None:
        """Scroll what is told of it."""
        self.query_one(Scroller).scroll_page(by)

    def action_preview(self) -> None:
        """What would be executed, and why or why not now."""
        job = self._job()
        if job is not None:
            self._ask(
                "looking …",
                lambda arranger: Answered("", title="Preview", document=arranger.preview(job.id)),
            )

    def action_log(self) -> None:
        """Everything that happened."""
        job = self._job()
        if job is not None:
            self._ask("reading …", lambda arranger: Answered("", title="Log", document=arranger.log(job.id)))

    def action_start(self) -> None:
        """Start it now, once that is confirmed."""
        job, view = self._job(), self._view
        if job is not None and job.state in ARMED | ASKS and view is not None and view.snapshot is not None:
            question = start_question(job, view.snapshot, self._face)
            self._confirm(question, lambda arranger: arranger.run_now(job.id))

    def action_cancel(self) -> None:
        """Call it off, once that is confirmed."""
        job = self._job()
        if job is not None and job.state in OPEN | ASKS:
            question = cancel_question(job, self._clock(), self._face)
            self._confirm(question, lambda arranger: arranger.cancel(job.id))

    def action_time(self) -> None:
        """Ask for another time."""
        job = self._job()
        if job is not None and job.state in ARMED | ASKS:
            about = what_words(job, self._face)[0]
            self._ask_time("Another time", about, lambda arranger, at: arranger.reschedule(job.id, at))

    def action_new(self) -> None:
        """Arrange the last handoff, at the time that is asked for."""
        latest = self._offered()
        if latest is not None:
            about = arrange_words(latest, self._jobs, self._clock(), self._face)
            self._ask_time(
                "When does it start?", about, lambda arranger, at: arranger.schedule(latest.path, at)
            )
        elif self.latest is None:
            self._tell(NO_HANDOFF if self._arranger is not None else NOT_HERE)

    def _ask_time(self, title: str, about: str, work: Callable[[Arranger, str], Done]) -> None:
        if not self._may_ask():
            return
        view = self._view
        resets_at = awaited(view.snapshot).resets_at if view and view.snapshot else None

        def take(at: str | None) -> None:
            if at:
                self._ask("arranging …", lambda arranger: _answer(work(arranger, at)))

        self.app.push_screen(AskTime(title, about, resets_at, self._clock, self._face), take)

    def _confirm(self, question: Question, work: Callable[[Arranger], Done]) -> None:
        def finish(answer: str | None) -> None:
            if answer == YES:
                self._ask("…", lambda arranger: _answer(work(arranger)))

        if self._may_ask():
            self.app.push_screen(Ask(question, self._face), finish)

    def _may_ask(self) -> bool:
        """Not in the demo, and not while something is being done."""
        self._tell(NOT_HERE if self._arranger is None else "" if not self.busy else self._told[0])
        return self._arranger is not None and not self.busy


def _answer(done: Done) -> Answered:
    return Answered("; ".join((done.sentence, *done.warnings)), job_id=done.job_id)
