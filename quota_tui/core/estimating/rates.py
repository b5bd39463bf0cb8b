"""From tokens to hours of work and to dollars, at the user's own pace and prices."""

from __future__ import annotations

import msgspec

from quota_tui.core.estimating.effects import PACE, PRICE
from quota_tui.core.estimating.learn import Learned
from quota_tui.core.estimating.outlook import Outlook, widening
from quota_tui.core.estimating.prior import USUAL_USD_PER_TOKEN
from quota_tui.core.estimating.ranges import Range
from quota_tui.core.pricing import model_family


class Rates(msgspec.Struct, frozen=True, gc=False):
    """Logarithms of hours and of dollars per token, and how far single sessions lie from them."""

    log_hours: float
    hours_spread: float
    log_usd: float
    usd_spread: float

    def hours(self, tokens: Outlook) -> Range:
        """Hours of working time for so many tokens."""
        return self.hours_outlook(tokens).range

    def hours_outlook(self, tokens: Outlook) -> Outlook:
        """The distribution of the hours."""
        return tokens.moved(tokens.middle + self.log_hours, widening(tokens.spread, self.hours_spread))

    def cost_usd(self, tokens: Outlook) -> Range:
        """Dollars at API prices for so many tokens."""
        return tokens.moved(tokens.middle + self.log_usd, widening(tokens.spread, self.usd_spread)).range


def rates_of(model: str, learned: Learned) -> Rates:
    """Pace and price, learned from history and shrunk toward the prior's."""
    prior, family = learned.prior, model_family(model)
    pace, price = learned.effect(PACE), learned.effect(PRICE + family)
    return Rates(
        log_hours=-prior.log_tokens_per_hour - pace.shift,
        hours_spread=(prior.pace_spread**2 + pace.variance) ** 0.5,
        log_usd=prior.log_usd_per_token.get(family, USUAL_USD_PER_TOKEN) + price.shift,
        usd_spread=(prior.price_spread**2 + price.variance) ** 0.5,
    )
