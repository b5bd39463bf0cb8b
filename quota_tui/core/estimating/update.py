"""An estimate while the session runs: what was spent and which phases are done narrow it.

Without a phase done it is only known that more comes than was spent, which cuts the distribution. Phases done
say how large the whole is: `spent / (start + (1 - start) * share done)`, off by a noise that vanishes as the
work nears its end; that and the first estimate are weighed by their precision. What remains is the open part
of this whole, whatever was spent so far: a phase that took more than its share does not make the next ones
cheaper (on the early part of the data that was closer than the whole less what was spent). `start` and the
noise were fitted on data, with the share of calls made standing for the share of work done.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import exp, log, sqrt

import msgspec

from quota_tui.core.estimating.estimate import PlanEstimate
from quota_tui.core.estimating.outlook import LEVELS, Outlook
from quota_tui.core.estimating.ranges import Range

_NOTHING = Range(0.0, 0.0, 0.0)
_TINY = 1e-9


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """A running session. `phases` are what the open phases still take, None for those that are done.

    `share_done` (0-1) is by the estimate's shares; `hours` are those of the remaining work.
    """

    spent_tokens: float
    share_done: float
    total: Range
    remaining: Range
    hours: Range
    phases: tuple[Range | None, ...]
    outlook: Outlook


def update(
    estimate: PlanEstimate,
    spent_tokens: float,
    done: Collection[int] = (),
    spent_on_done: float | None = None,
) -> Progress:
    """The estimate after `spent_tokens`, with the phases numbered `done` (from 0) finished.

    `spent_on_done`: what those phases took; None: all that was spent.
    """
    spent = max(spent_tokens, 0.0)
    finished = sorted({place for place in done if 0 <= place < len(estimate.phases)})
    shares = [estimate.phases[place].share for place in finished]
    share_done = min(sum(shares), 1.0)
    if estimate.phases and len(finished) == len(estimate.phases):
        return _finished(estimate, spent)
    evidence = spent if spent_on_done is None else min(max(spent_on_done, 0.0), spent)
    total = estimate.outlook
    if finished and evidence > 0:
        total = _informed(estimate, evidence, spent, shares)
    elif spent > 0:
        total = total.above(spent)
    remaining = _rest(total.range, spent)
    return Progress(
        spent_tokens=spent,
        share_done=share_done,
        total=total.range,
        remaining=remaining,
        hours=_hours_of(remaining, total, estimate),
        phases=tuple(
            None if place in finished else remaining.scaled(phase.share / (1 - share_done))
            for place, phase in enumerate(estimate.phases)
        ),
        outlook=total,
    )


def _hours_of(remaining: Range, total: Outlook, estimate: PlanEstimate) -> Range:
    """Hours for what remains, in proportion to those of the whole."""
    hours, whole = estimate.rates.hours(total), total.range
    return Range(
        hours.low * remaining.low / whole.low,
        hours.median * remaining.median / whole.median,
        hours.high * remaining.high / whole.high,
    )


def _informed(estimate: PlanEstimate, evidence: float, spent: float, shares: Sequence[float]) -> Outlook:
    """The distribution of the whole after phases with these shares took `evidence` tokens (> 0)."""
    here, start = estimate.outlook, estimate.prior.start_share
    share_done = sum(shares)
    spent_share = start + (1 - start) * share_done
    shape_off = estimate.prior.progress_noise**2 * (1 - spent_share) / spent_share
    share_off = estimate.phase_noise**2 * (1 - share_done) ** 2 * sum(each * each for each in shares)
    variance = max(shape_off + share_off / share_done**2, _TINY)
    own = max(here.spread**2, _TINY)
    weight = own / (own + variance)
    size = exp(here.middle + weight * (log(evidence / spent_share) - here.middle))
    total = here.moved(log(evidence + (1 - spent_share) * size), sqrt(1 - weight))
    return total.above(spent) if spent > evidence else total.floored(spent)


def _rest(total: Range, spent: float) -> Range:
    return total.mapped(lambda amount: max(amount - spent, 0.0))


def _finished(estimate: PlanEstimate, spent: float) -> Progress:
    return Progress(
        spent_tokens=spent,
        share_done=1.0,
        total=Range(spent, spent, spent),
        remaining=_NOTHING,
        hours=_NOTHING,
        phases=(None,) * len(estimate.phases),
        outlook=Outlook((log(max(spent, 1.0)),) * len(LEVELS)),
    )
