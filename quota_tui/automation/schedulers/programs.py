"""Asking the operating system's own programs: argv only, C locale, a time-out, trouble in one sentence."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from quota_tui.automation.schedulers.base import SchedulerError

TIMEOUT_S = 10.0
_LONGEST = 200
_PID_FOLDERS = (Path("/run"), Path("/var/run"))
_BOOT_PATTERNS = (
    "etc/systemd/system/*.wants/{}.service",
    "usr/lib/systemd/system/*.wants/{}.service",
    "lib/systemd/system/*.wants/{}.service",
    "etc/rc[2-5].d/S[0-9][0-9]{}",
    "etc/runlevels/*/{}",
    "var/service/{}",
)
"""Where systemd, System V, OpenRC and runit keep what starts with the machine."""


class Answer(msgspec.Struct, frozen=True):
    """What a program said."""

    code: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        """Its output; what is no UTF-8 is replaced."""
        return self.out.decode("utf-8", "replace")

    @property
    def said(self) -> str:
        """The first line of its complaint, fit to be shown."""
        for part in (self.err, self.out):
            for line in part.decode("utf-8", "replace").replace("\0", "").splitlines():
                words = " ".join(re.sub(r"[^\x20-\x7e\xa0-\U0010ffff]", " ", line).split())
                if words and not words.startswith("warning: commands will be executed using"):
                    return words[:_LONGEST]
        return f"exit code {self.code}"


def find(name: str, env: Mapping[str, str]) -> str:
    """The full path of a program; empty when there is none."""
    return shutil.which(name, path=env.get("PATH") or os.defpath) or ""


def ask(
    argv: list[str],
    env: Mapping[str, str],
    *,
    stdin: bytes = b"",
    timeout_s: float = TIMEOUT_S,
    folder: str | None = None,
) -> Answer:
    """Run a program with exactly this environment. Raises `SchedulerError` when it cannot or does not end."""
    name = Path(argv[0]).name
    try:
        done = subprocess.run(
            argv, input=stdin, capture_output=True, env=dict(env), timeout=timeout_s, cwd=folder, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise SchedulerError(f"{name} did not answer within {timeout_s:g} s") from error
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise SchedulerError(f"{name} could not be run: {why}") from error
    return Answer(done.returncode, done.stdout, done.stderr)


def passed_on(env: Mapping[str, str], *names: str) -> dict[str, str]:
    """Those variables of an environment that are set, in the C locale."""
    return {"LC_ALL": "C", **{name: env[name] for name in names if env.get(name)}}


def daemon_runs(names: Iterable[str]) -> bool:
    """Whether one of these daemons runs on this machine now, by its pid file or its process."""
    import psutil

    wanted = frozenset(names)
    for folder in _PID_FOLDERS:
        for name in wanted:
            with contextlib.suppress(OSError, ValueError, psutil.Error):
                # A daemon that was killed leaves its file behind: the process must be it.
                if psutil.Process(int((folder / f"{name}.pid").read_text())).name() in wanted:
                    return True
    return any(each.info["name"] in wanted for each in psutil.process_iter(["name"]))


def starts_at_boot(names: Iterable[str], root: Path = Path("/")) -> bool:
    """Whether the machine is set up to start one of these daemons by itself."""
    return any(any(root.glob(pattern.format(name))) for name in names for pattern in _BOOT_PATTERNS)


def user_number() -> int:
    """This user's number; 0 where there are none."""
    return os.getuid() if sys.platform != "win32" else 0
