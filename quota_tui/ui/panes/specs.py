"""The panes by name: their key, title, rows, and how tall they need to be."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from quota_tui.core.snapshot import Snapshot
from quota_tui.ui.panes import alerts, automation, burn, phases, quota, sessions, zone
from quota_tui.ui.rows import Row
from quota_tui.ui.view import View

RowsOf = Callable[[View, Snapshot, int, int], list[Row]]
TALL = 99


class PaneSpec(msgspec.Struct, frozen=True, kw_only=True):
    """`least` rows make the pane worth showing; one that `grows` has use for any height.

    `titled` gives a longer title where there is something to add.
    """

    key: str
    title: str
    rows: RowsOf
    least: int
    natural: Callable[[View, Snapshot, int], int] | None = None
    grows: bool = False
    titled: Callable[[View, Snapshot], str] | None = None

    def wanted(self, view: View, snapshot: Snapshot, width: int) -> int:
        """Rows that show everything the pane has to say at this width."""
        if self.natural is not None:
            return max(self.least, self.natural(view, snapshot, width))
        return max(self.least, len(self.rows(view, snapshot, width, TALL)))


PANES: dict[str, PaneSpec] = {
    "quota": PaneSpec(key="1", title="Quota", rows=quota.rows, least=5, natural=quota.natural),
    "burn": PaneSpec(key="2", title="Burn rate", rows=burn.rows, least=3, natural=burn.natural, grows=True),
    "zone": PaneSpec(key="3", title="Zone", rows=zone.rows, least=3, natural=zone.natural),
    "phases": PaneSpec(
        key="4", title="Phases", rows=phases.rows, least=1, natural=phases.natural, titled=phases.title
    ),
    "automation": PaneSpec(key="5", title="Automation", rows=automation.rows, least=1),
    "sessions": PaneSpec(
        key="6", title="Sessions today", rows=sessions.rows, least=2, natural=sessions.natural, grows=True
    ),
    "alerts": PaneSpec(key="7", title="Alerts", rows=alerts.rows, least=2, grows=True),
}
"""In the order of their keys. The last two show themselves only where there is room to spare."""
