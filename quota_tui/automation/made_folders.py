"""Folders that we made in Claude Code's configuration, so that the last uninstall leaves none behind.

`made-folders.json` in our data folder. A folder that others use by then stays.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from quota_tui.store import files
from quota_tui.store.paths import Paths

OURS = ("session-handoffs", "project-memory")
"""Folders of a configuration that only this program fills, removed with it when nothing is left in them."""


def made_file(paths: Paths) -> Path:
    """Where the record is kept."""
    return paths.data_dir / "made-folders.json"


def make(paths: Paths, folder: Path) -> None:
    """Make a folder and what is missing above it, remembering which those were. Raises `StoreError`."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    if missing:
        known = _read(paths)
        files.ensure_private_dir(paths.data_dir)
        # The record first: one too many does no harm.
        _write(paths, [*known, *(str(each) for each in missing if str(each) not in known)])
    files.ensure_private_dir(folder)


def tidy(paths: Paths, config_dir: Path, *, final: bool) -> None:
    """Remove the folders we made that are empty now; `final`: nothing of ours is installed any more.

    Never raises for a folder that cannot be removed.
    """
    if final:
        _remove(config_dir / name for name in OURS)
    known = _read(paths)
    _remove(Path(each) for each in sorted(known, key=len, reverse=True))
    left = [] if final else [each for each in known if Path(each).exists()]
    if left != known:
        with contextlib.suppress(files.StoreError):  # a record too many does no harm
            _write(paths, left)


def _remove(folders: Iterable[Path]) -> None:
    for folder in folders:
        with contextlib.suppress(OSError):  # not empty, or not there
            folder.rmdir()


def _read(paths: Paths) -> list[str]:
    try:
        return msgspec.json.decode(made_file(paths).read_bytes(), type=list[str])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return []


def _write(paths: Paths, known: list[str]) -> None:
    if known:
        files.write_atomic(made_file(paths), msgspec.json.encode(known) + b"\n")
    elif made_file(paths).exists():
        files.remove_file(made_file(paths))
