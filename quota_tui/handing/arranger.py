"""What a face with a screen asks about jobs: each question opens the journal, so any thread may ask."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from quota_tui.automation import arrange, handoff_file
from quota_tui.automation.arrange import Arranged, Request
from quota_tui.automation.open_world import open_world
from quota_tui.automation.preview import preview
from quota_tui.automation.preview_words import preview_lines
from quota_tui.automation.world import World
from quota_tui.config import Settings
from quota_tui.core.jobs.words import log_words
from quota_tui.handing.form import Done, Latest
from quota_tui.store.handoffs import HandoffError
from quota_tui.store.paths import Paths


class Arranger:
    """Jobs of this machine. Everything blocks and raises with a sentence for the person."""

    def __init__(
        self,
        settings: Settings,
        paths: Paths,
        claude_dirs: Sequence[Path],
        clock: Callable[[], datetime],
    ) -> None:
        self._settings, self._paths, self._claude_dirs = settings, paths, tuple(claude_dirs)
        self._clock = clock

    @contextmanager
    def _world(self) -> Iterator[World]:
        with open_world(self._settings, self._paths, self._claude_dirs, self._clock) as world:
            yield world

    def schedule(self, handoff: str, at: str = "") -> Done:
        """Arrange a handoff (`latest`, an id or a path); what was arranged for its project gives way."""
        request = Request(handoff=handoff, at=at, replace=True)
        with self._world() as world:
            return _done(arrange.schedule(request, world, world.clock()))

    def cancel(self, job_id: str) -> Done:
        """Call it off."""
        with self._world() as world:
            return _done(arrange.cancel(job_id, world, world.clock()))

    def reschedule(self, job_id: str, at: str) -> Done:
        """Give it another time."""
        with self._world() as world:
            return _done(arrange.reschedule(job_id, at, world, world.clock()))

    def run_now(self, job_id: str) -> Done:
        """Start it now, in a process of its own."""
        with self._world() as world:
            return _done(arrange.run_now(job_id, world, world.clock()))

    def preview(self, job_id: str) -> str:
        """Exactly what would be executed, and why it would or would not start now."""
        with self._world() as world:
            now = world.clock()
            seen = preview(arrange.find_job(job_id, world), world, now)
            return "\n".join(preview_lines(seen, now, world.face))

    def log(self, job_id: str) -> str:
        """Everything that happened to it."""
        with self._world() as world:
            now = world.clock()
            return "\n".join(log_words(line, now, world.face) for line in world.jobs.log(job_id))

    def latest(self) -> Latest | None:
        """The newest handoff; None when there is none."""
        try:
            found = handoff_file.find(handoff_file.LATEST, self._claude_dirs[0])
        except HandoffError:
            return None
        project = found.handoff.project
        folder = os.path.realpath(os.path.expanduser(project)) if project else ""
        return Latest(str(found.path), found.handoff.title or found.path.stem, folder)


def _done(arranged: Arranged) -> Done:
    return Done(arranged.sentence, arranged.warnings, arranged.job.id)
