"""What is believed before there is any history, and how firmly.

`SHIPPED` holds the numbers that were fitted on data; `python -m tests.bench.estimate_fit` makes them again.
The other constants here were chosen, not fitted; each says why.
"""

from __future__ import annotations

from math import log

import msgspec

BETWEEN_USERS = 0.8
"""Users differ in level by this (standard deviation of the logarithm; 80 % of them within a factor of 2.8).
One team is known, so this is a guess, on the wide side."""
BETWEEN_KINDS = 0.2
"""How far sessions with and without a plan may lie from their priors relative to each other, per user."""
BETWEEN_TYPES = 0.15
BETWEEN_PROJECTS = 0.2
BETWEEN_LIBRARIES = 0.15
"""How far a task type, a project, a library may lie from the user's level. Small: on the early
part of the data smaller was better, so a difference must prove itself over many sessions."""
BETWEEN_STATERS = 0.5
"""Some plans' hours mean hours of a person, some of a machine: the level of plans that state any."""
DRIFT = 5e-5
"""Of the variance that an effect may have, added per session: a user's level remembers about 150 sessions.
On the early part forgetting faster was worse, and never no worse."""
HOURS_ELASTICITY = 0.5
"""Twice the stated amount makes 1.4 times the tokens. No plan in the data states hours; stated ones are
mostly guesses of the model that wrote the plan, so they count half (on log scale)."""
USUAL_STATED_TOKENS = 115_000.0
"""What the published defaults say for two hours of implementation: a plan that states hours and comes to
this has an average size."""
PHASE_NOISE = 0.5
"""How far a phase's share of its plan may lie from the expected one; no phases were tracked in the data."""
PHASE_PRIOR_COUNT = 10.0
SPREAD_PRIOR_COUNT = 20.0
"""The shipped spreads count like this many sessions of the user's own."""
USUAL_USD_PER_TOKEN = log(15e-6)
"""Of a model of no known family."""
OUTLIER = 2.5
"""Residuals beyond this many spreads teach no more than one at it."""


class Prior(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers fitted on data. Levels are logarithms of tokens, spreads standard deviations of them.

    `level`: of a session without a plan. `plan_level`: of one with a plan that names `usual_files` files
    and lists `usual_steps` steps; the elasticities are powers of these numbers. `last_elasticity`: how much
    of the last session's deviation the next one without a plan repeats. `start_share`: of a session's
    tokens, spent before any of the work is done; `progress_noise`: how far the tokens spent lie from what
    the work done says (see `update`). `log_tokens_per_hour` of working time, `log_usd_per_token` by family.
    """

    level: float
    spread: float
    plan_level: float
    plan_spread: float
    usual_files: float
    files_elasticity: float
    usual_steps: float
    steps_elasticity: float
    last_elasticity: float
    start_share: float
    progress_noise: float
    log_tokens_per_hour: float
    pace_spread: float
    log_usd_per_token: dict[str, float]
    price_spread: float


SHIPPED = Prior(
    level=12.07,
    spread=1.253,
    plan_level=12.146,
    plan_spread=0.804,
    usual_files=6.0,
    files_elasticity=0.173,
    usual_steps=7.0,
    steps_elasticity=0.222,
    last_elasticity=0.177,
    start_share=0.14,
    progress_noise=0.43,
    log_tokens_per_hour=13.211,
    pace_spread=0.624,
    # Too few sessions of the data ran on haiku: opus over the ratio of their list prices.
    log_usd_per_token={"opus": -11.07, "sonnet": -11.51, "haiku": -12.68},
    price_spread=0.417,
)
"""Fitted on 179 sessions of one team, 29 of them with a plan: the earlier 60 % of 273 sessions in January
and February 2026 (transcripts in entireio/cli, MIT; numbers in `tests/bench/data`). Their `output` is a
placeholder in Claude Code 2.1.12 to 2.1.29 and low until 2.1.50, and subagents' files are mostly missing:
tokens are as recorded, so levels are lower bounds (complete output would add about 5-10 %)."""
