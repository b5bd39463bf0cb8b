"""Everything in one column without borders, for a narrow or short split: one line a pane."""

from __future__ import annotations

from quota_tui.core.phrases import (
    NO_PLAN,
    basis_words,
    cost_words,
    fits_words,
    full_words,
    left_words,
    projected_words,
    rate_words,
    reach_words,
    reset_words,
    used_figure,
    window_name,
    window_zone,
    zone_glyph,
    zone_window,
    zone_word,
)
from quota_tui.core.snapshot import Snapshot, WindowState
from quota_tui.core.text import one_line
from quota_tui.core.words import cells, clean, tokens
from quota_tui.ui.panes import phases
from quota_tui.ui.panes.automation import is_wrong, work_words
from quota_tui.ui.panes.header import facts, notice_rows
from quota_tui.ui.panes.phase_words import is_tracked
from quota_tui.ui.panes.quota import small_rows
from quota_tui.ui.panes.sessions import in_order, session_rows
from quota_tui.ui.panes.zone import alert_row, recent_alerts
from quota_tui.ui.rows import (
    BOLD,
    MUTED,
    PLAIN,
    Rank,
    Row,
    chain,
    first_spread,
    fit_height,
    row,
    styled,
    wrap,
    zone_style,
)
from quota_tui.ui.view import View, leading_window, shown_windows
from quota_tui.ui.widgets.gauge import gauge_row, marks_row
from quota_tui.ui.widgets.sparkline import sparkline

GROUPED_FROM = 18
"""Height from which blank rows part the groups."""


def head_row(view: View, snapshot: Snapshot, state: WindowState, width: int) -> Row:
    """`▲ DANGER ≈81 %      resets 18:40 · in 1h 06m`, of the window in view."""
    binding = zone_window(snapshot)
    name = snapshot.zone.name if state is binding else window_zone(state)
    word = "LIMIT HIT" if state.limit_hit else zone_word(name)
    used = used_figure(state) or f"{tokens(state.used_tokens)} used"
    style = zone_style(name, strong=True)
    which = "" if state is snapshot.five_hour else f" {window_name(state)}"
    glyph = zone_glyph(name, view.face)
    # The reset may need a row of its own; the number never goes.
    heads = [
        row((f"{glyph} {word}", style), (f"{which} {used}", BOLD)),
        row((f"{glyph}{which} {used}", style)),
    ]
    resets = [*reset_words(state, view.now, view.face), ""]
    ends = [(head, row((each, PLAIN))) for head in heads[:1] for each in resets]
    return first_spread(width, [*ends, *((head, ()) for head in heads[1:]), (row((used, style)), ())])


def amount_row(snapshot: Snapshot, state: WindowState, width: int) -> Row:
    """Used, left and projected in a narrow row; the rate where nothing is known."""
    left, used = left_words(state)[-1], f"{tokens(state.used_tokens)} used"
    if state.used_pct is None:
        return chain(width, styled(rate_words(snapshot.burn), PLAIN))
    long = row((used, PLAIN), (" · ", MUTED), (left, BOLD))
    elsewhere = f"{state.used_elsewhere_pct:.0f} % elsewhere" if state.used_elsewhere_pct else ""
    ahead = styled(projected_words(state)[-1:], PLAIN)
    return chain(width, [long, row((left, BOLD))], ahead, styled((elsewhere,), MUTED))


def rate_row(view: View, snapshot: Snapshot, width: int) -> Row:
    """The rate with the sparkline filling the rest of the row."""
    said = chain(width, styled(rate_words(snapshot.burn), PLAIN))
    room = width - sum(cells(text) for text, _ in said) - 3
    spark = sparkline(snapshot.five_hour, snapshot.burn.bars, room, view.face)
    return row(*said, ("   ", PLAIN), *spark) if spark and room >= 8 else said


def forecast_row(view: View, snapshot: Snapshot, width: int) -> Row:
    """The next threshold and the chance of a full window, as short as it must be."""
    reach = reach_words(snapshot, view.now, view.face)
    full = full_words(snapshot)
    pairs = [f"{a} · {b}" for a in reach for b in full if a and b]
    return chain(width, styled((*pairs, *reach, *full), PLAIN))


def other_rows(view: View, snapshot: Snapshot, state: WindowState, width: int) -> list[Rank]:
    """The other windows as small gauges, in words where a gauge would be too small."""
    others = [each for each in shown_windows(snapshot) if each is not state]
    made = []
    for each, (_, line) in zip(others, small_rows(view, others, width), strict=True):
        binds = each is zone_window(snapshot)
        made.append((2 if binds else 5 + bool(each.model), line))
    return made


def work_row(view: View, snapshot: Snapshot, width: int) -> Row:
    """Automation, and on the same row that no plan is tracked; one that is has rows of its own."""
    no_plan = [] if is_tracked(snapshot) else styled((NO_PLAN, "no plan"), MUTED)
    if snapshot.automation.jobs:
        return chain(width, work_words(view, snapshot), no_plan)
    return chain(width, no_plan, work_words(view, snapshot))


def zone_rows(view: View, snapshot: Snapshot, width: int) -> list[Rank]:
    """Advice, what fits, the last alert."""
    ranked: list[Rank] = []
    # With a plan to follow it is known what to do next.
    tracked = is_tracked(snapshot)
    advice = wrap(clean(snapshot.zone.advice, view.face), width, PLAIN, view.face, most=1 if tracked else 2)
    said = (5 if snapshot.zone.fits_task else 4) + tracked
    ranked += [(said, line) for line in advice]
    fits = chain(width, styled(fits_words(snapshot.zone), PLAIN))
    ranked += [(4, fits)] if fits else []
    return ranked + [
        (5 + at, alert_row(view, each, width)) for at, each in enumerate(recent_alerts(snapshot)[:3])
    ]


def footing(view: View, snapshot: Snapshot, width: int) -> list[Rank]:
    """What runs: the session at work, then the sessions of today."""
    ranked: list[Rank] = [(7, chain(width, [facts(view, snapshot, width)]))]
    sessions = in_order(snapshot.sessions)[:6]
    if sessions:
        ranked += [(9, line) for line in session_rows(view, sessions, width)]
    return ranked


def rows(view: View, snapshot: Snapshot, width: int, height: int) -> list[Row]:
    """The card, at most `height` rows."""
    if width < 24 or height < 4:
        return [row((one_line(snapshot, view.now, view.face, width), PLAIN))]
    state = leading_window(view, snapshot)
    gap: list[Rank] = [(8, ())] if height >= GROUPED_FROM else []
    ranked: list[Rank] = [(0, line) for line in notice_rows(view, width)[:1]]
    ranked.append((0, head_row(view, snapshot, state, width)))
    if state.used_pct is not None:
        style = zone_style(window_zone(state))
        ranked.append((1, gauge_row(state.used_pct, state.projected_pct, width, style, view.face)))
        ranked.append((6, marks_row(width)))
    ranked.append((0, amount_row(snapshot, state, width)))
    ranked.append((1, chain(width, styled(basis_words(state, view.now, snapshot.sources.data_at), MUTED))))
    ranked += [*gap, *other_rows(view, snapshot, state, width), *gap]
    if state.used_pct is not None:
        ranked.append((3, rate_row(view, snapshot, width)))
    ranked.append((2, forecast_row(view, snapshot, width)))
    ranked.append((8, chain(width, styled(cost_words(snapshot.burn), MUTED))))
    ranked += [*gap, *zone_rows(view, snapshot, width), *gap]
    ranked += phases.card_rows(view, snapshot, width)
    rank = 1 if is_wrong(snapshot) else 4 if snapshot.automation.jobs else 6
    ranked.append((rank, work_row(view, snapshot, width)))
    ranked += [*gap, *footing(view, snapshot, width)]
    return fit_height([(rank, line) for rank, line in ranked if line or rank == 8], height)
