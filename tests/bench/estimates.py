"""Judges estimates by real sessions: `python -m tests.bench.estimates [--fill N]`.

Every session is predicted from those that had ended by its start, and from nothing else. tokens are input + output +
cache writes as recorded: in most of these sessions `output` is a placeholder (`--fill 250` gives such sessions so
many output tokens a call instead, to see how little that matters), and subagents are mostly missing.

What is fitted, is fitted on earlier sessions; what was chosen (which features, how much is believed of differences)
was chosen on the early 60 %, so the later part is the judge that nothing was tuned on.

The methods: "median": of all earlier sessions. "median of its kind": of the earlier ones of the user with (without)
a plan; the data name no users, so all are one user's. "published": the defaults of the issue, an hour a phase (no plan
states hours), or an hour in all. "ours": with a prior that is fitted anew before each session, on earlier sessions only,
so no number in it has seen the session. "ours, shipped": the numbers in the program, fitted on the early 60 %; of it only
the later part is a fair judge. "ours, first use": the same without any history, as a new user gets it. "ours, plan
unread": ours without the plan's files and steps.

MdAPE is the median of |estimated - actual| / actual; "x2" the share within a factor of two; "80 %" how many lie in the
80 % range, with its 95 % interval (Wilson); "width" the median of high / low. The first ten sessions are left out.

Updates: at 25, 50, 75 % of a session's calls the estimate is told what was spent; with "phases", also that one, two,
three of four equal phases are done, as if a person ticked one off with every quarter of the calls. Without phases
nobody knows in a session that it is at 75 %: looked at there, most of it is always spent, and a range that is right
for all sessions that spent as much is too high. That range is judged where it is asked for: at amounts spent.
"""

from __future__ import annotations

import argparse
import random
from bisect import insort
from collections.abc import Sequence
from math import log, sqrt
from statistics import median
from typing import NamedTuple

from msgspec.structs import replace

from quota_tui.core.estimating.estimate import PlanEstimate, estimate
from quota_tui.core.estimating.learn import ended_at, learn
from quota_tui.core.estimating.outlook import ranked
from quota_tui.core.estimating.prior import SHIPPED
from quota_tui.core.estimating.published import published_total
from quota_tui.core.estimating.ranges import Range
from quota_tui.core.estimating.subject import PastSession, PlanSubject
from quota_tui.core.estimating.update import update
from tests.bench.estimate_data import PROJECT, progress, sessions, steps_of
from tests.bench.estimate_fit import EARLY_SHARE, fit

FIRST = 10
ENOUGH = 5
BOOTSTRAPS = 1000
PLACEHOLDER_BELOW = 100
OURS, SHIPPED_NAME, FIRST_USE, UNREAD = "ours", "ours, shipped", "ours, first use", "ours, plan unread"
MEDIAN, KIND, PUBLISHED, PUBLISHED_HOUR = "median", "median of its kind", "published", "published, 1 h in all"
METHODS = (MEDIAN, KIND, PUBLISHED, PUBLISHED_HOUR, OURS, UNREAD, SHIPPED_NAME, FIRST_USE)


class Score(NamedTuple):
    """Percentages, and the median of high / low; `covered_pct` is None for methods without a range."""

    sessions: int
    mdape_pct: float
    within_pct: float
    covered_pct: float | None
    width: float | None


AMOUNTS = (50_000, 100_000, 200_000, 400_000)


class Case(NamedTuple):
    """One session and what every method said of it."""

    session: PastSession
    said: dict[str, Range]
    ours: PlanEstimate


class Point(NamedTuple):
    """One update: where, what was said of the whole, what came."""

    at: str
    total: Range
    remaining: Range
    tokens: int


def cases(past: Sequence[PastSession]) -> list[Case]:
    """Every session from the eleventh on, as each method saw it before it began."""
    return [_case(session, past) for session in past[FIRST:]]


def score(judged: Sequence[tuple[Range, int]]) -> Score:
    """How good ranges were; those without width have no coverage."""
    errors = [abs(said.median - tokens) / tokens for said, tokens in judged]
    within = [abs(log(said.median / tokens)) <= log(2) for said, tokens in judged]
    ranged = all(said.high > said.low for said, _ in judged)
    return Score(
        sessions=len(judged),
        mdape_pct=100 * median(errors),
        within_pct=100 * sum(within) / len(within),
        covered_pct=100 * sum(said.holds(tokens) for said, tokens in judged) / len(judged)
        if ranged
        else None,
        width=median(said.high / said.low for said, _ in judged) if ranged else None,
    )


def updates(judged: Sequence[Case], *, with_phases: bool) -> list[Point]:
    """Updates at each mark; the estimate before the start is mark 0."""
    spent = {(each.session, each.done): each.spent for each in progress()}
    points = []
    for case in judged:
        number, tokens = int(case.session.id), case.session.tokens
        marks = sorted(done for session, done in spent if session == number)
        if not marks:
            continue
        points.append(Point("  0 %", case.ours.tokens, case.ours.tokens, tokens))
        model = _in_quarters(case.ours)
        for done in marks:
            finished = range(round(done * 4)) if with_phases else ()
            now = update(model, spent[number, done], finished)
            points.append(Point(f"{100 * done:>3.0f} %", now.total, now.remaining, tokens))
    return points


def spent_updates(judged: Sequence[Case]) -> list[Point]:
    """Updates of every session that spent so much, told that and nothing else."""
    points = []
    for amount in AMOUNTS:
        for case in judged:
            if case.session.tokens > amount:
                now = update(case.ours, amount)
                at = f"{amount // 1000}k"
                points.append(Point(f"{at:>5}", now.total, now.remaining, case.session.tokens))
    return points


def _case(session: PastSession, everything: Sequence[PastSession]) -> Case:
    past = [each for each in everything if ended_at(each) <= session.at]
    plan = session.subject or PlanSubject(project=PROJECT, model=session.model)
    same = [each for each in past if (each.subject is None) == (session.subject is None)]
    prior = fit(past)
    ours = estimate(plan, learn(past, prior=prior))
    unread = replace(prior, files_elasticity=0.0, steps_elasticity=0.0)
    published = published_total(plan)
    hour = published / max(len(plan.phases), 1)
    said = {
        MEDIAN: _spread_of(past),
        KIND: _spread_of(same if len(same) >= ENOUGH else past),
        PUBLISHED: Range(published, published, published),
        PUBLISHED_HOUR: Range(hour, hour, hour),
        OURS: ours.tokens,
        UNREAD: estimate(plan, learn(past, prior=unread)).tokens,
        SHIPPED_NAME: estimate(plan, learn(past, prior=SHIPPED)).tokens,
        FIRST_USE: estimate(plan, learn(())).tokens,
    }
    return Case(session, said, ours)


def _spread_of(past: Sequence[PastSession]) -> Range:
    """The plainest range: tenth, middle and ninetieth of a hundred."""
    tokens: list[float] = []
    for each in past:
        insort(tokens, float(each.tokens))
    return Range(*(ranked(tokens, level) for level in (0.1, 0.5, 0.9)))


def _in_quarters(made: PlanEstimate) -> PlanEstimate:
    """The same estimate for a plan of four equal phases; without phases as it is."""
    return replace(
        made,
        phases=tuple(replace(made.phases[0], share=0.25) for _ in range(4) if made.phases),
    )


def filled(past: Sequence[PastSession], per_call: int) -> list[PastSession]:
    """Sessions whose output is a placeholder with so many output tokens a call instead."""
    steps, found = steps_of(), []
    for session in past:
        made = steps[int(session.id)]
        calls, output = sum(step.calls for step in made), sum(step.output_tokens for step in made)
        more = per_call * calls - output if per_call and output < PLACEHOLDER_BELOW * calls else 0
        found.append(replace(session, tokens=session.tokens + max(more, 0)))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; 0 whatever the figures are."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.estimates", description=__doc__)
    parser.add_argument(
        "--fill", type=int, default=0, metavar="N", help="output tokens a call for placeholders"
    )
    options = parser.parse_args(arguments)
    past = filled(sessions(), options.fill)
    judged = cases(past)
    early = round(EARLY_SHARE * len(past))
    planned = [case for case in judged if case.session.subject]
    early_plans = round(EARLY_SHARE * len(planned))
    _table("the plans, from what they say", planned)
    _table("  of these the later 40 %", planned[early_plans:])
    _table("all sessions, from what is known at the start", judged)
    _table("  of these the later 40 %", [case for case in judged if int(case.session.id) >= early])
    if options.fill:
        return 0
    _update_table("updates, plans, told what was spent", updates(planned, with_phases=False))
    _update_table("updates, plans, told what was spent and the phases", updates(planned, with_phases=True))
    _update_table("updates, all sessions, told what was spent", updates(judged, with_phases=False))
    _update_table("updates, all sessions, at an amount spent", spent_updates(judged))
    return 0


def _table(title: str, judged: Sequence[Case], methods: Sequence[str] = METHODS) -> None:
    print(f"{title} ({len(judged)})")
    print(f"  {'':<22} {'MdAPE':>6} {'x2':>5}  {'80 %':>14} {'width':>6}")
    for method in methods:
        found = score([(case.said[method], case.session.tokens) for case in judged])
        print(f"  {method:<22} {found.mdape_pct:>5.1f}% {found.within_pct:>4.0f}%  {_covered(found)}")
    low, high = _difference(judged)
    print(f"  MdAPE of ours less that of the median: {low:+.0f} to {high:+.0f} points (95 %, bootstrap)\n")


def _difference(judged: Sequence[Case]) -> tuple[float, float]:
    """The 95 % interval of the difference between ours and the median of earlier sessions."""
    dice = random.Random(1)
    errors = [
        [abs(case.said[method].median / case.session.tokens - 1) for method in (OURS, MEDIAN)]
        for case in judged
    ]
    drawn = []
    for _ in range(BOOTSTRAPS):
        some = dice.choices(errors, k=len(errors))
        drawn.append(100 * (median(ours for ours, _ in some) - median(theirs for _, theirs in some)))
    drawn.sort()
    return drawn[BOOTSTRAPS // 40], drawn[-BOOTSTRAPS // 40]


def _update_table(title: str, points: Sequence[Point]) -> None:
    print(title)
    print(f"  {'at':<5}   n  {'MdAPE':>6} {'x2':>5}  {'80 %':>14} {'width':>6}  range of the rest / whole")
    for at in dict.fromkeys(point.at for point in points):
        here = [point for point in points if point.at == at]
        found = score([(point.total, point.tokens) for point in here])
        rest = median((point.remaining.high - point.remaining.low) / point.tokens for point in here)
        errors = f"{found.mdape_pct:>5.0f}% {found.within_pct:>4.0f}%"
        print(f"  {at} {len(here):>4}  {errors}  {_covered(found)} {rest:>6.2f}")
    print()


def _covered(found: Score) -> str:
    if found.covered_pct is None or found.width is None:
        return f"{'-':>14} {'-':>6}"
    low, high = wilson(found.covered_pct / 100, found.sessions)
    return f"{found.covered_pct:>3.0f}% {f'({100 * low:.0f}-{100 * high:.0f})':>9} {found.width:>6.1f}"


def wilson(share: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a share that was seen in so many cases."""
    z2 = 1.96**2
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    reach = sqrt(z2 * (share * (1 - share) / count + z2 / (4 * count * count))) / (1 + z2 / count)
    return middle - reach, middle + reach


if __name__ == "__main__":
    raise SystemExit(main())
