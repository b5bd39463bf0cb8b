"""What the plan form asks for, answered from the monitor, git, the transcript and the handoffs' folder."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from quota_tui.core.handoff import Handoff
from quota_tui.core.handoff_check import check
from quota_tui.core.handoff_markdown import render
from quota_tui.core.proposal import Proposed, propose
from quota_tui.core.secrets import mask_handoff
from quota_tui.core.words import Face
from quota_tui.handing.known import NextWindow, gather, next_window
from quota_tui.monitor.monitor import Monitor
from quota_tui.sources.handoff_facts import check_facts
from quota_tui.store.drafts import Draft
from quota_tui.store.handoffs import Handoffs, Saved
from quota_tui.store.memory import remember_handoff

MAX_TITLE = 80


class Planner:
    """Plans the next session of one project. Everything blocks; StoreError says what stands in the way.

    `project` empty: that of the running session, else of the last one.
    """

    def __init__(
        self, monitor: Monitor, face: Face, now: datetime, project: str = "", session_id: str = ""
    ) -> None:
        self._monitor = monitor
        self._face = face
        self.snapshot = monitor.collect(now, alerts=False)
        self.config_dirs = monitor.claude_dirs
        transcripts = list(monitor.stores.index.stamps())
        self._known = gather(
            self.snapshot, transcripts, self.config_dirs, project=project, session_id=session_id
        )
        self.project = project or self._known.session.project or self._known.git.root
        self._draft: Draft | None = None
        self._left: Handoff | None = None

    @property
    def handoffs(self) -> Handoffs:
        """The folder of the configuration in force."""
        return Handoffs(self.config_dirs[0])

    @property
    def resets_at(self) -> datetime | None:
        """When the five-hour window resets."""
        return self.snapshot.five_hour.resets_at

    def next_window(self) -> NextWindow:
        """What the next window will hold."""
        return next_window(self.snapshot.five_hour)

    def proposal(self, now: datetime) -> Proposed:
        """What is known without asking anybody."""
        return propose(self._known, now, self._face)

    def agents(self) -> tuple[str, ...]:
        """Names of agents that the next session could open with: the project's, then the user's."""
        folders = [Path(self.project) / ".claude" / "agents"] if self.project else []
        folders += [config_dir / "agents" for config_dir in self.config_dirs]
        names = [path.stem for folder in folders for path in sorted(folder.glob("*.md"))]
        return tuple(dict.fromkeys(names))

    # -- the draft

    def _held(self) -> Draft:
        if self._draft is None:
            self._draft = Draft(self.config_dirs[0], self.project or os.path.expanduser("~"))
            self._left = self._draft.load()  # before the first save: else it would count as another form's
        return self._draft

    def draft(self) -> tuple[Handoff, datetime] | None:
        """The draft that was left, and when it was last saved."""
        held = self._held()
        if self._left is None:
            return None
        return self._left, datetime.fromtimestamp(held.path.stat().st_mtime, UTC)

    def save_draft(self, handoff: Handoff) -> None:
        """Keep what is typed."""
        self._held().save(handoff)

    def discard_draft(self) -> None:
        """The draft is not needed any more."""
        self._held().discard()

    def close(self) -> None:
        """Let go of the draft's slot; the draft stays."""
        if self._draft is not None:
            self._draft.close()
            self._draft = None

    # -- the handoff

    def check(self, handoff: Handoff, now: datetime) -> Sequence[str]:
        """What is missing or contradictory, a sentence each."""
        facts = check_facts(
            handoff, now, available_tokens=self.next_window().tokens, config_dirs=self.config_dirs
        )
        return [problem.text for problem in check(handoff, facts, self._face)]

    def preview(self, handoff: Handoff) -> str:
        """The document as it would be written, its secrets masked."""
        return render(mask_handoff(handoff)[0])

    def save(self, handoff: Handoff, now: datetime) -> Saved:
        """Write the handoff and forget the draft. One without a title is called by its first objective."""
        handoff = titled(handoff)
        if self._draft is not None:
            saved = self._draft.publish(handoff, now)
        else:
            saved = self.handoffs.save(handoff, now)
        remember_handoff(self.config_dirs[0], saved.handoff, saved.path, now)
        return saved


def titled(handoff: Handoff) -> Handoff:
    """The handoff with a title, if there is anything to make one of."""
    lines = handoff.objectives[0].text.strip().splitlines() if handoff.objectives else []
    if handoff.title.strip() or not lines:
        return handoff
    first = lines[0]
    title = first if len(first) <= MAX_TITLE else first[: MAX_TITLE - 1] + "…"
    return msgspec.structs.replace(handoff, title=title)


def resume_command(handoff: Handoff, path: Path) -> str:
    """The line that starts the next session by hand, quoted for this platform's shell.

    The prompt names the file; nothing of what the file says goes through a shell.
    """
    words = ["claude"]
    if handoff.agent:
        words += ["--agent", handoff.agent]
    words.append(f"Read the handoff {path} and begin with its first objective.")
    if sys.platform == "win32":
        return subprocess.list2cmdline(words)
    start = f"cd {shlex.quote(handoff.project)} && " if handoff.project else ""
    return start + shlex.join(words)
