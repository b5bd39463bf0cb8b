"""A preview in words: the same on the command line and on the screen."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime

from quota_tui.automation.preview import Preview
from quota_tui.core.jobs.decide import Decision
from quota_tui.core.jobs.words import head_words
from quota_tui.core.words import Face, clean, in_face, moment

_ACTS = {
    "nothing": "nothing is done",
    "notify": "you are told of it",
    "start": "it starts",
    "wait": "it waits",
    "miss": "it is missed",
    "fail": "it fails",
    "stand-aside": "it stands aside",
    "take-over": "it is taken over from a process that ended",
    "retry": "it is tried again",
    "proven": "it runs already",
}


def preview_lines(seen: Preview, now: datetime, face: Face) -> list[str]:
    """What would be executed, and what a wake would do about it."""
    return [in_face(f"{lead}{clean(line, face)}", face) for lead, line in _lines(seen, now, face)]


def _lines(seen: Preview, now: datetime, face: Face) -> Iterator[tuple[str, str]]:
    """Each with what it is set in by."""
    job, inner = seen.job, "  "
    yield "", head_words(job, now, face)[0]
    yield "", ""
    yield "", f"A wake now: {_said(seen.now, now, face)}"
    yield "", f"If it were due now: {_said(seen.if_due, now, face)}"
    yield from ((inner, f"note: {note}") for note in dict.fromkeys((*seen.now.notes, *seen.if_due.notes)))
    if seen.refused:
        yield "", f"It will not be started: {seen.refused}"
    yield "", ""
    yield "", f"In {seen.cwd}:"
    yield inner, quoted(seen.argv)
    yield "", ""
    yield "", f"Opened by {', '.join(seen.terminals) or 'no terminal'}, which is given only:"
    yield inner, quoted(seen.opens)
    yield from ((inner, f"not {refusal}") for refusal in seen.refusals)


def _said(decision: Decision, now: datetime, face: Face) -> str:
    said = _ACTS[decision.act]
    until = f" until {moment(decision.until, now, face)}" if decision.act == "wait" and decision.until else ""
    return f"{said}{until}: {decision.reason}" if decision.reason else f"{said}{until}"


def quoted(argv: Sequence[str]) -> str:
    """Arguments as a person could type them; only shown, never run."""
    return subprocess.list2cmdline(argv) if sys.platform == "win32" else shlex.join(argv)
