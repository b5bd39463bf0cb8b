"""Which headings of a plan are its phases.

Judged on 49 real plans: work is numbered headings under "Changes" or "Implementation Steps", or "Step 1",
"Phase 1" and the like; what is numbered under "Issues found" or "Verification" is no work.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

from quota_tui.core.plans.headings import WORDS, Heading

_Key = TypeVar("_Key")

_WORK = re.compile(
    r"(?:the )?(?:(?:proposed|required|code|planned|recommended|suggested) )?"
    r"(?:implementation(?: (?:plan|steps?|phases|order|details|tasks))?"
    r"|changes?(?: (?:required|needed|to make))?"
    r"|steps?|step-by-step(?: plan)?|tasks?(?: (?:list|breakdown))?|to-?do(?: list)?"
    r"|plan(?: of (?:action|attack))?|phases?|roadmap|milestones?|work(?: (?:breakdown|items|plan))?"
    r"|approach|solution|fix(?:es)?|action (?:items|plan)|execution(?: plan)?|tests to add|breakdown"
    r"|deliverables)"
)
_NO_WORK = re.compile(
    r"\b(?:summary|overview|goals?|background|context|problems?|analysis|issues|root causes?|causes"
    r"|requirements|insights?|verification|verify|testing strategy|test plan|notes?|references?|risks?"
    r"|edge cases|target|criteria|decisions?|architecture|current|out of scope|non-goals"
    r"|definition of done|questions|dependencies|rollback|what (?:this|is|main|currently)|how|why"
    r"|motivation|expected|findings|bug location|data flow|related)\b"
)
_LEAST_ALONE = WORDS.index("step")
"""A single "Phase 1" or "Step 1" is a phase; a single "Task 1" or "Fix 1" may be anything."""


def phase_headings(headings: Sequence[Heading]) -> list[Heading]:
    """The headings that are the phases, in order; none when the plan has no such headings."""
    ancestors = _ancestors(headings)
    able = [at for at in range(len(headings)) if not any(is_no_work(headings[up]) for up in ancestors[at])]
    for choose in (_by_word, _under_work, _by_number, _by_trouble):
        chosen = choose(headings, ancestors, able)
        if chosen:
            return [headings[at] for at in chosen]
    return []


def is_work(heading: Heading) -> bool:
    """Whether a heading says that what follows is the work."""
    return _WORK.fullmatch(_title(heading)) is not None


def is_no_work(heading: Heading) -> bool:
    """Whether a heading says that what follows is about the work: why, how it is checked, what was found."""
    return not is_work(heading) and heading.word is None and _NO_WORK.search(_title(heading)) is not None


def _title(heading: Heading) -> str:
    return re.sub(r"[^\w\s'/-]+", " ", heading.name[:200]).strip().casefold()


def _ancestors(headings: Sequence[Heading]) -> list[tuple[int, ...]]:
    """For each heading those it stands under, the title (a first level alone) left out."""
    tops = [heading for heading in headings if heading.level == 1]
    found: list[tuple[int, ...]] = []
    stack: list[int] = []
    for at, heading in enumerate(headings):
        while stack and headings[stack[-1]].level >= heading.level:
            stack.pop()
        # A person nests a handful of levels: so the copy is short.
        found.append(tuple(up for up in stack if headings[up].level > 1 or len(tops) > 1))
        stack.append(at)
    return found


def _by_word(
    headings: Sequence[Heading], _ancestors: Sequence[tuple[int, ...]], able: Sequence[int]
) -> list[int]:
    """`Phase 1`, `Step 2`: the shallowest kind, so that the steps of a phase stay its steps."""
    groups = _grouped((at, (headings[at].level, headings[at].word)) for at in able)
    fit = [
        (level, WORDS.index(word), members)
        for (level, word), members in groups.items()
        if word in WORDS[: WORDS.index("fix")] and (len(members) > 1 or WORDS.index(word) <= _LEAST_ALONE)
    ]
    return min(fit, key=lambda each: each[:2])[2] if fit else []


def _under_work(
    headings: Sequence[Heading], ancestors: Sequence[tuple[int, ...]], able: Sequence[int]
) -> list[int]:
    """What stands right under "Changes" or "Implementation": the numbered ones, else all."""
    groups = _grouped(
        (at, ancestors[at][-1]) for at in able if ancestors[at] and is_work(headings[ancestors[at][-1]])
    )
    best: list[int] = []
    for members in groups.values():
        level = min(headings[at].level for at in members)
        children = [at for at in members if headings[at].level == level]
        numbered = [at for at in children if headings[at].word is not None]
        chosen = numbered if len(numbered) > 1 else children
        if len(chosen) > max(1, len(best)):
            best = chosen
    return best


def _by_number(
    headings: Sequence[Heading], ancestors: Sequence[tuple[int, ...]], able: Sequence[int]
) -> list[int]:
    """`1.`, `2.` anywhere else: the largest such group of one parent, the shallower of two alike."""
    groups = _grouped(
        (at, (headings[at].level, ancestors[at][-1:])) for at in able if headings[at].word == ""
    )
    fit = [(-len(members), level, members) for (level, _), members in groups.items() if len(members) > 1]
    return min(fit, key=lambda each: each[:2])[2] if fit else []


def _by_trouble(
    headings: Sequence[Heading], _ancestors: Sequence[tuple[int, ...]], able: Sequence[int]
) -> list[int]:
    """`Fix 1`, `Bug 2`: when nothing else says what the work is."""
    groups = _grouped((at, (headings[at].word, headings[at].level)) for at in able if headings[at].word)
    fit = [
        (WORDS.index(word), level, members)
        for (word, level), members in groups.items()
        if word is not None and len(members) > 1
    ]
    return min(fit, key=lambda each: each[:2])[2] if fit else []


def _grouped(pairs: Iterable[tuple[int, _Key]]) -> dict[_Key, list[int]]:
    groups: dict[_Key, list[int]] = {}
    for at, key in pairs:
        groups.setdefault(key, []).append(at)
    return groups
