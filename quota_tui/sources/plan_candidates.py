"""Which files of a project may be its plan."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from itertools import islice

_NAMED = re.compile(
    r"(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]))(?i:plan(?:s|ning)?|roadmap|todos?|tasks?|phases?)(?![a-z])"
)
"""A word of the name: `SESSION_3_PLAN`, `authPlan`, but no `explanation`."""
_FOLDERS = ("", "plans", "docs", "docs/plans", ".claude", ".claude/plans")
MOST = 30
_MOST_LISTED = 2_000


def plan_candidates(project: str, first: Iterable[str] = ()) -> tuple[str, ...]:
    """Markdown files that look like plans: those in `first`, then the project's own, the newest first.

    Looks into a few usual folders, never through the whole tree. Never raises.
    """
    found: dict[str, float] = {}
    for folder in _FOLDERS if project else ():
        for path in _listed(os.path.join(project, folder)):
            name = os.path.basename(path)
            if _NAMED.search(name) or folder.endswith("plans"):
                try:
                    found[os.path.realpath(path)] = os.path.getmtime(path)
                except OSError:
                    continue
    newest = sorted(found, key=lambda path: found[path], reverse=True)
    known = [os.path.realpath(path) for path in first if path and os.path.isfile(path)]
    return tuple(dict.fromkeys((*known, *newest)))[:MOST]


def _listed(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.path for entry in islice(entries, _MOST_LISTED) if _is_markdown(entry)]
    except (OSError, ValueError):  # there is no such folder, or there can be none of that name
        return []


def _is_markdown(entry: os.DirEntry[str]) -> bool:
    return entry.name.lower().endswith((".md", ".markdown")) and entry.is_file()
