"""What is missing in a handoff, or contradicts itself or the world."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import msgspec

from quota_tui.core.handoff import START_MANUAL, Handoff, Objective, instant, is_start, total, with_texts
from quota_tui.core.proposal import same
from quota_tui.core.secrets import find
from quota_tui.core.words import Face, clock, moment, tokens

_USED_UP_PCT = 80.0
"""With less than a fifth left, a start before the reset begins with next to nothing."""


class Problem(msgspec.Struct, frozen=True):
    """One thing to look at. `field` is its path, as in `objectives[0]`; `text` one sentence for a person."""

    field: str
    text: str


class CheckFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the world says. None is unknown, and nothing is said about it.

    `available_tokens` is what the window of the next session will hold, an estimate. `missing_files` are
    entries of `files` that name no file.
    """

    now: datetime
    available_tokens: int | None = None
    missing_files: frozenset[str] = frozenset()
    project_exists: bool | None = None
    branch_exists: bool | None = None
    agent_exists: bool | None = None
    plan_exists: bool | None = None


def check(handoff: Handoff, facts: CheckFacts, face: Face | None = None) -> tuple[Problem, ...]:
    """All problems, in the order of the document."""
    face = face or Face()
    return (
        *_heads(handoff, facts),
        *_start(handoff, facts, face),
        *_objectives(handoff),
        *_budget(handoff, facts),
        *_files(handoff, facts),
        *_secrets(handoff),
    )


def file_names(entry: str) -> tuple[str, ...]:
    """What an entry of `files` may name, likeliest first: people add why, as in `src/a.py: entry point`."""
    span = re.match(r"`([^`]+)`", entry)
    names = [entry, span[1] if span else "", re.split(r"\s[-–—(]|[:#]", entry, maxsplit=1)[0].strip()]
    return tuple(dict.fromkeys(name for name in names if name))


def _heads(handoff: Handoff, facts: CheckFacts) -> Iterator[Problem]:
    if not handoff.title.strip():
        yield Problem("title", "it has no title")
    if facts.project_exists is False:
        yield Problem("project", f"the project's folder {handoff.project} does not exist")
    if facts.branch_exists is False:
        yield Problem("state.branch", f"the branch {handoff.state.branch} does not exist any more")
    if facts.agent_exists is False:
        yield Problem("agent", f"there is no agent {handoff.agent}: no file in the agents folders defines it")
    if facts.plan_exists is False:
        yield Problem("plan_file", f"the plan {handoff.plan_file} does not exist")


def _start(handoff: Handoff, facts: CheckFacts, face: Face) -> Iterator[Problem]:
    at, resets_at = handoff.scheduled_for, handoff.quota.resets_at
    if handoff.start and not is_start(handoff.start):
        yield Problem("start", f"the start `{handoff.start}` is neither reset, reset+5m, manual nor a time")
        return
    if handoff.start in {"", START_MANUAL}:
        if at is not None:
            yield Problem("scheduled_for", "it is to be started by hand, and yet has a time")
        return
    said = instant(handoff.start, face.zone)
    if at is None:
        yield Problem("scheduled_for", "the start has no time: the reset is not known")
    elif said is not None and said != at:
        yield Problem("scheduled_for", f"the start says {handoff.start}, the time {at:%Y-%m-%dT%H:%M:%SZ}")
    elif at < facts.now:
        yield Problem("scheduled_for", f"the start, {moment(at, facts.now, face)}, is in the past")
    elif resets_at is not None and at < resets_at and (handoff.quota.used_pct or 0) >= _USED_UP_PCT:
        yield Problem(
            "scheduled_for",
            f"the start is before the reset at {clock(resets_at, face)}: little quota is left",
        )


def _objectives(handoff: Handoff) -> Iterator[Problem]:
    if not any(not item.done for item in handoff.objectives):
        done = "all objectives are done already" if handoff.objectives else "it has no objectives"
        yield Problem("objectives", f"{done}: the next session would not know what to do")
    for at, item in enumerate(handoff.objectives):
        field = f"objectives[{at}]"
        if not item.text.strip():
            yield Problem(field, f"objective {at + 1} has no text")
        elif not item.done and any(same(item.text, text) for text in handoff.accomplished):
            yield Problem(
                field, f"objective {at + 1} is accomplished already: {item.text.strip().splitlines()[0]}"
            )
        if _is_upside_down(item):
            yield Problem(field, f"the estimate of objective {at + 1} lies outside its own range")


def _is_upside_down(item: Objective) -> bool:
    ends = [end for end in (item.tokens_low, item.tokens, item.tokens_high) if end is not None]
    return ends != sorted(ends)


def _budget(handoff: Handoff, facts: CheckFacts) -> Iterator[Problem]:
    needed, available = total(handoff.objectives), facts.available_tokens
    if needed is None or available is None:
        return
    if needed.tokens > available:
        words = f"the objectives need ≈{tokens(needed.tokens)} tokens, the window holds ≈{tokens(available)}"
        yield Problem("objectives", f"{words}: leave some for later")
    elif needed.high is not None and needed.high > available:
        words = f"the objectives may need up to {tokens(needed.high)} tokens"
        held = f"the window holds ≈{tokens(available)}"
        yield Problem("objectives", f"{words}, {held}: put first what must be done")


def _files(handoff: Handoff, facts: CheckFacts) -> Iterator[Problem]:
    for at, entry in enumerate(handoff.files):
        if entry in facts.missing_files:
            yield Problem(f"files[{at}]", f"the file to read {entry} does not exist")


def _secrets(handoff: Handoff) -> Iterator[Problem]:
    found: list[Problem] = []

    def look(field: str, text: str) -> str:
        kinds = ", ".join(dict.fromkeys(secret.kind for secret in find(text)))
        if kinds:
            found.append(Problem(field, f"{field} holds what looks like a secret ({kinds})"))
        return text

    with_texts(handoff, look)
    yield from found
