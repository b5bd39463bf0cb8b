"""The questions of `quota-tui plan`, one line at a time.

Lists show what is proposed and where it came from. A line of text adds an entry, `-2` removes the second
one, `-` removes all, and an empty line goes on.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import click
import msgspec

from quota_tui.core.handoff import (
    START_AFTER_RESET,
    START_MANUAL,
    START_RESET,
    Handoff,
    Objective,
    start_instant,
)
from quota_tui.core.handoff_objectives import total_words
from quota_tui.core.planstart import choice_words, read_time
from quota_tui.core.proposal import Proposed
from quota_tui.core.words import Face, clean, moment, tokens
from quota_tui.handing.form import Facts
from quota_tui.handing.planner import Planner

_REMOVE = re.compile(r"-(\d{0,4})")
_SIZED = re.compile(
    r"(?P<text>.+?)\s*[=≈]\s*(?P<number>\d+(?:\.\d+)?)(?P<unit>k?)\s*(?:tokens?)?", re.IGNORECASE
)
_LISTS = (
    ("decisions", "Key decisions, with the reason"),
    ("failed", "Failed approaches: what was tried and why it did not work"),
    ("blockers", "Blockers and notes"),
    ("files", "Files to read first"),
    ("commands", "Commands to run on start"),
)


def ask(proposed: Proposed, facts: Facts, planner: Planner, now: datetime, face: Face) -> Handoff:
    """The handoff as the person wants it. Ends the program on ctrl+c, with the draft kept."""
    left = planner.draft()
    if left is not None:
        when = moment(left.saved_at, now, face)
        if click.confirm(f"A draft of {when} is there. Go on with it?", default=True):
            proposed = Proposed(left.handoff, {})
    handoff = proposed.handoff
    click.echo(f"Project: {clean(handoff.project, face) or 'none'}")
    click.echo("A line adds, -2 removes the second, - removes all, an empty line goes on.\n")
    handoff = msgspec.structs.replace(handoff, title=_line("Title", handoff.title))
    handoff = _keep(
        planner,
        msgspec.structs.replace(handoff, accomplished=_list(proposed, "accomplished", "Accomplished", face)),
    )
    state = handoff.state
    known = [part for part in (state.branch, state.last_commit, state.tests) if part]
    click.echo(f"State: {clean(' · '.join(known), face) or 'nothing is known'}")
    tests = _line("Tests", state.tests)
    handoff = msgspec.structs.replace(handoff, state=msgspec.structs.replace(state, tests=tests))
    handoff = _keep(planner, msgspec.structs.replace(handoff, objectives=_objectives(proposed, facts, face)))
    for field, title in _LISTS:
        change: dict[str, Any] = {field: _list(proposed, field, title, face)}
        handoff = _keep(planner, msgspec.structs.replace(handoff, **change))
    handoff = msgspec.structs.replace(
        handoff, instructions=_line("Instructions for the agent", handoff.instructions)
    )
    if facts.agents:
        click.echo(f"Agents: {', '.join(facts.agents)}")
        handoff = msgspec.structs.replace(handoff, agent=_line("Agent", handoff.agent))
    return _keep(planner, _start(handoff, facts.resets_at, now, face))


def _keep(planner: Planner, handoff: Handoff) -> Handoff:
    planner.save_draft(handoff)
    return handoff


def _line(title: str, known: str) -> str:
    answer: str = click.prompt(title, default=known or "", show_default=bool(known))
    return answer


def _list(proposed: Proposed, field: str, title: str, face: Face) -> tuple[str, ...]:
    entries = [(text, proposed.source(field, at)) for at, text in enumerate(getattr(proposed.handoff, field))]
    while True:
        _show(title, entries, face)
        typed = click.prompt(">", default="", show_default=False, prompt_suffix=" ").strip()
        if not typed:
            return tuple(text for text, _ in entries)
        entries = _removed(entries, typed) if _REMOVE.fullmatch(typed) else [*entries, (typed, "")]


def _objectives(proposed: Proposed, facts: Facts, face: Face) -> tuple[Objective, ...]:
    found = list(proposed.handoff.objectives)
    window = facts.next_window.tokens
    while True:
        shown = [
            (f"{item.text}{f'  ≈{tokens(item.tokens)}' if item.tokens is not None else ''}", "")
            for item in found
        ]
        _show("Objectives of the next session, as `text = 15k` where you know the tokens", shown, face)
        if said := total_words(found, window):
            click.echo(f"  {said}")
        typed = click.prompt(">", default="", show_default=False, prompt_suffix=" ").strip()
        if not typed:
            return tuple(found)
        if _REMOVE.fullmatch(typed):
            kept = _removed([(item.text, str(at)) for at, item in enumerate(found)], typed)
            found = [found[int(at)] for _, at in kept]
        else:
            found.append(objective_of(typed))


def objective_of(typed: str) -> Objective:
    """`Refresh tokens = 18k` as an objective of 18,000 tokens; text alone without a number."""
    sized = _SIZED.fullmatch(typed)
    if sized is None:
        return Objective(typed)
    return Objective(sized["text"], round(float(sized["number"]) * (1000 if sized["unit"] else 1)))


def _removed(entries: list[tuple[str, str]], typed: str) -> list[tuple[str, str]]:
    number = typed[1:]
    if not number:
        return []
    return [entry for at, entry in enumerate(entries, 1) if at != int(number)]


def _show(title: str, entries: list[tuple[str, str]], face: Face) -> None:
    click.echo(f"{title}:")
    for at, (text, source) in enumerate(entries, 1):
        where = f"   ({clean(source, face)})" if source else ""
        click.echo(f"  {at} {clean(text, face)}{where}")


def _start(handoff: Handoff, resets_at: datetime | None, now: datetime, face: Face) -> Handoff:
    words = (START_RESET, START_AFTER_RESET, START_MANUAL)
    for at, choice in enumerate(words, 1):
        click.echo(f"  {at} {choice_words(choice, choice, resets_at, now, face)}")
    click.echo("  or a time, such as 18:45 or tomorrow 9:00")
    default = str(words.index(handoff.start) + 1 if handoff.start in words else 2)
    while True:
        typed = click.prompt("Start", default=default).strip()
        if typed in {"1", "2", "3"}:
            start = words[int(typed) - 1]
            break
        at_time = read_time(typed, now, face.zone or UTC)
        if isinstance(at_time, datetime):
            start = at_time.isoformat()
            break
        click.echo(f"  {at_time}")
    return msgspec.structs.replace(handoff, start=start, scheduled_for=start_instant(start, resets_at))
