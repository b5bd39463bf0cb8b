"""The whole demo as a list of events in order of time: what is written where, and when.

Pure: the same scenario and opening give the same bytes. What plays it is `demo.play`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import Enum
from itertools import accumulate
from math import ceil

import msgspec

from quota_tui.core.usage import UsageTotals
from quota_tui.demo.account import Account, Told
from quota_tui.demo.calls import Call, plan_calls
from quota_tui.demo.client_files import session_file, status_line_input
from quota_tui.demo.lines import Author
from quota_tui.demo.names import transcript
from quota_tui.demo.scenario import Scenario

PROMPT_BEFORE_S, RESULT_AFTER_S, STATUS_AFTER_S = 2.0, 1.5, 0.4
OPENED_BEFORE_S = 15.0
_HALF_DAY_S = 12 * 3600
REFRESH_S = 60.0
"""How often an idle client runs its status line command again (its `refreshInterval`)."""
PAST_STATUS_EVERY = 5
"""On past days every so many calls are followed by a status line: enough to learn from."""


class Kind(Enum):
    """What an event writes."""

    LINES = "lines of a transcript"
    STATUS_LINE = "status line input"
    SESSION = "session file"


class Event(msgspec.Struct, frozen=True, gc=False):
    """Something that is written at `at`.

    `path` is the transcript's below `projects`. A session file's `data` lacks what names the process.
    """

    at: datetime
    kind: Kind
    data: bytes
    path: str = ""


class Made(msgspec.Struct, frozen=True, gc=False):
    """A call that was made, with what was told in the head of its reply; or that was refused."""

    call: Call
    told: Told
    refused: bool


class Story(msgspec.Struct, frozen=True):
    """What is played. `looked_at` are instants before `begins_at` at which a dashboard was open."""

    begins_at: datetime
    ends_at: datetime
    looked_at: tuple[datetime, ...]
    events: tuple[Event, ...]
    calls: tuple[Made, ...]
    opens_at: datetime

    def totals(self, start: datetime, end: datetime) -> UsageTotals:
        """The story's own sum over the calls with `start <= at < end`."""
        total = UsageTotals()
        for made in self.calls:
            if not made.refused and start <= self.opens_at + timedelta(seconds=made.call.at_s) < end:
                call = made.call
                counts = call.input_tokens, call.output_tokens, call.write_tokens, call.read_tokens
                total += UsageTotals(*counts, call.cost_usd, 1)
        return total


def tell(scenario: Scenario, opens_at: datetime) -> Story:
    """The story whose played five-hour window opens at `opens_at` (aware UTC)."""
    calls = tuple(_made(scenario))
    teller = _Teller(scenario, opens_at)
    events = [*teller.transcripts(calls), *teller.status_lines(calls), *teller.session_files(calls)]
    events.sort(key=lambda event: event.at)
    return Story(
        begins_at=teller.at(scenario.begins_s),
        ends_at=teller.at(scenario.ends_s),
        looked_at=tuple(teller.at(scenario.seconds(each)) for each in scenario.looked),
        events=tuple(events),
        calls=calls,
        opens_at=opens_at,
    )


def _made(scenario: Scenario) -> Iterator[Made]:
    """The planned calls as the account takes them; after a refusal the person waits for the reset."""
    account = Account(scenario)
    given_up_until_s = float("-inf")
    for call in plan_calls(scenario):
        if call.at_s < given_up_until_s:
            continue
        told = account.ask(call.at_s)
        if account.refuses:
            given_up_until_s = told.five_hour_resets_s
        else:
            account.spend(call.cost_usd)
        yield Made(call, told, account.refuses)


class _Teller:
    def __init__(self, scenario: Scenario, opens_at: datetime) -> None:
        self._scenario = scenario
        self._opens_at = opens_at
        self._author = Author(scenario)

    def at(self, seconds: float) -> datetime:
        return self._opens_at + timedelta(seconds=seconds)

    def transcripts(self, calls: tuple[Made, ...]) -> Iterator[Event]:
        author = self._author
        for made in calls:
            call = made.call
            path = transcript(self._scenario, call.session, call.project, call.agent)
            if call.first:
                at = self.at(call.begins_s - PROMPT_BEFORE_S)
                yield Event(at, Kind.LINES, author.prompt(call, at), path)
            at = self.at(call.at_s)
            if made.refused:
                resets_at = self.at(made.told.five_hour_resets_s)
                yield Event(at, Kind.LINES, author.refusal(call, at, resets_at), path)
                continue
            yield Event(at, Kind.LINES, author.reply(call, at), path)
            if not call.last:
                at = self.at(call.at_s + RESULT_AFTER_S)
                yield Event(at, Kind.LINES, author.tool_result(call, at), path)

    def status_lines(self, calls: tuple[Made, ...]) -> Iterator[Event]:
        """After each reply, and every `REFRESH_S` of the played part while what was told still holds."""
        begins_s, ends_s = self._scenario.begins_s, self._scenario.ends_s
        # What the head of a reply said is shown from then on, also while the rest of it is still coming.
        heads = list(accumulate((made.call.begins_s for made in calls), max))
        shown_by = [made.call for made in calls]
        for index, call in enumerate(shown_by):
            if call.agent:
                # A subagent has no status line: its session's tells what its replies said.
                shown_by[index] = shown_by[index - 1]
            at_s = call.at_s + STATUS_AFTER_S
            if (
                call.at_s >= begins_s - _HALF_DAY_S
                or calls[index].refused
                or call.number % PAST_STATUS_EVERY == 0
            ):
                yield self._status_line(shown_by[index], calls[bisect_right(heads, at_s) - 1].told, at_s)
        refresh_s = ceil(max(begins_s, 0) / REFRESH_S) * REFRESH_S
        while refresh_s < ends_s:
            last = bisect_right(heads, refresh_s) - 1
            if refresh_s < calls[last].told.five_hour_resets_s:
                yield self._status_line(shown_by[last], calls[last].told, refresh_s)
            refresh_s += REFRESH_S

    def _status_line(self, call: Call, told: Told, at_s: float) -> Event:
        resets = self.at(told.five_hour_resets_s), self.at(told.week_resets_s)
        data = status_line_input(self._scenario, call, told, *resets)
        return Event(self.at(at_s), Kind.STATUS_LINE, data)

    def session_files(self, calls: tuple[Made, ...]) -> Iterator[Event]:
        """The session that is open in the played part: busy in a turn, idle after it.

        One at a time, since a session file names one process and the demo is one.
        """
        session, started_s, was_busy = "", 0.0, None
        for made in calls:
            call = made.call
            if call.at_s < self._scenario.begins_s or call.agent:
                continue
            if call.session != session:
                session, started_s, was_busy = call.session, call.begins_s - OPENED_BEFORE_S, None
            if was_busy is not True:
                at_s = started_s if was_busy is None else call.begins_s - PROMPT_BEFORE_S
                yield self._session_file(call, started_s, at_s, "busy")
            was_busy = not call.last and not made.refused
            if not was_busy:
                yield self._session_file(call, started_s, call.at_s + STATUS_AFTER_S, "idle")

    def _session_file(self, call: Call, started_s: float, at_s: float, status: str) -> Event:
        at = self.at(at_s)
        return Event(at, Kind.SESSION, session_file(self._scenario, call, self.at(started_s), at, status))
