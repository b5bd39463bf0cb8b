"""The plan form's arithmetic: a handoff as spots that a person edits one at a time. Pure.

A `Spot` names one editable piece of a handoff. Every function takes a handoff and gives another one; texts
are kept to the character.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from quota_tui.core.handoff import MAX_TOKENS, Handoff, Objective
from quota_tui.core.handoff_objectives import read_objectives
from quota_tui.core.proposal import Proposed

_Entry = TypeVar("_Entry")

LISTS = ("accomplished", "decisions", "failed", "blockers", "files", "commands")
"""The fields that are lists of texts."""
STATE_TEXTS = ("branch", "last_commit", "tests")
TEXTS = ("title", "agent", "plan_file", "instructions")
OTHER = "other"
"""The lines of the state that name none of its parts: a list too."""
MODIFIED = "files_modified"
"""Edited as one text, a file on each line: there may be hundreds."""


_PATH = re.compile(r"([a-z_]+)(?:\[(\d{1,6})\])?(?:\.steps\[(\d{1,6})\])?.*")


class Spot(msgspec.Struct, frozen=True):
    """One editable piece.

    `field` is the handoff's (or its state's) field; `at` the entry of a list, -1 for the field as a whole;
    `part` is "" for the text, "add" for the place where a new entry is typed, "tokens" and "step" (the
    `step`-th) of an objective, or a choice of start.
    """

    field: str
    at: int = -1
    part: str = ""
    step: int = -1


class Size(msgspec.Struct, frozen=True):
    """Tokens as typed: the middle, and a range where one was given."""

    tokens: int | None = None
    low: int | None = None
    high: int | None = None


def text_at(handoff: Handoff, spot: Spot) -> str:
    """What an editor of this spot begins with."""
    if spot.part == "add":
        return ""
    if spot.field == "objectives":
        objective = handoff.objectives[spot.at]
        if spot.part == "tokens":
            return typed_size(Size(objective.tokens, objective.tokens_low, objective.tokens_high))
        return objective.steps[spot.step] if spot.part == "step" else objective.text
    if spot.field == MODIFIED:
        return "\n".join(handoff.state.files_modified)
    entries = entries_of(handoff, spot.field)
    if entries is not None:
        return entries[spot.at]
    return str(getattr(handoff.state if spot.field in STATE_TEXTS else handoff, spot.field))


def entries_of(handoff: Handoff, field: str) -> tuple[str, ...] | None:
    """The entries of a field that is a list of texts; None for another field."""
    if field == OTHER:
        return handoff.state.other
    return getattr(handoff, field) if field in LISTS else None


def put(handoff: Handoff, spot: Spot, text: str) -> Handoff:
    """The handoff with this text at the spot. Tokens that are no number leave it as it is."""
    if spot.field == "objectives":
        return _with_objective(handoff, spot, text)
    entries = entries_of(handoff, spot.field)
    if entries is not None:
        return _with_field(handoff, spot.field, _replaced(entries, spot.at, text))
    if spot.field == MODIFIED:
        return _with_field(handoff, MODIFIED, tuple(line for line in text.split("\n") if line))
    return _with_field(handoff, spot.field, text)


def insert(handoff: Handoff, spot: Spot, text: str) -> tuple[Handoff, Spot]:
    """A new entry with this text where `spot` stands: at the end of its list for "add", else after it."""
    if spot.field == "objectives" and spot.part == "step":
        objective = handoff.objectives[spot.at]
        at = spot.step + 1 if 0 <= spot.step < len(objective.steps) else len(objective.steps)
        steps = (*objective.steps[:at], text, *objective.steps[at:])
        changed = msgspec.structs.replace(objective, steps=steps)
        return _with_objectives(handoff, spot.at, (changed,)), Spot("objectives", spot.at, "step", at)
    if spot.field == "objectives":
        at = len(handoff.objectives) if spot.part == "add" else spot.at + 1
        items = (*handoff.objectives[:at], Objective(text), *handoff.objectives[at:])
        return msgspec.structs.replace(handoff, objectives=items), Spot("objectives", at)
    entries = entries_of(handoff, spot.field) or ()
    at = len(entries) if spot.part == "add" else spot.at + 1
    return _with_field(handoff, spot.field, (*entries[:at], text, *entries[at:])), Spot(spot.field, at)


def remove(handoff: Handoff, spot: Spot) -> Handoff:
    """Without the entry at the spot; a field of its own is emptied."""
    if spot.part == "add" or spot.field == "start":
        return handoff
    if spot.field == "objectives":
        objective = handoff.objectives[spot.at]
        if not spot.part:
            return _with_objectives(handoff, spot.at, ())
        if spot.part == "tokens":
            return put(handoff, spot, "")
        steps = (*objective.steps[: spot.step], *objective.steps[spot.step + 1 :])
        return _with_objectives(handoff, spot.at, (msgspec.structs.replace(objective, steps=steps),))
    entries = entries_of(handoff, spot.field)
    if entries is not None:
        return _with_field(handoff, spot.field, (*entries[: spot.at], *entries[spot.at + 1 :]))
    return put(handoff, spot, "")


def move(handoff: Handoff, spot: Spot, by: int) -> tuple[Handoff, Spot]:
    """The entry one place up (-1) or down (1) in its list, and where it then is."""
    if spot.at < 0:
        return handoff, spot
    if spot.field == "objectives" and spot.part == "step":
        objective = handoff.objectives[spot.at]
        steps, at = _swapped(objective.steps, spot.step, by)
        changed = msgspec.structs.replace(objective, steps=steps)
        return _with_objectives(handoff, spot.at, (changed,)), msgspec.structs.replace(spot, step=at)
    if spot.field == "objectives":
        items, at = _swapped(handoff.objectives, spot.at, by)
        return msgspec.structs.replace(handoff, objectives=items), msgspec.structs.replace(spot, at=at)
    entries, at = _swapped(entries_of(handoff, spot.field) or (), spot.at, by)
    return _with_field(handoff, spot.field, entries), msgspec.structs.replace(spot, at=at)


def settled(handoff: Handoff, spot: Spot) -> Handoff:
    """As it stands once the spot is left: `Refresh tokens ≈18k` in an objective becomes text and tokens.

    What counts as an estimate is what the file's reader takes for one, so that both understand the same.
    """
    if spot.field != "objectives" or spot.part or not 0 <= spot.at < len(handoff.objectives):
        return handoff
    before = handoff.objectives[spot.at]
    if "\n" in before.text or len(before.text) > 10_000:
        return handoff
    read = read_objectives([(1, f"- {before.text}")])
    if len(read) != 1 or (read[0].tokens, read[0].tokens_low, read[0].tokens_high) == (None, None, None):
        return handoff
    text, size = read[0].text, _with_middle(Size(read[0].tokens, read[0].tokens_low, read[0].tokens_high))
    if not text or not before.text.startswith(text):
        return handoff
    return _with_objectives(handoff, spot.at, (_sized(msgspec.structs.replace(before, text=text), size),))


def kept_aside(handoff: Handoff, spot: Spot, text: str) -> Handoff:
    """With typed tokens that make no sense put behind the objective's text, so that they are not lost."""
    objective = handoff.objectives[spot.at]
    if spot.part != "tokens" or not text.strip() or isinstance(read_size(text), Size):
        return handoff
    changed = msgspec.structs.replace(objective, text=f"{objective.text} [{text.strip()}]".lstrip())
    return _with_objectives(handoff, spot.at, (changed,))


def agent_after(agents: Sequence[str], agent: str) -> str:
    """The next agent to choose: none, then each of them; one that was typed goes to none."""
    known = ["", *agents]
    return known[(known.index(agent) + 1) % len(known)] if agent in known else ""


def sources_by_text(proposed: Proposed) -> dict[tuple[str, str], str]:
    """Where each text was proposed from, by field and text: it holds while entries move about."""
    found: dict[tuple[str, str], str] = {}
    for path, source in proposed.sources.items():
        spot = spot_named(path)
        if spot is not None and spot.field != "start":
            found[spot.field, text_at(proposed.handoff, spot)] = source
    return found


def spot_named(path: str) -> Spot | None:
    """The spot that a path names, as in `objectives[0].steps[1]` or `state.branch`; None for no spot."""
    found = _PATH.fullmatch(path.removeprefix("state."))
    if found is None:
        return None
    field, at = found[1], int(found[2] or -1)
    if field in {"start", "scheduled_for"}:
        return Spot("start")
    if field == MODIFIED or field in (*STATE_TEXTS, *TEXTS):
        return Spot(field)
    if field == "objectives" and found[3]:
        return Spot(field, at, "step", int(found[3]))
    if field in (*LISTS, OTHER, "objectives"):
        return Spot(field, at) if at >= 0 else Spot(field, part="add")
    return None


# Tokens as typed.

_NUMBER = r"\d{1,3}(?:[,._ ]\d{3})+|\d{1,15}(?:[.,]\d{1,3})?"
_SIZE = re.compile(
    rf"""[≈~]?\s*(?P<a>{_NUMBER})\s*(?P<a_unit>[kKmM]?)
    (?:\s*(?:-|–|—|to|\.\.\.?)\s*(?P<b>{_NUMBER})\s*(?P<b_unit>[kKmM]?)
    |\s*[(\[,]?\s*(?P<low>{_NUMBER})\s*(?P<low_unit>[kKmM]?)
     \s*(?:-|–|—|to|\.\.\.?)\s*(?P<high>{_NUMBER})\s*(?P<high_unit>[kKmM]?)\s*[)\]]?)?
    \s*(?:t|tok|tokens)?""",
    re.VERBOSE,
)
EXAMPLES = "15k, 15000 or 9-24k"


def read_size(text: str) -> Size | str:
    """Tokens as a person types them: `15k`, `15000`, `9-24k`, `15k (9-24k)`; empty is none.

    A range alone has its geometric mean for a middle: sizes of tasks spread by factors, not by amounts.
    A sentence that says what is wrong when it is no number of tokens.
    """
    stripped = text.strip()
    if not stripped:
        return Size()
    found = _SIZE.fullmatch(stripped) if len(stripped) <= 80 else None
    if found is None:
        return f"tokens are written as {EXAMPLES}"
    said = found.groupdict()
    if said["b"] is not None:
        size = _range(said["a"], said["a_unit"], said["b"], said["b_unit"])
    elif said["low"] is not None:
        size = _range(said["low"], said["low_unit"], said["high"], said["high_unit"])
        size = Size(_count(said["a"], said["a_unit"]), size.low, size.high)
    else:
        size = Size(_count(said["a"], said["a_unit"]))
    if max(size.tokens or 0, size.high or 0) > MAX_TOKENS:
        return f"more tokens than there are; written as {EXAMPLES}"
    if size.tokens is not None and size.low is not None and not size.low <= size.tokens <= (size.high or 0):
        return "the number is outside its range"
    return _with_middle(size)


def typed_size(size: Size) -> str:
    """The size as `read_size` reads it back, exactly."""
    ends = _ends(size.low, size.high) if size.low is not None and size.high is not None else ""
    if size.tokens is None:
        return ends
    if ends and _with_middle(Size(None, size.low, size.high)) == size:
        return ends
    return f"{_short(size.tokens)} ({ends})" if ends else _short(size.tokens)


def _with_middle(size: Size) -> Size:
    if size.tokens is not None or size.low is None or size.high is None:
        return size
    middle = (size.low * size.high) ** 0.5 if size.low else size.high / 2
    # Three figures: more would say that it is known better than it is.
    return Size(min(max(int(float(f"{middle:.3g}")), size.low), size.high), size.low, size.high)


def _range(low: str, low_unit: str, high: str, high_unit: str) -> Size:
    """`9-24k` is 9k to 24k: the unit of the upper end is that of both, unless that makes no sense."""
    upper = _count(high, high_unit)
    lower = _count(low, low_unit)
    if not low_unit and high_unit and _count(low, high_unit) <= upper:
        lower = _count(low, high_unit)
    return Size(None, min(lower, upper), max(lower, upper))


def _count(number: str, unit: str) -> int:
    size = {"k": 1000, "m": 1_000_000}.get(unit.lower(), 1)
    groups = len(re.findall(r"[,._ ]\d{3}", number))
    # `15,000` is a thousand times fifteen, but in `1.500k` the point is a decimal one.
    if groups > (size > 1) or number.isdigit():
        return int(re.sub(r"[,._ ]", "", number)) * size
    return round(float(re.sub("[,_ ]", ".", number)) * size)


def _ends(low: int, high: int) -> str:
    """Both ends with a unit or neither: a lower one without would get the upper one's."""
    return f"{low}-{high}" if low % 1000 or high % 1000 else f"{_short(low)}-{_short(high)}"


def _short(tokens: int | None) -> str:
    if tokens and tokens % 1_000_000 == 0:
        return f"{tokens // 1_000_000}M"
    return f"{tokens // 1000}k" if tokens and tokens % 1000 == 0 else str(tokens)


# The pieces.


def _with_objective(handoff: Handoff, spot: Spot, text: str) -> Handoff:
    objective = handoff.objectives[spot.at]
    if spot.part == "tokens":
        size = read_size(text)
        changed = objective if isinstance(size, str) else _sized(objective, size)
    elif spot.part == "step":
        changed = msgspec.structs.replace(objective, steps=_replaced(objective.steps, spot.step, text))
    else:
        changed = msgspec.structs.replace(objective, text=text)
    return _with_objectives(handoff, spot.at, (changed,))


def _sized(objective: Objective, size: Size) -> Objective:
    return msgspec.structs.replace(objective, tokens=size.tokens, tokens_low=size.low, tokens_high=size.high)


def _with_objectives(handoff: Handoff, at: int, items: tuple[Objective, ...]) -> Handoff:
    return msgspec.structs.replace(
        handoff, objectives=(*handoff.objectives[:at], *items, *handoff.objectives[at + 1 :])
    )


def _with_field(handoff: Handoff, field: str, value: object) -> Handoff:
    if field in STATE_TEXTS or field in {OTHER, MODIFIED}:
        return msgspec.structs.replace(
            handoff, state=msgspec.structs.replace(handoff.state, **{field: value})
        )
    return msgspec.structs.replace(handoff, **{field: value})


def _replaced(entries: tuple[str, ...], at: int, text: str) -> tuple[str, ...]:
    return (*entries[:at], text, *entries[at + 1 :])


def _swapped(entries: tuple[_Entry, ...], at: int, by: int) -> tuple[tuple[_Entry, ...], int]:
    to = min(max(at + by, 0), len(entries) - 1)
    moved = [*entries[:at], *entries[at + 1 :]]
    moved.insert(to, entries[at])
    return tuple(moved), to
