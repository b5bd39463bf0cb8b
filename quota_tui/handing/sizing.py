"""Estimates for a handoff's objectives that have no number yet, from what past sessions took."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from quota_tui.core.estimating.estimate import estimate
from quota_tui.core.estimating.learn import Learned
from quota_tui.core.estimating.subject import PhaseSubject, PlanSubject
from quota_tui.core.handoff import Objective
from quota_tui.core.plans.guess import guess_type

FEWEST_SESSIONS = 5
"""With fewer sessions of one's own, an estimate says more of other people's work than of this."""


def sized(
    objectives: Sequence[Objective], learned: Learned, project: str, model: str
) -> tuple[Objective, ...]:
    """The objectives, each open one without a number estimated: median and 80 % range.

    As phases of one plan: what the whole of it takes, shared out. Those with a number keep it.
    """
    wanted = [at for at, item in enumerate(objectives) if item.tokens is None and not item.done and item.text]
    if not wanted or learned.sessions < FEWEST_SESSIONS:
        return tuple(objectives)
    phases = tuple(_phase(objectives[at]) for at in wanted)
    found = estimate(PlanSubject(project=project, phases=phases, model=model), learned)
    made = list(objectives)
    for at, phase in zip(wanted, found.phases, strict=True):
        amount = phase.tokens
        made[at] = msgspec.structs.replace(
            made[at],
            tokens=_rounded(amount.median),
            tokens_low=_rounded(amount.low),
            tokens_high=_rounded(amount.high),
        )
    return tuple(made)


def _phase(objective: Objective) -> PhaseSubject:
    text = " ".join((objective.text, *objective.steps))
    return PhaseSubject(
        name=objective.text,
        task_type=guess_type(objective.text, " ".join(objective.steps)),
        steps=len(objective.steps),
        words=len(text.split()),
    )


def _rounded(tokens: float) -> int:
    """To two digits: more would look like more than is known."""
    digits = len(str(int(tokens)))
    return max(1, int(round(tokens, 2 - digits)))
