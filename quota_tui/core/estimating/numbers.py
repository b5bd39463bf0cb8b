"""An estimate as plain numbers, for `--json`, the HTTP API and plans that are saved."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from quota_tui.core.estimating.estimate import Confidence, PhaseEstimate, PlanEstimate
from quota_tui.core.estimating.fitting import Fit, Verdict
from quota_tui.core.estimating.predict import Overrun
from quota_tui.core.estimating.ranges import Range
from quota_tui.core.estimating.subject import TaskType
from quota_tui.core.estimating.trackrecord import History


class Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an estimate: the whole (`name` is the plan's title) or a phase.

    `cost_usd` and the shares of quota are medians; shares are None where %-per-dollar is not known yet.
    """

    name: str
    task_type: TaskType | None = None
    median_tokens: int
    low_tokens: int
    high_tokens: int
    median_hours: float
    low_hours: float
    high_hours: float
    cost_usd: float
    low_cost_usd: float
    high_cost_usd: float
    share_five_hour_pct: float | None = None
    share_weekly_pct: float | None = None
    confidence: Confidence
    reasons: tuple[str, ...]


class EstimateNumbers(msgspec.Struct, frozen=True, kw_only=True):
    """The whole estimate. `chance_to_finish` (0-1): tokens and time both last until the reset; None: unknown.

    `overruns` are the open phases that are likely to take more than is estimated. `quota_basis` is how the
    five-hour window is known (`core.snapshot.Basis`): shares and fits are no better than that.
    """

    total: Numbers
    phases: tuple[Numbers, ...]
    fits: Verdict
    break_after: int | None
    chance_now: float | None
    chance_after_reset: float | None
    fits_text: str
    risks: tuple[str, ...]
    history: History
    chance_to_finish: float | None = None
    overruns: tuple[Overrun, ...] = ()
    quota_basis: str = ""


def numbers_of(
    estimate: PlanEstimate,
    fit: Fit,
    *,
    five_hour_pct_per_usd: float | None = None,
    weekly_pct_per_usd: float | None = None,
    chance: float | None = None,
    overruns: Sequence[Overrun] = (),
    quota_basis: str = "",
) -> EstimateNumbers:
    """The numbers of an estimate; shares of quota come from its dollars and the learned %-per-dollar."""

    def line(of: PlanEstimate | PhaseEstimate, name: str, task_type: TaskType | None) -> Numbers:
        return Numbers(
            name=name,
            task_type=task_type,
            **_whole(of.tokens),
            median_hours=round(of.hours.median, 2),
            low_hours=round(of.hours.low, 2),
            high_hours=round(of.hours.high, 2),
            cost_usd=round(of.cost_usd.median, 2),
            low_cost_usd=round(of.cost_usd.low, 2),
            high_cost_usd=round(of.cost_usd.high, 2),
            share_five_hour_pct=_share(of.cost_usd, five_hour_pct_per_usd),
            share_weekly_pct=_share(of.cost_usd, weekly_pct_per_usd),
            confidence=of.confidence,
            reasons=of.reasons,
        )

    return EstimateNumbers(
        total=line(estimate, estimate.title, None),
        phases=tuple(line(phase, phase.name, phase.task_type) for phase in estimate.phases),
        fits=fit.verdict,
        break_after=fit.break_after,
        chance_now=fit.chance_now,
        chance_after_reset=fit.chance_after_reset,
        fits_text=fit.text,
        risks=estimate.risks,
        history=estimate.history,
        chance_to_finish=chance,
        overruns=tuple(overruns),
        quota_basis=quota_basis,
    )


def _whole(tokens: Range) -> dict[str, int]:
    return {
        "median_tokens": round(tokens.median),
        "low_tokens": round(tokens.low),
        "high_tokens": round(tokens.high),
    }


def _share(cost_usd: Range, pct_per_usd: float | None) -> float | None:
    return None if pct_per_usd is None else round(cost_usd.median * pct_per_usd, 1)
