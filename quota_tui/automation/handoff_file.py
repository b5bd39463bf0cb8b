"""A job's handoff: found by a word, or read again when its time has come. A person may have edited it."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from quota_tui.core.handoff import Handoff
from quota_tui.core.handoff_markdown import parse_noting
from quota_tui.store.handoffs import MAX_BYTES, HandoffError, Handoffs

LATEST = "latest"


class Found(msgspec.Struct, frozen=True):
    """A handoff and where it lies; `id` is empty for a file elsewhere."""

    path: Path
    handoff: Handoff
    id: str = ""


def find(which: str, claude_dir: Path, project: str = "") -> Found:
    """The handoff that a person names: `latest` (of `project`), an id or its end, or a path.

    Raises HandoffError or StoreError, one sentence each.
    """
    folder = Handoffs(claude_dir)
    if which in {"", LATEST}:
        latest = folder.latest(project or None)
        if latest is None:
            of = f" of {project}" if project else ""
            raise HandoffError(f"there is no handoff{of} yet; `quota-tui plan` writes one")
        return Found(latest.path, latest.handoff, latest.id)
    if which.endswith(".md") or os.sep in which or "/" in which:
        path = Path(os.path.abspath(os.path.expanduser(which)))
        handoff, problem = read(path)
        if handoff is None:
            raise HandoffError(f"{path}: {problem}")
        return Found(path, handoff, handoff.id if path.parent == folder.folder else "")
    entry = folder.find(which)
    return Found(entry.path, entry.handoff, entry.id)


def read(path: Path) -> tuple[Handoff | None, str]:
    """The handoff, or None and why it cannot be read, in a clause. Never raises."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None, "it is gone"
    except (OSError, ValueError) as error:
        return None, getattr(error, "strerror", None) or str(error)
    if len(data) > MAX_BYTES:
        return None, f"it is larger than {MAX_BYTES >> 20} MB: it is no handoff"
    if not data.strip():
        return None, "it is empty"
    return parse_noting(data.decode("utf-8", "replace"), None)[0], ""
