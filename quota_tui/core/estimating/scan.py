"""The state of learning while it goes through history: predict a session, and later add what came of it."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from math import exp, log, sqrt
from statistics import NormalDist

import msgspec

from quota_tui.core.estimating.effects import PACE, PHASE, PRICE, RunningEffect, divide, may_differ, size_keys
from quota_tui.core.estimating.features import Features, features
from quota_tui.core.estimating.outlook import HIGH, LOW, ranked
from quota_tui.core.estimating.prior import (
    OUTLIER,
    PHASE_NOISE,
    PHASE_PRIOR_COUNT,
    SPREAD_PRIOR_COUNT,
    USUAL_USD_PER_TOKEN,
    Prior,
)
from quota_tui.core.estimating.ranges import Range
from quota_tui.core.estimating.subject import PastSession, PlanSubject
from quota_tui.core.pricing import model_family

MAX_RESIDUALS = 300
"""The newest ones calibrate."""
_PRIOR_RANKS = 20
PRIOR_RESIDUALS = tuple(NormalDist().inv_cdf((rank + 0.5) / _PRIOR_RANKS) for rank in range(_PRIOR_RANKS))
"""Before there is history residuals are taken as normal; this counts like twenty of them."""
_MIN_HOURS = 0.01
_LEAST_USD = 1e-9
MOST_HOURS = 10_000.0
"""More is damage, not work."""
_FARTHEST = 10.0
_NO_PLAN = PlanSubject()


class Expected(msgspec.Struct, frozen=True):
    """A prediction: logarithms of tokens. `last_part` is what the last session's deviation added."""

    features: Features
    keys: list[str]
    middle: float
    last_part: float
    spread: float
    range: Range


class Scan:
    """Goes through past sessions; `expected` in the order of `predict`."""

    def __init__(self, prior: Prior) -> None:
        self.prior = prior
        self.effects: dict[str, RunningEffect] = {}
        self.residuals = list(PRIOR_RESIDUALS)
        self.expected: list[Expected] = []
        self.last_log = 0.0
        self._newest: deque[float] = deque()
        self._kinds = {True: (0.0, 0), False: (0.0, 0)}
        self._phases = (0.0, 0)

    def predict(self, session: PastSession) -> None:
        """What is expected of a session, from what was added so far."""
        plan = session.subject or _NO_PLAN
        found = features(plan, self.prior)
        keys = size_keys(
            has_plan=found.has_plan,
            states_size=found.states_size,
            task_type=session.task_type or found.main_type,
            project=session.project or plan.project,
            libraries=plan.libraries,
        )
        shift, variance = 0.0, self.spread(has_plan=found.has_plan) ** 2
        for key in keys:
            effect = self._effect(key)
            shift += effect.shift
            variance += effect.variance
        last_part = 0.0 if found.has_plan else self.prior.last_elasticity * self.last_log
        middle, spread = base_log(found, self.prior) + shift + last_part, variance**0.5
        low, mid, high = (exp(middle + spread * ranked(self.residuals, level)) for level in (LOW, 0.5, HIGH))
        self.expected.append(Expected(found, keys, middle, last_part, spread, Range(low, mid, high)))

    def add(self, session: PastSession, place: int) -> None:
        """Learn what came of the session that was predicted as number `place`."""
        expected = self.expected[place]
        standard = (log(session.tokens) - expected.middle) / expected.spread
        self._keep(min(max(standard, -_FARTHEST), _FARTHEST))
        standard = min(max(standard, -OUTLIER), OUTLIER)
        has_plan = expected.features.has_plan
        squares, count = self._kinds[has_plan]
        self._kinds[has_plan] = (squares + (standard * self.spread(has_plan=has_plan)) ** 2, count + 1)
        self.last_log = standard * expected.spread + expected.last_part
        # Sessions that ended since the prediction have moved the effects already.
        surprise = standard * expected.spread - sum(self.effects[key].shift for key in expected.keys)
        surprise += expected.middle - expected.last_part - base_log(expected.features, self.prior)
        noise = self.spread(has_plan=has_plan) ** 2
        divide(surprise, noise, [self.effects[key] for key in expected.keys])
        self._learn_rates(session)
        self._learn_phases(session)

    def spread(self, *, has_plan: bool) -> float:
        """How far sessions of a kind lie from what their effects say, shrunk toward the prior."""
        shipped = self.prior.plan_spread if has_plan else self.prior.spread
        squares, count = self._kinds[has_plan]
        return sqrt((SPREAD_PRIOR_COUNT * shipped**2 + squares) / (SPREAD_PRIOR_COUNT + count))

    @property
    def phase_noise(self) -> float:
        """How far phases lie from their share of the plan, shrunk toward the prior."""
        squares, count = self._phases
        return sqrt((PHASE_PRIOR_COUNT * PHASE_NOISE**2 + squares) / (PHASE_PRIOR_COUNT + count))

    def _keep(self, standard: float) -> None:
        insort(self.residuals, standard)
        self._newest.append(standard)
        if len(self._newest) > MAX_RESIDUALS:
            del self.residuals[bisect_left(self.residuals, self._newest.popleft())]

    def _effect(self, key: str) -> RunningEffect:
        found = self.effects.get(key)
        if found is None:
            found = self.effects[key] = RunningEffect(may_differ(key))
        return found

    def _learn(self, key: str, seen: float, spread: float) -> None:
        """Learn an effect that stands alone from one value."""
        effect = self._effect(key)
        divide(seen - effect.shift, spread**2, [effect])

    def _learn_rates(self, session: PastSession) -> None:
        """Tokens per hour of working time, and dollars per token of the model."""
        if _MIN_HOURS <= session.hours <= MOST_HOURS:
            pace = log(session.tokens / session.hours) - self.prior.log_tokens_per_hour
            self._learn(PACE, pace, self.prior.pace_spread)
        if session.cost_usd > _LEAST_USD:
            family = model_family(session.model)
            usual = self.prior.log_usd_per_token.get(family, USUAL_USD_PER_TOKEN)
            price = log(session.cost_usd / session.tokens) - usual
            self._learn(PRICE + family, price, self.prior.price_spread)

    def _learn_phases(self, session: PastSession) -> None:
        """How phases of a type lie from their share: against the estimate, beyond what the whole did."""
        told = [
            (each, each.estimated.median)
            for each in session.phases
            if each.tokens > 0 and each.estimated is not None and each.estimated.median > 0
        ]
        if len(told) < 2:
            return
        whole = log(sum(each.tokens for each, _ in told) / sum(expected for _, expected in told))
        for phase, expected in told:
            rest = log(phase.tokens / expected) - whole
            rest = min(max(rest, -OUTLIER), OUTLIER)
            squares, count = self._phases
            surprise = rest - self._effect(PHASE + phase.task_type).shift
            self._phases = (squares + surprise**2, count + 1)
            self._learn(PHASE + phase.task_type, rest, self.phase_noise)


def base_log(found: Features, prior: Prior) -> float:
    """The logarithm of the tokens that the prior expects."""
    return (prior.plan_level if found.has_plan else prior.level) + found.total_log
