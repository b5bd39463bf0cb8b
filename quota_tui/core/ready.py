"""Whether enough quota is left to begin a session."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from quota_tui.core.readings import WindowKind
from quota_tui.core.snapshot import Basis, Snapshot, WindowState

WEEK_MUST_LEAVE_PCT = 5.0
"""A week is nearly used up below that: a fresh five-hour window would not last."""


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """The answer in a word, why, and how it is known. `resets_at` is what WAITING waits for."""

    word: Literal["READY", "WAITING", "UNKNOWN"]
    why: str
    basis: Basis
    remaining_pct: float | None = None
    resets_at: datetime | None = None


def awaited(snapshot: Snapshot) -> WindowState:
    """The window whose reset the next session waits for: the week when it is nearly used up."""
    left = snapshot.weekly.remaining_pct
    return snapshot.weekly if left is not None and left < WEEK_MUST_LEAVE_PCT else snapshot.five_hour


def readiness(snapshot: Snapshot, ready_pct: float) -> Readiness:
    """READY when at least `ready_pct` of the five-hour window is left, and some of the week.

    UNKNOWN when no limit is known: then nobody can say, and the caller decides.
    """
    five, waits_for = snapshot.five_hour, awaited(snapshot)
    if waits_for.kind is WindowKind.WEEKLY and waits_for.remaining_pct is not None:
        return _answer(waits_for, "WAITING", waits_for.remaining_pct)
    if five.remaining_pct is None:
        return Readiness(word="UNKNOWN", why="no limit is known for the five-hour window", basis=Basis.NONE)
    word: Literal["READY", "WAITING"] = "READY" if five.remaining_pct >= ready_pct else "WAITING"
    return _answer(five, word, five.remaining_pct)


def _answer(state: WindowState, word: Literal["READY", "WAITING"], left_pct: float) -> Readiness:
    name = "the five-hour window" if state.kind is WindowKind.FIVE_HOUR else "the week"
    about = "" if state.basis is Basis.OFFICIAL else "≈"
    return Readiness(
        word=word,
        why=f"{about}{left_pct:.0f} % of {name} is left",
        basis=state.basis,
        remaining_pct=left_pct,
        resets_at=state.resets_at if word == "WAITING" else None,
    )
