"""The automation screen: what is arranged, what happened to it, and what the person may do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from quota_tui.core.jobs.job import ARMED, ASKS, OPEN, Job
from quota_tui.core.jobs.words import state_word, what_words
from quota_tui.core.ready import awaited
from quota_tui.core.words import Face, cells, clean
from quota_tui.handing.form import Done
from quota_tui.ui.automation.arranger import Arranger
from quota_tui.ui.automation.ask_time import AskTime
from quota_tui.ui.automation.bindings import AUTOMATION_BINDINGS
from quota_tui.ui.automation.rows import page
from quota_tui.ui.collector import in_one_line
from quota_tui.ui.plan.asks import Ask, Question
from quota_tui.ui.plan.reading import ReadScreen
from quota_tui.ui.plan.scroller import Scroller
from quota_tui.ui.rows import ALARM, BOLD, MUTED, PLAIN, as_face, row, wrap
from quota_tui.ui.view import View
from quota_tui.ui.widgets.rows_widget import to_content

if TYPE_CHECKING:
    from quota_tui.ui.app import QuotaApp

NOT_HERE = "nothing is arranged here: this is a demo"
_YES, _NO = "yes", "no"


class Answered(Message):
    """What came of something that was asked; `document` is to be read on a page of its own."""

    def __init__(self, said: str, *, alarm: bool = False, title: str = "", document: str = "") -> None:
        super().__init__()
        self.said, self.alarm, self.title, self.document = said, alarm, title, document


class LatestRead(Message):
    """The title of the newest handoff."""

    def __init__(self, latest: str) -> None:
        super().__init__()
        self.latest = latest


class AutomationScreen(Screen[None]):
    """Draws the jobs of the app's view; asks the arranger in threads."""

    CSS_PATH = "automation.tcss"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = list(AUTOMATION_BINDINGS)

    def __init__(
        self, arranger: Arranger | None, clock: Callable[[], datetime], face: Face, keys: Mapping[str, str]
    ) -> None:
        super().__init__()
        self._arranger, self._clock, self._face, self._keys = arranger, clock, face, keys
        self._marked, self._latest = "", ""
        self._told: tuple[str, bool] = ("", False)
        self._busy = False

    def compose(self) -> ComposeResult:
        yield Static(id="auto-head")
        yield Scroller(id="auto-page")
        yield Static(id="auto-told")
        yield Static(id="auto-foot")

    def on_mount(self) -> None:
        self.query_one(Scroller).ascii_only = self._face.ascii
        self.watch(self.app, "view", self._draw)
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
        return next((job for job in jobs if job.id == self._marked), jobs[0] if jobs else None)

    def _draw(self) -> None:
        view = self._view
        if view is None or not self.is_mounted:
            return
        width = max(8, self.size.width - 3)
        self.query_one(Scroller).show_page(page(view, self._jobs, self._job(), self._latest, width))
        head = row((" Next sessions", BOLD))
        self.query_one("#auto-head", Static).update(to_content(as_face([head], self._face)))
        words, style = self._told[0], ALARM if self._told[1] else PLAIN
        lines = wrap(clean(words, self._face), self.size.width - 2, style, self._face, most=3)
        told = self.query_one("#auto-told", Static)
        told.display = bool(lines)
        told.update(to_content(as_face([row(" ", *line) for line in lines], self._face)))
        self._draw_keys()

    def _draw_keys(self) -> None:
        job = self._job()
        names = ["new"] if job is None or job.state not in OPEN else []
        if job is not None:
            names = ["preview", *names, "log"]
            names += ["start", "time"] if job.state in ARMED | ASKS else []
            names += ["cancel"] if job.state in OPEN | ASKS else []
        words = {each.id: each.description for each in AUTOMATION_BINDINGS}
        made, used = row(" "), 1
        for name in (*(f"automation.{each}" for each in names), "automation.back"):
            key, word = self._keys[name], words[name]
            used += cells(key) + cells(word) + 3
            if used > self.size.width:
                break
            made = (*made, *row((key, BOLD), (f" {word}  ", MUTED)))
        self.query_one("#auto-foot", Static).update(to_content(as_face([made], self._face)))

    def _tell(self, words: str, *, alarm: bool = False) -> None:
        self._told = (words, alarm)
        self._draw()

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
        if self._busy:
            return
        self._busy = True
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
        self._busy = False
        self._tell(message.said, alarm=message.alarm)
        if message.document and self.is_current:
            self.app.push_screen(ReadScreen(message.title, message.document, self._face))
        cast("QuotaApp", self.app).refresh_soon()

    @on(LatestRead)
    def take_latest(self, message: LatestRead) -> None:
        """Offer it."""
        self._latest = message.latest
        self._draw()

    # Actions.

    def action_step(self, by: int) -> None:
        """Mark another session; scroll where there is only one."""
        jobs, job = self._jobs, self._job()
        if job is None or len(jobs) < 2:
            self.query_one(Scroller).scroll_rows(by)
            return
        self._marked = jobs[(jobs.index(job) + by) % len(jobs)].id
        self._tell("")

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
        job = self._job()
        if job is not None and job.state in ARMED | ASKS:
            self._confirm(
                f"Start {what_words(job, self._face)[0]} now?",
                "A terminal opens with the client, whatever the quota says.",
                "Start it now",
                lambda arranger: arranger.run_now(job.id),
            )

    def action_cancel(self) -> None:
        """Call it off, once that is confirmed."""
        job = self._job()
        if job is not None and job.state in OPEN | ASKS:
            self._confirm(
                f"Call {what_words(job, self._face)[0]} off?",
                f"It is {state_word(job).lower()}. The handoff stays.",
                "Call it off",
                lambda arranger: arranger.cancel(job.id),
            )

    def action_time(self) -> None:
        """Ask for another time."""
        job = self._job()
        if job is None or job.state not in ARMED | ASKS:
            return

        def move(at: str | None) -> None:
            if at:
                self._ask("arranging …", lambda arranger: _answer(arranger.reschedule(job.id, at)))

        self.app.push_screen(AskTime("Another time", self._resets_at(), self._clock, self._face), move)

    def action_new(self) -> None:
        """Arrange the last handoff, at the time that is asked for."""
        job = self._job()
        if job is not None and job.state in OPEN:
            return

        def schedule(at: str | None) -> None:
            if at:
                self._ask("arranging …", lambda arranger: _answer(arranger.schedule("latest", at)))

        title = f"When does {self._latest or 'the last handoff'} start?"
        self.app.push_screen(AskTime(title, self._resets_at(), self._clock, self._face), schedule)

    def _resets_at(self) -> datetime | None:
        view = self._view
        return awaited(view.snapshot).resets_at if view is not None and view.snapshot is not None else None

    def _confirm(self, title: str, said: str, yes: str, work: Callable[[Arranger], Done]) -> None:
        question = Question(title=title, said=(said,), answers=((_NO, "No"), (_YES, yes)), back=_NO)

        def finish(answer: str | None) -> None:
            if answer == _YES:
                self._ask("…", lambda arranger: _answer(work(arranger)))

        self.app.push_screen(Ask(question, self._face), finish)


def _answer(done: Done) -> Answered:
    return Answered("; ".join((done.sentence, *done.warnings)))
