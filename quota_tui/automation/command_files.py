"""Slash commands in `<claude config>/commands`: planned, shown, written and removed.

A file of a person's own with one of our names stays as it is. A file of ours that was edited is copied
before it is replaced or removed; one that is as we wrote it is not.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from quota_tui.automation import made_folders
from quota_tui.automation.command_names import (
    FOLDER,
    NAMES,
    any_installed,
    command_file,
    is_as_written,
    is_ours,
)
from quota_tui.automation.installed import decode_record, record_file, settings_file
from quota_tui.automation.settings_json import Changed
from quota_tui.automation.shown import diff
from quota_tui.store import files
from quota_tui.store.paths import Paths


class FileChange(msgspec.Struct, frozen=True):
    """One file: its bytes before and after, None for no file."""

    file: Path
    before: bytes | None
    after: bytes | None


class CommandsPlan(msgspec.Struct, frozen=True):
    """A change of the command files, not yet made. `folder` is the one they are in."""

    folder: Path
    files: tuple[FileChange, ...]
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.files)

    @property
    def forgets(self) -> bool:
        """Nothing is remembered of command files: their mark tells whose they are."""
        return False

    @property
    def place(self) -> Path:
        """What it is about, in a sentence."""
        return self.folder

    def diff(self) -> str:
        """The change as a unified diff."""
        return "".join(diff(each.file, each.before, each.after) for each in self.files)

    def writes(self) -> list[Path]:
        """Files that will be there afterwards."""
        return [each.file for each in self.files if each.after is not None]

    def removes(self) -> list[Path]:
        """Files that will not."""
        return [each.file for each in self.files if each.after is None]


def plan_commands(texts: Mapping[str, bytes], env: Mapping[str, str] | None = None) -> CommandsPlan:
    """Write the commands `texts` by name. Raises `StoreError`."""
    config_dir = settings_file(env).parent
    changes, notes = [], []
    for name, after in texts.items():
        file = command_file(config_dir, name)
        before = files.read_if_there(file)
        if before is not None and not is_ours(before):
            notes.append(f"{file} is your own file; it stays, and our /{name} is not installed")
        elif before != after:
            changes.append(FileChange(file, before, after))
    return CommandsPlan(config_dir / FOLDER, tuple(changes), tuple(notes))


def plan_no_commands(env: Mapping[str, str] | None = None) -> CommandsPlan:
    """Remove every command of ours. Raises `StoreError`."""
    config_dir = settings_file(env).parent
    found = [(file, files.read_if_there(file)) for file in (command_file(config_dir, name) for name in NAMES)]
    going = [FileChange(file, data, None) for file, data in found if data is not None and is_ours(data)]
    return CommandsPlan(config_dir / FOLDER, tuple(going))


def apply_commands(paths: Paths, plan: CommandsPlan) -> list[Path]:
    """Make the change; returns the copies made of files that a person had edited.

    Raises `Changed` when anyone touched one of the files since the plan, and `StoreError`; files that were
    written by then are whole and ours. Killed in between, the next install or uninstall goes on.
    """
    files.ensure_private_dir(paths.data_dir)
    copies = []
    with files.locked(paths.data_dir / "install.lock"):
        for each in plan.files:
            if files.read_if_there(each.file) != each.before:
                raise Changed(f"{each.file} was changed by someone else just now; it was not written")
        for each in plan.files:
            if each.before is not None and not is_as_written(each.before):
                folder = paths.data_dir / "backups"
                files.ensure_private_dir(folder)
                copies.append(files.backup(each.file, folder))
            if each.after is None:
                files.remove_file(each.file)
            else:
                made_folders.make(paths, each.file.parent)
                files.write_atomic(each.file, each.after)
        if plan.folder.is_dir():
            files.remove_leftovers(plan.folder, older_than_s=0.0)
    _tidy(paths, plan.folder.parent)
    return copies


def _tidy(paths: Paths, config_dir: Path) -> None:
    """After the last uninstall no folder of ours stays that is empty."""
    if any_installed(config_dir):
        return
    with contextlib.suppress(files.StoreError, msgspec.MsgspecError):  # what cannot be read stays
        known = decode_record(files.read_if_there(record_file(paths))).file(config_dir / "settings.json")
        made_folders.tidy(paths, config_dir, final=known is None)
    with contextlib.suppress(OSError):  # not empty, or not there
        paths.data_dir.rmdir()
