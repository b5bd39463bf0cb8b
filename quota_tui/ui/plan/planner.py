"""What the plan screen asks of the world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

import msgspec

from quota_tui.core.handoff import Handoff
from quota_tui.core.planstart import Window


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The quota as the form says it. `next_window` is an estimate; `agents` are names that can be chosen."""

    used_pct: float | None = None
    used_is_estimate: bool = False
    resets_at: datetime | None = None
    next_window: Window = Window()
    agents: tuple[str, ...] = ()


class Proposed(msgspec.Struct, frozen=True):
    """A handoff filled in before the person types.

    `sources` says where a text of it came from, by field and text: `("accomplished", "Add JWT …")` is
    `commit 4f2c1e0, 16:52`. The fields are those of `core.planform.Spot`; an objective's steps are `step`.
    """

    handoff: Handoff
    sources: Mapping[tuple[str, str], str]


class Draft(msgspec.Struct, frozen=True):
    """A handoff that was not finished. `note` is a sentence about it, such as who else has it open."""

    handoff: Handoff
    saved_at: datetime
    note: str = ""


class Planner(Protocol):
    """Everything blocks, may raise with a sentence for the person, and is called from threads."""

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
        """Keep the draft, atomically. Must not replace one that another process is writing."""
        ...

    def discard_draft(self) -> None:
        """The draft is not needed any more; none there is fine."""
        ...

    def check(self, handoff: Handoff) -> Sequence[str]:
        """What is missing or contradictory, a sentence each."""
        ...

    def preview(self, handoff: Handoff) -> str:
        """The document as it would be written."""
        ...

    def save(self, handoff: Handoff) -> Path:
        """Write the handoff; its file."""
        ...

    def resume_command(self, handoff: Handoff, path: Path) -> str:
        """The line that starts the next session by hand, quoted for this platform's shell."""
        ...
