"""What is still open of the plan that is tracked in a project: for a handoff."""

from __future__ import annotations

from pathlib import Path

from quota_tui.core.facts import OpenPhase
from quota_tui.core.tracking.matching import open_phases
from quota_tui.sources.plan_file import PlanFileError, read_plan
from quota_tui.store.files import StoreError
from quota_tui.store.tracking import TrackingError, Trackings


def open_work(config_dir: Path, project: str) -> tuple[tuple[OpenPhase, ...], str]:
    """(open phases, plan file) of the plan that is tracked in a project, for a handoff; never raises."""
    trackings = Trackings(config_dir)
    try:
        head = trackings.active(project) if project else None
        tracking = trackings.load(head.id).tracking if head is not None else None
    except (StoreError, TrackingError):
        return (), ""
    if tracking is None:
        return (), ""
    try:
        plan = read_plan(tracking.plan_file).plan
    except PlanFileError:
        plan = None
    return open_phases(tracking, plan), tracking.plan_file
