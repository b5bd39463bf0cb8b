"""Values out of JSON that a person may have edited: what is not of its kind is noted and passed over."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

MOST = 10**12
_Word = TypeVar("_Word", bound=StrEnum)


class Values:
    """One object of the document. `notes` are shared by all objects of it."""

    def __init__(self, document: dict[str, Any], where: str, notes: list[str] | None = None) -> None:
        self.document = document
        self.notes: list[str] = notes if notes is not None else []
        self._where = where

    def text(self, name: str) -> str:
        """A text; empty without one."""
        value = self.document.get(name)
        if value is not None and not isinstance(value, str):
            self._odd(name, "a text")
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; a text alone is a list of one."""
        value = self.document.get(name)
        items = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        if value is not None and (
            not isinstance(value, str | list) or any(not isinstance(i, str) for i in items)
        ):
            self._odd(name, "a list of texts")
        return tuple(item for item in items if isinstance(item, str) and item.strip())

    def number(self, name: str) -> float | None:
        """A number that is not negative."""
        value = self.document.get(name)
        good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MOST
        if value is not None and not good:
            self._odd(name, "a number")
        return float(value) if value is not None and good else None

    def count(self, name: str, *, negative: bool = False) -> int | None:
        """A whole number of tokens."""
        value = self.document.get(name)
        good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if value is None or not good or not (-MOST if negative else 0) <= value <= MOST:
            if value is not None:
                self._odd(name, "a count")
            return None
        return round(float(value))

    def instant(self, name: str) -> datetime | None:
        """A point in time; one without a zone is UTC."""
        value = self.document.get(name)
        if value is None or value == "":
            return None
        try:
            at = datetime.fromisoformat(value)
            return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            self._odd(name, "a time as 2026-11-20T16:00Z")
            return None

    def one_of(self, name: str, words: type[_Word]) -> _Word | None:
        """One of our words."""
        value = self.document.get(name)
        if value is None:
            return None
        try:
            return words(value)
        except ValueError:
            self._odd(name, f"one of {', '.join(words)}")
            return None

    def part(self, name: str) -> Values:
        """An object in this one; an empty one where there is none."""
        value = self.document.get(name)
        if value is not None and not isinstance(value, dict):
            self._odd(name, "an object")
        return Values(value if isinstance(value, dict) else {}, f"{self._where}{name}.", self.notes)

    def parts(self, name: str) -> list[Values]:
        """A list of objects."""
        value = self.document.get(name)
        items = value if isinstance(value, list) else []
        if value is not None and (not isinstance(value, list) or any(not isinstance(i, dict) for i in items)):
            self._odd(name, "a list of objects")
        return [
            Values(item, f"{self._where}{name}[{at}].", self.notes)
            for at, item in enumerate(items)
            if isinstance(item, dict)
        ]

    def _odd(self, name: str, wanted: str) -> None:
        note = f"{self._where}{name} is not {wanted}; it is passed over"
        if note not in self.notes and len(self.notes) < 20:
            self.notes.append(note)
