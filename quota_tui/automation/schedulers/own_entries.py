"""Whose entries these are: every name that we leave with a scheduler carries a tag of our data folder.

Two installations, a demo or a test under a folder of its own share one crontab, one user manager and one
queue. Without the tag each would take the other's entries for left-overs and remove them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from quota_tui.automation import made_folders
from quota_tui.automation.schedulers.base import SchedulerError
from quota_tui.core.jobs.job import is_job_id
from quota_tui.store import files
from quota_tui.store.paths import Paths, our_paths

PREFIX = "quota-tui"


class Own(msgspec.Struct, frozen=True):
    """The environment a scheduler is asked in, our folders, and the tag of our entries."""

    env: Mapping[str, str]
    paths: Paths
    tag: str

    @property
    def home(self) -> Path:
        """The person's home folder."""
        return Path(self.env.get("HOME") or Path.home())

    def name(self, job_id: str, joint: str = "-") -> str:
        """What a job's entry is called."""
        return joint.join((PREFIX, self.tag, job_id))

    def job_of(self, name: str, joint: str = "-") -> str:
        """The job whose entry is called so; empty for a name that is not ours."""
        found = re.fullmatch(re.escape(self.name("", joint)) + "(.+)", name)
        return found[1] if found and is_job_id(found[1]) else ""

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """One change of entries at a time. What goes wrong with files is a `SchedulerError`."""
        try:
            files.ensure_private_dir(self.paths.data_dir)
            with files.locked(self.paths.data_dir / "schedulers.lock"):
                yield
        except files.StoreError as error:
            raise SchedulerError(str(error)) from error

    def make_folder(self, folder: Path) -> None:
        """Make a folder where entries go, remembering that we did. One that exists stays as it is."""
        if not folder.is_dir():
            made_folders.make(self.paths, folder)

    def tidy(self) -> None:
        """Remove the folders that we made, those that are empty again."""
        made_folders.tidy(self.paths, self.paths.config_dir, final=False)


def own_entries(env: Mapping[str, str] | None = None) -> Own:
    """Ours, by the data folder in force."""
    environ = dict(os.environ if env is None else env)
    paths = our_paths(environ)
    tag = hashlib.sha256(os.fsencode(paths.data_dir)).hexdigest()[:6]
    return Own(environ, paths, tag)


def utc_now() -> datetime:
    """The machine's clock: the one that the schedulers go by."""
    return datetime.now(UTC)
