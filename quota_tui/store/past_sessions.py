"""Sessions of the past in numbers, from the sums in the history file: what estimating learns from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from quota_tui.store.history import History

PAUSE_MS = 15 * 60 * 1000
"""A longer gap between two calls is no working time. The sums are of quarters of an hour: none hides one."""

_Row = tuple[int, int, int, int, int, float, int, int]


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One session: tokens are input + output + cache writes, subagents' too; `hours` working time.

    `project` and `model` are those with the most tokens.
    """

    id: str
    project: str
    model: str
    tokens: int
    cost_usd: float
    hours: float
    first_at: datetime
    last_at: datetime


def past_sessions(history: History, since: datetime) -> list[SessionRow]:
    """Sessions with calls since an instant (exact to 15 minutes), in the order of their first call.

    Raises sqlite3 errors.
    """
    rows = history.db.execute(
        "SELECT session, start_s, project, model, input + output + write, cost, first_ms, last_ms FROM rollup"
        " WHERE start_s>=? ORDER BY session, first_ms",
        (int(since.timestamp()),),
    )
    names = dict(history.db.execute("SELECT id, name FROM names"))
    found, session = list[SessionRow](), list[_Row]()
    for row in rows:
        if session and row[0] != session[0][0]:
            found.append(_session(session, names))
            session = []
        session.append(row)
    if session:
        found.append(_session(session, names))
    return sorted(found, key=lambda each: (each.first_at, each.id))


def _session(rows: list[_Row], names: dict[int, str]) -> SessionRow:
    projects, models = dict[int, int](), dict[int, int]()
    for _, _, project, model, tokens, _, _, _ in rows:
        projects[project] = projects.get(project, 0) + tokens
        models[model] = models.get(model, 0) + tokens
    return SessionRow(
        id=names[rows[0][0]],
        project=names[max(projects, key=lambda each: projects[each])],
        model=names[max(models, key=lambda each: models[each])],
        tokens=sum(row[4] for row in rows),
        cost_usd=sum(row[5] for row in rows),
        hours=_working_ms((row[6], row[7]) for row in rows) / 3_600_000,
        first_at=_instant(min(row[6] for row in rows)),
        last_at=_instant(max(row[7] for row in rows)),
    )


def _working_ms(spans: Iterable[tuple[int, int]]) -> int:
    """Time covered by spans in the order of their starts, with the short gaps between them."""
    total, reached = 0, -PAUSE_MS - 1
    for first, last in spans:
        begin = first if first - reached > PAUSE_MS else reached
        total += max(0, last - begin)
        reached = max(reached, last)
    return total


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
