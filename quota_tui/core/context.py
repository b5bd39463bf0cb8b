"""What a new session is told to begin with: facts, within a budget of tokens and Claude Code's own cap.

Each part is admitted in order of its worth while there is room; the text keeps the order of reading. Nothing
here asks for anything: the person's own words are in the handoff, which is marked as theirs.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime

import msgspec

from quota_tui.core.memory import Fact, ProjectMemory, SessionNote, cleaned, is_empty
from quota_tui.core.snapshot import Snapshot
from quota_tui.core.text import quota_text
from quota_tui.core.tokenbound import tokens_at_most
from quota_tui.core.words import Face, tokens

MOST_CHARACTERS = 10_000
"""Claude Code takes no more from a hook (it counts UTF-16 units)."""
LAST_SESSIONS = 5
LAST_DECISIONS = 6
LONGEST_LINE = 260
_RESERVE = 200
"""Characters left free, so that a change of the client's count by an envelope does not cut ours."""


class HandoffText(msgspec.Struct, frozen=True, kw_only=True):
    """A handoff as it is handed over: its file and the text in it.

    `why_not`: it is only named, and this is why.
    """

    path: str
    text: str
    title: str = ""
    created_at: datetime | None = None
    why_not: str = ""


def session_context(
    memory: ProjectMemory,
    snapshot: Snapshot | None,
    handoff: HandoffText | None,
    now: datetime,
    face: Face,
    budget_tokens: int,
    session_id: str = "",
) -> str:
    """The text for `additionalContext`; empty when the budget has no room for anything.

    `budget_tokens` is kept by `tokens_at_most`, so by any of today's models' counts. `session_id` is the
    session that begins: it is not told about itself.
    """
    room = _Room(budget_tokens)
    head = [f"Facts from quota-tui (files on this machine), {_day(now, face)}:", *_project(memory)]
    head += [] if snapshot is None else _quota(snapshot, now, face)
    head = room.take_lines(head)
    given = _whole(handoff, face, room)
    sessions = room.take_lines(_sessions(memory, session_id, face), "Last sessions here, the latest first:")
    given = given or _beginning(handoff, face, room)
    decisions = room.take_lines(_decisions(memory.context.decisions, face), "Decided so far:")
    return "\n".join([*head, *decisions, *sessions, *given])


def session_line(note: SessionNote, face: Face) -> str:
    """One session in a line: when, how much, what was done, what was to come."""
    start, end = note.started_at, note.ended_at
    when = _day(start, face) if start else "at an unknown time"
    if start and end:
        local = end.astimezone(face.zone)
        same_day = local.date() == start.astimezone(face.zone).date()
        when += f"-{local:%H:%M}" if same_day else f" to {_day(end, face)}"
    parts = [when]
    if note.tokens:
        parts.append(f"{tokens(note.tokens)} tokens")
    if note.accomplished:
        parts.append(f"done: {_listed(note.accomplished)}")
    if note.objectives:
        parts.append(f"next was: {_listed(note.objectives)}")
    return cleaned("; ".join(parts), LONGEST_LINE)


class _Room:
    """What is left of the budget and of the cap."""

    def __init__(self, budget_tokens: int) -> None:
        self.tokens = budget_tokens
        self.characters = MOST_CHARACTERS - _RESERVE

    def take(self, text: str) -> bool:
        """Whether there is room for `text` and its line break; then it is taken."""
        cost, length = tokens_at_most(text + "\n"), _utf16(text) + 1
        if cost > self.tokens or length > self.characters:
            return False
        self.tokens -= cost
        self.characters -= length
        return True

    def take_lines(self, lines: Iterable[str], heading: str = "") -> list[str]:
        """The first lines for which there is room; a heading only above at least one."""
        taken: list[str] = []
        for line in lines:
            if not self.take(f"{heading}\n{line}" if heading and not taken else line):
                break
            taken += [heading, line] if heading and not taken else [line]
        return taken


def _project(memory: ProjectMemory) -> list[str]:
    known = memory.context
    lines = [f"Project: {_name(memory)}"]
    if known.stack:
        lines.append(
            f"Stack: {', '.join(cleaned(fact.text, 60) for fact in known.stack)}{_from(known.stack)}"
        )
    if known.test_runner:
        lines.append(f"Tests run by: {cleaned(known.test_runner.text, 80)}{_from([known.test_runner])}")
    if known.architecture:
        lines.append(f"Architecture: {cleaned(known.architecture.text, 400)}")
    return [cleaned(line, 500) for line in lines]


def _name(memory: ProjectMemory) -> str:
    name, path = cleaned(memory.name), cleaned(memory.project, 400)
    return path if not name or path.endswith("/" + name) else f"{name}, {path}"


def _from(facts: Iterable[Fact]) -> str:
    files = dict.fromkeys(
        fact.source.removeprefix("found in ") for fact in facts if fact.source.startswith("found in ")
    )
    return f" ({', '.join(list(files)[:4])})" if files else ""


def _quota(snapshot: Snapshot, now: datetime, face: Face) -> list[str]:
    lines: list[str] = []
    for line in quota_text(snapshot, now, face):
        if line.startswith(" ") and lines:  # how the line above is known
            lines[-1] += f" ({line.strip()})"
        else:
            lines.append(f"Quota, {line}")
    return [cleaned(line, LONGEST_LINE) for line in lines]


def _sessions(memory: ProjectMemory, session_id: str, face: Face) -> list[str]:
    notes = [note for note in memory.sessions if note.id != session_id and not is_empty(note)]
    return [f"- {session_line(note, face)}" for note in notes[: -LAST_SESSIONS - 1 : -1]]


def _decisions(facts: Iterable[Fact], face: Face) -> list[str]:
    latest = list(facts)[: -LAST_DECISIONS - 1 : -1]
    return [
        cleaned(f"- {fact.text}" + (f" ({_day(fact.at, face)[:10]})" if fact.at else ""), LONGEST_LINE)
        for fact in latest
    ]


def _whole(handoff: HandoffText | None, face: Face, room: _Room) -> list[str]:
    """All of the handoff below a line that names it; nothing when it is not wanted or does not fit."""
    if handoff is None or handoff.why_not:
        return []
    lines = [f"{_named(handoff, face)}, left by the last session for this one. All of it:", *_lines(handoff)]
    return lines if room.take("\n".join(lines)) else []


def _beginning(handoff: HandoffText | None, face: Face, room: _Room) -> list[str]:
    """As much of the handoff as fits, and where the rest is; at the least the line that names it."""
    if handoff is None:
        return []
    named = _named(handoff, face)
    if handoff.why_not:
        title = f": {cleaned(handoff.title, 120)}" if handoff.title else ""
        return room.take_lines([f"{named} ({handoff.why_not}){title}"])
    lines = _lines(handoff)
    told = f"{named}, left by the last session for this one. Too long for here, its first lines:"
    if not room.take(told):
        return room.take_lines([named])
    return [told, *room.take_lines(lines)]


def _named(handoff: HandoffText, face: Face) -> str:
    when = f" of {_day(handoff.created_at, face)}" if handoff.created_at else ""
    return cleaned(f"Handoff{when} in {handoff.path}", 600)


def _lines(handoff: HandoffText) -> list[str]:
    """Its lines; headings with nothing under them, and blank lines too many, say nothing and cost tokens."""
    kept: list[str] = []  # from the last line to the first
    for line in reversed(_printable(handoff.text).strip("\n").split("\n")):
        is_heading = line.startswith("## ")
        if is_heading and kept and not kept[-1].strip():
            kept.pop()
        if is_heading and (not kept or kept[-1].startswith("## ")):
            continue
        if line.strip() or (kept and kept[-1].strip()):
            kept.append(line)
    return kept[::-1]


def _printable(text: str) -> str:
    """Text without control or direction characters; line ends and tabs stay."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char if char in "\n\t" or not _is_unseen(char) else " " for char in text)


def _is_unseen(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}


def _listed(items: tuple[str, ...]) -> str:
    more = len(items) - 3
    return ", ".join(cleaned(item, 70) for item in items[:3]) + (f" and {more} more" if more > 0 else "")


def _day(at: datetime, face: Face) -> str:
    return f"{at.astimezone(face.zone):%Y-%m-%d %H:%M}"


def _utf16(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)
