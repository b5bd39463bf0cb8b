"""The sessions of today: project, model, tokens, cost, last activity, running or not."""

from __future__ import annotations

from datetime import UTC, datetime

from quota_tui.core.snapshot import SessionState, Snapshot
from quota_tui.core.words import (
    Face,
    age,
    cells,
    clean,
    clip,
    clip_path,
    in_face,
    model_name,
    project_name,
    tokens,
    usd,
)
from quota_tui.ui.rows import BOLD, MUTED, PLAIN, Row, row, wrap
from quota_tui.ui.view import View

EMPTY = "No session today"
MIN_PROJECT = 12


def in_order(sessions: tuple[SessionState, ...]) -> list[SessionState]:
    """Running ones first, then the latest."""
    never = datetime.min.replace(tzinfo=UTC)
    return sorted(sessions, key=lambda each: (each.running, each.last_at or never), reverse=True)


def _columns(view: View, session: SessionState) -> tuple[str, str, str, str]:
    face = view.face
    last = age(session.last_at, view.now).removesuffix(" ago") if session.last_at else ""
    return (
        clip(model_name(session.model, face), 14, face),
        tokens(session.used.total_tokens),
        usd(session.used.cost_usd),
        "now" if last == "just now" else last,
    )


def session_rows(view: View, sessions: list[SessionState], width: int) -> list[Row]:
    """Aligned columns; model, cost and time go first where it is narrow."""
    table = [_columns(view, each) for each in sessions]
    sizes = [max(cells(line[at]) for line in table) for at in range(4)]
    # Which columns fit beside a project of a readable length: tokens stay longest.
    for columns in ((0, 1, 2, 3), (1, 2, 3), (1, 3), (1,), ()):
        room = width - 2 - sum(sizes[at] + 2 for at in columns)
        if room >= MIN_PROJECT or not columns:
            break
    made = []
    for session, line in zip(sessions, table, strict=True):
        mark = ("● ", BOLD) if session.running else ("○ ", MUTED)
        name = _name(session, max(0, room), view.face)
        pad = " " * max(0, room - cells(name))
        tail = "".join(
            "  " + (line[at].ljust(sizes[0]) if at == 0 else line[at].rjust(sizes[at])) for at in columns
        )
        style = PLAIN if session.running else MUTED
        made.append(row((in_face(mark[0], view.face), mark[1]), (name + pad, style), (tail, style)))
    return made


def _name(session: SessionState, room: int, face: Face) -> str:
    project = clip_path(project_name(session.project, face) or "?", room, face)
    title = clean(session.name, face)
    both = f"{project}  {title}"
    return both if title and cells(both) <= room else project


def rows(view: View, snapshot: Snapshot, width: int, height: int) -> list[Row]:
    """As many sessions as fit; how many more there are."""
    sessions = in_order(snapshot.sessions)
    if not sessions:
        return wrap(EMPTY, width, MUTED, view.face, most=height)
    shown = sessions if len(sessions) <= height else sessions[: max(0, height - 1)]
    made = session_rows(view, shown, width) if shown else []
    more = len(sessions) - len(shown)
    return [*made, row((f"{more} more", MUTED))] if more else made


def natural(view: View, snapshot: Snapshot, width: int) -> int:
    """A few sessions; the rest when there is room."""
    del view, width
    return min(5, len(snapshot.sessions))
