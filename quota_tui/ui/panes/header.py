"""The line at the top: account, what runs now, how fresh the data is, the time."""

from __future__ import annotations

from quota_tui.core.snapshot import SessionState, Snapshot
from quota_tui.core.words import age, clean, clip, clip_path, clock, model_name, project_name
from quota_tui.ui.panes.sessions import in_order
from quota_tui.ui.rows import ALARM, BOLD, MUTED, PLAIN, Row, chain, first_spread, row
from quota_tui.ui.view import View

TITLE = "quota-tui"
ACTIVE_S = 600
"""A session that wrote in the last ten minutes is the active one."""


def active_session(view: View, snapshot: Snapshot) -> SessionState | None:
    """The latest running session, else the latest that wrote a moment ago."""
    for session in in_order(snapshot.sessions):
        recent = session.last_at and (view.now - session.last_at).total_seconds() < ACTIVE_S
        return session if session.running or recent else None
    return None


def facts(view: View, snapshot: Snapshot, width: int) -> Row:
    """Plan, model, project, number of running sessions: as many as fit."""
    face, session = view.face, active_session(view, snapshot)
    items: list[list[Row]] = [[row((clean(snapshot.sources.plan, face), PLAIN))]]
    if session:
        project = project_name(session.project, face)
        items.append([row((model_name(session.model, face), PLAIN))])
        items.append([row((clip_path(project, size, face), PLAIN)) for size in (32, 20, 12)])
    running = sum(each.running for each in snapshot.sessions)
    items.append([row((f"{running} running", PLAIN))] if running > 1 else [()])
    return chain(width, *(item for item in items if item[0]))


def rows(view: View, snapshot: Snapshot | None, width: int, height: int) -> list[Row]:
    """One row, and a second one for a notice."""
    inner = width - 2
    now = row((clock(view.now, view.face), BOLD))
    name = row((TITLE, BOLD))
    if snapshot is None:
        lines = [first_spread(inner, [(name, now), (name, ())])]
    else:
        at = snapshot.sources.data_at
        data = f"data {age(at, view.now)}   " if at else "no data   "
        right = row((data, MUTED), *now)
        room = inner - sum(len(text) for text, _ in (*name, *right)) - 6
        left = row(*name, ("   ", PLAIN), *facts(view, snapshot, room))
        lines = [first_spread(inner, [(left, right), (name, right), ((), right), ((), now)])]
    lines += notice_rows(view, inner)
    return [row((" ", PLAIN), *line) for line in lines[:height]]


def notice_rows(view: View, width: int) -> list[Row]:
    """The most urgent notice, and how many more there are."""
    if not view.notices:
        return []
    more = f"  (+{len(view.notices) - 1})" if len(view.notices) > 1 else ""
    said = clip(f"! {clean(view.notices[0], view.face)}", width - len(more), view.face)
    return [row((said + more, ALARM))]
