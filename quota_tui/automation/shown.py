"""How a change of a file is shown before it is made."""

from __future__ import annotations

import difflib
import io
from pathlib import Path


def diff(file: Path, before: bytes | None, after: bytes | None) -> str:
    """The change as a unified diff; None is no file."""
    old, new = _lines(before), _lines(after)
    was, will_be = ("no file" if data is None else str(file) for data in (before, after))
    out = []
    for line in difflib.unified_diff(old, new, was, will_be):
        ended = line.endswith(("\n", "\r"))
        out.append(line if ended else f"{line}\n\\ no line break at the end of the file\n")
    return "".join(out)


def _lines(data: bytes | None) -> list[str]:
    return io.StringIO(data.decode("utf-8", "replace"), newline="").readlines() if data else []
