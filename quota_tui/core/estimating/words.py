"""An estimate in words: the same on the command line, inside Claude Code and on the screen."""

from __future__ import annotations

from quota_tui.core.estimating.fitting import Verdict
from quota_tui.core.estimating.numbers import EstimateNumbers, Numbers
from quota_tui.core.estimating.predict import Overrun
from quota_tui.core.estimating.trackrecord import History
from quota_tui.core.snapshot import Basis
from quota_tui.core.words import Face, clean, in_face, pct, tokens, usd


def estimate_lines(found: EstimateNumbers, face: Face) -> list[str]:
    """The whole estimate, a line each; set in lines belong to the one above."""
    total = found.total
    lines = [
        f"{total.name or 'This session'}: {amount_words(total)}",
        f"  {share_words(total, found.quota_basis)}",
    ]
    lines += [f"  {each}" for each in (*fit_words(found), history_words(found.history))]
    for at, phase in enumerate(found.phases, 1):
        kind = f" ({phase.task_type})" if phase.task_type else ""
        lines.append(f"{at}. {phase.name}{kind}: {amount_words(phase)}")
    lines += ["", "Why", *(f"  {reason}" for reason in total.reasons)]
    risks = [*found.risks, *(overrun_words(each) for each in found.overruns)]
    if risks:
        lines += ["Risks", *(f"  {risk}" for risk in risks)]
    return [in_face(_cleaned(line, face), face) for line in lines]


def fit_words(found: EstimateNumbers) -> list[str]:
    """Where it fits, and the chance to finish where time says something else than tokens."""
    if found.fits is Verdict.UNKNOWN:
        return [f"whether it fits is not known: {found.fits_text}"]
    chance = found.chance_to_finish
    if chance is None or (found.chance_now is not None and pct(100 * chance) == pct(100 * found.chance_now)):
        return [f"→ {found.fits_text}"]
    return [f"→ {found.fits_text}", f"  chance to be done before the reset: {pct(100 * chance)}"]


def amount_words(numbers: Numbers) -> str:
    """`≈61k tokens (41k–92k), ≈1.5 h, ≈$2.10, confidence medium`."""
    span = f"({tokens(numbers.low_tokens)}–{tokens(numbers.high_tokens)})"
    hours = f"≈{numbers.median_hours:.1f} h" if numbers.median_hours >= 0.1 else "a few minutes"
    money = f"≈{usd(numbers.cost_usd)}"
    return (
        f"≈{tokens(numbers.median_tokens)} tokens {span}, {hours}, {money}, confidence {numbers.confidence}"
    )


def share_words(numbers: Numbers, basis: str = "") -> str:
    """`≈31 % of a five-hour window, ≈4 % of the week (fused)`; says so when that is not known."""
    parts = []
    if numbers.share_five_hour_pct is not None:
        parts.append(f"≈{pct(numbers.share_five_hour_pct)} of a five-hour window")
    if numbers.share_weekly_pct is not None:
        parts.append(f"≈{pct(numbers.share_weekly_pct)} of the week")
    if not parts:
        return "its share of the quota is not known: no limit is known"
    how = {"": "", Basis.GUESS.value: " (the limit is a guess)"}.get(basis, f" ({basis})")
    return ", ".join(parts) + how


def history_words(history: History) -> str:
    """How good estimates have been: always beside a new one."""
    if not history.sessions or history.coverage_pct is None or history.median_error_pct is None:
        return "no past session to judge it by: the range is that of other people's sessions"
    count = "1 past session" if history.sessions == 1 else f"{history.sessions} past sessions"
    return (
        f"on {count} the 80 % range held {pct(history.coverage_pct)} of the time,"
        f" median error {pct(history.median_error_pct)}"
    )


def overrun_words(overrun: Overrun) -> str:
    """`phase 2, Dashboard: testing overran in 60 % of 5 cases`."""
    cases = "1 case" if overrun.seen == 1 else f"{overrun.seen} cases"
    return (
        f"phase {overrun.phase + 1}, {overrun.name}: more than 1.2 times the estimate is likely"
        f" ({pct(100 * overrun.chance)}; {overrun.task_type}, {cases})"
    )


def _cleaned(line: str, face: Face) -> str:
    inner = line.lstrip(" ")
    return " " * (len(line) - len(inner)) + clean(inner, face)
