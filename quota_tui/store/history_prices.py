"""Costs of calls already in the history follow the price table in force."""

from __future__ import annotations

import sqlite3

from quota_tui.core.pricing import Pricer, call_cost_usd
from quota_tui.store.database import write
from quota_tui.store.history import History
from quota_tui.store.history_merge import FAST, US_ONLY, renew_sums

_META = "prices"
_PORTION = 20_000
_SAME_USD = 1e-9


def reprice(history: History, pricer: Pricer) -> bool:
    """Reckon all costs again where they are of another price table; whether any changed.

    A call of a model without a price keeps the cost its transcript told. One transaction: a reader sees all
    old costs or all new ones.
    """
    table = pricer.table.fingerprint
    if history.prices() == table:
        return False
    with write(history.db):
        if history.prices() == table:
            return False  # another process was faster
        changed = _reckon(history.db, pricer)
        if changed:
            renew_sums(history.db, None)
        history.set_meta(_META, table)
    return changed


def note_other_prices(history: History, pricer: Pricer) -> None:
    """Calls were just added at these prices: where the others have other ones, all are due again."""
    if history.prices() != pricer.table.fingerprint:
        history.set_meta(_META, "")


def _reckon(db: sqlite3.Connection, pricer: Pricer) -> bool:
    names: dict[int, str] = dict(db.execute("SELECT id, name FROM names"))
    changed, last = False, 0
    while rows := db.execute(
        "SELECT id, model, at_ms, input, output, write_5m, write_1h, read, searches, flags, cost FROM calls"
        " WHERE id>? ORDER BY id LIMIT ?",
        (last, _PORTION),
    ).fetchall():
        last = rows[-1][0]
        new: list[tuple[float, int]] = []
        for number, model, at_ms, *counts, searches, flags, cost in rows:
            price = pricer.price(names.get(model, ""), at_ms)
            if price is None:
                continue
            now = call_cost_usd(
                price, *counts, web_searches=searches, fast=bool(flags & FAST), us_only=bool(flags & US_ONLY)
            )
            if abs(now - cost) > _SAME_USD:
                new.append((now, number))
        db.executemany("UPDATE calls SET cost=? WHERE id=?", new)
        changed |= bool(new)
    return changed
