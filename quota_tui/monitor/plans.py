"""The tracked plan for the Snapshot: a look at the folder's and the files' times, and one query.

At rest nothing is read: the folder of trackings when it changed, the tracking and the plan file when they
did, and of the history only calls that are new.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from quota_tui.core.snapshot import PhasesState, SessionState
from quota_tui.core.tracking.state import Estimated, Tracking
from quota_tui.store.files import StoreError
from quota_tui.store.history import History
from quota_tui.store.projects import project_key
from quota_tui.store.tracking import Head, Loaded, TrackingError, Trackings, stamp_of

if TYPE_CHECKING:
    from quota_tui.core.estimating.estimate import PlanEstimate
    from quota_tui.core.tracking.projection import Projection
    from quota_tui.core.tracking.spent import Spent
    from quota_tui.core.velocity import Velocity
    from quota_tui.sources.plan_file import PlanFile
    from quota_tui.sources.project_edits import ProjectEdits
    from quota_tui.store.project_use import ProjectUse

_SETTLED_NS = 2 * 10**9
"""A folder changed so lately may have changed again within one tick of its clock: it is looked at anew."""


class TrackedPlans:
    """The plans that are tracked in one Claude Code configuration, seen through one history."""

    def __init__(self, history: History, config_dir: Path, wall_ns: Callable[[], int] = time.time_ns) -> None:
        self.trackings = Trackings(config_dir)
        self.notices: tuple[str, ...] = ()
        """Sentences about files that are not in order, as of the last look."""
        self._history = history
        self._wall_ns = wall_ns
        self._folder: tuple[int, int, int] | None = None
        self._open: list[Head] = []
        self._damaged: tuple[str, ...] = ()
        self._loaded: tuple[tuple[int, int, int] | None, Loaded] | None = None
        self._plan: PlanFile | None = None
        self._estimate: tuple[Estimated, PlanEstimate | None] | None = None
        self._uses: dict[str, ProjectUse] = {}
        self._edits: tuple[str, ProjectEdits] | None = None

    def forget(self, since_ms: int) -> None:
        """Calls at or after `since_ms` (Unix ms) have changed."""
        for use in self._uses.values():
            use.forget(since_ms)

    def state(
        self, now: datetime, sessions: Sequence[SessionState] = (), quota_left: int | None = None
    ) -> PhasesState:
        """The plan of the running session's project, else of the last one's, else the newest."""
        try:
            self._look()
            head = self._chosen(sessions)
            if head is None:
                self.notices = self._damaged
                return PhasesState(notices=self._damaged)
            loaded = self._load(head.id)
        except (StoreError, TrackingError) as error:
            self.notices = (str(error),)
            return PhasesState(notices=self.notices)
        self.notices = (*self._damaged, *loaded.notes)
        return self.state_of(loaded.tracking, now, quota_left, self.notices)

    def state_of(
        self,
        tracking: Tracking,
        now: datetime,
        quota_left: int | None = None,
        notices: Sequence[str] = (),
    ) -> PhasesState:
        """The state of one tracking. Raises sqlite3 errors."""
        # Only where a plan is tracked: `status` without one need not pay for reading plans.
        from quota_tui.core.tracking.view import phases_state

        plan = self.plan_of(tracking)
        if isinstance(plan, str):
            notices = (*notices, plan)
        spent = self.spent(tracking, now)
        return phases_state(
            tracking,
            spent,
            now,
            plan=None if isinstance(plan, str) else plan.plan,
            quota_left=quota_left,
            projection=self._projection(tracking, spent, now),
            notices=notices,
        )

    def _projection(self, tracking: Tracking, spent: Spent, now: datetime) -> Projection | None:
        """What the estimator makes of it by now; None where the plan has no estimate with a range."""
        from quota_tui.core.tracking.estimates import estimate_of, projected
        from quota_tui.core.tracking.spent import with_spent

        if self._estimate is None or self._estimate[0] != tracking.estimated:
            self._estimate = (tracking.estimated, estimate_of(tracking.estimated))
        estimate = self._estimate[1]
        return None if estimate is None else projected(with_spent(tracking, spent, now), estimate)

    def spent(self, tracking: Tracking, now: datetime) -> Spent:
        """What the tracking's spans used. Raises sqlite3 errors."""
        return self._use(tracking.project).spent(tracking.spans, now)

    def plan_of(self, tracking: Tracking) -> PlanFile | str:
        """The plan file as it is now, or a sentence on why there is none."""
        from quota_tui.sources.plan_file import PlanFileError, read_plan

        try:
            self._plan = read_plan(tracking.plan_file, self._plan)
        except PlanFileError as error:
            return f"{error}; the phases are as they were last seen"
        return self._plan

    def velocity(
        self, tracking: Tracking, now: datetime, transcripts: Mapping[str, tuple[int, int, int]]
    ) -> Velocity:
        """Velocity and rework of a tracking; `transcripts` are the index's stamps. Reads what is new."""
        from quota_tui.core.velocity import velocity
        from quota_tui.sources.project_edits import ProjectEdits

        use = self._use(tracking.project)
        if self._edits is None or self._edits[0] != tracking.id:
            folders = {tracking.project, os.path.realpath(tracking.project)}
            self._edits = (tracking.id, ProjectEdits(folders, use.is_in, tracking.start))
        spans = [(span.start, span.end) for span in tracking.spans]
        changes = self._edits[1].changes(transcripts, spans)
        spent = use.spent(tracking.spans, now)
        return velocity(changes, sum(each.tokens for each in spent.spans))

    def _use(self, project: str) -> ProjectUse:
        from quota_tui.store.project_use import ProjectUse

        known = self._uses.get(project)
        if known is None:
            known = self._uses[project] = ProjectUse(self._history, project)
        return known

    def _look(self) -> None:
        """Read the list of trackings again if it may have changed."""
        stamp = stamp_of(self.trackings.folder)
        if stamp is not None and stamp == self._folder:
            return
        self._open = [head for head in self.trackings.heads() if head.is_open] if stamp else []
        self._damaged = tuple(
            f"{path} is no tracking that can be read; repair it or remove it"
            for path in (self.trackings.damaged() if stamp else ())
        )
        is_settled = stamp is not None and self._wall_ns() - stamp[0] > _SETTLED_NS
        self._folder = stamp if is_settled else None

    def _chosen(self, sessions: Sequence[SessionState]) -> Head | None:
        if len(self._open) < 2:
            return self._open[0] if self._open else None
        keys = {project_key(head.project): head for head in reversed(self._open) if head.project}
        for session in sessions:
            head = keys.get(project_key(session.project)) if session.project else None
            if head is not None:
                return head
        return self._open[0]

    def _load(self, tracking_id: str) -> Loaded:
        stamp = self.trackings.stamp(tracking_id)
        if self._loaded is None or self._loaded[0] != stamp or self._loaded[1].tracking.id != tracking_id:
            self._loaded = (stamp, self.trackings.load(tracking_id))
        return self._loaded[1]
