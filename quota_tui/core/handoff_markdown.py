"""A handoff as the file that a person edits: `parse(render(h)) == h`, whatever is in it.

Front matter (`core.handoff_front`), then sections under `##` headings, lists in most of them. What a person
may change freely: the order of sections, the case of headings, blank lines, bullets, numbers, line ends.
Sections and keys that are not ours are kept. Reading never fails: what makes no sense is kept as it is and
noted with its line.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo

import msgspec

from quota_tui.core.handoff import Handoff, Note, Section
from quota_tui.core.handoff_front import MARK, apply_front, read_front, write_front
from quota_tui.core.handoff_lists import split_items
from quota_tui.core.handoff_objectives import read_objectives, write_objectives
from quota_tui.core.handoff_sections import (
    NAMES,
    Part,
    code_lines,
    read_free,
    split_parts,
    write_free,
    write_heading,
)
from quota_tui.core.handoff_state import read_state, write_state
from quota_tui.core.handoff_text import read_code, read_text, write_list

_TEXTS = ("accomplished", "decisions", "failed", "blockers")
_CODES = ("files", "commands")

_Numbered = list[tuple[int, str]]


def render(handoff: Handoff) -> str:
    """The document. Lines end with a line feed, the last one too."""
    lines = [*write_front(handoff), ""]
    extras = list(handoff.extra_sections)
    if extras and not extras[0].heading and extras[0].body.strip():
        lines += [*write_free(extras.pop(0).body, trimmed=False), ""]
    for field, name in NAMES.items():
        body = _body(handoff, field)
        lines += [f"## {name}", "", *body, *([""] if body else [])]
    for section in extras:
        body = [*write_free(section.body, trimmed=False), ""] if section.body else []
        lines += [write_heading(section.heading), "", *body]
    return "\n".join(lines)


def parse(text: str, zone: tzinfo | None = UTC) -> Handoff:
    """The handoff in a document. Times without a zone are in `zone`."""
    return parse_noting(text, zone)[0]


def parse_noting(text: str, zone: tzinfo | None = UTC) -> tuple[Handoff, tuple[Note, ...]]:
    """The handoff, and what in the document could not be read as meant."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    notes: list[Note] = []
    front_lines, rest = _split_front(list(enumerate(lines, 1)), notes)
    front = read_front(front_lines, zone)
    notes += front.notes
    parts = split_parts(rest, notes)
    handoff = _with_parts(apply_front(front, Handoff()), parts, titled="title" in front.values)
    return handoff, tuple(sorted(notes, key=lambda note: note.line))


def _body(handoff: Handoff, field: str) -> list[str]:
    if field == "objectives":
        return write_objectives(handoff.objectives, handoff.quota.next_tokens)
    if field == "state":
        return write_state(handoff.state)
    if field == "instructions":
        return write_free(handoff.instructions, trimmed=True) if handoff.instructions else []
    return write_list(getattr(handoff, field), read_code if field in _CODES else read_text)


def _split_front(numbered: _Numbered, notes: list[Note]) -> tuple[_Numbered, _Numbered]:
    """The lines of the front without its marks, and the rest."""
    first = next((at for at, (_, line) in enumerate(numbered) if line.strip()), None)
    if first is None or numbered[first][1].rstrip() != MARK:
        return [], numbered
    begin = first + 1
    for at in range(begin, len(numbered)):
        if numbered[at][1].rstrip() == MARK:
            return numbered[begin:at], numbered[at + 1 :]
    notes.append(
        Note(first + 1, "the front has no closing `---`; it is taken to end at the first blank line")
    )
    for at in range(begin, len(numbered)):
        if not numbered[at][1].strip() or numbered[at][1].startswith("#"):
            return numbered[begin:at], numbered[at:]
    return numbered[begin:], []


def _with_parts(handoff: Handoff, parts: Sequence[Part], *, titled: bool) -> Handoff:
    title, first = _without_title(parts[0].lines, titled=titled)
    sections = [Section("", body)] if (body := _extra_body(first)).strip() else []
    ours: dict[str, _Numbered] = {}
    for part in parts[1:]:
        if not part.field:
            sections.append(Section(part.heading, _extra_body(part.lines)))
        elif part.field in ours:
            # The same heading twice, as after a merge by hand: one section.
            ours[part.field] += [(part.line, ""), *part.lines]
        else:
            ours[part.field] = part.lines
    changes = {field: _read_section(field, lines) for field, lines in ours.items()}
    if title:
        changes["title"] = title
    return msgspec.structs.replace(handoff, extra_sections=tuple(sections), **changes)


def _without_title(lines: _Numbered, *, titled: bool) -> tuple[str, _Numbered]:
    """A first heading is the title where the front has none: documents written by hand begin so."""
    for at, (_, line) in enumerate(lines if not titled else []):
        if line.startswith("# ") and line[2:].strip():
            return line[2:].strip(), lines[:at] + lines[at + 1 :]
        if line.strip():
            break
    return "", lines


def _read_section(field: str, lines: _Numbered) -> object:
    if field == "objectives":
        return tuple(read_objectives(lines))
    if field == "state":
        return read_state(lines)
    if field == "instructions":
        return read_free([line for _, line in lines], trimmed=True)
    if field in _TEXTS:
        return tuple(read_text(item.lines) for item in split_items(lines))
    outside, inside = code_lines(lines)
    listed = [(item.line, read_code(item.lines)) for item in split_items(outside)]
    return tuple(text for _, text in sorted([*listed, *inside], key=lambda found: found[0]))


def _extra_body(lines: _Numbered) -> str:
    """The body to the byte, but for the blank line that sets it off at each end."""
    texts = [line for _, line in lines]
    if texts and not texts[0].strip():
        texts = texts[1:]
    if texts and not texts[-1].strip():
        texts = texts[:-1]
    return read_free(texts, trimmed=False) if any(text.strip() for text in texts) else "\n".join(texts)
