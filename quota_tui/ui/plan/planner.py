"""What the plan screen asks of the world."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from quota_tui.core.handoff import Handoff
from quota_tui.core.handoff_check import Problem
from quota_tui.core.proposal import Proposed
from quota_tui.handing.form import Facts, LeftDraft, Written


class Planner(Protocol):
    """One form's access to the world; another form has another one.

    Everything blocks, may raise with a sentence for the person, and is called from threads. A form asks for
    `facts`, `proposal` and `draft`, in this order and whatever the ones before said.
    """

    def facts(self, now: datetime) -> Facts:
        """The quota, and the agents of the project."""
        ...

    def proposal(self, now: datetime) -> Proposed:
        """What is known without asking anybody."""
        ...

    def draft(self) -> LeftDraft | None:
        """The draft that was left, if there is one."""
        ...

    def save_draft(self, handoff: Handoff) -> None:
        """Keep the draft, atomically, in a place of this form's own: never over another one's."""
        ...

    def discard_draft(self) -> None:
        """The draft is not needed any more; none there is fine."""
        ...

    def check(self, handoff: Handoff) -> Sequence[Problem]:
        """What is missing or contradictory."""
        ...

    def preview(self, handoff: Handoff) -> str:
        """The document as it would be written."""
        ...

    def save(self, handoff: Handoff) -> Written:
        """Write the handoff."""
        ...

    def close(self) -> None:
        """The form is closed: let go of what is held for it. The draft stays."""
        ...
