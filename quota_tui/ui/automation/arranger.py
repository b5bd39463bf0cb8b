"""What the automation screen asks of the world."""

from __future__ import annotations

from typing import Protocol

from quota_tui.handing.form import Done, Latest


class Arranger(Protocol):
    """Everything blocks, may raise with a sentence for the person, and is called from threads."""

    def schedule(self, handoff: str, at: str = "") -> Done:
        """Arrange a handoff (`latest`, an id or a path)."""
        ...

    def cancel(self, job_id: str) -> Done:
        """Call it off."""
        ...

    def reschedule(self, job_id: str, at: str) -> Done:
        """Give it another time."""
        ...

    def run_now(self, job_id: str) -> Done:
        """Start it now."""
        ...

    def preview(self, job_id: str) -> str:
        """Exactly what would be executed, and why it would or would not start now."""
        ...

    def log(self, job_id: str) -> str:
        """Everything that happened to it."""
        ...

    def latest(self) -> Latest | None:
        """The newest handoff; None when there is none."""
        ...
