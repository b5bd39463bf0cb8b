"""A handoff as JSON, for programs: `plan --from` reads it, `handoff show --json` writes it.

Every key is optional. Unknown keys are refused by name, wrong types with the key's path, all at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Any

import msgspec

from quota_tui.core.handoff import (
    MAX_TOKENS,
    START_MANUAL,
    STARTS,
    Handoff,
    Objective,
    instant,
    start_instant,
)

MAX_CHARS = 16 << 20
"""The whole document."""
MAX_TEXT = 1 << 20
"""One text in it, in characters."""
MAX_ITEMS = 1000
"""The entries of one list."""

_LISTS = ("accomplished", "decisions", "failed", "blockers", "files", "commands")
_TEXTS = ("title", "instructions", "agent")
KEYS = (
    "title",
    "accomplished",
    "objectives",
    "decisions",
    "failed",
    "blockers",
    "files",
    "commands",
    "instructions",
    "agent",
    "start",
)
_OBJECTIVE_KEYS = ("text", "tokens", "steps")
_MAX_PROBLEMS = 20


class HandoffInputError(ValueError):
    """The JSON is no handoff. `problems` says what is wrong with each key, for a person."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems[:_MAX_PROBLEMS])
        more = len(problems) - len(self.problems)
        super().__init__("; ".join(self.problems) + (f"; and {more} more" if more else ""))


def looks_like_json(text: str) -> bool:
    """Whether a document is meant as JSON and not as markdown."""
    return text.lstrip("\ufeff \t\r\n").startswith("{")


def apply_json(
    text: str, base: Handoff, *, resets_at: datetime | None = None, zone: tzinfo | None = UTC
) -> Handoff:
    """`base` with what the JSON says: a key that is there replaces the field, empty or not.

    `resets_at` is what a start at the reset comes to; a time without a zone is in `zone`. Raises
    HandoffInputError, and nothing else.
    """
    data = _decoded(text)
    reader = _Reader()
    changes = {key: reader.value(key, data[key]) for key in data if key in KEYS}
    for key in data:
        if key not in KEYS:
            reader.problems.append(f"{_shown(key)}: not a key of a handoff; the keys are {', '.join(KEYS)}")
    if reader.problems:
        raise HandoffInputError(reader.problems)
    if "start" in changes:
        changes["scheduled_for"] = start_instant(str(changes["start"]), resets_at, zone)
    return msgspec.structs.replace(base, **changes)


def to_json(handoff: Handoff, path: str = "") -> dict[str, Any]:
    """The keys that `apply_json` reads, and those that say which handoff it is and where things stood."""
    state = handoff.state
    return {
        "id": handoff.id,
        "path": path,
        "title": handoff.title,
        "project": handoff.project,
        "branch": state.branch,
        "last_commit": state.last_commit,
        "tests": state.tests,
        "files_modified": list(state.files_modified),
        "created_at": _time(handoff.created_at),
        **{key: list(getattr(handoff, key)) for key in _LISTS},
        "objectives": [
            {"text": item.text, "tokens": item.tokens, "steps": list(item.steps)}
            for item in handoff.objectives
        ],
        "instructions": handoff.instructions,
        "agent": handoff.agent,
        "start": handoff.start or START_MANUAL,
    }


def _decoded(text: str) -> dict[str, Any]:
    if len(text) > MAX_CHARS:
        raise HandoffInputError([f"it is longer than {MAX_CHARS >> 20} million characters"])
    try:
        data = json.loads(text.lstrip("\ufeff"), object_pairs_hook=_no_twins)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise HandoffInputError([f"it is not JSON ({where}: {error.msg})"]) from None
    except (ValueError, RecursionError) as error:
        raise HandoffInputError([f"it is not JSON of a handoff ({error})"]) from None
    if not isinstance(data, dict):
        raise HandoffInputError([f"it must be an object, not {_kind(data)}"])
    return data


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {_shown(key)} is there twice")
        found[key] = value
    return found


class _Reader:
    """Checks values one by one and remembers what is wrong."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def value(self, key: str, value: Any) -> object:
        """The field's value for the value of a known key."""
        if key in _LISTS:
            return self._list(key, value, self._text)
        if key == "objectives":
            return self._list(key, value, self._objective)
        text = self._text(key, value)
        if key == "start" and text not in STARTS and instant(text) is None and isinstance(value, str):
            choices = ", ".join(f'"{word}"' for word in STARTS)
            self.problems.append(f"start: must be {choices} or an ISO 8601 time, not {_shown(value)}")
        return text

    def _text(self, path: str, value: Any) -> str:
        if not isinstance(value, str):
            self.problems.append(f"{path}: must be text, not {_kind(value)}")
        elif len(value) > MAX_TEXT:
            self.problems.append(f"{path}: has {len(value):,} characters; {MAX_TEXT:,} is the most")
        else:
            return value
        return ""

    def _list(self, path: str, value: Any, read: Callable[[str, Any], Any]) -> tuple[Any, ...]:
        if not isinstance(value, list):
            self.problems.append(f"{path}: must be a list, not {_kind(value)}")
            return ()
        if len(value) > MAX_ITEMS:
            self.problems.append(f"{path}: has {len(value):,} entries; {MAX_ITEMS:,} is the most")
            return ()
        return tuple(read(f"{path}[{at}]", item) for at, item in enumerate(value))

    def _objective(self, path: str, value: Any) -> Objective:
        if not isinstance(value, dict):
            self.problems.append(f"{path}: must be an object with text, tokens and steps, not {_kind(value)}")
            return Objective("")
        for key in value:
            if key not in _OBJECTIVE_KEYS:
                known = ", ".join(_OBJECTIVE_KEYS)
                self.problems.append(f"{path}.{_shown(key)}: not a key of an objective; the keys are {known}")
        if "text" not in value:
            self.problems.append(f"{path}.text: is missing")
        return Objective(
            self._text(f"{path}.text", value.get("text", "")),
            self._tokens(f"{path}.tokens", value.get("tokens")),
            steps=self._list(f"{path}.steps", value.get("steps", []), self._text),
        )

    def _tokens(self, path: str, value: Any) -> int | None:
        if value is None:
            return None
        whole = isinstance(value, (int, float)) and not isinstance(value, bool) and value == value // 1
        if whole and 0 <= value <= MAX_TOKENS:
            return int(value)
        shown = _shown(value) if isinstance(value, (int, float)) else _kind(value)
        self.problems.append(f"{path}: must be a whole number of tokens from 0, or null, not {shown}")
        return None


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list"}
    return names.get(type(value), "an object")


def _shown(value: object) -> str:
    text = json.dumps(value)
    if isinstance(value, str) and text[1:-1].isidentifier():
        text = text[1:-1]
    return text if len(text) <= 60 else text[:59] + "…"


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
