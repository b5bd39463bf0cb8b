"""What the dashboard does with plans: estimate one, follow it, and read what came of it.

Everything blocks and raises with one sentence for the person.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime

from quota_tui.core.estimating.numbers import EstimateNumbers
from quota_tui.core.snapshot import PhaseEnd, Snapshot
from quota_tui.core.tracking.report_head import Head
from quota_tui.core.velocity import Velocity
from quota_tui.core.words import tokens
from quota_tui.handing.estimating import Estimate, Estimator
from quota_tui.handing.known import last_handoff
from quota_tui.handing.open_work import open_work
from quota_tui.handing.tracker import Tracker
from quota_tui.handing.tracking import begin, finish
from quota_tui.monitor.monitor import Monitor
from quota_tui.sources.plan_candidates import plan_candidates
from quota_tui.store.projects import project_path
from quota_tui.store.session_reports import SessionReports


class Following:
    """The plans of the project that is worked on: of the plan in work, else of the last session."""

    def __init__(self, monitor: Monitor, clock: Callable[[], datetime]) -> None:
        self._monitor, self._clock = monitor, clock
        self._shown: dict[str, Estimate] = {}
        self._tracker: Tracker | None = None

    def _look(self) -> Snapshot:
        return self._monitor.collect(self._clock(), alerts=False)

    def _project(self, snapshot: Snapshot) -> str:
        known = [snapshot.phases.project, *(each.project for each in snapshot.sessions)]
        last = last_handoff(self._monitor.claude_dirs)
        known.append(last.project if last is not None else "")
        return project_path(next((each for each in known if each), os.getcwd()))

    def _of(self, snapshot: Snapshot) -> Tracker:
        """The tracker of the project; kept, so that only what is new is read."""
        project = self._project(snapshot)
        if self._tracker is None or self._tracker.project != project:
            self._tracker = Tracker(self._monitor, project)
        return self._tracker

    # -- estimating

    def plans(self) -> tuple[str, ...]:
        """Files that may be the project's plan, the likeliest first."""
        snapshot = self._look()
        project = self._project(snapshot)
        _, tracked = open_work(self._monitor.claude_dirs[0], project)
        last = last_handoff(self._monitor.claude_dirs, project)
        return plan_candidates(project, [tracked, last.plan_file if last is not None else ""])

    def estimate(self, path: str) -> EstimateNumbers:
        """What a plan will take."""
        snapshot = self._look()
        estimator = Estimator(self._monitor, self._clock())
        found = estimator.estimate(os.path.expanduser(path), snapshot, self._project(snapshot))
        self._shown[path] = found
        return found.numbers

    def save(self, path: str) -> str:
        """Keep the estimate that was shown; a new one where the file says something else by now."""
        shown = self._shown.get(path)
        if shown is None or not shown.is_current():
            self.estimate(path)
        Estimator(self._monitor, self._clock()).save(self._shown[path])
        return "kept: it is what the plan will be judged by while its file is as it is"

    def start(self, path: str) -> str:
        """Begin to track a plan, with its estimate."""
        snapshot = self._look()
        loaded = begin(self._monitor, self._of(snapshot), os.path.expanduser(path), snapshot, self._clock())
        total = loaded.tracking.estimated.total
        about = f", ≈{tokens(total)} tokens" if total else ""
        count = len(loaded.tracking.phases)
        return "; ".join((f"tracking {count} phase{'s' * (count != 1)}{about}", *loaded.notes))

    # -- following

    def phase_done(self, expected: str = "") -> PhaseEnd | None:
        """The phase in work is done; what came of it."""
        snapshot = self._look()
        tracker = self._of(snapshot)
        tracker.phase_done(self._clock(), expected)
        return tracker.state(self._clock(), snapshot.five_hour.remaining_tokens).ended

    def phase_start(self, number: int) -> None:
        """Go to a phase."""
        self._of(self._look()).phase_start(number, self._clock())

    def dismiss(self) -> None:
        """The phase that looks done is not."""
        self._of(self._look()).dismiss(self._clock())

    def why(self, category: str) -> None:
        """Why the last phase deviated."""
        self._of(self._look()).why(category, self._clock())

    def note(self, text: str) -> None:
        """A note on the phase in work."""
        self._of(self._look()).note(text, self._clock())

    def pause(self) -> None:
        """Do not count from now on."""
        self._of(self._look()).pause(self._clock())

    def resume(self) -> None:
        """Count again."""
        self._of(self._look()).resume(self._clock())

    def stop(self) -> str:
        """The end; the id of the report."""
        snapshot = self._look()
        stopped = finish(self._monitor, self._of(snapshot), snapshot, self._clock())
        return stopped.loaded.tracking.id

    def velocity(self) -> Velocity | None:
        """Token velocity and rework of the plan in work; None when there is none."""
        snapshot = self._look()
        if snapshot.phases.state == "none":
            return None
        tracker = self._of(snapshot)
        tracking = tracker.trackings.load(snapshot.phases.id).tracking
        return tracker.velocity(tracking, self._clock())

    # -- reports

    @property
    def _reports(self) -> SessionReports:
        return SessionReports(self._monitor.claude_dirs[0])

    def reports(self) -> tuple[Head, ...]:
        """The heads of all reports, the newest first."""
        return tuple(self._reports.heads())

    def report(self, report_id: str) -> str:
        """A report as markdown."""
        return self._reports.text(report_id)
