"""The plan screen: one form for the handoff, filled in from what is known, written with one key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import msgspec
from textual import on

from quota_tui.core.handoff import START_AFTER_RESET, START_MANUAL, Handoff, start_instant
from quota_tui.core.handoff_check import Problem
from quota_tui.core.planform import sources_by_text, spot_named
from quota_tui.core.planstart import start_words
from quota_tui.core.words import Face, clean
from quota_tui.ui.plan.asks import Ask
from quota_tui.ui.plan.desk import Desk
from quota_tui.ui.plan.dialogs import (
    ANYWAY,
    CONTINUE,
    COPY,
    FRESH,
    draft_question,
    problems_question,
    saved_question,
)
from quota_tui.ui.plan.planner import Planner
from quota_tui.ui.plan.reading import ReadScreen
from quota_tui.ui.plan.sheet import Sheet
from quota_tui.ui.plan.work import Checked, DraftKept, MayLeave, Opened, Previewed, Saved, Work

READING = "reading git and the transcript …"
TOAST_S = 10


class PlanScreen(Desk):
    """Gives back the file of the handoff, or None when the person left; what they typed is a draft then."""

    TAKES_PALETTE_KEY = True
    """ctrl+p is the preview here."""

    def __init__(
        self, planner: Planner, clock: Callable[[], datetime], face: Face, keys: Mapping[str, str]
    ) -> None:
        super().__init__(clock, face, keys)
        self.told = (READING, False)
        self._work = Work(planner, clock, self.post_message)
        self._opened: Opened | None = None
        self._from_draft = self._leaves_anyway = self._reads_preview = False
        self._saving: Handoff | None = None
        self._problems: tuple[Problem, ...] = ()

    def on_mount(self) -> None:
        super().on_mount()
        self.watch(self.app, "app_focus", self._work.keep_now, init=False)
        self._work.open()

    def on_unmount(self) -> None:
        self._work.stop()

    # Beginning.

    @on(Opened)
    def take_opened(self, message: Opened) -> None:
        """Fill in the form; ask first when there is a draft."""
        if not self.is_current:  # the person left before it was read
            return
        self._opened, self.facts = message, message.facts
        self.told = ("; ".join(message.errors), True) if message.errors else ("", False)
        draft = message.draft
        if draft is not None and draft.handoff != message.proposed.handoff:
            self.app.push_screen(Ask(draft_question(draft, self._clock()), self._face), self._begin)
        else:
            self._begin(FRESH)

    def _begin(self, answer: str | None) -> None:
        opened = self._opened
        assert opened is not None
        if answer not in {CONTINUE, FRESH}:
            self.dismiss(None)
            return
        self._from_draft = answer == CONTINUE and opened.draft is not None
        handoff = opened.proposed.handoff
        if answer == CONTINUE and opened.draft is not None:
            handoff = _brought_up(opened.draft.handoff, handoff)
        if not handoff.start:
            start = START_AFTER_RESET if opened.facts.resets_at else START_MANUAL
            handoff = msgspec.structs.replace(handoff, start=start)
        self.sources = sources_by_text(opened.proposed)
        self.sheet = Sheet(handoff, self._face.zone or UTC)
        self.ready = True
        self.draw()
        self.preview_wanted()

    # While it is worked on.

    def changed(self) -> None:
        if self.ready:
            self._leaves_anyway = False
            self._work.keep(self._scheduled())
            self.preview_wanted()

    def preview_wanted(self) -> None:
        if self.beside.display and self.ready:
            self._work.preview(self._scheduled())

    def close_editor(self, text: str | None = None, *, force: bool = True) -> bool:
        closed = super().close_editor(text, force=force)
        self._work.keep_now()
        return closed

    @on(Previewed)
    def take_preview(self, message: Previewed) -> None:
        """Show it beside the form, or on a screen of its own when that was asked for."""
        self.document = message.text
        if self._reads_preview and self.is_current:
            self._reads_preview = False
            self.app.push_screen(ReadScreen("The handoff as it will be written", message.text, self._face))
        self.show_document()

    @on(DraftKept)
    def take_draft_kept(self, message: DraftKept) -> None:
        """Say when the draft cannot be kept, and when it can again."""
        self.standing = f"the draft is not kept: {message.error}" if message.error else ""
        self.tell("" if message.error else "the draft is kept again")

    def action_preview(self) -> None:
        """The document on the whole screen."""
        if self.ready:
            self._settle()
            self._reads_preview = True
            self._work.preview(self._scheduled())

    # Saving.

    def _settle(self) -> None:
        if self.sheet.editing:
            self.close_editor()

    def _scheduled(self) -> Handoff:
        """The handoff with the instant that its start comes to."""
        handoff, resets_at = self.sheet.handoff, self.facts.resets_at if self.facts else None
        at = start_instant(handoff.start, resets_at, self._face.zone or UTC)
        return msgspec.structs.replace(handoff, scheduled_for=at)

    def action_save(self) -> None:
        """Check, then write."""
        if not self.ready:
            return
        self._settle()
        self._wait("checking …")
        self._saving = self._scheduled()
        self._work.check(self._saving)

    def _wait(self, words: str) -> None:
        self.ready = False
        self.tell(words)

    def _go_on_working(self, words: str = "", *, alarm: bool = False) -> None:
        self.ready, self._saving = True, None
        self.tell(words, alarm=alarm)

    @on(Checked)
    def take_checked(self, message: Checked) -> None:
        """Save at once when all is well, else ask."""
        self._problems = message.problems
        if message.problems:
            self.app.push_screen(Ask(problems_question(message.problems), self._face), self._save_if)
        else:
            self._save_if(ANYWAY)

    def _save_if(self, answer: str | None) -> None:
        if answer != ANYWAY or self._saving is None:
            self._go_on_working()
            self._go_to_first_problem()
            return
        self._wait("saving …")
        self._work.save(self._saving)

    def _go_to_first_problem(self) -> None:
        for problem in self._problems:
            spot = spot_named(problem.field)
            if spot is not None:
                self.sheet.point_to(spot)
                self.draw()
                self.tell(problem.text)
                return

    @on(Saved)
    def take_saved(self, message: Saved) -> None:
        """Show the file; or why there is none, with everything still in the form."""
        written = message.written
        if written is None:
            self._go_on_working(f"not saved: {message.error}", alarm=True)
            return
        resets_at = self.facts.resets_at if self.facts else None
        refused = f"! {written.refused}" if written.refused else ""
        start = written.arranged or refused or f"Start: {self._start_words(resets_at)}"
        notes = (*written.notes, message.error) if message.error else written.notes
        question = saved_question(msgspec.structs.replace(written, notes=notes), start, self._face)

        def finish(answer: str | None) -> None:
            if answer == COPY:
                self.app.copy_to_clipboard(written.command)
                self._toast("The command is in the clipboard.")
            self.dismiss(written.path)

        self.app.push_screen(Ask(question, self._face), finish)

    def _start_words(self, resets_at: datetime | None) -> str:
        return start_words(self.sheet.handoff.start, resets_at, self._clock(), self._face)

    # Leaving.

    def action_leave(self) -> None:
        """Keep the draft and go. Where it cannot be kept, say so first."""
        if self._leaves_anyway or self.facts is None:
            self.dismiss(None)
        elif self.ready:
            self._wait("keeping the draft …" if self.sheet.changed else "")
            keeps = self.sheet.changed or self._from_draft
            self._work.leave(self._scheduled() if keeps else None)

    @on(MayLeave)
    def take_may_leave(self, message: MayLeave) -> None:
        """Go, unless something would be lost."""
        if message.error and self.sheet.changed:
            self._go_on_working(
                f"the draft is not kept: {message.error}; esc again leaves without it", alarm=True
            )
            self._leaves_anyway = True
            return
        if self.sheet.changed or self._from_draft:
            self._toast(f"The draft is kept: {self._keys.get('plan', 'p')} goes on with it.")
        self.dismiss(None)

    def _toast(self, words: str) -> None:
        self.app.notify(clean(words, self._face), timeout=TOAST_S, markup=False)


def _brought_up(draft: Handoff, now: Handoff) -> Handoff:
    """The draft with what is the present's: it is made now, with the quota of now."""
    if now.created_at is None:
        return draft
    return msgspec.structs.replace(draft, created_at=now.created_at, quota=now.quota)
