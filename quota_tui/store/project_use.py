"""What the sessions of one project used in spans of time: from the history's calls, by its index of time.

A project's calls are those made in its folder or below, subagents' too; a repository inside it is a project
of its own. Spans that are over are summed once; of the one that goes on only new calls are read.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime

from quota_tui.core.tracking.spent import RECENT_MS, Call, SpanUse, Spent, split_recent
from quota_tui.core.tracking.state import Span
from quota_tui.store.history import History, first_ms
from quota_tui.store.projects import project_path

CALLS_OF = (
    "SELECT at_ms, input + output + write_5m + write_1h, cost FROM calls"
    " WHERE counted AND at_ms>=? AND at_ms<? AND project IN ({}) ORDER BY at_ms"
)


class ProjectUse:
    """The use of one project. Keep it while the project is looked at: what is known is not read again."""

    def __init__(self, history: History, project: str) -> None:
        self._history = history
        self._project = os.path.normcase(project_path(project))
        self._numbers: set[int] = set()
        self._last_name = 0
        self._known: dict[Span, SpanUse] = {}
        self._open: tuple[Span, int, SpanUse] | None = None
        """The span that goes on, until when (Unix ms) its calls are in the use, and that use."""

    def is_in(self, folder: str) -> bool:
        """Whether a folder is the project's, or in it with no other repository between."""
        here = os.path.normcase(os.path.realpath(folder))
        while here != self._project:
            above = os.path.dirname(here)
            if above == here or len(here) <= len(self._project) or os.path.exists(os.path.join(here, ".git")):
                return False
            here = above
        return True

    def forget(self, since_ms: int) -> None:
        """Calls at or after `since_ms` (Unix ms) have changed."""
        stale = [span for span in self._known if span.end is not None and first_ms(span.end) >= since_ms]
        for span in stale:
            del self._known[span]
        if self._open is not None and since_ms < self._open[1]:
            self._open = None

    def spent(self, spans: Sequence[Span], now: datetime) -> Spent:
        """The use of each span up to now. Raises sqlite3 errors.

        A call that the clock has yet to reach (it went back) counts when it does, in the span that is then.
        """
        uses: list[SpanUse] = []
        recent: list[Call] = []
        now_ms = first_ms(now)
        for span in spans:
            if span.end is None:
                use, tail = self._going_on(span, now_ms)
                recent += tail
            else:
                use = self._closed(span)
                if first_ms(span.end) > now_ms - RECENT_MS:
                    recent += self._calls(max(first_ms(span.start), now_ms - RECENT_MS), first_ms(span.end))
            uses.append(use)
        return Spent(tuple(uses), sum(call[1] for call in recent if call[0] >= now_ms - RECENT_MS))

    def _closed(self, span: Span) -> SpanUse:
        known = self._known.get(span)
        if known is None:
            assert span.end is not None
            first, end = first_ms(span.start), first_ms(span.end)
            known = SpanUse(first).with_calls(self._calls(first, end)).until(end)
            self._known[span] = known
        return known

    def _going_on(self, span: Span, now_ms: int) -> tuple[SpanUse, Sequence[Call]]:
        """The use of the span up to now, and its calls of the last ten minutes."""
        first = first_ms(span.start)
        if self._open is None or self._open[0] != span or self._open[1] > now_ms:
            self._open = (span, first, SpanUse(first))
        _, read_until, settled = self._open
        calls = self._calls(read_until, now_ms)
        old, recent = split_recent(calls, now_ms - RECENT_MS)
        settled = settled.with_calls(old)
        self._open = (span, max(read_until, now_ms - RECENT_MS), settled)
        return settled.with_calls(recent).until(now_ms), recent

    def _calls(self, first: int, end: int) -> list[Call]:
        numbers = self._projects()
        if not numbers or first >= end:
            return []
        marks = ",".join(str(number) for number in sorted(numbers))
        return self._history.db.execute(CALLS_OF.format(marks), (first, end)).fetchall()

    def _projects(self) -> set[int]:
        """The numbers under which the history knows the project's folders: only new names are looked at."""
        rows = self._history.db.execute(
            "SELECT id, name FROM names WHERE id>? ORDER BY id", (self._last_name,)
        )
        for number, name in rows:
            self._last_name = number
            if os.path.isabs(name) and self.is_in(name):
                self._numbers.add(number)
        return self._numbers
