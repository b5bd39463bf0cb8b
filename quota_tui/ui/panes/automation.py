"""Pane 5: the arranged next session."""

from __future__ import annotations

from quota_tui.core.phrases import NOTHING_SCHEDULED
from quota_tui.core.snapshot import Snapshot
from quota_tui.ui.panes.reserved import reserved_rows
from quota_tui.ui.rows import Row
from quota_tui.ui.view import View


def rows(view: View, snapshot: Snapshot, width: int, height: int) -> list[Row]:
    """Nothing can be arranged yet: said, with the key that will."""
    promise = f"{view.keys.get('automation', 'a')} will set one; not yet here"
    state = snapshot.automation.state
    return reserved_rows(view, state, NOTHING_SCHEDULED.capitalize(), promise, (width, height))
