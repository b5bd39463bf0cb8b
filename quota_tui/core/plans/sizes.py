"""Hours, tokens and kinds of work as people write them beside a phase: `(1-1.5h, 40–60k tokens, testing)`."""

from __future__ import annotations

import re

from quota_tui.core.estimating.subject import TaskType
from quota_tui.core.plans.plan import Size

HOURS_A_DAY = 8.0
"""A "day" in a plan is a working day."""
MAX_TOKENS = 10**10
MAX_HOURS = 10_000.0
_LONGEST = 160
"""Characters: what is longer is prose, not a size."""

_NUMBER = r"\d{1,3}(?:,\d{3}){1,3}|\d{1,10}(?:\.\d{1,3})?"
_TO = r"\s?(?:-|–|—|to|bis|\.\.\.?)\s?"
_ABOUT = r"(?:[≈~]\s?|(?:about|approx\.?|around|ca\.|est\.?|estimated?:?|up to|time:?|budget:?)\s)?"
_UNIT = r"(?:h(?:rs?|ours?)?|min(?:ute)?s?|m|d(?:ays?)?)"
_TOKEN_WORD = r"\s?tok(?:ens?)?"  # noqa: S105 - a pattern for the word, no secret
_TOKENS = re.compile(
    rf"{_ABOUT}(?P<a>{_NUMBER})\s?(?P<ka>[kKM])?(?:{_TO}(?P<b>{_NUMBER})\s?(?P<kb>[kKM])?)?(?P<word>{_TOKEN_WORD})?(?![\w])",
)
_HOURS = re.compile(
    rf"{_ABOUT}(?P<a>{_NUMBER})\s?(?P<ua>{_UNIT})?(?:{_TO}(?P<b>{_NUMBER}))?\s?(?P<ub>{_UNIT})?"
    r"(?:\s?(?P<more>\d{1,2})\s?m(?:in(?:ute)?s?)?)?(?![\w])",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r"\s*(?:[,;·|/+&]|\band\b)?\s*")
_TYPES = {each.value: each for each in TaskType} | {
    "plan": TaskType.PLANNING,
    "design": TaskType.PLANNING,
    "research": TaskType.PLANNING,
    "implement": TaskType.IMPLEMENTATION,
    "feature": TaskType.IMPLEMENTATION,
    "coding": TaskType.IMPLEMENTATION,
    "refactor": TaskType.REFACTORING,
    "test": TaskType.TESTING,
    "tests": TaskType.TESTING,
    "debug": TaskType.DEBUGGING,
    "bugfix": TaskType.DEBUGGING,
    "fix": TaskType.DEBUGGING,
    "docs": TaskType.POLISH,
    "documentation": TaskType.POLISH,
    "cleanup": TaskType.POLISH,
}
_TYPE = re.compile("|".join(sorted(_TYPES, key=len, reverse=True)) + r"\b", re.IGNORECASE)


def task_type(text: str) -> TaskType | None:
    """The kind of work that a word names; None when it names none."""
    return _TYPES.get(text.strip(" \t*_`.").casefold())


def whole_size(text: str) -> Size | None:
    """The size that all of a text says; None when any of it is something else."""
    if len(text) > _LONGEST:
        return None
    found = Size()
    at = _skip(text, 0)
    while at < len(text):
        size, end = _piece(text, at)
        if size is None:
            return None
        found = found.or_else(size)
        at = _skip(text, end)
    return found if found != Size() else None


def size_in(text: str, wanted: str) -> Size:
    """What a line such as `Estimate: 2h, 40k tokens if all goes well` says; `wanted` is its key, lower case.

    A bare number is hours where the key says hours, and tokens where it says tokens.
    """
    text = text[:_LONGEST].strip()
    found = Size()
    at = 0
    while at < len(text):
        size, end = _piece(text, at)
        if size is not None:
            found = found.or_else(size)
            at = end
        else:
            # On to the next word: the inside of one says nothing.
            following = re.compile(r"\W*\w+").match(text, at)
            at = max(following.end(), at + 1) if following else len(text)
        at = _skip(text, at)
    if found == Size() and (bare := re.match(rf"\W?({_NUMBER})(?:{_TO}({_NUMBER}))?\W*$", text)):
        low, high = _number(bare[1]), _number(bare[2] or bare[1])
        if "token" in wanted:
            return _token_size(low, high)
        if "hour" in wanted:
            return _hour_size(low, high)
    return found


def _skip(text: str, at: int) -> int:
    found = _SEPARATOR.match(text, at)
    return found.end() if found else at


def _piece(text: str, at: int) -> tuple[Size | None, int]:
    tokens = _TOKENS.match(text, at)
    if tokens and (tokens["word"] or tokens["ka"] or tokens["kb"]):
        last = tokens["kb"] or tokens["ka"]
        low = _number(tokens["a"]) * _scale(tokens["ka"] or tokens["kb"])
        high = _number(tokens["b"] or tokens["a"]) * _scale(last)
        return _token_size(low, high), tokens.end()
    hours = _HOURS.match(text, at)
    if hours and (hours["ub"] or hours["ua"]):
        unit = hours["ub"] or hours["ua"]
        low = _number(hours["a"]) * _hours_of(hours["ua"] or unit)
        high = _number(hours["b"]) * _hours_of(unit) if hours["b"] else low
        more = int(hours["more"] or 0) / 60
        return _hour_size(low + (0 if hours["b"] else more), high + more), hours.end()
    kind = _TYPE.match(text, at)
    if kind:
        return Size(task_type=task_type(kind[0])), kind.end()
    return None, at


def _token_size(low: float, high: float) -> Size:
    low, high = min(low, high), max(low, high)
    return Size(tokens_low=round(low), tokens_high=round(high)) if high <= MAX_TOKENS else Size()


def _hour_size(low: float, high: float) -> Size:
    low, high = min(low, high), max(low, high)
    return Size(hours_low=low, hours_high=high) if high <= MAX_HOURS else Size()


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def _scale(letter: str | None) -> float:
    return {"k": 1e3, "K": 1e3, "M": 1e6}.get(letter or "", 1.0)


def _hours_of(unit: str) -> float:
    first = unit[0].lower()
    return {"h": 1.0, "m": 1 / 60, "d": HOURS_A_DAY}[first]
