"""Sessions of the past in numbers, from the sums in the history file: what estimating learns from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import msgspec

from quota_tui.store.history import History, first_ms
from quota_tui.store.history_schema import ROLLUP_S
from quota_tui.store.projects import project_path

PAUSE_MS = 15 * 60 * 1000
"""A longer gap between two calls is no working time. The sums are of quarters of an hour: none hides one."""


class _Row(NamedTuple):
    """A sum: session, project and model are numbers of names."""

    session: int
    project: int
    model: int
    tokens: int
    cost_usd: float
    first_ms: int
    last_ms: int


Owner = Callable[[str, int], str]
"""Who owns the calls made in a folder around an instant (Unix ms); empty: the session itself."""


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One session: tokens are input + output + cache writes, subagents' too; `hours` working time.

    `project` (see `store.projects`) and `model` are those with the most tokens.
    """

    id: str
    project: str
    model: str
    tokens: int
    cost_usd: float
    hours: float
    first_at: datetime
    last_at: datetime


class PastUse(msgspec.Struct, frozen=True):
    """The sessions in the order of their first call, and the model most used by each owner of other calls."""

    sessions: tuple[SessionRow, ...]
    models: dict[str, str]


def past_sessions(history: History, since: datetime, owner: Owner | None = None) -> PastUse:
    """The sessions that began at or after an instant. Raises sqlite3 errors.

    Calls with an `owner` count in no session, by quarters of an hour: in that of their middle. A session
    that lost more than half of its tokens so is not one by itself, and is left out.
    """
    oldest, first = int(since.timestamp()) // ROLLUP_S * ROLLUP_S, first_ms(since)
    names = dict(history.db.execute("SELECT id, name FROM names"))
    projects: dict[int, str] = {}
    owned: dict[str, list[tuple[str, int]]] = {}
    found = list[SessionRow]()
    for session, rows in _by_session(history, oldest):
        if rows[0].first_ms < first:
            continue
        for row in rows:
            if row.project not in projects:
                projects[row.project] = _project(names[row.project])
        own = rows if owner is None else []
        for row in rows if owner is not None else ():
            assert owner is not None
            who = owner(names[row.project], (row.first_ms + row.last_ms) // 2)
            if who:
                owned.setdefault(who, []).append((names[row.model], row.tokens))
            else:
                own.append(row)
        if own and 2 * _tokens(own) >= _tokens(rows):
            found.append(_session(names[session], own, projects, names))
    found.sort(key=lambda each: (each.first_at, each.id))
    return PastUse(tuple(found), {who: _most(amounts) for who, amounts in owned.items()})


def _by_session(history: History, oldest_s: int) -> Iterator[tuple[int, list[_Row]]]:
    """Sessions without sums before an instant, each with its rows in order of their first call."""
    rows = history.db.execute(
        "SELECT session, project, model, input + output + write, cost, first_ms, last_ms FROM rollup"
        " WHERE start_s>=? AND session NOT IN (SELECT session FROM rollup WHERE start_s<?)"
        " ORDER BY session, first_ms",
        (oldest_s, oldest_s),
    )
    for session, group in groupby(map(_Row._make, rows), key=attrgetter("session")):
        yield session, list(group)


def _session(name: str, rows: list[_Row], projects: dict[int, str], names: dict[int, str]) -> SessionRow:
    return SessionRow(
        id=name,
        project=_most((projects[row.project], row.tokens) for row in rows),
        model=_most((names[row.model], row.tokens) for row in rows),
        tokens=_tokens(rows),
        cost_usd=sum(row.cost_usd for row in rows),
        hours=_working_ms((row.first_ms, row.last_ms) for row in rows) / 3_600_000,
        first_at=_instant(rows[0].first_ms),
        last_at=_instant(max(row.last_ms for row in rows)),
    )


def _tokens(rows: list[_Row]) -> int:
    return sum(row.tokens for row in rows)


def _most(amounts: Iterable[tuple[str, int]]) -> str:
    """The name with the most tokens."""
    sums: dict[str, int] = {}
    for name, tokens in amounts:
        sums[name] = sums.get(name, 0) + tokens
    return max(sums, key=lambda each: sums[each])


def _project(folder: str) -> str:
    """The project that a session's folder is in: the same name as a plan's."""
    return project_path(folder) if os.path.isabs(folder) else folder


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
