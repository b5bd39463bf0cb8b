"""The slash commands that we install, and how a file of ours is told from a person's own."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

NAMES = (
    "plan-next-session",
    "session-status",
    "automation-status",
    "cancel-next-session",
    "estimate-session",
)
FOLDER = "commands"
DRAFTS = "from-claude"
"""Folder of our data that Claude writes the completed parts of a handoff to."""
_MARK = re.compile(rb"\A(?:\xef\xbb\xbf)?---\r?\n# quota-tui:([0-9a-f]{12}) [^\n]*\n")
_NOTE = "written by quota-tui; `quota-tui uninstall commands` removes it"


def marked(front: str, body: str) -> bytes:
    """A command file with our mark: a comment in its front, which Claude Code does not pass on."""
    rest = f"{front}---\n{body}".encode()
    return f"---\n# quota-tui:{_digest(rest)} {_NOTE}\n".encode() + rest


def is_ours(data: bytes) -> bool:
    """Whether we wrote this file, edited since or not."""
    return _MARK.match(data) is not None


def is_as_written(data: bytes) -> bool:
    """Whether it is byte for byte what some version of us wrote."""
    found = _MARK.match(data)
    return found is not None and found[1].decode() == _digest(data[found.end() :])


def command_file(config_dir: Path, name: str) -> Path:
    """Where a command's file is."""
    return config_dir / FOLDER / f"{name}.md"


def any_installed(config_dir: Path) -> bool:
    """Whether any command of ours is in a configuration."""
    for name in NAMES:
        try:
            if is_ours(command_file(config_dir, name).read_bytes()):
                return True
        except OSError:
            continue
    return False


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]
