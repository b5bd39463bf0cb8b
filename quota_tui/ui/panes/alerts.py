"""The alerts of today with their words."""

from __future__ import annotations

from quota_tui.core.snapshot import Snapshot
from quota_tui.core.words import clean
from quota_tui.ui.panes.zone import alert_row, recent_alerts
from quota_tui.ui.rows import MUTED, PLAIN, Row, plain, wrap
from quota_tui.ui.view import View

EMPTY = "No alert so far"


def rows(view: View, snapshot: Snapshot, width: int, height: int) -> list[Row]:
    """Newest first; each with its text where there is room for all of it."""
    made: list[Row] = []
    for alert in recent_alerts(snapshot):
        told = [alert_row(view, alert, width)]
        title = clean(alert.title, view.face)
        if not plain(told[0]).endswith(title):
            told = [told[0][:1], *wrap(title, width, PLAIN, view.face, most=2)]
        told += wrap(clean(alert.text, view.face), width, MUTED, view.face, most=4)
        if len(made) + len(told) > height:
            told = told[:1] if len(made) < height else []
        made += told
    return made or wrap(EMPTY, width, MUTED, view.face, most=height)
