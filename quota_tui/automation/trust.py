"""Whether the client trusts a folder: in one it does not, an interactive start first asks the person."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

_MAX_BYTES = 64 << 20


class _Project(msgspec.Struct):
    hasTrustDialogAccepted: bool = False  # noqa: N815 - the client's own name


class _File(msgspec.Struct):
    """All that is decoded of the client's file: which folders it knows."""

    projects: dict[str, _Project] = {}


def is_trusted(project: str, env: Mapping[str, str]) -> bool | None:
    """Whether the person accepted the folder, or one above it; None when that cannot be told."""
    folder = env.get("CLAUDE_CONFIG_DIR") or env.get("HOME") or Path.home()
    try:
        with Path(folder, ".claude.json").open("rb") as file:
            known = msgspec.json.decode(file.read(_MAX_BYTES), type=_File).projects
    except (OSError, ValueError, RecursionError):
        return None
    accepted = {_name(path) for path, state in known.items() if state.hasTrustDialogAccepted}
    here = os.path.realpath(project)
    return any(_name(path) in accepted for path in (project, here, *_above(here)))


def _above(folder: str) -> list[str]:
    return [str(parent) for parent in Path(folder).parents]


def _name(path: str) -> str:
    return os.path.normcase(path.rstrip("/\\")) or path
