"""A plan file from disk, read again only when it changed."""

from __future__ import annotations

import os
import stat

import msgspec

from quota_tui.core.plans.edit import decode
from quota_tui.core.plans.parse import parse
from quota_tui.core.plans.plan import Plan

MAX_BYTES = 4 << 20


class PlanFileError(Exception):
    """There is no plan in that place. The text is one sentence that names the file."""


class PlanFile(msgspec.Struct, frozen=True):
    """A plan, the text it was read from (see `core.plans.edit`), and what tells that the file changed."""

    path: str
    text: str
    plan: Plan
    stamp: tuple[int, int, int]


def read_plan(path: str, known: PlanFile | None = None) -> PlanFile:
    """The plan in a file; `known` is given back while the file is as it was. Raises PlanFileError."""
    try:
        status = os.stat(path)
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        if known is not None and known.path == path and known.stamp == stamp:
            return known
        if not stat.S_ISREG(status.st_mode):
            raise PlanFileError(f"{path} is no file; name the plan's markdown file")
        if status.st_size > MAX_BYTES:
            raise PlanFileError(f"{path} is larger than {MAX_BYTES >> 20} MB: it is no plan")
        with open(path, "rb") as file:
            text = decode(file.read(MAX_BYTES))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise PlanFileError(f"{path} cannot be read ({why}); name the plan's markdown file") from error
    return PlanFile(path, text, parse(text), stamp)
