"""Project memory as JSON that a person may edit.

Reading is lenient: what is missing has its default, a plain text stands for an entry, an entry that means
nothing is passed over with a note. Writing keeps every name that is not ours.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from quota_tui.core.memory import Fact, Knowledge, Older, ProjectMemory, SessionNote

VERSION = 1
MOST_TOKENS = 10**12


class Damaged(ValueError):  # noqa: N818 - a state, told as it is
    """The file is no project memory. The text says why, for a person."""


class TooNew(Damaged):
    """A newer version of this program wrote it: it is sound, and must not be touched."""


class Read(msgspec.Struct, frozen=True):
    """A memory, the document it was read from, and sentences about entries that could not be used."""

    memory: ProjectMemory
    document: dict[str, Any]
    notes: tuple[str, ...] = ()


def read(data: bytes, project: str) -> Read:
    """Read a file's bytes. Raises `Damaged`, and `TooNew`. `project` is the path it belongs to."""
    document = _document(data)
    notes: list[str] = []
    context = _object(document, "context", notes)
    memory = ProjectMemory(
        project=project,
        name=_text(document, "name", notes),
        sessions=_sessions(document.get("sessions"), notes),
        older=_older(_object(document, "older", notes), notes),
        context=Knowledge(
            stack=_facts(context.get("stack"), "stack", notes),
            architecture=_fact(context.get("architecture"), "architecture", notes),
            test_runner=_fact(context.get("test_runner"), "test_runner", notes),
            decisions=_facts(context.get("decisions"), "decisions", notes),
        ),
    )
    return Read(memory, document, tuple(notes))


def written(memory: ProjectMemory, document: dict[str, Any]) -> bytes:
    """The file's bytes: `memory` laid over the document it was read from."""
    plain = msgspec.to_builtins(memory)
    theirs = {
        each["id"]: each for each in _dicts(document.get("sessions")) if isinstance(each.get("id"), str)
    }
    plain["sessions"] = [{**theirs.get(each["id"], {}), **each} for each in plain["sessions"]]
    before = document.get("context")
    plain["context"] = {**(before if isinstance(before, dict) else {}), **plain["context"]}
    whole = {**document, "version": VERSION, **plain}
    return msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n"


def _document(data: bytes) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Damaged(f"it is not JSON ({error})") from error
    if not isinstance(document, dict):
        raise Damaged("it is not a JSON object")
    version = document.get("version", VERSION)
    if isinstance(version, int) and version > VERSION:
        raise TooNew(f"it was made by a newer quota-tui (version {version}); update this one")
    return document


def _sessions(value: object, notes: list[str]) -> tuple[SessionNote, ...]:
    found: dict[str, SessionNote] = {}
    for item in _list(value, "sessions", notes):
        name = item.get("id") if isinstance(item, dict) else None
        if not isinstance(item, dict) or not isinstance(name, str) or not name:
            notes.append("sessions: an entry without an id is passed over")
            continue
        if name in found:
            notes.append(f"sessions: {name} stands there twice; the first is used")
            continue
        found[name] = SessionNote(
            id=name,
            started_at=_instant(item, "started_at", notes),
            ended_at=_instant(item, "ended_at", notes),
            tokens=_count(item, "tokens", notes),
            handoff=_text(item, "handoff", notes),
            accomplished=_texts(item.get("accomplished"), "accomplished", notes),
            objectives=_texts(item.get("objectives"), "objectives", notes),
        )
    return tuple(sorted(found.values(), key=lambda note: note.order))


def _older(item: dict[str, Any], notes: list[str]) -> Older:
    return Older(
        sessions=_count(item, "sessions", notes),
        tokens=_count(item, "tokens", notes),
        first_at=_instant(item, "first_at", notes),
        last_at=_instant(item, "last_at", notes),
    )


def _facts(value: object, name: str, notes: list[str]) -> tuple[Fact, ...]:
    facts = (_fact(item, name, notes) for item in _list(value, name, notes))
    return tuple(fact for fact in facts if fact is not None)


def _fact(item: object, name: str, notes: list[str]) -> Fact | None:
    if isinstance(item, str) and item.strip():
        return Fact(text=item)
    if isinstance(item, dict):
        text = _text(item, "text", notes)
        if text.strip():
            return Fact(text=text, at=_instant(item, "at", notes), source=_text(item, "source", notes))
    if item is not None and item != "":
        notes.append(f"{name}: an entry without a text is passed over")
    return None


def _texts(value: object, name: str, notes: list[str]) -> tuple[str, ...]:
    items = _list(value, name, notes)
    if any(not isinstance(item, str) for item in items):
        notes.append(f"{name}: an entry that is no text is passed over")
    return tuple(item for item in items if isinstance(item, str) and item.strip())


def _list(value: object, name: str, notes: list[str]) -> list[Any]:
    if value is None or isinstance(value, list):
        return value or []
    if isinstance(value, str):
        return [value]
    notes.append(f"{name} is not a list; it is passed over")
    return []


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _object(whole: dict[str, Any], name: str, notes: list[str]) -> dict[str, Any]:
    value = whole.get(name)
    if value is not None and not isinstance(value, dict):
        notes.append(f"{name} is not an object; it is passed over")
    return value if isinstance(value, dict) else {}


def _text(item: dict[str, Any], name: str, notes: list[str]) -> str:
    value = item.get(name)
    if value is not None and not isinstance(value, str):
        notes.append(f"{name} is not a text; it is passed over")
    return value if isinstance(value, str) else ""


def _count(item: dict[str, Any], name: str, notes: list[str]) -> int:
    value = item.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS:
        return round(value)
    if value is not None:
        notes.append(f"{name} is not a count; it is passed over")
    return 0


def _instant(item: dict[str, Any], name: str, notes: list[str]) -> datetime | None:
    value = item.get(name)
    if value is None or value == "":
        return None
    try:
        at = datetime.fromisoformat(value)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        notes.append(f"{name} is not a date as 2026-11-20T16:00Z; it is passed over")
        return None
