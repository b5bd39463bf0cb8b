"""Pane 3: the zone in glyph, word and colour, what to do, and the last alerts."""

from __future__ import annotations

from quota_tui.core.phrases import (
    ahead_words,
    alert_words,
    fits_words,
    reset_words,
    used_figure,
    window_name,
    window_zone,
    zone_glyph,
    zone_window,
    zone_word,
)
from quota_tui.core.readings import WindowKind
from quota_tui.core.snapshot import Alert, Snapshot, WindowState, ZoneName
from quota_tui.core.words import cells, clean
from quota_tui.core.zones import zone_of
from quota_tui.ui.rows import (
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
from quota_tui.ui.view import View, chosen_window


def recent_alerts(snapshot: Snapshot) -> list[Alert]:
    """Newest first."""
    return sorted(snapshot.alerts, key=lambda each: each.at, reverse=True)


def alert_row(view: View, alert: Alert, width: int) -> Row:
    """Its time and percentage in the colour of its zone, then its title."""
    style = zone_style(zone_of(float(alert.threshold_pct)).name)
    stamp, title = alert_words(alert, view.now, view.face)[-1], clean(alert.title, view.face)
    if cells(stamp) > width:
        return ()
    titled = wrap(title, width - cells(stamp) - 2, PLAIN, view.face, most=1)
    return row((stamp, style), *((("  ", PLAIN), *titled[0]) if titled else ()))


def head_row(view: View, state: WindowState, name: ZoneName, ahead: tuple[str, ...], width: int) -> Row:
    """`▲ DANGER  5-hour ≈81 %   90 % in 9 %`."""
    word = "LIMIT HIT" if state.limit_hit else zone_word(name)
    glyph = (f"{zone_glyph(name, view.face)} {word}", zone_style(name, strong=True))
    which = "" if state.used_pct is None else f"  {window_name(state)} {used_figure(state)}"
    ends = [(row(glyph, (which, PLAIN)), row((each, MUTED))) for each in ahead]
    ends += [(row(glyph), row((each, MUTED))) for each in ahead]
    return first_spread(width, [*ends, (row(glyph, (which, PLAIN)), ()), (row(glyph), ())])


def rows(view: View, snapshot: Snapshot, width: int, height: int) -> list[Row]:
    """The pane's rows: of the binding window, or of the one that was chosen with the window key."""
    zone, binding, chosen = snapshot.zone, zone_window(snapshot), chosen_window(view, snapshot)
    if chosen is not binding and chosen.kind is not WindowKind.FIVE_HOUR:
        return fit_height(chosen_rows(view, snapshot, chosen, width), height)
    ranked: list[Rank] = [(0, head_row(view, binding, zone.name, ahead_words(zone)[-1:], width))]
    ranked += [(1, line) for line in wrap(clean(zone.advice, view.face), width, PLAIN, view.face, most=3)]
    ranked.append((2, chain(width, styled(fits_words(zone), PLAIN))))
    if not zone.fits_task:
        ranked.pop()
    alerts = recent_alerts(snapshot)
    if alerts:
        ranked.append((4, ()))
        ranked += [(min(9, 3 + 2 * at), alert_row(view, each, width)) for at, each in enumerate(alerts)]
    return fit_height(ranked, height)


def natural(view: View, snapshot: Snapshot, width: int) -> int:
    """The height at which the last three alerts are in view."""
    return len(rows(view, snapshot, width, 99)) - max(0, len(snapshot.alerts) - 3)


def chosen_rows(view: View, snapshot: Snapshot, state: WindowState, width: int) -> list[Rank]:
    """Another window than the binding one: its zone, and which one binds."""
    binding = zone_window(snapshot)
    said = f"{zone_word(snapshot.zone.name)} {window_name(binding)} {used_figure(binding)}"
    binds = f"{zone_glyph(snapshot.zone.name, view.face)} {said}".rstrip()
    return [
        (0, head_row(view, state, window_zone(state), (), width)),
        (2, chain(width, styled(reset_words(state, view.now, view.face), PLAIN))),
        (5, ()),
        (1, chain(width, styled((f"nearest its end: {binds}", binds), zone_style(snapshot.zone.name)))),
    ]
