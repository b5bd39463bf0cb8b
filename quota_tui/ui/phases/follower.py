"""What the dashboard asks about plans: to estimate one, to follow it, and what came of those before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from quota_tui.core.snapshot import PhaseEnd
from quota_tui.core.velocity import Velocity

if TYPE_CHECKING:
    # Only its words: the dashboard starts without the estimator.
    from quota_tui.core.estimating.numbers import EstimateNumbers
    from quota_tui.core.tracking.report_head import Head


class Follower(Protocol):
    """Everything blocks, may raise with a sentence for the person, and is called from threads."""

    def plans(self) -> tuple[str, ...]:
        """Plan files that may be meant, the likeliest first."""
        ...

    def estimate(self, path: str) -> EstimateNumbers:
        """What a plan file will take."""
        ...

    def save(self, path: str) -> str:
        """Keep the estimate of a plan file; a sentence on what that means."""
        ...

    def start(self, path: str) -> str:
        """Begin to track a plan with its estimate; a sentence on what is tracked."""
        ...

    def phase_done(self, expected: str = "") -> PhaseEnd | None:
        """The phase in work is done, the next begins. `expected` is the key of the one that was seen."""
        ...

    def phase_start(self, number: int) -> None:
        """Go to a phase (the first is 1), also back to one that was done."""
        ...

    def dismiss(self) -> None:
        """The phase in work is not done, whatever the plan file says now."""
        ...

    def why(self, category: str) -> None:
        """Why the phase that ended last deviated: a word of `core.tracking.state.CATEGORIES`."""
        ...

    def note(self, text: str) -> None:
        """A note on the phase in work."""
        ...

    def pause(self) -> None:
        """Do not count from now on."""
        ...

    def resume(self) -> None:
        """Count again."""
        ...

    def stop(self) -> str:
        """End the tracking and write its report; the report's id."""
        ...

    def velocity(self) -> Velocity | None:
        """Tokens per change and rework of the tracked plan; None without one. Slow: reads transcripts."""
        ...

    def reports(self) -> tuple[Head, ...]:
        """The heads of all reports, the newest first."""
        ...

    def report(self, report_id: str) -> str:
        """A report as markdown."""
        ...
