"""Fits the numbers of `quota_tui.core.estimating.prior.SHIPPED`: `python -m tests.bench.estimate_fit`.

Prints them as Python. Sessions without a plan: the first 60 % of all sessions (in order of start); plans: the first
60 % of the plans. Everything is shrunk toward `NEUTRAL`, which knows nothing of these data: few sessions move
little.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import log
from statistics import fmean, median

from msgspec.structs import asdict, replace

from quota_tui.core.estimating.features import counted_logs, open_phases
from quota_tui.core.estimating.learn import ended_at
from quota_tui.core.estimating.prior import Prior
from quota_tui.core.estimating.published import published_total
from quota_tui.core.estimating.subject import PastSession, PlanSubject
from quota_tui.core.pricing import model_family
from tests.bench.estimate_data import Halfway, progress, sessions

EARLY_SHARE = 0.6
LEVEL_COUNT, SPREAD_COUNT = 3.0, 5.0
"""What `NEUTRAL` weighs, in sessions."""
ELASTICITY_SD = 0.2
"""Powers of files and steps are believed to be about 0 ± this."""
LAST_SD = 0.2
FEWEST = 5
"""Sessions of a model family that its price is taken from."""

NEUTRAL = Prior(
    level=log(published_total(PlanSubject())),
    spread=1.2,
    plan_level=log(published_total(PlanSubject())),
    plan_spread=1.2,
    usual_files=6.0,
    files_elasticity=0.0,
    usual_steps=7.0,
    steps_elasticity=0.0,
    last_elasticity=0.0,
    start_share=0.1,
    progress_noise=0.5,
    log_tokens_per_hour=log(200_000),
    pace_spread=0.8,
    log_usd_per_token={},
    price_spread=0.5,
)


def fit(past: Sequence[PastSession], start: Prior = NEUTRAL) -> Prior:
    """The prior that sessions teach, without the part about progress."""
    bare = [each for each in past if not (each.subject and each.subject.phases)]
    planned = [each for each in past if each.subject and each.subject.phases]
    level, spread = _level_of(bare, start.level, start.spread)
    # A plan's level starts from that of the other sessions: they are of the same people.
    plan_start, plan_spread = (level, spread) if bare else (start.plan_level, start.plan_spread)
    prior = replace(
        start,
        level=level,
        spread=spread,
        plan_level=plan_start,
        plan_spread=plan_spread,
        last_elasticity=_last_elasticity(past, level),
    )
    return _with_rates(_with_plans(prior, planned), past)


def fit_progress(past: Sequence[PastSession], points: Iterable[Halfway]) -> tuple[float, float]:
    """Start share and progress noise, from the tokens spent when so many of the calls were made.

    Spent is about `start + (1 - start) * done` of the whole; its logarithm is off by noise times the root of
    what is left over what was spent.
    """
    tokens = {int(each.id): each.tokens for each in past}
    shares = [(each.done, each.spent / tokens[each.session]) for each in points if each.session in tokens]
    start = min(
        (each / 100 for each in range(41)),
        key=lambda s: abs(fmean(log(share / (s + (1 - s) * done)) for done, share in shares)),
    )
    squares = []
    for done, share in shares:
        spent = start + (1 - start) * done
        squares.append(log(share / spent) ** 2 / ((1 - spent) / spent))
    return start, fmean(squares) ** 0.5


def early() -> list[PastSession]:
    """What the shipped numbers are fitted on."""
    everything = sessions()
    bare = everything[: round(EARLY_SHARE * len(everything))]
    planned = [each for each in everything if each.subject]
    kept = {each.id for each in planned[: round(EARLY_SHARE * len(planned))]}
    return [each for each in everything if (each.id in kept if each.subject else each in bare)]


def _level_of(past: Sequence[PastSession], level: float, spread: float) -> tuple[float, float]:
    logs = [log(each.tokens) for each in past]
    mean = (sum(logs) + LEVEL_COUNT * level) / (len(logs) + LEVEL_COUNT)
    own = fmean(logs) if logs else mean
    squares = sum((each - own) ** 2 for each in logs)
    return mean, ((squares + SPREAD_COUNT * spread**2) / (max(len(logs) - 1, 0) + SPREAD_COUNT)) ** 0.5


def _with_plans(prior: Prior, planned: Sequence[PastSession]) -> Prior:
    """Ridge regression of the tokens on files and steps, by turns until it stands still."""
    rows = []
    for each in planned:
        assert each.subject is not None
        phases = open_phases(each.subject)
        files, steps = (sum(getattr(phase, name) for phase in phases) for name in ("files_named", "steps"))
        rows.append((log(each.tokens), *counted_logs(files, steps, prior)))
    level, by_files, by_steps, spread = prior.plan_level, 0.0, 0.0, prior.plan_spread
    for _ in range(100):
        ridge = (spread / ELASTICITY_SD) ** 2
        level = sum(y - by_files * f - by_steps * s for y, f, s in rows) + LEVEL_COUNT * prior.plan_level
        level /= len(rows) + LEVEL_COUNT
        by_files = sum(f * (y - level - by_steps * s) for y, f, s in rows) / (
            sum(f * f for _, f, _ in rows) + ridge
        )
        by_steps = sum(s * (y - level - by_files * f) for y, f, s in rows) / (
            sum(s * s for _, _, s in rows) + ridge
        )
        squares = sum((y - level - by_files * f - by_steps * s) ** 2 for y, f, s in rows)
        free = max(len(rows) - 2, 0)
        spread = ((squares + SPREAD_COUNT * prior.plan_spread**2) / (free + SPREAD_COUNT)) ** 0.5
    return replace(
        prior, plan_level=level, plan_spread=spread, files_elasticity=by_files, steps_elasticity=by_steps
    )


def _last_elasticity(past: Sequence[PastSession], level: float) -> float:
    ended = sorted(past, key=ended_at)
    pairs = []
    for session in past:
        before = [each for each in ended if ended_at(each) <= session.at]
        if before and not session.subject:
            pairs.append((log(before[-1].tokens) - level, log(session.tokens) - level))
    spread = (sum(y * y for _, y in pairs) / len(pairs)) ** 0.5 if pairs else 1.0
    slope = sum(x * y for x, y in pairs) / (sum(x * x for x, _ in pairs) + (spread / LAST_SD) ** 2)
    return max(slope, 0.0)


def _with_rates(prior: Prior, past: Sequence[PastSession]) -> Prior:
    paces = [log(each.tokens / each.hours) for each in past if each.hours > 0]
    prices: dict[str, list[float]] = {}
    for each in past:
        if each.cost_usd > 0:
            prices.setdefault(model_family(each.model), []).append(log(each.cost_usd / each.tokens))
    if not paces or not any(len(each) >= FEWEST for each in prices.values()):
        return prior
    pace = median(paces)
    usual = {family: median(each) for family, each in sorted(prices.items()) if len(each) >= FEWEST}
    off = [each - usual[family] for family, logs in prices.items() if family in usual for each in logs]
    return replace(
        prior,
        log_tokens_per_hour=pace,
        pace_spread=fmean((each - pace) ** 2 for each in paces) ** 0.5,
        log_usd_per_token=usual,
        price_spread=fmean(each**2 for each in off) ** 0.5,
    )


def main() -> None:
    """Print the numbers."""
    past = early()
    start, noise = fit_progress(past, progress())
    prior = replace(fit(past), start_share=start, progress_noise=noise)
    print(f"# {len(past)} sessions, {sum(each.subject is not None for each in past)} with a plan")
    for name, value in asdict(prior).items():
        print(f"    {name}={_rounded(value)},")


def _rounded(value: object) -> object:
    if isinstance(value, dict):
        return {name: round(each, 2) for name, each in value.items()}
    return round(value, 3) if isinstance(value, float) else value


if __name__ == "__main__":
    main()
