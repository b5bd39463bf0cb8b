"""The first run, before any transcript: where we looked and what to do."""

from __future__ import annotations

from quota_tui.core.snapshot import RootState, Snapshot
from quota_tui.core.words import cells, clip_path, project_name
from quota_tui.ui.rows import BOLD, MUTED, PLAIN, Rank, Row, fit_height, row, wrap
from quota_tui.ui.view import View

LEAST_PATH = 12
"""Cells of a path that say which folder it is."""
WHAT_TO_DO = (
    "Start Claude Code once in any project: its transcripts appear here by themselves.",
    "They are kept elsewhere? Name the folder: quota-tui config set transcript_dirs '[\"/path\"]'",
    "To look around first, with an invented day: quota-tui --demo",
)


def _root_row(view: View, root: RootState, width: int) -> Row:
    """A folder that was searched, and what was there."""
    path, face = project_name(root.path, view.face), view.face
    for found in ("no transcript in it", "empty") if root.exists else ("does not exist", "missing"):
        room = width - cells(found) - 4
        if room >= LEAST_PATH:
            return row(("  ", PLAIN), (clip_path(path, room, face), PLAIN), ("  ", PLAIN), (found, MUTED))
    return row((clip_path(path, width, face), PLAIN))


def rows(view: View, snapshot: Snapshot, width: int, height: int) -> list[Row]:
    """Where it looked, what to do, the demo; the demo's command is the last to go."""
    title = wrap("No Claude Code transcript found yet.", width, BOLD, view.face)
    ranked: list[Rank] = [(0, line) for line in title]
    ranked += [(8, ()), *((5, line) for line in wrap("Looked in", width, MUTED, view.face))]
    ranked += [(6, _root_row(view, root, width)) for root in snapshot.sources.roots]
    for rank, said in zip((2, 4, 1), WHAT_TO_DO, strict=True):
        ranked += [(8, ()), *((rank, line) for line in wrap(said, width, PLAIN, view.face, most=4))]
    return fit_height(ranked, height)


def waiting(width: int, height: int) -> list[Row]:
    """Until the first snapshot is there."""
    return [row(("Reading transcripts" if width >= 20 else "Reading", MUTED))][:height]
