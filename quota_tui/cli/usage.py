"""`quota-tui usage`: tokens and cost, grouped."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, date, datetime, timedelta, tzinfo

import click

from quota_tui.cli.setup import EXIT_OK, EXIT_USAGE, Setup, fail, set_up, telling_failures, utc_now, zone
from quota_tui.core.report import UsageRow
from quota_tui.core.usage import UsageTotals
from quota_tui.monitor.refresh import refresh, renew_costs, roots_of
from quota_tui.monitor.rows import GROUPINGS, usage_rows
from quota_tui.monitor.stores import Stores

_FIELDS = (
    "input_tokens",
    "output_tokens",
    "cache_write_tokens",
    "cache_read_tokens",
    "total_tokens",
    "cost_usd",
    "calls",
)


@click.command()
@click.option("--by", type=click.Choice(GROUPINGS), default="day", show_default=True, help="How to group.")
@click.option("--since", help="First day (2026-11-01) or instant (ISO 8601).")
@click.option("--until", help="Last day, included, or an instant, excluded.")
@click.option("--timezone", "zone_name", help="Zone of the days; default: the setting, else this machine's.")
@click.option("--json", "as_json", is_flag=True, help="For programs; the fields are in the README.")
@click.pass_obj
def usage(
    flags: dict[str, object],
    by: str,
    since: str | None,
    until: str | None,
    zone_name: str | None,
    as_json: bool,
) -> int:
    """Tokens and cost by day, week, month, model, project, session or five-hour window.

    tokens = input + output + cache writes; cache reads are counted apart. Cost is at API prices.
    """
    setup = set_up(flags)
    where = zone(setup.settings, zone_name)
    start, end = _instant(since, where, "--since"), _instant(until, where, "--until", last=True)
    stores = Stores(setup.paths, utc_now())

    def rows_now() -> list[UsageRow]:
        _read(stores, setup)
        return usage_rows(stores.history, stores.journal, by, start, end, where)

    try:
        with telling_failures(setup):
            rows = stores.attempt(rows_now)
    finally:
        stores.close()
    total = UsageTotals()
    for row in rows:
        total += row.totals
    if as_json:
        click.echo(
            json.dumps({"by": by, "totals": _fields(total), "rows": [_row(row) for row in rows]}, indent=1)
        )
    else:
        click.echo(_table(by, rows, total))
    for notice in stores.notices:
        click.echo(f"quota-tui: {notice}", err=True)
    return EXIT_OK


def _read(stores: Stores, setup: Setup) -> None:
    try:
        renew_costs(stores, setup.settings)
        found = refresh(stores, roots_of(setup.claude_dirs, setup.settings), setup.settings, parallel=True)
    except sqlite3.OperationalError as error:
        # A full disk or a lock that does not come free: what is known is shown all the same.
        stores.notices.append(f"transcripts are not read ({error}); what is shown may be old")
    else:
        stores.notices += found.problems


def _instant(text: str | None, where: tzinfo, option: str, *, last: bool = False) -> datetime | None:
    if text is None:
        return None
    try:
        if len(text) == len("2026-11-01"):
            day = date.fromisoformat(text) + timedelta(days=1 if last else 0)
            return datetime(day.year, day.month, day.day, tzinfo=where).astimezone(UTC)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        fail(f"{option} {text!r} is neither a day like 2026-11-01 nor an ISO 8601 instant", EXIT_USAGE)
    return (at.replace(tzinfo=where) if at.tzinfo is None else at).astimezone(UTC)


def _fields(totals: UsageTotals) -> dict[str, float]:
    found = {name: getattr(totals, name) for name in _FIELDS}
    found["cost_usd"] = round(totals.cost_usd, 6)
    return found


def _row(row: UsageRow) -> dict[str, object]:
    return {
        "key": row.key,
        **_fields(row.totals),
        "active_minutes": row.active_minutes,
        "first_at": row.first_at.isoformat() if row.first_at else None,
        "last_at": row.last_at.isoformat() if row.last_at else None,
    }


def _table(by: str, rows: list[UsageRow], total: UsageTotals) -> str:
    if not rows:
        return "no use in that range"
    heads = (by, "tokens", "input", "output", "cache writes", "cache reads", "cost", "calls")
    cells = [_cells(row.key, row.totals) for row in rows] + [_cells("total", total)]
    widths = [max(len(line[i]) for line in [heads, *cells]) for i in range(len(heads))]
    lines = [
        "  ".join(
            cell.ljust(w) if i == 0 else cell.rjust(w)
            for i, (cell, w) in enumerate(zip(line, widths, strict=True))
        )
        for line in [heads, *cells]
    ]
    lines.insert(1, "-" * len(lines[0]))
    lines.insert(-1, "-" * len(lines[0]))
    return "\n".join(line.rstrip() for line in lines)


def _cells(key: str, totals: UsageTotals) -> tuple[str, ...]:
    return (
        key,
        f"{totals.total_tokens:,}",
        f"{totals.input_tokens:,}",
        f"{totals.output_tokens:,}",
        f"{totals.cache_write_tokens:,}",
        f"{totals.cache_read_tokens:,}",
        f"${totals.cost_usd:,.2f}",
        f"{totals.calls:,}",
    )
