"""The estimate of a plan: tokens, hours and money, for the whole and for each phase.

The logarithm of the tokens is the prior's level, plus what the plan says of its size, plus shrunken effects
of the user, the kind of session, the task type, the project and its libraries; the range around it is as
wide as past residuals say. A phase gets its share of the whole and a wider range: the phases' medians add up
to the whole's, their ranges include the doubt about shares.
"""

from __future__ import annotations

from enum import StrEnum
from math import exp

import msgspec

from quota_tui.core.estimating.effects import PHASE, size_keys
from quota_tui.core.estimating.features import Features, features, open_phases, shares
from quota_tui.core.estimating.learn import Learned
from quota_tui.core.estimating.outlook import LEVELS, Outlook, ranked
from quota_tui.core.estimating.prior import Prior
from quota_tui.core.estimating.ranges import Range
from quota_tui.core.estimating.rates import Rates, rates_of
from quota_tui.core.estimating.reasons import phase_reasons, risks, similar_to, total_reasons
from quota_tui.core.estimating.scan import base_log
from quota_tui.core.estimating.subject import PhaseSubject, PlanSubject, TaskType
from quota_tui.core.estimating.trackrecord import History, history_of

SURE_WIDTH, FAIR_WIDTH = 5.0, 15.0
"""high / low up to which an estimate may be called sure, or fair."""
SURE_SESSIONS, FAIR_SESSIONS = 15, 5
"""Similar sessions it needs for that."""


class Confidence(StrEnum):
    """How far an estimate can be leaned on: its width, and the history behind it. Not a percentage."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class PhaseEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """What one phase takes. `share` is its part (0-1) of the plan's open work."""

    name: str
    task_type: TaskType
    share: float
    tokens: Range
    hours: Range
    cost_usd: Range
    confidence: Confidence
    reasons: tuple[str, ...] = ()


class PlanEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """What is still to be done of a plan. Ranges hold 80 %; `outlook` is the distribution of the tokens.

    `similar` counts the past sessions most like it. `phases` are the open ones; without a plan there are
    none. `phase_noise` (how far a phase may lie from its share, on log scale), `rates` and `prior` are what
    an update during the session needs.
    """

    title: str
    tokens: Range
    hours: Range
    cost_usd: Range
    confidence: Confidence
    reasons: tuple[str, ...]
    risks: tuple[str, ...]
    phases: tuple[PhaseEstimate, ...]
    history: History
    similar: int
    outlook: Outlook
    phase_noise: float
    rates: Rates
    prior: Prior


def estimate(plan: PlanSubject, learned: Learned) -> PlanEstimate:
    """Estimate what is open of a plan; a session without one when it has no phases."""
    found = features(plan, learned.prior)
    outlook = tokens_outlook(plan, found, learned)
    similar = similar_to(found, plan.project, learned)
    rates = rates_of(plan.model, learned)
    return PlanEstimate(
        title=plan.title,
        tokens=outlook.range,
        hours=rates.hours(outlook),
        cost_usd=rates.cost_usd(outlook),
        confidence=confidence_of(outlook, similar.count),
        reasons=total_reasons(plan, found, learned, similar),
        risks=risks(plan, found, learned, outlook),
        phases=_phases(plan, learned, outlook, rates, similar.count),
        history=history_of(learned.record, has_plan=found.has_plan),
        similar=similar.count,
        outlook=outlook,
        phase_noise=learned.phase_noise,
        rates=rates,
        prior=learned.prior,
    )


def tokens_outlook(plan: PlanSubject, found: Features, learned: Learned) -> Outlook:
    """The distribution of the tokens of what is open of a plan."""
    keys = size_keys(
        has_plan=found.has_plan,
        states_size=found.states_size,
        task_type=found.main_type,
        project=plan.project,
        libraries=plan.libraries,
    )
    effects = [learned.effect(key) for key in keys]
    middle = base_log(found, learned.prior) + sum(each.shift for each in effects)
    if not found.has_plan:
        middle += learned.prior.last_elasticity * learned.last_log
    variance = learned.spread(has_plan=found.has_plan) ** 2 + sum(each.variance for each in effects)
    spread = variance**0.5
    return Outlook(tuple(middle + spread * ranked(learned.residuals, level) for level in LEVELS))


def confidence_of(outlook: Outlook, similar: int) -> Confidence:
    """From the width of the range and the number of similar sessions behind it."""
    width = outlook.range.high / outlook.range.low
    if width <= SURE_WIDTH and similar >= SURE_SESSIONS:
        return Confidence.HIGH
    return Confidence.MEDIUM if width <= FAIR_WIDTH and similar >= FAIR_SESSIONS else Confidence.LOW


def _phases(
    plan: PlanSubject, learned: Learned, outlook: Outlook, rates: Rates, similar: int
) -> tuple[PhaseEstimate, ...]:
    phases = open_phases(plan)
    if not phases:
        return ()
    weights = [
        share * exp(learned.effect(PHASE + phase.task_type).shift)
        for phase, share in zip(phases, shares(phases), strict=True)
    ]
    return tuple(
        _phase(phase, weight / sum(weights), outlook, rates, learned, similar)
        for phase, weight in zip(phases, weights, strict=True)
    )


def _phase(
    phase: PhaseSubject,
    share: float,
    outlook: Outlook,
    rates: Rates,
    learned: Learned,
    similar: int,
) -> PhaseEstimate:
    part = outlook.part(share, (share,), learned.phase_noise)
    return PhaseEstimate(
        name=phase.name,
        task_type=phase.task_type,
        share=share,
        tokens=part.range,
        hours=rates.hours(part),
        cost_usd=rates.cost_usd(part),
        confidence=confidence_of(part, similar),
        reasons=phase_reasons(phase, share, learned),
    )
