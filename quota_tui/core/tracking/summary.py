"""A tracked plan in words: the status, and the summary at a phase's end."""

from __future__ import annotations

from quota_tui.core.snapshot import PhaseEnd, PhasesState, PhaseState
from quota_tui.core.words import Face, clean, in_face, tokens

_GLYPHS = {"current": "▸", "done": "✓", "removed": "✗", "open": "○"}


def end_words(end: PhaseEnd) -> list[str]:
    """The variance summary of a phase that has ended, a line each."""
    lines = [f"took {tokens(end.actual_tokens)} tokens"]
    if end.estimate_tokens is not None and end.variance_tokens is not None:
        share = f" ({end.percent:.0f} % of it)" if end.percent is not None else ""
        lines[0] += f", estimated ≈{tokens(end.estimate_tokens)}: {signed(end.variance_tokens)}{share}"
    if end.impact_pct is not None:
        total = f"; ≈{tokens(end.projected_total_tokens)} in all" if end.projected_total_tokens else ""
        lines.append(f"changes the whole by {end.impact_pct:+.0f} %{total}")
    if end.fits_quota is not None:
        lines.append(
            "the rest still fits what is left of the five-hour window"
            if end.fits_quota
            else "the rest no longer fits what is left of the five-hour window"
        )
    if end.tokens_per_min is not None:
        target = f", planned {tokens(end.target_tokens_per_min)}" if end.target_tokens_per_min else ""
        lines.append(f"{tokens(end.tokens_per_min)} tokens a minute of work{target}")
    return lines


def status_lines(state: PhasesState, face: Face) -> list[str]:
    """The whole state, for a terminal or a pipe."""
    name = clean(state.title or state.plan_file, face)
    lines = [f"{name}: {state.state}, {state.hours:.1f} h of work"]
    whole = f"{tokens(state.actual_tokens)} tokens"
    if state.estimated_tokens:
        whole += f" of ≈{tokens(state.estimated_tokens)} estimated"
    low, high = state.projected_low_tokens, state.projected_high_tokens
    is_open = any(phase.state in {"current", "open"} for phase in state.phases)
    if state.projected_tokens is not None and is_open and state.state in {"active", "paused"}:
        whole += f", ≈{tokens(state.projected_tokens)} projected"
        whole += f" ({tokens(low)}–{tokens(high)})" if low is not None and high is not None else ""
    lines.append(whole)
    if state.fits_quota is not None and state.quota_left_tokens is not None:
        fits = "fits" if state.fits_quota else "does not fit"
        lines.append(f"the rest {fits} the ≈{tokens(state.quota_left_tokens)} left in the five-hour window")
    if state.state == "active":
        average = state.tokens_per_min_average
        lines.append(
            f"burn {tokens(state.tokens_per_min_now)}/min now"
            + (f", {tokens(average)}/min on average" if average is not None else "")
        )
    lines += [phase_line(phase, at + 1, face) for at, phase in enumerate(state.phases)]
    if state.proposal is not None:
        done = clean(state.proposal.name, face)
        lines.append(f"{done} looks done ({state.proposal.why}): `quota-tui track phase done` confirms")
    if state.ended is not None and state.ended.asks_why:
        lines.append(f"{clean(state.ended.name, face)} deviated: `quota-tui track why CATEGORY` says why")
    return [in_face(line, face) for line in lines]


def phase_line(phase: PhaseState, number: int, face: Face) -> str:
    """`▸ 2. WebSocket server  31k of ≈24k, 129 %  ▲ yellow`."""
    parts = [f"{_GLYPHS.get(phase.state, '○')} {number}. {clean(phase.name, face)}"]
    if phase.estimate_tokens is not None:
        share = f", {phase.percent:.0f} %" if phase.percent and phase.state != "open" else ""
        parts.append(f"{tokens(phase.actual_tokens)} of ≈{tokens(phase.estimate_tokens)}{share}")
    elif phase.actual_tokens:
        parts.append(f"{tokens(phase.actual_tokens)}")
    if phase.state == "current" and phase.projected_tokens is not None:
        parts.append(f"→ ≈{tokens(phase.projected_tokens)}")
    if phase.boxes:
        parts.append(f"{phase.boxes_done}/{phase.boxes} ticked")
    if phase.alert:
        parts.append(f"▲ {phase.alert}")
    return in_face("  ".join(parts), face)


def signed(count: int) -> str:
    """`+12k`, `-800`."""
    return f"{'-' if count < 0 else '+'}{tokens(abs(count))}"
