"""Where things are kept. `QUOTA_TUI_HOME` puts all of ours under one folder."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec


class Paths(msgspec.Struct, frozen=True):
    """Our own files. Folders are 0700, files 0600."""

    cache_dir: Path
    data_dir: Path
    config_dir: Path

    @property
    def index_db(self) -> Path:
        """How far each transcript was read. Rebuilt by itself when deleted."""
        return self.cache_dir / "index.db"

    @property
    def history_db(self) -> Path:
        """Every API call ever seen, also of transcripts that Claude Code has deleted. Never deleted."""
        return self.data_dir / "history.db"

    @property
    def journal_db(self) -> Path:
        """Readings, alerts that fired, learned figures. Never deleted."""
        return self.data_dir / "journal.db"

    @property
    def dashboard_lock(self) -> Path:
        """Locked while a dashboard is open."""
        return self.data_dir / "dashboard.lock"

    @property
    def config_file(self) -> Path:
        """The settings, TOML."""
        return self.config_dir / "config.toml"


def our_paths(env: dict[str, str] | None = None) -> Paths:
    """Paths for this user: under `$QUOTA_TUI_HOME` when it is set, else the platform's own places."""
    environ = os.environ if env is None else env
    home = environ.get("QUOTA_TUI_HOME")
    if home:
        base = _expanded(home).absolute()
        return Paths(base / "cache", base / "data", base / "config")
    from platformdirs import PlatformDirs

    dirs = PlatformDirs("quota-tui", appauthor=False)
    return Paths(dirs.user_cache_path, dirs.user_data_path, dirs.user_config_path)


def claude_config_dirs(env: dict[str, str] | None = None) -> tuple[Path, ...]:
    """Claude Code's configuration folders, the one in force first, without duplicates.

    `$CLAUDE_CONFIG_DIR` (several, separated by commas, as other tools of the field accept),
    `~/.claude`, `$XDG_CONFIG_HOME/claude`, `~/.config/claude`. They need not exist.
    """
    environ = os.environ if env is None else env
    home = Path(environ.get("HOME") or Path.home())
    found: list[Path] = []
    named = environ.get("CLAUDE_CONFIG_DIR", "").split(",")
    found += [_expanded(part.strip()) for part in named if part.strip()]
    found.append(home / ".claude")
    xdg = environ.get("XDG_CONFIG_HOME")
    if xdg:
        found.append(Path(xdg) / "claude")
    found.append(home / ".config" / "claude")
    unique: dict[str, Path] = {}
    for path in found:
        unique.setdefault(os.path.realpath(path), path)
    return tuple(unique.values())


def _expanded(name: str) -> Path:
    """`~` written out; of a user that does not exist it stays, and the folder is one that is not there."""
    try:
        return Path(name).expanduser()
    except RuntimeError:
        return Path(name)
