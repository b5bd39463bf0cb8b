"""An estimate on the screen: the whole, where it fits, how good estimates were, each phase, why, risks."""

from __future__ import annotations

from collections.abc import Sequence

from quota_tui.core.estimating.numbers import EstimateNumbers, Numbers
from quota_tui.core.estimating.trackrecord import History
from quota_tui.core.words import Face, cells, clean, clip, pct, project_name, tokens, usd
from quota_tui.ui.panes.phase_detail import fact_rows
from quota_tui.ui.panes.phase_words import span_words
from quota_tui.ui.plan.page import filled
from quota_tui.ui.rows import BOLD, FAINT, MUTED, PLAIN, Row, chain, row, styled, width_of, wrap

LEAST_NAME = 10
TABLE_FROM = 60
_BULLET = "· "


def plan_rows(plans: Sequence[str], at: int, width: int, face: Face) -> list[Row]:
    """The plan files to choose from, the marked one with a mark."""
    made = [*wrap("Which plan?", width, BOLD, face), ()]
    for number, path in enumerate(plans):
        named = project_name(path, face)
        shown = clip(named[-max(8, width - 2) :] if cells(named) > width - 2 else named, width - 2, face)
        here = number == at
        line = row(("▸ " if here else "  ", "bold $accent"), (shown, PLAIN))
        made.append(filled(line, width) if here else line)
    return made


def none_rows(key: str, width: int, face: Face) -> list[Row]:
    """No plan file was found."""
    made = wrap("No plan file was found in this project.", width, BOLD, face)
    said = "A plan is a markdown file with its phases as headings or as a list of tasks."
    made += wrap(said, width, MUTED, face)
    return [*made, *wrap(f"{key} takes the path of one.", width, PLAIN, face)]


def history_words(history: History) -> tuple[str, ...]:
    """How good past estimates were, beside every new one: in parts that stay whole."""
    if not history.sessions or history.coverage_pct is None or history.median_error_pct is None:
        return ("past estimates:", "none yet to judge this one by")
    count = f"{history.sessions} session{'s' * (history.sessions != 1)},"
    held, off = pct(history.coverage_pct), pct(history.median_error_pct)
    return ("past estimates:", count, f"range held {held},", f"median error {off}")


def _packed(parts: Sequence[str], width: int, style: str, face: Face) -> list[Row]:
    """Parts on as few rows as it takes; a number stays with its words."""
    lines: list[str] = []
    for part in parts:
        joined = f"{lines[-1]} {part}" if lines else part
        if lines and cells(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(part)
    return [each for line in lines for each in wrap(line, width, style, face)]


def estimate_rows(found: EstimateNumbers, width: int, face: Face) -> list[Row]:
    """The whole page."""
    total = found.total
    first, *more = _amount_rows(total, width, face)
    made = [first, *_packed(history_words(found.history), width, MUTED, face), *more]
    made.append(())
    for name, text in (*_share_facts(total), *_fit_facts(found)):
        made += fact_rows(name, clean(text, face), width, face, most=6)
    made += [(), *_phases(found, width, face)]
    for name, lines in (("Why", total.reasons), ("Risks", found.risks)):
        made += _section(name, lines, width, face)
    by_phase = [
        f"{at} {phase.name}: {reason}" for at, phase in enumerate(found.phases, 1) for reason in phase.reasons
    ]
    return made + _section("Why, phase by phase", by_phase, width, face)


def _amount_rows(total: Numbers, width: int, face: Face) -> list[Row]:
    """Tokens, hours and dollars: side by side, else below each other."""
    amount = f"≈{tokens(total.median_tokens)} tokens {span_words(total.low_tokens, total.high_tokens)}"
    hours = f"≈{total.median_hours:.1f} h ({total.low_hours:.1f}–{total.high_hours:.1f})"
    cost = f"≈{usd(total.cost_usd)} ({usd(total.low_cost_usd)}–{usd(total.high_cost_usd)[1:]})"
    whole = row((amount, BOLD), ("   ", PLAIN), (hours, PLAIN), ("   ", PLAIN), (cost, PLAIN))
    if width_of(whole) <= width:
        return [whole]
    return [*wrap(amount, width, BOLD, face), *_packed((f"{hours} ·", cost), width, PLAIN, face)]


def _share_facts(total: Numbers) -> list[tuple[str, str]]:
    parts = []
    if total.share_five_hour_pct is not None:
        parts.append(f"{_about(total.share_five_hour_pct)} of a five-hour window")
    if total.share_weekly_pct is not None:
        parts.append(f"{_about(total.share_weekly_pct)} of the week")
    share = " · ".join(parts) or "not known: no limit is known"
    return [("quota", share), ("confidence", total.confidence.value)]


def _fit_facts(found: EstimateNumbers) -> list[tuple[str, str]]:
    facts = [("fits", f"{found.fits.value.replace('-', ' ')}: {found.fits_text}")]
    chances = []
    if found.chance_now is not None:
        chances.append(f"{pct(100 * found.chance_now)} to finish inside this window")
    if found.chance_after_reset is not None:
        chances.append(f"{pct(100 * found.chance_after_reset)} inside a full one")
    return [*facts, ("chance", " · ".join(chances))] if chances else facts


def _about(share: float) -> str:
    """`≈14 %`; what is below one needs no more doubt."""
    return pct(share) if 0 < share < 1 else f"≈{pct(share)}"


def _cells_of(phase: Numbers) -> tuple[str, ...]:
    """Tokens, range, hours, cost, share of the five-hour window and of the week, confidence, type."""
    shares = (phase.share_five_hour_pct, phase.share_weekly_pct)
    return (
        f"≈{tokens(phase.median_tokens)}",
        span_words(phase.low_tokens, phase.high_tokens),
        f"≈{phase.median_hours:.1f} h",
        f"≈{usd(phase.cost_usd)}",
        *("" if share is None else _about(share) for share in shares),
        phase.confidence.value,
        phase.task_type.value if phase.task_type is not None else "",
    )


_TITLES = ("tokens", "80 % range", "hours", "cost", "5-hour", "week", "confidence", "type")
_KEEP = (
    (0, 1, 2, 3, 4, 5, 6, 7),
    (0, 1, 2, 3, 4, 5, 6),
    (0, 1, 2, 3, 4, 6),
    (0, 1, 2, 3, 6),
    (0, 1, 2),
    (0, 1),
)
_LEFT = frozenset({1, 6, 7})
"""Columns of words; figures stand at the right."""


def _phases(found: EstimateNumbers, width: int, face: Face) -> list[Row]:
    if not found.phases:
        return []
    table = [_cells_of(phase) for phase in found.phases]
    sizes = [
        max(cells(title), *(cells(line[at]) for line in table)) if any(line[at] for line in table) else 0
        for at, title in enumerate(_TITLES)
    ]
    digits = len(str(len(table)))
    names = [clean(phase.name, face) for phase in found.phases]
    longest = max(map(cells, names))
    for least in (min(longest, 24), LEAST_NAME):
        for columns in _KEEP:
            shown = [at for at in columns if sizes[at]]
            room = width - digits - 1 - sum(sizes[at] + 2 for at in shown)
            if width >= TABLE_FROM and room >= least:
                return _table(found, names, table, shown, sizes, min(room, longest), face)
    made: list[Row] = []
    for at, (name, line) in enumerate(zip(names, table, strict=True), 1):
        made.append(row((f"{at:>{digits}} ", MUTED), (clip(name, width - digits - 1, face), PLAIN)))
        parts = (f"{line[0]} {line[1]}", line[2], line[3], line[4] and f"{line[4]} of 5 h", line[6])
        said = chain(width - digits - 1, *(styled((each,), MUTED) for each in parts))
        made += [row((" " * (digits + 1), PLAIN), *said), *_break_row(found, at, width, face)]
    return made


def _table(
    found: EstimateNumbers,
    names: Sequence[str],
    table: Sequence[tuple[str, ...]],
    shown: Sequence[int],
    sizes: Sequence[int],
    room: int,
    face: Face,
) -> list[Row]:
    """Aligned columns under their titles."""
    digits = len(str(len(table)))
    width = digits + 1 + room + sum(sizes[at] + 2 for at in shown)

    def figures(line: Sequence[str]) -> str:
        padded = (f"{line[at]:<{sizes[at]}}" if at in _LEFT else f"{line[at]:>{sizes[at]}}" for at in shown)
        return "".join(f"  {each}" for each in padded)

    head = " " * (digits + 1) + f"{'phase':<{room}}" + figures(_TITLES)
    made = [row((head.rstrip(), MUTED))]
    for at, (name, line) in enumerate(zip(names, table, strict=True), 1):
        shown_name = clip(name, room, face)
        pad = " " * (room - cells(shown_name))
        made.append(
            row((f"{at:>{digits}} ", MUTED), (shown_name + pad, PLAIN), (figures(line).rstrip(), PLAIN))
        )
        made += _break_row(found, at, width, face)
    return made


def _break_row(found: EstimateNumbers, at: int, width: int, face: Face) -> list[Row]:
    """Where the plan should be cut."""
    if found.break_after != at:
        return []
    said = " break here, go on after the reset "
    if cells(said) + 4 > width:
        said = " break here "
    rule = "-" if face.ascii else "─"
    return [row((rule * 2, FAINT), (said, BOLD), (rule * max(0, width - 2 - cells(said)), FAINT))]


def _section(name: str, lines: Sequence[str], width: int, face: Face) -> list[Row]:
    if not lines:
        return []
    made: list[Row] = [(), row((name, BOLD))]
    for text in lines:
        rows = wrap(clean(text, face), width - len(_BULLET), PLAIN, face, most=6)
        heads = [_BULLET, *(" " * len(_BULLET) for _ in rows[1:])]
        made += [row((head, MUTED), *line) for head, line in zip(heads, rows, strict=False)]
    return made
