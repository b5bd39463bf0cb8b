"""What the plan screen asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from quota_tui.core.handoff_check import Problem
from quota_tui.core.words import Face, age, project_name
from quota_tui.handing.form import LeftDraft, Written
from quota_tui.ui.plan.asks import Question

CONTINUE, FRESH, LEAVE, ANYWAY, BACK, COPY, DONE = (
    "continue",
    "fresh",
    "leave",
    "anyway",
    "back",
    "copy",
    "done",
)


def draft_question(draft: LeftDraft, now: datetime) -> Question:
    """A draft was found."""
    handoff = draft.handoff
    named = f"“{handoff.title[:200]}”, " if handoff.title else ""
    count = len(handoff.objectives)
    said = f"Kept {age(draft.saved_at, now)}: {named}{count} objective{'s' * (count != 1)}."
    return Question(
        title="There is a draft",
        said=(said, draft.note) if draft.note else (said,),
        answers=((CONTINUE, "Go on with the draft"), (FRESH, "Begin anew; a change replaces the draft")),
        back=LEAVE,
    )


def problems_question(problems: Sequence[Problem]) -> Question:
    """The check found something."""
    count = len(problems)
    return Question(
        title=f"{count} thing{'s' * (count != 1)} to look at",
        said=tuple(problem.text for problem in problems),
        answers=((BACK, "Go back"), (ANYWAY, "Save anyway")),
        back=BACK,
        listed=True,
    )


def saved_question(written: Written, start: str, face: Face) -> Question:
    """The handoff was written."""
    said = [project_name(str(written.path), face), start]
    said += [f"! {note}" for note in written.notes]
    said += ["", written.command] if written.command else []
    copy = ((COPY, "Copy the command that starts it"),) if written.command else ()
    return Question(
        title="The handoff is saved", said=tuple(said), answers=((DONE, "Done"), *copy), back=DONE
    )
