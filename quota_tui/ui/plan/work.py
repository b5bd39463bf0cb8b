"""What the plan screen has done in threads, and the messages that tell how it went."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from textual.message import Message

from quota_tui.core.handoff import Handoff
from quota_tui.core.handoff_check import Problem
from quota_tui.core.proposal import Proposed
from quota_tui.handing.form import Facts, LeftDraft, Written
from quota_tui.ui.collector import in_one_line
from quota_tui.ui.plan.follower import Follower
from quota_tui.ui.plan.planner import Planner

DRAFT_SPACING_S = 1.0
PREVIEW_SPACING_S = 0.25
PATIENCE_S = 10.0
"""How long a draft may take to be kept before the person is told."""
LAST_PATIENCE_S = 2.0
"""The same when the whole program ends."""


class Opened(Message):
    """What the form begins with. `errors` are lines about what could not be read."""

    def __init__(
        self, facts: Facts, proposed: Proposed, draft: LeftDraft | None, errors: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self.facts, self.proposed, self.draft, self.errors = facts, proposed, draft, tuple(errors)


class DraftKept(Message):
    """The draft is on disk; with an `error`, it is not."""

    def __init__(self, error: str = "") -> None:
        super().__init__()
        self.error = error


class Previewed(Message):
    """The document as it would be written."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Checked(Message):
    """What is missing or contradictory."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__()
        self.problems = tuple(problems)


class Saved(Message):
    """What was written; without it, why not."""

    def __init__(self, written: Written | None, error: str = "") -> None:
        super().__init__()
        self.written, self.error = written, error


class MayLeave(Message):
    """The draft is safe, or there is none; with an `error`, it is not."""

    def __init__(self, error: str = "") -> None:
        super().__init__()
        self.error = error


class Work:
    """Runs a planner's calls in threads. `post` takes the messages."""

    def __init__(
        self, planner: Planner, clock: Callable[[], datetime], post: Callable[[Message], object]
    ) -> None:
        self._planner, self._clock, self._post = planner, clock, post
        self._drafts: Follower[Handoff] = Follower("plan-draft", self._keep, DRAFT_SPACING_S)
        self._previews: Follower[Handoff] = Follower("plan-preview", self._preview, PREVIEW_SPACING_S)
        self._draft_error = ""
        self._wrote_draft = self._closed = False

    def open(self) -> None:
        """Read what the form begins with; answered by `Opened`."""
        self._start("plan-open", self._open)

    def keep(self, handoff: Handoff) -> None:
        """Keep this draft soon; told when it cannot be, and when it can again."""
        self._drafts.give(handoff)

    def keep_now(self) -> None:
        """What waits to be kept is kept without delay."""
        self._drafts.hurry()

    def preview(self, handoff: Handoff) -> None:
        """Answered by `Previewed`, for the last handoff that was given."""
        self._previews.give(handoff)

    def check(self, handoff: Handoff) -> None:
        """Answered by `Checked`."""
        self._start("plan-check", lambda: self._check(handoff))

    def save(self, handoff: Handoff) -> None:
        """Answered by `Saved`; the draft goes when the handoff is there."""
        self._start("plan-save", lambda: self._save(handoff))

    def leave(self, draft: Handoff | None) -> None:
        """Answered by `MayLeave` once the draft is on disk; without one, what was written of it goes."""
        self._start("plan-leave", lambda: self._leave(draft))

    def stop(self) -> None:
        """The program may end at once: what waits is kept first."""
        self._drafts.flush(LAST_PATIENCE_S)
        self._drafts.stop()
        self._previews.stop()
        self._let_go(discard=False)

    def _start(self, name: str, work: Callable[[], None]) -> None:
        threading.Thread(target=work, name=name, daemon=True).start()

    # In threads. Whatever goes wrong there is told in one line, and the form stays as it is.

    def _open(self) -> None:
        errors: list[str] = []
        facts, proposed, draft = Facts(), Proposed(Handoff(), {}), None
        now = self._clock()
        try:
            facts = self._planner.facts(now)
        except Exception as error:  # noqa: BLE001
            errors.append(f"the quota cannot be read: {in_one_line(error)}")
        try:
            proposed = self._planner.proposal(now)
        except Exception as error:  # noqa: BLE001
            errors.append(f"nothing could be filled in: {in_one_line(error)}")
        try:
            draft = self._planner.draft()
        except Exception as error:  # noqa: BLE001
            errors.append(f"the draft cannot be read: {in_one_line(error)}")
        self._post(Opened(facts, proposed, draft, errors))

    def _keep(self, handoff: Handoff) -> None:
        before = self._draft_error
        try:
            self._planner.save_draft(handoff)
            self._draft_error, self._wrote_draft = "", True
        except Exception as error:  # noqa: BLE001
            self._draft_error = in_one_line(error)
        if self._draft_error != before:
            self._post(DraftKept(self._draft_error))

    def _preview(self, handoff: Handoff) -> None:
        try:
            text = self._planner.preview(handoff)
        except Exception as error:  # noqa: BLE001
            text = f"no preview: {in_one_line(error)}"
        self._post(Previewed(text))

    def _check(self, handoff: Handoff) -> None:
        try:
            problems = list(self._planner.check(handoff))
        except Exception as error:  # noqa: BLE001
            problems = [Problem("", f"it could not be checked: {in_one_line(error)}")]
        self._post(Checked(problems))

    def _save(self, handoff: Handoff) -> None:
        # A draft that is written after the handoff would be offered once more.
        self._drafts.forget(PATIENCE_S)
        try:
            written = self._planner.save(handoff)
        except Exception as error:  # noqa: BLE001
            self._drafts.give(handoff)
            self._post(Saved(None, in_one_line(error)))
            return
        error_words = self._let_go(discard=True)
        self._post(Saved(written, f"the draft could not be removed: {error_words}" if error_words else ""))

    def _leave(self, draft: Handoff | None) -> None:
        if draft is None:
            self._drafts.forget(PATIENCE_S)
            error_words = self._let_go(discard=self._wrote_draft)
        else:
            self._drafts.give(draft)
            done = self._drafts.flush(PATIENCE_S)
            error_words = self._draft_error if done else "the disk does not answer"
            if not error_words:
                error_words = self._let_go(discard=False)
        self._post(MayLeave(error_words))

    def _let_go(self, *, discard: bool) -> str:
        """Close the planner, without a draft where none is needed; one line about what went wrong."""
        try:
            if discard:
                self._planner.discard_draft()
            self._close_once()
        except Exception as error:  # noqa: BLE001
            return in_one_line(error)
        return ""

    def _close_once(self) -> None:
        if not self._closed:
            self._closed = True
            self._planner.close()
