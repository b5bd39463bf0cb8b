"""Why an estimate is what it is, and what may go wrong: sentences for a person, from the numbers used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import exp, log

import msgspec

from quota_tui.core.estimating.effects import KIND, LIBRARY, PHASE, PROJECT, STATED, TYPE, USER, Effect
from quota_tui.core.estimating.features import Features
from quota_tui.core.estimating.learn import Learned
from quota_tui.core.estimating.outlook import Outlook
from quota_tui.core.estimating.published import (
    QUALITY_FACTOR,
    SIZE_FACTOR,
    STACK_FACTOR,
    stated_hours,
    stated_tokens,
)
from quota_tui.core.estimating.subject import PhaseSubject, PlanSubject, Quality, Stack

TELLING = log(1.05)
"""Smaller factors are not worth a sentence."""
THIN = 5
"""Fewer sessions than this are hardly a history."""
WIDE = 10.0
OVERRUNS = log(1.2)


class Similar(msgspec.Struct, frozen=True):
    """Past sessions most like the one that is estimated: how many, and which."""

    count: int
    which: str


def similar_to(found: Features, project: str, learned: Learned) -> Similar:
    """The narrowest group of past sessions that is large enough to lean on, else the widest there is."""
    groups = []
    if found.has_plan:
        if found.main_type is not None:
            groups.append((TYPE + found.main_type, f"mostly {found.main_type}"))
        groups.append((KIND + "plan", "with a plan"))
    elif project:
        groups.append((PROJECT + project, "in this project"))
    groups.append((USER, "of yours"))
    counted = [Similar(learned.effect(key).count, which) for key, which in groups]
    return next((each for each in counted if each.count >= THIN), counted[-1])


def total_reasons(plan: PlanSubject, found: Features, learned: Learned, similar: Similar) -> tuple[str, ...]:
    """Which history, which factors, how many similar sessions."""
    prior = learned.prior
    shift = learned.effect(USER).shift + learned.effect(KIND + ("plan" if found.has_plan else "open")).shift
    usual = exp((prior.plan_level if found.has_plan else prior.level) + shift)
    kind = "with an average plan" if found.has_plan else "without a plan"
    return (
        _where_from(learned),
        f"a session {kind} takes ≈ {tokens_text(usual)} tokens",
        *([f"{_sessions(similar.count)} {similar.which} to compare with"] if learned.sessions else []),
        *_plan_factors(plan, found, learned),
        *_effects(plan, found, learned),
    )


def phase_reasons(phase: PhaseSubject, share: float, learned: Learned) -> tuple[str, ...]:
    """What a phase's share comes from."""
    hours, tokens = stated_hours(phase), stated_tokens(phase)
    if tokens is not None:
        basis = f"the plan says ≈ {tokens_text(tokens)} tokens"
    elif hours is not None:
        basis = f"{phase.task_type}, the plan says {hours:.3g} h"
    else:
        basis = f"{phase.task_type}, the plan says no time"
    effect = learned.effect(PHASE + phase.task_type)
    own = [f"{_factor(effect.shift)} its share in your {_phases(effect.count)}"] if _tells(effect) else []
    return (f"{100 * share:.0f} % of the plan's work", basis, *own)


def risks(plan: PlanSubject, found: Features, learned: Learned, outlook: Outlook) -> tuple[str, ...]:
    """What may make it larger than the median, or the estimate worth less."""
    amounts = outlook.range
    return tuple(_risks(plan, found, learned, amounts.high / amounts.low, exp(outlook.quantile(0.95))))


def _risks(plan: PlanSubject, found: Features, learned: Learned, width: float, worst: float) -> Iterator[str]:
    yield f"one session in twenty like this takes more than {tokens_text(worst)} tokens"
    if learned.sessions < THIN:
        yield "hardly any history of your own: the range is wide because users differ"
    if width > WIDE:
        yield f"the range is wide (high is {width:.0f} times low): look at it as a rough idea"
    if plan.quality is Quality.LEGACY:
        yield "legacy code: surprises are likely"
    if plan.stack is Stack.NEW:
        yield "a stack that is new here: expect detours"
    if learned.most_files and found.files > learned.most_files:
        yield f"names {found.files} files, more than any plan before ({learned.most_files})"
    if found.has_plan and not found.files and not found.steps:
        yield "the plan names no files and lists no steps: little to judge its size by"
    for task_type in dict.fromkeys(phase.task_type for phase in plan.phases if not phase.done):
        effect = learned.effect(PHASE + task_type)
        if effect.shift > OVERRUNS:
            yield f"{task_type} took {_factor(effect.shift)} its estimate in {_phases(effect.count)}"


def _where_from(learned: Learned) -> str:
    if not learned.sessions:
        return "no history yet: the level is one team's of early 2026, not yours"
    few = ", few enough that one team's level of early 2026 still counts" if learned.sessions < THIN else ""
    return f"learned from {_sessions(learned.sessions)}, {learned.plan_sessions} with a plan{few}"


def _plan_factors(plan: PlanSubject, found: Features, learned: Learned) -> Iterator[str]:
    if not found.has_plan:
        echo = learned.prior.last_elasticity * learned.last_log
        if abs(echo) > TELLING:
            size = "large" if echo > 0 else "small"
            yield f"your last session was {size}, the next often is a little too: {_factor(echo)}"
        return
    if found.files and abs(found.files_log) > TELLING:
        usual = learned.prior.usual_files
        yield f"names {found.files} files (usual: {usual:.0f}): {_factor(found.files_log)}"
    if abs(found.steps_log) > TELLING:
        usual = learned.prior.usual_steps
        yield f"lists {found.steps} steps (usual: {usual:.0f}): {_factor(found.steps_log)}"
    if found.states_size:
        yield f"time or tokens that the plan itself states: {_factor(found.stated_log)}"
    for what, word, factor in (
        ("project size", plan.project_size, SIZE_FACTOR[plan.project_size]),
        ("stack", plan.stack, STACK_FACTOR[plan.stack]),
        ("code quality", plan.quality, QUALITY_FACTOR[plan.quality]),
    ):
        if factor != 1:
            yield f"{what} {word}: ×{factor:.3g} (published default, not checked against data)"


def _effects(plan: PlanSubject, found: Features, learned: Learned) -> Iterator[str]:
    named: Sequence[tuple[str, str]] = [
        *([(TYPE + found.main_type, f"{found.main_type} session{{}} of yours")] if found.main_type else []),
        *([(STATED, "plan{} of yours with a size of its own")] if found.states_size else []),
        *([(PROJECT + plan.project, "session{} in this project")] if plan.project else []),
        *((LIBRARY + name, f"session{{}} with {name}") for name in plan.libraries),
    ]
    for key, whose in named:
        effect = learned.effect(key)
        if _tells(effect):
            said = whose.replace("{}", "s" * (effect.count != 1))
            yield f"{effect.count} {said}: {_factor(effect.shift)}"


def _tells(effect: Effect) -> bool:
    return effect.count > 0 and abs(effect.shift) > TELLING


def _factor(shift: float) -> str:
    return f"×{exp(shift):.2f}"


def _sessions(count: int) -> str:
    return "1 session" if count == 1 else f"{count} sessions"


def _phases(count: int) -> str:
    return "1 phase" if count == 1 else f"{count} phases"


def tokens_text(tokens: float) -> str:
    """A number of tokens as an estimate is written: two or three figures."""
    if tokens >= 999_500:
        return f"{tokens / 1e6:.3g}M"
    return f"{tokens / 1e3:.3g}k" if tokens >= 1000 else f"{tokens:.0f}"
