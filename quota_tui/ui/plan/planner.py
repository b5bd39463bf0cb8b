"""What the plan screen asks of the world."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

import msgspec

from quota_tui.core.handoff import Handoff
from quota_tui.core.handoff_check import Problem
from quota_tui.core.planstart import Window
from quota_tui.core.proposal import Proposed


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The quota as the form says it. `next_window` is an estimate; `agents` are names that can be chosen."""

    used_pct: float | None = None
    used_is_estimate: bool = False
    resets_at: datetime | None = None
    next_window: Window = Window()
    agents: tuple[str, ...] = ()


class Draft(msgspec.Struct, frozen=True):
    """A handoff that was not finished. `note` is a sentence about it, such as who else has it open."""

    handoff: Handoff
    saved_at: datetime
    note: str = ""


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A handoff that was written. `command` starts the next session by hand, quoted for the person's shell.

    `notes` are sentences to tell with it, such as that a secret was masked.
    """

    path: Path
    command: str = ""
    notes: tuple[str, ...] = ()


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

    def draft(self) -> Draft | None:
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
