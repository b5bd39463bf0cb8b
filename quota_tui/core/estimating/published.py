"""The published defaults: tokens by task type and hours, and what makes a project heavier.

They come with issue 5 and are far from real sessions in level (see `tests/bench/estimates.py`). What is
taken from them is proportions: how one task type compares with another, what an hour adds, the multipliers.
"""

from __future__ import annotations

from quota_tui.core.estimating.subject import (
    PhaseSubject,
    PlanSubject,
    ProjectSize,
    Quality,
    Stack,
    TaskType,
)

BASE_TOKENS = {
    TaskType.PLANNING: 15_000,
    TaskType.IMPLEMENTATION: 25_000,
    TaskType.REFACTORING: 30_000,
    TaskType.TESTING: 18_000,
    TaskType.DEBUGGING: 20_000,
    TaskType.POLISH: 12_000,
}
TOKENS_PER_HOUR = {
    TaskType.PLANNING: 20_000,
    TaskType.IMPLEMENTATION: 45_000,
    TaskType.REFACTORING: 55_000,
    TaskType.TESTING: 30_000,
    TaskType.DEBUGGING: 35_000,
    TaskType.POLISH: 20_000,
}
SIZE_FACTOR = {
    ProjectSize.UNKNOWN: 1.0,
    ProjectSize.SMALL: 0.8,
    ProjectSize.MEDIUM: 1.0,
    ProjectSize.LARGE: 1.3,
    ProjectSize.ENTERPRISE: 1.6,
}
STACK_FACTOR = {Stack.UNKNOWN: 1.0, Stack.FAMILIAR: 0.9, Stack.LEARNING: 1.2, Stack.NEW: 1.5}
QUALITY_FACTOR = {Quality.UNKNOWN: 1.0, Quality.CLEAN: 0.9, Quality.MIXED: 1.0, Quality.LEGACY: 1.4}
UNSTATED_HOURS = 1.0
"""Of a phase whose plan says nothing."""
_MOST = 1e9
"""Hours or tokens: a plan that states more is a slip of the pen."""


def stated_hours(phase: PhaseSubject) -> float | None:
    """The middle of the hours that the plan gives to a phase; None when it gives none."""
    return _middle(phase.hours_low, phase.hours_high)


def stated_tokens(phase: PhaseSubject) -> float | None:
    """The middle of the tokens that the plan gives to a phase; None when it gives none."""
    return _middle(phase.tokens_low, phase.tokens_high)


def published_tokens(task_type: TaskType, hours: float) -> float:
    """What the defaults say for so many hours of a type, before multipliers."""
    return BASE_TOKENS[task_type] + TOKENS_PER_HOUR[task_type] * hours


def multiplier(plan: PlanSubject) -> float:
    """Size, stack and quality together; 1 where nothing is known."""
    return SIZE_FACTOR[plan.project_size] * STACK_FACTOR[plan.stack] * QUALITY_FACTOR[plan.quality]


def published_total(plan: PlanSubject) -> float:
    """What the defaults say for a plan; one hour of implementation when it has no phases."""
    phases = plan.phases or (PhaseSubject(),)
    amounts = (published_tokens(each.task_type, stated_hours(each) or UNSTATED_HOURS) for each in phases)
    return multiplier(plan) * sum(amounts)


def _middle(low: float | None, high: float | None) -> float | None:
    known = [each for each in (low, high) if each is not None and each > 0]
    return min(sum(known) / len(known), _MOST) if known else None
