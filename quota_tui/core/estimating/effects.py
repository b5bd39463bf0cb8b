"""Shrunken effects: how far the user, a kind of session, a task type, a project lie from the prior.

An effect starts at 0 with the variance it may have. Each session's surprise is divided among its effects and
noise in proportion to their variances (a Kalman filter that keeps no covariances): first the user learns,
who may differ most; a type or a project gets what keeps coming back with it and not without. A little
variance is added with every session, so that old ones are slowly forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from quota_tui.core.estimating.prior import (
    BETWEEN_KINDS,
    BETWEEN_LIBRARIES,
    BETWEEN_PROJECTS,
    BETWEEN_STATERS,
    BETWEEN_TYPES,
    BETWEEN_USERS,
    DRIFT,
)
from quota_tui.core.estimating.subject import TaskType

USER, STATED, PACE = "user", "stated", "pace"
KIND, TYPE, PROJECT, LIBRARY, PRICE, PHASE = "kind/", "type/", "project/", "library/", "price/", "phase/"

_MAY_DIFFER = {
    USER: BETWEEN_USERS,
    STATED: BETWEEN_STATERS,
    PACE: 0.5,
    KIND: BETWEEN_KINDS,
    TYPE: BETWEEN_TYPES,
    PROJECT: BETWEEN_PROJECTS,
    LIBRARY: BETWEEN_LIBRARIES,
    PRICE: 0.4,
    PHASE: BETWEEN_TYPES,
}


class Effect(msgspec.Struct, frozen=True, gc=False):
    """A shift on log scale, how uncertain it is, and from how many sessions it comes.

    `spread` is the root mean square of what those sessions differed by from what was expected of them.
    """

    shift: float = 0.0
    variance: float = 0.0
    count: int = 0
    spread: float = 0.0


class RunningEffect:
    """An effect that is still learning."""

    __slots__ = ("_allowed", "_count", "_squares", "shift", "variance")

    def __init__(self, variance: float) -> None:
        self._allowed = self.variance = variance
        self._count, self._squares, self.shift = 0, 0.0, 0.0

    def move(self, surprise: float, total: float) -> None:
        """Take a part of a surprise whose variance was `total`."""
        part = self.variance / total
        self.shift += part * surprise
        self.variance = min(self.variance * (1 - part) + DRIFT * self._allowed, self._allowed)
        self._count += 1
        self._squares += surprise * surprise

    def frozen(self) -> Effect:
        """As it is now."""
        spread = (self._squares / self._count) ** 0.5 if self._count else 0.0
        return Effect(self.shift, self.variance, self._count, spread)


def divide(surprise: float, noise: float, effects: Sequence[RunningEffect]) -> None:
    """Divide a surprise among effects and noise (a variance)."""
    total = noise + sum(each.variance for each in effects)
    for effect in effects:
        effect.move(surprise, total)


def may_differ(key: str) -> float:
    """The variance that an effect has before anything is known of it."""
    head = key[: key.index("/") + 1] if "/" in key else key
    return _MAY_DIFFER[head] ** 2


def size_keys(
    *, has_plan: bool, states_size: bool, task_type: TaskType | None, project: str, libraries: Iterable[str]
) -> list[str]:
    """The effects that make up a session's size."""
    keys = [USER, KIND + ("plan" if has_plan else "open")]
    if states_size:
        keys.append(STATED)
    if task_type is not None:
        keys.append(TYPE + task_type)
    if project:
        keys.append(PROJECT + project)
    keys.extend(LIBRARY + name for name in dict.fromkeys(libraries))
    return keys
