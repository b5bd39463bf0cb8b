"""Everything that a handoff can be filled in with before anybody types: session, git, quota, the last one."""

from __future__ import annotations

import os
from datetime import timedelta

from msgspec.structs import replace

from quota_tui.core.facts import SessionFacts
from quota_tui.core.handoff import Handoff, Quota
from quota_tui.core.phrases import zone_window
from quota_tui.core.proposal import Known
from quota_tui.core.snapshot import Snapshot
from quota_tui.sources.git import read_git
from quota_tui.sources.session_facts import read_session

BEFORE_START = timedelta(seconds=1)
"""Git tells whole seconds: a commit of the session's first second is the session's."""


def gather(
    transcript: str, project: str, snapshot: Snapshot | None, last: Handoff | None, git_timeout_s: float = 2.0
) -> Known:
    """What is known of the session of a transcript (which need not exist) in a project.

    `last` is the project's last handoff. Never raises for what a file or git says.
    """
    facts = SessionFacts()
    if transcript and os.path.isfile(transcript):
        try:
            facts = read_session(transcript)
        except OSError:
            facts = SessionFacts()  # gone since
    since = facts.started_at - BEFORE_START if facts.started_at is not None else None
    return Known(
        session=replace(facts, project=project),
        git=read_git(project, since, timeout_s=git_timeout_s),
        last=last,
        quota=quota_of(snapshot) if snapshot is not None else Quota(),
    )


def quota_of(snapshot: Snapshot) -> Quota:
    """The window that binds, whose reset the next session waits for, and what a five-hour window holds."""
    state = zone_window(snapshot)
    return Quota(
        used_pct=state.used_pct,
        basis=state.basis.value,
        resets_at=state.resets_at,
        next_tokens=snapshot.five_hour.limit_tokens,
    )
