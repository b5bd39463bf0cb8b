"""The learned state in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from quota_tui.core.estimating.model import EstimationModel, Factor
from quota_tui.core.estimating.trackrecord import History
from quota_tui.core.estimating.words import history_words
from quota_tui.core.words import Face, clean, in_face, project_name, tokens, usd


def model_lines(model: EstimationModel, face: Face) -> list[str]:
    """The whole of it, a line each."""
    return [in_face(line, face) for line in _lines(model, face)]


def _lines(model: EstimationModel, face: Face) -> Iterator[str]:
    count, plans = model.sessions_analysed, model.plan_sessions
    yield f"learned from {count} session{'s' * (count != 1)}, {plans} with a plan"
    judged = History(sessions=count, coverage_pct=model.coverage_pct, median_error_pct=model.median_error_pct)
    yield history_words(judged)
    you = model.user_profile
    yield (
        f"a plan of average size takes ≈{tokens(you.tokens_with_plan)}, a session without one"
        f" ≈{tokens(you.tokens_without_plan)}, an hour of work ≈{tokens(you.tokens_per_hour)} tokens"
    )
    for family, price in you.usd_per_million_tokens.items():
        yield f"  {family}: ≈{usd(price)} a million tokens, as you use it"
    for name, factors in (
        ("task types", model.task_types),
        ("kinds of phase", model.phase_types),
        ("projects", model.projects),
        ("libraries", model.libraries),
    ):
        yield from _factor_lines(name, factors, face)
    yield from (f"→ {clean(each, face)}" for each in model.recommendations)


def _factor_lines(name: str, factors: Mapping[str, Factor], face: Face) -> Iterator[str]:
    if factors:
        yield f"{name}, against the usual:"
    for key, each in factors.items():
        seen = "1 session" if each.sessions == 1 else f"{each.sessions} sessions"
        shown = project_name(key, face) if name == "projects" else clean(key, face)
        yield f"  {shown}: ×{each.factor:.2f} (×÷{each.spread:.2f}; {seen})"
