"""How a handoff that no person has written is marked: a line in its front, until somebody removes it."""

from __future__ import annotations

from msgspec.structs import replace

from quota_tui.core.handoff import Handoff

KEY = "automatic"
AT_A_LIMIT = "written when a limit was hit, from files and git alone; nobody has gone over it"


def marked_automatic(handoff: Handoff, why: str = AT_A_LIMIT) -> Handoff:
    """The handoff with the mark."""
    others = tuple(pair for pair in handoff.extra_front if pair[0] != KEY)
    return replace(handoff, extra_front=((KEY, why), *others))


def is_automatic(handoff: Handoff) -> bool:
    """Whether the mark is there."""
    return any(key == KEY for key, _ in handoff.extra_front)
