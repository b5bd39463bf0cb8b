"""The rows around the page: the quota that a time is chosen by, and the keys that do something now."""

from __future__ import annotations

from collections.abc import Iterable

from textual import events
from textual.widgets import Static

from quota_tui.core.jobs.job import ARMED, ASKS, OPEN, Job
from quota_tui.core.ready import awaited
from quota_tui.core.snapshot import Basis
from quota_tui.core.words import cells, moment, pct
from quota_tui.ui.automation.bindings import AUTOMATION_BINDINGS
from quota_tui.ui.rows import BOLD, MUTED, PLAIN, Row, as_face, chain, first_spread, row, styled
from quota_tui.ui.view import View
from quota_tui.ui.widgets.rows_widget import to_content

TITLE = "Next sessions"
BETWEEN = "  "


def head_row(view: View, width: int) -> Row:
    """`Next sessions                                    81 % used · resets 18:40`."""
    title = row((f" {TITLE}", BOLD))
    if view.snapshot is None:
        return title
    window = awaited(view.snapshot)
    used, resets = list[str](), list[str]()
    if window.used_pct is not None:
        used = [f"{'' if window.basis is Basis.OFFICIAL else '≈'}{pct(window.used_pct)} used"]
    if window.resets_at is not None:
        resets = [f"resets {moment(window.resets_at, view.now, view.face)}"]
    ends = chain(width - cells(TITLE) - 4, styled(used, PLAIN), styled(resets, PLAIN))
    return first_spread(width, [(title, (*ends, (" ", PLAIN))), (title, ())])


def useful(job: Job | None, *, can_arrange: bool) -> list[str]:
    """Names of the actions that do something now, the most needed first."""
    names = []
    if job is not None and job.state in ARMED | ASKS:
        names += ["start", "time"]
    if job is not None and job.state in OPEN | ASKS:
        names.append("cancel")
    is_quiet = job is None or job.state not in OPEN | ASKS
    arrange = ["new"] if can_arrange else []
    looks = ["preview", "log"] if job is not None else []
    names += [*arrange, "plan", *looks] if is_quiet else [*looks, *arrange]
    return [f"automation.{name}" for name in (*names, "back")]


class KeyRow(Static):
    """As many keys as fit; each can be clicked."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._named: list[tuple[str, str, str]] = []

    def show(self, names: Iterable[str], view: View) -> None:
        """The keys of these actions."""
        by_id = {each.id: each for each in AUTOMATION_BINDINGS}
        self._named, used = [], 1
        for name in names:
            binding = by_id[name]
            key = view.keys.get(name, binding.key)
            used += cells(key) + 1 + cells(binding.description) + len(BETWEEN)
            if used - len(BETWEEN) > self.screen.size.width:
                break
            self._named.append((key, binding.description, binding.action))
        spans = [row((key, BOLD), (f" {word}{BETWEEN}", MUTED)) for key, word, _ in self._named]
        made = row(" ", *(span for each in spans for span in each))
        self.update(to_content(as_face([made], view.face)))

    async def on_click(self, event: events.Click) -> None:
        """Do what was clicked."""
        at = 1
        for key, word, action in self._named:
            end = at + cells(key) + 1 + cells(word)
            if at <= event.x < end:
                await self.screen.run_action(action)
                return
            at = end + len(BETWEEN)
