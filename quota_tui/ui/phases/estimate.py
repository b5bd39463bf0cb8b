"""The estimate screen: choose a plan, see what it will take, keep that, begin to track it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import ClassVar

from textual.binding import Binding, BindingType

from quota_tui.core.estimating.numbers import EstimateNumbers
from quota_tui.core.words import Face, clean
from quota_tui.ui.phases.ask_text import AskText
from quota_tui.ui.phases.bindings import ESTIMATE_BINDINGS
from quota_tui.ui.phases.estimate_rows import estimate_rows, none_rows, plan_rows
from quota_tui.ui.phases.follower import Follower
from quota_tui.ui.phases.paged import PagedScreen
from quota_tui.ui.rows import BOLD, MUTED, Row, chain, row

_LIST_TOP = 2
"""Rows above the list of plans."""


class EstimateScreen(PagedScreen):
    """First the list of plans, unless there is only one; then the estimate of the chosen one."""

    BINDINGS: ClassVar[list[BindingType]] = list(ESTIMATE_BINDINGS)
    KEYS: Sequence[Binding] = ESTIMATE_BINDINGS

    def __init__(self, follower: Follower | None, face: Face, keys: Mapping[str, str]) -> None:
        super().__init__(follower, face, keys)
        self._plans: tuple[str, ...] | None = None
        self._at = 0
        self.path = ""
        self.found: EstimateNumbers | None = None

    def on_mount(self) -> None:
        super().on_mount()
        if self._follower is not None:
            self.say("looking for plans …")
            self._asking.ask(self._follower.plans, self._take_plans)

    # What is drawn.

    def head(self) -> Row:
        name = clean(PurePath(self.path.replace("\\", "/")).name, self._face)
        items = [[row((" Estimate", BOLD))], [row((name, MUTED))]] if name else [[row((" Estimate", BOLD))]]
        return chain(self.size.width, *items, between="  ")

    def page_rows(self, width: int) -> list[Row]:
        if self.found is not None:
            return estimate_rows(self.found, width, self._face)
        if self.path or self._plans is None:
            return []
        if not self._plans:
            return none_rows(self._keys["estimate.file"], width, self._face)
        return plan_rows(self._plans, self._at, width, self._face)

    def key_names(self) -> list[str]:
        names: list[str] = []
        if self._follower is not None:
            if self.found is not None:
                names = ["estimate.track", "estimate.save"]
                names += ["estimate.choose"] if self._plans else []
            elif self._plans and not self.path:
                names = ["estimate.take"]
            names.append("estimate.file")
        return [*names, "estimate.back"]

    # What is asked.

    def _take_plans(self, plans: tuple[str, ...]) -> None:
        self._plans = plans
        self.say("")
        if len(plans) == 1:
            self._estimate(plans[0])

    def _estimate(self, path: str) -> None:
        follower = self._follower
        if follower is None or self._asking.busy:
            return
        self.path, self.found = path, None
        self.scroller.scroll_to_row(0)
        self.say("estimating …")
        self._asking.ask(lambda: follower.estimate(path), self._take_estimate)

    def _take_estimate(self, found: EstimateNumbers) -> None:
        self.found = found
        self.say("")

    def _failed(self, reason: str) -> None:
        if self.found is None:
            # Back to the list: another plan may be readable.
            self.path = ""
            self._plans = self._plans or ()
        super()._failed(reason)

    # Actions.

    def action_step(self, by: int) -> None:
        """Mark another plan; scroll the estimate."""
        if self.found is not None or not self._plans or self.path:
            super().action_step(by)
            return
        self._at = (self._at + by) % len(self._plans)
        self.draw()
        self.scroller.bring_into_view(_LIST_TOP + self._at, 1)

    def action_take(self) -> None:
        """Estimate the marked plan."""
        if self._plans and not self.path:
            self._estimate(self._plans[self._at])

    def action_file(self) -> None:
        """Type the path of a plan."""

        def take(path: str | None) -> None:
            if path:
                self._estimate(path)

        if self._follower is not None:
            self.app.push_screen(AskText("The path of a plan", self._face), take)

    def action_choose(self) -> None:
        """Back to the list."""
        if self._plans and not self._asking.busy:
            self.path, self.found = "", None
            self.say("")

    def action_save(self) -> None:
        """Keep the estimate."""
        follower, path = self._follower, self.path
        if follower is not None and self.found is not None:
            self._asking.ask(lambda: follower.save(path), self.say)

    def action_track(self) -> None:
        """Begin to track the plan with this estimate."""
        follower, path = self._follower, self.path
        if follower is not None and self.found is not None:
            self._asking.ask(lambda: follower.start(path), self._tracked)

    def _tracked(self, said: str) -> None:
        self.quota_app.refresh_soon()
        self.quota_app.tell(said)
        if self.is_current:
            self.dismiss()
