"""A tracked plan as it is kept in `<claude config>/session-tracking/<id>.json`.

Which phase was in work when is kept as spans of time; what was used follows from them and the history of
calls, so nothing that is counted is lost with a program that ends, and everything can be counted again.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class TrackStatus(StrEnum):
    """Of a tracked plan. Active and paused ones stand in the way of another plan in the project."""

    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    STOPPED = "stopped"


OPEN_STATUSES = frozenset({TrackStatus.ACTIVE, TrackStatus.PAUSED})


class PhaseStatus(StrEnum):
    """Of a phase. `removed`: it is in the plan file no more; what it took still counts."""

    OPEN = "open"
    CURRENT = "current"
    DONE = "done"
    REMOVED = "removed"


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Time in which a phase (by its key) was in work; `phase` is empty for work beside the phases."""

    phase: str
    start: datetime
    end: datetime | None = None


class EstimatedPhase(msgspec.Struct, frozen=True, kw_only=True):
    """What a phase was estimated to take, in tokens and hours; None where nobody knew."""

    name: str
    tokens: int | None = None
    low: int | None = None
    high: int | None = None
    hours: float | None = None


class Estimated(msgspec.Struct, frozen=True, kw_only=True):
    """What the plan was estimated to take when it was started; never changed afterwards."""

    total: int | None = None
    low: int | None = None
    high: int | None = None
    hours: float | None = None
    confidence: str | float | None = None
    phases: tuple[EstimatedPhase, ...] = ()


class TrackedPhase(msgspec.Struct, frozen=True, kw_only=True):
    """A phase. `key` stays its name in this file; `actual` tokens and working `hours` are as last counted.

    `start` and `end` are of its first and last span. `dismissed` is what the plan file looked like when the
    person said that the phase is not done after all.
    """

    key: str
    name: str
    label: str = ""
    task_type: str = ""
    state: PhaseStatus = PhaseStatus.OPEN
    estimate: int | None = None
    low: int | None = None
    high: int | None = None
    estimated_hours: float | None = None
    actual: int = 0
    hours: float = 0.0
    start: datetime | None = None
    end: datetime | None = None
    notes: tuple[str, ...] = ()
    dismissed: str = ""

    @property
    def variance(self) -> int | None:
        """Tokens above the estimate (below: negative); None without one."""
        return None if self.estimate is None else self.actual - self.estimate

    @property
    def percent(self) -> float | None:
        """What it took as a percentage of its estimate; None without one."""
        return 100.0 * self.actual / self.estimate if self.estimate else None


class Burn(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens a minute now (last ten minutes) and over the working time, and the total that is projected."""

    current: float = 0.0
    average: float | None = None
    projected_total: int | None = None


class Deviation(msgspec.Struct, frozen=True, kw_only=True):
    """A phase that took more, or less, than estimated, and why. `category` is empty until somebody says."""

    phase: str
    reason: str = ""
    extra_tokens: int = 0
    category: str = ""
    preventable: bool | None = None
    lesson: str = ""


class Tracking(msgspec.Struct, frozen=True, kw_only=True):
    """One plan in work, or that was. `claude_session` is the session it was started in, where that is known.

    `total` tokens and working `hours` are as last counted, at `as_of`.
    """

    id: str
    start: datetime
    plan_file: str = ""
    project: str = ""
    title: str = ""
    claude_session: str = ""
    end: datetime | None = None
    status: TrackStatus = TrackStatus.ACTIVE
    estimated: Estimated = Estimated()
    phases: tuple[TrackedPhase, ...] = ()
    spans: tuple[Span, ...] = ()
    total: int = 0
    hours: float = 0.0
    cost_usd: float = 0.0
    as_of: datetime | None = None
    burn: Burn = Burn()
    deviations: tuple[Deviation, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it is in work, or paused."""
        return self.status in OPEN_STATUSES

    @property
    def current(self) -> TrackedPhase | None:
        """The phase in work."""
        return next((phase for phase in self.phases if phase.state is PhaseStatus.CURRENT), None)

    def phase(self, key: str) -> TrackedPhase | None:
        """The phase with a key."""
        return next((phase for phase in self.phases if phase.key == key), None)


CATEGORIES = {
    "scope": "the work grew",
    "unclear": "requirements were not clear",
    "complexity": "harder than it looked",
    "debugging": "hunting bugs",
    "rework": "done twice",
    "research": "had to find out first",
    "tooling": "tools, builds or the environment",
    "context": "lost or bloated context",
    "estimate": "the estimate was wrong",
    "easier": "easier than it looked",
    "other": "something else",
}
"""Why a phase deviated: the word that is kept, and what it means."""

MAX_TEXT = 2_000
"""Characters of a note, a reason or a lesson that are kept."""
