"""A bar chart of tokens with textual-plotext, which is an optional extra: import only when it is there."""

from __future__ import annotations

from collections.abc import Sequence

from textual_plotext import PlotextPlot

MOST_BARS = 90
THOUSAND = 1000


class BarChart(PlotextPlot):
    """Tokens (in thousands) for each name, in the order given."""

    def show(self, names: Sequence[str], amounts: Sequence[int]) -> None:
        """Draw these bars."""
        plot = self.plt
        plot.clear_data()
        plot.clear_figure()
        plot.title("thousand tokens")
        plot.bar(list(names)[:MOST_BARS], [amount / THOUSAND for amount in amounts][:MOST_BARS], width=0.6)
        self.refresh()
