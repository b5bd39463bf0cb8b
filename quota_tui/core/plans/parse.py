"""A plan from its text: `parse(text) -> Plan`. Never raises, whatever the text is.

Phases are, in this order: headings that say so (`core.plans.sections`), headings with task lists below them,
the entries of a task list, a numbered list under a heading such as "Steps", else the whole file.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import islice
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from quota_tui.core.estimating.subject import TaskType
from quota_tui.core.plans.guess import guess_type
from quota_tui.core.plans.headings import Heading, headings_of, read_name
from quota_tui.core.plans.lines import Line, split_lines
from quota_tui.core.plans.plan import Box, Plan, PlanPhase, Size
from quota_tui.core.plans.sections import is_no_work, is_work, phase_headings
from quota_tui.core.plans.sizes import size_in, task_type

MAX_PHASES = 200
MAX_NAME = 200
_ITEM = re.compile(r"([ \t]*)(?:>[ \t]*)?(?:[-*+]|(\d{1,9})[.)])[ \t]+(?:\[([ xX✓✔-])\](?:[ \t]+|$))?")
_KEY = re.compile(r"[^\w\n]{0,16}([A-Za-z][A-Za-z -]{1,24}?)[*_]*\s{0,4}[:=][*_]*[ \t]*(.{1,400})")
_SIZE_NAMES = (
    "time,duration,estimate,estimates,estimated,estimated time,time estimate,effort,estimated effort,hours,"
    "estimated hours,tokens,token range,token estimate,estimated tokens,token budget,budget,size"
)
_SIZE_KEYS = frozenset(_SIZE_NAMES.split(","))
_TYPE_KEYS = frozenset({"type", "task type", "kind", "phase type"})
_COMPLEXITY_KEYS = frozenset(
    {"complexity", "risk", "risks", "risk level", "difficulty", "complexity notes", "challenges", "challenge"}
)
_STATUS_LINES = 60


class _Item(msgspec.Struct, frozen=True):
    at: int
    indent: int
    number: str
    mark_at: int
    done: bool
    text: str


def parse(text: str) -> Plan:
    """The plan in a text."""
    lines = split_lines(text)
    headings = headings_of(lines)
    title = _title(headings)
    front = _front(lines)
    said = task_type(front.get("type", front.get("task_type", ("", (0, 0))))[0])
    reader = _Reader(text, lines, [heading for heading in headings if heading is not title], said)
    phases = reader.phases()
    is_whole = not phases
    if is_whole:
        phases = [reader.whole(title.name if title else "")]
    before = len(lines) if is_whole else phases[0].line - 1
    status, status_at = _status(lines, front, before)
    # A status is written below the title only where it is found again.
    is_above = title is not None and title.last < min(before, _STATUS_LINES - 3)
    return Plan(
        title=_clipped(title.name) if title else "",
        status=status,
        phases=tuple(phases),
        front=tuple((key, value) for key, (value, _) in front.items()),
        status_at=status_at,
        title_end=lines[title.last].end if title and is_above else 0,
        is_whole=is_whole,
    )


class _Reader:
    """Finds the phases of one text. `headings` are without the title; `said` is the kind of all its work."""

    def __init__(
        self, text: str, lines: Sequence[Line], headings: Sequence[Heading], said: TaskType | None
    ) -> None:
        self._text = text
        self._lines = lines
        self._headings = headings
        self._said = said
        self._items = _items(lines, {at for h in headings for at in (h.at, h.last)})
        self._heading_at = {heading.at: heading for heading in headings}

    def phases(self) -> list[PlanPhase]:
        """The phases, in order; none when the text has none."""
        chosen = phase_headings(self._headings) or self._with_tasks()
        if chosen:
            return [self._of_heading(heading) for heading in chosen[:MAX_PHASES]]
        boxes = [item for item in self._items if item.mark_at >= 0]
        tops = self._tops(boxes)
        return self._of_items(tops) if tops else self._of_items(self._numbered())

    def whole(self, name: str) -> PlanPhase:
        """The one phase of a plan without any."""
        name = re.sub(r"^(?:implementation )?plan: *", "", name, flags=re.IGNORECASE)
        phase = PlanPhase(name=_clipped(name) or "the plan", end=len(self._text))
        return self._filled(phase, 0, len(self._lines))

    def _of_heading(self, heading: Heading) -> PlanPhase:
        later = islice(self._headings, bisect_right(self._headings, heading.at, key=_at), None)
        end = next((other.at for other in later if other.level <= heading.level), len(self._lines))
        phase = PlanPhase(
            name=_clipped(heading.name),
            label=heading.label,
            line=heading.at + 1,
            size=heading.size,
            is_marked_done=heading.is_done,
            mark_at=heading.mark_at,
            start=self._lines[heading.at].start,
            end=self._lines[end].start if end < len(self._lines) else len(self._text),
        )
        return self._filled(phase, heading.last + 1, end)

    def _of_items(self, items: Sequence[_Item]) -> list[PlanPhase]:
        phases = []
        for at, item in enumerate(items[:MAX_PHASES]):
            end = self._item_end(item, items[at + 1].at if at + 1 < len(items) else len(self._lines))
            line = self._lines[item.at]
            name, _, label, size, is_done = read_name(item.text)
            box = Box(item.text, item.done, item.mark_at) if item.mark_at >= 0 else None
            phase = PlanPhase(
                name=_clipped(name),
                label=label or (item.number if box is None else ""),
                line=item.at + 1,
                size=size,
                is_marked_done=is_done or item.done,
                box=box,
                mark_at=line.start + len(line.text.rstrip()),
                start=line.start,
                end=self._lines[end].start if end < len(self._lines) else len(self._text),
            )
            phases.append(self._filled(phase, item.at + 1, end))
        return phases

    def _filled(self, phase: PlanPhase, first: int, end: int) -> PlanPhase:
        """The phase with what its lines say."""
        inside = _between(self._items, first, end)
        size, complexity = phase.size, list[str]()
        for line in self._lines[first:end]:
            found = None if line.is_code else _KEY.match(line.text)
            if found is None:
                continue
            key, value = found[1].strip().casefold(), found[2].strip(" \t*_")
            if key in _SIZE_KEYS:
                size = size.or_else(replace(size_in(value, key), task_type=None))
            elif key in _TYPE_KEYS:
                size = size.or_else(Size(task_type=task_type(value)))
            elif key in _COMPLEXITY_KEYS and value and len(complexity) < 10:
                complexity.append(_clipped(value))
        subs = len(_between(self._headings, first, end))
        said = size.task_type or self._said
        body = "\n".join(
            line.text[:1000] for line in self._lines[first : min(end, first + 80)] if not line.is_code
        )
        return replace(
            phase,
            size=size,
            task_type=said or guess_type(phase.name, body),
            type_is_guessed=said is None,
            complexity=tuple(complexity),
            boxes=tuple(Box(item.text, item.done, item.mark_at) for item in inside if item.mark_at >= 0),
            steps=len(inside) + subs,
        )

    def _with_tasks(self) -> list[Heading]:
        """Headings of one level that each have a task list of their own, at least two of them."""
        owners: dict[int, Heading] = {}
        for item in self._items:
            owner = self._owner(item.at)
            if item.mark_at >= 0 and owner is not None and not is_no_work(owner):
                owners[owner.at] = owner
        levels = [owner.level for owner in owners.values()]
        for level in sorted(set(levels)):
            if levels.count(level) > 1:
                return [owner for owner in owners.values() if owner.level == level]
        return []

    def _tops(self, boxes: Sequence[_Item]) -> list[_Item]:
        """The outermost entries of a task list that is work."""
        able = [item for item in boxes if (owner := self._owner(item.at)) is None or not is_no_work(owner)]
        least = min((item.indent for item in able), default=0)
        return [item for item in able if item.indent <= least + 1]

    def _numbered(self) -> list[_Item]:
        """The longest numbered list under a heading that says it is work, or of a text without headings."""
        groups: dict[int, list[_Item]] = {}
        for item in self._items:
            owner = self._owner(item.at)
            if item.number and item.indent < 2 and (is_work(owner) if owner else not self._headings):
                groups.setdefault(owner.at if owner else -1, []).append(item)
        best = max(groups.values(), key=len, default=[])
        return best if len(best) > 1 else []

    def _owner(self, at: int) -> Heading | None:
        """The heading that a line stands under."""
        before = bisect_left(self._headings, at, key=_at)
        return self._headings[before - 1] if before else None

    def _item_end(self, item: _Item, limit: int) -> int:
        """Where an entry ends: at the next heading, or at text that is no longer indented below it."""
        after_blank = False
        for at in range(item.at + 1, limit):
            line = self._lines[at]
            if at in self._heading_at:
                return at
            if not line.text.strip():
                after_blank = True
            elif after_blank and not line.is_code and not line.text[: item.indent + 1].isspace():
                return at
        return limit


_Placed = TypeVar("_Placed", _Item, Heading)


def _at(placed: _Item | Heading) -> int:
    return placed.at


def _between(placed: Sequence[_Placed], first: int, end: int) -> Sequence[_Placed]:
    """Those on the lines from `first` to before `end`."""
    return placed[bisect_left(placed, first, key=_at) : bisect_left(placed, end, key=_at)]


def _items(lines: Sequence[Line], taken: set[int]) -> list[_Item]:
    """All entries of lists; `taken` are lines of headings."""
    found = []
    for at, line in enumerate(lines):
        item = None if line.is_code or at in taken else _ITEM.match(line.text)
        if item is not None:
            mark_at = line.start + item.start(3) if item[3] is not None else -1
            done = item[3] is not None and item[3] not in " -"
            text = line.text[item.end() : item.end() + 400].strip()
            found.append(_Item(at, len(item[1].expandtabs(4)), item[2] or "", mark_at, done, text))
    return found


def _title(headings: Sequence[Heading]) -> Heading | None:
    """The first heading of the first level, when it is the only one or stands first."""
    tops = [heading for heading in headings if heading.level == 1]
    if not tops or (tops[0] is not headings[0] and len(tops) > 1):
        return None
    others = (heading.word for heading in headings if heading is not tops[0])
    is_phase = tops[0].word is not None and tops[0].word in others
    return None if is_phase else tops[0]


def _front(lines: Sequence[Line]) -> dict[str, tuple[str, tuple[int, int]]]:
    """The simple pairs of the front matter, and where their values stand."""
    found: dict[str, tuple[str, tuple[int, int]]] = {}
    for line in lines:
        if not line.is_front:
            break
        name, colon, value = line.text.partition(":")
        key = name.strip().casefold().replace(" ", "_").replace("-", "_")
        if colon and re.fullmatch(r"[a-z][a-z0-9_]{0,40}", key) and not name[:1].isspace():
            inner = value.strip(" \t")
            start = line.end - len(value) + (len(value) - len(value.lstrip(" \t")))
            found.setdefault(key, (inner.strip("\"'"), (start, start + len(inner))))
    return found


def _status(
    lines: Sequence[Line], front: dict[str, tuple[str, tuple[int, int]]], before: int
) -> tuple[str, tuple[int, int] | None]:
    if "status" in front:
        value, place = front["status"]
        return _clipped(value), place
    for line in lines[: min(before, _STATUS_LINES)]:
        found = None if line.is_code else _KEY.match(line.text)
        if found is not None and found[1].strip().casefold() == "status":
            raw = found[2].rstrip()
            bold = "**" if raw.endswith("**") else ""
            value = raw.removesuffix("**").strip() if bold else raw
            start = line.start + found.start(2) + (len(raw) - len(raw.lstrip()))
            return _clipped(value), (start, start + len(value))
    return "", None


def _clipped(text: str) -> str:
    """One line of a bearable length, as it was written; what is no UTF-8 could be kept and shown nowhere."""
    line = text[: 4 * MAX_NAME].strip().encode("utf-8", "replace").decode()
    return line if len(line) <= MAX_NAME else line[: MAX_NAME - 1].rstrip() + "…"
