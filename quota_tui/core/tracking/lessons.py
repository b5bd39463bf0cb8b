"""What a tracked plan teaches for the next one like it: simple rules, each told with its number."""

from __future__ import annotations

from collections import Counter

from quota_tui.core.tracking.state import CATEGORIES, PhaseStatus, TrackedPhase, Tracking
from quota_tui.core.velocity import OPTIMIZE_ABOVE, Velocity
from quota_tui.core.words import tokens

OFF = 1.25
"""A kind of work that took so many times its estimate (or went so far below) is told."""
REWORK_PCT = 20.0
LARGE_SHARE = 0.5
_WINDOWS_FULL = 0.8
_WHAT_HELPS = {
    "scope": "agree on what is out of scope before the first phase",
    "unclear": "settle the open questions in a planning phase of its own",
    "complexity": "split such a phase, and begin with the part that is least certain",
    "debugging": "write the failing test first, and give debugging a phase of its own",
    "rework": "have the approach reviewed before it is written out",
    "research": "put a short research phase before it",
    "tooling": "check that build and tests run before the phase begins",
    "context": "start a fresh session with a handoff between phases",
    "estimate": "take what this phase took as the estimate of the next one like it",
}


def recommendations(
    tracking: Tracking, velocity: Velocity | None = None, window_tokens: int | None = None
) -> list[str]:
    """Sentences; none where nothing stands out. `window_tokens` is what a five-hour window holds."""
    done = [phase for phase in tracking.phases if phase.state is PhaseStatus.DONE and phase.actual > 0]
    found = [*_by_type(done), *_by_category(tracking)]
    largest = max(done, key=lambda phase: phase.actual, default=None)
    if largest and len(done) > 2 and largest.actual > LARGE_SHARE * tracking.total:
        share = 100 * largest.actual / tracking.total
        found.append(f"one phase took {share:.0f} % of all tokens: split its like into two")
    if window_tokens and tracking.total > _WINDOWS_FULL * window_tokens:
        windows = f"{tracking.total / window_tokens:.1f} five-hour windows of ≈{tokens(window_tokens)}"
        found.append(f"it took {windows}: plan a break between phases")
    if velocity and velocity.rework_pct is not None and velocity.rework_pct > REWORK_PCT:
        found.append(
            f"{velocity.rework_pct:.0f} % of the lines were changed again: settle the approach first"
        )
    if velocity and (velocity.tokens_per_change or 0) > OPTIMIZE_ABOVE:
        each = tokens(velocity.tokens_per_change or 0)
        found.append(f"{each} tokens a change: smaller contexts and clearer tasks lower it")
    return found


def _by_type(done: list[TrackedPhase]) -> list[str]:
    """Kinds of work that went far off their estimates."""
    sums: dict[str, list[int]] = {}
    for phase in done:
        if phase.estimate and phase.task_type:
            pair = sums.setdefault(phase.task_type, [0, 0, 0])
            for at, value in enumerate((phase.actual, phase.estimate, 1)):
                pair[at] += value
    found = []
    for kind, (actual, estimate, count) in sums.items():
        factor = actual / estimate
        if factor >= OFF or factor <= 1 / OFF:
            phases = "one phase" if count == 1 else f"{count} phases"
            found.append(
                f"{kind} took ×{factor:.1f} of its estimate ({phases}): plan the next with that factor"
            )
    return found


def _by_category(tracking: Tracking) -> list[str]:
    """What helps against the reasons that were given, the costliest first."""
    costs: Counter[str] = Counter()
    for each in tracking.deviations:
        if each.category in _WHAT_HELPS and each.preventable is not False:
            costs[each.category] += max(each.extra_tokens, 0)
    return [
        f"{CATEGORIES[category]} ({tokens(cost)} tokens more): {_WHAT_HELPS[category]}"
        for category, cost in costs.most_common()
        if cost
    ]
