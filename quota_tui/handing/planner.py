"""What a plan form asks for, answered from the monitor, git, the transcript and the handoffs' folder."""

from __future__ import annotations

import os
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from quota_tui.core.estimating.learn import Learned
from quota_tui.core.handoff import START_MANUAL, Handoff
from quota_tui.core.handoff_check import Problem, check
from quota_tui.core.handoff_markdown import render
from quota_tui.core.proposal import Known, Proposed, propose
from quota_tui.core.ready import awaited
from quota_tui.core.secrets import mask_handoff
from quota_tui.core.snapshot import Basis, SessionState
from quota_tui.core.words import Face
from quota_tui.handing.estimating import Estimator
from quota_tui.handing.form import Done, Facts, LeftDraft, Written
from quota_tui.handing.known import gather, next_window
from quota_tui.handing.sizing import sized
from quota_tui.monitor.monitor import Monitor
from quota_tui.sources.handoff_facts import check_facts
from quota_tui.store.drafts import Draft
from quota_tui.store.files import StoreError
from quota_tui.store.handoffs import Handoffs, Saved
from quota_tui.store.memory import remember_handoff

MAX_TITLE = 80


class Planner:
    """One form's access to the world. All but making it blocks; StoreError says what stands in the way.

    `facts` come first: what is asked later rests on what was known then. `project` empty: that of the session
    `session_id`, else of the running or last session, else `here`. `arrange` lets a written handoff start by
    itself; without it nothing is arranged. `sizes`: what is written has an estimate for objectives that were
    typed without a number; what a program gives is written as it was given.
    """

    def __init__(
        self,
        monitor: Monitor,
        face: Face,
        clock: Callable[[], datetime],
        *,
        project: str = "",
        session_id: str = "",
        here: str = "",
        arrange: Callable[[Path], Done] | None = None,
        sizes: bool = False,
    ) -> None:
        self._monitor, self._face, self._clock, self._arrange = monitor, face, clock, arrange
        self._asked, self._sizes = (project, session_id, here), sizes
        self._known = Known()
        self._facts = Facts()
        self._sessions: tuple[SessionState, ...] = ()
        self._learned: Learned | None = None
        self._draft: Draft | None = None

    @property
    def project(self) -> str:
        """The folder that the handoff is for; empty before `facts`, and when none is known."""
        return self._known.session.project or self._known.git.root

    def facts(self, now: datetime) -> Facts:
        """The quota, and the agents of the project."""
        snapshot = self._monitor.collect(now, alerts=False)
        self._sessions = snapshot.sessions
        project, session_id, here = self._asked
        self._known = gather(
            snapshot,
            list(self._monitor.stores.index.stamps()),
            self._monitor.claude_dirs,
            project=project,
            session_id=session_id,
            here=here,
        )
        window = awaited(snapshot)
        self._facts = Facts(
            used_pct=window.used_pct,
            used_is_estimate=window.basis is not Basis.OFFICIAL,
            resets_at=window.resets_at,
            next_window=next_window(snapshot.five_hour),
            agents=self._agents(),
        )
        return self._facts

    def proposal(self, now: datetime) -> Proposed:
        """What is known without asking anybody, each objective with what it may take."""
        proposed = propose(self._known, now, self._face)
        return Proposed(self._sized(proposed.handoff), proposed.sources)

    def _sized(self, handoff: Handoff) -> Handoff:
        """With an estimate for each open objective that has no number, where history tells one."""
        if all(item.tokens is not None for item in handoff.objectives):
            return handoff
        try:
            if self._learned is None:
                self._learned = Estimator(self._monitor, self._clock()).learned
        except sqlite3.Error:
            return handoff  # without a history there is no estimate, but there is a handoff
        model = next((session.model for session in self._sessions if session.model), "")
        objectives = sized(handoff.objectives, self._learned, self.project, model)
        return msgspec.structs.replace(handoff, objectives=objectives)

    def _finished(self, handoff: Handoff) -> Handoff:
        """The handoff as it is written: titled; from a form also with estimates for what was typed."""
        return titled(self._sized(handoff) if self._sizes else handoff)

    def _agents(self) -> tuple[str, ...]:
        """Names of agents that the next session could open with: the project's, then the user's."""
        folders = [Path(self.project) / ".claude" / "agents"] if self.project else []
        folders += [config_dir / "agents" for config_dir in self._monitor.claude_dirs]
        names = [path.stem for folder in folders for path in sorted(folder.glob("*.md"))]
        return tuple(dict.fromkeys(names))

    # -- the draft

    def _held(self) -> Draft:
        """The slot of this form, taken when it is first needed."""
        if self._draft is None:
            self._draft = Draft(self._monitor.claude_dirs[0], self.project or os.path.expanduser("~"))
        return self._draft

    def draft(self) -> LeftDraft | None:
        """The draft that was left."""
        held = self._held()
        left = held.load()
        if left is None:
            return None
        return LeftDraft(left, datetime.fromtimestamp(held.path.stat().st_mtime, UTC))

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

    def check(self, handoff: Handoff) -> Sequence[Problem]:
        """What is missing or contradictory in what the form says; our own guesses are no reason to ask."""
        handoff = titled(handoff)
        facts = check_facts(
            handoff,
            self._clock(),
            available_tokens=self._facts.next_window.tokens,
            config_dirs=self._monitor.claude_dirs,
        )
        return check(handoff, facts, self._face)

    def preview(self, handoff: Handoff) -> str:
        """The document as it would be written, its secrets masked."""
        return render(mask_handoff(self._finished(handoff))[0])

    def save(self, handoff: Handoff) -> Written:
        """Write the handoff and forget the draft. One without a title is called by its first objective."""
        handoff, now, folder = self._finished(handoff), self._clock(), self._monitor.claude_dirs[0]
        if self._draft is not None:
            saved = self._draft.publish(handoff, now)
        else:
            saved = Handoffs(folder).save(handoff, now)
        done, refused = self._arranged(saved)
        return Written(
            path=saved.path,
            handoff=saved.handoff,
            command=resume_command(saved.handoff, saved.path),
            arranged=done.sentence,
            refused=refused,
            notes=(*_masked(saved), *_remembered(folder, saved, now), *done.warnings),
        )

    def _arranged(self, saved: Saved) -> tuple[Done, str]:
        """Let it start by itself when the person chose so; why that is not possible. It is written anyhow."""
        if self._arrange is None or saved.handoff.start in {"", START_MANUAL}:
            return Done(""), ""
        try:
            return self._arrange(saved.path), ""
        # Schedulers, terminals and the journal fail in ways of their own; each is told, nothing is lost.
        except Exception as error:  # noqa: BLE001
            return Done(""), f"it does not start by itself: {error}"


def _remembered(folder: Path, saved: Saved, now: datetime) -> tuple[str, ...]:
    """Put it in the project's memory; the handoff is there whether that works or not."""
    try:
        return remember_handoff(folder, saved.handoff, saved.path, now).notes
    except StoreError as error:
        return (f"the project's memory was not brought up to date: {error}",)


def _masked(saved: Saved) -> list[str]:
    return [f"{each.field}: masked what looks like {', '.join(each.kinds)}" for each in saved.masked]


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
