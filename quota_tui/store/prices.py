"""The shipped price table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from quota_tui.core.pricing import Price, PriceTable, with_overrides


class _Row(msgspec.Struct, forbid_unknown_fields=True):
    input: float
    output: float
    write_5m: float
    write_1h: float
    read: float
    since: str = ""
    fast: bool = False
    long_from_tokens: int = 0
    long_factor: float = 1.0


class _File(msgspec.Struct):
    models: dict[str, list[_Row]]


def load_prices(overrides: Mapping[str, Mapping[str, float]] | None = None) -> PriceTable:
    """`data/prices.json` with the user's overrides on top. Rows of a model are newest first."""
    raw = (Path(__file__).parent.parent / "data" / "prices.json").read_bytes()
    rows = msgspec.json.decode(raw, type=_File).models
    table = PriceTable({model: tuple(_price(row) for row in prices) for model, prices in rows.items()})
    return with_overrides(table, overrides or {})


def _price(row: _Row) -> Price:
    from_ms = 0
    if row.since:
        from_ms = int(datetime.fromisoformat(row.since).replace(tzinfo=UTC).timestamp() * 1000)
    return Price(
        row.input,
        row.output,
        row.write_5m,
        row.write_1h,
        row.read,
        from_ms=from_ms,
        fast=row.fast,
        long_from_tokens=row.long_from_tokens,
        long_factor=row.long_factor,
    )
