"""A bar chart of tokens with textual-plotext, which is an optional extra: import only when it is there."""

from __future__ import annotations

from collections.abc import Sequence

from textual.color import Color
from textual_plotext import PlotextPlot

from quota_tui.core.words import tokens

MOST_BARS = 90
TICKS = 4


class BarChart(PlotextPlot):
    """Tokens for each name, in the order given."""

    def show(self, names: Sequence[str], amounts: Sequence[int]) -> None:
        """Draw these bars; of too many the first ones."""
        plot = self.plt
        plot.clear_data()
        plot.clear_figure()
        plot.title("tokens")
        colour = Color.parse(self.app.theme_variables["text-soft"]).rgb
        plot.bar(list(names)[:MOST_BARS], list(amounts)[:MOST_BARS], width=0.6, color=colour)
        top = max(amounts, default=0)
        ticks = [top * at / TICKS for at in range(TICKS + 1)]
        plot.yticks(ticks, [tokens(tick) for tick in ticks])
        self.refresh()
