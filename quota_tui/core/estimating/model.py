"""The learned state as a person sees it: `quota-tui model show`, and the file `estimation-model.json`.

A pure function of history: it can be thrown away and reckoned again.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import exp

import msgspec

from quota_tui.core.estimating.effects import (
    KIND,
    LIBRARY,
    PACE,
    PHASE,
    PRICE,
    PROJECT,
    TYPE,
    USER,
    Effect,
)
from quota_tui.core.estimating.learn import Learned
from quota_tui.core.estimating.predict import BestSize, best_session_size
from quota_tui.core.estimating.prior import USUAL_USD_PER_TOKEN
from quota_tui.core.estimating.reasons import tokens_text
from quota_tui.core.estimating.trackrecord import history_of

VERSION = 1
"""Raised when a field changes its meaning or goes away."""
FEWEST = 5
JUDGED = 20
POOR_COVERAGE_PCT = 65.0
NOTABLE = 1.15


class Factor(msgspec.Struct, frozen=True, kw_only=True):
    """What multiplies an estimate, from how many sessions; `spread`: 80 % of them lie within × and ÷ it."""

    sessions: int
    factor: float
    spread: float


class UserProfile(msgspec.Struct, frozen=True, kw_only=True):
    """This user in numbers. `level_factor` is against the level that is shipped.

    `tokens_with_plan` is for a plan of average size; `usd_per_million_tokens` by model family.
    """

    level_factor: float
    tokens_with_plan: int
    tokens_without_plan: int
    tokens_per_hour: int
    usd_per_million_tokens: dict[str, float]
    best_size: BestSize | None = None


class EstimationModel(msgspec.Struct, frozen=True, kw_only=True):
    """What `estimation-model.json` holds."""

    version: int
    sessions_analysed: int
    plan_sessions: int
    coverage_pct: float | None
    median_error_pct: float | None
    user_profile: UserProfile
    task_types: dict[str, Factor]
    phase_types: dict[str, Factor]
    projects: dict[str, Factor]
    libraries: dict[str, Factor]
    recommendations: tuple[str, ...]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A factor or level that moved, for the report: `before` -> `after`."""

    what: str
    before: float
    after: float


def model_of(learned: Learned) -> EstimationModel:
    """The learned state; of no history the shipped one."""
    history = history_of(learned.record)
    return EstimationModel(
        version=VERSION,
        sessions_analysed=learned.sessions,
        plan_sessions=learned.plan_sessions,
        coverage_pct=history.coverage_pct,
        median_error_pct=history.median_error_pct,
        user_profile=_profile(learned),
        task_types=_factors(learned, TYPE),
        phase_types=_factors(learned, PHASE),
        projects=_factors(learned, PROJECT),
        libraries=_factors(learned, LIBRARY),
        recommendations=tuple(_recommendations(learned)),
    )


def changes(before: Learned, after: Learned) -> tuple[Change, ...]:
    """What a session changed: usual sizes in tokens, and factors, where they moved by a hundredth or more."""
    old, new = model_of(before), model_of(after)
    pairs: list[tuple[str, float, float]] = [
        ("tokens, with a plan", old.user_profile.tokens_with_plan, new.user_profile.tokens_with_plan),
        (
            "tokens, without a plan",
            old.user_profile.tokens_without_plan,
            new.user_profile.tokens_without_plan,
        ),
        ("tokens per hour", old.user_profile.tokens_per_hour, new.user_profile.tokens_per_hour),
    ]
    for what, olds, news in (
        ("task type", old.task_types, new.task_types),
        ("phase type", old.phase_types, new.phase_types),
        ("project", old.projects, new.projects),
        ("library", old.libraries, new.libraries),
    ):
        pairs.extend(
            (f"{what} {name}", olds[name].factor if name in olds else 1.0, factor.factor)
            for name, factor in news.items()
        )
    return tuple(
        Change(what=what, before=was, after=now) for what, was, now in pairs if abs(now - was) >= 0.01 * was
    )


def _profile(learned: Learned) -> UserProfile:
    prior, user = learned.prior, learned.effect(USER).shift
    prices = {key.removeprefix(PRICE) for key in learned.effects if key.startswith(PRICE)}
    families = sorted(prices | prior.log_usd_per_token.keys())
    return UserProfile(
        level_factor=round(exp(user), 3),
        tokens_with_plan=round(exp(prior.plan_level + user + learned.effect(KIND + "plan").shift)),
        tokens_without_plan=round(exp(prior.level + user + learned.effect(KIND + "open").shift)),
        tokens_per_hour=round(exp(prior.log_tokens_per_hour + learned.effect(PACE).shift)),
        usd_per_million_tokens={
            family or "other": round(
                1e6
                * exp(
                    prior.log_usd_per_token.get(family, USUAL_USD_PER_TOKEN)
                    + learned.effect(PRICE + family).shift
                ),
                2,
            )
            for family in families
        },
        best_size=best_session_size(learned.record),
    )


def _factors(learned: Learned, head: str) -> dict[str, Factor]:
    return {
        key.removeprefix(head): _factor(effect)
        for key, effect in sorted(learned.effects.items())
        if key.startswith(head) and effect.count
    }


def _factor(effect: Effect) -> Factor:
    return Factor(
        sessions=effect.count,
        factor=round(exp(effect.shift), 3),
        spread=round(exp(1.2816 * effect.spread), 2),
    )


def _recommendations(learned: Learned) -> Iterator[str]:
    history = history_of(learned.record)
    if learned.plan_sessions < FEWEST:
        yield "start sessions from a plan file: plans that name files and steps can be estimated more closely"
    coverage = history.coverage_pct if history.sessions >= JUDGED else None
    if coverage is not None and coverage < POOR_COVERAGE_PCT:
        yield f"past ranges held {coverage:.0f} % instead of 80 %: keep a reserve"
    size = best_session_size(learned.record)
    if size is not None:
        sizes = f"{tokens_text(size.low_tokens)} to {tokens_text(size.high_tokens)} tokens"
        kept = f"{size.kept_pct:.0f} % of {size.sessions} kept to their estimate"
        yield f"plan sessions of {sizes}: {kept}, {size.others_pct:.0f} % of the others"
    for head, what in ((PHASE, "phases"), (TYPE, "sessions")):
        for key, effect in sorted(learned.effects.items()):
            if key.startswith(head) and effect.count >= FEWEST and exp(effect.shift) > NOTABLE:
                name = key.removeprefix(head)
                yield f"allow {exp(effect.shift):.2f} times the usual for {name} {what} ({effect.count} seen)"
