"""What a plan form is told: the quota, a draft that was left, what was written."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from quota_tui.core.handoff import Handoff
from quota_tui.core.planstart import Window


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The quota as the form says it, of the window that binds.

    `next_window` is an estimate; `agents` are names that can be chosen.
    """

    used_pct: float | None = None
    used_is_estimate: bool = False
    resets_at: datetime | None = None
    next_window: Window = Window()
    agents: tuple[str, ...] = ()


class LeftDraft(msgspec.Struct, frozen=True):
    """A handoff that was not finished. `note` is a sentence about it, such as who else has it open."""

    handoff: Handoff
    saved_at: datetime
    note: str = ""


class Done(msgspec.Struct, frozen=True):
    """What came of something that was arranged: one sentence, and what the person should know besides.

    `job_id` names the job that it came to.
    """

    sentence: str
    warnings: tuple[str, ...] = ()
    job_id: str = ""


class Latest(msgspec.Struct, frozen=True):
    """The newest handoff: its file, what a person calls it, the folder it is for."""

    path: str
    title: str
    project: str = ""


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A handoff that was written. `command` starts the next session by hand, quoted for the person's shell.

    `arranged` says when it starts by itself, empty when it does not; `refused` why not, although that was
    wished. `notes` are sentences to tell with it, such as that a secret was masked.
    """

    path: Path
    handoff: Handoff = Handoff()
    command: str = ""
    arranged: str = ""
    refused: str = ""
    notes: tuple[str, ...] = ()
