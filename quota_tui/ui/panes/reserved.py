"""What a pane says while the part of the program behind it does not exist yet."""

from __future__ import annotations

from quota_tui.core.words import clean
from quota_tui.ui.rows import MUTED, PLAIN, Rank, Row, fit_height, wrap
from quota_tui.ui.view import View


def reserved_rows(view: View, state: str, empty: str, promise: str, size: tuple[int, int]) -> list[Row]:
    """`empty` and `promise` while `state` is "none", else the state in its own word; `size` in cells."""
    width, height = size
    if state != "none":
        return wrap(clean(state, view.face), width, PLAIN, view.face, most=height)
    ranked: list[Rank] = [(0, line) for line in wrap(empty, width, PLAIN, view.face, most=1)]
    ranked += [(3, line) for line in wrap(promise, width, MUTED, view.face, most=2)]
    return fit_height(ranked, height)
