"""What a plan says about its own size: factors on the level, and each phase's share.

What was tried on the early 60 % of the plans: named files and listed steps of the phases help. Words,
headings, tables, the number of phases and the length of code blocks do not; the published proportions between
task types made the error larger: they only divide a plan between its phases, and weigh hours where a plan
states them.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import msgspec

from quota_tui.core.estimating.prior import (
    HOURS_ELASTICITY,
    USUAL_STATED_TOKENS,
    Prior,
)
from quota_tui.core.estimating.published import (
    UNSTATED_HOURS,
    multiplier,
    published_tokens,
    stated_hours,
    stated_tokens,
)
from quota_tui.core.estimating.subject import PhaseSubject, PlanSubject, TaskType

_LEAST_SHARE = 1e-3


class Features(msgspec.Struct, frozen=True):
    """Logarithms of factors on the tokens of an average plan; 0 where the plan says nothing.

    Files and steps count where the plan states no hours or tokens; how the two go together nobody has seen.

    `has_plan` is False for a session of which only the place is known. `states_size`: some phase has hours
    or tokens. `main_type` is the type of most of the work.
    """

    has_plan: bool = False
    states_size: bool = False
    main_type: TaskType | None = None
    files: int = 0
    steps: int = 0
    files_log: float = 0.0
    steps_log: float = 0.0
    stated_log: float = 0.0
    project_log: float = 0.0

    @property
    def total_log(self) -> float:
        """All factors together."""
        return self.files_log + self.steps_log + self.stated_log + self.project_log


def open_phases(plan: PlanSubject) -> tuple[PhaseSubject, ...]:
    """The phases that are still to be done; all of them when every one is done."""
    return tuple(phase for phase in plan.phases if not phase.done) or plan.phases


def features(plan: PlanSubject, prior: Prior) -> Features:
    """Of what is still to be done of a plan."""
    project_log = log(multiplier(plan))
    phases = open_phases(plan)
    if not phases:
        return Features(project_log=project_log)
    weights = shares(phases)
    types: dict[TaskType, float] = {}
    for phase, weight in zip(phases, weights, strict=True):
        types[phase.task_type] = types.get(phase.task_type, 0.0) + weight
    states_size = any(_states_size(phase) for phase in phases)
    files = sum(phase.files_named for phase in phases)
    steps = sum(phase.steps for phase in phases)
    by_files, by_steps = counted_logs(files, steps, prior)
    return Features(
        has_plan=True,
        states_size=states_size,
        main_type=max(types, key=lambda each: types[each]),
        files=files,
        steps=steps,
        files_log=0.0 if states_size else prior.files_elasticity * by_files,
        steps_log=0.0 if states_size else prior.steps_elasticity * by_steps,
        stated_log=HOURS_ELASTICITY * log(sum(map(_amount, phases)) / USUAL_STATED_TOKENS)
        if states_size
        else 0.0,
        project_log=project_log,
    )


def counted_logs(files: int, steps: int, prior: Prior) -> tuple[float, float]:
    """Logarithms of files and steps over the usual number.

    No plan in the data names no file: such a one is taken as usual, and as saying nothing at all when it
    lists no steps either.
    """
    if files <= 0 and steps <= 0:
        return 0.0, 0.0
    by_files = log((1 + files) / (1 + prior.usual_files)) if files > 0 else 0.0
    return by_files, log((1 + max(steps, 0)) / (1 + prior.usual_steps))


def shares(phases: Sequence[PhaseSubject]) -> tuple[float, ...]:
    """How much of the plan's tokens each phase takes (they add up to 1), as far as the plan tells.

    No phase is nothing: a thousandth of the largest at least.
    """
    amounts = [_amount(phase) for phase in phases]
    least = max(amounts, default=0.0) * _LEAST_SHARE
    amounts = [max(amount, least) for amount in amounts]
    total = sum(amounts)
    return tuple(amount / total for amount in amounts)


def _amount(phase: PhaseSubject) -> float:
    said = stated_tokens(phase)
    hours = stated_hours(phase)
    if said is not None:
        return said
    return published_tokens(phase.task_type, UNSTATED_HOURS if hours is None else hours)


def _states_size(phase: PhaseSubject) -> bool:
    return stated_tokens(phase) is not None or stated_hours(phase) is not None
