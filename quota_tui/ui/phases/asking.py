"""Ask the world in a thread, one thing at a time, and take the answer where widgets may be touched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from textual.app import App
from textual.dom import DOMNode
from textual.screen import Screen

from quota_tui.ui.collector import in_one_line

T = TypeVar("T")


class Asking:
    """The questions of one screen, or of the app. `failed` is told what went wrong, in one line."""

    def __init__(self, node: App[Any] | Screen[Any], failed: Callable[[str], None]) -> None:
        self._node: DOMNode = node
        self._failed = failed
        self.busy = False

    def ask(self, work: Callable[[], T], take: Callable[[T], None]) -> bool:
        """Have `work` done in a thread and its result taken; False while another question is open."""
        if self.busy:
            return False
        self.busy = True

        def run() -> None:
            try:
                found = work()
            # Whatever a plan file, a report or the history does, it is one line here.
            except Exception as error:  # noqa: BLE001
                self._node.call_later(self._answer, self._failed, in_one_line(error))
            else:
                self._node.call_later(self._answer, take, found)

        self._node.run_worker(run, thread=True, group="phases", exit_on_error=False)
        return True

    def _answer(self, take: Callable[[T], None], found: T) -> None:
        self.busy = False
        take(found)
