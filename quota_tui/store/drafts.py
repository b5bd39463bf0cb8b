"""Drafts of handoffs: what was typed and not yet saved, on disk at every pause, so that no crash loses it.

Each open form has a slot of its project, `draft-<project>-<number>.md` beside the handoffs, and holds its
lock: a second dashboard takes the next slot instead of writing over the first. The system lets go of the
lock when a program ends, however it ends; the next form then finds the draft and goes on with it.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from quota_tui.core.handoff import Handoff
from quota_tui.core.handoff_markdown import parse, render
from quota_tui.core.secrets import mask_handoff
from quota_tui.store.files import (
    StoreError,
    ensure_private_dir,
    locked,
    read_if_there,
    remove_file,
    write_atomic,
)
from quota_tui.store.handoffs import Handoffs, Saved, same_path

_SLOTS = 100


class Draft:
    """One form's draft; use it as a context, or `close` it. The draft itself outlives it until `discard`."""

    def __init__(self, config_dir: Path, project: str) -> None:
        """Take a slot: one with a draft that nobody works on, else a free one. Raises StoreError."""
        self._handoffs = Handoffs(config_dir)
        self._folder = self._handoffs.folder
        self._project = project
        place = same_path(project).encode("utf-8", "surrogatepass")
        self._name = f"draft-{hashlib.blake2b(place, digest_size=6).hexdigest()}"
        self._lock = contextlib.ExitStack()
        self._written: bytes | None = None
        ensure_private_dir(self._folder)
        self.path = self._take()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def load(self) -> Handoff | None:
        """What was typed before; None when there is no draft. Raises StoreError.

        A draft that was saved as a handoff by a program that was then killed is thrown away.
        """
        self._written = data = read_if_there(self.path)
        if not data:
            return None
        typed = parse(data.decode("utf-8", "replace"))
        last = self._handoffs.latest(self._project)
        if last is not None and _same_content(last.handoff, mask_handoff(typed)[0]):
            self.discard()
            return None
        return typed

    def save(self, handoff: Handoff) -> None:
        """Keep what is typed. Raises StoreError.

        What lies here and was not loaded is another form's (where locks do not work): then this one moves on.
        """
        if read_if_there(self.path) not in {None, self._written}:
            self.path = self._free()
        self._written = render(handoff).encode("utf-8")
        write_atomic(self.path, self._written)

    def publish(self, handoff: Handoff, now: datetime) -> Saved:
        """Save the handoff for good and forget the draft. Raises StoreError; the draft is kept then."""
        self.save(handoff)
        saved = self._handoffs.save(handoff, now)
        self.discard()
        return saved

    def discard(self) -> None:
        """Forget the draft: it was saved as a handoff, or thrown away. Raises StoreError."""
        remove_file(self.path)
        self._written = None

    def close(self) -> None:
        """Let go of the slot; the draft stays."""
        self._lock.close()

    def _slot(self, number: int) -> Path:
        return self._folder / f"{self._name}-{number}.md"

    def _take(self) -> Path:
        """Lock the first slot with a draft that nobody holds, else the first free one."""
        with_draft = [number for number in range(_SLOTS) if self._slot(number).exists()]
        others = [number for number in range(_SLOTS) if number not in with_draft]
        for number in (*with_draft, *others):
            path = self._slot(number)
            try:
                self._lock.enter_context(locked(path.with_suffix(".lock"), 0.0))
            except StoreError as error:
                if error.errno != errno.EBUSY:
                    raise
                continue
            return path
        raise StoreError(
            "open a draft in", self._folder, OSError(errno.EBUSY, "a hundred forms are open already")
        )

    def _free(self) -> Path:
        return next(path for number in range(10 * _SLOTS) if not (path := self._slot(number)).exists())


def _same_content(one: Handoff, other: Handoff) -> bool:
    """Whether two handoffs say the same, whatever they are called and whenever they were written."""
    one, other = (msgspec.structs.replace(handoff, id="", created_at=None) for handoff in (one, other))
    return one == other
