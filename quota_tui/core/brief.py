"""A proposed handoff in few words, for Claude to complete: what is known, within a budget of tokens.

What is left out here is not lost: a list that Claude does not give keeps its entries.
"""

from __future__ import annotations

from collections.abc import Sequence

from quota_tui.core.handoff import Handoff, State
from quota_tui.core.memory import cleaned
from quota_tui.core.tokenbound import tokens_at_most

_STEPS = ((20, 200), (12, 160), (8, 140), (6, 110), (4, 90), (3, 70), (2, 50), (1, 40))
"""(entries of a list, characters of an entry): the first that fits is taken."""


def brief(handoff: Handoff, budget_tokens: int) -> str:
    """The proposal as text of at most `budget_tokens`, counted by `tokens_at_most`; no empty parts."""
    text = ""
    for entries, characters in _STEPS:
        text = "\n".join(_lines(handoff, entries, characters))
        if tokens_at_most(text) <= budget_tokens:
            return text
    lines = text.split("\n")
    while lines and tokens_at_most("\n".join(lines)) > budget_tokens:
        lines.pop()
    return "\n".join(lines)


def _lines(handoff: Handoff, entries: int, characters: int) -> list[str]:
    objectives = [
        f"{item.text} ({item.tokens} tokens)" if item.tokens is not None else item.text
        for item in handoff.objectives
        if not item.done
    ]
    parts = (
        ("title", [handoff.title] if handoff.title else []),
        ("accomplished", handoff.accomplished),
        ("state", _state(handoff.state)),
        ("objectives", objectives),
        ("decisions", handoff.decisions),
        ("failed", handoff.failed),
        ("blockers", handoff.blockers),
        ("files", handoff.files),
        ("commands", handoff.commands),
        ("instructions", [handoff.instructions] if handoff.instructions else []),
    )
    lines = [line for name, texts in parts for line in _part(name, texts, entries, characters)]
    return lines or ["nothing is known yet"]


def _state(state: State) -> list[str]:
    named = (("branch", state.branch), ("last commit", state.last_commit), ("tests", state.tests))
    lines = [f"{name}: {text}" for name, text in named if text]
    if state.files_modified:
        lines.append(f"files modified: {', '.join(state.files_modified)}")
    return [*lines, *state.other]


def _part(name: str, texts: Sequence[str], entries: int, characters: int) -> list[str]:
    found = [line for line in (cleaned(text[: 10 * characters], characters) for text in texts) if line]
    if not found:
        return []
    if len(found) == 1:
        return [f"{name}: {found[0]}"]
    more = len(found) - entries
    left_out = [f"- and {more} more, which stay unless you give the list"] if more > 0 else []
    return [f"{name}:", *(f"- {line}" for line in found[:entries]), *left_out]
