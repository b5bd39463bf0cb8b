from __future__ import annotations

from datetime import UTC, datetime

import pytest
from textual.widgets import DataTable

from quota_tui.core.report import UsageRow
from quota_tui.core.usage import UsageTotals
from quota_tui.core.words import cells
from quota_tui.ui.panes.history import GAP, in_order, table, totals_words
from quota_tui.ui.screens import history
from tests.core.test_text import ASCII, FACE
from tests.ui.fakes import usage_rows
from tests.ui.stage import dashboard, text, until, until_shown


def column(app, at: int) -> list[str]:
    grid = app.screen.query_one(DataTable)
    return [str(grid.get_row_at(row)[at]) for row in range(grid.row_count)]


async def test_days_are_shown_newest_first_with_their_efficiency():
    async with dashboard() as (app, pilot, provider):
        await pilot.press("h")
        await until_shown(pilot, "2026-11-20")
        assert provider.asked == [("day", datetime(2026, 10, 22, tzinfo=UTC), None)]
        assert column(app, 0)[:2] == ["2026-11-20", "2026-11-19"]
        (line,) = [each for each in text(app).splitlines() if "2026-11-19" in each]
        assert line.split()[:8] == ["2026-11-19", "155k", "$3.88", "78", "1.1k", "95", "%", "$0.050"]
        assert "3.1M tokens · $76.35 · 1,390 calls" in text(app)


async def test_other_groupings_and_ninety_days():
    async with dashboard() as (app, pilot, provider):
        await pilot.press("h", "2")
        await until_shown(pilot, "opus-5")
        assert column(app, 0)[0] == "opus-5"
        await pilot.press("3")
        await until_shown(pilot, "~/code/quota-tui")
        await pilot.press("right")
        await until_shown(pilot, "2026-11-20 18:40")
        await pilot.press("d")
        await until(pilot, lambda: provider.asked[-1] == ("window", datetime(2026, 8, 23, tzinfo=UTC), None))
        await pilot.press("left")
        await until(pilot, lambda: provider.asked[-1][0] == "project")
        await pilot.press("escape")
        await until_shown(pilot, "2 Burn rate")


async def test_an_error_is_told_in_a_line():
    async with dashboard() as (app, pilot, provider):
        provider.error = OSError("history.db is locked")
        await pilot.press("h")
        await until_shown(pilot, "history.db is locked")
        assert "Traceback" not in text(app)


async def test_an_empty_history_says_so():
    async with dashboard() as (_app, pilot, provider):
        provider.usage_rows = lambda *_: []
        await pilot.press("h")
        await until_shown(pilot, "nothing in the last 30 days")


async def test_without_the_plots_extra_the_table_stands_alone_and_says_how_to_get_them(monkeypatch):
    monkeypatch.setattr(history, "find_spec", lambda name: None)
    async with dashboard() as (app, pilot, _):
        await pilot.press("h")
        await until_shown(pilot, "chart: pip install 'quota-tui[plots]'")
        assert not app.screen.query("#chart")
        assert "███" in text(app)


async def test_with_the_plots_extra_there_is_a_chart_where_it_fits():
    pytest.importorskip("textual_plotext", reason="the extra `plots` is not installed")
    async with dashboard() as (app, pilot, _):
        await pilot.press("h")
        await until_shown(pilot, "┤")
        await pilot.resize_terminal(60, 16)
        await until(pilot, lambda: "┤" not in text(app))
        await until_shown(pilot, "2026-11-20")


@pytest.mark.parametrize("by", ["day", "model", "project", "window"])
@pytest.mark.parametrize("width", [26, 40, 46, 60, 80, 100, 200])
@pytest.mark.parametrize("face", [FACE, ASCII], ids=["unicode", "ascii"])
def test_the_table_fits_its_width(by, width, face):
    titles, lines = table(in_order(usage_rows(by), by), by, width, face)
    widths = [max(cells(line[at]) for line in (titles, *lines)) for at in range(len(titles))]
    assert sum(widths) + GAP * len(widths) <= width + GAP
    assert titles[:2] == [by, "tokens"]
    assert all(each.isascii() for line in lines for each in line) or not face.ascii


def test_what_is_not_known_is_a_dash():
    idle = UsageRow(key="2026-11-20", totals=UsageTotals())
    titles, lines = table([idle], "day", 120, FACE)
    shown = dict(zip(titles, lines[0], strict=True))
    assert (shown["tok/min"], shown["cache hits"], shown["$/call"]) == ("-", "-", "-")
    assert totals_words([idle, idle]) == "0 tokens · $0.00 · 0 calls"
