"""Look at the folders of transcripts, without entering those in which nothing can have happened.

Most files of a large history are subagents'. They write while their session runs, and a session that runs,
or is taken up again, writes its own transcript first. So where that was last written more than a day ago
and is as it is known, its folder is not entered: what is known of it stands. Once a day, and when a person
asks for it, every folder is entered.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from quota_tui.core.digest import blake2b
from quota_tui.sources.discover import FoundFile, FoundRoot, find
from quota_tui.store.index import Index

QUIET_NS = 24 * 3600 * 1_000_000_000
_Stamps = Mapping[str, tuple[int, int, int]]
_pack = msgspec.msgpack.Encoder().encode


class Look(msgspec.Struct, frozen=True):
    """What was found; `roots` leaves out what is in the quiet folders until `completed`.

    `fingerprint` stands for all of it: the same again means that nothing changed. It is empty where a file
    name is no text. `is_whole` when every folder was entered.
    """

    roots: tuple[FoundRoot, ...]
    fingerprint: bytes
    is_whole: bool


def look(roots: Iterable[str], index: Index, now_ns: int, *, whole: bool = False) -> Look:
    """Look at all folders, quickly where that will do."""
    is_whole = whole or not 0 <= now_ns - index.last_whole_look_ns() < QUIET_NS
    found = tuple(find(root, 0 if is_whole else now_ns - QUIET_NS) for root in roots)
    return Look(found, _fingerprint(found), is_whole)


def _fingerprint(found: Sequence[FoundRoot]) -> bytes:
    try:
        return blake2b(_pack(found), digest_size=16).digest()
    except UnicodeEncodeError:
        return b""


def completed(found: Sequence[FoundRoot], known: _Stamps) -> tuple[FoundRoot, ...]:
    """With what is known of the quiet folders, and with what is in those of which nothing is known yet."""
    return tuple(_completed(root, known) if root.quiet else root for root in found)


def _completed(root: FoundRoot, known: _Stamps) -> FoundRoot:
    stamps = {file.path: (file.inode, file.size, file.mtime_ns) for file in root.files}
    quiet = {folder for folder in root.quiet if stamps[f"{folder}.jsonl"] == known.get(f"{folder}.jsonl")}
    entered = [find(folder) for folder in root.quiet if folder not in quiet]
    files = (
        *root.files,
        *_known_in(quiet, root.path, known),
        *(file for each in entered for file in each.files),
    )
    problems = (*root.problems, *(problem for each in entered for problem in each.problems))
    return replace(root, files=files, problems=problems, quiet=())


def _known_in(folders: set[str], root: str, known: _Stamps) -> Iterator[FoundFile]:
    """What is known below some sessions' folders, `<root>/<project>/<session>`."""
    start = len(root) + 1
    for path, stamp in known.items():
        if path[: path.find(os.sep, path.find(os.sep, start) + 1)] in folders:
            yield FoundFile(path, *stamp)
