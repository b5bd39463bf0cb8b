"""What a person does with a tracked plan, from a shell or a key: count, change the file, write the report."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from quota_tui.core.plans.edit import encode, mark_done
from quota_tui.core.snapshot import PhasesState
from quota_tui.core.tracking import steps
from quota_tui.core.tracking.matching import merge, signature
from quota_tui.core.tracking.report import ModelChange, Report
from quota_tui.core.tracking.spent import with_spent
from quota_tui.core.tracking.state import Estimated, Tracking
from quota_tui.core.velocity import Velocity
from quota_tui.monitor.monitor import Monitor
from quota_tui.monitor.plans import TrackedPlans
from quota_tui.sources.plan_file import PlanFile, read_plan
from quota_tui.store.files import write_atomic
from quota_tui.store.projects import project_key, project_path
from quota_tui.store.session_reports import SessionReports
from quota_tui.store.tracking import Loaded, TrackingError, Trackings

NOTHING = "no plan is tracked in this project; `quota-tui track start PLAN.md` begins one"


class Stopped(msgspec.Struct, frozen=True):
    """A tracking that was ended, and its report."""

    loaded: Loaded
    report: Path


class Tracker:
    """The tracked plan of one project. Everything blocks.

    Raises TrackingError (also for steps that are not possible) and StoreError: one sentence each, and
    nothing has changed; sqlite3 errors where the history cannot be used.
    """

    def __init__(self, monitor: Monitor, project: str) -> None:
        assert monitor.plans is not None, "a monitor with a Claude Code configuration"
        self._monitor = monitor
        self.project = project_path(project)
        self.trackings: Trackings = monitor.plans.trackings
        self.reports = SessionReports(monitor.claude_dirs[0])

    @property
    def plans(self) -> TrackedPlans:
        """The monitor's own: another one after a damaged file was replaced."""
        assert self._monitor.plans is not None
        return self._monitor.plans

    def active_id(self) -> str:
        """The id of the plan in work. Raises TrackingError when there is none."""
        head = self.trackings.active(self.project)
        if head is None:
            raise TrackingError(NOTHING)
        return head.id

    def start(
        self,
        plan_file: str,
        now: datetime,
        *,
        estimated: Estimated | None = None,
        claude_session: str = "",
    ) -> Loaded:
        """Begin to track a plan; without an estimate the plan's own numbers are taken.

        Raises PlanFileError too.
        """
        found = read_plan(os.path.realpath(plan_file))

        def make(tracking_id: str) -> Tracking:
            return steps.begin(
                found.plan,
                now,
                tracking_id=tracking_id,
                plan_file=found.path,
                project=self.project,
                estimated=estimated,
                claude_session=claude_session,
            )

        return _telling(lambda: self.trackings.begin(self.project, claude_session, now, make))

    def state(self, now: datetime, quota_left: int | None = None) -> PhasesState:
        """The plan in work; raises TrackingError when there is none."""
        loaded = self.trackings.load(self.active_id())
        return self._monitor.attempt(
            lambda: self.plans.state_of(loaded.tracking, now, quota_left, loaded.notes)
        )

    def phase_done(self, now: datetime, expected: str = "", *, tick: bool = False) -> Loaded:
        """The phase in work is done; `tick` marks it in the plan file. `expected`: the key that was seen."""
        before = self.trackings.load(self.active_id()).tracking
        current = before.current
        loaded = self._step(now, lambda tracking: steps.finish_phase(tracking, now, expected))
        if tick and current is not None:
            self._mark(before, current.key)
        return loaded

    def phase_start(self, number: int, now: datetime) -> Loaded:
        """Go to a phase, also back to one that was done."""

        def change(tracking: Tracking) -> Tracking:
            wanted = tracking.phases[number - 1].key if 1 <= number <= len(tracking.phases) else ""
            return steps.start_phase(tracking, number, now, self._seen(tracking, wanted))

        return self._step(now, change)

    def dismiss(self, now: datetime) -> Loaded:
        """The phase that looks done is not."""

        def change(tracking: Tracking) -> Tracking:
            current = tracking.current
            return steps.dismiss(tracking, self._seen(tracking, current.key) if current else "")

        return self._step(now, change)

    def note(self, text: str, now: datetime) -> Loaded:
        """A note on the phase in work."""
        return self._step(now, lambda tracking: steps.add_note(tracking, text))

    def why(
        self,
        category: str,
        now: datetime,
        *,
        number: int | None = None,
        reason: str = "",
        preventable: bool | None = None,
        lesson: str = "",
    ) -> Loaded:
        """Why a phase deviated."""

        def change(tracking: Tracking) -> Tracking:
            return steps.explain(
                tracking, category, number=number, reason=reason, preventable=preventable, lesson=lesson
            )

        return self._step(now, change)

    def pause(self, now: datetime) -> Loaded:
        """Do not count from now on."""
        return self._step(now, lambda tracking: steps.pause(tracking, now))

    def resume(self, now: datetime) -> Loaded:
        """Count again."""
        return self._step(now, lambda tracking: steps.resume(tracking, now))

    def stop(
        self, now: datetime, *, changes: Sequence[ModelChange] = (), window_tokens: int | None = None
    ) -> Stopped:
        """The end; writes the report. `changes` are what an estimator learned from it.

        Of a plan whose end was kept by a program that was then killed the report is written now.
        """
        left = self._without_report()
        loaded = left or self._step(now, lambda tracking: steps.stop(tracking, now))
        report = self.write_report(loaded.tracking, now, changes=changes, window_tokens=window_tokens)
        return Stopped(loaded, report)

    def _without_report(self) -> Loaded | None:
        """The project's newest plan, where it has ended and has no report."""
        if self.trackings.active(self.project) is not None:
            return None
        wanted = project_key(self.project)
        heads = (head for head in self.trackings.heads() if head.project)
        last = next((head for head in heads if project_key(head.project) == wanted), None)
        if last is None or self.reports.path(last.id).exists():
            return None
        return self.trackings.load(last.id)

    def session_ended(self, claude_session: str, now: datetime) -> Path | None:
        """The session in which the plan was started has ended: the report so far, or the last one.

        The plan ends with the session when every phase is done; else it waits for the next session. None
        when no plan of that session is in work.
        """
        head = self.trackings.active(self.project)
        tracking = self.trackings.load(head.id).tracking if head is not None else None
        if tracking is None or not claude_session or tracking.claude_session != claude_session:
            return None
        if tracking.current is None:
            return self.stop(now).report
        return self.write_report(self._counted(tracking, now), now)

    def write_report(
        self,
        tracking: Tracking,
        now: datetime,
        *,
        changes: Sequence[ModelChange] = (),
        window_tokens: int | None = None,
    ) -> Path:
        """Write the report of a tracking (again). Raises StoreError."""
        return self.reports.save(
            Report(
                tracking=tracking,
                velocity=self.velocity(tracking, now),
                changes=tuple(changes),
                before=tuple(self.reports.heads()),
                window_tokens=window_tokens,
            )
        )

    def velocity(self, tracking: Tracking, now: datetime) -> Velocity:
        """Token velocity and rework so far. Keep the tracker: then only what is new is read."""
        return self._monitor.attempt(
            lambda: self.plans.velocity(tracking, now, self._monitor.stores.index.stamps())
        )

    def _step(self, now: datetime, step: Callable[[Tracking], Tracking]) -> Loaded:
        """Count, take what the plan file says now, do the step, and count again: spans begin and end."""

        def change(tracking: Tracking) -> Tracking:
            counted = self._counted(tracking, now)
            plan = self.plans.plan_of(counted)
            if isinstance(plan, PlanFile):
                counted = merge(counted, plan.plan).tracking
            return self._counted(step(counted), now)

        tracking_id = self.active_id()
        return _telling(lambda: self.trackings.change(tracking_id, change))

    def _counted(self, tracking: Tracking, now: datetime) -> Tracking:
        spent = self._monitor.attempt(lambda: self.plans.spent(tracking, now))
        return with_spent(tracking, spent, now)

    def _seen(self, tracking: Tracking, key: str) -> str:
        plan = self.plans.plan_of(tracking)
        if not isinstance(plan, PlanFile):
            return ""
        phase = merge(tracking, plan.plan).pairs.get(key)
        return signature(phase) if phase is not None else ""

    def _mark(self, tracking: Tracking, key: str) -> None:
        """Mark a phase in the plan file: its own characters only."""
        plan = self.plans.plan_of(tracking)
        if not isinstance(plan, PlanFile):
            raise TrackingError(plan)
        phase = merge(tracking, plan.plan).pairs.get(key)
        if phase is not None:
            marked = mark_done(plan.text, phase)
            if marked != plan.text:
                write_atomic(Path(plan.path), encode(marked))


def _telling(work: Callable[[], Loaded]) -> Loaded:
    try:
        return work()
    except steps.TrackError as error:
        raise TrackingError(str(error)) from error
