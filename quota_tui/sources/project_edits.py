"""The changes that the sessions of one project made, from its transcripts that were written since."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from quota_tui.core.velocity import Change
from quota_tui.sources.edits import EditReader

_LONGEST_SLUG = 200
"""The client cuts longer names of folders, and adds a hash."""


class ProjectEdits:
    """Keep it while the project is looked at: a transcript that did not change is not opened again.

    `is_in` says whether a folder belongs to the project; `folders` are the paths that it goes by.
    """

    def __init__(self, folders: Iterable[str], is_in: Callable[[str], bool], since: datetime) -> None:
        self._slugs = {slug(folder) for folder in folders}
        self._is_in = is_in
        self._since_ns = int(since.timestamp()) * 10**9
        self._readers: dict[str, tuple[tuple[int, int, int], EditReader]] = {}
        self._folders: dict[str, bool] = {}

    def changes(
        self,
        transcripts: Mapping[str, tuple[int, int, int]],
        spans: Sequence[tuple[datetime, datetime | None]],
    ) -> list[Change]:
        """The changes in spans of time. `transcripts` are (inode, size, mtime in ns) by path.

        A transcript that cannot be read is left out.
        """
        found: dict[str, Change] = {}
        for path, stamp in transcripts.items():
            if stamp[2] < self._since_ns or not self._may_be_ours(path):
                continue
            old, reader = self._readers.get(path, (None, None))
            if reader is None:
                reader = EditReader(path, self._is_wanted)
            if old != stamp:
                try:
                    reader.read()
                except OSError:
                    continue  # gone since it was indexed
                self._readers[path] = (stamp, reader)
            for change in reader.changes:
                if _is_within(change.at, spans):
                    found.setdefault(change.call_id, change)
        return list(found.values())

    def _may_be_ours(self, path: str) -> bool:
        """By the folder it lies in: the client names it after the folder that the session was started in."""
        parts = re.split(r"[\\/]", path)
        return any(
            part == name or part.startswith(f"{name}-") for part in parts[-5:-1] for name in self._slugs
        )

    def _is_wanted(self, folder: str) -> bool:
        known = self._folders.get(folder)
        if known is None:
            known = self._folders[folder] = bool(folder) and self._is_in(folder)
        return known


def slug(folder: str) -> str:
    """The name of the folder in which the client keeps the transcripts of a project (its beginning)."""
    return re.sub(r"[^A-Za-z0-9]", "-", os.path.abspath(folder))[:_LONGEST_SLUG]


def _is_within(at: datetime, spans: Sequence[tuple[datetime, datetime | None]]) -> bool:
    return any(start <= at and (end is None or at < end) for start, end in spans)
