"""Where our files are, for a wake-up that does not know: cron and its like start us with a bare environment.

`<data folder of the bare environment>/wakes/<job id>.json` holds the variables that say so. It is made when
a job is armed, read first of all on a wake and in the opened terminal (whose server may have been started
elsewhere), and removed when the job is over.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path

import msgspec

from quota_tui.config import ENV_PREFIX, schema
from quota_tui.core.jobs.job import is_job_id
from quota_tui.store.files import StoreError, ensure_private_dir, remove_file, write_atomic

_PLACES = ("QUOTA_TUI_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")
"""Each one folder: kept as an absolute path, since a wake-up stands elsewhere."""
_CLAUDE = "CLAUDE_CONFIG_DIR"
_ZONE = "TZ"
"""Limit lines of older clients tell the reset in local time."""
_MAX_BYTES = 64 << 10


def known_names() -> frozenset[str]:
    """The variables that a wake file may set: nothing else of what it holds is believed."""
    settings = (ENV_PREFIX + "_".join(path).upper() for path in schema().fixed)
    return frozenset((*_PLACES, _CLAUDE, _ZONE, *settings))


def wakes_dir(env: Mapping[str, str] | None = None, platform: str = sys.platform) -> Path:
    """The folder of the wake files, found from the home folder alone."""
    environ = os.environ if env is None else env
    home = Path(environ.get("HOME") or Path.home())
    if platform == "win32":
        base = Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = home / ".local" / "share"
    return base / "quota-tui" / "wakes"


def wake_path(job_id: str, env: Mapping[str, str] | None = None) -> Path:
    """The wake file of a job."""
    if not is_job_id(job_id):
        raise ValueError(f"{job_id!r} is no id of a job")
    return wakes_dir(env) / f"{job_id}.json"


def write(job_id: str, env: Mapping[str, str]) -> Path:
    """Keep what `env` says about our places, and what it does not say. Raises StoreError."""
    path = wake_path(job_id, env)
    said = {name: _absolute(name, env[name]) for name in sorted(known_names()) if env.get(name)}
    # Those that are not set here must not be set there either: they would lead elsewhere.
    values: dict[str, str | None] = {**dict.fromkeys((*_PLACES, _CLAUDE)), **said}
    ensure_private_dir(path.parent)
    write_atomic(path, msgspec.json.format(msgspec.json.encode(values), indent=1) + b"\n")
    return path


def apply(job_id: str, environ: MutableMapping[str, str]) -> bool:
    """Set in `environ` what the job's wake file says; False where there is none that can be trusted."""
    values = _read(wake_path(job_id, environ))
    known = known_names()
    for name, value in values.items():
        if name not in known:
            continue
        if value is None:
            environ.pop(name, None)
        else:
            environ[name] = value
    return bool(values)


def remove(job_id: str, env: Mapping[str, str] | None = None) -> None:
    """The job is over: the file goes, and folders that hold nothing now. What stays does no harm."""
    path = wake_path(job_id, env)
    with contextlib.suppress(StoreError, OSError):
        remove_file(path)
        for folder in (path.parent, path.parent.parent):
            folder.rmdir()  # only when nothing else is in it


def _read(path: Path) -> dict[str, str | None]:
    """What the file says; nothing when it is absent, damaged or another user's."""
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_size > _MAX_BYTES:
                return {}
            if sys.platform != "win32" and found.st_uid != os.geteuid():
                return {}
            values = msgspec.json.decode(file.read(), type=dict[str, str | None])
    except (OSError, ValueError):
        return {}
    return {name: value for name, value in values.items() if value is None or "\0" not in value}


def _absolute(name: str, value: str) -> str:
    if name in _PLACES:
        return _absolute_path(value)
    if name == _CLAUDE:
        return ",".join(_absolute_path(part.strip()) for part in value.split(",") if part.strip())
    return value


def _absolute_path(value: str) -> str:
    return os.path.abspath(os.path.expanduser(value))
