"""Project memory: what is known of a project beyond one session, and how it grows. No files, no clock.

It is written from handoffs and session ends, never by a model. A person may edit the file: what a person
wrote (an entry without a `source`) is never dropped, shortened or replaced.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

WHOLE_SESSIONS = 10
"""Of so many sessions everything is kept; of older ones what fits in a line."""
KEPT_SESSIONS = 40
"""Sessions older than these are only counted."""
KEPT_DECISIONS = 40
KEPT_ITEMS = 12
"""Accomplishments, and objectives, of one session."""
LONGEST_ITEM = 300
FOUND = "found in "
"""How the source of an entry begins that was detected from files, and may be detected anew."""
ABANDONED = timedelta(days=1)
"""A session so old, never closed and without use, was opened and left."""


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One thing known. `source` says where from; empty: a person wrote it."""

    text: str
    at: datetime | None = None
    source: str = ""


class SessionNote(msgspec.Struct, frozen=True, kw_only=True):
    """One session. `handoff` is the path of the handoff it wrote; `tokens` as everywhere in this program."""

    id: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
    tokens: int = 0
    handoff: str = ""
    accomplished: tuple[str, ...] = ()
    objectives: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[float, str]:
        """By which sessions are sorted, oldest first."""
        at = self.started_at or self.ended_at
        return (at.timestamp() if at else 0.0, self.id)


class Older(msgspec.Struct, frozen=True, kw_only=True):
    """Sessions that are no longer kept one by one."""

    sessions: int = 0
    tokens: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None


class Knowledge(msgspec.Struct, frozen=True, kw_only=True):
    """The cumulative context. `decisions` are oldest first."""

    stack: tuple[Fact, ...] = ()
    architecture: Fact | None = None
    test_runner: Fact | None = None
    decisions: tuple[Fact, ...] = ()


class ProjectMemory(msgspec.Struct, frozen=True, kw_only=True):
    """All of one file. `project` is the real path of the folder, `sessions` are oldest first."""

    project: str
    name: str = ""
    sessions: tuple[SessionNote, ...] = ()
    older: Older = Older()
    context: Knowledge = Knowledge()

    def session(self, session_id: str) -> SessionNote | None:
        """What is known of one session."""
        return next((note for note in self.sessions if note.id == session_id), None)


def with_session(memory: ProjectMemory, new: SessionNote) -> ProjectMemory:
    """Take what is known of a session: earliest start, latest end, most tokens; lists when given."""
    old = memory.session(new.id) or SessionNote(id=new.id)
    starts = [at for at in (old.started_at, new.started_at) if at is not None]
    ends = [at for at in (old.ended_at, new.ended_at) if at is not None]
    note = SessionNote(
        id=new.id,
        started_at=min(starts, default=None),
        ended_at=max(ends, default=None),
        tokens=max(old.tokens, new.tokens),
        handoff=new.handoff or old.handoff,
        accomplished=_items(new.accomplished) or old.accomplished,
        objectives=_items(new.objectives) or old.objectives,
    )
    others = [each for each in memory.sessions if each.id != new.id]
    return bounded(replace(memory, sessions=tuple(sorted([*others, note], key=lambda each: each.order))))


def without_session(memory: ProjectMemory, session_id: str) -> ProjectMemory:
    """Forget a session in which nothing happened."""
    return replace(memory, sessions=tuple(each for each in memory.sessions if each.id != session_id))


def is_empty(note: SessionNote) -> bool:
    """Whether nothing happened in a session."""
    return not (note.tokens or note.handoff or note.accomplished or note.objectives)


def left_open(memory: ProjectMemory, but: str) -> tuple[SessionNote, ...]:
    """Sessions without an end (their terminal was closed, the machine stopped), apart from `but`."""
    return tuple(note for note in memory.sessions if note.ended_at is None and note.id != but)


def with_decisions(memory: ProjectMemory, texts: Iterable[str], at: datetime, source: str) -> ProjectMemory:
    """Add key decisions; one that is known already (however it is spaced) keeps its date."""
    known = {_key(fact.text) for fact in memory.context.decisions}
    added = []
    for text in _items(texts, most=KEPT_DECISIONS):
        if _key(text) not in known:
            known.add(_key(text))
            added.append(Fact(text=text, at=at, source=source))
    decisions = (*memory.context.decisions, *added)
    return bounded(replace(memory, context=replace(memory.context, decisions=decisions)))


def with_found(
    memory: ProjectMemory, stack: Sequence[Fact], architecture: Fact | None, test_runner: Fact | None
) -> ProjectMemory:
    """Take what files say now. It replaces what was found before; a person's own entries stay."""
    known = memory.context
    theirs = [fact for fact in known.stack if not _was_found(fact)]
    before = {_key(fact.text): fact for fact in known.stack if _was_found(fact)}
    names = {_key(fact.text) for fact in theirs}
    found = [before.get(_key(fact.text), fact) for fact in stack if _key(fact.text) not in names]
    context = replace(
        known,
        stack=(*theirs, *found),
        architecture=_renewed(known.architecture, architecture),
        test_runner=_renewed(known.test_runner, test_runner),
    )
    return replace(memory, context=context)


def bounded(memory: ProjectMemory) -> ProjectMemory:
    """The memory within its size: old sessions in short, the oldest only counted, old decisions dropped."""
    surplus, kept = memory.sessions[:-KEPT_SESSIONS], list(memory.sessions[-KEPT_SESSIONS:])
    for index, note in enumerate(kept[:-WHOLE_SESSIONS]):
        if len(note.accomplished) > 1 or note.objectives:
            kept[index] = replace(note, accomplished=note.accomplished[:1], objectives=())
    decisions = list(memory.context.decisions)
    for fact in memory.context.decisions:
        if len(decisions) <= KEPT_DECISIONS:
            break
        if fact.source:
            decisions.remove(fact)
    return replace(
        memory,
        sessions=tuple(kept),
        older=_counted(memory.older, surplus),
        context=replace(memory.context, decisions=tuple(decisions)),
    )


def cleaned(text: str, longest: int = LONGEST_ITEM) -> str:
    """One line without control or direction characters, of at most `longest` characters."""
    line = " ".join("".join(char if unicodedata.category(char)[0] != "C" else " " for char in text).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _counted(older: Older, notes: Iterable[SessionNote]) -> Older:
    for note in notes:
        at = note.started_at or note.ended_at
        firsts = [each for each in (older.first_at, at) if each is not None]
        lasts = [each for each in (older.last_at, at) if each is not None]
        older = Older(
            sessions=older.sessions + 1,
            tokens=older.tokens + note.tokens,
            first_at=min(firsts, default=None),
            last_at=max(lasts, default=None),
        )
    return older


def _items(texts: Iterable[str], most: int = KEPT_ITEMS) -> tuple[str, ...]:
    lines = (cleaned(text[: 4 * LONGEST_ITEM]) for text in texts)
    return tuple(dict.fromkeys(line for line in lines if line))[:most]


def _key(text: str) -> str:
    return " ".join(text.split()).casefold()


def _was_found(fact: Fact) -> bool:
    return fact.source.startswith(FOUND)


def _renewed(known: Fact | None, found: Fact | None) -> Fact | None:
    if known is None:
        return found
    if not _was_found(known) or (found and found.text == known.text):
        return known
    return found
