"""Pane 4: how the plan is going."""

from __future__ import annotations

from quota_tui.core.phrases import NO_PLAN
from quota_tui.core.snapshot import Snapshot
from quota_tui.ui.panes.reserved import reserved_rows
from quota_tui.ui.rows import Row
from quota_tui.ui.view import View


def rows(view: View, snapshot: Snapshot, width: int, height: int) -> list[Row]:
    """No plan can be loaded yet: said, with the key that will."""
    promise = f"{view.keys.get('plan', 'p')} will load one; not yet here"
    return reserved_rows(view, snapshot.phases.state, NO_PLAN.capitalize(), promise, (width, height))
