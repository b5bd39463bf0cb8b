"""What the dashboard asks of the world."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo
from typing import Protocol

from quota_tui.config import Settings
from quota_tui.core.report import UsageRow
from quota_tui.core.snapshot import Snapshot
from quota_tui.core.words import Face
from quota_tui.ui.automation.arranger import Arranger
from quota_tui.ui.phases.follower import Follower
from quota_tui.ui.plan.planner import Planner


class Provider(Protocol):
    """Everything blocks and is called from threads of the dashboard, never from its event loop."""

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        ...

    def collect(self, now: datetime, *, rescan: bool = False) -> Snapshot:
        """The state at `now`; cheap when nothing changed. `rescan` looks at every folder again."""
        ...

    def watch(self, stop: threading.Event) -> Iterator[None]:
        """Yield whenever data changed on disk, until `stop` is set."""
        ...

    def usage_rows(
        self, by: str, since: datetime | None, until: datetime | None, zone: tzinfo
    ) -> list[UsageRow]:
        """Use by "day", "week", "month", "model", "project", "session" or "window"."""
        ...

    def arranger(self, clock: Callable[[], datetime]) -> Arranger | None:
        """What the automation screen asks; None where nothing is to be arranged. Cheap."""
        ...

    def follower(self, clock: Callable[[], datetime]) -> Follower | None:
        """What is asked about plans; None where none is followed. Cheap."""
        ...

    def planner(self, face: Face, clock: Callable[[], datetime]) -> Planner:
        """What one plan form asks; another form gets another one. Cheap, unlike what the planner does."""
        ...
