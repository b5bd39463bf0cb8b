"""What this program changed in other programs' settings, so that it can be undone to the byte.

`install.json` in our data folder; one `FileRecord` for each settings file. Losing it costs nothing but
a user's own status line: our entries are recognised without it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from quota_tui.store.paths import Paths, claude_config_dirs

STATUS_LINE = "statusline"
CHAIN_GUARD = "QUOTA_TUI_CHAINED"
"""Set for the user's own status line command; if that calls us again, it is not chained once more."""


class EntryRecord(msgspec.Struct, frozen=True):
    """One entry of ours: `path` in the document, and the JSON text that stood there (None: nothing did)."""

    name: str
    path: tuple[str, ...]
    original_text: str | None = None


class FileRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One settings file with entries of ours.

    `baseline` is its text without us (None: there was no file), `before_sha256` that of the baseline,
    `after_sha256` of what we wrote last; `backup` is a copy of the file as we found it.
    """

    path: str
    baseline: str | None
    before_sha256: str
    after_sha256: str
    backup: str = ""
    made_folder: bool = False
    entries: tuple[EntryRecord, ...] = ()

    def entry(self, name: str) -> EntryRecord | None:
        """The record of one entry."""
        return next((entry for entry in self.entries if entry.name == name), None)


class InstallRecord(msgspec.Struct, frozen=True):
    """All of `install.json`."""

    version: int = 1
    files: tuple[FileRecord, ...] = ()

    def file(self, path: Path) -> FileRecord | None:
        """The record of one settings file."""
        return next((file for file in self.files if file.path == file_key(path)), None)

    def with_file(self, path: Path, new: FileRecord | None) -> InstallRecord:
        """The same with the record of one settings file replaced, or dropped."""
        others = tuple(file for file in self.files if file.path != file_key(path))
        return InstallRecord(self.version, others if new is None else (*others, new))


def record_file(paths: Paths) -> Path:
    """Where the record is kept."""
    return paths.data_dir / "install.json"


def settings_file(env: Mapping[str, str] | None = None) -> Path:
    """The user's `settings.json` of the Claude Code configuration in force."""
    return claude_config_dirs(None if env is None else dict(env))[0].absolute() / "settings.json"


def file_key(path: Path) -> str:
    """One name for a settings file, however its folder is written. A file that is a link is itself."""
    return str(Path(os.path.realpath(path.parent)) / path.name)


def decode_record(data: bytes | None) -> InstallRecord:
    """Raises `msgspec.DecodeError` when it is damaged."""
    return msgspec.json.decode(data, type=InstallRecord) if data else InstallRecord()


def chained_command(paths: Paths, env: Mapping[str, str] | None = None) -> str | None:
    """The user's own status line command, which ours replaced: a string for the shell, as it stood there.

    None when there was none, when we run inside it already (`CHAIN_GUARD`), or when it would call us.
    """
    environ = os.environ if env is None else env
    if environ.get(CHAIN_GUARD):
        return None
    try:
        record = decode_record(record_file(paths).read_bytes()).file(settings_file(env))
        entry = record.entry(STATUS_LINE) if record else None
        if entry is None or entry.path[-1] != "command" or entry.original_text is None:
            return None
        command = msgspec.json.decode(entry.original_text, type=str)
    except (OSError, msgspec.MsgspecError):  # a status line never fails for a record's sake
        return None
    return command if command.strip() and not calls_status_line(command) else None


def calls_status_line(command: str) -> bool:
    """Whether a command runs our status line, in whatever words."""
    return any(f"{name} {STATUS_LINE}" in command for name in ("quota_tui", "quota-tui"))
