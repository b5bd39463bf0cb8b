"""Notice changes on disk as they happen."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from quota_tui.monitor.refresh import Changes

if TYPE_CHECKING:
    from watchfiles import Change

STEP_MS, DEBOUNCE_MS = 40, 160
"""A burst of writes is one change: it is told after a quiet step, or after the debounce at the latest."""
LOOK_AGAIN_MS = 60_000
_NO_FOLDER_S = 3.0


def watch(
    roots: Sequence[str], folders: Sequence[str], journal: str, changes: Changes, stop: threading.Event
) -> Iterator[None]:
    """Yield after changes of transcripts below `roots` (told to `changes`), in `folders`, or of `journal`.

    Once a minute everything is marked as changed, and folders that have appeared are watched too.
    """
    from watchfiles import watch as watch_files

    while not stop.is_set():
        places = _existing(roots, folders, journal)
        if not places:
            if not stop.wait(_NO_FOLDER_S) and _existing(roots, folders, journal):
                changes.add((), everything=True)
                yield
            continue
        for batch in watch_files(
            *places,
            watch_filter=None,
            debounce=DEBOUNCE_MS,
            step=STEP_MS,
            stop_event=stop,
            rust_timeout=LOOK_AGAIN_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            ignore_permission_denied=True,
        ):
            paths = {path for _, path in batch}
            transcripts = {path for path in paths if path.endswith(".jsonl")}
            if not batch or _has_new_folder(batch):
                changes.add((), everything=True)
            elif transcripts:
                changes.add(transcripts)
            elif not any(_matters(path, folders, journal) for path in paths):
                continue
            yield
            if not batch and _existing(roots, folders, journal) != places:
                break


def _existing(roots: Sequence[str], folders: Sequence[str], journal: str) -> list[str]:
    wanted = [*roots, *folders, *([os.path.dirname(journal)] if journal else [])]
    return [place for place in wanted if os.path.isdir(place)]


def _has_new_folder(batch: set[tuple[Change, str]]) -> bool:
    """A new folder is watched from then on; what was put into it before that must be looked for."""
    return any(
        kind == 1 and not path.endswith(".jsonl") and os.path.isdir(path)  # 1: Change.added
        for kind, path in batch
    )


def _matters(path: str, folders: Sequence[str], journal: str) -> bool:
    if journal and path.startswith(journal):
        return True
    return path.endswith(".json") and any(path.startswith(os.path.join(folder, "")) for folder in folders)
