"""Edits of a plan file that change their own characters and nothing else.

Each takes the text that the plan was parsed from and gives the new text. A text read with
`decode` and written with `encode` comes back byte for byte, also what is no UTF-8.
"""

from __future__ import annotations

import re

from quota_tui.core.plans.plan import Box, Plan, PlanPhase

DONE = "✅"
_STATUS = re.compile(r"\w[\w -]{0,39}")


def decode(data: bytes) -> str:
    """The text of a file's bytes; bytes that are no UTF-8 stay as surrogates."""
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """The bytes of a text that `decode` gave."""
    return text.encode("utf-8", "surrogateescape")


def tick(text: str, box: Box, *, done: bool = True) -> str:
    """Tick a checkbox, or untick it."""
    if box.done == done:
        return text
    return text[: box.mark_at] + ("x" if done else " ") + text[box.mark_at + 1 :]


def mark_done(text: str, phase: PlanPhase) -> str:
    """Mark a phase as done: its own checkbox is ticked, else a sign ends its heading.

    A plan without phases has no heading to mark: the text stays as it is. So it does when it is marked.
    """
    if phase.is_marked_done:
        return text
    if phase.box is not None:
        return tick(text, phase.box)
    if phase.mark_at < 0:
        return text
    return f"{text[: phase.mark_at]} {DONE}{text[phase.mark_at :]}"


def set_status(text: str, plan: Plan, status: str) -> str:
    """Write the plan's status where it stands, else into its front matter, else below its title.

    Raises ValueError unless the status is a few words of letters, digits, spaces and hyphens.
    """
    if not _STATUS.fullmatch(status) or status != status.strip():
        raise ValueError("a status is one to forty letters, digits, spaces or hyphens")
    if plan.status_at is not None:
        start, end = plan.status_at
        return text[:start] + (" " if start and text[start - 1] == ":" else "") + status + text[end:]
    ends = re.search(r"\r\n|\n|\r", text)
    newline = ends[0] if ends else "\n"
    line = f"**Status:** {status}"
    if plan.title_end:
        rest = text[plan.title_end :]
        # Text right below would be one paragraph with it, and a rule below would make it a heading.
        gap = "" if not rest or re.match(r"(?:\r\n|\n|\r)[ \t]*(?:[\r\n]|$)", rest) else newline
        return text[: plan.title_end] + newline * 2 + line + gap + rest
    at = _after_front(text)
    lead = newline if text[:at].rstrip("\ufeff") and text[at - 1] not in "\r\n" else ""
    return text[:at] + lead + line + newline * 2 + text[at:]


def _after_front(text: str) -> int:
    """Where the text begins after a byte order mark and front matter."""
    from quota_tui.core.plans.lines import split_lines

    lines = split_lines(text)
    front = [at for at, line in enumerate(lines) if line.is_front]
    if not front:
        return 1 if text.startswith("\ufeff") else 0
    following = front[-1] + 1
    return lines[following].start if following < len(lines) else len(text)
